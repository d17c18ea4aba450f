"""Where a question is typed and sent, with what is being done and how far above it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.gui.caption import Caption
from app.gui.look import scaled_px
from app.gui.offered import comes_as_text, may_be_offered, read_offered

if TYPE_CHECKING:
    from PySide6.QtCore import QMimeData
    from PySide6.QtGui import QDragEnterEvent, QFocusEvent, QInputMethodEvent

_PROMPT_HEIGHT_PX = 76
_LOW_PROMPT_HEIGHT_PX = 48
_BAR_PX = 3
_BAR_STEPS = 1000


class PromptEdit(QPlainTextEdit):
    """The question box: Return makes a new line; pasted pictures go to the tray instead of the text."""

    media_pasted = Signal(object)
    """Carries an Offered."""
    composing_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("promptEdit")
        self.setAccessibleName(self.tr("Question"))
        self.setTabChangesFocus(True)
        self.setFixedHeight(scaled_px(_PROMPT_HEIGHT_PX))
        self.is_composing = False

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        """Notes whether an input method is in the middle of a word: its keys must not send the question."""
        super().inputMethodEvent(event)
        self._note_composing(bool(event.preeditString()))

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Leaving the box ends a composition."""
        super().focusOutEvent(event)
        self._note_composing(False)

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

    def _note_composing(self, is_composing: bool) -> None:
        if is_composing != self.is_composing:
            self.is_composing = is_composing
            self.composing_changed.emit()


class PromptPanel(QWidget):
    """The foot of the conversation."""

    ask_wanted = Signal()
    stop_wanted = Signal()
    settings_toggled = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.edit = PromptEdit()
        self.ask_button = QPushButton()
        self.ask_button.setObjectName("askButton")
        self.stop_button = QPushButton()
        self.stop_button.setObjectName("stopButton")
        self.settings_button = QToolButton()
        self._cost = Caption(is_elided=True)
        self._bar = QProgressBar()
        self._build()
        self.ask_button.clicked.connect(self.ask_wanted)
        self.stop_button.clicked.connect(self.stop_wanted)
        self.settings_button.toggled.connect(self.settings_toggled)

    @property
    def text(self) -> str:
        """The question as it will be sent."""
        return self.edit.toPlainText().strip()

    @property
    def cost_text(self) -> str:
        """What it says about the cost."""
        return self._cost.text()

    def show_media_count(self, count: int) -> None:
        """Says what can be asked."""
        words = self.tr("Ask about what you see…") if count else self.tr("Drop a picture first, or just ask…")
        self.edit.setPlaceholderText(words)

    def show_cost(self, words: str) -> None:
        """Says what the pictures of the next question cost together."""
        self._cost.setText(words)
        self._cost.setToolTip(words)

    def make_low(self, *, is_low: bool) -> None:
        """Makes the question box lower where the window has little height."""
        self.edit.setFixedHeight(scaled_px(_LOW_PROMPT_HEIGHT_PX if is_low else _PROMPT_HEIGHT_PX))

    def show_state(self, *, is_answering: bool, can_ask: bool, fraction: float | None) -> None:
        """Puts Stop in the place of Ask while an answer is coming, and a bar where it can be told how far it is."""
        had_focus = self.ask_button.hasFocus() or self.stop_button.hasFocus()
        self.ask_button.setVisible(not is_answering)
        self.stop_button.setVisible(is_answering)
        self.ask_button.setEnabled(can_ask)
        if had_focus:
            (self.stop_button if is_answering else self.edit).setFocus()
        self._bar.setVisible(fraction is not None)
        if fraction is not None:
            self._bar.setValue(round(fraction * _BAR_STEPS))

    def _build(self) -> None:
        keys = "⌘↩" if sys.platform == "darwin" else "Ctrl+↩"
        self.ask_button.setText(self.tr("Ask") + f"  {keys}")
        self.ask_button.setAccessibleName(self.tr("Ask"))
        self.ask_button.setDefault(True)
        self.stop_button.setText(self.tr("Stop") + "  Esc")
        self.stop_button.setAccessibleName(self.tr("Stop"))
        self.stop_button.setVisible(False)
        width = max(self.ask_button.sizeHint().width(), self.stop_button.sizeHint().width()) + 8
        for button in (self.ask_button, self.stop_button):
            button.setMinimumWidth(width)
        self.settings_button.setText(self.tr("Settings"))
        self.settings_button.setCheckable(True)
        self.settings_button.setProperty("isButton", True)
        self._bar.setRange(0, _BAR_STEPS)
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(_BAR_PX)
        self._bar.setAccessibleName(self.tr("Progress"))
        policy = self._bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._bar.setSizePolicy(policy)
        self._bar.setVisible(False)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.settings_button)
        row.addWidget(self._cost, 1)
        row.addWidget(self.ask_button)
        row.addWidget(self.stop_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 4, 16, 12)
        layout.setSpacing(6)
        layout.addWidget(self._bar)
        layout.addWidget(self.edit)
        layout.addLayout(row)
        self.show_media_count(0)
