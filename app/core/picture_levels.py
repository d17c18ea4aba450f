"""Pictures to zoom through: each level half the size of the one before, each in strips of rows.

Strips keep every single allocation and copy small, so that no thread holds the interpreter for long, and a viewer can
show them without copying. Each is memory of its own that the system has back as soon as nobody holds it, which the heap
does not promise. Held are about 4 bytes a pixel: 3 for the largest level and a third more for the others.

Every function here may be called from any thread. Pillow is imported when the first picture is opened.
"""

from __future__ import annotations

import errno
import io
import mmap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.core.pictures import size_within

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.Image import Image

    from app.core.pictures import Bitmap, PictureSource

_STRIP_BYTES = 2_000_000
_SMALLEST_SIDE_PX = 256
_FAST = 1


@dataclass(frozen=True, slots=True)
class Level:
    """A picture at one size.

    Attributes:
        width_px: Of this level.
        height_px: Of this level.
        strip_rows: Rows in each strip; the last may have fewer.
        strips: From top to bottom, width_px x 3 bytes a row.
    """

    width_px: int
    height_px: int
    strip_rows: int
    strips: tuple[mmap.mmap, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class PictureLevels:
    """A picture to look at: upright, flattened, sRGB.

    Attributes:
        source_width_px: Width of the upright original.
        source_height_px: Height of the upright original.
        levels: From the largest to the smallest; never none.
    """

    source_width_px: int
    source_height_px: int
    levels: tuple[Level, ...]

    @property
    def is_whole(self) -> bool:
        """Whether the largest level has every pixel of the original."""
        return self.levels[0].width_px == self.source_width_px and self.levels[0].height_px == self.source_height_px


def open_levels(source: PictureSource, max_pixels: int, is_wanted: Callable[[], bool] = lambda: True) -> PictureLevels:
    """The picture in levels, the largest of at most `max_pixels` in area and never enlarged.

    Raises:
        UserError: The picture cannot be used, the text names it and the reason; or `is_wanted` said no meanwhile.
    """
    from app.core.picture_colours import rendered  # noqa: PLC0415 - Pillow, slow to import
    from app.core.picture_files import opened  # noqa: PLC0415

    with opened(source, is_wanted=is_wanted) as picture:
        source_width_px, source_height_px = picture.upright_size
        image = rendered(picture, *size_within(source_width_px, source_height_px, max_pixels))
        return PictureLevels(source_width_px, source_height_px, _halved(image, is_wanted))


def levels_of(bitmap: Bitmap, is_wanted: Callable[[], bool] = lambda: True) -> PictureLevels:
    """A bitmap in levels.

    Raises:
        InterruptedError: `is_wanted` said no meanwhile.
    """
    return PictureLevels(bitmap.source_width_px, bitmap.source_height_px, _halved(_image_of(bitmap), is_wanted))


def png_of(bitmap: Bitmap) -> bytes:
    """A bitmap as the bytes of a PNG file."""
    stream = io.BytesIO()
    _image_of(bitmap).save(stream, "PNG", compress_level=_FAST)
    return stream.getvalue()


def _image_of(bitmap: Bitmap) -> Image:
    from PIL import Image

    return Image.frombuffer("RGB", (bitmap.width_px, bitmap.height_px), bitmap.rgb)


def _halved(image: Image, is_wanted: Callable[[], bool]) -> tuple[Level, ...]:
    levels = [_in_strips(image, is_wanted)]
    while max(image.size) >= 2 * _SMALLEST_SIDE_PX:
        image = image.reduce(2)
        levels.append(_in_strips(image, is_wanted))
    return tuple(levels)


def _in_strips(image: Image, is_wanted: Callable[[], bool]) -> Level:
    rows = max(1, _STRIP_BYTES // (image.width * 3))
    strips = []
    for top in range(0, image.height, rows):
        if not is_wanted():
            raise InterruptedError(errno.EINTR, "no longer wanted")
        rgb = image.crop((0, top, image.width, min(top + rows, image.height))).tobytes()
        strip = mmap.mmap(-1, len(rgb))
        strip[:] = rgb
        strips.append(strip)
    return Level(image.width, image.height, rows, tuple(strips))
