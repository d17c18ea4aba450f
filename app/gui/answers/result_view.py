"""The conversation as one text: questions in bubbles, answers as they come, what each cost underneath.

What the model writes is not to be trusted: nothing in it is loaded, opened or run.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRectF, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QHelpEvent, QKeySequence, QPainter, QPalette, QTextCursor
from PySide6.QtWidgets import QFrame, QTextBrowser

from app.gui.answers.answer_look import (
    AnswerLook,
)
from app.gui.answers.end_button import EndButton
from app.gui.answers.result_painting import areas_of, paint_behind, paint_beside
from app.gui.answers.sealed_document import SealedDocument
from app.gui.answers.table_layer import TableLayer
from app.gui.answers.turn_foot import COMMANDS, COPY, PARTS
from app.gui.bridge import assert_main_thread
from app.gui.look import BODY_PX, paint_focus_ring, scaled_px

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtCore import QMimeData
    from PySide6.QtGui import (
        QContextMenuEvent,
        QKeyEvent,
        QMouseEvent,
        QPaintEvent,
        QResizeEvent,
    )

    from app.core.conversation import AskedTurn
    from app.gui.answers.markdown_copy import WholeAnswer
    from app.gui.answers.turn_writer import ShownTurn, TurnWriter

FRAME_MS = 40
_SLOWEST_FRAME_MS = 400
_BUDGET_S = 0.014
_AT_BOTTOM_PX = 12
_MARGIN_PX = 16
_SETTLE_MS = 150
_LINK_RADIUS_PX = 4


class ResultView(QTextBrowser):
    """Shows the turns of a conversation and follows the last one as it grows."""

    command_wanted = Signal(str, str)
    """Carries one of the commands of turn_foot, and the request's id."""
    time_wanted = Signal(object)
    """Carries the TimeLink of time_links that a time in an answer means."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("resultView")
        self.setAccessibleName(self.tr("Conversation"))
        self.setAccessibleDescription(self.tr("Questions and answers, the newest at the end."))
        self.setPlaceholderText(self.tr("Ask about what you see. The answers come here."))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.setAcceptDrops(False)
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self.is_model_ready = False
        self._shown: list[ShownTurn] = []
        self._writer: TurnWriter | None = None
        self._at = 0
        self._kept_scroll: int | None = None
        self._pressed_command = ""
        self._frame = QTimer(self)
        self._frame.setSingleShot(True)
        self._frame.setInterval(FRAME_MS)
        self._frame.timeout.connect(self._on_frame_timeout)
        self._settling = QTimer(self)
        self._settling.setSingleShot(True)
        self._settling.setInterval(_SETTLE_MS)
        self._settling.timeout.connect(self._on_settling_timeout)
        self.anchorClicked.connect(self._on_self_anchor_clicked)
        self.verticalScrollBar().valueChanged.connect(self._on_scroll_value_changed)
        self._to_end = EndButton(self)
        self._to_end.clicked.connect(self._on_to_end_clicked)
        self._tables = TableLayer(self, _MARGIN_PX, self._on_self_anchor_clicked)
        self._start_document()

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        """Nothing, whatever is asked for."""
        return None

    # Turns

    @property
    def is_settled(self) -> bool:
        """Whether all that was given stands in the text."""
        return not self._frame.isActive()

    def show_turns(self, turns: Sequence[AskedTurn]) -> None:
        """Shows a whole conversation anew."""
        assert_main_thread()
        self._frame.stop()
        self._shown = [self._new(turn) for turn in turns]
        self._at = 0
        self._kept_scroll = None
        self._to_end.hide()
        self._start_document()
        self._step(is_following=True)

    def show_turn(self, turn: AskedTurn) -> None:
        """Shows the last turn as it is now: at once where it begins or ends, with the next frame while it grows."""
        assert_main_thread()
        is_new = not self._shown or self._shown[-1].turn.request_id != turn.request_id
        if is_new:
            self._shown.append(self._new(turn))
        self._shown[-1].turn = turn
        if is_new or not turn.is_open:
            self._step(is_following=is_new or self._is_following())
        elif not self._frame.isActive():
            self._frame.start()

    def _new(self, turn: AskedTurn) -> ShownTurn:
        from app.gui.answers.answer_speech import AnswerSpeech  # noqa: PLC0415 - with the first question, not with the window
        from app.gui.answers.turn_writer import ShownTurn  # noqa: PLC0415

        return ShownTurn(turn, AnswerSpeech(), is_told=not turn.is_open)

    def _start_document(self) -> None:
        self._tables.clear()
        self._writer = None
        self._look = AnswerLook(self.font(), self.palette())
        old = self.document()
        document = SealedDocument(self, self.font())
        document.setDocumentMargin(_MARGIN_PX)
        self.setDocument(document)
        if isinstance(old, SealedDocument):
            old.deleteLater()

    def _step(self, *, is_following: bool) -> None:
        """Writes what has come, for as long as a frame may take; the rest comes with the next."""
        began = time.thread_time()
        writer = self._turn_writer() if self._shown else None
        while writer is not None and self._at < len(self._shown):
            shown = self._shown[self._at]
            if shown.writer is None:
                writer.begin(shown)
            left_s = max(0.0, _BUDGET_S - (time.thread_time() - began))
            earlier = (before.turn for before in self._shown[: self._at])
            if not writer.write(shown, earlier, left_s, is_model_ready=self.is_model_ready):
                self._frame.start()
                break
            if shown.turn.is_open:
                break
            writer.end(shown)
            self._at += 1
            if time.thread_time() - began > _BUDGET_S and self._at < len(self._shown):
                self._frame.start()
                break
        if is_following:
            self._scroll_to_end()
        elif self._kept_scroll is not None:
            self.verticalScrollBar().setValue(self._kept_scroll)
            self._kept_scroll = None if self.is_settled else self._kept_scroll
        elif not self._is_at_bottom():
            self._to_end.offer()
        self._tables.place()
        self.viewport().update()
        cost_ms = (time.thread_time() - began) * 1000
        self._frame.setInterval(round(min(_SLOWEST_FRAME_MS, max(FRAME_MS, 3 * cost_ms))))

    def _turn_writer(self) -> TurnWriter:
        if self._writer is None:
            from app.gui.answers.turn_writer import TurnWriter  # noqa: PLC0415 - with the first question, not with the window

            self._writer = TurnWriter(self, self._look, self._tables, _MARGIN_PX)
        return self._writer

    # Scrolling

    def _is_at_bottom(self) -> bool:
        bar = self.verticalScrollBar()
        return bar.value() >= bar.maximum() - _AT_BOTTOM_PX

    def _is_following(self) -> bool:
        """Whether the end is kept in view: not while the person reads further up or holds a selection."""
        cursor = self.textCursor()
        holds = cursor.hasSelection() and not cursor.charFormat().isAnchor()
        return self._is_at_bottom() and not holds and self._kept_scroll is None

    def _scroll_to_end(self) -> None:
        self.document().documentLayout().documentSize()
        bar = self.verticalScrollBar()
        bar.setValue(bar.maximum())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keeps bubbles at the right edge, and the end in view where it was."""
        is_at_bottom = self._is_at_bottom()
        super().resizeEvent(event)
        if self._shown:
            self._turn_writer().place_questions(self._shown)
        self._tables.place()
        if self._tables.is_outdated():
            self._settling.start()
        if is_at_bottom:
            self._scroll_to_end()
        if self._to_end.isVisible():
            self._to_end.offer()

    def changeEvent(self, event: QEvent) -> None:
        """Takes the system's colours and font anew when they change: they are written into the text."""
        super().changeEvent(event)
        kinds = (QEvent.Type.PaletteChange, QEvent.Type.FontChange)
        if event.type() in kinds and hasattr(self, "_tables"):
            self._show_again()

    def _show_again(self) -> None:
        scrolled = None if self._is_at_bottom() else self.verticalScrollBar().value()
        self._frame.stop()
        self._shown = [shown.anew() for shown in self._shown]
        self._at = 0
        self._start_document()
        self._kept_scroll = scrolled
        self._step(is_following=scrolled is None)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints bubbles and grounds behind the words, marks beside them, and a caret while an answer is coming."""
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(-self.horizontalScrollBar().value(), -self.verticalScrollBar().value())
        paint_behind(self, painter, _MARGIN_PX)
        painter.end()
        super().paintEvent(event)
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(-self.horizontalScrollBar().value(), -self.verticalScrollBar().value())
        paint_beside(self, painter, _MARGIN_PX)
        painter.resetTransform()
        if self._shown and self._shown[-1].turn.is_open and self._shown[-1].words:
            self._paint_caret(painter)
        self._paint_link_ring(painter)
        painter.end()

    def _paint_link_ring(self, painter: QPainter) -> None:
        """Paints the ring around the link that has the keyboard; the one around the whole lies over the window."""
        for area in self.link_areas():
            paint_focus_ring(painter, area, self.palette(), _LINK_RADIUS_PX)

    def link_areas(self) -> list[QRectF]:
        """Where the link stands that has the keyboard, line by line."""
        cursor = self.textCursor()
        if not (self.hasFocus() and cursor.hasSelection() and cursor.charFormat().isAnchor()):
            return []
        return areas_of(self, cursor)

    def _paint_caret(self, painter: QPainter) -> None:
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        rect = self.cursorRect(cursor)
        colour = self.palette().color(QPalette.ColorRole.Text)
        height = scaled_px(BODY_PX)
        painter.fillRect(QRectF(rect.left() + 2, rect.bottom() - height, 6, height), colour)

    # Copying and commands

    def createMimeDataFromSelection(self) -> QMimeData:
        """What is selected as Markdown, for the clipboard and for dragging out."""
        from app.gui.answers.markdown_copy import selection_mime  # noqa: PLC0415 - wanted only when something is copied

        return selection_mime(self.textCursor(), self.whole_answers(), self._tables.markdown)

    def selected_markdown(self) -> str:
        """What is selected, as Markdown."""
        from app.gui.answers.markdown_copy import markdown_of  # noqa: PLC0415 - wanted only when something is copied

        return markdown_of(self.textCursor(), self.whole_answers(), self._tables.markdown)

    def whole_answers(self) -> list[WholeAnswer]:
        """Where the answers stand that have ended."""
        from app.gui.answers.markdown_copy import WholeAnswer  # noqa: PLC0415 - wanted only when something is copied

        return [
            WholeAnswer(shown.writer.start, shown.answer_end, shown.words)
            for shown in self._shown
            if shown.answer_end >= 0 and shown.words and shown.writer is not None
        ]

    def turn_at(self, position: int) -> AskedTurn | None:
        """The turn that stands at this place of the text."""
        before = [shown.turn for shown in self._shown if 0 <= shown.question_at <= position]
        return before[-1] if before else None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Goes to the beginning and the end by the keys that texts have for it."""
        bar = self.verticalScrollBar()
        if event.matches(QKeySequence.StandardKey.MoveToStartOfDocument):
            bar.setValue(bar.minimum())
        elif event.matches(QKeySequence.StandardKey.MoveToEndOfDocument):
            bar.setValue(bar.maximum())
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offers copying; from the keyboard, where the selection or the focused link is."""
        from app.gui.answers.result_menu import show_menu  # noqa: PLC0415 - wanted only when it is opened

        show_menu(self, event)

    def viewportEvent(self, event: QEvent) -> bool:
        """Says where a link leads, and what Copy does, when the pointer rests on it."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            from app.gui.answers.answer_drag import show_link_tip  # noqa: PLC0415 - wanted only when the pointer rests

            show_link_tip(self, event, self.anchorAt(event.pos()), self._look.links)
            return True
        return super().viewportEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Remembers a press on an answer's Copy: moved away, it takes the answer along."""
        super().mousePressEvent(event)
        self._pressed_at = event.position().toPoint()
        is_left = event.button() == Qt.MouseButton.LeftButton
        self._pressed_command = self.anchorAt(self._pressed_at) if is_left else ""

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drags an answer out."""
        command, _, request_id = self._pressed_command.partition(":")
        if command == COPY and event.buttons() & Qt.MouseButton.LeftButton:
            from app.gui.answers.answer_drag import drag_answer, is_far_enough  # noqa: PLC0415 - wanted only for a drag

            if is_far_enough(self._pressed_at, event.position().toPoint()):
                self._pressed_command = ""
                answer = next((s.turn.told_answer for s in self._shown if s.turn.request_id == request_id), "")
                drag_answer(self, answer)
            return
        super().mouseMoveEvent(event)

    def focusNextPrevChild(self, is_next: bool) -> bool:
        """Goes through the links and commands, and says which one has the keyboard."""
        if not self.hasFocus():  # Asked by a table or button in here: the links have had their turn.
            return QFrame.focusNextPrevChild(self, is_next)
        has_moved = super().focusNextPrevChild(is_next)
        if has_moved:
            from app.gui.answers.answer_drag import announce_link  # noqa: PLC0415 - with the first link

            announce_link(self)
        return has_moved

    def _on_frame_timeout(self) -> None:
        assert_main_thread()
        self._step(is_following=self._is_following())

    def _on_settling_timeout(self) -> None:
        assert_main_thread()
        self._show_again()

    def _on_scroll_value_changed(self, _value: int) -> None:
        assert_main_thread()
        if self._is_at_bottom():
            self._to_end.hide()
        self._tables.place()

    def _on_to_end_clicked(self) -> None:
        assert_main_thread()
        cursor = self.textCursor()
        cursor.clearSelection()
        self.setTextCursor(cursor)
        self._scroll_to_end()
        self._to_end.hide()

    def _on_self_anchor_clicked(self, address: QUrl) -> None:
        """The window's own commands; a link of an answer first shows where it leads."""
        assert_main_thread()
        command, _, value = address.toString().partition(":")
        if command in COMMANDS:
            self.command_wanted.emit(command, value)
        elif command == PARTS:
            for shown in self._shown:
                shown.has_parts ^= shown.turn.request_id == value
            self._show_again()
        elif command == "copy-code" and value.isdecimal():
            from app.gui.answers.answer_drag import copy_code  # noqa: PLC0415 - wanted only when something is copied

            copy_code(self, int(value))
        elif command == "moment":
            from app.gui.answers.time_links import time_link_at  # noqa: PLC0415 - with the first answer about a video

            self.time_wanted.emit(time_link_at(address.toString()))
        elif command == "link" and value.isdecimal():
            from app.gui.answers.link_dialog import show_link  # noqa: PLC0415 - wanted only when a link is clicked

            show_link(self, self._look.links.address(int(value)))
