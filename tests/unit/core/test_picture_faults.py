"""Whatever is wrong with a picture, a person reads its name and the reason, and nothing hangs."""

from __future__ import annotations

import os
import struct
import sys
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from app.core.errors import UserError
from app.core.pictures import PictureSource, open_bitmap, open_picture, read_size
from tests.drawn_pictures import KINDS, SMALL, corners_image, encoded, pasted, png_chunk

OPENINGS: tuple[Callable[[PictureSource], Any], ...] = (
    read_size,
    lambda source: open_bitmap(source, 100_000),
    lambda source: open_picture(source, SMALL),
)
ENCODED = {kind: encoded(corners_image(), name, **options) for kind, (name, options, _) in KINDS.items()}


def said(opening: Callable[[PictureSource], Any], source: PictureSource) -> str:
    with pytest.raises(UserError) as caught:
        opening(source)
    error = caught.value.said
    assert source.name in error.text
    assert error.hint.endswith((".", "?"))
    assert "Traceback" not in error.text + error.hint
    return error.text


def empty_png(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", zlib.compress(b""))
        + png_chunk(b"IEND", b"")
    )


def patched_jpeg(width: int, height: int, **options: Any) -> bytes:
    data = bytearray(encoded(corners_image(), "JPEG", **options))
    frame = data.index(b"\xff\xc2" if options.get("progressive") else b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(data)


@pytest.mark.parametrize("opening", OPENINGS, ids=["size", "view", "model"])
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty (0 bytes)"),
        (b"These are only words.\n" * 9, "is not a picture"),
        (b"\0" * 1000, "is not a picture"),
        (b"%PDF-1.7 ...", "is a PDF document"),
        (b"<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'/>", "is an SVG drawing"),
        (b"PK\x03\x04" + b"\0" * 40, "is a ZIP archive"),
        (ENCODED["png"][:12], "is damaged or cut off"),
        (ENCODED["jpeg"][:30], "is cut off"),
        (ENCODED["webp"][:13], "is damaged or cut off"),
        (ENCODED["heic"][:40], "is damaged or cut off"),
        (empty_png(40_000, 40_000), "is too large: 40000 x 40000 pixels, 1,600 megapixels"),
        (empty_png(2**31 - 1, 2**31 - 1), "is too large"),
        (patched_jpeg(65_000, 65_000), "is too large: 65000 x 65000"),
        (patched_jpeg(20_000, 15_000, progressive=True), "is too large: 20000 x 15000"),
        (encoded(Image.new("1", (12_000, 11_000)), "WEBP", lossless=True, method=0), "is too large: 12000 x 11000"),
        (encoded(Image.new("L", (2_010, 10)), "PNG"), "is too long and thin: 2010 x 10"),
        (encoded(Image.new("L", (1, 201)), "PNG"), "is too long and thin: 1 x 201"),
    ],
)
def test_what_is_no_usable_picture_is_refused_with_the_reason(
    opening: Callable[[PictureSource], Any], data: bytes, reason: str
) -> None:
    assert f"“photo (1).jpg” {reason}" in said(opening, pasted(data, "photo (1).jpg"))


@pytest.mark.parametrize("data", [empty_png(0, 10), patched_jpeg(0, 10), patched_jpeg(10, 0)])
def test_a_picture_without_pixels_is_refused(data: bytes) -> None:
    for opening in OPENINGS:
        said(opening, pasted(data))


def test_a_source_of_nothing_is_refused() -> None:
    for opening in OPENINGS:
        assert "neither a file nor data" in said(opening, PictureSource("nothing"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_cut_off_picture_is_refused(kind: str, share: float) -> None:
    data = ENCODED[kind]
    if len(data) < 1000:
        data = encoded(Image.effect_noise((WIDE, WIDE), 90).convert("RGB"), KINDS[kind][0], **KINDS[kind][1])
    cut = data[: int(len(data) * share)]
    text = said(OPENINGS[1], pasted(cut, "half.bin"))
    assert "cut off" in text or "damaged" in text


WIDE = 192


@pytest.mark.parametrize("kind", ["jpeg", "png", "bmp", "tiff"])
def test_a_cut_off_picture_is_called_cut_off(kind: str) -> None:
    name, options, _ = KINDS[kind]
    data = encoded(Image.effect_noise((WIDE, WIDE), 90).convert("RGB"), name, **options)
    for opening in OPENINGS[1:]:
        assert "is cut off" in said(opening, pasted(data[: len(data) // 2]))


@settings(max_examples=150)
@given(st.sampled_from(sorted(KINDS)), st.data())
def test_damage_anywhere_ends_in_a_picture_or_a_user_error(kind: str, data: st.DataObject) -> None:
    content = bytearray(ENCODED[kind])
    for _ in range(data.draw(st.integers(0, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content))) :]
    for opening in OPENINGS:
        with suppress(UserError):
            opening(pasted(bytes(content)))


@settings(max_examples=60)
@given(st.binary(max_size=400))
def test_any_bytes_end_in_a_user_error(content: bytes) -> None:
    for opening in OPENINGS:
        said(opening, pasted(content))


# ---- paths ----


def test_a_missing_file(tmp_path: Path) -> None:
    for opening in OPENINGS:
        assert "does not exist" in said(opening, PictureSource("gone.png", tmp_path / "gone.png"))
        assert "does not exist" in said(opening, PictureSource("in.png", tmp_path / "no" / "in.png"))


def test_a_folder(tmp_path: Path) -> None:
    for opening in OPENINGS:
        assert "is a folder" in said(opening, PictureSource("album", tmp_path))


def test_a_name_that_no_system_takes(tmp_path: Path) -> None:
    long = "x" * 300 + ".png"
    assert "cannot be read" in said(read_size, PictureSource(long, tmp_path / long))
    said(read_size, PictureSource("nul", tmp_path / "a\0b"))


def test_a_path_through_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    said(read_size, PictureSource("in.png", tmp_path / "file" / "in.png"))


@contextmanager
def unprivileged() -> Iterator[None]:
    """As a user to whom permissions apply, where the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "secret.png"
    path.write_bytes(ENCODED["png"])
    path.chmod(0)
    for opening in OPENINGS:
        with unprivileged():
            assert "may not be read" in said(opening, PictureSource("secret.png", path))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="POSIX pipes")
def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    for opening in OPENINGS:
        assert "is a device or a pipe" in said(opening, PictureSource("pipe.png", tmp_path / "pipe.png"))


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="POSIX devices")
def test_a_device_does_not_hang() -> None:
    for opening in OPENINGS:
        assert "is a device or a pipe" in said(opening, PictureSource("zero", Path("/dev/zero")))


def test_a_file_beyond_the_byte_limit_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "long.tif"
    with path.open("wb") as file:
        file.truncate(3 << 30)  # takes no room on the disk
    for opening in OPENINGS:
        assert "is too large: 3.2 GB" in said(opening, PictureSource("long.tif", path))


def test_a_disk_fault_while_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(ENCODED["png"])

    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "open", fail)
    assert "cannot be read: Input/output error" in said(read_size, PictureSource("a.png", path))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "not enough memory"),
        (SyntaxError("broken"), "is damaged"),
        (struct.error("unpack"), "is damaged"),
        (EOFError(), "is cut off"),
        (OverflowError(), "is damaged"),
        (RuntimeError("libheif"), "is damaged"),
        (AssertionError(), "is damaged"),
        (RecursionError(), "is damaged"),
    ],
)
def test_whatever_a_decoder_raises_becomes_words(monkeypatch: pytest.MonkeyPatch, error: Exception, words: str) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", fail)
    assert words in said(OPENINGS[1], pasted(ENCODED["png"]))


@pytest.mark.parametrize("name", ["two\nlines.png", "bell\x07.png", "undecodable\udcff.png", "hidden\u202egnp.exe"])
def test_the_name_in_an_error_can_be_shown_anywhere(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError) as caught:
        read_size(PictureSource(name, tmp_path / "gone.png"))
    text = caught.value.said.text
    assert text.isprintable()
    assert text.encode("utf-8")
    assert "�" in text


def test_decoder_warnings_stay_silent_without_hiding_others() -> None:
    exif = b"Exif\0\0II*\0\x08\0\0\0\x05\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\x0f\x01\x02\0\xff\xff\0\0\xff\xff\0\0"
    data = encoded(corners_image(), "JPEG", exif=exif)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        open_bitmap(pasted(data), 10**6)
        warnings.warn("another", UserWarning, stacklevel=1)
    assert [str(warning.message) for warning in caught] == ["another"]
