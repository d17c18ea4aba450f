"""Writes a growing answer at the end of a document: finished blocks are left alone, only the tail is set anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QFont, QPalette, QTextBlockFormat, QTextCharFormat, QTextCursor, QTextDocumentFragment

from app.gui.markdown_tail import finished_end
from app.gui.sealed_markdown import rendered

if TYPE_CHECKING:
    from PySide6.QtGui import QTextDocument

_LONG_TAIL = 2_000
_TAIL_GROWTH = 1.5


class AnswerWriter:
    """Owns everything from the document's last block on; that block must be empty.

    A tail that has grown long (one great table or program) is set as Markdown only each time it has grown by half, and
    what comes between stands there as it came: the work stays in proportion to the answer's length.
    """

    def __init__(self, document: QTextDocument, font: QFont, palette: QPalette) -> None:
        self._document = document
        self._font = font
        self._palette = palette
        self._start = document.characterCount() - 1
        self._tail_start = self._start
        self._finished_chars = 0
        self._written_chars = 0
        self._rendered_tail_chars = 0

    @property
    def tail_start(self) -> int:
        """The document's position from which on the next words may change what is there."""
        return self._tail_start

    @property
    def start(self) -> int:
        """The document's position at which the answer begins."""
        return self._start

    def write(self, text: str) -> None:
        """Brings the document from the answer's earlier words to these, which begin with the same."""
        if len(text) == self._written_chars:
            return
        cursor = QTextCursor(self._document)
        cursor.beginEditBlock()
        end = finished_end(text, self._finished_chars)
        if end > self._finished_chars:
            self._set_tail(cursor, text[self._finished_chars : end].rstrip("\n"))
            self._freeze(cursor)
            self._finished_chars = end
            self._rendered_tail_chars = 0
        tail = text[self._finished_chars :]
        if len(tail) < _LONG_TAIL or len(tail) >= self._rendered_tail_chars * _TAIL_GROWTH:
            self._set_tail(cursor, tail)
            self._rendered_tail_chars = len(tail)
        else:
            cursor.movePosition(QTextCursor.MoveOperation.End)
            cursor.insertText(text[self._written_chars :])
        self._written_chars = len(text)
        cursor.endEditBlock()

    def finish(self, text: str) -> None:
        """Sets the whole answer once more, as its parts may read differently together (numbered lists do)."""
        if self._finished_chars == 0 and self._rendered_tail_chars == len(text):
            return
        cursor = QTextCursor(self._document)
        cursor.beginEditBlock()
        self._tail_start = self._start
        self._set_tail(cursor, text)
        self._finished_chars = 0
        self._rendered_tail_chars = self._written_chars = len(text)
        cursor.endEditBlock()

    def _set_tail(self, cursor: QTextCursor, text: str) -> None:
        cursor.setPosition(self._tail_start)
        cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
        block_list = cursor.block().textList()
        if block_list is not None:
            block_list.remove(cursor.block())
        cursor.setBlockFormat(QTextBlockFormat())
        cursor.setCharFormat(QTextCharFormat())
        if not text.strip():
            return
        document = rendered(text, self._font, self._palette)
        cursor.insertFragment(QTextDocumentFragment(document))
        first = document.begin()
        if first.textList() is None:
            cursor.setPosition(self._tail_start)
            cursor.setBlockFormat(first.blockFormat())

    def _freeze(self, cursor: QTextCursor) -> None:
        """Makes everything there finished: the tail begins in a block of its own."""
        cursor.movePosition(QTextCursor.MoveOperation.End)
        if cursor.block().text() or cursor.block().textList() is not None:
            cursor.insertBlock(QTextBlockFormat(), QTextCharFormat())
        block_list = cursor.block().textList()
        if block_list is not None:
            block_list.remove(cursor.block())
        self._tail_start = cursor.position()
