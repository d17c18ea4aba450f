"""One question about a video too long for one pass: its segments asked one after another, then one answer of all.

The frames of the segment after the one being looked at are opened beside the model, never more: frames of two segments
are alive at most, besides what a backend holds for itself.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.core.clips import ClipSource, footage_of
from app.core.errors import AppError, UserError, describe_error
from app.core.events import (
    Figures,
    Finished,
    MergeStarted,
    SegmentEnded,
    SegmentsPlanned,
    SegmentStarted,
    SegmentText,
    TextPiece,
)
from app.core.merging import batches, merging_question, timeline_text
from app.core.pictures import read_size
from app.core.requests import Request, Turn
from app.core.results import ClipRecord, SegmentRecord, added_figures, record_of
from app.core.segments import MIN_SEGMENTS, check_alone, plan_segments, room_of
from app.core.shelf import picture_cost
from app.engine.opened_media import open_medium
from app.engine.views import told_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from app.core.backend import Backend
    from app.core.errors import ErrorText
    from app.core.events import GenerateEvent, LongEvent, Outcome
    from app.core.requests import Medium, Question

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Ahead:
    """A segment's media on their way; `ready` is set when they are open, failed or not wanted."""

    ready: threading.Event
    media: tuple[Medium, ...] | None = None
    error: ErrorText | None = None


class LongFootage:
    """The run of one such question.

    Args:
        question: With exactly one video among its sources, and its seed drawn.
        segments: All of them in order, those of an earlier run with their answers.
        pictures: What else is shown with every segment, opened.
        submit: Has something done on the media pool.
        is_stopped: Whether the request shall end.
    """

    def __init__(
        self,
        question: Question,
        segments: Sequence[SegmentRecord],
        pictures: tuple[Medium, ...],
        submit: Callable[[Callable[[], None]], None],
        is_stopped: Callable[[], bool],
    ) -> None:
        self._question = question
        self._segments = [segment if segment.is_answered else segment.unasked for segment in segments]
        self.pictures = pictures
        self._submit = submit
        self._is_stopped = is_stopped
        self._ahead: dict[int, _Ahead] = {}
        self._figures: list[Figures] = []
        self._clip_at = next(at for at, source in enumerate(question.sources) if isinstance(source, ClipSource))

    def begin(self) -> None:
        """Opens the first segment that has no answer, at once. Thread: media pool."""
        index = self._next(0)
        if index is not None:
            self._ahead[index] = _Ahead(threading.Event())
            self._open(index)

    def give_up(self) -> None:
        """Lets nobody wait any more for media that are not opened any more. Thread: any."""
        for ahead in list(self._ahead.values()):
            ahead.ready.set()

    def answer(self, backend: Backend) -> Iterator[LongEvent]:
        """Everything that happens, a ``Finished`` at the end. Thread: model."""
        request_id = self._question.request_id
        yield SegmentsPlanned(request_id, tuple(self._segments))
        index = self._next(0)
        while index is not None and not self._is_stopped():
            following = self._next(index + 1)
            yield from self._answer_segment(backend, index, following)
            index = following
        if self._is_stopped():
            yield self._finished("cancelled")
        elif not any(segment.is_answered for segment in self._segments):
            error = next((segment.error for segment in self._segments if segment.error is not None), None)
            yield self._finished("failed", error)
        else:
            yield MergeStarted(request_id)
            yield from self._merge(backend)

    def _finished(self, outcome: Outcome, error: ErrorText | None = None) -> Finished:
        figures = [segment.figures for segment in self._segments] + self._figures
        return Finished(self._question.request_id, outcome, added_figures(figures), error)

    def _next(self, first: int) -> int | None:
        """The first segment from `first` that has no answer yet."""
        numbers = range(first, len(self._segments))
        return next((number for number in numbers if not self._segments[number].is_answered), None)

    # Media

    def _open(self, index: int) -> None:
        ahead = self._ahead.get(index)
        if ahead is None:  # the request ended before this had its turn
            return
        try:
            if not self._is_stopped():
                ahead.media = self._media_of(self._segments[index])
        except Exception as error:  # noqa: BLE001 - job boundary
            ahead.error = told_of(error)
        finally:
            ahead.ready.set()

    def _media_of(self, segment: SegmentRecord) -> tuple[Medium, ...]:
        """The question's media in their order, the video's frames only those of a segment."""
        question, pictures = self._question, iter(self.pictures)
        media: list[Medium] = []
        for source in question.sources:
            if isinstance(source, ClipSource):
                wish = replace(source.wish, start_s=segment.start_s, end_s=segment.end_s)
                media.append(open_medium(replace(source, wish=wish), question, lambda: not self._is_stopped()))
            else:
                media.append(next(pictures))
        return tuple(media)

    def _open_soon(self, index: int) -> None:
        self._ahead[index] = _Ahead(threading.Event())
        self._submit(lambda: self._open(index))

    def _opened(self, index: int) -> _Ahead:
        """The media of a segment, waited for and no longer held here."""
        if index not in self._ahead:
            self._open_soon(index)
        ahead = self._ahead[index]
        # Whoever ends the request says so first and then sets what is waited for: one of the two is seen.
        if not self._is_stopped():
            ahead.ready.wait()
        return self._ahead.pop(index)

    def _check_unchanged(self, medium: Medium) -> None:
        """Refuses frames of another file than the answered segments were.

        Raises:
            UserError: It is another one.
        """
        answered = [segment.shown for segment in self._segments if segment.is_answered]
        clips = [record for record in (*answered, record_of(medium)) if isinstance(record, ClipRecord)]
        if len({clip.fingerprint for clip in clips}) > 1:
            raise UserError("The video has changed since its first parts were asked about.", "Ask about it anew.")

    # Answers

    def _answer_segment(self, backend: Backend, index: int, following: int | None) -> Iterator[LongEvent]:
        question = self._question
        ahead = self._opened(index)
        if self._is_stopped():
            return
        if ahead.media is None:
            self._segments[index] = replace(self._segments[index], outcome="failed", error=ahead.error)
            yield SegmentEnded(question.request_id, index, "failed", Figures(), ahead.error)
            return
        self._check_unchanged(ahead.media[self._clip_at])
        turns = (*question.earlier, Turn(question.text, ahead.media))
        shown, notes = record_of(ahead.media[self._clip_at]), ahead.media[self._clip_at].notes
        del ahead
        if following is not None:
            self._open_soon(following)
        yield SegmentStarted(question.request_id, index, shown, notes)
        pieces: list[str] = []
        request = Request(question.request_id, turns, question.sampling, question.system)
        for event in _generated(backend, request, self._is_stopped):
            if isinstance(event, TextPiece):
                pieces.append(event.text)
                yield SegmentText(question.request_id, index, event.text)
            elif isinstance(event, Finished):
                self._segments[index] = replace(
                    self._segments[index],
                    shown=shown,
                    answer="".join(pieces),
                    outcome=event.outcome,
                    figures=event.figures,
                    error=event.error,
                )
                yield SegmentEnded(question.request_id, index, event.outcome, event.figures, event.error)
            else:
                yield event

    def _merge(self, backend: Backend) -> Iterator[LongEvent]:
        """One answer of all, in rounds where they do not fit into one prompt, and the timeline below it."""
        question = self._question
        room = room_of(question).tokens
        groups = batches(question.text, self._segments, room)
        while len(groups) > 1:
            left = yield from self._merge_groups(backend, groups)
            if left is None:
                return
            groups = batches(question.text, left, room)
        for event in self._merging(backend, groups[0]):
            if not isinstance(event, Finished):
                yield event
                continue
            self._figures.append(event.figures)
            if event.outcome in {"done", "length"}:
                yield TextPiece(question.request_id, f"\n\n{timeline_text(question.text, self._segments)}\n")
            yield self._finished(event.outcome, event.error)

    def _merge_groups(
        self, backend: Backend, groups: list[list[SegmentRecord]]
    ) -> Generator[LongEvent, None, list[SegmentRecord] | None]:
        """One record in the place of each group; None when that came to no end, which is said then."""
        merged = []
        for group in groups:
            if len(group) == 1:
                merged += group
                continue
            one = SegmentRecord(group[0].start_s, group[-1].end_s)
            for event in self._merging(backend, group):
                if isinstance(event, TextPiece):
                    one = replace(one, answer=one.answer + event.text)
                elif isinstance(event, Finished):
                    one = replace(one, outcome=event.outcome, figures=event.figures, error=event.error)
                else:
                    yield event
            self._figures.append(one.figures)
            if not one.is_answered:
                yield self._finished(one.outcome or "failed", one.error)
                return None
            merged.append(one)
        return merged

    def _merging(self, backend: Backend, group: list[SegmentRecord]) -> Iterator[GenerateEvent]:
        question = self._question
        turns = (*question.earlier, Turn(merging_question(question.text, group)))
        request = Request(question.request_id, turns, question.sampling, question.system)
        return _generated(backend, request, self._is_stopped)


def long_footage(
    question: Question, submit: Callable[[Callable[[], None]], None], is_stopped: Callable[[], bool]
) -> LongFootage | None:
    """How a question is answered whose video one pass cannot hold, or which is to be split; None for all others.

    Its pictures are opened, its video only looked through. Thread: media pool.

    Raises:
        UserError: A picture or the video cannot be used, or cannot be split so.
    """
    clips = [source for source in question.sources if isinstance(source, ClipSource)]
    check_alone(len(clips), question.segment_s)
    if len(clips) != 1:
        return None
    (source,) = clips
    segments = question.segments
    beside = [one for one in question.sources if not isinstance(one, ClipSource)]
    if not segments:
        footage = footage_of(source, lambda: not is_stopped())
        room = room_of(question, sum(picture_cost(*read_size(one), question.limits).tokens for one in beside))
        planned = plan_segments(footage, source.wish, room, question.segment_s)
        segments = tuple(SegmentRecord(segment.start_s, segment.end_s) for segment in planned)
    if len(segments) < MIN_SEGMENTS:
        return None
    pictures = tuple(open_medium(one, question, lambda: not is_stopped()) for one in beside)
    return LongFootage(question, segments, pictures, submit, is_stopped)


def _generated(backend: Backend, request: Request, is_stopped: Callable[[], bool]) -> Iterator[GenerateEvent]:
    """What a backend says about one request, with exactly one end, also where it fails."""
    has_ended = False
    events: Iterator[GenerateEvent] = iter(())
    try:
        events = backend.generate([request], lambda _: is_stopped())
        for event in events:
            has_ended = has_ended or isinstance(event, Finished)
            yield event
    except Exception as fault:
        if not isinstance(fault, AppError):
            logger.exception("Answering failed")
        if not has_ended:
            yield Finished(request.request_id, "failed", Figures(), describe_error(fault))
            has_ended = True
    finally:
        close = getattr(events, "close", None)
        if close is not None:
            close()
    if not has_ended:
        yield Finished(request.request_id, "cancelled" if is_stopped() else "failed", Figures())
