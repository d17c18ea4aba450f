"""What the next question costs, dim as all figures are, and in the colour of warnings when little room is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from app.gui.caption import Caption
from app.gui.describing import describe
from app.gui.look import STATE_AMBER, state_colour

if TYPE_CHECKING:
    from collections.abc import Sequence


class CostCaption(Caption):
    """A caption that can warn; its words begin with a sign then, so that the colour is not alone."""

    def __init__(self) -> None:
        self._is_warning = False
        self._shorter: tuple[str, ...] = ()
        super().__init__(is_elided=True)
        self.setObjectName("costCaption")

    def show_cost(self, words: Sequence[str], detail: str, *, is_warning: bool) -> None:
        """Shows the first of the words for which there is room; the detail is for those who ask or listen."""
        self._shorter = tuple(words[1:])
        self.setText(words[0])
        self.update()
        describe(self, detail)
        if is_warning != self._is_warning:
            self._is_warning = is_warning
            self._dim()

    def words_within(self, width_px: int) -> str:
        """The fullest words that fit, or the shortest cut."""
        metrics = self.fontMetrics()
        fitting = (words for words in (self.text(), *self._shorter) if metrics.horizontalAdvance(words) <= width_px)
        shortest = self._shorter[-1] if self._shorter else self.text()
        return next(fitting, None) or metrics.elidedText(shortest, Qt.TextElideMode.ElideRight, width_px)

    def colour(self) -> QColor:
        """Amber while it warns."""
        return state_colour(STATE_AMBER, QApplication.palette()) if self._is_warning else super().colour()
