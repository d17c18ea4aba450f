"""The box a question is typed in: it grows with its text, and leaves an input method alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QPlainTextEdit

from app.gui.tray.offered import comes_as_text, may_be_offered, read_offered

if TYPE_CHECKING:
    from PySide6.QtCore import QMimeData
    from PySide6.QtGui import QDragEnterEvent, QFocusEvent, QInputMethodEvent, QKeyEvent, QResizeEvent

    from app.core.presets import Preset

_LEAST_LINES, _MOST_LINES = 2, 8
_MOST_LINES_WHEN_LOW = 3
_KEYS_OF_A_COMPOSITION = (
    Qt.Key.Key_Return,
    Qt.Key.Key_Enter,
    Qt.Key.Key_Escape,
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_Tab,
    Qt.Key.Key_Backtab,
)


class QuestionBox(QPlainTextEdit):
    """Return makes a new line; pasted pictures go to the tray instead of the text; Tab goes through a task's blanks."""

    media_pasted = Signal(object)
    """Carries an Offered."""
    composing_changed = Signal()
    preset_changed = Signal()
    older_wanted = Signal()
    newer_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("promptEdit")
        self.setAccessibleName(self.tr("Question"))
        self.setAccessibleDescription(self.tr("Type the question here. Return makes a new line."))
        self.setTabChangesFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.is_composing = False
        self._most_lines = _MOST_LINES
        self._chosen: Preset | None = None
        self._preset: Preset | None = None
        self.textChanged.connect(self._on_self_text_changed)
        self._fit_height()

    @property
    def question(self) -> str:
        """The question as it will be sent."""
        return self.toPlainText().strip()

    @property
    def preset(self) -> Preset | None:
        """The task that was chosen, as long as the text is its question."""
        return self._preset

    def make_low(self, *, is_low: bool) -> None:
        """Lets the box grow less where the window has little height."""
        self._most_lines = _MOST_LINES_WHEN_LOW if is_low else _MOST_LINES
        self._fit_height()

    def show_text(self, text: str, preset: Preset | None = None) -> None:
        """Puts another text in, which Ctrl+Z takes back; a task chosen before holds again with its question."""
        self._chosen = preset or self._chosen
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText(text)
        cursor.endEditBlock()
        self._note_preset()
        self.moveCursor(QTextCursor.MoveOperation.End)

    def begin_anew(self, text: str = "") -> None:
        """Puts a text in with nothing to take back: what was here has been sent."""
        self._chosen = None
        self.setPlainText(text)
        self.moveCursor(QTextCursor.MoveOperation.End)

    def go_to_first_line(self) -> None:
        """Puts the cursor at the end of the first visual line, where Up goes on to an older question."""
        self.moveCursor(QTextCursor.MoveOperation.Start)
        self.moveCursor(QTextCursor.MoveOperation.EndOfLine)

    def select_blank(self, *, after: int = -1, is_backwards: bool = False) -> bool:
        """Selects the task's next blank after this position, or the one before it; tells whether there is one."""
        spans = self._blanks()
        if is_backwards:
            spans = [span for span in reversed(spans) if span[0] < after]
        else:
            spans = [span for span in spans if span[0] > after]
        if not spans:
            return False
        cursor = self.textCursor()
        cursor.setPosition(spans[0][0])
        cursor.setPosition(spans[0][1], QTextCursor.MoveMode.KeepAnchor)
        self.setTextCursor(cursor)
        return True

    def _blanks(self) -> list[tuple[int, int]]:
        """Where the blanks stand, in Qt's positions: a character beyond 16 bits counts two."""
        text = self.toPlainText()
        spans = self._preset.filled_spans(text) if self._preset is not None else None

        def place(index: int) -> int:
            return len(text[:index].encode("utf-16-le", "surrogatepass")) // 2

        return [(place(start), place(end)) for start, end in spans or ()]

    # Keys

    def event(self, event: QEvent) -> bool:
        """Keeps every shortcut of the window from a key that belongs to an input method's unfinished word."""
        if event.type() == QEvent.Type.ShortcutOverride and self.is_composing:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Looks for earlier questions beyond the first line and for later ones beyond the last."""
        if self.is_composing and event.key() in _KEYS_OF_A_COMPOSITION:
            return
        plain = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier == Qt.KeyboardModifier.NoModifier
        if plain and event.key() == Qt.Key.Key_Up and self._is_at_first_line():
            self.older_wanted.emit()
        elif plain and event.key() == Qt.Key.Key_Down and self._is_at_last_line():
            self.newer_wanted.emit()
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, is_next: bool) -> bool:
        """Goes to the task's next blank, where there is one, before it leaves the box."""
        if self.is_composing:
            return True
        cursor = self.textCursor()
        after = cursor.selectionEnd() if is_next and cursor.hasSelection() else cursor.selectionStart()
        return self.select_blank(after=after, is_backwards=not is_next) or super().focusNextPrevChild(is_next)

    def _line(self) -> int:
        """The cursor's visual line within its paragraph."""
        cursor = self.textCursor()
        line = cursor.block().layout().lineForTextPosition(cursor.positionInBlock())
        return line.lineNumber() if line.isValid() else 0

    def _is_at_first_line(self) -> bool:
        cursor = self.textCursor()
        return cursor.block().blockNumber() == 0 and self._line() == 0

    def _is_at_last_line(self) -> bool:
        cursor = self.textCursor()
        return not cursor.block().next().isValid() and self._line() >= cursor.block().layout().lineCount() - 1

    # The input method

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        """Notes whether an input method is in the middle of a word: its keys must not send the question."""
        super().inputMethodEvent(event)
        self._note_composing(bool(event.preeditString()))

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Leaving the box ends a composition."""
        super().focusOutEvent(event)
        self._note_composing(False)

    def _note_composing(self, is_composing: bool) -> None:
        if is_composing != self.is_composing:
            self.is_composing = is_composing
            self.composing_changed.emit()

    # What is dropped or pasted

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Whether the box takes this as words; files and pictures go to the tray."""
        return (comes_as_text(source) or not may_be_offered(source)) and super().canInsertFromMimeData(source)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Leaves files, pictures and addresses to the window; words are dropped into the box."""
        if comes_as_text(event.mimeData()) and not event.mimeData().hasUrls():
            super().dragEnterEvent(event)
        else:
            event.ignore()

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Takes pasted pictures and files to the tray, and text as plain text."""
        if may_be_offered(source) and not comes_as_text(source):
            offered = read_offered(source)
            if not offered.is_empty:
                self.media_pasted.emit(offered)
                return
        super().insertFromMimeData(source)

    # The box

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wraps anew, so the text may need other lines."""
        super().resizeEvent(event)
        self._fit_height()

    def changeEvent(self, event: QEvent) -> None:
        """Takes the height of another font."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and hasattr(self, "_most_lines"):
            self._fit_height()

    def _on_self_text_changed(self) -> None:
        self._note_preset()
        self._fit_height()

    def _note_preset(self) -> None:
        chosen = self._chosen
        preset = chosen if chosen is not None and chosen.filled_spans(self.toPlainText()) is not None else None
        if preset != self._preset:
            self._preset = preset
            self.preset_changed.emit()

    def _fit_height(self) -> None:
        """As high as the text, from the least to the most lines; beyond these it scrolls."""
        lines = self._line_heights()
        policy = Qt.ScrollBarPolicy
        # A bar that comes and goes would wrap the text anew, and with it the height.
        is_full = len(lines) > self._most_lines
        self.setVerticalScrollBarPolicy(policy.ScrollBarAsNeeded if is_full else policy.ScrollBarAlwaysOff)
        lines += [lines[0] if lines else self.fontMetrics().lineSpacing()] * max(0, _LEAST_LINES - len(lines))
        text_height = sum(lines[: self._most_lines])
        # One pixel more than the text and its margins: with none to spare Qt lets it scroll.
        height = math.ceil(text_height + 2 * self.document().documentMargin()) + 1
        height += self.height() - self.viewport().height()
        if height != self.height() or self.minimumHeight() != self.maximumHeight():
            self.setFixedHeight(height)

    def _line_heights(self) -> list[float]:
        """Of the wrapped lines, counted little further than the box can grow; other letters have higher lines."""
        layout = self.document().documentLayout()
        block, heights = self.document().firstBlock(), list[float]()
        while block.isValid() and len(heights) <= self._most_lines:
            layout.blockBoundingRect(block)  # lays it out
            lines = block.layout()
            count = min(lines.lineCount(), self._most_lines + 1)
            heights.extend(lines.lineAt(index).height() for index in range(count))
            block = block.next()
        return heights
