"""An answered conversation as plain values: what exports write and what can be asked again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.core.events import Figures
from app.core.pictures import Picture

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path
    from typing import TypeAlias

    from app.core.checkpoint import Checkpoint
    from app.core.clips import Clip
    from app.core.errors import ErrorText
    from app.core.events import ModelReady, Outcome
    from app.core.footage import FrameWish
    from app.core.requests import Medium
    from app.core.sampling import Sampling

    AnyRecord: TypeAlias = "MediaRecord | ClipRecord"

_NO_FIGURES = Figures()


@dataclass(frozen=True, slots=True)
class MediaRecord:
    """A picture that was shown to the model.

    Attributes:
        name: As shown to people.
        path: The file it came from, or None for a pasted picture.
        sha256: Of the encoded source bytes, in hex.
        width_px: Width of the upright original.
        height_px: Height of the upright original.
        effective_width_px: Width the model saw.
        effective_height_px: Height the model saw.
        tokens: What it cost.
        frame_time_s: When it is shown, of a frame of a video that was asked about alone; None for a picture.
    """

    name: str
    path: Path | None
    sha256: str
    width_px: int
    height_px: int
    effective_width_px: int
    effective_height_px: int
    tokens: int
    frame_time_s: float | None = None

    @classmethod
    def of(cls, picture: Picture) -> MediaRecord:
        """The record of an opened picture."""
        return cls(
            picture.name,
            picture.path,
            picture.sha256,
            picture.source_width_px,
            picture.source_height_px,
            picture.width_px,
            picture.height_px,
            picture.tokens,
            None if picture.frame_time_s is None else round(picture.frame_time_s, 3),
        )


@dataclass(frozen=True, slots=True)
class ClipRecord:
    """A clip that was shown to the model.

    Attributes:
        name: As shown to people.
        path: The file it came from, or None.
        fingerprint: Of the file, see app.core.clips.Clip.
        digest: Of the frames the model saw, their size and their times, in hex.
        width_px: Width of the upright original with square pixels.
        height_px: Height of the same.
        effective_width_px: Width the model saw.
        effective_height_px: Height the model saw.
        tokens: What it cost, without the times between the frames.
        duration_s: Of the whole video.
        frames_per_s: Of the whole video, on average.
        frame_times_s: When each frame that the model saw is shown.
        wish: Which frames were asked for, the time range among that.
    """

    name: str
    path: Path | None
    fingerprint: str
    digest: str
    width_px: int
    height_px: int
    effective_width_px: int
    effective_height_px: int
    tokens: int
    duration_s: float
    frames_per_s: float
    frame_times_s: tuple[float, ...]
    wish: FrameWish

    @classmethod
    def of(cls, clip: Clip) -> ClipRecord:
        """The record of an opened clip; times to the millisecond, which is what containers keep."""
        plan = clip.plan
        return cls(
            clip.name,
            clip.path,
            clip.fingerprint,
            clip.digest,
            plan.source_width_px,
            plan.source_height_px,
            plan.width_px,
            plan.height_px,
            plan.tokens,
            round(plan.duration_s, 3),
            round(plan.frames_per_s, 3),
            tuple(round(time_s, 3) for time_s in plan.frame_times_s),
            clip.wish,
        )


def record_of(medium: Medium) -> AnyRecord:
    """The record of an opened picture or clip."""
    return MediaRecord.of(medium) if isinstance(medium, Picture) else ClipRecord.of(medium)


@dataclass(frozen=True, slots=True)
class SegmentRecord:
    """A stretch of a long video that was asked about on its own, and what was said of it.

    Attributes:
        start_s: Where it begins.
        end_s: Where it ends.
        shown: Its frames as the model saw them, or None while it was not looked at.
        answer: The model's words about it, as far as they came.
        outcome: How it ended, or None while it has not.
        figures: What it cost.
        error: Why it failed, or None.
    """

    start_s: float
    end_s: float
    shown: AnyRecord | None = None
    answer: str = ""
    outcome: Outcome | None = None
    figures: Figures = _NO_FIGURES
    error: ErrorText | None = None

    @property
    def is_answered(self) -> bool:
        """Whether it need not be asked about again."""
        return self.outcome in {"done", "length"}

    @property
    def unasked(self) -> SegmentRecord:
        """The same stretch before anything was said of it."""
        return SegmentRecord(self.start_s, self.end_s)


def whole_record(segments: Sequence[SegmentRecord], wish: FrameWish) -> AnyRecord | None:
    """The record of a video whose segments were looked at, its frames' times in the order of looking; None for none.

    Args:
        segments: All, those not looked at among them.
        wish: What was asked for of the whole video.
    """
    shown = [segment.shown for segment in segments if segment.shown is not None]
    clips = [record for record in shown if isinstance(record, ClipRecord)]
    if not clips:
        return shown[0] if shown else None
    digests = "\n".join(clip.digest for clip in clips)
    return replace(
        clips[0],
        digest=hashlib.sha256(digests.encode()).hexdigest(),
        tokens=sum(clip.tokens for clip in clips),
        frame_times_s=tuple(time_s for clip in clips for time_s in clip.frame_times_s),
        wish=wish,
    )


def added_figures(all_figures: Sequence[Figures]) -> Figures:
    """What several passes cost together; the speed is that of all their tokens after the first ones."""
    decoding = [(f.answer_tokens - 1, (f.answer_tokens - 1) / f.tokens_per_s) for f in all_figures if f.tokens_per_s]
    took_s = sum(seconds for _, seconds in decoding)
    return Figures(
        prompt_tokens=sum(figures.prompt_tokens for figures in all_figures),
        reused_tokens=sum(figures.reused_tokens for figures in all_figures),
        answer_tokens=sum(figures.answer_tokens for figures in all_figures),
        time_to_first_token_s=next((f.time_to_first_token_s for f in all_figures if f.answer_tokens), 0.0),
        total_s=sum(figures.total_s for figures in all_figures),
        tokens_per_s=sum(tokens for tokens, _ in decoding) / took_s if took_s > 0 else 0.0,
        peak_memory_bytes=max((figures.peak_memory_bytes for figures in all_figures), default=0),
    )


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """One question and its answer.

    Attributes:
        question: The person's words.
        media: Pictures and clips newly shown with this question.
        answer: The model's words, as far as they came.
        outcome: How the answer ended.
        sampling: Every setting, the seed included.
        figures: What it cost.
        created_at: When the question was asked, with a time zone.
        max_image_tokens: The person's token budget for each of its pictures, or None for the checkpoint's own limit.
        segments: Of a video that was asked about in several passes, in order; none where one pass held all.
        segment_s: The length that was asked for them, or None for as few as could be.
    """

    question: str
    media: tuple[AnyRecord, ...]
    answer: str
    outcome: Outcome
    sampling: Sampling
    figures: Figures
    created_at: datetime
    max_image_tokens: int | None
    segments: tuple[SegmentRecord, ...] = ()
    segment_s: float | None = None


@dataclass(frozen=True, slots=True)
class AdapterRecord:
    """Which LoRA was on top of the model.

    Attributes:
        name: For people.
        path: The folder that it was in.
        sha256: Of its settings and weights together, in hex, see Adapter.
    """

    name: str
    path: Path
    sha256: str


def adapter_record(checkpoint: Checkpoint) -> AdapterRecord | None:
    """The record of the LoRA on top of a model, or None."""
    adapter = checkpoint.adapter
    return None if adapter is None else AdapterRecord(adapter.name, adapter.folder, adapter.sha256)


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """Which model answered.

    Attributes:
        model_id: ``demo``, a repository id, or the folder's path.
        revision: Commit of the repository, or for a plain folder ``sha256:`` of its files, see Checkpoint.
        quantisation: Such as ``bf16`` or ``4-bit, group 64``.
        backend: The backend's name.
        backend_version: Names and versions of the runtime.
        context_tokens: How long a conversation could become; None where that was not recorded.
        adapter: The LoRA on top of it, or None.
    """

    model_id: str
    revision: str
    quantisation: str
    backend: str
    backend_version: str
    context_tokens: int | None = None
    adapter: AdapterRecord | None = None

    @classmethod
    def of(cls, ready: ModelReady) -> ModelRecord:
        """The record of a model that answers."""
        checkpoint = ready.checkpoint
        return cls(
            checkpoint.model_id,
            checkpoint.revision,
            checkpoint.quantisation,
            ready.backend,
            ready.backend_version,
            checkpoint.context_tokens,
            adapter_record(checkpoint),
        )


@dataclass(frozen=True, slots=True)
class Result:
    """A whole conversation, enough to ask its last question again.

    Attributes:
        model: Which model answered.
        system: The instruction that stood before the conversation, or empty.
        turns: Questions and answers in order, at least one.
        program_version: Of Viewfinder.
        created_at: When the first question was asked, with a time zone.
    """

    model: ModelRecord
    system: str
    turns: tuple[TurnRecord, ...]
    program_version: str
    created_at: datetime
