"""Sleep is held off while a model loads, a question is answered or a model is downloaded, however that ends."""

from __future__ import annotations

import math
import queue
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from app.backends.fake_backend import FakeBackend
from app.core.events import EngineClosed, EngineEvent, Finished, ModelFailed, ModelReady, ModelUnloaded, TextPiece
from app.core.models.download_state import DownloadState
from app.engine import downloads as downloads_module
from app.engine.downloads import Downloads
from app.engine.engine import Engine
from tests.engine.engine_driver import FAKE_CHECKPOINT, driven, question, ready
from tests.hub_server import Fault, HubServer
from tests.macos_played import Activities, play_macos
from tests.served_model import access_to
from tests.sharded_demo import sharded_demo

ID = "house/demo"
LONG = ("One two three. " * 2000,)


@pytest.fixture
def activities(monkeypatch: pytest.MonkeyPatch) -> Iterator[Activities]:
    played = play_macos(monkeypatch)
    yield played
    assert played.until_over()
    assert played.faults == []


def test_a_load_and_an_answer(activities: Activities) -> None:
    with ready(piece_delay_s=0.001) as driver:
        driver.engine.ask(question("a"))
        driver.until(TextPiece)
        assert activities.running == 1
        assert driver.end_of("a").outcome == "done"
        assert activities.until_over()
        assert activities.reasons == ["Loading a model", "Answering a question"]
        assert set(activities.threads) == {"model"}


def test_nothing_is_held_off_while_nobody_asks(activities: Activities) -> None:
    with ready() as driver:
        assert activities.until_over()
        driver.engine.unload()
        driver.until(ModelUnloaded)
        assert activities.reasons == ["Loading a model"]


@pytest.mark.allows_log
def test_a_failure(activities: Activities) -> None:
    with driven(fails_to_load=True) as driver:
        driver.engine.load(FAKE_CHECKPOINT)
        driver.until(ModelFailed)
        assert activities.until_over()
    with ready(fails_after_pieces=1) as driver:
        driver.engine.ask(question("a"))
        assert driver.end_of("a").outcome == "failed"
        assert activities.until_over()


def test_a_stop(activities: Activities) -> None:
    with ready(answers=LONG, piece_delay_s=0.01) as driver:
        driver.engine.ask(question("a"))
        driver.until(TextPiece)
        driver.engine.cancel("a")
        assert driver.end_of("a").outcome == "cancelled"
        assert activities.until_over()


def test_closing_in_the_middle(activities: Activities) -> None:
    with ready(answers=LONG, piece_delay_s=0.01) as driver:
        driver.engine.ask(question("a"))
        driver.until(TextPiece)
        assert activities.running == 1


@pytest.mark.allows_log
def test_a_thread_that_dies(activities: Activities) -> None:
    class Dying(FakeBackend):
        def generate(self, *_: object) -> NoReturn:
            raise SystemExit

    events: queue.SimpleQueue[EngineEvent] = queue.SimpleQueue()
    engine = Engine(Dying, events.put)
    engine.load(FAKE_CHECKPOINT)
    engine.ask(question("a"))
    seen: list[EngineEvent] = []
    while not seen or not isinstance(seen[-1], EngineClosed):
        seen.append(events.get(timeout=10))
    assert any(isinstance(event, ModelReady) for event in seen)
    assert any(isinstance(event, Finished) and event.outcome == "failed" for event in seen)
    assert activities.until_over()
    assert activities.reasons == ["Loading a model", "Answering a question"]
    assert engine.close()


@pytest.fixture
def told() -> queue.SimpleQueue[DownloadState]:
    return queue.SimpleQueue()


@pytest.fixture
def downloads(
    activities: Activities, hub: HubServer, told: queue.SimpleQueue[DownloadState], tmp_path: Path
) -> Iterator[Downloads]:
    made = Downloads(lambda: access_to(hub), told.put, tmp_path / "downloads.json")
    yield made
    assert made.close()
    assert activities.running == 0


def until_stage(told: queue.SimpleQueue[DownloadState], stage: str) -> None:
    while told.get(timeout=20).stage != stage:
        pass


def test_a_download(
    hub: HubServer, downloads: Downloads, told: queue.SimpleQueue[DownloadState], activities: Activities
) -> None:
    hub.add(ID, sharded_demo())
    downloads.start(ID)
    until_stage(told, "done")
    assert activities.until_over()
    assert activities.reasons == ["Downloading a model"]


@pytest.mark.parametrize("how", ["pause", "cancel", "close"])
def test_a_download_that_is_stopped(
    hub: HubServer, downloads: Downloads, told: queue.SimpleQueue[DownloadState], activities: Activities, how: str
) -> None:
    hub.add(ID, sharded_demo())
    hub.fault("*.safetensors", Fault(bytes_per_s=200_000), times=math.inf, where="store")
    downloads.start(ID)
    until_stage(told, "downloading")
    assert activities.running == 1
    downloads.close() if how == "close" else getattr(downloads, how)(ID)
    assert activities.until_over()


@pytest.mark.allows_log
def test_a_download_that_fails_unforeseen(
    hub: HubServer,
    downloads: Downloads,
    told: queue.SimpleQueue[DownloadState],
    activities: Activities,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object, **__: object) -> NoReturn:
        raise ZeroDivisionError

    hub.add(ID, sharded_demo())
    monkeypatch.setattr(downloads_module, "fetch", broken)
    downloads.start(ID)
    until_stage(told, "failed")
    assert activities.until_over()
    assert activities.reasons == ["Downloading a model"]
