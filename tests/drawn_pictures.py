"""Pictures drawn for tests: encoded in every kind, turned, and read back as numbers."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image

from app.core.pictures import Bitmap, Picture, PictureSource, open_bitmap, open_picture
from app.core.vision import PixelLimits

pillow_heif.register_heif_opener(thumbnails=False)

WIDTH, HEIGHT = 160, 96
SMALL = PixelLimits(1_024, 65_536)
RED, GREEN, BLUE, YELLOW = (220, 30, 40), (30, 160, 60), (40, 60, 200), (230, 210, 50)
WHITE, BLACK = (255, 255, 255), (0, 0, 0)
CORNERS = (RED, GREEN, BLUE, YELLOW)
"""Top left, top right, bottom left, bottom right of the picture that most tests draw."""


def corners_image(width: int = WIDTH, height: int = HEIGHT) -> Image.Image:
    image = Image.new("RGB", (width, height))
    for index, colour in enumerate(CORNERS):
        left, top = (index % 2) * (width // 2), (index // 2) * (height // 2)
        image.paste(colour, (left, top, left + width - width // 2, top + height - height // 2))
    return image


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def pasted(data: bytes, name: str = "picture") -> PictureSource:
    return PictureSource(name, data=data)


def pixels(bitmap: Bitmap | Picture) -> np.ndarray[Any, np.dtype[np.int16]]:
    """(h, w, 3)."""
    assert len(bitmap.rgb) == bitmap.width_px * bitmap.height_px * 3
    flat = np.frombuffer(bitmap.rgb, np.uint8).astype(np.int16)
    return flat.reshape(bitmap.height_px, bitmap.width_px, 3)


def corner_colours(bitmap: Bitmap | Picture) -> list[tuple[int, ...]]:
    values = pixels(bitmap)
    rows, columns = bitmap.height_px // 4, bitmap.width_px // 4
    points = ((rows, columns), (rows, 3 * columns), (3 * rows, columns), (3 * rows, 3 * columns))
    return [tuple(int(value) for value in values[point]) for point in points]


def assert_near(found: Any, wanted: Any, tolerance: int = 3) -> None:
    difference = np.abs(np.asarray(found, np.int16) - np.asarray(wanted, np.int16)).max()
    assert difference <= tolerance, f"{found} is not {wanted}"


def one_colour(data: bytes) -> tuple[int, ...]:
    """The colour in the middle, the same for view and model."""
    bitmap = open_bitmap(pasted(data), 1_000_000)
    values = pixels(bitmap)
    middle = values[bitmap.height_px // 2, bitmap.width_px // 2]
    seen = pixels(open_picture(pasted(data), SMALL))
    assert_near(seen[seen.shape[0] // 2, seen.shape[1] // 2], middle)
    return tuple(int(value) for value in middle)


KINDS: dict[str, tuple[str, dict[str, Any], int]] = {
    "jpeg": ("JPEG", {"quality": 95, "subsampling": 0}, 6),
    "jpeg progressive": ("JPEG", {"quality": 95, "subsampling": 0, "progressive": True}, 6),
    "png": ("PNG", {}, 0),
    "webp": ("WEBP", {"quality": 95}, 12),
    "webp lossless": ("WEBP", {"lossless": True}, 0),
    "bmp": ("BMP", {}, 0),
    "gif": ("GIF", {}, 3),
    "tiff": ("TIFF", {}, 0),
    "tiff lzw": ("TIFF", {"compression": "tiff_lzw"}, 0),
    "tiff deflate": ("TIFF", {"compression": "tiff_adobe_deflate"}, 0),
    "tiff jpeg": ("TIFF", {"compression": "jpeg", "quality": 95}, 12),
    "heic": ("HEIF", {"quality": 95}, 12),
    "avif": ("AVIF", {"quality": 95, "speed": 10}, 12),
}


STORED_BY_ORIENTATION = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""What a camera held that way stores, made from the upright picture."""


def exif_of(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


def stored(orientation: int, image: Image.Image) -> Image.Image:
    turn = STORED_BY_ORIENTATION[orientation]
    return image if turn is None else image.transpose(turn)


def png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def huge_jpeg(width: int, height: int) -> bytes:
    """Made without holding its pixels: one strip's rows of blocks repeated, with restart markers between them."""
    strip = encoded(corners_image(width, 128), "JPEG", quality=60, subsampling=2, restart_marker_rows=1)
    scan = strip.index(b"\xff\xda")
    start = scan + 2 + int.from_bytes(strip[scan + 2 : scan + 4], "big")
    rows: list[bytes] = []
    begin = start
    for index in range(start, len(strip) - 1):
        if strip[index] == 0xFF and (0xD0 <= strip[index + 1] <= 0xD7 or strip[index + 1] == 0xD9):
            rows.append(strip[begin:index])
            begin = index + 2
    assert len(rows) == 8
    frame = strip.index(b"\xff\xc0")
    head = strip[: frame + 5] + height.to_bytes(2, "big") + strip[frame + 7 : start]
    parts = [head]
    count = -(-height // 16)
    for row in range(count):
        parts.append(rows[row * 8 // count])
        parts.append(bytes([0xFF, 0xD0 + row % 8 if row < count - 1 else 0xD9]))
    return b"".join(parts)
