"""The one model thread and what is asked of it.

Every public method returns at once; what happens comes back through the sink as events of app.core.events.
"""

from __future__ import annotations

import logging
import queue
import random
import threading
import time
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from app.core.backend import video_refused
from app.core.clips import Clip
from app.core.errors import AppError, EngineError, ErrorText, ModelError, Sentence, describe_error
from app.core.events import (
    EngineClosed,
    EngineEvent,
    ModelFailed,
    ModelLoading,
    ModelReady,
    ModelUnloaded,
    Started,
)
from app.core.requests import Question, Request, Turn
from app.core.sampling import MAX_SEED
from app.core.wakefulness import held_awake
from app.engine.jobs import Job, begin, end_without_answer, take, want_stop
from app.engine.long_footage import LongFootage, long_footage
from app.engine.media_pool import MediaPool
from app.engine.memory_telling import MemoryTelling
from app.engine.opened_media import open_medium
from app.engine.views import Views, told_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from app.core.backend import Backend
    from app.core.checkpoint import Checkpoint
    from app.core.clips import ClipSource
    from app.core.events import LongEvent
    from app.core.requests import Medium, Source
    from app.core.sampling import Sampling

logger = logging.getLogger(__name__)

_POOL_THREADS = 2


@dataclass(slots=True)
class _Opening:
    """A question on its way to the model thread; `ready` is set when its pictures are open, failed or not wanted."""

    question: Question
    ready: threading.Event = field(default_factory=threading.Event)
    media: list[Medium] = field(default_factory=list)
    error: ErrorText | None = None
    long: LongFootage | None = None
    reading_s: float = 0.0

    def give_up(self) -> None:
        """Lets nobody wait any more."""
        self.ready.set()
        if self.long is not None:
            self.long.give_up()


@dataclass(frozen=True, slots=True)
class _Load:
    checkpoint: Checkpoint
    stop: threading.Event


@dataclass(frozen=True, slots=True)
class _Unload:
    pass


@dataclass(frozen=True, slots=True)
class _Answer:
    openings: tuple[_Opening, ...]


@dataclass(frozen=True, slots=True)
class _LookAtMemory:
    pass


@dataclass(frozen=True, slots=True)
class _Close:
    pass


_Command: TypeAlias = _Load | _Unload | _Answer | _LookAtMemory | _Close


class Engine:
    """Owns the model thread, the job states and the pools that open pictures and videos.

    Thread: any, for every public method. The sink is called from the engine's threads.
    """

    def __init__(self, make_backend: Callable[[], Backend], sink: Callable[[EngineEvent], None]) -> None:
        self._make_backend = make_backend
        self._sink = sink
        self._commands: queue.SimpleQueue[_Command] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}
        self._openings: dict[str, _Opening] = {}
        self._loads: list[_Load] = []
        self._is_closing = False
        self._fatal_error: ErrorText | None = None
        self._sink_lock = threading.RLock()
        self._has_said_closed = False
        self._load_error: ErrorText | None = None
        self._memory = MemoryTelling(self._say)
        self._asked_pool = MediaPool("media-asked", _POOL_THREADS)
        self._is_look_waiting = False
        self._views = Views(self._say_of_view)
        self._thread = threading.Thread(target=self._run, name="model", daemon=True)
        self._thread.start()

    def load(self, checkpoint: Checkpoint) -> None:
        """Loads a checkpoint in place of the one before: ModelLoading ..., then ModelReady, ModelFailed or Unloaded."""
        load = _Load(checkpoint, threading.Event())
        with self._lock:
            self._refuse_when_closing()
            self._loads.append(load)
            self._commands.put(load)

    def cancel_load(self) -> None:
        """Stops every load that is under way or waiting; each ends in ModelUnloaded."""
        with self._lock:
            for load in self._loads:
                load.stop.set()

    def unload(self) -> None:
        """Frees the model after what was asked before: ModelUnloaded."""
        with self._lock:
            self._refuse_when_closing()
            self._commands.put(_Unload())

    def ask(self, *questions: Question) -> None:
        """Has questions answered, together where the backend can: Started ..., and one Finished each.

        Raises:
            EngineError: A request id is in use, or the engine is closing.
            UserError: A sampling setting is out of its range.
        """
        openings = tuple(_Opening(replace(question, sampling=_seeded(question))) for question in questions)
        with self._lock:
            self._refuse_when_closing()
            for opening in openings:
                request_id = opening.question.request_id
                if request_id in self._jobs:
                    raise EngineError(Sentence("Request {request_id} was already asked.", request_id=request_id))
            for opening in openings:
                self._jobs[opening.question.request_id] = Job(opening.question.request_id)
                self._openings[opening.question.request_id] = opening
            self._commands.put(_Answer(openings))
        for opening in openings:
            self._asked_pool.submit(lambda opening=opening: self._open(opening))  # type: ignore[misc]

    def cancel(self, request_id: str) -> None:
        """Stops a request: at once when it waits, else at its next picture, prefill chunk or token."""
        with self._lock:
            job = self._jobs.get(request_id)
            if job is None:
                return
            self._jobs[request_id] = want_stop(job)
            opening = self._openings.get(request_id)
        if opening is not None:
            opening.give_up()
        if opening is not None and job.state == "waiting":
            self._end(opening, None)

    def view(self, view_id: str, source: Source, max_pixels: int) -> None:
        """Opens a picture in small, or a frame that stands for a video: ViewOpened or ViewFailed."""
        self._views.view(view_id, source, max_pixels)

    def forget_view(self, view_id: str) -> None:
        """Drops, unsaid, a view that waits or is under way."""
        self._views.forget_view(view_id)

    def look(self, view_id: str, source: Source, max_pixels: int, time_s: float = 0.0) -> None:
        """Opens the picture, or the video's frame at this time, that is looked at: LookOpened or ViewFailed.

        One person looks at one thing: a look that waits or is under way is dropped, unsaid, for a newer one.
        """
        self._views.look(view_id, source, max_pixels, time_s)

    def frames(self, view_id: str, source: ClipSource, times_s: Sequence[float], max_pixels: int) -> None:
        """Opens a video's frames at these times in small: FrameOpened for each, or ViewFailed; see Views.frames."""
        self._views.frames(view_id, source, times_s, max_pixels)

    def take_still(self, view_id: str, source: ClipSource, time_s: float) -> None:
        """Takes the frame at this time out of a video as a picture of its own: StillTaken or ViewFailed."""
        self._views.take_still(view_id, source, time_s)

    def close(self, timeout_s: float = 5.0) -> bool:
        """Stops everything and ends the threads; tells whether they ended within the time. Safe to call twice."""
        deadline = time.monotonic() + timeout_s
        with self._lock:
            if not self._is_closing:
                self._is_closing = True
                self._commands.put(_Close())
            for request_id, job in self._jobs.items():
                self._jobs[request_id] = want_stop(job)
            for load in self._loads:
                load.stop.set()
            openings = list(self._openings.values())
        for opening in openings:
            opening.give_up()
        self._thread.join(max(0.0, deadline - time.monotonic()))
        closed = (self._asked_pool.close, self._views.close)
        have_ended = [close(max(0.0, deadline - time.monotonic())) for close in closed]
        return all(have_ended) and not self._thread.is_alive()

    def _refuse_when_closing(self) -> None:
        if self._fatal_error is not None:
            raise EngineError(self._fatal_error.text, self._fatal_error.hint, self._fatal_error.detail)
        if self._is_closing:
            raise EngineError("The program is closing.")

    def _say(self, event: EngineEvent) -> None:
        """Hands an event to the sink, from one thread at a time, and nothing after EngineClosed."""
        with self._sink_lock:
            if not self._has_said_closed:
                self._has_said_closed = isinstance(event, EngineClosed)
                self._sink(event)

    def _say_of_view(self, event: EngineEvent) -> None:
        """Says what came of a view, and has it seen what memory the pictures that are looked at take."""
        self._say(event)
        if not self._is_look_waiting:
            self._is_look_waiting = True
            self._commands.put(_LookAtMemory())

    def _is_stopped(self, request_id: str) -> bool:
        job = self._jobs.get(request_id)
        return job is None or job.is_stop_wanted

    def _open(self, opening: _Opening) -> None:
        question = opening.question

        def is_stopped() -> bool:
            return self._is_stopped(question.request_id)

        began_s = time.monotonic()
        try:
            opening.long = long_footage(question, self._asked_pool.submit, is_stopped)
            if opening.long is not None:
                opening.media.extend(opening.long.pictures)
                opening.long.begin()
                return
            for source in question.sources:
                if is_stopped():
                    break
                opening.media.append(open_medium(source, question, lambda: not is_stopped()))
        except Exception as error:  # noqa: BLE001 - job boundary
            opening.error = told_of(error)
        finally:
            opening.reading_s = time.monotonic() - began_s
            opening.ready.set()

    def _run(self) -> None:
        backend: Backend | None = None
        try:
            backend = self._make_backend()
            self._memory.look(backend, is_now=True)
            while True:
                command = self._commands.get()
                if isinstance(command, _Load):
                    with held_awake("Loading a model"):
                        self._load(backend, command)
                elif isinstance(command, _Unload):
                    backend.unload()
                    self._load_error = None
                    self._say(ModelUnloaded())
                elif isinstance(command, _Answer):
                    with held_awake("Answering a question"):
                        self._answer(backend, command.openings)
                elif isinstance(command, _LookAtMemory):
                    self._is_look_waiting = False
                else:
                    break
                self._memory.look(backend, is_now=not isinstance(command, _LookAtMemory))
        except BaseException as error:
            logger.exception("The model thread failed")
            self._fail_everything(describe_error(error))
        finally:
            try:
                if backend is not None:
                    backend.close()
            except BaseException:
                logger.exception("The backend failed while closing")
            self._say(EngineClosed())

    def _fail_everything(self, error: ErrorText) -> None:
        with self._lock:
            self._is_closing = True
            self._fatal_error = error
            waiting = list(self._openings.values())
            loads = list(self._loads)
        for load in loads:
            self._say(ModelFailed(load.checkpoint, error))
        for opening in waiting:
            self._end(opening, error)

    def _load(self, backend: Backend, load: _Load) -> None:
        self._load_error = None
        try:
            self._load_error = self._load_failed(backend, load)
            # Only now: an error that is being handled holds on to what was loaded so far.
            if self._load_error is not None:
                backend.unload()
                self._say(ModelFailed(load.checkpoint, self._load_error))
            elif load.stop.is_set():
                backend.unload()
                self._say(ModelUnloaded())
            else:
                held_bytes = backend.memory().active_bytes
                name, version, device = backend.name, backend.version(), backend.device()
                self._say(ModelReady(load.checkpoint, name, version, device, held_bytes, backend.abilities.video))
        finally:
            with self._lock:
                self._loads.remove(load)

    def _load_failed(self, backend: Backend, load: _Load) -> ErrorText | None:
        """Loads in place of the model before, and gives why that failed, or None."""
        try:
            _refuse_unable(backend, load.checkpoint)
            if not load.stop.is_set():
                for progress in backend.load(load.checkpoint, load.stop.is_set):
                    self._say(ModelLoading(load.checkpoint, progress))
                    self._memory.look(backend)
        except Exception as error:
            if not isinstance(error, AppError):
                logger.exception("Loading failed")
            return describe_error(error)
        return None

    def _answer(self, backend: Backend, openings: tuple[_Opening, ...]) -> None:
        requests: list[Request] = []
        together: list[_Opening] = []
        alone: list[tuple[_Opening, LongFootage]] = []
        for opening in openings:
            opening.ready.wait()
            request = self._begin(backend, opening)
            if request is None:
                continue
            if opening.long is None:
                requests.append(request)
                together.append(opening)
            else:
                alone.append((opening, opening.long))
        error = self._pass_on(backend, lambda: backend.generate(requests, self._is_stopped)) if requests else None
        for opening in together:
            self._end(opening, error)
        for opening, long in alone:
            self._end(opening, self._pass_on(backend, partial(long.answer, backend)))

    def _begin(self, backend: Backend, opening: _Opening) -> Request | None:
        question = opening.question
        error = opening.error
        if error is None and not backend.is_loaded:
            error = self._load_error or ModelError("No model is loaded.", "Choose a model first.").said
        has_clip = opening.long is not None or _has_clip(question, opening.media)
        if error is None and has_clip and not backend.abilities.video:
            error = video_refused().said
        with self._lock:
            if self._openings.get(question.request_id) is not opening:
                return None
            job = self._jobs[question.request_id]
            is_beginning = error is None and not job.is_stop_wanted
            if is_beginning:
                self._jobs[question.request_id] = begin(job)
        if not is_beginning:
            self._end(opening, None if job.is_stop_wanted else error)
            return None
        media = tuple(opening.media)
        self._say(Started(question.request_id, media, question.sampling, opening.reading_s))
        turns = (*question.earlier, Turn(question.text, media))
        return Request(question.request_id, turns, question.sampling, question.system)

    def _pass_on(self, backend: Backend, generate: Callable[[], Iterator[LongEvent]]) -> ErrorText | None:
        """Says what jobs that run have to say; gives the error that ended it early, or None."""
        events: Iterator[LongEvent] = iter(())
        try:
            events = generate()
            for event in events:
                with self._lock:
                    job = self._jobs.get(event.request_id)
                    if job is None:
                        continue
                    self._jobs[event.request_id], is_passed_on = take(job, event)
                if is_passed_on:
                    self._say(event)
                self._memory.look(backend)
        except Exception as fault:
            if not isinstance(fault, AppError):
                logger.exception("Answering failed")
            return describe_error(fault)
        finally:
            close = getattr(events, "close", None)
            if close is not None:
                close()
        return None

    def _end(self, opening: _Opening, error: ErrorText | None) -> None:
        """Announces the end of a job that the backend did not end, and forgets the job."""
        request_id = opening.question.request_id
        with self._lock:
            if self._openings.get(request_id) is not opening:
                return
            del self._openings[request_id]
            job = self._jobs.pop(request_id)
        _, finished = end_without_answer(job, error)
        if finished is not None:
            self._say(finished)


def _refuse_unable(backend: Backend, checkpoint: Checkpoint) -> None:
    """Refuses weights in fewer bits where the backend cannot quantise, and an adapter where it knows none.

    Raises:
        ModelError: It cannot.
    """
    if checkpoint.weight_bits is not None and checkpoint.weight_bits not in backend.abilities.weight_bits:
        raise ModelError(
            Sentence("The {name} backend takes weights as they are stored.", name=backend.name),
            "Choose a model that is stored in 4 or 8 bits, or let the transformers backend quantise it.",
        )
    if checkpoint.adapter is not None and not backend.abilities.adapters:
        raise ModelError(
            Sentence("The {name} backend cannot put an adapter on a model.", name=backend.name), "Take the adapter off."
        )


def _has_clip(question: Question, media: Sequence[Medium]) -> bool:
    return any(isinstance(medium, Clip) for medium in (*question.earlier_media, *media))


def _seeded(question: Question) -> Sampling:
    sampling = question.sampling.checked()
    return sampling if sampling.seed is not None else replace(sampling, seed=random.SystemRandom().randint(0, MAX_SEED))
