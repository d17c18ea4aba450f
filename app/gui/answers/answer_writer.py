"""Writes a growing answer at the end of a document: finished blocks are left alone, only the last is set anew."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtGui import QTextCursor

from app.gui.answers.answer_blocks import BlockWriter
from app.gui.answers.answer_cuts import showable

if TYPE_CHECKING:
    from PySide6.QtGui import QTextDocument

    from app.gui.answers.answer_blocks import TableHost
    from app.gui.answers.answer_look import AnswerLook
    from app.gui.answers.answer_reader import AnswerReader
    from app.gui.answers.time_links import TimeLinks

_LEAST_READINGS = 2


class AnswerWriter:
    """Owns everything from the document's last block on; that block must be empty, or hold words to be replaced."""

    def __init__(self, document: QTextDocument, look: AnswerLook, host: TableHost, first_group: int = 0) -> None:
        self._document = document
        self._blocks = BlockWriter(document, look, host, first_group)
        self._mark = self._blocks.mark()
        self._first_mark = self._mark
        self._start = self._mark.position
        self._reader: AnswerReader | None = None
        self._seen_chars = 0
        self._text = ""
        self._was_whole = False
        self._knows_references = False

    @property
    def tail_start(self) -> int:
        """The document's position from which on the next words may change what is there."""
        return self._mark.position

    @property
    def start(self) -> int:
        """The document's position at which the answer begins."""
        return self._start

    @property
    def group(self) -> int:
        """The number of the last program or table."""
        return self._blocks.group

    def take_time_links(self, times: TimeLinks | None) -> None:
        """Makes links of the times in what is written from now on."""
        self._blocks.times = times

    def write(self, text: str, *, budget_s: float, is_whole: bool = False) -> bool:
        """Brings the document from the answer's earlier words to these, which begin with the same.

        Args:
            text: The answer so far.
            budget_s: After how much of this thread's time to leave the rest for later.
            is_whole: Whether nothing more will come.

        Returns:
            Whether all is written.
        """
        if len(text) == self._seen_chars and is_whole == self._was_whole:
            return True
        end = time.thread_time() + budget_s
        if len(text) > len(self._text):
            self._text += showable(text[len(self._text) :])
        reader = self._reader or self._make_reader()
        cursor = QTextCursor(self._document)
        cursor.beginEditBlock()
        self._blocks.go_back(self._mark)
        is_all, readings = False, 0
        while not is_all:
            reading = reader.read(self._text, is_whole=is_whole)
            is_all = reading.is_all
            finished = reading.leaves[:-1] if reading.is_last_open else reading.leaves
            for leaf in finished:
                self._blocks.write(leaf, is_open=False)
            self._mark = self._blocks.mark()
            if is_all and is_whole and reader.references and not self._knows_references:
                reader, is_all = self._begin_again(reader), False
                continue
            readings += 1
            is_late = readings >= _LEAST_READINGS and time.thread_time() > end
            if reading.is_last_open and (is_all or is_late):
                self._blocks.write(reading.leaves[-1], is_open=True)
            if is_late:
                break
        cursor.endEditBlock()
        if is_all:
            self._seen_chars, self._was_whole = len(text), is_whole
        return is_all

    def start_over(self) -> None:
        """Takes back all that was written: the next words need not begin with it."""
        self._mark = self._first_mark
        self._blocks.go_back(self._mark)
        self._reader = None
        self._text, self._seen_chars = "", 0
        self._was_whole = self._knows_references = False

    def _begin_again(self, reader: AnswerReader) -> AnswerReader:
        """Takes everything back to write it with the addresses that links were given at the end."""
        self._knows_references = True
        self._mark = self._first_mark
        self._blocks.go_back(self._mark)
        self._reader = reader.anew()
        return self._reader

    def _make_reader(self) -> AnswerReader:
        from app.gui.answers.answer_reader import AnswerReader  # noqa: PLC0415 - the parser is imported with the first answer
        from app.gui.answers.answer_syntax import make_parser  # noqa: PLC0415

        self._reader = AnswerReader(make_parser())
        return self._reader
