"""What stands under a question and under an answer: how it ended, what it cost, and what can be done with it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QTextBlockFormat, QTextCharFormat, QTextCursor

from app.core.files import shown_name
from app.gui.answers.answer_look import BLOCK_GAP_PX, CAPTION, CODE, FOOT, GAP, PHASE, TABLE, block_format, kind_of
from app.gui.look import STATE_RED, state_colour
from app.gui.wording import figures_text, number, outcome_text, paragraph, spoken

if TYPE_CHECKING:
    from PySide6.QtGui import QTextDocument

    from app.core.conversation import AskedTurn
    from app.gui.answers.answer_look import AnswerLook

COPY, RETRY, REPORT = "copy", "retry", "report"
COPY_QUESTION, EDIT = "copy-question", "edit"
GO_ON, PARTS = "go-on", "parts"
COMMANDS = frozenset({COPY, RETRY, REPORT, COPY_QUESTION, EDIT, GO_ON})
_BETWEEN_CHINESE = re.compile("(?<=[\u3400-\u9fff])(?=[\u3400-\u9fff])")
_GAP = "   "
_MOST_NAMES = 8
_AFTER_CODE_PX = 16


def write_question_foot(cursor: QTextCursor, turn: AskedTurn, look: AnswerLook) -> None:
    """Writes the line under a question: what was shown with it, and what can be done with it."""
    translate = QCoreApplication.translate
    style = block_format(CAPTION, bottom=8)
    style.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignAbsolute)
    cursor.insertBlock(style, look.dim)
    names = [shown_name(source.name) for source in turn.question.sources]
    if len(names) > _MOST_NAMES:
        words = translate("ResultView", "shown: {0} and {1} more")
        first, others = ", ".join(names[: _MOST_NAMES - 1]), number(len(names) - _MOST_NAMES + 1)
        cursor.insertText(words.format(first, others) + _GAP, look.dim)
    elif names:
        cursor.insertText(translate("ResultView", "shown: {0}").format(", ".join(names)) + _GAP, look.dim)
    cursor.insertText(
        _unbroken(translate("ResultView", "Copy question")), look.command(f"{COPY_QUESTION}:{turn.request_id}")
    )
    cursor.insertText(_GAP, look.dim)
    cursor.insertText(_unbroken(translate("ResultView", "Edit")), look.command(f"{EDIT}:{turn.request_id}"))


def write_foot(document: QTextDocument, turn: AskedTurn, look: AnswerLook, *, has_parts: bool = False) -> None:
    """Writes the foot of a turn that has ended at the document's end.

    Args:
        document: Where to.
        turn: The turn.
        look: How it is set.
        has_parts: Whether the parts of a long video stand below the answer.
    """
    translate = QCoreApplication.translate
    cursor = QTextCursor(document)
    cursor.movePosition(QTextCursor.MoveOperation.End)
    if turn.error is not None:
        red = QTextCharFormat()
        red.setForeground(state_colour(STATE_RED, look.palette))
        _begin_line(cursor, block_format(FOOT, bottom=2))
        cursor.insertText(f"⚠ {spoken(turn.error.text)}", red)
        if turn.error.hint:
            _begin_line(cursor, block_format(FOOT, bottom=2))
            cursor.insertText(spoken(turn.error.hint), QTextCharFormat())
    for words in _media_notes(turn):
        _begin_line(cursor, block_format(FOOT, bottom=2))
        cursor.insertText(words, look.dim)
    _begin_line(cursor, block_format(FOOT, top=2, bottom=0))
    said = [text for text in (outcome_text(turn), figures_text(turn)) if text]
    cursor.insertText(" · ".join(said), look.dim)
    commands = [(COPY, translate("ResultView", "Copy"))] if turn.told_answer else []
    if turn.segments and turn.answer:
        words = translate("ResultView", "Hide parts") if has_parts else translate("ResultView", "Show parts")
        commands.append((PARTS, words))
    if turn.can_go_on:
        commands.append((GO_ON, translate("ResultView", "Continue")))
    if turn.outcome == "failed":
        commands.append((RETRY, translate("ResultView", "Try again")))
        commands.append((REPORT, translate("ResultView", "Copy report")))
    else:
        commands.append((RETRY, translate("ResultView", "Ask again")))
    gap = _GAP if said else ""
    together = _GAP.replace(" ", "\u00a0")
    for at, (command, words) in enumerate(commands):
        cursor.insertText(together if at else gap, look.dim)
        cursor.insertText(_unbroken(words), look.command(f"{command}:{turn.request_id}"))


def _media_notes(turn: AskedTurn) -> list[str]:
    """What is to be known about how each picture and video was opened, with its name where there are several."""
    parts = [paragraph(*(spoken(note) for note in turn.segment_notes))] if turn.segment_notes else []
    noted = [(medium.name, paragraph(*(spoken(note) for note in medium.notes))) for medium in turn.media]
    if len(noted) <= 1:
        return [words for _, words in noted if words] + parts
    template = QCoreApplication.translate("Wording", "“{0}”: {1}")
    return [template.format(shown_name(name), words) for name, words in noted if words] + parts


def _unbroken(words: str) -> str:
    """A command's words for one line; a line could end between any two Chinese letters."""
    return _BETWEEN_CHINESE.sub("\u2060", words.replace(" ", "\u00a0"))


def _begin_line(cursor: QTextCursor, block: QTextBlockFormat) -> None:
    """Goes to a line of its own: a new one, unless the last is empty and no part of the answer."""
    last = cursor.block()
    if kind_of(last) == GAP and kind_of(last.previous()) == TABLE:
        block.setTopMargin(BLOCK_GAP_PX)
        cursor.insertBlock(block, QTextCharFormat())
        return
    if last.text() or kind_of(last) not in {PHASE, GAP}:
        if kind_of(last) == CODE:
            block.setTopMargin(_AFTER_CODE_PX)
        cursor.insertBlock(block, QTextCharFormat())
    else:
        cursor.setBlockFormat(block)
