"""A check box without words whose frame can be seen on dark ground too."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPalette, QPen
from PySide6.QtWidgets import QCheckBox

from app.gui.contrast import mixed
from app.gui.look import accent_ground, accent_text, button_ground, dim_text, focus_ring, scaled_px

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

_SIZE_PX, _MARGIN_PX, _RADIUS_PX = 16, 2, 4
_MARK = ((0.25, 0.52), (0.43, 0.70), (0.76, 0.32))


class Tick(QCheckBox):
    """The system's own box on macOS; elsewhere one with a frame as plain as that of the fields."""

    def sizeHint(self) -> QSize:
        """A square."""
        if sys.platform == "darwin":
            return super().sizeHint()
        side = scaled_px(_SIZE_PX) + 2 * _MARGIN_PX
        return QSize(side, side)

    def minimumSizeHint(self) -> QSize:
        """The same."""
        return self.sizeHint()

    def hitButton(self, pos: QPoint, /) -> bool:
        """Takes a click anywhere on it."""
        return self.rect().contains(pos)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the frame, and the mark when it is ticked."""
        if sys.platform == "darwin":
            super().paintEvent(event)
            return
        palette, side = self.palette(), scaled_px(_SIZE_PX)
        box = QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side).adjusted(0.5, 0.5, -0.5, -0.5)
        ground = accent_ground(palette) if self.isChecked() else button_ground(palette)
        frame = ground if self.isChecked() else dim_text(palette)
        if not self.isEnabled():
            ground = frame = mixed(palette.color(QPalette.ColorRole.Window), dim_text(palette), 0.4)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(ground)
        painter.setPen(QPen(focus_ring(palette), 2) if self.hasFocus() else QPen(frame, 1))
        painter.drawRoundedRect(box, _RADIUS_PX, _RADIUS_PX)
        if self.isChecked():
            pen = QPen(accent_text(palette), max(1.5, side / 8))
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.setPen(pen)
            painter.drawPolyline([QPointF(box.x() + x * box.width(), box.y() + y * box.height()) for x, y in _MARK])
        painter.end()
