"""The foot of the conversation: tasks, the question, what it costs, and Ask; with how far the answer is above it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.gui.announcing import announce
from app.gui.caption import Caption
from app.gui.describing import describe
from app.gui.look import scaled_px
from app.gui.questions.budget_choice import BudgetChoice
from app.gui.questions.cost_caption import CostCaption
from app.gui.questions.cost_words import cost_detail, cost_texts, refusal_text
from app.gui.questions.question_box import QuestionBox
from app.gui.questions.task_chips import TaskChips
from app.gui.settings.fault_line import FaultLine

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from app.core.next_question import NextQuestion

_BAR_PX = 3
_BAR_STEPS = 1000
_COST_BESIDE_FROM_PX = 520
"""A narrower panel says the cost in a line of its own."""


class PromptPanel(QWidget):
    """Lays out what a question is asked with, and tells what the person wants."""

    ask_wanted = Signal()
    stop_wanted = Signal()
    settings_toggled = Signal(bool)
    edit_given_up = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.chips = TaskChips()
        self.edit = QuestionBox()
        self.budget = BudgetChoice()
        self.ask_button = QPushButton()
        self.ask_button.setObjectName("askButton")
        self.stop_button = QPushButton()
        self.stop_button.setObjectName("stopButton")
        self.settings_button = QPushButton()
        self.settings_button.setObjectName("settingsButton")
        self.cancel_button = QPushButton(self.tr("Cancel"))
        self.cancel_button.setObjectName("cancelEditButton")
        self._editing = QWidget()
        self._editing_words = Caption(self.tr("Editing an earlier question: what follows it will be replaced"))
        self._cost = CostCaption()
        self._refusal = FaultLine()
        self._bar = QProgressBar()
        self._grid = QGridLayout()
        self._is_cost_beside: bool | None = None
        self._build()
        self.ask_button.clicked.connect(self.ask_wanted)
        self.stop_button.clicked.connect(self.stop_wanted)
        self.settings_button.toggled.connect(self.settings_toggled)
        self.cancel_button.clicked.connect(self.edit_given_up)
        self.edit.preset_changed.connect(self._on_edit_preset_changed)

    @property
    def text(self) -> str:
        """The question as it will be sent."""
        return self.edit.question

    @property
    def cost_text(self) -> str:
        """What it says about the cost."""
        return self._cost.text()

    def show_media_count(self, count: int) -> None:
        """Says what can be asked."""
        words = self.tr("Ask about what you see…") if count else self.tr("Drop a picture or video first, or just ask…")
        if words != self.edit.placeholderText():
            self.edit.setPlaceholderText(words)
            self.edit.viewport().update()  # Qt paints only that there is one now, or none any more

    def show_kinds(self, question: NextQuestion) -> None:
        """Offers the tasks that fit what the question is about."""
        self.chips.show_kinds({"video" if question.is_video(medium) else "picture" for medium in question.selected})

    @property
    def fault_text(self) -> str:
        """Why the question cannot be sent, where that has to be said in full."""
        return self._refusal.text()

    def show_cost(self, question: NextQuestion) -> None:
        """Says what the next question costs, and when that is too much what to do."""
        use, refusal = question.use, refusal_text(question)
        words, detail = cost_texts(question), cost_detail(question)
        self._cost.show_cost(words, detail, is_warning=use.is_near or use.is_over)
        if refusal:
            self._refusal.say(refusal)
        else:
            self._refusal.clear()

    def show_editing(self, *, is_editing: bool) -> None:
        """Says that an earlier question is being changed, and what that means."""
        had_focus = self.cancel_button.hasFocus()
        if is_editing and self._editing.isHidden():
            announce(self.edit, self._editing_words.text())
        self._editing.setVisible(is_editing)
        if had_focus and not is_editing:
            self.edit.setFocus()

    def make_low(self, *, is_low: bool) -> None:
        """Lets the question box grow less where the window has little height."""
        self.edit.make_low(is_low=is_low)

    def show_state(self, *, is_answering: bool, can_ask: bool, fraction: float | None, hint: str = "") -> None:
        """Puts Stop in the place of Ask while an answer is coming, and a bar where it can be told how far it is.

        Args:
            is_answering: Whether an answer is coming.
            can_ask: Whether the question can be sent.
            fraction: How far what comes before the first word is, or None.
            hint: What is missing where it cannot be sent, or what will happen.
        """
        focused = next((button for button in (self.ask_button, self.stop_button) if button.hasFocus()), None)
        self.ask_button.setVisible(not is_answering)
        self.stop_button.setVisible(is_answering)
        self.ask_button.setEnabled(can_ask)
        describe(self.ask_button, hint)
        if focused is not None and (focused.isHidden() or not focused.isEnabled()):
            (self.stop_button if is_answering else self.edit).setFocus()
        self._bar.setVisible(fraction is not None)
        if fraction is not None:
            self._bar.setValue(round(fraction * _BAR_STEPS))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Puts the cost between the buttons where there is room, and above them where there is not."""
        super().resizeEvent(event)
        self._place_cost(is_beside=self.width() >= scaled_px(_COST_BESIDE_FROM_PX))

    def _on_edit_preset_changed(self) -> None:
        self.chips.show_chosen(self.edit.preset)

    def _place_cost(self, *, is_beside: bool) -> None:
        if is_beside != self._is_cost_beside:
            self._is_cost_beside = is_beside
            self._grid.removeWidget(self._cost)
            if is_beside:
                self._grid.addWidget(self._cost, 1, 2)
            else:
                self._grid.addWidget(self._cost, 0, 0, 1, 4)

    def _build(self) -> None:
        keys = "⌘↩" if sys.platform == "darwin" else "Ctrl+↩"
        self.ask_button.setText(self.tr("Ask") + f"  {keys}")
        self.ask_button.setAccessibleName(self.tr("Ask"))
        self.ask_button.setDefault(True)
        self.stop_button.setText(self.tr("Stop") + "  Esc")
        self.stop_button.setAccessibleName(self.tr("Stop"))
        describe(self.stop_button, self.tr("Stop the answer; what is there stays"))
        self.stop_button.setVisible(False)
        width = max(self.ask_button.sizeHint().width(), self.stop_button.sizeHint().width()) + 8
        for button in (self.ask_button, self.stop_button):
            button.setMinimumWidth(width)
        self.settings_button.setText("⚙\ufe0e")  # as a sign, never as a coloured picture
        self.settings_button.setAccessibleName(self.tr("Settings"))
        describe(self.settings_button, self.tr("Opens the settings in the place of the answers, or closes them."))
        self.settings_button.setCheckable(True)
        self._bar.setRange(0, _BAR_STEPS)
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(_BAR_PX)
        self._bar.setAccessibleName(self.tr("Progress"))
        self._bar.setAccessibleDescription(self.tr("How far reading the pictures, the videos and the question is."))
        policy = self._bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._bar.setSizePolicy(policy)
        self._bar.setVisible(False)
        self._build_editing()
        self._cost.setMinimumHeight(self._cost.sizeHint().height())
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(2, 1)
        self._grid.addWidget(self.budget, 1, 0)
        self._grid.addWidget(self.settings_button, 1, 1)
        self._grid.addWidget(self.ask_button, 1, 3)
        self._grid.addWidget(self.stop_button, 1, 3)
        self._place_cost(is_beside=False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 4, 16, 12)
        layout.setSpacing(8)
        layout.addWidget(self._bar)
        layout.addWidget(self._editing)
        layout.addWidget(self.chips)
        layout.addWidget(self.edit)
        layout.addWidget(self._refusal)
        layout.addLayout(self._grid)
        self.show_media_count(0)

    def _build_editing(self) -> None:
        words = self._editing_words
        words.setWordWrap(True)
        words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.cancel_button.setAccessibleDescription(self.tr("Leaves the earlier question and its answer as they are"))
        self.cancel_button.setToolTip(self.tr("Leave everything as it was (Esc)"))
        row = QHBoxLayout(self._editing)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(words, 1)
        row.addWidget(self.cancel_button, 0, Qt.AlignmentFlag.AlignRight)
        self._editing.hide()
