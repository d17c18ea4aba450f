"""The viewer: what is really painted."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QEvent
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from app.gui.viewer.picture_canvas import PictureCanvas
from tests.gui.viewer_hands import drag, framing, scale
from tests.gui.viewer_pixels import NOISE, images_of, is_same, painted, painted_picture

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

ROOT = Path(__file__).resolve().parents[2]
BLOCK = NOISE[:20, :20].repeat(40, 0).repeat(40, 1)
"""800 × 800 pixels of squares of one colour each."""


@pytest.mark.parametrize("ratio", ["1", "1.25", "1.5", "2", "3"])
def test_pixels_are_painted_as_they_are_on_every_screen(ratio: str) -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": ratio}
    words = [sys.executable, "-m", "tests.gui.viewer_pixels"]
    done = subprocess.run(words, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert (done.returncode, done.stdout.split("\n")) == (0, [str(float(ratio)), ""])


def test_a_large_picture_is_fitted_without_a_jagged_edge(canvas: PictureCanvas) -> None:
    canvas.show_picture(images_of(BLOCK), 0)
    part, _ = painted_picture(canvas)
    assert part.shape == (300, 300, 3)
    middles = (np.arange(20) * 15 + 7).astype(int)
    assert np.abs(part[middles][:, middles].astype(int) - BLOCK[20::40, 20::40].astype(int)).max() <= 2
    assert np.abs(part.mean(axis=(0, 1)) - BLOCK.mean(axis=(0, 1))).max() < 2


def test_what_is_shown_smaller_is_an_average_of_all_its_pixels(canvas: PictureCanvas) -> None:
    noise = np.random.default_rng(7).integers(0, 255, (1200, 1600, 3), np.uint8)
    canvas.show_picture(images_of(noise), 0)
    assert scale(canvas) == 0.25
    part = painted_picture(canvas)[0].astype(float)
    wanted = noise.reshape(300, 4, 400, 4, 3).mean(axis=(1, 3))
    assert np.abs(part - wanted).max() <= 3


@pytest.mark.parametrize("enlarged", [1.7, 3.0, 3.9])
def test_an_enlarged_picture_has_no_seams(enlarged: float, canvas: PictureCanvas) -> None:
    wave = 127.5 + 127.5 * np.sin(np.arange(700) / 2)
    canvas.resize(1000, 700)
    canvas.show_picture(images_of(np.broadcast_to(wave[None, :, None], (500, 700, 3)).astype(np.uint8)), 0)
    canvas._frame(framing(canvas).scaled(enlarged))
    part, (left, _) = painted_picture(canvas)
    across = framing(canvas).size[0] / 700
    places = (np.arange(left, left + part.shape[1]) + 0.5) / across - 0.5
    wanted = np.interp(places, np.arange(700), wave.astype(np.uint8))
    assert np.abs(part[5, :, 0] - wanted).max() <= 4
    assert (part == part[5]).all()


def test_a_fitted_picture_follows_the_window(canvas: PictureCanvas) -> None:
    assert framing(canvas).size == (400, 286)
    canvas.resize(200, 300)
    assert framing(canvas).size == (200, 143)
    everything = painted(canvas)
    ground = everything[5, 5]
    assert (everything[:70] == ground).all()
    assert not (everything[100] == ground).all()


def test_a_smaller_window_keeps_what_is_in_the_middle(canvas: PictureCanvas) -> None:
    canvas.zoom_to_actual_size()
    drag(canvas, (200, 150), (150, 130))
    middle = framing(canvas).point_at(200, 150)
    canvas.resize(300, 200)
    assert framing(canvas).point_at(150, 100) == middle
    assert is_same(NOISE, canvas)


def test_a_thumbnail_stands_in_for_the_picture_until_it_is_there(canvas: PictureCanvas) -> None:
    canvas.show_picture(images_of(NOISE, 5_000), 0)
    wanted: list[bool] = []
    canvas.more_pixels_wanted.connect(lambda: wanted.append(True))
    canvas.zoom_to_actual_size()
    assert wanted
    corner = framing(canvas).corner
    assert not is_same(NOISE, canvas)
    canvas.show_sharper(images_of(NOISE))
    assert framing(canvas).corner == corner
    assert is_same(NOISE, canvas)
    wanted.clear()
    canvas.zoom_in()
    assert framing(canvas).shown_scale > 1
    assert not wanted  # all of its pixels are here


def test_the_first_frame_shows_all_of_it_and_the_next_ones_sharper(
    qtbot: QtBot, canvas: PictureCanvas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.gui.viewer.picture_canvas._TILE_BUDGET_S", 0.0)  # a quick machine would need one frame
    canvas.resize(1600, 1200)
    QApplication.processEvents()
    canvas.show_picture(images_of(BLOCK), 0)
    image = QImage(1600, 1200, QImage.Format.Format_RGB888)
    canvas.render(image)
    assert not canvas.is_settled
    lightness = [image.pixelColor(x, y).getRgb() for x in range(210, 1400, 60) for y in range(10, 1200, 60)]
    assert len(set(lightness)) > 300
    qtbot.waitUntil(lambda: canvas.is_settled)


def test_another_screens_resolution_is_followed(canvas: PictureCanvas, monkeypatch: pytest.MonkeyPatch) -> None:
    assert framing(canvas).size == (400, 286)
    monkeypatch.setattr(canvas, "devicePixelRatioF", lambda: 2.0)
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.DevicePixelRatioChange))
    assert framing(canvas).size == (800, 571)
    canvas.zoom_to_actual_size()
    monkeypatch.setattr(canvas, "devicePixelRatioF", lambda: 1.0)
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.DevicePixelRatioChange))
    assert scale(canvas) == 1
