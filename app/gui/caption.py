"""Dim text for figures and captions, right in light and dark."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QApplication, QLabel, QSizePolicy

from app.gui.look import SMALL_PX, dim_text, sized


class Caption(QLabel):
    """A label in the size and colour of captions; it follows the system's palette and font.

    Args:
        text: What it says.
        pixels: Size of the letters in the design; they grow with the system's.
        weight: Their weight.
        is_dim: In the colour of captions; otherwise in that of text.
        is_elided: Takes whatever width there is, and ends in “…” where that is too little.
    """

    def __init__(
        self,
        text: str = "",
        pixels: int = SMALL_PX,
        weight: QFont.Weight = QFont.Weight.Normal,
        *,
        is_elided: bool = False,
        is_dim: bool = True,
    ) -> None:
        super().__init__(text)
        self._is_elided = is_elided
        if is_elided:
            self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._design_px = pixels
        self._weight = weight
        self._is_dim = is_dim
        self._dim()
        self._size()

    def changeEvent(self, event: QEvent) -> None:
        """Takes colour and size anew when the system's changed: the style sheet changes with each of them."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._dim()
            self._size()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the text, shortened where it has to be."""
        if not self._is_elided:
            super().paintEvent(event)
            return
        painter = QPainter(self)
        area = self.contentsRect()
        words = self.words_within(area.width())
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)
        painter.end()

    def words_within(self, width_px: int) -> str:
        """The text as far as there is room for it."""
        return self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, width_px)

    def colour(self) -> QColor:
        """The colour of the letters where they are not those of usual text."""
        return dim_text(QApplication.palette())

    def _dim(self) -> None:
        if not self._is_dim:
            return
        colour = self.colour()
        palette = self.palette()
        if palette.color(QPalette.ColorRole.WindowText) != colour:
            palette.setColor(QPalette.ColorRole.WindowText, colour)
            self.setPalette(palette)

    def _size(self) -> None:
        font = sized(self.font(), self._design_px, self._weight)
        if font != self.font():
            self.setFont(font)
