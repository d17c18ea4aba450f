"""A document that loads nothing: the words in it come from outside and are not to be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray
from PySide6.QtGui import QTextDocument

from app.gui.answers.answer_look import indent_px

if TYPE_CHECKING:
    from PySide6.QtCore import QObject, QUrl
    from PySide6.QtGui import QFont


class SealedDocument(QTextDocument):
    """A document that never reads a file or an address."""

    def __init__(self, parent: QObject, font: QFont) -> None:
        super().__init__(parent)
        self.setUndoRedoEnabled(False)
        self.setDefaultFont(font)
        self.setIndentWidth(indent_px())

    def loadResource(self, kind: int, address: QUrl | str) -> object:
        """Nothing, whatever is asked for."""
        return QByteArray()
