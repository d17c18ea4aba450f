"""The small button that brings a reader down to new text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton

if TYPE_CHECKING:
    from PySide6.QtWidgets import QTextBrowser

_FROM_BELOW_PX = 8


class EndButton(QToolButton):
    """Stands at the lower edge of a text while there is something new below."""

    def __init__(self, view: QTextBrowser) -> None:
        super().__init__(view)
        self._view = view
        self.setObjectName("newTextButton")
        self.setProperty("isButton", True)
        self.setText(self.tr("New text below ↓"))
        self.setAccessibleName(self.tr("Go to the new text below"))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.hide()

    def offer(self) -> None:
        """Comes into sight, or goes to the new place of the edge."""
        self.adjustSize()
        area = self._view.viewport().geometry()
        self.move(area.center().x() - self.width() // 2, area.bottom() - self.height() - _FROM_BELOW_PX)
        self.show()
        self.raise_()
