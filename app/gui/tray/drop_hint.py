"""The dashed place at the foot of the tray that says how pictures and videos come here."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QKeySequence, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.gui.contrast import mixed
from app.gui.look import RADIUS_PX, SMALL_PX, dim_text, hairline, scaled_px, sized

_SIDE_PX = 12
_HEIGHT_PX = 68
_TOP_PX = 8
_EDGE_SHARE = 0.35


class DropHint(QWidget):
    """Two dim lines in a dashed frame; the whole window takes drops."""

    def __init__(self) -> None:
        super().__init__()
        self._words = self.tr("Drop files or a folder")
        keys = QKeySequence(QKeySequence.StandardKey.Paste).toString(QKeySequence.SequenceFormat.NativeText)
        self._more = self.tr("or press {0}").format(keys)
        self.setAccessibleName(f"{self._words} {self._more}")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Room for both lines in the system's letters."""
        return QSize(scaled_px(120), scaled_px(_HEIGHT_PX) + _TOP_PX + _SIDE_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the frame and the words."""
        palette = self.palette()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(self.rect()).adjusted(_SIDE_PX + 0.5, _TOP_PX + 0.5, -_SIDE_PX - 0.5, -_SIDE_PX - 0.5)
        pen = QPen(mixed(hairline(palette), dim_text(palette), _EDGE_SHARE), 1, Qt.PenStyle.CustomDashLine)
        pen.setDashPattern([4, 3])
        painter.setPen(pen)
        painter.drawRoundedRect(frame, RADIUS_PX, RADIUS_PX)
        painter.setFont(sized(self.font(), SMALL_PX))
        painter.setPen(dim_text(palette))
        room = frame.adjusted(4, 4, -4, -4)
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(room, flags, f"{self._words}\n{self._more}")
        painter.end()
