"""Settings of the next question: model, tokens per picture, how words are chosen. Folded away until asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.core.sampling import MAX_ANSWER_TOKENS, MAX_SEED, Sampling
from app.core.settings import ModelSettings
from app.gui.caption import Caption
from app.gui.look import scaled_px
from app.gui.model_choice import ModelChoice

if TYPE_CHECKING:
    from app.core.checkpoint import Checkpoint
    from app.core.settings import Settings

QUICK_TOKENS, BALANCED_TOKENS, FINE_TOKENS = 256, 640, 1280
_SYSTEM_LINES_PX = 56


class SettingsPanel(QScrollArea):
    """Shows a Settings value and tells each change as a new one."""

    settings_changed = Signal(object)
    """Carries a Settings."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.setObjectName("settingsPanel")
        self.setAccessibleName(self.tr("Settings"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._settings = settings
        self._makers = Sampling()
        self.model = ModelChoice(settings.model)
        self.budget = QComboBox()
        self.max_tokens = _whole(1, MAX_ANSWER_TOKENS, 64)
        self.temperature = _fraction(0.0, 5.0, 0.1)
        self.top_p = _fraction(0.0, 1.0, 0.05)
        self.top_k = _whole(0, 1_000_000, 1)
        self.min_p = _fraction(0.0, 1.0, 0.01)
        self.repetition_penalty = _fraction(0.1, 10.0, 0.05)
        self.presence_penalty = _fraction(-2.0, 2.0, 0.1)
        self.is_seed_pinned = QToolButton()
        self.seed = QLineEdit()
        self.last_seed = QToolButton()
        self.system = QPlainTextEdit()
        self.reset = QPushButton(self.tr("Back to the Model’s Own"))
        self._last_drawn: int | None = None
        self._build()
        self.show_settings(settings)
        self._connect()

    @property
    def sampling(self) -> Sampling:
        """What the next question is asked with."""
        return self._settings.own.sampling or self._makers

    def show_settings(self, settings: Settings) -> None:
        """Shows other settings without telling of it."""
        self._settings = settings
        blockers = [QSignalBlocker(widget) for widget in self._inputs()]
        self.model.show_model(settings.model)
        self._show_budget(settings.own.max_image_tokens)
        if self.system.toPlainText() != settings.own.system:
            self.system.setPlainText(settings.own.system)
        sampling = self.sampling
        self.max_tokens.setValue(sampling.max_tokens)
        self.temperature.setValue(sampling.temperature)
        self.top_p.setValue(sampling.top_p)
        self.top_k.setValue(sampling.top_k)
        self.min_p.setValue(sampling.min_p)
        self.repetition_penalty.setValue(sampling.repetition_penalty)
        self.presence_penalty.setValue(sampling.presence_penalty)
        self.is_seed_pinned.setChecked(sampling.seed is not None)
        self.seed.setEnabled(sampling.seed is not None)
        if sampling.seed is not None and self.seed.text() != str(sampling.seed):
            self.seed.setText(str(sampling.seed))
        self.reset.setEnabled(settings.own.sampling is not None)
        for blocker in blockers:
            blocker.unblock()

    def show_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Takes a model's own settings as what stands where the person chose none."""
        self._makers = checkpoint.default_sampling
        self.show_settings(self._settings)

    def show_drawn_seed(self, seed: int) -> None:
        """Shows the seed that the last answer was drawn with, to be pinned with one click."""
        self._last_drawn = seed
        self.last_seed.setText(self.tr("Pin the last: {0}").format(seed))
        self.last_seed.setVisible(True)

    def _inputs(self) -> tuple[QWidget, ...]:
        return (
            self.budget,
            self.max_tokens,
            self.temperature,
            self.top_p,
            self.top_k,
            self.min_p,
            self.repetition_penalty,
            self.presence_penalty,
            self.is_seed_pinned,
            self.seed,
            self.system,
        )

    def _build(self) -> None:
        body = QWidget()
        self.setWidget(body)
        layout = QVBoxLayout(body)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(8)
        layout.addWidget(self.model)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
        form.setHorizontalSpacing(12)
        form.setVerticalSpacing(6)
        seed_row = QHBoxLayout()
        self.is_seed_pinned.setText(self.tr("Always the same"))
        self.is_seed_pinned.setCheckable(True)
        self.is_seed_pinned.setProperty("isButton", True)
        self.seed.setMaxLength(len(str(MAX_SEED)))
        self.seed.setAccessibleName(self.tr("Seed"))
        self.last_seed.setAccessibleName(self.tr("Pin the last seed"))
        self.last_seed.setVisible(False)
        self.last_seed.setAutoRaise(True)
        seed_row.addWidget(self.is_seed_pinned)
        seed_row.addWidget(self.seed, 1)
        self.system.setTabChangesFocus(True)
        self.system.setFixedHeight(scaled_px(_SYSTEM_LINES_PX))
        self.system.setPlaceholderText(self.tr("Such as: Answer in one sentence."))
        rows: tuple[tuple[str, QWidget], ...] = (
            (self.tr("Tokens per picture"), self.budget),
            (self.tr("Longest answer"), self.max_tokens),
            (self.tr("Temperature"), self.temperature),
            (self.tr("Top-p"), self.top_p),
            (self.tr("Top-k"), self.top_k),
            (self.tr("Min-p"), self.min_p),
            (self.tr("Repetition penalty"), self.repetition_penalty),
            (self.tr("Presence penalty"), self.presence_penalty),
        )
        for words, field in rows:
            form.addRow(words, field)
            field.setAccessibleName(words)
        form.addRow(self.tr("Seed"), seed_row)
        form.addRow("", self.last_seed)
        form.addRow(self.tr("Instruction"), self.system)
        self.system.setAccessibleName(self.tr("Instruction that stands before every conversation"))
        self.max_tokens.setSuffix(self.tr(" tokens"))
        layout.addLayout(form)
        layout.addWidget(Caption(self.tr("Changes hold from the next question on.")))
        layout.addWidget(self.reset, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addStretch(1)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Lets the wheel scroll the panel rather than change a value that the pointer happens to be over."""
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)

    def _connect(self) -> None:
        for widget in (*self._inputs(), self.model.kind):
            if isinstance(widget, (QAbstractSpinBox, QComboBox)):
                widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
                widget.installEventFilter(self)
        self.model.model_chosen.connect(self._on_model_chosen)
        self.budget.currentIndexChanged.connect(self._on_input_changed)
        for whole in (self.max_tokens, self.top_k):
            whole.valueChanged.connect(self._on_input_changed)
        for fraction in (
            self.temperature,
            self.top_p,
            self.min_p,
            self.repetition_penalty,
            self.presence_penalty,
        ):
            fraction.valueChanged.connect(self._on_input_changed)
        self.is_seed_pinned.toggled.connect(self._on_is_seed_pinned_toggled)
        self.seed.textEdited.connect(self._on_input_changed)
        self.last_seed.clicked.connect(self._on_last_seed_clicked)
        self.system.textChanged.connect(self._on_input_changed)
        self.reset.clicked.connect(self._on_reset_clicked)

    def _show_budget(self, max_image_tokens: int | None) -> None:
        self.budget.clear()
        choices: list[tuple[str, int | None]] = [
            (self.tr("Quick: up to {0}").format(QUICK_TOKENS), QUICK_TOKENS),
            (self.tr("Balanced: up to {0}").format(BALANCED_TOKENS), BALANCED_TOKENS),
            (self.tr("Fine: up to {0}").format(FINE_TOKENS), FINE_TOKENS),
            (self.tr("Whole: as the picture needs"), None),
        ]
        if max_image_tokens not in [tokens for _, tokens in choices]:
            choices.append((self.tr("Up to {0}").format(max_image_tokens), max_image_tokens))
        for words, tokens in choices:
            self.budget.addItem(words, tokens)
        self.budget.setCurrentIndex([tokens for _, tokens in choices].index(max_image_tokens))

    def _tell(self, settings: Settings) -> None:
        if settings != self._settings:
            self.show_settings(settings)
            self.settings_changed.emit(settings)

    def _tell_sampling(self, sampling: Sampling | None) -> None:
        self._tell(self._settings.with_own(replace(self._settings.own, sampling=sampling)))

    def _on_input_changed(self, *_: object) -> None:
        seed: int | None = None
        if self.is_seed_pinned.isChecked():
            digits = self.seed.text().strip()
            seed = min(int(digits), MAX_SEED) if digits.isdecimal() else self.sampling.seed
        shown = replace(
            self.sampling,
            max_tokens=self.max_tokens.value(),
            temperature=self.temperature.value(),
            top_p=self.top_p.value(),
            top_k=self.top_k.value(),
            min_p=self.min_p.value(),
            repetition_penalty=self.repetition_penalty.value(),
            presence_penalty=self.presence_penalty.value(),
            seed=seed,
        )
        own = self._settings.own.sampling if shown == self.sampling else shown
        budget = self.budget.currentData()
        chosen = ModelSettings(own, self.system.toPlainText(), budget)
        self._tell(self._settings.with_own(chosen))

    def _on_is_seed_pinned_toggled(self, is_pinned: bool) -> None:
        if is_pinned and not self.seed.text().strip().isdecimal():
            self.seed.setText(str(self._last_drawn or 0))
        self._on_input_changed()

    def _on_last_seed_clicked(self) -> None:
        if self._last_drawn is not None:
            self._tell_sampling(replace(self.sampling, seed=self._last_drawn))

    def _on_reset_clicked(self) -> None:
        self._tell_sampling(None)

    def _on_model_chosen(self, model: str) -> None:
        self._tell(replace(self._settings, model=model))


def _whole(low: int, high: int, step: int) -> QSpinBox:
    field = QSpinBox()
    field.setRange(low, high)
    field.setSingleStep(step)
    field.setGroupSeparatorShown(True)
    field.setKeyboardTracking(False)
    return field


def _fraction(low: float, high: float, step: float) -> QDoubleSpinBox:
    field = QDoubleSpinBox()
    field.setRange(low, high)
    field.setSingleStep(step)
    field.setKeyboardTracking(False)
    field.setDecimals(3 if step < 0.1 else 2)  # noqa: PLR2004 - small steps need more digits
    return field
