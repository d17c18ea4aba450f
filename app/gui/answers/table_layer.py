"""The wide tables of a conversation: widgets over their places in the text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QWidget

from app.gui.answers.answer_look import WIDE_TABLE, Role, kind_of, number_property

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtCore import QUrl
    from PySide6.QtWidgets import QTextBrowser

    from app.gui.answers.wide_table import WideTable


class TableLayer(QObject):
    """Makes the widgets, puts them where they belong and keeps which table needs how much room."""

    def __init__(self, view: QTextBrowser, margin_px: int, on_link: Callable[[QUrl], None]) -> None:
        super().__init__(view)
        self._view = view
        self._margin_px = margin_px
        self._on_link = on_link
        self._tables: dict[int, WideTable] = {}
        self._needed_px: dict[int, float] = {}

    def clear(self) -> None:
        """Takes all tables away."""
        for table in self._tables.values():
            table.hide()
            table.deleteLater()
        self._tables.clear()
        self._needed_px.clear()

    def fits(self, group: int, needed_px: float, indent_px: float) -> bool:
        """Whether a table of this width can stand in the text; it is asked again when the width changes."""
        self._needed_px[group] = needed_px + indent_px
        return needed_px + indent_px <= self._room_px()

    def is_outdated(self) -> bool:
        """Whether a table stands in the text that is too wide for it now, or over it without need."""
        room = self._room_px()
        return any((needed > room) != (group in self._tables) for group, needed in self._needed_px.items())

    def wide_table(self, group: int) -> WideTable:
        """The widget of this table, made at first use."""
        if group not in self._tables:
            from app.gui.answers.wide_table import WideTable  # noqa: PLC0415 - few conversations have one

            table = WideTable(self._view)
            table.anchorClicked.connect(self._on_link)
            before = list(self._tables.values())[-1] if self._tables else self._view
            QWidget.setTabOrder(before, table)
            self._tables[group] = table
        return self._tables[group]

    def place(self) -> None:
        """Puts the widgets where their places in the text are."""
        document = self._view.document()
        for group, table in self._tables.items():
            block = document.findBlock(table.position)
            if kind_of(block) != WIDE_TABLE or number_property(block.blockFormat(), Role.GROUP) != group:
                table.hide()
                continue
            rect = document.documentLayout().blockBoundingRect(block)
            left = self._margin_px + round(table.indent_px)
            top = round(rect.top()) - self._view.verticalScrollBar().value()
            width = self._view.viewport().width() - left - self._margin_px
            table.setGeometry(left, top, width, table.wanted_height())
            table.show()

    def markdown(self, group: int) -> str:
        """A table, as Markdown."""
        from app.gui.answers.markdown_copy import markdown_of  # noqa: PLC0415 - wanted only when something is copied

        if group not in self._tables:
            return ""
        cursor = QTextCursor(self._tables[group].document())
        cursor.select(QTextCursor.SelectionType.Document)
        return markdown_of(cursor)

    def _room_px(self) -> float:
        return float(self._view.viewport().width() - 2 * self._margin_px)
