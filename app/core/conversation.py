"""A conversation as it happens: questions go out of it, events come into it, results are made from it.

Turns that have an answer, however it ended, are what the model is told of later. A turn without one (stopped or failed
before the first word) is not: its pictures count as not yet shown and go with the next question.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from app import __version__
from app.core.clips import ClipSource
from app.core.errors import EngineError
from app.core.events import (
    Figures,
    Finished,
    MergeStarted,
    PrefillProgress,
    SegmentEnded,
    SegmentsPlanned,
    SegmentStarted,
    SegmentText,
    Started,
    TextPiece,
    VisionProgress,
)
from app.core.merging import told_answer
from app.core.pictures import Picture
from app.core.requests import Question, Turn
from app.core.results import ModelRecord, Result, TurnRecord, record_of, whole_record
from app.core.vision import RELEASED_CLIP_LIMITS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.core.errors import ErrorText
    from app.core.events import EngineEvent, ModelReady, Outcome
    from app.core.presets import Preset
    from app.core.requests import Medium, Source
    from app.core.results import AnyRecord, SegmentRecord
    from app.core.sampling import Sampling
    from app.core.vision import PixelLimits

Phase: TypeAlias = Literal["waiting", "reading_pictures", "reading_prompt", "answering", "ended"]
_NO_FIGURES = Figures()


@dataclass(frozen=True, slots=True)
class KnownMedium:
    """A picture or video that the model was shown.

    Attributes:
        limits: The areas that a picture could have when it was shown.
        clip_limits: The areas that all frames of a video could have together.
        is_picture: Whether it was shown as a picture; None for a video that is not open yet.
        is_in_view: Whether later questions still show it: of a video in segments they only tell the answer.
        may_be_in_segments: Whether it is a video that was asked about in segments, or may yet be.
    """

    limits: PixelLimits
    clip_limits: PixelLimits = RELEASED_CLIP_LIMITS
    is_picture: bool | None = True
    is_in_view: bool = True
    may_be_in_segments: bool = False


@dataclass(frozen=True, slots=True)
class AskedTurn:
    """One question and how far its answer is.

    Attributes:
        question: As it was asked.
        max_image_tokens: The token budget per picture at that time.
        created_at: When it was asked, with a time zone.
        phase: What is being done.
        has_begun: Whether the model has begun: the pictures are open and the seed is drawn.
        done: How much of the phase is done (pictures and groups of frames, or prompt tokens).
        total: Of how much; 0 where it cannot be told.
        reused_pictures: Pictures and groups of frames that had been looked at before.
        planned_frames: Frames of videos that are to be read, as far as that is known when it is asked.
        reading_s: How long opening its media took.
        media: What the model was newly shown, once opened; of a video in segments only the segments hold records.
        sampling: Every setting; the seed is drawn once the model has begun.
        answer: The words so far.
        outcome: How it ended, or None while it goes on.
        figures: What it cost.
        error: Why it failed, or None.
        preset: The task it was asked as, or None.
        segments: Of a video that is asked about in several passes, in order.
        segment_at: Which of them is being asked about, from 0; None before, between and after.
        segment_notes: What a person should know about how their frames were read, each thing once.
    """

    question: Question
    max_image_tokens: int | None
    created_at: datetime
    sampling: Sampling
    phase: Phase = "waiting"
    has_begun: bool = False
    done: int = 0
    total: int = 0
    reused_pictures: int = 0
    planned_frames: int = 0
    reading_s: float = 0.0
    media: tuple[Medium, ...] = ()
    answer: str = ""
    outcome: Outcome | None = None
    figures: Figures = _NO_FIGURES
    error: ErrorText | None = None
    preset: Preset | None = None
    segments: tuple[SegmentRecord, ...] = ()
    segment_at: int | None = None
    segment_notes: tuple[str, ...] = ()

    @property
    def request_id(self) -> str:
        """Names the turn in every event about it."""
        return self.question.request_id

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """The pictures among its media."""
        return tuple(medium for medium in self.media if isinstance(medium, Picture))

    @property
    def has_one_clip(self) -> bool:
        """Whether a single video was newly shown with it."""
        return sum(isinstance(source, ClipSource) for source in self.question.sources) == 1

    @property
    def shown(self) -> tuple[tuple[Source, Medium | None], ...]:
        """Every source with what was opened of it; None for one not yet opened, and for a video in segments."""
        opened = iter(self.media)
        return tuple(
            (source, None if self.segments and isinstance(source, ClipSource) else next(opened, None))
            for source in self.question.sources
        )

    @property
    def is_open(self) -> bool:
        """Whether the answer is still to come or coming."""
        return self.outcome is None

    @property
    def is_told(self) -> bool:
        """Whether later questions tell the model of this turn."""
        is_said = bool(self.answer) or any(segment.is_answered for segment in self.segments)
        return self.outcome is not None and is_said

    @property
    def can_be_saved(self) -> bool:
        """Whether exports have something of it: its answer, or while it is open the segments answered so far."""
        return self.is_told or (self.is_open and any(segment.is_answered for segment in self.segments))

    @property
    def told_answer(self) -> str:
        """What later questions tell the model was answered: of segments not yet merged, what was said of each."""
        return told_answer(self.question.text, self.answer, self.segments)

    @property
    def fraction(self) -> float | None:
        """How much is done of what can be measured, 0 to 1: of reading, or of a long video's segments; else None."""
        is_reading = self.phase in {"reading_pictures", "reading_prompt"} and self.total > 0
        reading = self.done / self.total if is_reading else None
        if not self.is_open or not self.segments:
            return reading
        ended = sum(segment.outcome is not None for segment in self.segments)
        part = 0.0 if self.segment_at is None else 0.5 if reading is None else reading / 2
        return (ended + part) / len(self.segments)

    @property
    def told(self) -> Turn:
        """What later questions tell the model of it."""
        return Turn(self.question.text, self.media, self.told_answer)

    @property
    def can_go_on(self) -> bool:
        """Whether it ended with segments left, or not merged: the same question with them goes on from there."""
        return bool(self.segments) and self.outcome in {"cancelled", "failed"}

    @property
    def records(self) -> tuple[AnyRecord, ...]:
        """What was shown, as exports write it: a video in segments as one."""
        if not self.segments:
            return tuple(record_of(medium) for medium in self.media)
        records: list[AnyRecord | None] = []
        for source, medium in self.shown:
            if isinstance(source, ClipSource):
                records.append(whole_record(self.segments, source.wish))
            elif medium is not None:
                records.append(record_of(medium))
        return tuple(record for record in records if record is not None)

    def record(self) -> TurnRecord:
        """The turn as exports write it: of an open one without the segment that is being asked about."""
        segments = tuple(segment if segment.outcome is not None else segment.unasked for segment in self.segments)
        return TurnRecord(
            self.question.text,
            self.records,
            self.answer,
            self.outcome or ("cancelled" if self.segments else "done"),
            self.sampling,
            self.figures,
            self.created_at,
            self.max_image_tokens,
            segments,
            self.question.segment_s if segments else None,
        )

    @property
    def is_picture_reused(self) -> bool:
        """Whether pictures or earlier words did not have to be read again."""
        return self.reused_pictures > 0 or self.figures.reused_tokens > 0


def turn_after(turn: AskedTurn, event: EngineEvent) -> AskedTurn:
    """The turn after an event about it; one that has ended stays as it is."""
    if not turn.is_open:
        return turn
    after = turn
    if isinstance(event, Started):
        phase: Phase = "reading_pictures" if event.media else "reading_prompt"
        after = replace(
            turn,
            phase=phase,
            has_begun=True,
            media=event.media,
            sampling=event.sampling,
            reading_s=event.reading_s,
        )
    elif isinstance(event, VisionProgress):
        reused = max(turn.reused_pictures, event.reused)
        after = replace(turn, phase="reading_pictures", done=event.done, total=event.total, reused_pictures=reused)
    elif isinstance(event, PrefillProgress):
        after = replace(turn, phase="reading_prompt", done=event.done_tokens, total=event.total_tokens)
    elif isinstance(event, TextPiece):
        after = replace(turn, phase="answering", answer=turn.answer + event.text)
    elif isinstance(event, Finished):
        after = replace(
            turn, phase="ended", outcome=event.outcome, figures=event.figures, error=event.error, segment_at=None
        )
    else:
        after = _after_segment(turn, event)
    return after


def _after_segment(turn: AskedTurn, event: EngineEvent) -> AskedTurn:
    """The turn after an event about its segments."""
    if isinstance(event, SegmentsPlanned):
        return replace(turn, segments=event.segments)
    if isinstance(event, MergeStarted):
        return replace(turn, phase="reading_prompt", segment_at=None, done=0, total=0)
    if not isinstance(event, SegmentStarted | SegmentText | SegmentEnded):
        return turn
    index, segments = event.index, list(turn.segments)
    if isinstance(event, SegmentStarted):
        segments[index] = replace(segments[index].unasked, shown=event.shown)
        notes = tuple(dict.fromkeys((*turn.segment_notes, *event.notes)))
        turn = replace(turn, phase="reading_pictures", segment_at=index, segment_notes=notes, done=0, total=0)
    elif isinstance(event, SegmentText):
        segments[index] = replace(segments[index], answer=segments[index].answer + event.text)
        turn = replace(turn, phase="answering")
    else:
        segments[index] = replace(segments[index], outcome=event.outcome, figures=event.figures, error=event.error)
        turn = replace(turn, segment_at=None)
    return replace(turn, segments=tuple(segments))


class Conversation:
    """Turns in order; at most the last one is still open."""

    def __init__(self) -> None:
        self._turns: list[AskedTurn] = []

    @property
    def turns(self) -> tuple[AskedTurn, ...]:
        """All turns, oldest first."""
        return tuple(self._turns)

    @property
    def open_turn(self) -> AskedTurn | None:
        """The turn that is being answered, if any."""
        return self._turns[-1] if self._turns and self._turns[-1].is_open else None

    @property
    def known_media(self) -> dict[Source, KnownMedium]:
        """The pictures and videos that the model knows, or is just being shown, in the order in which it was."""
        known: dict[Source, KnownMedium] = {}
        for turn in self._known_turns:
            question = turn.question
            for source, medium in turn.shown:
                is_picture: bool | None = not isinstance(source, ClipSource) or None
                if medium is not None:
                    is_picture = isinstance(medium, Picture)
                is_clip = isinstance(source, ClipSource)
                known[source] = KnownMedium(
                    question.limits,
                    question.clip_limits,
                    is_picture,
                    is_in_view=turn.is_open or not (turn.segments and is_clip),
                    may_be_in_segments=is_clip and (bool(turn.segments) or not turn.has_begun) and turn.has_one_clip,
                )
        return known

    @property
    def _known_turns(self) -> list[AskedTurn]:
        return [turn for turn in self._turns if turn.is_open or turn.is_told]

    @property
    def shown_sources(self) -> frozenset[Source]:
        """The pictures and clips that the model knows, or is just being shown."""
        return frozenset(source for turn in self._known_turns for source in turn.question.sources)

    @property
    def held_tokens(self) -> int:
        """How much of the model's context the conversation so far takes, as measured or at least counted."""
        held = 0
        for turn in self._turns:
            if turn.segments:  # later questions are told the words alone
                held += sum(medium.tokens for medium in turn.media) + turn.figures.answer_tokens
            elif turn.is_told and turn.figures.prompt_tokens:  # measured with all that stood before it
                held = turn.figures.prompt_tokens + turn.figures.answer_tokens
            elif turn.is_told or turn.is_open:
                held += sum(medium.tokens for medium in turn.media) + turn.figures.answer_tokens
        return held

    @property
    def pasted(self) -> dict[str, bytes]:
        """Encoded bytes of what has no file: of pictures by sha256, of animations by fingerprint."""
        return {
            medium.sha256 if isinstance(medium, Picture) else medium.fingerprint: source.data
            for turn in self._turns
            for source, medium in turn.shown
            if source.data is not None and medium is not None
        }

    def get(self, request_id: str) -> AskedTurn | None:
        """The turn of this request, if it is here."""
        return next((turn for turn in reversed(self._turns) if turn.request_id == request_id), None)

    def ask(
        self,
        request_id: str,
        text: str,
        sources: Sequence[Source],
        *,
        limits: PixelLimits,
        max_image_tokens: int | None,
        sampling: Sampling,
        system: str,
        now: datetime,
        clip_limits: PixelLimits = RELEASED_CLIP_LIMITS,
        planned_frames: int = 0,
        context_tokens: int = 0,
        preset: Preset | None = None,
    ) -> Question:
        """Adds a turn and gives the question that the engine is to answer; what is known is not shown again.

        Raises:
            EngineError: The turn before is still being answered.
        """
        if self.open_turn is not None:
            raise EngineError("An answer is still coming.", "Stop it or wait for its end.")
        known = self.shown_sources
        question = Question(
            request_id,
            text,
            limits,
            sampling,
            tuple(source for source in sources if source not in known),
            tuple(turn.told for turn in self._turns if turn.is_told),
            system,
            clip_limits,
            context_tokens,
        )
        turn = AskedTurn(question, max_image_tokens, now, sampling, planned_frames=planned_frames, preset=preset)
        self._turns.append(turn)
        return question

    def go_on(self, turn: AskedTurn, request_id: str) -> Question:
        """Adds the question of a turn that was taken away again, with the segments that are answered.

        Raises:
            EngineError: The turn before is still being answered.
        """
        if self.open_turn is not None:
            raise EngineError("An answer is still coming.", "Stop it or wait for its end.")
        question = replace(turn.question, request_id=request_id, sampling=turn.sampling, segments=turn.segments)
        asked = AskedTurn(question, turn.max_image_tokens, turn.created_at, turn.sampling, preset=turn.preset)
        self._turns.append(asked)
        return question

    def take(self, event: EngineEvent) -> AskedTurn | None:
        """Applies an event and gives the turn as it is now, or None when the event is about no turn here."""
        request_id = getattr(event, "request_id", None)
        for index in range(len(self._turns) - 1, -1, -1):
            if self._turns[index].request_id == request_id:
                self._turns[index] = turn_after(self._turns[index], event)
                return self._turns[index]
        return None

    def withdraw(self, request_id: str) -> AskedTurn | None:
        """Takes the last turn away when it is this one: because it could not be asked."""
        if self._turns and self._turns[-1].request_id == request_id:
            return self._turns.pop()
        return None

    def before(self, request_id: str) -> Conversation:
        """The conversation as it was before this turn was asked; itself when the turn is not here."""
        if self.get(request_id) is None:
            return self
        earlier = Conversation()
        earlier._turns = self._turns_before(request_id)
        return earlier

    def rewind_to(self, request_id: str) -> tuple[AskedTurn, ...]:
        """Takes this turn and all later ones away and gives them, oldest first; none when it is not here.

        Events about them are no longer taken.
        """
        kept = self._turns_before(request_id)
        taken = tuple(self._turns[len(kept) :])
        self._turns = kept
        return taken

    def put_back(self, turns: Sequence[AskedTurn]) -> None:
        """Puts back what `rewind_to` took, when nothing came in its place.

        Raises:
            EngineError: A turn that was asked since is still being answered.
        """
        if turns and self.open_turn is not None:
            raise EngineError("An answer is still coming.", "Stop it or wait for its end.")
        self._turns.extend(turns)

    def _turns_before(self, request_id: str) -> list[AskedTurn]:
        return list(itertools.takewhile(lambda turn: turn.request_id != request_id, self._turns))

    @property
    def can_be_saved(self) -> bool:
        """Whether exports have something to write, and something of the last turn if it is open."""
        is_open_saved = self.open_turn is None or self.open_turn.can_be_saved
        return is_open_saved and any(turn.can_be_saved for turn in self._turns)

    def result(self, ready: ModelReady) -> Result | None:
        """What exports write: every turn that has an answer, or answered segments; None when there is none."""
        saved = [turn for turn in self._turns if turn.can_be_saved]
        if not saved:
            return None
        records = tuple(turn.record() for turn in saved)
        return Result(
            ModelRecord.of(ready), saved[-1].question.system, records, __version__, created_at=records[0].created_at
        )
