"""Writes the leaves of an answer at the end of a document, block by block."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QTextBlockFormat, QTextCharFormat, QTextCursor

from app.core.latex_text import latex_as_text
from app.gui.answers.answer_look import (
    BLOCK_GAP_PX,
    CODE,
    CODE_LABEL,
    FORMULA,
    GAP,
    HEADING,
    LINE_BREAK,
    PARAGRAPH,
    RULE,
    TABLE,
    WIDE_TABLE,
    Role,
    block_format,
    code_format,
    fixed_format,
    indent_px,
    kind_of,
)
from app.gui.answers.answer_tables import columns_of, write_rows
from app.gui.answers.answer_words import write_words
from app.gui.answers.code_colours import coloured, meaning_colour

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtGui import QTextDocument

    from app.gui.answers.answer_leaves import Leaf
    from app.gui.answers.answer_look import AnswerLook
    from app.gui.answers.answer_tables import Columns
    from app.gui.answers.time_links import TimeLinks
    from app.gui.answers.wide_table import WideTable

_ITEM_GAP_PX = 4.0
_RULE_HEIGHT_PX = 17.0
_AFTER_CODE_PX = 18.0
_TASKS = {"[ ] ": " ", "[x] ": "x", "[X] ": "x"}


class TableHost(Protocol):
    """Where tables stand that are too wide for the text."""

    def fits(self, group: int, needed_px: float, indent_px: float) -> bool:
        """Whether a table of this width can stand in the text."""

    def wide_table(self, group: int) -> WideTable:
        """The widget of this table, made at first use."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The state at the end of a document, to go back to."""

    position: int
    block: QTextBlockFormat
    is_empty: bool
    group: int
    columns: Columns | None


class BlockWriter:
    """Appends leaves; the document's last block is its own while it is empty."""

    def __init__(self, document: QTextDocument, look: AnswerLook, host: TableHost, first_group: int) -> None:
        self._look = look
        self._host = host
        self._cursor = QTextCursor(document)
        self._cursor.movePosition(QTextCursor.MoveOperation.End)
        self._is_empty = True
        self._group = first_group
        self._columns: Columns | None = None
        self.times: TimeLinks | None = None
        """Makes links of times; None where there is no video."""

    @property
    def group(self) -> int:
        """The number of the last program or table."""
        return self._group

    def mark(self) -> Mark:
        """The state now."""
        self._cursor.movePosition(QTextCursor.MoveOperation.End)
        block = self._cursor.blockFormat()
        return Mark(self._cursor.position(), block, self._is_empty, self._group, self._columns)

    def go_back(self, mark: Mark) -> None:
        """Takes away all that was written after the mark."""
        cursor = self._cursor
        cursor.setPosition(mark.position)
        cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
        if cursor.blockFormat() != mark.block:
            cursor.setBlockFormat(mark.block)
        self._is_empty, self._group, self._columns = mark.is_empty, mark.group, mark.columns

    def write(self, leaf: Leaf, *, is_open: bool) -> None:
        """Appends a leaf."""
        self._cursor.movePosition(QTextCursor.MoveOperation.End)
        if leaf.kind == "code":
            self._write_code(leaf)
        elif leaf.kind == "table":
            self._write_table(leaf, is_open=is_open)
        elif leaf.kind == "rule":
            self._begin(self._boxed(fixed_format(RULE, len(leaf.boxes), _RULE_HEIGHT_PX), leaf))
        elif leaf.kind == "formula":
            self._write_formula(leaf)
        else:
            self._write_words(leaf)

    def _begin(self, style: QTextBlockFormat) -> None:
        """Goes to a block of its own."""
        before = self._cursor.block().previous() if self._is_empty else self._cursor.block()
        if kind_of(before) == CODE:
            style.setTopMargin(max(style.topMargin(), _AFTER_CODE_PX))
        elif kind_of(before) == TABLE and kind_of(self._cursor.block()) == GAP:
            # The empty block behind a table takes no room, and one with words in it loses its margin.
            style.setTopMargin(max(style.topMargin(), BLOCK_GAP_PX))
            self._is_empty = style.property(Role.KIND.value) == GAP
        elif before.blockFormat().indent() > style.indent():
            style.setTopMargin(max(style.topMargin(), BLOCK_GAP_PX))
        if self._is_empty:
            self._cursor.setBlockFormat(style)
            self._cursor.setCharFormat(QTextCharFormat())
        else:
            self._cursor.insertBlock(style, QTextCharFormat())
        self._is_empty = False

    def _boxed(self, style: QTextBlockFormat, leaf: Leaf) -> QTextBlockFormat:
        if leaf.boxes:
            style.setProperty(Role.BOXES.value, " ".join(box.mark for box in leaf.boxes))
            style.setProperty(Role.BEGINS.value, leaf.begins)
        return style

    def _write_words(self, leaf: Leaf) -> None:
        is_heading = leaf.kind == "heading"
        is_in_item = bool(leaf.boxes) and not leaf.boxes[-1].is_quote
        style = block_format(HEADING if is_heading else PARAGRAPH, len(leaf.boxes), top=8 if is_heading else 0)
        if is_in_item:
            style.setBottomMargin(_ITEM_GAP_PX)
        if leaf.begins and not is_in_item and leaf.boxes:
            style.setTopMargin(2)
        if is_heading:
            style.setHeadingLevel(leaf.level)
        inline = leaf.inline
        task = _TASKS.get(inline[0].content[:4], "") if inline and is_in_item and leaf.begins else ""
        if task:
            style.setProperty(Role.TASK.value, task)
        if leaf.is_continued:
            style.setTopMargin(0)
            style.setProperty(Role.IS_CONTINUED.value, 1)
        style.setProperty(Role.SOURCE.value, leaf.source)
        self._begin(self._boxed(style, leaf))
        if task:
            first = inline[0].copy(content=inline[0].content[4:])
            inline = (first, *inline[1:])
        base = self._look.heading if is_heading else self._look.words
        write_words(self._cursor, inline, self._look, base, self.times)

    def _write_formula(self, leaf: Leaf) -> None:
        style = block_format(FORMULA, len(leaf.boxes) + 1)
        opening, closing = leaf.info.split()
        style.setProperty(Role.SOURCE.value, f"{opening}\n{leaf.text}\n{closing}")
        self._begin(self._boxed(style, leaf))
        letters = QTextCharFormat(self._look.words)
        letters.setProperty(Role.SOURCE.value, f"{opening}{leaf.text}{closing}")
        text = latex_as_text(leaf.text) or leaf.text
        self._cursor.insertText(text.replace("\n", LINE_BREAK), letters)

    def _write_code(self, leaf: Leaf) -> None:
        depth = len(leaf.boxes)
        if not leaf.is_continued:
            self._group += 1
            label = self._boxed(code_format(CODE_LABEL, depth, self._group, leaf.info), leaf)
            label.setTopMargin(8)
            label.setBottomMargin(2)
            self._begin(label)
            label.clearProperty(Role.BEGINS.value)
            self._cursor.setBlockFormat(self._boxed(label, leaf))
            words = leaf.info or QCoreApplication.translate("Answer", "Code")
            self._cursor.insertText(f"{words}   ", self._look.on_code(self._look.dim))
            copy = self._look.on_code(self._look.command(f"copy-code:{self._group}"))
            self._cursor.insertText(QCoreApplication.translate("Answer", "Copy"), copy)
        style = self._boxed(code_format(CODE, depth, self._group, leaf.info), leaf)
        style.clearProperty(Role.BEGINS.value)
        first = QTextBlockFormat(style)
        if leaf.is_joined:
            first.setProperty(Role.IS_CONTINUED.value, 1)
        self._cursor.insertBlock(first, self._look.code)
        self._is_empty = False
        for text, letters in self._coloured(leaf):
            self._cursor.insertText(text, letters)
            if leaf.is_joined and "\n" in text:
                self._cursor.setBlockFormat(style)

    def _coloured(self, leaf: Leaf) -> Iterable[tuple[str, QTextCharFormat]]:
        """A program's letters in their colours."""
        pieces = []
        for text, meaning in coloured(leaf.text, leaf.info):
            letters = self._look.code
            if meaning:
                letters = QTextCharFormat(letters)
                letters.setForeground(meaning_colour(meaning, self._look.palette))
            pieces.append((text, letters))
        if self.times is not None and self.times.may_be_in(leaf.info):
            return self.times.linked(pieces, self._look)
        return pieces

    def _write_table(self, leaf: Leaf, *, is_open: bool) -> None:
        depth = len(leaf.boxes)
        if not leaf.is_continued:
            self._group += 1
            begun = columns_of(leaf, self._group, self._look)
            fits = self._host.fits(self._group, sum(begun.least_px), indent_px(depth))
            self._columns = replace(begun, is_wide=not fits)
            self._begin(fixed_format(GAP, depth, 1))
            self._is_empty = True
        columns = self._columns
        if columns is None:
            return
        if not columns.is_wide:
            if not self._is_empty:
                self._begin(fixed_format(GAP, depth, 1))
            write_rows(self._cursor, leaf, columns, self._look, self.times, depth=depth, kind=TABLE)
            self._is_empty = True
            return
        table = self._host.wide_table(columns.group)
        if not leaf.is_continued:
            style = self._boxed(fixed_format(WIDE_TABLE, depth, 10, bottom=8), leaf)
            style.setProperty(Role.GROUP.value, columns.group)
            self._begin(style)
            table.begin(columns, self._look)
            table.position = self._cursor.position()
            table.indent_px = indent_px(depth)
            self._cursor.insertText("\u00a0", self._look.words)
        table.write(leaf, columns, self._look, self.times, is_open=is_open)
        place = QTextCursor(self._cursor.document())
        place.setPosition(table.position)
        style = place.blockFormat()
        style.setLineHeight(table.wanted_height(), QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        place.setBlockFormat(style)
