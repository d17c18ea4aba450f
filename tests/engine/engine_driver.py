"""An engine with a fake backend whose events a test waits for."""

from __future__ import annotations

import queue
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from PIL import Image

from app.backends.fake_backend import FakeBackend, FakeScript
from app.core.checkpoint import Checkpoint
from app.core.events import EngineClosed, EngineEvent, Finished, ModelReady, TextPiece
from app.core.paths import RESOURCES_DIR
from app.core.pictures import PictureSource
from app.core.requests import Question
from app.core.sampling import GREEDY
from app.core.vision import PixelLimits
from app.engine.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

E = TypeVar("E")

FAKE_CHECKPOINT = Checkpoint(
    model_id="fake",
    folder=RESOURCES_DIR,
    revision="0",
    model_type="qwen3_vl",
    quantisation="none",
    image_limits=PixelLimits(1024, 65_536),
    clip_limits=PixelLimits(),
    context_tokens=4096,
    default_sampling=GREEDY,
    image_token_id=1,
    video_token_id=2,
    end_token_ids=(3,),
)


def question(request_id: str, text: str = "Hello?", **fields: object) -> Question:
    return Question(request_id, text, PixelLimits(1024, 65_536), GREEDY, **fields)  # type: ignore[arg-type]


@dataclass
class EngineDriver:
    """Drives an engine and keeps every event in order."""

    script: FakeScript = field(default_factory=FakeScript)
    events: list[EngineEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._arrived: queue.SimpleQueue[EngineEvent] = queue.SimpleQueue()
        self.backend = FakeBackend(self.script)
        self.engine = Engine(lambda: self.backend, self._arrived.put)

    def until(self, kind: type[E], where: Callable[[E], bool] = lambda _: True, timeout_s: float = 10.0) -> E:
        """The next event of this kind; fails when none comes."""
        while True:
            event = self._arrived.get(timeout=timeout_s)
            self.events.append(event)
            if isinstance(event, kind) and where(event):
                return event

    def end_of(self, request_id: str) -> Finished:
        return self.until(Finished, lambda event: event.request_id == request_id)

    def text_of(self, request_id: str) -> str:
        return "".join(
            event.text for event in self.events if isinstance(event, TextPiece) and event.request_id == request_id
        )

    def ends_of(self, request_id: str) -> list[Finished]:
        return [event for event in self.events if isinstance(event, Finished) and event.request_id == request_id]


@contextmanager
def driven(**script: object) -> Iterator[EngineDriver]:
    driver = EngineDriver(FakeScript(**script))  # type: ignore[arg-type]
    try:
        yield driver
    finally:
        assert driver.engine.close(5)
        driver.until(EngineClosed)


@contextmanager
def ready(**script: object) -> Iterator[EngineDriver]:
    with driven(**script) as driver:
        driver.engine.load(FAKE_CHECKPOINT)
        driver.until(ModelReady)
        yield driver


def picture(folder: Path, name: str = "red.png") -> PictureSource:
    path = folder / name
    Image.new("RGB", (64, 64), "red").save(path)
    return PictureSource(name, path)
