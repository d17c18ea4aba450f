"""Qwen3-VL's vision arithmetic in plain numpy: sizes, patches, grids and frame times.

One implementation serves every backend, so that a picture costs the same tokens and becomes the same numbers
whatever runs the model. Letters used for shapes: P patches, C channels, T frames, h w pixels.

Source of every rule: transformers 5.23 ``models/qwen2_vl/image_processing_pil_qwen2_vl.py`` (pictures) and
``models/qwen3_vl/{video_processing,processing}_qwen3_vl.py`` (clips).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

PATCH_PX = 16
MERGE = 2
FRAMES_PER_PATCH = 2
TOKEN_PX = PATCH_PX * MERGE
"""One language-model token stands for a square of this many pixels a side."""

MAX_ASPECT = 200.0
_WHOLE_SHARE = 0.9
_CHANNELS = 3


@dataclass(frozen=True, slots=True)
class PixelLimits:
    """The area, in pixels, that a picture may have when the model sees it.

    A checkpoint writes these two areas as ``shortest_edge`` and ``longest_edge``.
    """

    min_pixels: int = 65_536
    max_pixels: int = 16_777_216

    def capped(self, max_tokens: int | None) -> PixelLimits:
        """These limits with at most `max_tokens` tokens a picture; the checkpoint's own limits still hold.

        As in the official processor, a picture thinner than one token at that size keeps its length and costs more.
        """
        if max_tokens is None:
            return self
        max_pixels = min(self.max_pixels, max(1, max_tokens) * TOKEN_PX * TOKEN_PX)
        return PixelLimits(min(self.min_pixels, max_pixels), max_pixels)


RELEASED_CLIP_LIMITS = PixelLimits(4_096, 25_165_824)
"""The areas that all frames of a clip may have together (T x h x w), unless a checkpoint says otherwise."""


def aspect_is_possible(height_px: int, width_px: int) -> bool:
    """Whether the model can take a picture of this shape at all (sides below 200:1)."""
    return max(height_px, width_px) / min(height_px, width_px) <= MAX_ASPECT


def resized_size(height_px: int, width_px: int, min_pixels: int, max_pixels: int) -> tuple[int, int]:
    """The size at which the model sees a picture: sides in multiples of 32, area within the limits.

    Args:
        height_px: Height of the upright picture.
        width_px: Width of the upright picture.
        min_pixels: Smallest area.
        max_pixels: Largest area.

    Returns:
        (height, width) in pixels.

    Raises:
        ValueError: One side is more than 200 times the other.
    """
    if not aspect_is_possible(height_px, width_px):
        message = f"one side is more than {MAX_ASPECT:.0f} times the other: {width_px} x {height_px}"
        raise ValueError(message)
    return _within(height_px, width_px, 1, min_pixels, max_pixels)


def resized_frame_size(
    frame_count: int, height_px: int, width_px: int, min_pixels: int, max_pixels: int
) -> tuple[int, int]:
    """The size of every frame of a clip; here the limits hold for all frames together (T x h x w).

    Args:
        frame_count: Sampled frames, at least 2.
        height_px: Height of a source frame.
        width_px: Width of a source frame.
        min_pixels: Smallest T x h x w.
        max_pixels: Largest T x h x w.

    Returns:
        (height, width) in pixels.

    Raises:
        ValueError: Fewer than two frames, or one side is more than 200 times the other.
    """
    if frame_count < FRAMES_PER_PATCH:
        message = f"a clip needs at least {FRAMES_PER_PATCH} frames, got {frame_count}"
        raise ValueError(message)
    if min(height_px, width_px) < TOKEN_PX:
        scale = max(TOKEN_PX / height_px, TOKEN_PX / width_px)
        height_px, width_px = int(height_px * scale), int(width_px * scale)
    if not aspect_is_possible(height_px, width_px):
        message = f"one side is more than {MAX_ASPECT:.0f} times the other: {width_px} x {height_px}"
        raise ValueError(message)
    return _within(height_px, width_px, frame_count, min_pixels, max_pixels)


def _within(height_px: int, width_px: int, frame_count: int, min_pixels: int, max_pixels: int) -> tuple[int, int]:
    rounded_height = round(height_px / TOKEN_PX) * TOKEN_PX
    rounded_width = round(width_px / TOKEN_PX) * TOKEN_PX
    whole_frames = frame_count if frame_count == 1 else round(frame_count / FRAMES_PER_PATCH) * FRAMES_PER_PATCH
    area = whole_frames * rounded_height * rounded_width
    if area > max_pixels:
        shrink = math.sqrt(frame_count * height_px * width_px / max_pixels)
        rounded_height = max(TOKEN_PX, math.floor(height_px / shrink / TOKEN_PX) * TOKEN_PX)
        rounded_width = max(TOKEN_PX, math.floor(width_px / shrink / TOKEN_PX) * TOKEN_PX)
    elif area < min_pixels:
        grow = math.sqrt(min_pixels / (frame_count * height_px * width_px))
        rounded_height = math.ceil(height_px * grow / TOKEN_PX) * TOKEN_PX
        rounded_width = math.ceil(width_px * grow / TOKEN_PX) * TOKEN_PX
    return rounded_height, rounded_width


def is_reduced(width_px: int, height_px: int, source_width_px: int, source_height_px: int) -> bool:
    """Whether the model sees fewer pixels than the original has, beyond rounding to whole tokens."""
    return width_px * height_px < _WHOLE_SHARE * source_width_px * source_height_px


def token_count(height_px: int, width_px: int) -> int:
    """Language-model tokens of a picture (or of one two-frame group) at its effective size."""
    return (height_px // TOKEN_PX) * (width_px // TOKEN_PX)


def patches_from_frames(frames: NDArray[np.uint8]) -> tuple[NDArray[np.float32], tuple[int, int, int]]:
    """Cuts frames into the rows that the vision tower takes.

    Rows are ordered by two-frame group, then by 2 x 2 merge block, then within the block; each row is a patch
    flattened as (C, 2 frames, 16, 16), with values from -1 to 1. A still picture stands twice in its group, and an odd
    last frame is repeated.

    Args:
        frames: (T, h, w, C=3), RGB; h and w multiples of 32. One frame is a picture.

    Returns:
        The rows, (P, 1536), and the grid (groups, h / 16, w / 16).

    Raises:
        ValueError: The array has another shape.
    """
    import numpy as np  # noqa: PLC0415 - slow to import, and sizes alone are asked for before the window is shown

    if frames.ndim != 4 or frames.shape[0] < 1 or frames.shape[3] != _CHANNELS:  # noqa: PLR2004 - (T, h, w, C)
        message = f"expected (T, h, w, 3), got {frames.shape}"
        raise ValueError(message)
    frame_count, height_px, width_px, _ = frames.shape
    if height_px % TOKEN_PX or width_px % TOKEN_PX or not height_px or not width_px:
        message = f"sides must be multiples of {TOKEN_PX}, got {width_px} x {height_px}"
        raise ValueError(message)
    if frame_count % FRAMES_PER_PATCH:
        frames = np.concatenate([frames, frames[-1:]])
    groups = frames.shape[0] // FRAMES_PER_PATCH
    rows, columns = height_px // PATCH_PX, width_px // PATCH_PX
    values = frames.astype(np.float32)
    values /= 127.5
    values -= 1.0
    blocks = values.reshape(
        groups, FRAMES_PER_PATCH, rows // MERGE, MERGE, PATCH_PX, columns // MERGE, MERGE, PATCH_PX, _CHANNELS
    )
    ordered = blocks.transpose(0, 2, 5, 3, 6, 8, 1, 4, 7)
    patches = np.ascontiguousarray(ordered).reshape(groups * rows * columns, -1)
    return patches, (groups, rows, columns)


def group_times(frame_times_s: Sequence[float]) -> list[float]:
    """The time of each two-frame group: the mean of its first and last frame's source times, in seconds.

    An odd last frame stands for both.
    """
    times = list(frame_times_s)
    if len(times) % FRAMES_PER_PATCH:
        times.append(times[-1])
    return [(first + last) / 2 for first, last in zip(times[::2], times[1::2], strict=True)]


def time_text(time_s: float) -> str:
    """The text that stands before a group of frames, as the model was trained with it: ``<12.3 seconds>``."""
    return f"<{time_s:.1f} seconds>"
