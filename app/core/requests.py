"""What is asked of a model: plain frozen values that any thread may hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.core.pictures import Picture
from app.core.vision import RELEASED_CLIP_LIMITS, PixelLimits

if TYPE_CHECKING:
    from typing import TypeAlias

    from app.core.clips import Clip, ClipSource
    from app.core.pictures import PictureSource
    from app.core.results import SegmentRecord
    from app.core.sampling import Sampling

    Medium: TypeAlias = Picture | Clip
    Source: TypeAlias = PictureSource | ClipSource


@dataclass(frozen=True, slots=True)
class Turn:
    """One question with its pictures and clips, and its answer once there is one.

    Attributes:
        question: The person's words.
        media: What was newly shown with this question, in order; earlier turns' media stay in view.
        answer: The model's words, empty in the turn still to be answered.
    """

    question: str
    media: tuple[Medium, ...] = ()
    answer: str = ""

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """The pictures among its media."""
        return tuple(medium for medium in self.media if isinstance(medium, Picture))


@dataclass(frozen=True, slots=True)
class Request:
    """One answer to be generated; everything a backend needs, nothing it would have to open.

    Attributes:
        request_id: Names the request in every event about it.
        turns: The conversation so far; the last turn has no answer yet.
        sampling: Settings with a seed already drawn.
        system: Instruction that stands before the conversation, or empty.
    """

    request_id: str
    turns: tuple[Turn, ...]
    sampling: Sampling
    system: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What a window or a command line asks of the engine, its new pictures not yet opened.

    Attributes:
        request_id: Names the request in every event about it.
        text: The person's words.
        sources: New pictures and clips, in the order the model shall see them.
        earlier: The answered turns before this one.
        limits: Area limits for the new pictures: the checkpoint's own, capped by the person's token budget.
        sampling: Settings; a missing seed is drawn by the engine.
        system: Instruction that stands before the conversation, or empty.
        clip_limits: Area limits for all frames of a new clip together (T x h x w): the checkpoint's own.
        context_tokens: What the model can take, the answer included; 0 where that is not known.
        segment_s: How long the segments of a video are that is asked about in several passes; None: as few as can be.
        segments: The segments of an earlier run of this very question: what is answered is not asked again.
    """

    request_id: str
    text: str
    limits: PixelLimits
    sampling: Sampling
    sources: tuple[Source, ...] = ()
    earlier: tuple[Turn, ...] = ()
    system: str = ""
    clip_limits: PixelLimits = RELEASED_CLIP_LIMITS
    context_tokens: int = 0
    segment_s: float | None = None
    segments: tuple[SegmentRecord, ...] = ()

    @property
    def earlier_media(self) -> tuple[Medium, ...]:
        """What the model was shown before this question, in order."""
        return tuple(medium for turn in self.earlier for medium in turn.media)
