"""Keys and clicks as a person's, for widgets that have the keyboard or are at hand."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

PLAIN, SHIFT, CONTROL, ALT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)
LEFT = Qt.MouseButton.LeftButton


def press(key: Qt.Key, keys: Qt.KeyboardModifier = PLAIN) -> None:
    """Presses a key where the keyboard is."""
    focus = QApplication.focusWidget()
    assert focus is not None
    QTest.keyClick(focus, key, keys)


def click(widget: QWidget) -> None:
    """Clicks into the middle."""
    QTest.mouseClick(widget, LEFT)
