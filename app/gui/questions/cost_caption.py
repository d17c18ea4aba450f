"""What the next question costs, dim as all figures are, and in the colour of warnings when little room is left."""

from __future__ import annotations

from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from app.gui.caption import Caption
from app.gui.describing import describe
from app.gui.look import STATE_AMBER, state_colour


class CostCaption(Caption):
    """A caption that can warn; its words begin with a sign then, so that the colour is not alone."""

    def __init__(self) -> None:
        self._is_warning = False
        super().__init__(is_elided=True)
        self.setObjectName("costCaption")

    def show_cost(self, words: str, detail: str, *, is_warning: bool) -> None:
        """Shows the words; the detail is for those who ask or listen."""
        self.setText(words)
        describe(self, detail)
        if is_warning != self._is_warning:
            self._is_warning = is_warning
            self._dim()

    def colour(self) -> QColor:
        """Amber while it warns."""
        return state_colour(STATE_AMBER, QApplication.palette()) if self._is_warning else super().colour()
