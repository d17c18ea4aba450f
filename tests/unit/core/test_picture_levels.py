"""Pictures in levels and strips hold what the picture holds, at every size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from app.core import picture_levels
from app.core.errors import UserError
from app.core.picture_levels import Level, open_levels
from tests.drawn_pictures import CORNERS, assert_near, corners_image, encoded, pasted

if TYPE_CHECKING:
    from numpy.typing import NDArray


def pixels(level: Level) -> NDArray[np.uint8]:
    rows = [np.frombuffer(strip, np.uint8).reshape(-1, level.width_px, 3) for strip in level.strips]
    assert all(len(row) == level.strip_rows for row in rows[:-1])
    return np.concatenate(rows)


def noise(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(5).integers(0, 255, (height, width, 3), np.uint8))


def test_the_largest_level_is_the_picture_and_each_next_one_half_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_levels, "_STRIP_BYTES", 10_000)
    image = noise(1300, 701)
    opened = open_levels(pasted(encoded(image, "PNG")), 10_000_000)
    assert opened.is_whole
    assert [(level.width_px, level.height_px) for level in opened.levels] == [(1300, 701), (650, 351), (325, 176)]
    assert len(opened.levels[0].strips) > 100
    assert np.array_equal(pixels(opened.levels[0]), np.asarray(image))
    assert_near(pixels(opened.levels[1]), np.asarray(image.reduce(2)), 0)
    whole: Any = np.asarray(image, np.float64).mean(axis=(0, 1))
    assert_near(pixels(opened.levels[2]).mean(axis=(0, 1)), whole, 1)


def test_a_picture_is_not_opened_larger_than_asked_for() -> None:
    opened = open_levels(pasted(encoded(corners_image(400, 200), "PNG")), 20_000)
    assert not opened.is_whole
    assert (opened.source_width_px, opened.source_height_px) == (400, 200)
    assert (opened.levels[0].width_px, opened.levels[0].height_px) == (200, 100)
    assert tuple(pixels(opened.levels[0])[10, 10]) == CORNERS[0]


def test_a_picture_on_its_side_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[274] = 6
    opened = open_levels(pasted(encoded(corners_image(600, 300), "PNG", exif=exif)), 10**6)
    assert (opened.source_width_px, opened.source_height_px) == (300, 600)
    assert tuple(pixels(opened.levels[0])[5, 295]) == CORNERS[0]


def test_a_ribbon_has_levels_too() -> None:
    opened = open_levels(pasted(encoded(Image.new("RGB", (3000, 16), "red"), "PNG")), 10**6)
    assert [level.height_px for level in opened.levels] == [16, 8, 4, 2]


def test_what_is_no_picture_is_refused_in_words() -> None:
    with pytest.raises(UserError, match="not a picture"):
        open_levels(pasted(b"only words", "words.png"), 10**6)
