"""Dim text for figures and captions, right in light and dark."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QApplication, QLabel, QSizePolicy

from app.gui.look import SMALL_PX, dim_text, sized


class Caption(QLabel):
    """A label in the size and colour of captions; it follows the system's palette.

    Args:
        text: What it says.
        pixels: Size of the letters.
        is_elided: Takes whatever width there is, and ends in “…” where that is too little.
    """

    def __init__(self, text: str = "", pixels: int = SMALL_PX, *, is_elided: bool = False) -> None:
        super().__init__(text)
        self._is_elided = is_elided
        if is_elided:
            self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setFont(sized(self.font(), pixels))
        self._dim()

    def changeEvent(self, event: QEvent) -> None:
        """Takes the colour anew when the system's palette changed."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.ApplicationPaletteChange, QEvent.Type.StyleChange):
            self._dim()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the text, shortened where it has to be."""
        if not self._is_elided:
            super().paintEvent(event)
            return
        painter = QPainter(self)
        area = self.contentsRect()
        words = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, area.width())
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)
        painter.end()

    def _dim(self) -> None:
        colour = dim_text(QApplication.palette())
        palette = self.palette()
        if palette.color(QPalette.ColorRole.WindowText) != colour:
            palette.setColor(QPalette.ColorRole.WindowText, colour)
            self.setPalette(palette)
