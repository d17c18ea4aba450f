"""What a hand does to the picture that is looked at: wheel, touchpad and mouse."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QNativeGestureEvent, QPointingDevice, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.gui.viewer.picture_canvas import PictureCanvas
from tests.gui.conftest import draw
from tests.gui.keys_and_clicks import LEFT, PLAIN

if TYPE_CHECKING:
    from app.gui.viewer.framing import Framing
    from tests.gui.window_driver import OpenWindow, WindowDriver


def framing(canvas: PictureCanvas) -> Framing:
    assert canvas.framing is not None
    return canvas.framing


def scale(canvas: PictureCanvas) -> float:
    return framing(canvas).shown_scale


def wheel(
    canvas: PictureCanvas,
    at: tuple[int, int],
    angle: tuple[int, int],
    *,
    pixels: tuple[int, int] = (0, 0),
    keys: Qt.KeyboardModifier = PLAIN,
    phase: Qt.ScrollPhase = Qt.ScrollPhase.NoScrollPhase,
) -> None:
    here = QPointF(*at)
    event = QWheelEvent(
        here,
        QPointF(canvas.mapToGlobal(here)),
        QPoint(*pixels),
        QPoint(*angle),
        Qt.MouseButton.NoButton,
        keys,
        phase,
        False,
    )
    QApplication.sendEvent(canvas, event)
    assert event.isAccepted()


def native(canvas: PictureCanvas, kind: Qt.NativeGestureType, value: float, at: tuple[int, int]) -> None:
    here = QPointF(*at)
    device = QPointingDevice.primaryPointingDevice()
    event = QNativeGestureEvent(kind, device, 2, here, here, QPointF(canvas.mapToGlobal(here)), value, QPointF(), 0)
    QApplication.sendEvent(canvas, event)


def double_click(canvas: PictureCanvas, place: QPoint) -> None:
    """Twice in a row, and lets go: Qt's own double click leaves the button pressed."""
    QTest.mouseDClick(canvas, LEFT, PLAIN, place)
    QTest.mouseRelease(canvas, LEFT, PLAIN, place)


def drag(canvas: PictureCanvas, start: tuple[int, int], end: tuple[int, int], keys: object = PLAIN) -> None:
    assert isinstance(keys, Qt.KeyboardModifier)
    QTest.mousePress(canvas, LEFT, keys, QPoint(*start))
    for step in (1, 2, 3):
        x = start[0] + (end[0] - start[0]) * step // 3
        y = start[1] + (end[1] - start[1]) * step // 3
        QTest.mouseMove(canvas, QPoint(x, y))
    QTest.mouseRelease(canvas, LEFT, keys, QPoint(*end))


def three(open_window: OpenWindow, folder: Path) -> WindowDriver:
    """A window with three pictures of slightly different sizes."""
    driver = open_window(files=tuple(draw(folder / f"{number}.png", 300 + number, 200) for number in range(3)))
    driver.wait_for_pictures(3)
    driver.wait(lambda: driver.parts.viewer.canvas.images is not None)
    return driver
