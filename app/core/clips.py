"""Videos opened: as the model sees them, and as a person looks at them.

Times are presentation times in seconds from where a player starts the file. Every function may be called from any
thread. PyAV and Pillow are imported when the first video is opened.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from app.core.errors import Sentence
from app.core.footage import SAME_TIME_S, FrameWish, nearest_key, plan_footage
from app.core.pictures import Bitmap, Picture, PictureSource, pixel_digest, size_within
from app.core.vision import FRAMES_PER_PATCH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from app.core.clip_files import Taken
    from app.core.footage import ClipPlan, Footage
    from app.core.vision import PixelLimits

CLIP_SUFFIXES = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".m2ts", ".ogv", ".3gp")
"""Usual endings of accepted videos, for file dialogs and folders; what a file is, its content decides."""

_NO_WISH = FrameWish()
_POSTER_AT = 0.1
"""Of the video's length: its very beginning is often black."""
_ALL_PIXELS = 1 << 40


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

    @classmethod
    def of(cls, source: ClipSource, fingerprint: str, plan: ClipPlan, frames: Sequence[bytes]) -> Clip:
        """The clip of these frames, with the digests by which it is known again."""
        size = f"{plan.width_px}x{plan.height_px}\n".encode()
        groups = tuple(
            hashlib.sha256(b"".join((size, *frames[start : start + FRAMES_PER_PATCH]))).hexdigest()
            for start in range(0, len(frames), FRAMES_PER_PATCH)
        )
        told = " ".join([*groups, *(f"{time_s:.3f}" for time_s in plan.frame_times_s)])
        digest = hashlib.sha256(told.encode()).hexdigest()
        return cls(source.name, source.path, fingerprint, plan, source.wish, tuple(frames), digest, groups)

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


def footage_of(source: ClipSource, is_wanted: Callable[[], bool] = lambda: True) -> Footage:
    """What a video holds, without decoding more than the first frame.

    Raises:
        UserError: The video cannot be used; the text names it and the reason.
    """
    from app.core.clip_files import reading  # noqa: PLC0415 - PyAV and Pillow, slow to import

    with reading(source, is_wanted) as reader:
        return reader.footage


def open_clip(
    source: ClipSource, limits: PixelLimits, image_limits: PixelLimits, is_wanted: Callable[[], bool] = lambda: True
) -> Clip | Picture:
    """The clip as the model sees it; a video of a single frame is opened as a picture, which says so.

    Frames are decoded and reduced one at a time.

    Args:
        source: The video.
        limits: Areas all frames may have together.
        image_limits: Areas of a picture, for a video of a single frame.
        is_wanted: Once it says no, reading ends with an error.

    Raises:
        UserError: The video cannot be used; the text names it and the reason.
    """
    from app.core.clip_files import fingerprint_of, reading  # noqa: PLC0415 - PyAV and Pillow, slow to import

    with reading(source, is_wanted) as reader:
        fingerprint = fingerprint_of(source)
        plan = plan_footage(reader.footage, source.wish, limits, image_limits)
        indices = plan.frame_indices
        taken = reader.frames(sorted(set(indices)), plan.width_px, plan.height_px)
        sha256 = reader.sha256() if plan.is_picture else ""
    frames = tuple(taken[index].rgb for index in indices)
    if plan.is_picture:
        return _still(source, plan, taken[indices[0]], sha256)
    times_s = tuple(taken[index].time_s for index in indices)
    notes = plan.notes
    lost = sum(abs(got - wanted) > SAME_TIME_S for got, wanted in zip(times_s, plan.frame_times_s, strict=True))
    if lost:
        notes += (Sentence("Damaged frames: {count}. Their neighbours are taken instead.", count=lost),)
    return Clip.of(source, fingerprint, replace(plan, frame_times_s=times_s, notes=notes), frames)


def open_poster(
    source: ClipSource, max_pixels: int, is_wanted: Callable[[], bool] = lambda: True
) -> tuple[Bitmap, Footage]:
    """A frame from early in the video that stands for it, of at most `max_pixels`; and what the video holds.

    Raises:
        UserError: The video cannot be used, the text names it and the reason; or `is_wanted` said no meanwhile.
    """
    from app.core.clip_files import reading  # noqa: PLC0415 - PyAV and Pillow, slow to import

    with reading(source, is_wanted) as reader:
        footage = reader.footage
        early = nearest_key(footage.times_s, footage.keys, footage.frame_at(footage.end_s * _POSTER_AT))
        size = size_within(footage.width_px, footage.height_px, max_pixels)
        rgb = reader.frames([early], *size)[early].rgb
    return Bitmap(*size, rgb, footage.width_px, footage.height_px), footage


def open_frames(
    source: ClipSource, times_s: Sequence[float], max_pixels: int, is_wanted: Callable[[], bool] = lambda: True
) -> Iterator[tuple[float, Bitmap]]:
    """The frames that a player shows at these times, each of at most `max_pixels`, with the time asked for.

    They come as soon as they are there, which is not always in order.

    Raises:
        UserError: The video cannot be used, the text names it and the reason; or `is_wanted` said no meanwhile.
    """
    from app.core.clip_files import reading  # noqa: PLC0415 - PyAV and Pillow, slow to import

    with reading(source, is_wanted) as reader:
        footage = reader.footage
        size = size_within(footage.width_px, footage.height_px, max_pixels)
        asked: dict[int, list[float]] = {}
        for time_s in times_s:
            asked.setdefault(footage.frame_at(time_s), []).append(time_s)
        for index, taken in reader.each(list(asked), *size):
            bitmap = Bitmap(*size, taken.rgb, footage.width_px, footage.height_px)
            for time_s in asked[index]:
                yield time_s, bitmap


def take_still(source: ClipSource, time_s: float) -> PictureSource:
    """The frame that a player shows at this time, whole, as a picture of its own: a PNG without a file.

    Raises:
        UserError: The video cannot be used; the text names it and the reason.
    """
    from app.core.picture_levels import png_of  # noqa: PLC0415 - Pillow, slow to import

    ((_, bitmap),) = open_frames(source, [time_s], _ALL_PIXELS)
    return PictureSource(f"{source.name} {time_s:.2f} s.png", data=png_of(bitmap))


def _still(source: ClipSource, plan: ClipPlan, frame: Taken, sha256: str) -> Picture:
    return Picture(
        name=source.name,
        path=source.path,
        sha256=sha256,
        source_width_px=plan.source_width_px,
        source_height_px=plan.source_height_px,
        width_px=plan.width_px,
        height_px=plan.height_px,
        rgb=frame.rgb,
        digest=pixel_digest(plan.width_px, plan.height_px, frame.rgb),
        notes=plan.notes,
        frame_time_s=frame.time_s,
    )
