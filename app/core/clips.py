"""Clips as the model sees them: which frames of a video are taken, when they were shown and at what size.

Times are presentation times in seconds from where a player starts the file; nothing here assumes a frame rate. Every
function may be called from any thread. PyAV and Pillow are imported when the first clip is opened.
"""

from __future__ import annotations

import bisect
import hashlib
import itertools
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from app.core.errors import Sentence, UserError
from app.core.pictures import Picture, pixel_digest
from app.core.vision import (
    FRAMES_PER_PATCH,
    TOKEN_PX,
    group_times,
    resized_frame_size,
    resized_size,
    token_count,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from app.core.clip_files import ClipReader
    from app.core.vision import PixelLimits

CLIP_SUFFIXES = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".m2ts", ".ogv", ".3gp")
"""Usual endings of accepted videos, for file dialogs and folders; what a file is, its content decides."""

MAKERS_FRAMES_PER_S = 2.0
MIN_FRAMES = 4
MAX_FRAMES = 768
"""The makers' bounds for one clip. Source: transformers 5.23 ``Qwen3VLVideoProcessor``, checked in the tests."""

_READABLE_SIDE_PX = 360
"""Text of ordinary size, a thirtieth of the shorter side, has under twelve rows of pixels below this."""
_FAR_APART_S = 2.0
_OFF_ITS_PLACE = 1 / 8
"""Of the distance between frames that stand far apart: how far one may move to fall on a key frame."""
_SAME_TIME_S = 5e-4
"""Times this near are one: containers round to a millisecond."""


@dataclass(frozen=True, slots=True)
class FrameWish:
    """Which frames a person wants; what is None is left to the makers' rules.

    Attributes:
        frames_per_s: Frames for each second of the range.
        frame_count: A fixed number of frames instead.
        start_s: Where the range begins.
        end_s: Where it ends.
        max_tokens: The most tokens all frames together may cost.
    """

    frames_per_s: float | None = None
    frame_count: int | None = None
    start_s: float | None = None
    end_s: float | None = None
    max_tokens: int | None = None

    def checked(self) -> FrameWish:
        """This wish, when it can be met by some video.

        Raises:
            UserError: A value is out of its range, or two exclude each other.
        """
        if self.frames_per_s is not None and self.frame_count is not None:
            raise UserError("Frames per second and a number of frames exclude each other.", "Give one of them.")
        if self.frames_per_s is not None and not 0 < self.frames_per_s <= 1000:  # noqa: PLR2004 - faster than any camera
            raise UserError("Frames per second must be more than 0 and at most 1000.")
        if self.frame_count is not None and not MIN_FRAMES <= self.frame_count <= MAX_FRAMES:
            raise UserError(
                Sentence("The number of frames must be {least} to {most}.", least=MIN_FRAMES, most=MAX_FRAMES)
            )
        if self.max_tokens is not None and self.max_tokens < 1:
            raise UserError("The tokens for a video must be 1 or more.")
        start_s = 0.0 if self.start_s is None else self.start_s
        if not 0 <= start_s < float("inf"):
            raise UserError("The start of the range must not be before the video.")
        if self.end_s is not None and not start_s < self.end_s < float("inf"):
            raise UserError("The end of the range must come after its start.")
        return self


_NO_WISH = FrameWish()


@dataclass(frozen=True, slots=True)
class ClipSource:
    """Where a clip comes from, and which of its frames are wanted.

    Attributes:
        name: Shown to people and written into exports.
        path: The file, or None.
        data: The whole encoded file when there is no path, else None.
        stamp: The file's size in bytes and time of change in ns when it was chosen, or None where they are unknown.
        wish: Which frames.
    """

    name: str
    path: Path | None = None
    data: bytes | None = field(default=None, repr=False)
    stamp: tuple[int, int] | None = None
    wish: FrameWish = _NO_WISH


@dataclass(frozen=True, slots=True)
class ClipPlan:
    """What will be taken of a clip, found without decoding it.

    Attributes:
        frame_times_s: When each frame is shown; an even number, in order.
        source_width_px: Width of the upright original with square pixels.
        source_height_px: Height of the same.
        width_px: Effective width of every frame, a multiple of 32.
        height_px: Effective height.
        duration_s: Of the whole video, as far as it can be read.
        frames_per_s: Of the whole video, on average.
        source_frames: How many frames the whole video has.
        notes: What a person should know: a file that is cut off, a range that was shortened.
    """

    frame_times_s: tuple[float, ...]
    source_width_px: int
    source_height_px: int
    width_px: int
    height_px: int
    duration_s: float
    frames_per_s: float
    source_frames: int
    notes: tuple[str, ...] = ()

    @property
    def tokens(self) -> int:
        """Language-model tokens of all frames, without the times written between them."""
        groups = -(-len(self.frame_times_s) // FRAMES_PER_PATCH)
        return groups * token_count(self.height_px, self.width_px)

    @property
    def is_picture(self) -> bool:
        """Whether the video is a single frame, which is asked about as a picture."""
        return len(self.frame_times_s) == 1

    @property
    def group_times_s(self) -> tuple[float, ...]:
        """The time written before each group of two frames."""
        return tuple(group_times(self.frame_times_s))

    @property
    def spacing_s(self) -> float:
        """Seconds from frame to frame, on average."""
        return (self.frame_times_s[-1] - self.frame_times_s[0]) / max(1, len(self.frame_times_s) - 1)

    @property
    def is_text_unreadable(self) -> bool:
        """Whether text of ordinary size in the frames will be too small to read."""
        is_reduced = 2 * self.width_px * self.height_px < self.source_width_px * self.source_height_px
        return is_reduced and min(self.height_px, self.width_px) < _READABLE_SIDE_PX


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip as the model sees it.

    Attributes:
        name: Shown to people and written into exports.
        path: The file it came from, or None.
        plan: Which frames, when and at what size.
        fingerprint: SHA-256 in hex of the file's size and its first and last MiB, because videos are large.
        wish: What was asked for.
        frames: Of each frame height_px x width_px x 3 bytes of RGB, row by row.
        digest: Of the effective size, the frames and their times, in hex.
        group_digests: The same of each group of two frames without the times: what may be reused is keyed by them.
    """

    name: str
    path: Path | None
    fingerprint: str
    plan: ClipPlan
    wish: FrameWish
    frames: tuple[bytes, ...] = field(repr=False)
    digest: str
    group_digests: tuple[str, ...] = field(repr=False)

    @property
    def width_px(self) -> int:
        """Effective width of every frame."""
        return self.plan.width_px

    @property
    def height_px(self) -> int:
        """Effective height."""
        return self.plan.height_px

    @property
    def tokens(self) -> int:
        """Language-model tokens this clip costs, without the times."""
        return self.plan.tokens

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know about how it was read."""
        return self.plan.notes


class Chosen(NamedTuple):
    """The frames taken, by index into the video's frame times, and what a person should know about that."""

    indices: list[int]
    notes: list[str]


def chosen_frames(
    times_s: Sequence[float], end_s: float, wish: FrameWish, max_frames: int, keys: Sequence[int] = ()
) -> Chosen:
    """Which frames of a video to take: an even number, spread evenly over the time range.

    Where the video has fewer frames than wanted each is taken once; of three the middle one stands twice, so that
    none is lost. Of a video with a steady rate these are the official processor's own frames, unless they stand seconds
    apart: then a key frame nearby is taken instead, which spares decoding all that leads up to the other.

    Args:
        times_s: When each frame is shown, rising.
        end_s: Where the video ends.
        wish: What a person wants.
        max_frames: The most frames that the token budget allows at the least size.
        keys: Which frames can be decoded without another one, rising.

    Raises:
        UserError: There is no frame in the range.
    """
    notes: list[str] = []
    first, last = 0, len(times_s)
    if wish.start_s is not None:
        if wish.start_s >= end_s:
            raise UserError(
                Sentence(
                    "The range starts at {start} s, but the video ends at {end} s.",
                    start=f"{wish.start_s:g}",
                    end=f"{end_s:.1f}",
                ),
                "Choose an earlier start.",
            )
        first = min(bisect.bisect_left(times_s, wish.start_s - _SAME_TIME_S), last - 1)
    if wish.end_s is not None:
        last = max(first + 1, bisect.bisect_right(times_s, wish.end_s + _SAME_TIME_S))
        if wish.end_s > end_s + 1:
            notes.append(
                Sentence("The range ends after the video: its end is taken instead, {end} s.", end=f"{end_s:.1f}")
            )
    at_hand = last - first
    if wish.frame_count is not None:
        count = wish.frame_count
    else:
        range_end = end_s if last == len(times_s) else times_s[last]
        rate = MAKERS_FRAMES_PER_S if wish.frames_per_s is None else wish.frames_per_s
        count = int((range_end - times_s[first]) * rate + 1e-6)
        if count > MAX_FRAMES:
            notes.append(
                Sentence(
                    "{count} frames would be too many: {most} are taken, further apart.", count=count, most=MAX_FRAMES
                )
            )
    count = min(max(count, MIN_FRAMES), MAX_FRAMES, at_hand, max(FRAMES_PER_PATCH, max_frames))
    if count % FRAMES_PER_PATCH and count > 1:
        count += 1 if count < MIN_FRAMES else -1
    if count > at_hand:
        return Chosen([first, first + 1, first + 1, first + 2], notes)
    nearby = [key - first for key in keys if first <= key < last]
    return Chosen([first + index for index in _spread(times_s[first:last], count, nearby)], notes)


def _spread(times_s: Sequence[float], count: int, keys: Sequence[int]) -> list[int]:
    """Indices of `count` different frames, as near as can be to evenly spaced times from the first to the last."""
    if count == 1:
        return [0]
    span_s = times_s[-1] - times_s[0]
    step_s = span_s / (count - 1)
    chosen = {_nearest(times_s, times_s[0] + step_s * number) for number in range(count)}
    if step_s > _FAR_APART_S and keys:
        key_times_s = [times_s[key] for key in keys]
        for index in sorted(chosen)[1:-1]:
            key = keys[_nearest(key_times_s, times_s[index])]
            if abs(times_s[key] - times_s[index]) <= _OFF_ITS_PLACE * step_s:
                chosen = chosen - {index} | {key}
    indices = sorted(chosen)
    while len(indices) < count:
        # Frames stand unevenly: more of them where the widest gap has any.
        gaps = [
            (times_s[right] - times_s[left], left, right)
            for left, right in itertools.pairwise(indices)
            if right - left > 1
        ]
        _, left, right = max(gaps)
        middle = _nearest(times_s, (times_s[left] + times_s[right]) / 2)
        bisect.insort(indices, min(max(middle, left + 1), right - 1))
    return indices


def _nearest(times_s: Sequence[float], time_s: float) -> int:
    """The index of the frame nearest to a time; of two equally near ones the even index, as the official rounding."""
    right = min(bisect.bisect_left(times_s, time_s), len(times_s) - 1)
    left = max(0, right - 1)
    before, after = time_s - times_s[left], times_s[right] - time_s
    if abs(before - after) < 1e-6:  # noqa: PLR2004 - the rounding of floating point
        return left if left % 2 == 0 else right
    return left if before < after else right


def clip_limits(limits: PixelLimits, wish: FrameWish) -> PixelLimits:
    """The checkpoint's limits for all frames together (T x h x w), lowered to the wish's token budget."""
    return limits if wish.max_tokens is None else limits.capped(FRAMES_PER_PATCH * wish.max_tokens)


def plan_clip(
    source: ClipSource, limits: PixelLimits, image_limits: PixelLimits, is_wanted: Callable[[], bool] = lambda: True
) -> ClipPlan:
    """What `open_clip` would take, without decoding more than the first frame.

    Args:
        source: The video.
        limits: Areas all frames may have together.
        image_limits: Areas of a picture, for a video of a single frame.
        is_wanted: Once it says no, reading ends with an error.

    Raises:
        UserError: The video cannot be used; the text names it and the reason.
    """
    from app.core.clip_files import reading  # noqa: PLC0415 - PyAV and Pillow, slow to import

    with reading(source, is_wanted) as reader:
        return _planned(source.wish, reader, limits, image_limits)[0]


def open_clip(
    source: ClipSource, limits: PixelLimits, image_limits: PixelLimits, is_wanted: Callable[[], bool] = lambda: True
) -> Clip | Picture:
    """The clip as the model sees it; a video of a single frame is opened as a picture, which says so.

    Frames are decoded and reduced one at a time. The arguments are those of `plan_clip`.

    Raises:
        UserError: The video cannot be used; the text names it and the reason.
    """
    from app.core.clip_files import fingerprint_of, reading  # noqa: PLC0415 - PyAV and Pillow, slow to import

    with reading(source, is_wanted) as reader:
        fingerprint = fingerprint_of(source)
        plan, indices = _planned(source.wish, reader, limits, image_limits)
        taken = reader.frames(sorted(set(indices)), plan.width_px, plan.height_px)
        sha256 = reader.sha256() if plan.is_picture else ""
    frames = tuple(taken[index].rgb for index in indices)
    if plan.is_picture:
        return _still(source, plan, frames[0], sha256)
    times_s = tuple(taken[index].time_s for index in indices)
    notes = plan.notes
    lost = sum(abs(got - wanted) > _SAME_TIME_S for got, wanted in zip(times_s, plan.frame_times_s, strict=True))
    if lost:
        notes += (Sentence("Damaged frames: {count}. Their neighbours are taken instead.", count=lost),)
    plan = replace(plan, frame_times_s=times_s, notes=notes)
    size = f"{plan.width_px}x{plan.height_px}\n".encode()
    groups = [
        hashlib.sha256(b"".join((size, *frames[start : start + FRAMES_PER_PATCH]))).hexdigest()
        for start in range(0, len(frames), FRAMES_PER_PATCH)
    ]
    told = " ".join([*groups, *(f"{time_s:.3f}" for time_s in times_s)])
    digest = hashlib.sha256(told.encode()).hexdigest()
    return Clip(source.name, source.path, fingerprint, plan, source.wish, frames, digest, tuple(groups))


def _planned(
    wish: FrameWish, reader: ClipReader, limits: PixelLimits, image_limits: PixelLimits
) -> tuple[ClipPlan, list[int]]:
    """The plan, and its frames by index into all frames of the video."""
    wish.checked()
    times_s = reader.times_s
    width_px, height_px = reader.upright_size
    limits = clip_limits(limits, wish)
    max_frames = limits.max_pixels // (TOKEN_PX * TOKEN_PX)
    indices, notes = chosen_frames(times_s, reader.end_s, wish, max_frames, reader.keys)
    notes = [*reader.notes, *notes]
    if len(indices) == 1:
        notes.append(
            Sentence("The video has a single frame: it is asked about as a picture.")
            if len(times_s) == 1
            else Sentence("The range holds a single frame: it is asked about as a picture.")
        )
        seen_height, seen_width = resized_size(height_px, width_px, image_limits.min_pixels, image_limits.max_pixels)
    else:
        seen_height, seen_width = resized_frame_size(
            len(indices), height_px, width_px, limits.min_pixels, limits.max_pixels
        )
    span_s = reader.end_s - times_s[0]
    plan = ClipPlan(
        frame_times_s=tuple(times_s[index] for index in indices),
        source_width_px=width_px,
        source_height_px=height_px,
        width_px=seen_width,
        height_px=seen_height,
        duration_s=reader.end_s,
        frames_per_s=len(times_s) / span_s if span_s > 0 else 0.0,
        source_frames=len(times_s),
        notes=tuple(notes),
    )
    return plan, indices


def _still(source: ClipSource, plan: ClipPlan, rgb: bytes, sha256: str) -> Picture:
    return Picture(
        name=source.name,
        path=source.path,
        sha256=sha256,
        source_width_px=plan.source_width_px,
        source_height_px=plan.source_height_px,
        width_px=plan.width_px,
        height_px=plan.height_px,
        rgb=rgb,
        digest=pixel_digest(plan.width_px, plan.height_px, rgb),
        notes=plan.notes,
    )
