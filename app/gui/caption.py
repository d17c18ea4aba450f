"""Dim text for figures and captions, right in light and dark."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QLabel

from app.gui.look import SMALL_PX, dim_text, sized


class Caption(QLabel):
    """A label in the size and colour of captions; it follows the system's palette."""

    def __init__(self, text: str = "", pixels: int = SMALL_PX) -> None:
        super().__init__(text)
        self._pixels = pixels
        self.setFont(sized(self.font(), pixels))
        self._dim()

    def changeEvent(self, event: QEvent) -> None:
        """Takes the colour anew when the system's palette changed."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.ApplicationPaletteChange, QEvent.Type.StyleChange):
            self._dim()

    def _dim(self) -> None:
        colour = dim_text(QApplication.palette())
        palette = self.palette()
        if palette.color(QPalette.ColorRole.WindowText) != colour:
            palette.setColor(QPalette.ColorRole.WindowText, colour)
            self.setPalette(palette)
