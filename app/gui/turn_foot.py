"""What stands under an answer: how it ended, what it cost, and what can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import (
    QColor,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextFormat,
)

from app.gui.look import SMALL_PX, STATE_RED, dim_text, link_text, scaled_px, state_colour
from app.gui.sealed_markdown import LINE_HEIGHT_PERCENT
from app.gui.wording import figures_text, outcome_text, spoken

if TYPE_CHECKING:
    from PySide6.QtGui import QPalette, QTextDocument

    from app.core.conversation import AskedTurn

COPY, RETRY, REPORT = "copy", "retry", "report"
COPY_QUESTION, EDIT = "copy-question", "edit"
_PROPORTIONAL = QTextBlockFormat.LineHeightTypes.ProportionalHeight.value


def write_foot(document: QTextDocument, turn: AskedTurn, palette: QPalette) -> None:
    """Writes the foot of a turn that has ended at the document's end."""
    translate = QCoreApplication.translate
    cursor = QTextCursor(document)
    cursor.movePosition(QTextCursor.MoveOperation.End)
    if turn.error is not None:
        red = QTextCharFormat()
        red.setForeground(state_colour(STATE_RED, palette))
        _begin_line(cursor, _line_block())
        cursor.insertText(f"⚠ {spoken(turn.error.text)}", red)
        if turn.error.hint:
            _begin_line(cursor, _line_block())
            cursor.insertText(spoken(turn.error.hint), QTextCharFormat())
    dim = small_format(dim_text(palette))
    _begin_line(cursor, small_block(top=2))
    said = [text for text in (outcome_text(turn), figures_text(turn)) if text]
    cursor.insertText(" · ".join(said), dim)
    commands = [(COPY, translate("ResultView", "Copy"))] if turn.answer else []
    if turn.outcome == "failed":
        commands.append((RETRY, translate("ResultView", "Try again")))
        commands.append((REPORT, translate("ResultView", "Copy report")))
    gap = "   " if said else ""
    for command, words in commands:
        cursor.insertText(gap, dim)
        link = small_format(link_text(palette))
        link.setAnchor(True)
        link.setAnchorHref(f"{command}:{turn.request_id}")
        cursor.insertText(words, link)
        gap = "   "


def small_block(top: float = 0, bottom: float = 0) -> QTextBlockFormat:
    """The block of a line of captions."""
    style = QTextBlockFormat()
    style.setTopMargin(top)
    style.setBottomMargin(bottom)
    style.setLineHeight(LINE_HEIGHT_PERCENT, _PROPORTIONAL)
    return style


def small_format(colour: QColor) -> QTextCharFormat:
    """The letters of captions."""
    style = QTextCharFormat()
    style.setProperty(QTextFormat.Property.FontPixelSize.value, scaled_px(SMALL_PX))
    style.setForeground(colour)
    return style


def _line_block() -> QTextBlockFormat:
    return small_block(bottom=2)


def _begin_line(cursor: QTextCursor, block: QTextBlockFormat) -> None:
    """Goes to a line of its own: a new one, unless the last is still empty."""
    if cursor.block().text() or cursor.block().textList() is not None:
        cursor.insertBlock(block, QTextCharFormat())
        block_list = cursor.block().textList()
        if block_list is not None:
            block_list.remove(cursor.block())
    cursor.setBlockFormat(block)
