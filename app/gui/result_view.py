"""The conversation as one text: questions in bubbles, answers as they come, what each cost underneath.

What the model writes is not to be trusted: nothing in it is loaded, opened or run.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRectF, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import (
    QFontMetricsF,
    QPainter,
    QPalette,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
)
from PySide6.QtWidgets import QFrame, QTextBrowser

from app.gui.answer_writer import AnswerWriter
from app.gui.bridge import assert_main_thread
from app.gui.look import (
    BODY_PX,
    BUBBLE_RADIUS_PX,
    bubble,
    dim_text,
    scaled_px,
)
from app.gui.sealed_markdown import INDENT_PX, LINE_HEIGHT_PERCENT, SealedDocument
from app.gui.turn_foot import COPY, REPORT, RETRY, small_block, small_format, write_foot
from app.gui.wording import phase_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtGui import QPaintEvent, QResizeEvent

    from app.core.conversation import AskedTurn

FRAME_MS = 40
_AT_BOTTOM_PX = 12
_DOCUMENT_MARGIN_PX = 16
_BUBBLE_INDENT_PX = 56
_BUBBLE_PADDING = (13, 8)
_PROPORTIONAL = QTextBlockFormat.LineHeightTypes.ProportionalHeight.value


class ResultView(QTextBrowser):
    """Shows the turns of a conversation and follows the last one as it grows."""

    command_wanted = Signal(str, str)
    """Carries one of COPY, RETRY and REPORT, and the request's id."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("resultView")
        self.setAccessibleName(self.tr("Conversation"))
        self.setAccessibleDescription(self.tr("Questions and answers, the newest at the end."))
        self.setPlaceholderText(self.tr("Ask about the pictures. The answers come here."))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.setAcceptDrops(False)
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self.is_model_ready = False
        self._turns: list[AskedTurn] = []
        self._questions: list[int] = []
        self._writer: AnswerWriter | None = None
        self._frame = QTimer(self)
        self._frame.setSingleShot(True)
        self._frame.setInterval(FRAME_MS)
        self._frame.timeout.connect(self._on_frame_timeout)
        self.anchorClicked.connect(self._on_self_anchor_clicked)
        self._start_document()

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        """Nothing, whatever is asked for."""
        return None

    def show_turns(self, turns: Sequence[AskedTurn]) -> None:
        """Shows a whole conversation anew."""
        assert_main_thread()
        self._frame.stop()
        self._turns = []
        self._questions = []
        self._writer = None
        self._start_document()
        for turn in turns:
            self.show_turn(turn)
        if self._frame.isActive():
            self._frame.stop()
            self._write_open_turn()
        self._scroll_to_end()

    def show_turn(self, turn: AskedTurn) -> None:
        """Shows the last turn as it is now: at once where it begins or ends, with the next frame while it grows."""
        assert_main_thread()
        is_new = not self._turns or self._turns[-1].request_id != turn.request_id
        if is_new:
            self._turns.append(turn)
            self._begin_turn(turn)
            self._scroll_to_end()
        self._turns[-1] = turn
        if not turn.is_open:
            self._frame.stop()
            self._end_turn(turn)
        elif not self._frame.isActive():
            self._frame.start()

    def _start_document(self) -> None:
        document = SealedDocument(self)
        document.setUndoRedoEnabled(False)
        document.setDefaultFont(self.font())
        document.setDocumentMargin(_DOCUMENT_MARGIN_PX)
        document.setIndentWidth(INDENT_PX)
        self.setDocument(document)

    def _begin_turn(self, turn: AskedTurn) -> None:
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        style = QTextBlockFormat()
        style.setLineHeight(LINE_HEIGHT_PERCENT, _PROPORTIONAL)
        style.setTopMargin(8 if not self._questions else 26)
        style.setBottomMargin(_BUBBLE_PADDING[1] + 4)
        style.setRightMargin(_BUBBLE_PADDING[0])
        if self._questions:
            cursor.insertBlock(style, QTextCharFormat())
        else:
            cursor.setBlockFormat(style)
        self._questions.append(cursor.position())
        cursor.insertText(turn.question.text.replace("\n", "\u2028"))
        self._place_question(len(self._questions) - 1)
        names = ", ".join(source.name for source in turn.question.sources)
        if names:
            style = small_block(bottom=8)
            style.setAlignment(Qt.AlignmentFlag.AlignRight)
            cursor.insertBlock(style, small_format(dim_text(self.palette())))
            cursor.insertText(self.tr("shown: {0}").format(names))
        cursor.insertBlock(QTextBlockFormat(), QTextCharFormat())
        self._writer = AnswerWriter(self.document(), self.font(), self.palette())

    def _write_open_turn(self) -> None:
        turn = self._turns[-1]
        if self._writer is None:
            return
        is_at_bottom = self._is_at_bottom()
        if turn.answer:
            self._changing_tail(lambda writer: writer.write(turn.answer))
        else:
            self._show_phase(phase_text(turn, is_model_ready=self.is_model_ready))
        if is_at_bottom:
            self._scroll_to_end()
        self.viewport().update()

    def _show_phase(self, text: str) -> None:
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.movePosition(QTextCursor.MoveOperation.StartOfBlock, QTextCursor.MoveMode.KeepAnchor)
        if cursor.selectedText() != text:
            style = QTextCharFormat()
            style.setForeground(dim_text(self.palette()))
            cursor.insertText(text, style)

    def _end_turn(self, turn: AskedTurn) -> None:
        if self._writer is None:
            return
        is_at_bottom = self._is_at_bottom()
        if turn.answer:
            self._changing_tail(lambda writer: writer.finish(turn.answer))
        else:
            self._show_phase("")
        self._writer = None
        write_foot(self.document(), turn, self.palette())
        if is_at_bottom:
            self._scroll_to_end()
        self.viewport().update()

    def _changing_tail(self, change: Callable[[AnswerWriter], None]) -> None:
        """Changes the tail; a selection that reaches into it and the place scrolled to stay."""
        if self._writer is None:
            return
        selected = self.textCursor()
        anchor, position = selected.anchor(), selected.position()
        scrolled = self.verticalScrollBar().value()
        tail = self._writer.start
        change(self._writer)
        if anchor != position and max(anchor, position) > tail:
            last = self.document().characterCount() - 1
            selected.setPosition(min(anchor, last))
            selected.setPosition(min(position, last), QTextCursor.MoveMode.KeepAnchor)
            self.setTextCursor(selected)
        self.verticalScrollBar().setValue(scrolled)

    def _place_question(self, index: int) -> None:
        """Moves a question's bubble to the right edge, no wider than its words."""
        cursor = QTextCursor(self.document())
        cursor.setPosition(self._questions[index])
        metrics = QFontMetricsF(self.font())
        widest = max(metrics.horizontalAdvance(line) for line in cursor.block().text().split("\u2028"))
        room = self.viewport().width() - 2 * _DOCUMENT_MARGIN_PX - _BUBBLE_PADDING[0]
        style = cursor.blockFormat()
        left = max(_BUBBLE_INDENT_PX, math.floor(room - widest - 2))
        if style.leftMargin() != left:
            style.setLeftMargin(left)
            cursor.setBlockFormat(style)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keeps bubbles at the right edge, and the end in view where it was."""
        is_at_bottom = self._is_at_bottom()
        super().resizeEvent(event)
        for index in range(len(self._questions)):
            self._place_question(index)
        if is_at_bottom:
            self._scroll_to_end()

    def changeEvent(self, event: QEvent) -> None:
        """Takes the system's colours and font anew when they change: they are written into the text."""
        super().changeEvent(event)
        kinds = (QEvent.Type.PaletteChange, QEvent.Type.FontChange)
        if event.type() in kinds and getattr(self, "_turns", None):
            scrolled = self.verticalScrollBar().value()
            self.show_turns(list(self._turns))
            self.verticalScrollBar().setValue(scrolled)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints bubbles behind the questions, the text, and a caret while an answer is coming."""
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(bubble(self.palette()))
        painter.translate(-self.horizontalScrollBar().value(), -self.verticalScrollBar().value())
        for position in self._questions:
            painter.drawRoundedRect(self._bubble_rect(position), BUBBLE_RADIUS_PX, BUBBLE_RADIUS_PX)
        painter.end()
        super().paintEvent(event)
        if self._writer is not None and self._turns[-1].answer:
            self._paint_caret()

    def _bubble_rect(self, position: int) -> QRectF:
        block = self.document().findBlock(position)
        layout = block.layout()
        words = QRectF()
        for index in range(layout.lineCount()):
            words = words.united(layout.lineAt(index).naturalTextRect())
        words.translate(self.document().documentLayout().blockBoundingRect(block).topLeft())
        across, down = _BUBBLE_PADDING
        return words.adjusted(-across, -down, across, down)

    def _paint_caret(self) -> None:
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        rect = self.cursorRect(cursor)
        painter = QPainter(self.viewport())
        colour = self.palette().color(QPalette.ColorRole.Text)
        height = scaled_px(BODY_PX)
        painter.fillRect(QRectF(rect.left() + 2, rect.bottom() - height, 6, height), colour)
        painter.end()

    def _is_at_bottom(self) -> bool:
        bar = self.verticalScrollBar()
        return bar.value() >= bar.maximum() - _AT_BOTTOM_PX

    def _scroll_to_end(self) -> None:
        self.document().documentLayout().documentSize()
        bar = self.verticalScrollBar()
        bar.setValue(bar.maximum())

    def _on_frame_timeout(self) -> None:
        assert_main_thread()
        self._write_open_turn()

    def _on_self_anchor_clicked(self, address: QUrl) -> None:
        """Only the window's own commands are links here; those of answers were taken out."""
        command, _, request_id = address.toString().partition(":")
        if command in (COPY, RETRY, REPORT):
            self.command_wanted.emit(command, request_id)
