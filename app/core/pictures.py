"""Opening pictures: upright, flattened onto white, in sRGB, never larger than needed, each fault in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.core.vision import token_count

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class PictureSource:
    """Where a picture comes from: a file, or encoded bytes (a pasted or dragged picture).

    Attributes:
        name: Shown to people and written into exports.
        path: The file, or None.
        data: Encoded bytes (PNG, JPEG, ...) when there is no file, else None.
    """

    name: str
    path: Path | None = None
    data: bytes | None = field(default=None, repr=False)


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

    @property
    def tokens(self) -> int:
        """Language-model tokens this picture costs."""
        return token_count(self.height_px, self.width_px)

    @property
    def is_reduced(self) -> bool:
        """Whether the model sees fewer pixels than the original has, beyond rounding to whole tokens."""
        return self.width_px * self.height_px < 0.9 * self.source_width_px * self.source_height_px


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
