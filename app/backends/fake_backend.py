"""A backend without a model: scripted answers, delays and faults, for tests and for trying the window."""

from __future__ import annotations

import codecs
import itertools
import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from app.core.backend import Abilities, Memory
from app.core.clips import Clip
from app.core.errors import ModelError
from app.core.events import Figures, Finished, LoadProgress, PrefillProgress, TextPiece, VisionProgress
from app.core.models.adapter import read_low_ranks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from app.core.backend import StopCheck
    from app.core.checkpoint import Checkpoint
    from app.core.events import GenerateEvent, Outcome
    from app.core.requests import Medium, Request

SCRIPT_VARIABLE = "VIEWFINDER_FAKE_SCRIPT"
_PREFILL_CHUNKS = 4


@dataclass(frozen=True, slots=True)
class FakeScript:
    """What the fake does.

    Attributes:
        answers: Given in turn, the last one again and again; none: it says what it was asked and shown.
        piece_bytes: Size of the pieces an answer comes in; a character that is cut is held back until it is whole.
        piece_delay_s: Pause before each piece.
        load_delay_s: Pause at each of the three stages of loading.
        prefill_delay_s: Pause at each of the four prefill chunks.
        fails_to_load: Loading ends in a ModelError.
        fails_after_pieces: The answer breaks off with an error after so many pieces.
        ignores_stop: A stop is not heard.
        held_bytes: What it says it holds while a model is loaded.
    """

    answers: tuple[str, ...] = ()
    piece_bytes: int = 8
    piece_delay_s: float = 0.0
    load_delay_s: float = 0.0
    prefill_delay_s: float = 0.0
    fails_to_load: bool = False
    fails_after_pieces: int | None = None
    ignores_stop: bool = False
    held_bytes: int = 0


def _script_of_environment() -> FakeScript:
    path = os.environ.get(SCRIPT_VARIABLE)
    if not path:
        return FakeScript()
    values = json.loads(Path(path).read_text(encoding="utf-8"))
    return FakeScript(**{**values, "answers": tuple(values.get("answers", ()))})


@dataclass
class FakeBackend:
    """Keeps the backend's promises without a model.

    Attributes:
        script: What it does; by default read from the JSON file that VIEWFINDER_FAKE_SCRIPT names.
        seen: Every request it was given.
    """

    name: ClassVar[str] = "fake"
    abilities: ClassVar[Abilities] = Abilities(video=True, adapters=True, batch=True)

    script: FakeScript = field(default_factory=_script_of_environment)
    seen: list[Request] = field(default_factory=list)
    _checkpoint: Checkpoint | None = None
    _answers: Iterator[str] | None = None

    def version(self) -> str:
        """A fixed text."""
        return "fake 1"

    def device(self) -> str:
        """A fixed text."""
        return "no device"

    @property
    def is_loaded(self) -> bool:
        """Whether a load came to its end."""
        return self._checkpoint is not None

    def load(self, checkpoint: Checkpoint, stop: Callable[[], bool]) -> Iterator[LoadProgress]:
        """Goes through the stages of loading."""
        self.unload()
        stages = (LoadProgress("importing_runtime"), LoadProgress("reading_weights", 0.5), LoadProgress("warming_up"))
        for progress in stages:
            yield progress
            if not self._pause(self.script.load_delay_s, stop):
                return
        if self.script.fails_to_load:
            raise ModelError("The fake model does not load.", "Its script says so.")
        if checkpoint.adapter is not None:
            for _ in read_low_ranks(checkpoint.adapter):
                pass
        self._checkpoint = checkpoint
        answers = self.script.answers
        self._answers = itertools.chain(answers, itertools.repeat(answers[-1])) if answers else None

    def generate(self, requests: Sequence[Request], stop: StopCheck) -> Iterator[GenerateEvent]:
        """Says the scripted answers, a piece of each request in turn."""
        if self._checkpoint is None:
            raise ModelError("No model is loaded.", "Choose a model first.")
        self.seen.extend(requests)
        answering = [self._answer(request, stop) for request in requests]
        while answering:
            for events in list(answering):
                event = next(events, None)
                if event is None:
                    answering.remove(events)
                else:
                    yield event

    def unload(self) -> None:
        """Forgets the checkpoint."""
        self._checkpoint = None

    def memory(self) -> Memory:
        """What the script says while a model is loaded."""
        held_bytes = self.script.held_bytes if self.is_loaded else 0
        return Memory(held_bytes, held_bytes)

    def close(self) -> None:
        """Forgets the checkpoint."""
        self.unload()

    def _pause(self, delay_s: float, stop: Callable[[], bool]) -> bool:
        """Waits, and tells whether to go on."""
        deadline = time.monotonic() + delay_s
        while True:
            if stop() and not self.script.ignores_stop:
                return False
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                return True
            time.sleep(min(left_s, 0.01))

    def _answer(self, request: Request, stop: StopCheck) -> Iterator[GenerateEvent]:
        run = _Run(request, prompt_tokens=_prompt_tokens(request))
        outcome: Outcome = "done"
        for delay_s, event in self._steps(run):
            if not self._pause(delay_s, lambda: stop(request.request_id)):
                outcome = "cancelled"
                break
            if isinstance(event, Finished):
                outcome = event.outcome
                break
            if isinstance(event, TextPiece):
                run.count_token()
                if not event.text:
                    continue
            yield event
        yield Finished(request.request_id, outcome, run.figures())

    def _steps(self, run: _Run) -> Iterator[tuple[float, GenerateEvent]]:
        """Each event with the pause before it."""
        request_id = run.request.request_id
        parts = sum(len(medium.group_digests) if isinstance(medium, Clip) else 1 for medium in _media(run.request))
        for done in range(1, parts + 1):
            yield 0.0, VisionProgress(request_id, done, parts)
        for chunk in range(1, _PREFILL_CHUNKS + 1):
            read = run.prompt_tokens * chunk // _PREFILL_CHUNKS
            yield self.script.prefill_delay_s, PrefillProgress(request_id, read, run.prompt_tokens)
        answer = next(self._answers) if self._answers is not None else _description(run.request)
        data = answer.encode()
        decoder = codecs.getincrementaldecoder("utf-8")()
        for index, start in enumerate(range(0, len(data), self.script.piece_bytes)):
            if index == self.script.fails_after_pieces:
                raise RuntimeError("the fake backend was told to fail")
            if index == run.request.sampling.max_tokens:
                yield 0.0, Finished(request_id, "length", Figures())
            text = decoder.decode(data[start : start + self.script.piece_bytes])
            yield self.script.piece_delay_s, TextPiece(request_id, text)


@dataclass(slots=True)
class _Run:
    request: Request
    prompt_tokens: int
    began: float = field(default_factory=time.monotonic)
    answer_tokens: int = 0
    first_s: float = 0.0

    def count_token(self) -> None:
        self.answer_tokens += 1
        if self.answer_tokens == 1:
            self.first_s = time.monotonic() - self.began

    def figures(self) -> Figures:
        total_s = time.monotonic() - self.began
        decoding_s = total_s - self.first_s
        speed = (self.answer_tokens - 1) / decoding_s if self.answer_tokens > 1 and decoding_s > 0 else 0.0
        return Figures(self.prompt_tokens, 0, self.answer_tokens, self.first_s, total_s, speed)


def _media(request: Request) -> list[Medium]:
    return [medium for turn in request.turns for medium in turn.media]


def _prompt_tokens(request: Request) -> int:
    words = sum(len(turn.question.split()) + len(turn.answer.split()) for turn in request.turns)
    return words + sum(medium.tokens for medium in _media(request))


def _description(request: Request) -> str:
    shown = ", ".join(f"{medium.name} ({medium.width_px} x {medium.height_px})" for medium in _media(request))
    return f"You asked “{request.turns[-1].question}” and showed {shown or 'nothing'}."
