"""One of several choices, whose circle can be seen on dark ground too."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPalette, QPen
from PySide6.QtWidgets import QRadioButton

from app.gui.focus_ring import PAINTS_OWN_FOCUS
from app.gui.look import accent_ground, accent_text, button_ground, dim_text, focus_ring, scaled_px

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

_SIZE_PX, _GAP_PX, _DOT = 16, 8, 0.38


class RoundChoice(QRadioButton):
    """The system's own on macOS; elsewhere with a circle as plain as the frame of the fields."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.setProperty(PAINTS_OWN_FOCUS, True)

    def sizeHint(self) -> QSize:
        """The circle and the words."""
        if sys.platform == "darwin":
            return super().sizeHint()
        metrics = self.fontMetrics()
        side = scaled_px(_SIZE_PX)
        return QSize(side + _GAP_PX + metrics.horizontalAdvance(self.text()) + 2, max(side, metrics.height()) + 4)

    def hitButton(self, pos: QPoint, /) -> bool:
        """Takes a click anywhere on it."""
        return self.rect().contains(pos)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the circle, the dot of what is chosen, and the words."""
        if sys.platform == "darwin":
            super().paintEvent(event)
            return
        palette, side = self.palette(), scaled_px(_SIZE_PX)
        circle = QRectF(0, (self.height() - side) / 2, side, side).adjusted(1, 1, -1, -1)
        ground = accent_ground(palette) if self.isChecked() else button_ground(palette)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(ground)
        frame = ground if self.isChecked() else dim_text(palette)
        painter.setPen(QPen(focus_ring(palette), 2) if self.hasFocus() else QPen(frame, 1))
        painter.drawEllipse(circle)
        if self.isChecked():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(accent_text(palette))
            dot = circle.width() * _DOT / 2
            painter.drawEllipse(QPointF(circle.center()), dot, dot)
        painter.setPen(palette.color(QPalette.ColorRole.WindowText))
        words = self.rect().adjusted(side + _GAP_PX, 0, 0, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.text())
        painter.end()
