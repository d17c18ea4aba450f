"""Every accepted kind of picture, drawn here: right way up, right size, in bounds."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.core.pictures import PICTURE_SUFFIXES, PictureSource, open_bitmap, open_picture, read_size
from app.core.vision import PixelLimits
from tests.drawn_pictures import (
    BLUE,
    CORNERS,
    HEIGHT,
    KINDS,
    RED,
    SMALL,
    STORED_BY_ORIENTATION,
    WIDTH,
    assert_near,
    corner_colours,
    corners_image,
    encoded,
    exif_of,
    huge_jpeg,
    pasted,
    pixels,
    png_chunk,
    stored,
)

# ---- kinds ----


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_opens_with_its_colours(kind: str) -> None:
    name, options, tolerance = KINDS[kind]
    data = encoded(corners_image(), name, **options)
    assert read_size(pasted(data)) == (WIDTH, HEIGHT)
    bitmap = open_bitmap(pasted(data), 1_000_000)
    assert (bitmap.width_px, bitmap.height_px) == (WIDTH, HEIGHT)
    assert_near(corner_colours(bitmap), CORNERS, tolerance)
    picture = open_picture(pasted(data), SMALL)
    assert (picture.width_px, picture.height_px) == (WIDTH, HEIGHT)
    assert (picture.source_width_px, picture.source_height_px) == (WIDTH, HEIGHT)
    assert picture.rgb == bitmap.rgb
    assert picture.sha256 == hashlib.sha256(data).hexdigest()


def test_a_jpeg_with_more_pictures_behind_it_shows_its_first() -> None:
    data = encoded(corners_image(), "MPO", save_all=True, append_images=[Image.new("RGB", (64, 64))], quality=95)
    assert_near(corner_colours(open_bitmap(pasted(data), 1_000_000)), CORNERS, 12)


def test_a_moving_gif_shows_its_first_frame() -> None:
    data = encoded(corners_image(), "GIF", save_all=True, append_images=[Image.new("RGB", (WIDTH, HEIGHT), BLUE)])
    assert_near(corner_colours(open_bitmap(pasted(data), 1_000_000)), CORNERS)


def test_the_content_decides_and_not_the_name(tmp_path: Path) -> None:
    path = tmp_path / "really-a-png.jpg"
    path.write_bytes(encoded(corners_image(), "PNG"))
    assert corner_colours(open_bitmap(PictureSource(path.name, path), 10**6)) == list(CORNERS)


def test_suffixes_are_lower_case_and_each_once() -> None:
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in PICTURE_SUFFIXES)
    assert len(set(PICTURE_SUFFIXES)) == len(PICTURE_SUFFIXES)


@pytest.mark.parametrize("name", ["with space (1).png", "[a]{b}%20#?.png", "照片 图.png", "пейзаж.png", "a'\"b&.png"])
def test_any_name_opens(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(encoded(corners_image(), "PNG"))
    picture = open_picture(PictureSource(name, path), SMALL)
    assert (picture.name, picture.path) == (name, path)


# ---- size ----


def test_the_model_sees_exactly_the_official_processors_size_and_filter() -> None:
    noise = np.random.default_rng(7).integers(0, 256, (301, 487, 3), np.uint8)
    image = Image.fromarray(noise)
    picture = open_picture(pasted(encoded(image, "PNG")), PixelLimits(4_096, 65_536))
    assert (picture.width_px, picture.height_px) == (320, 192)
    assert picture.rgb == image.resize((320, 192), Image.Resampling.BICUBIC).tobytes()
    assert picture.is_reduced
    assert picture.tokens == 60


def test_a_small_picture_is_enlarged_for_the_model_and_never_for_the_view() -> None:
    data = encoded(corners_image(20, 10), "PNG")
    picture = open_picture(pasted(data), PixelLimits())
    assert (picture.width_px, picture.height_px) == (384, 192)
    bitmap = open_bitmap(pasted(data), 10**6)
    assert (bitmap.width_px, bitmap.height_px) == (20, 10)


def test_one_pixel_opens() -> None:
    data = encoded(Image.new("RGB", (1, 1), RED), "PNG")
    assert open_bitmap(pasted(data), 1).rgb == bytes(RED)
    assert_near(corner_colours(open_picture(pasted(data), SMALL)), [RED] * 4)


@given(st.integers(1, 400), st.integers(1, 400), st.integers(1, 50_000))
def test_a_view_keeps_its_shape_and_its_bound(width: int, height: int, max_pixels: int) -> None:
    if max(width, height) > 200 * min(width, height):
        return
    data = encoded(Image.new("L", (width, height), 99), "BMP")
    bitmap = open_bitmap(pasted(data), max_pixels)
    assert 1 <= bitmap.width_px * bitmap.height_px <= max_pixels
    assert bitmap.width_px <= width
    assert bitmap.height_px <= height
    if width * height <= max_pixels:
        assert (bitmap.width_px, bitmap.height_px) == (width, height)
    if min(bitmap.width_px, bitmap.height_px) >= 20:
        assert bitmap.width_px / bitmap.height_px == pytest.approx(width / height, rel=0.1)


def test_the_digest_tells_pictures_of_one_size_apart_and_joins_equal_ones() -> None:
    one = open_picture(pasted(encoded(Image.new("RGB", (64, 64), RED), "PNG")), SMALL)
    same = open_picture(pasted(encoded(Image.new("RGB", (64, 64), RED), "BMP")), SMALL)
    other = open_picture(pasted(encoded(Image.new("RGB", (64, 64), BLUE), "PNG")), SMALL)
    wide = open_picture(pasted(encoded(Image.new("RGB", (128, 32), RED), "PNG")), SMALL)
    assert one.digest == same.digest
    assert one.sha256 != same.sha256
    assert len({one.digest, other.digest, wide.digest}) == 3


# ---- EXIF orientation ----


@pytest.mark.parametrize("orientation", STORED_BY_ORIENTATION)
@pytest.mark.parametrize("kind", ["jpeg", "png", "webp lossless", "tiff", "tiff deflate", "heic", "avif"])
def test_every_orientation_gives_the_same_upright_picture(kind: str, orientation: int) -> None:
    name, options, tolerance = KINDS[kind]
    data = encoded(stored(orientation, corners_image()), name, exif=exif_of(orientation), **options)
    assert read_size(pasted(data)) == (WIDTH, HEIGHT)
    bitmap = open_bitmap(pasted(data), 10**6)
    assert (bitmap.width_px, bitmap.height_px) == (WIDTH, HEIGHT)
    assert_near(corner_colours(bitmap), CORNERS, tolerance)
    picture = open_picture(pasted(data), SMALL)
    assert picture.rgb == bitmap.rgb
    assert (picture.source_width_px, picture.source_height_px) == (WIDTH, HEIGHT)


@pytest.mark.parametrize("orientation", STORED_BY_ORIENTATION)
def test_a_resized_picture_is_the_very_same_in_every_orientation(orientation: int) -> None:
    noise = Image.fromarray(np.random.default_rng(3).integers(0, 256, (150, 250, 3), np.uint8))
    data = encoded(stored(orientation, noise), "PNG", exif=exif_of(orientation))
    limits = PixelLimits(1_024, 16_384)
    assert open_picture(pasted(data), limits).digest == open_picture(pasted(encoded(noise, "PNG")), limits).digest
    view = pixels(open_bitmap(pasted(data), 9_000))
    assert_near(view, pixels(open_bitmap(pasted(encoded(noise, "PNG")), 9_000)), 0)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_impossible_orientation_is_left_aside(orientation: int) -> None:
    data = encoded(corners_image(), "JPEG", exif=exif_of(orientation), quality=95)
    assert read_size(pasted(data)) == (WIDTH, HEIGHT)


def test_orientation_behind_the_pixels_of_a_png_counts_and_the_size_is_read_from_the_header() -> None:
    data = encoded(stored(6, corners_image()), "PNG")
    exif = exif_of(6).removeprefix(b"Exif\0\0")
    end = data.rindex(b"IEND") - 4
    late = data[:end] + png_chunk(b"eXIf", exif) + data[end:]
    assert read_size(pasted(late)) == (WIDTH, HEIGHT)
    assert corner_colours(open_bitmap(pasted(late), 10**6)) == list(CORNERS)
    assert read_size(pasted(data[: len(data) // 2])) == (HEIGHT, WIDTH), "no pixel was decoded for it"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    "exif", [b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01\x12"]
)
def test_damaged_exif_does_not_stop_the_picture(kind: str, exif: bytes) -> None:
    data = encoded(corners_image(), kind, exif=exif, quality=95)
    assert_near(corner_colours(open_bitmap(pasted(data), 10**6)), CORNERS, 12)


# ---- many threads, large pictures ----


def test_threads_do_not_disturb_one_another() -> None:
    sources = [
        pasted(encoded(stored(orientation, corners_image()), name, exif=exif_of(orientation), **options))
        for name, options, _ in (KINDS[kind] for kind in ("jpeg", "png", "webp", "tiff", "heic", "avif"))
        for orientation in (1, 6)
    ]
    alone = [open_picture(source, SMALL).digest for source in sources]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda source: open_picture(source, SMALL).digest, sources * 6))
    assert together == alone * 6


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "I;16", "P"])
def test_a_large_picture_is_averaged_in_bands_to_the_same_colours(mode: str) -> None:
    image = corners_image(6_500, 4_001)
    if mode == "I;16":
        grey = np.asarray(image.convert("L")).astype(np.uint16) * 257
        stored_image = Image.fromarray(grey)
    else:
        stored_image = image.convert(mode)
    data = encoded(stored_image, "PNG", compress_level=1)
    picture = open_picture(pasted(data), SMALL)
    grey_corners = [(round(0.299 * r + 0.587 * g + 0.114 * b),) * 3 for r, g, b in CORNERS]
    assert_near(corner_colours(picture), grey_corners if mode in {"L", "I;16"} else CORNERS, 2)
    plain = np.asarray(image.resize((picture.width_px, picture.height_px), Image.Resampling.BICUBIC), np.int16)
    if mode == "RGB":
        assert np.abs(pixels(picture) - plain).mean() < 0.5


PEAK_PROGRAM = """
import resource, sys
from pathlib import Path
from app.core.pictures import PictureSource, open_bitmap, open_picture
from app.core.vision import PixelLimits

def peak_mb():
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20

path = Path(sys.argv[1])
source = PictureSource(path.name, path)
picture = open_picture(source, PixelLimits(65_536, int(sys.argv[2])))
open_bitmap(source, 4_000_000)
print(peak_mb(), picture.source_width_px * picture.source_height_px, picture.width_px, picture.height_px)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="reads the peak from the system")
@pytest.mark.parametrize("max_pixels", [1_048_576, 16_777_216])
def test_a_hundred_megapixel_jpeg_takes_less_than_300_mb(tmp_path: Path, max_pixels: int) -> None:
    path = tmp_path / "huge.jpg"
    path.write_bytes(huge_jpeg(11_648, 8_736))
    command = [sys.executable, "-W", "error", "-c", PEAK_PROGRAM, str(path), str(max_pixels)]
    root = Path(__file__).parents[3]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120, check=True)
    peak_mb, source_pixels, width, height = (float(word) for word in done.stdout.split())
    assert done.stderr == ""
    assert source_pixels == 11_648 * 8_736
    assert width * height > 0.9 * max_pixels
    assert peak_mb < 300


def test_a_huge_jpeg_has_the_colours_of_a_whole_decode() -> None:
    picture = open_picture(pasted(huge_jpeg(4_800, 3_200)), SMALL)
    assert_near(corner_colours(picture), CORNERS, 8)
