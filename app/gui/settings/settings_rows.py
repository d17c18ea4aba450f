"""Rows that settings are made of: a heading, a label beside its control, a line of buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QPainter
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.gui.caption import Caption
from app.gui.flow_layout import FlowLayout
from app.gui.look import BODY_PX, hairline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QMouseEvent, QPaintEvent


class Section(QWidget):
    """A group of settings under its heading, with a line above it."""

    def __init__(self, heading: str, rows: Sequence[QWidget]) -> None:
        super().__init__()
        words = Caption(heading, BODY_PX, QFont.Weight.Bold, is_dim=False)
        words.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 12, 0, 4)
        layout.setSpacing(10)
        layout.addWidget(words)
        for row in rows:
            layout.addWidget(row)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the line."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.fillRect(0, 0, self.width(), 1, hairline(self.palette()))
        painter.end()


class _SwitchLabel(QLabel):
    """The words of a check box, which may take several lines; a click on them is a click on the box."""

    def __init__(self, words: str, box: QCheckBox) -> None:
        super().__init__(words)
        self._box = box

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Ticks the box."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self._box.click()


class Labelled(QWidget):
    """A control with its label before it, and a caption below.

    Args:
        words: The label.
        control: What it belongs to.
        meaning: One sentence on what it does; shown as the caption.
        is_below: The control takes a line of its own.
    """

    def __init__(self, words: str, control: QWidget, meaning: str = "", *, is_below: bool = False) -> None:
        super().__init__()
        label = _SwitchLabel(words, control) if isinstance(control, QCheckBox) else QLabel(words)
        label.setBuddy(control)
        label.setWordWrap(True)
        label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        control.setAccessibleName(words)
        if meaning:
            control.setAccessibleDescription(meaning)
        self.caption = Caption(meaning)
        self.caption.setWordWrap(True)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        grid.addWidget(label, 0, 0)
        if is_below:
            grid.addWidget(control, 1, 0, 1, 2)
        else:
            grid.addWidget(control, 0, 1)
        grid.addWidget(self.caption, 2, 0, 1, 2)
        self.caption.setVisible(bool(meaning))  # only now: without a parent it would be a window for a moment


class ButtonLine(QWidget):
    """Buttons side by side, or below one another where the width is too small."""

    def __init__(self, *buttons: QPushButton) -> None:
        super().__init__()
        layout = FlowLayout(self)
        for button in buttons:
            layout.addWidget(button)
