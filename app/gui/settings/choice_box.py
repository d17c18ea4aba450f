"""A list to choose from, framed as plainly as the fields beside it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QComboBox

from app.gui.look import dim_text, scaled_px

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QPaintEvent, QWheelEvent

_SHORTEST_LETTERS = 12
_ARROW_PX, _ARROW_EDGE_PX = 8, 9


class ChoiceBox(QComboBox):
    """Words with the value that each stands for; on macOS the system's own control.

    Args:
        choices: The words and their values.
    """

    def __init__(self, choices: Sequence[tuple[str, object]] = ()) -> None:
        super().__init__()
        self.setProperty("isChoice", True)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.setMinimumContentsLength(_SHORTEST_LETTERS)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        for words, value in choices:
            self.addItem(words, value)

    def show_value(self, value: object) -> None:
        """Shows the words that stand for a value, without telling of it."""
        was_blocked = self.blockSignals(True)
        self.setCurrentIndex(self.findData(value))
        self.blockSignals(was_blocked)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Lets the wheel scroll what is around it rather than change a value that the pointer happens to be over."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints an arrow where the style sheet leaves none."""
        super().paintEvent(event)
        if sys.platform == "darwin":
            return
        size, edge = scaled_px(_ARROW_PX), scaled_px(_ARROW_EDGE_PX)
        is_mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        left = edge if is_mirrored else self.width() - edge - size
        top = self.height() / 2 - size / 4
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(dim_text(self.palette()), max(1.5, size / 5))
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.drawPolyline([QPointF(left + x * size, top + y * size) for x, y in ((0, 0), (0.5, 0.5), (1, 0))])
        painter.end()
