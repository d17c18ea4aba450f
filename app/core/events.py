"""What happens while a model loads and answers: frozen values, safe to send between threads.

A request has any number of progress events and pieces of text and then exactly one ``Finished``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from app.core.pictures import Picture

if TYPE_CHECKING:
    from app.core.checkpoint import Checkpoint
    from app.core.errors import ErrorText
    from app.core.footage import Footage
    from app.core.picture_levels import PictureLevels
    from app.core.pictures import Bitmap, PictureSource
    from app.core.requests import Medium
    from app.core.results import AnyRecord, SegmentRecord
    from app.core.sampling import Sampling

Outcome: TypeAlias = Literal["done", "length", "cancelled", "failed"]
LoadStage: TypeAlias = Literal["importing_runtime", "reading_weights", "warming_up"]


@dataclass(frozen=True, slots=True)
class Figures:
    """What an answer cost; zero where nothing was reached.

    Attributes:
        prompt_tokens: Tokens of the whole prompt, pictures included.
        reused_tokens: How many of these were still in the KV cache from the question before.
        answer_tokens: Tokens generated.
        time_to_first_token_s: From the start of the request on the model thread to the first token.
        total_s: From the same start to the end.
        tokens_per_s: Decoding speed after the first token.
        peak_memory_bytes: The most memory the runtime held during the request.
    """

    prompt_tokens: int = 0
    reused_tokens: int = 0
    answer_tokens: int = 0
    time_to_first_token_s: float = 0.0
    total_s: float = 0.0
    tokens_per_s: float = 0.0
    peak_memory_bytes: int = 0


@dataclass(frozen=True, slots=True)
class LoadProgress:
    """How far loading is; `fraction` from 0 to 1, or None where it cannot be told."""

    stage: LoadStage
    fraction: float | None = None


@dataclass(frozen=True, slots=True)
class VisionProgress:
    """Pictures and groups of frames that have passed the vision tower, of all in the request.

    `reused` of them were known already.
    """

    request_id: str
    done: int
    total: int
    reused: int = 0


@dataclass(frozen=True, slots=True)
class PrefillProgress:
    """Prompt tokens read so far, reused ones included, of all."""

    request_id: str
    done_tokens: int
    total_tokens: int


@dataclass(frozen=True, slots=True)
class TextPiece:
    """More of the answer; never half a character."""

    request_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The one end of a request.

    Attributes:
        request_id: Which request.
        outcome: ``done`` at the model's own end, ``length`` at the token limit, ``cancelled``, or ``failed``.
        figures: What it cost.
        error: Why it failed; None otherwise.
    """

    request_id: str
    outcome: Outcome
    figures: Figures
    error: ErrorText | None = None


GenerateEvent: TypeAlias = VisionProgress | PrefillProgress | TextPiece | Finished


@dataclass(frozen=True, slots=True)
class Started:
    """A request is now the model thread's work: its pictures and clips are open and its seed is drawn.

    Attributes:
        request_id: Which request.
        media: What is newly shown, opened.
        sampling: Every setting.
        reading_s: How long opening it took.
    """

    request_id: str
    media: tuple[Medium, ...]
    sampling: Sampling
    reading_s: float = 0.0

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """The pictures among its media."""
        return tuple(medium for medium in self.media if isinstance(medium, Picture))


@dataclass(frozen=True, slots=True)
class SegmentsPlanned:
    """A video is asked about in several passes: all its segments, those of an earlier run already answered.

    Follows ``Started``; each one that is not answered then has a ``SegmentStarted``, text, and a ``SegmentEnded``,
    unless the request ends before. Progress in between is the segment's. Text after all is the merged answer's.
    """

    request_id: str
    segments: tuple[SegmentRecord, ...]


@dataclass(frozen=True, slots=True)
class SegmentStarted:
    """A segment's frames are open and the model looks at them.

    Attributes:
        request_id: Which request.
        index: Which segment, from 0.
        shown: Its frames.
        notes: What a person should know about how they were read.
    """

    request_id: str
    index: int
    shown: AnyRecord
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SegmentText:
    """More of what is said of one segment; never half a character."""

    request_id: str
    index: int
    text: str


@dataclass(frozen=True, slots=True)
class SegmentEnded:
    """A segment has its answer, or will have none in this run; the others go on unless the request ends.

    Attributes:
        request_id: Which request.
        index: Which segment, from 0.
        outcome: As of a request.
        figures: What it cost.
        error: Why it failed; None otherwise.
    """

    request_id: str
    index: int
    outcome: Outcome
    figures: Figures
    error: ErrorText | None = None


@dataclass(frozen=True, slots=True)
class MergeStarted:
    """One answer is now made of the segments' answers."""

    request_id: str


LongEvent: TypeAlias = GenerateEvent | SegmentsPlanned | SegmentStarted | SegmentText | SegmentEnded | MergeStarted
"""About one request whose video is asked about in several passes."""


@dataclass(frozen=True, slots=True)
class ModelLoading:
    """The named checkpoint is being loaded."""

    checkpoint: Checkpoint
    progress: LoadProgress


@dataclass(frozen=True, slots=True)
class ModelReady:
    """The checkpoint answers from now on.

    Attributes:
        checkpoint: What was loaded.
        backend: The backend's name.
        backend_version: Names and versions of the runtime, such as ``mlx 0.32.4, mlx-vlm 0.7.10``.
        device: What it runs on, in words.
        memory_bytes: Held by the model.
        can_see_videos: Whether its runtime can look at videos.
    """

    checkpoint: Checkpoint
    backend: str
    backend_version: str
    device: str
    memory_bytes: int
    can_see_videos: bool = True


@dataclass(frozen=True, slots=True)
class ModelFailed:
    """The checkpoint could not be loaded; none is loaded now."""

    checkpoint: Checkpoint
    error: ErrorText


@dataclass(frozen=True, slots=True)
class ModelUnloaded:
    """No model is loaded and its memory is free again."""


@dataclass(frozen=True, slots=True)
class MemoryUsed:
    """How much memory is in use now; told when it has changed.

    Attributes:
        program_bytes: Held by the whole process, the model included where it runs in the machine's own memory.
        model_bytes: Held by the runtime for the model; on a GPU with memory of its own it is not the process's.
    """

    program_bytes: int
    model_bytes: int


@dataclass(frozen=True, slots=True)
class ViewOpened:
    """A picture, or the frame that stands for a video, is ready to be looked at in small.

    Attributes:
        view_id: Names it.
        bitmap: In small.
        footage: What the video holds; None for a picture.
    """

    view_id: str
    bitmap: Bitmap
    footage: Footage | None = None


@dataclass(frozen=True, slots=True)
class FrameOpened:
    """A frame of a video is ready to be looked at in small: the one that is shown at this time."""

    view_id: str
    time_s: float
    bitmap: Bitmap


@dataclass(frozen=True, slots=True)
class StillTaken:
    """A frame was taken out of a video: `source` is a picture of its own."""

    view_id: str
    time_s: float
    source: PictureSource


@dataclass(frozen=True, slots=True)
class LookOpened:
    """The picture, or the frame of a video at this time, that is looked at is ready to be zoomed through.

    Attributes:
        view_id: Names it.
        levels: Its pixels.
        time_s: The time of the video that was asked for.
        is_there: Whether it is that very frame; otherwise it is a key frame before it, and the frame itself follows.
    """

    view_id: str
    levels: PictureLevels
    time_s: float = 0.0
    is_there: bool = True


@dataclass(frozen=True, slots=True)
class ViewFailed:
    """A picture or video cannot be shown, and so cannot be asked about either."""

    view_id: str
    error: ErrorText


@dataclass(frozen=True, slots=True)
class EngineClosed:
    """The model thread has ended; nothing follows."""


EngineEvent: TypeAlias = (
    GenerateEvent
    | Started
    | LongEvent
    | ModelLoading
    | ModelReady
    | ModelFailed
    | ModelUnloaded
    | MemoryUsed
    | ViewOpened
    | FrameOpened
    | StillTaken
    | LookOpened
    | ViewFailed
    | EngineClosed
)
