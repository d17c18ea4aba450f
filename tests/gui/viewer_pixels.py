"""Compares what the canvas paints with the picture itself: ``python -m tests.gui.viewer_pixels`` at QT_SCALE_FACTOR.

Prints a line for each difference and the screen's resolution at the end.
"""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from app.core.picture_levels import open_levels
from app.core.pictures import PictureSource
from app.gui.viewer.picture_canvas import PictureCanvas
from app.gui.viewer.picture_tiles import LevelImages

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

NOISE = np.random.default_rng(3).integers(0, 255, (500, 700, 3), np.uint8)


def source_of(pixels: Pixels, name: str = "picture.png") -> PictureSource:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", compress_level=1)
    return PictureSource(name, data=stream.getvalue())


def images_of(pixels: Pixels, max_pixels: int = 10**8) -> LevelImages:
    return LevelImages.of(open_levels(source_of(pixels), max_pixels))


def settle(canvas: PictureCanvas) -> None:
    """Paints until everything is sharp."""
    for _ in range(500):
        QCoreApplication.processEvents()
        canvas.repaint()
        if canvas.is_settled:
            return
    raise AssertionError("never sharp")


def painted(canvas: PictureCanvas) -> Pixels:
    """(h, w, 3) of all device pixels of the canvas."""
    settle(canvas)
    image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    pixels: Pixels = rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()
    return pixels


def painted_picture(canvas: PictureCanvas) -> tuple[Pixels, tuple[int, int]]:
    """The part of the canvas that the picture takes, and where in the picture's own device pixels it begins."""
    framing = canvas.framing
    assert framing is not None
    everything = painted(canvas)
    (left, top), (width, height) = framing.corner, framing.size
    part = everything[max(0, top) : top + height, max(0, left) : left + width]
    return part, (max(0, -left), max(0, -top))


def expected(pixels: Pixels, canvas: PictureCanvas) -> Pixels:
    """What is to be seen at a whole enlargement: every pixel as a square, turned."""
    framing = canvas.framing
    assert framing is not None
    times = round(framing.shown_scale)
    assert times == framing.shown_scale
    turned: Pixels = np.rot90(pixels, -framing.quarter_turns)
    part, (x, y) = painted_picture(canvas)
    rows = np.arange(y, y + part.shape[0]) // times
    columns = np.arange(x, x + part.shape[1]) // times
    wanted: Pixels = turned[rows][:, columns]
    return wanted


def is_same(pixels: Pixels, canvas: PictureCanvas) -> bool:
    return np.array_equal(painted_picture(canvas)[0], expected(pixels, canvas))


def main() -> int:
    """Looks at the picture at several scales and turns."""
    application = QApplication([])
    canvas = PictureCanvas()
    canvas.resize(331, 253)
    canvas.show()
    ratio = canvas.devicePixelRatioF()
    for turns in range(4):
        for scale in (1.0, 8.0, 32.0):
            canvas.show_picture(images_of(NOISE), turns)
            framing = canvas.framing
            assert framing is not None
            canvas._frame(framing.scaled(scale).panned(13, -7))
            if not is_same(NOISE, canvas):
                print(f"turned {turns} times at {scale}: other pixels")  # noqa: T201
    canvas.show_picture(images_of(NOISE[:40, :30]), 0)
    framing = canvas.framing
    assert framing is not None
    if framing.shown_scale != 3 * ratio or not np.allclose(
        painted_picture(canvas)[0].mean(axis=(0, 1)), NOISE[:40, :30].mean(axis=(0, 1)), atol=3
    ):
        print("fitted: other pixels")  # noqa: T201
    print(ratio)  # noqa: T201
    application.quit()
    return 0


if __name__ == "__main__":
    sys.exit(main())
