from __future__ import annotations

import io
import struct
from pathlib import Path

import app_icon
import numpy as np
import pytest
from PIL import Image

ICNS_PX = {
    b"ic07": 128,
    b"ic08": 256,
    b"ic09": 512,
    b"ic10": 1024,
    b"ic11": 32,
    b"ic12": 64,
    b"ic13": 256,
    b"ic14": 512,
}


def pixels(png: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("RGBA")).astype(int)


def entries(icns: bytes) -> dict[bytes, bytes]:
    """What an .icns holds by the names of its parts, read without the library that wrote it."""
    magic, length = struct.unpack(">4sI", icns[:8])
    assert magic == b"icns"
    assert length == len(icns)
    found = {}
    at = 8
    while at < len(icns):
        name, size = struct.unpack(">4sI", icns[at : at + 8])
        found[name] = icns[at + 8 : at + size]
        at += size
    assert at == len(icns)
    return found


def test_the_icns_has_every_size_drawn_for_itself(tmp_path: Path) -> None:
    file = tmp_path / "made" / "Viewfinder.icns"
    app_icon.write_icns(file)
    parts = entries(file.read_bytes())
    assert ICNS_PX.keys() <= parts.keys()
    for name, size_px in ICNS_PX.items():
        found = pixels(parts[name])
        assert found.shape == (size_px, size_px, 4), name
        assert np.array_equal(found, pixels(app_icon.draw(size_px))), name
    with Image.open(file) as image:
        assert (512, 512, 2) in image.info["sizes"]


@pytest.mark.parametrize("size_px", [16, 32, 48, 128, 512, 1024])
def test_at_every_size_it_is_a_blue_square_with_a_white_frame_and_something_warm_in_it(size_px: int) -> None:
    found = pixels(app_icon.draw(size_px))
    assert found[0, 0, 3] == 0, "the corners are rounded"
    assert found[size_px // 2, size_px // 2, 3] == 255
    red, green, blue, alpha = found[size_px // 2, size_px // 2]
    assert red > 240 > green > blue, "the middle is orange"
    solid = found[found[..., 3] == 255]
    white = (solid[:, :3].min(axis=1) > 235).mean()
    assert 0.03 < white < 0.2
    assert ((solid[:, 2] > solid[:, 0] + 40).mean()) > 0.5, "most of it is blue"
    margin = (found[size_px // 2, :, 3] == 255).argmax() / size_px
    assert 0.05 <= margin <= 0.11, "it keeps Apple's margin, the small one less of it"
    assert alpha == 255


def test_at_16_pixels_every_edge_of_the_frame_is_sharp() -> None:
    frame = pixels(app_icon.draw(16))[3]
    assert [tuple(pixel[:3]) == (255, 255, 255) for pixel in frame] == [3 <= x < 6 or 10 <= x < 13 for x in range(16)]


def test_a_linux_desktop_finds_each_size_in_its_place(tmp_path: Path) -> None:
    files = app_icon.write_pngs(tmp_path)
    assert tmp_path / "48x48" / "apps" / "viewfinder.png" in files
    for file in files:
        with Image.open(file) as image:
            assert f"{image.width}x{image.height}" == file.parent.parent.name


def test_the_picture_of_the_window_is_the_drawing_as_it_is_now() -> None:
    kept = pixels(app_icon.WINDOW_PICTURE.read_bytes())
    drawn = pixels(app_icon.draw(app_icon.WINDOW_PX))
    assert kept.shape == drawn.shape
    assert np.abs(kept - drawn).mean() < 1, "make it again: python packaging/app_bundle/app_icon.py"


@pytest.mark.qt_log_ignore("Cannot read file")
def test_a_drawing_that_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "broken.svg"
    broken.write_text("<svg")
    monkeypatch.setattr(app_icon, "LARGE_DRAWING", broken)
    with pytest.raises(ValueError, match="no drawing that Qt can read"):
        app_icon.draw(512)
