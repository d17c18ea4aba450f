"""Where the keyboard is, and whether its ring is seen there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app.gui.look import focus_ring

if TYPE_CHECKING:
    from tests.gui.window_driver import WindowDriver


def press(driver: WindowDriver, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Presses a key as the window system does."""
    QTest.keyClick(driver.window.windowHandle(), key, modifiers)


def focused() -> QWidget:
    found = QApplication.focusWidget()
    assert found is not None
    return found


def place_of(widget: QWidget, window: QWidget) -> QRect:
    return QRect(widget.mapTo(window, QPoint()), widget.size())


def ring_pixels(driver: WindowDriver, area: QRect) -> int:
    """How many pixels in and just around this area have the ring's colour."""
    image = driver.window.grab(area.adjusted(-4, -4, 4, 4)).toImage().convertToFormat(QImage.Format.Format_RGB32)
    wanted = focus_ring(driver.window.palette()).rgb()
    return sum(image.pixel(x, y) == wanted for x in range(image.width()) for y in range(image.height()))


def is_seen(driver: WindowDriver) -> bool:
    """Whether the ring goes round what has the keyboard: at least along most of two of its sides."""
    area = place_of(focused(), driver.window)
    return ring_pixels(driver, area) >= min(area.width(), 100) + min(area.height(), 20)
