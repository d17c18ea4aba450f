"""Opening pictures: upright, flattened onto white, in sRGB, never larger than needed, each fault in words.

Every function here may be called from any thread. Pillow is imported when the first picture is opened.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.core.vision import is_reduced, resized_size, token_count

if TYPE_CHECKING:
    from pathlib import Path

    from app.core.vision import PixelLimits

PICTURE_SUFFIXES = (
    ".jpg",
    ".jpeg",
    ".jpe",
    ".jfif",
    ".mpo",
    ".png",
    ".apng",
    ".webp",
    ".gif",
    ".bmp",
    ".dib",
    ".tif",
    ".tiff",
    ".heic",
    ".heif",
    ".hif",
    ".avif",
)
"""Usual endings of accepted pictures, for file dialogs and folders; what a file is, its content decides."""


@dataclass(frozen=True, slots=True)
class PictureSource:
    """Where a picture comes from: a file, or encoded bytes (a pasted or dragged picture).

    Attributes:
        name: Shown to people and written into exports.
        path: The file, or None.
        data: Encoded bytes (PNG, JPEG, ...) when there is no file, else None.
        stamp: The file's size in bytes and time of change in ns when it was chosen, or None where they are unknown: a
            file that was edited since is another picture.
    """

    name: str
    path: Path | None = None
    data: bytes | None = field(default=None, repr=False)
    stamp: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as the model sees it.

    Attributes:
        name: Shown to people and written into exports.
        path: The file it came from, or None.
        sha256: Of the encoded source bytes, in hex.
        source_width_px: Width of the upright original.
        source_height_px: Height of the upright original.
        width_px: Effective width, a multiple of 32.
        height_px: Effective height, a multiple of 32.
        rgb: height_px x width_px x 3 bytes, row by row.
        digest: Of the effective size and `rgb`, in hex: what may be reused between questions is keyed by it.
        notes: What a person should know about how it was opened.
        frame_time_s: When it is shown, of a frame of a video that is asked about alone; None for a picture.
    """

    name: str
    path: Path | None
    sha256: str
    source_width_px: int
    source_height_px: int
    width_px: int
    height_px: int
    rgb: bytes = field(repr=False)
    digest: str
    notes: tuple[str, ...] = ()
    frame_time_s: float | None = None

    @property
    def tokens(self) -> int:
        """Language-model tokens this picture costs."""
        return token_count(self.height_px, self.width_px)

    @property
    def is_reduced(self) -> bool:
        """Whether the model sees fewer pixels than the original has, beyond rounding to whole tokens."""
        return is_reduced(self.width_px, self.height_px, self.source_width_px, self.source_height_px)


@dataclass(frozen=True, slots=True)
class Bitmap:
    """A picture to look at: upright, flattened, sRGB, at most as large as was asked for.

    Attributes:
        width_px: Of this bitmap.
        height_px: Of this bitmap.
        rgb: height_px x width_px x 3 bytes, row by row.
        source_width_px: Width of the upright original.
        source_height_px: Height of the upright original.
    """

    width_px: int
    height_px: int
    rgb: bytes = field(repr=False)
    source_width_px: int
    source_height_px: int


def read_size(source: PictureSource) -> tuple[int, int]:
    """(width, height) in pixels of the upright original, from its header alone.

    Raises:
        UserError: The picture cannot be used; the text names it and the reason.
    """
    from app.core.picture_files import opened  # noqa: PLC0415 - Pillow, slow to import

    with opened(source) as picture:
        return picture.upright_size


def open_picture(source: PictureSource, limits: PixelLimits) -> Picture:
    """The picture as the model sees it: at the effective size that the upright original's size leads to.

    Raises:
        UserError: The picture cannot be used; the text names it and the reason.
    """
    from app.core.picture_colours import rendered  # noqa: PLC0415 - Pillow, slow to import
    from app.core.picture_files import opened  # noqa: PLC0415

    with opened(source, with_sha256=True) as picture:
        source_width_px, source_height_px = picture.upright_size
        height_px, width_px = resized_size(source_height_px, source_width_px, limits.min_pixels, limits.max_pixels)
        rgb = rendered(picture, width_px, height_px).tobytes()
        sha256 = picture.sha256
    return Picture(
        name=source.name,
        path=source.path,
        sha256=sha256,
        source_width_px=source_width_px,
        source_height_px=source_height_px,
        width_px=width_px,
        height_px=height_px,
        rgb=rgb,
        digest=pixel_digest(width_px, height_px, rgb),
    )


def open_bitmap(source: PictureSource, max_pixels: int) -> Bitmap:
    """The picture to look at, of at most `max_pixels` in area and never enlarged.

    Raises:
        UserError: The picture cannot be used; the text names it and the reason.
    """
    from app.core.picture_colours import rendered  # noqa: PLC0415 - Pillow, slow to import
    from app.core.picture_files import opened  # noqa: PLC0415

    with opened(source) as picture:
        source_width_px, source_height_px = picture.upright_size
        width_px, height_px = size_within(source_width_px, source_height_px, max_pixels)
        rgb = rendered(picture, width_px, height_px).tobytes()
    return Bitmap(width_px, height_px, rgb, source_width_px, source_height_px)


def size_within(width_px: int, height_px: int, max_pixels: int) -> tuple[int, int]:
    """(width, height) of the largest size of this shape whose area is at most `max_pixels`, never enlarged."""
    if width_px * height_px <= max_pixels:
        return width_px, height_px
    shrink = math.sqrt(max_pixels / (width_px * height_px))
    width_px = min(max(1, math.floor(width_px * shrink)), max(1, max_pixels))
    return width_px, max(1, min(math.floor(height_px * shrink), max_pixels // width_px))


def pixel_digest(width_px: int, height_px: int, rgb: bytes) -> str:
    """What may be reused between questions is keyed by this: SHA-256 of the effective size and the pixels, in hex."""
    digest = hashlib.sha256(f"{width_px}x{height_px}\n".encode())
    digest.update(rgb)
    return digest.hexdigest()
