"""An answered conversation as plain values: what exports write and what can be asked again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.core.pictures import Picture

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path
    from typing import TypeAlias

    from app.core.clips import Clip
    from app.core.events import Figures, ModelReady, Outcome
    from app.core.footage import FrameWish
    from app.core.requests import Medium
    from app.core.sampling import Sampling

    AnyRecord: TypeAlias = "MediaRecord | ClipRecord"


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
    """

    name: str
    path: Path | None
    sha256: str
    width_px: int
    height_px: int
    effective_width_px: int
    effective_height_px: int
    tokens: int

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
    """

    question: str
    media: tuple[AnyRecord, ...]
    answer: str
    outcome: Outcome
    sampling: Sampling
    figures: Figures
    created_at: datetime
    max_image_tokens: int | None


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """Which model answered.

    Attributes:
        model_id: ``demo``, a repository id, or the folder's path.
        revision: Commit of the repository, or for a plain folder ``sha256:`` of its files, see Checkpoint.
        quantisation: Such as ``bf16`` or ``4-bit, group 64``.
        backend: The backend's name.
        backend_version: Names and versions of the runtime.
    """

    model_id: str
    revision: str
    quantisation: str
    backend: str
    backend_version: str

    @classmethod
    def of(cls, ready: ModelReady) -> ModelRecord:
        """The record of a model that answers."""
        checkpoint = ready.checkpoint
        return cls(
            checkpoint.model_id, checkpoint.revision, checkpoint.quantisation, ready.backend, ready.backend_version
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
