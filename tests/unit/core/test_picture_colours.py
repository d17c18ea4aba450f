"""Modes, depths, transparency and colour profiles: each ends as the right sRGB colour on white."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from app.core.pictures import open_picture
from tests.drawn_pictures import (
    BLACK,
    BLUE,
    KINDS,
    RED,
    SMALL,
    WHITE,
    assert_near,
    encoded,
    one_colour,
    pasted,
    png_chunk,
)


def raw_png(colour_type: int, bits: int, pixel: bytes, *extra: bytes, side: int = 64) -> bytes:
    header = struct.pack(">IIBBBBB", side, side, bits, colour_type, 0, 0, 0)
    rows = (b"\0" + pixel * (side * bits // 8 if bits < 8 else side)) * side
    body = png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + b"".join(extra) + body


@pytest.mark.parametrize(
    ("colour_type", "bits", "pixel", "wanted"),
    [
        (0, 1, b"\xff", WHITE),
        (0, 1, b"\x00", BLACK),
        (0, 2, b"\x55", (85, 85, 85)),
        (0, 4, b"\x88", (136, 136, 136)),
        (0, 8, b"\x64", (100, 100, 100)),
        (0, 16, b"\x64\x64", (100, 100, 100)),
        (0, 16, b"\xff\xff", WHITE),
        (0, 16, b"\x00\x80", BLACK),
        (2, 16, b"\x64\x00\x96\x00\xc8\x00", (100, 150, 200)),
        (4, 8, b"\x64\xff", (100, 100, 100)),
        (4, 8, b"\x64\x00", WHITE),
        (4, 8, b"\x00\x80", (127, 127, 127)),
        (4, 16, b"\x64\x00\xff\xff", (100, 100, 100)),
        (6, 8, b"\x64\x96\xc8\xff", (100, 150, 200)),
        (6, 8, b"\x64\x96\xc8\x00", WHITE),
        (6, 8, b"\xff\x00\x00\x80", (255, 127, 127)),
        (6, 16, b"\x64\x00\x96\x00\xc8\x00\x00\x00", WHITE),
    ],
)
def test_png_depths_and_transparency(colour_type: int, bits: int, pixel: bytes, wanted: tuple[int, ...]) -> None:
    assert_near(one_colour(raw_png(colour_type, bits, pixel)), wanted, 1)


@pytest.mark.parametrize(
    ("colour_type", "bits", "pixel", "see_through", "wanted"),
    [
        (0, 1, b"\x00", b"\0\0", WHITE),
        (0, 1, b"\x00", b"\0\1", BLACK),
        (0, 8, b"\x64", b"\0\x64", WHITE),
        (0, 8, b"\x64", b"\0\x65", (100, 100, 100)),
        (0, 16, b"\x12\x34", b"\x12\x34", WHITE),
        (0, 16, b"\x12\x34", b"\x12\x35", (18, 18, 18)),
        (2, 8, b"\x01\x02\x03", b"\0\1\0\2\0\3", WHITE),
        (2, 8, b"\x01\x02\x03", b"\0\1\0\2\0\4", (1, 2, 3)),
    ],
)
def test_one_see_through_colour(
    colour_type: int, bits: int, pixel: bytes, see_through: bytes, wanted: tuple[int, ...]
) -> None:
    assert_near(one_colour(raw_png(colour_type, bits, pixel, png_chunk(b"tRNS", see_through))), wanted, 1)


@pytest.mark.parametrize(
    ("alphas", "index", "wanted"),
    [
        (b"", 0, RED),
        (b"\x00", 0, WHITE),
        (b"\x00", 1, BLUE),
        (b"\xff\x80", 1, (147, 157, 227)),
        (b"\xff\x00", 1, WHITE),
    ],
)
def test_palette_with_and_without_transparency(alphas: bytes, index: int, wanted: tuple[int, ...]) -> None:
    palette = png_chunk(b"PLTE", bytes(RED + BLUE))
    see_through = (png_chunk(b"tRNS", alphas),) if alphas else ()
    assert_near(one_colour(raw_png(3, 8, bytes([index]), palette, *see_through)), wanted, 1)


def test_a_see_through_gif_is_flattened_onto_white() -> None:
    image = Image.new("P", (64, 64), 1)
    image.putpalette(bytes(RED + BLUE))
    assert one_colour(encoded(image, "GIF", transparency=1)) == WHITE
    assert one_colour(encoded(image, "GIF", transparency=0)) == BLUE


@pytest.mark.parametrize("kind", ["webp lossless", "tiff", "heic", "avif"])
def test_see_through_pixels_of_other_kinds_are_flattened_onto_white(kind: str) -> None:
    name, options, tolerance = KINDS[kind]
    image = Image.new("RGBA", (64, 64), (*RED, 0))
    assert_near(one_colour(encoded(image, name, **options)), WHITE, tolerance)


def test_half_transparency_at_an_edge_leaves_no_dark_rim() -> None:
    image = Image.new("RGBA", (512, 512), (0, 0, 0, 0))
    image.paste((255, 255, 255, 255), (100, 100, 333, 333))
    assert open_picture(pasted(encoded(image, "PNG")), SMALL).rgb == b"\xff" * (256 * 256 * 3)


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_has_its_colours(kind: str) -> None:
    image = Image.new("CMYK", (64, 64), (0, 255, 255, 0))
    data = encoded(image, kind)
    assert b"Adobe" in data or kind == "TIFF", "Pillow writes the inverted form for JPEG"
    assert_near(one_colour(data), (255, 0, 0), 4)
    assert_near(one_colour(encoded(Image.new("CMYK", (64, 64), (0, 0, 0, 255)), kind)), BLACK, 4)
    assert_near(one_colour(encoded(Image.new("CMYK", (64, 64), (0, 0, 0, 0)), kind)), WHITE, 4)


def test_grey_pictures_of_every_kind() -> None:
    image = Image.new("L", (64, 64), 77)
    for kind in ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "HEIF", "AVIF"):
        assert_near(one_colour(encoded(image, kind)), (77, 77, 77), 3)


def test_black_and_white_tiff() -> None:
    image = Image.new("1", (64, 64), 1)
    assert one_colour(encoded(image, "TIFF", compression="group4")) == WHITE


def test_lab_tiff() -> None:
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    image = ImageCms.profileToProfile(Image.new("RGB", (64, 64), RED), srgb, lab, outputMode="LAB")
    assert image is not None
    assert_near(one_colour(encoded(image, "TIFF")), RED, 6)


@pytest.mark.parametrize(
    ("low", "value", "high", "kind", "wanted"),
    [
        (0, 25_700, 65_535, np.uint16, 100),
        (0, 25_700, 25_700, np.uint16, 100),
        (0, 100, 255, np.int32, 100),
        (0, 25_700, 65_535, np.int32, 100),
        (-1_000_000, 0, 1_000_000, np.int32, 128),
        (0.0, 0.4, 1.0, np.float32, 102),
        (0.0, 100.0, 255.0, np.float32, 100),
        (-1.0, 0.0, 1.0, np.float32, 128),
        (float("nan"), 0.4, 1.0, np.float32, 102),
        (float("-inf"), 0.4, float("inf"), np.float32, 102),
        (7e9, 7e9, 7e9, np.float32, 0),
    ],
)
def test_wide_grey_tiff_is_scaled(low: float, value: float, high: float, kind: type, wanted: int) -> None:
    values: np.ndarray[Any, Any] = np.full((64, 64), value, kind)
    values[0, 0], values[0, 1] = low, high
    assert_near(one_colour(encoded(Image.fromarray(values), "TIFF")), (wanted,) * 3, 1)


# ---- colour profiles ----


def icc_profile(space: bytes, tags: dict[bytes, bytes], *, connection: bytes = b"XYZ ") -> bytes:
    """A small ICC version 2 profile."""
    table, body = b"", b""
    start = 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        padded = data + b"\0" * (-len(data) % 4)
        table += name + struct.pack(">II", start + len(body), len(data))
        body += padded
    size = start + len(body)
    kind = b"prtr" if space == b"CMYK" else b"mntr"
    header = struct.pack(">I4sI4s4s4s", size, b"lcms", 0x02400000, kind, space, connection)
    header += struct.pack(">6H4s", 2024, 1, 1, 0, 0, 0, b"acsp") + b"\0" * 28 + s15(0.9642, 1.0, 0.8249)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def s15(*values: float) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def described(name: bytes) -> bytes:
    return b"desc\0\0\0\0" + struct.pack(">I", len(name) + 1) + name + b"\0" + b"\0" * 78


def colorant(x: float, y: float, z: float) -> bytes:
    return b"XYZ \0\0\0\0" + s15(x, y, z)


def curve(gamma: float | None) -> bytes:
    """`gamma` None is sRGB's own curve."""
    steps = np.linspace(0, 1, 1024)
    values = (
        np.where(steps <= 0.04045, steps / 12.92, ((steps + 0.055) / 1.055) ** 2.4) if gamma is None else steps**gamma
    )
    points = np.rint(values * 65535).astype(">u2")
    return bytes(b"curv\0\0\0\0" + struct.pack(">I", len(points)) + points.tobytes())


def display_p3() -> bytes:
    return icc_profile(
        b"RGB ",
        {
            b"desc": described(b"Display P3"),
            b"wtpt": colorant(0.9642, 1.0, 0.8249),
            b"rXYZ": colorant(0.51512, 0.2412, -0.00105),
            b"gXYZ": colorant(0.29198, 0.69225, 0.04189),
            b"bXYZ": colorant(0.1571, 0.06657, 0.78407),
            b"rTRC": curve(None),
            b"gTRC": curve(None),
            b"bTRC": curve(None),
        },
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_a_wide_gamut_profile_is_converted_to_srgb(kind: str) -> None:
    # Source: sRGB's pure green written in Display P3 is (0.4584, 0.9853, 0.2983).
    image = Image.new("RGB", (64, 64), (117, 251, 76))
    data = encoded(image, kind, icc_profile=display_p3(), quality=95)
    assert_near(one_colour(data), (0, 255, 0), 16)


def test_a_profile_is_converted_after_transparency_and_for_palettes() -> None:
    image = Image.new("RGBA", (64, 64), (117, 251, 76, 255))
    assert_near(one_colour(encoded(image, "PNG", icc_profile=display_p3())), (0, 255, 0), 6)
    image = Image.new("P", (64, 64), 0)
    image.putpalette(bytes((117, 251, 76)))
    assert_near(one_colour(encoded(image, "PNG", icc_profile=display_p3())), (0, 255, 0), 6)


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_a_grey_profile_is_converted(mode: str) -> None:
    profile = icc_profile(
        b"GRAY", {b"desc": described(b"linear"), b"wtpt": colorant(0.9642, 1, 0.8249), b"kTRC": curve(1.0)}
    )
    image = Image.new(mode, (64, 64), 55 if mode == "L" else (55, 255))
    assert_near(one_colour(encoded(image, "PNG", icc_profile=profile)), (128, 128, 128), 2)


def test_a_cmyk_profile_is_converted() -> None:
    corners = np.zeros((2, 2, 2, 2, 3), np.uint8)
    corners[..., 1:] = 128
    corners[0, 0, 0, 0, 0] = 255
    corners[1, 0, 0, 0, 0] = 128  # this press prints cyan as a middle grey
    identity = bytes(range(256))
    matrix = s15(1, 0, 0, 0, 1, 0, 0, 0, 1)
    table = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + matrix + identity * 4 + corners.tobytes() + identity * 3
    tags = {b"desc": described(b"press"), b"wtpt": colorant(0.9642, 1, 0.8249), b"A2B0": table}
    profile = icc_profile(b"CMYK", tags, connection=b"Lab ")
    image = Image.new("CMYK", (64, 64), (255, 0, 0, 0))
    for kind in ("JPEG", "TIFF"):
        assert_near(one_colour(encoded(image, kind, icc_profile=profile)), (119, 119, 119), 8)


@pytest.mark.parametrize("profile", [b"no profile", display_p3()[:200], b"\0" * 300, display_p3()[:-3]])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_a_damaged_profile_does_not_stop_the_picture(kind: str, profile: bytes) -> None:
    data = encoded(Image.new("RGB", (64, 64), RED), kind, icc_profile=profile)
    assert_near(one_colour(data), RED, 40)


@pytest.mark.parametrize("mode", ["L", "CMYK", "RGB"])
def test_a_profile_for_other_colours_is_left_aside(mode: str) -> None:
    grey = icc_profile(b"GRAY", {b"desc": described(b"g"), b"wtpt": colorant(0.96, 1, 0.82), b"kTRC": curve(1.0)})
    profile = display_p3() if mode == "CMYK" else grey if mode == "RGB" else display_p3()
    image = Image.new("RGB", (64, 64), (90, 90, 90)).convert(mode)
    assert_near(one_colour(encoded(image, "TIFF", icc_profile=profile)), (90, 90, 90), 4)


@pytest.mark.parametrize("bits", [8, 16])
def test_a_tiff_whose_zero_is_white(bits: int) -> None:
    kind = np.uint8 if bits == 8 else np.uint16
    image = Image.fromarray(np.full((64, 64), (55 if bits == 8 else 55 * 257), kind))
    data = encoded(image, "TIFF")
    photometric = struct.pack("<HHIHH", 262, 3, 1, 1, 0)
    assert data.count(photometric) == 1
    assert_near(one_colour(data.replace(photometric, struct.pack("<HHIHH", 262, 3, 1, 0, 0))), (200, 200, 200), 1)
