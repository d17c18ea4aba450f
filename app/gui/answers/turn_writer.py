"""Writes turns into a conversation's text: the question in its bubble, the answer as it comes, the foot at its end."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QFontMetricsF, QTextCharFormat, QTextCursor

from app.gui.announcing import announce
from app.gui.answers.answer_cuts import showable
from app.gui.answers.answer_look import LINE_BREAK, PHASE, QUESTION, Role, block_format
from app.gui.answers.answer_writer import AnswerWriter
from app.gui.answers.phase_words import phase_text
from app.gui.answers.result_painting import BUBBLE_PADDING
from app.gui.answers.time_links import time_links_of
from app.gui.answers.turn_foot import write_foot, write_question_foot
from app.gui.answers.turn_words import words_of
from app.gui.wording import outcome_text, spoken

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from PySide6.QtGui import QTextBlock
    from PySide6.QtWidgets import QTextBrowser

    from app.core.conversation import AskedTurn
    from app.gui.answers.answer_look import AnswerLook
    from app.gui.answers.answer_speech import AnswerSpeech
    from app.gui.answers.table_layer import TableLayer

_BUBBLE_INDENT_PX = 56
_MEASURED_CHARS = 500


@dataclass(slots=True)
class ShownTurn:
    """A turn and how far it stands in the document.

    Attributes:
        turn: As it is now.
        speech: What was said of it to people who listen.
        is_told: Whether they know that it has ended.
        question_at: Where its question stands; less than 0 while it does not.
        writer: Of its answer.
        answer_end: Where a whole answer ends; less than 0 before.
        are_time_links_sought: Whether it is known which clips its times may be about.
        has_parts: Whether what was said of a long video's parts stands below the answer that was made of it.
        written: What of a long video's turn stands there.
    """

    turn: AskedTurn
    speech: AnswerSpeech
    is_told: bool = False
    question_at: int = -1
    writer: AnswerWriter | None = None
    answer_end: int = -1
    are_time_links_sought: bool = False
    has_parts: bool = False
    written: str = ""

    @property
    def words(self) -> str:
        """What stands as its answer."""
        return words_of(self.turn, has_parts=self.has_parts)

    def anew(self) -> ShownTurn:
        """The turn for another document."""
        return ShownTurn(self.turn, self.speech, self.is_told, has_parts=self.has_parts)


class TurnWriter:
    """Writes at the end of one document, in one look."""

    def __init__(self, view: QTextBrowser, look: AnswerLook, tables: TableLayer, margin_px: int) -> None:
        self._view = view
        self._look = look
        self._tables = tables
        self._margin_px = margin_px
        self._group = 0
        self._is_first = True

    def begin(self, shown: ShownTurn) -> None:
        """Writes a question."""
        turn = shown.turn
        cursor = self._end()
        style = block_format(QUESTION, top=8 if self._is_first else 26, bottom=BUBBLE_PADDING[1] + 4)
        style.setRightMargin(BUBBLE_PADDING[0])
        style.setProperty(Role.SOURCE.value, turn.question.text)
        cursor.beginEditBlock()
        if self._is_first:
            cursor.setBlockFormat(style)
        else:
            cursor.insertBlock(style, QTextCharFormat())
        self._is_first = False
        shown.question_at = cursor.position()
        cursor.insertText(showable(turn.question.text).replace("\n", LINE_BREAK), QTextCharFormat())
        self.place_questions([shown])
        write_question_foot(cursor, turn, self._look)
        cursor.insertBlock(block_format(PHASE), QTextCharFormat())
        cursor.endEditBlock()
        shown.writer = AnswerWriter(self._view.document(), self._look, self._tables, self._group)

    def write(self, shown: ShownTurn, earlier: Iterable[AskedTurn], budget_s: float, *, is_model_ready: bool) -> bool:
        """Writes what has come of an answer; tells whether that is all.

        Args:
            shown: The turn.
            earlier: Those before it.
            budget_s: After how much of this thread's time to leave the rest for later.
            is_model_ready: Whether the model could answer at once.
        """
        turn, writer = shown.turn, shown.writer
        if writer is None:
            return True
        words = shown.words
        if not words:
            self._show_phase(phase_text(turn, is_model_ready=is_model_ready) if turn.is_open else "")
            return True
        if not shown.are_time_links_sought:
            shown.are_time_links_sought = True
            writer.take_time_links(time_links_of((*earlier, turn), turn.request_id))
        selected = self._view.textCursor()
        anchor, position = selected.anchor(), selected.position()
        scrolled = self._view.verticalScrollBar().value()
        if turn.segments:
            if not words.startswith(shown.written):
                writer.start_over()
                shown.speech.begin_anew()
            shown.written = words
        tail = writer.tail_start
        is_all = writer.write(words, budget_s=budget_s, is_whole=not turn.is_open)
        if anchor != position and max(anchor, position) > tail:
            last = self._view.document().characterCount() - 1
            selected.setPosition(min(anchor, last))
            selected.setPosition(min(position, last), QTextCursor.MoveMode.KeepAnchor)
            self._view.setTextCursor(selected)
        self._view.verticalScrollBar().setValue(scrolled)
        self._group = writer.group
        if turn.is_open and is_all:
            announce(self._view, shown.speech.due(words, time.monotonic()))
        return is_all

    def end(self, shown: ShownTurn) -> None:
        """Writes the foot, and tells people who listen how the answer ended."""
        turn = shown.turn
        shown.answer_end = self._view.document().characterCount() - 1
        write_foot(self._view.document(), turn, self._look, has_parts=shown.has_parts)
        if not shown.is_told:
            shown.is_told = True
            ended = spoken(turn.error.text) if turn.error is not None else outcome_text(turn)
            ended = ended or QCoreApplication.translate("ResultView", "End of the answer.")
            rest = shown.speech.rest(shown.words, time.monotonic())
            announce(self._view, f"{rest} {ended}".strip())

    def place_questions(self, turns: Sequence[ShownTurn]) -> None:
        """Moves the bubbles of questions to the right edge, no wider than their words."""
        room = self._view.viewport().width() - 2 * self._margin_px - BUBBLE_PADDING[0]
        least = min(_BUBBLE_INDENT_PX, room // 4)
        metrics = QFontMetricsF(self._view.font())
        places = [shown.question_at for shown in turns if shown.question_at >= 0]
        blocks = [self._view.document().findBlock(place) for place in places]
        wanted = [max(least, math.floor(room - _widest_px(block, metrics) - 2)) for block in blocks]
        self._set_left(zip(blocks, wanted, strict=True))
        wrapped = [block for block, left in zip(blocks, wanted, strict=True) if left == least]
        if wrapped:
            self._view.document().documentLayout().blockBoundingRect(wrapped[-1])
            narrowest = (max(least, math.floor(room - _widest_line_px(block, room) - 2)) for block in wrapped)
            self._set_left(zip(wrapped, list(narrowest), strict=True))

    def _set_left(self, lefts: Iterable[tuple[QTextBlock, int]]) -> None:
        """Sets margins at once: each change on its own has the text laid out anew."""
        whole = QTextCursor(self._view.document())
        whole.beginEditBlock()
        for block, left_px in lefts:
            style = block.blockFormat()
            if style.leftMargin() != left_px:
                style.setLeftMargin(left_px)
                QTextCursor(block).setBlockFormat(style)
        whole.endEditBlock()

    def _show_phase(self, text: str) -> None:
        cursor = self._end()
        cursor.movePosition(QTextCursor.MoveOperation.StartOfBlock, QTextCursor.MoveMode.KeepAnchor)
        if cursor.selectedText() != text:
            cursor.insertText(text, self._look.dim)

    def _end(self) -> QTextCursor:
        cursor = QTextCursor(self._view.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        return cursor


def _widest_px(block: QTextBlock, metrics: QFontMetricsF) -> float:
    lines = block.text().split(LINE_BREAK)
    return max(metrics.horizontalAdvance(line[:_MEASURED_CHARS]) for line in lines)


def _widest_line_px(block: QTextBlock, room: int) -> float:
    """Of the lines as they were laid out."""
    layout = block.layout()
    return max((layout.lineAt(at).naturalTextWidth() for at in range(layout.lineCount())), default=room)
