"""The settings: the model and how it answers, how the program looks and speaks, folders, what is remembered."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.core.sampling import Sampling
from app.gui.caption import Caption
from app.gui.describing import describe
from app.gui.escape_key import is_escape_kept
from app.gui.look import HEADING_PX
from app.gui.settings.adapter_choice import AdapterChoice
from app.gui.settings.choice_box import ChoiceBox
from app.gui.settings.context_choice import ContextChoice
from app.gui.settings.download_settings import DownloadSettings
from app.gui.settings.model_line import ModelLine
from app.gui.settings.program_settings import ProgramSettings
from app.gui.settings.sampling_settings import SamplingSettings
from app.gui.settings.settings_rows import Labelled, Section

if TYPE_CHECKING:
    from app.core.checkpoint import Checkpoint
    from app.core.paths import Profile
    from app.core.settings import Settings

_SYSTEM_LINES = 4


def _can_quantise() -> bool:
    """Whether there is what quantises weights while they are loaded."""
    return find_spec("bitsandbytes") is not None


class SettingsPanel(QWidget):
    """Shows a Settings value and tells each change as a new one."""

    settings_changed = Signal(object)
    """Carries a Settings."""
    close_wanted = Signal()

    def __init__(self, settings: Settings, profile: Profile) -> None:
        super().__init__()
        self.setObjectName("settingsPanel")
        self.setAccessibleName(self.tr("Settings"))
        self._settings = settings
        self._makers = Sampling()
        self._checkpoint: Checkpoint | None = None
        self.done = QPushButton(self.tr("Done"))
        self.model = ModelLine()
        self.weights = ChoiceBox([(self.tr("As stored"), None), (self.tr("In 8 bits"), 8), (self.tr("In 4 bits"), 4)])
        self.weights_row = Labelled(
            self.tr("Weights"),
            self.weights,
            self.tr("Fewer bits need less memory and answer a little worse. Changing this loads the model anew."),
        )
        self.context = ContextChoice()
        self.adapter = AdapterChoice()
        self.system = QPlainTextEdit()
        self.answers = SamplingSettings(self)
        self.downloads = DownloadSettings(self)
        self.program = ProgramSettings(profile, self.downloads.errands, self)
        describe(self.done, self.tr("Goes back to the answers."))
        self._build()
        self.show_settings(settings)
        self._connect()

    def show_settings(self, settings: Settings) -> None:
        """Shows other settings without telling of it; what is being typed stays."""
        is_other_model = settings.model != self._settings.model
        self._settings = settings
        self.model.show_model(settings.model)
        self.weights.show_value(settings.own.weight_bits)
        self.context.show_context(settings.own.context_tokens, self._checkpoint)
        self.adapter.show_adapter(settings.own.adapter, self._checkpoint)
        self.weights_row.setVisible(_can_quantise() or settings.own.weight_bits is not None)
        if is_other_model:
            self.answers.show_again()
        if self.system.toPlainText() != settings.own.system:
            was_blocked = self.system.blockSignals(True)
            self.system.setPlainText(settings.own.system)
            self.system.blockSignals(was_blocked)
        self.answers.show_sampling(settings.own.sampling, self._makers)
        self.downloads.show_settings(settings)
        self.program.show_settings(settings)

    def show_checkpoint(self, checkpoint: Checkpoint | None) -> None:
        """Takes a model's own settings as what stands where the person chose none."""
        self._checkpoint = checkpoint
        self.adapter.show_adapter(self._settings.own.adapter, checkpoint)
        self.context.show_context(self._settings.own.context_tokens, checkpoint)
        self._makers = Sampling() if checkpoint is None else checkpoint.default_sampling
        self.answers.show_sampling(self._settings.own.sampling, self._makers)

    def _build(self) -> None:
        self.system.setTabChangesFocus(True)
        self._fit_system()
        self.system.setPlaceholderText(self.tr("Such as: Answer in one sentence."))
        instruction = Labelled(
            self.tr("Instruction"),
            self.system,
            self.tr("Stands before every conversation with this model."),
            is_below=True,
        )
        context = Labelled(
            self.tr("Context"),
            self.context,
            self.tr(
                "How many tokens a conversation may have; more need more memory. Changing this loads the model anew."
            ),
        )
        adapter = Labelled(
            self.tr("Adapter (LoRA)"),
            self.adapter,
            self.tr("A small training on top of the model. Changing this loads the model anew."),
            is_below=True,
        )
        layout = QVBoxLayout(self._build_frame())
        layout.setContentsMargins(16, 0, 16, 12)
        layout.setSpacing(12)
        layout.addWidget(Section(self.tr("Model"), [self.model, self.weights_row, context, adapter]))
        layout.addWidget(Section(self.tr("Answer"), [instruction, self.answers.fields["max_tokens"]]))
        layout.addWidget(self.answers.sampling_section())
        layout.addWidget(self.answers.seed_section())
        note = Caption(
            self.tr("Each model keeps its own instruction, sampling and seed. Changes hold from the next question on.")
        )
        note.setWordWrap(True)
        layout.addWidget(note)
        layout.addWidget(self.downloads.section())
        for section in self.program.sections():
            layout.addWidget(section)
        layout.addStretch(1)

    def _build_frame(self) -> QWidget:
        """The title with the way back, and below it what scrolls: built from outside in, so that each part is once."""
        title = Caption(self.tr("Settings"), HEADING_PX, QFont.Weight.DemiBold, is_dim=False)
        title.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        scroll = QScrollArea()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(16, 8, 16, 8)
        whole.addLayout(head)
        head.addWidget(title)
        head.addWidget(self.done)
        whole.addWidget(scroll, 1)
        scroll.setObjectName("settingsScroll")
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        body = QWidget()
        scroll.setWidget(body)
        return body

    def _connect(self) -> None:
        self.done.clicked.connect(self.close_wanted)
        self.weights.currentIndexChanged.connect(self._on_weights_chosen)
        self.context.currentIndexChanged.connect(self._on_context_chosen)
        self.system.textChanged.connect(self._on_system_text_changed)
        self.answers.sampling_changed.connect(self._on_sampling_changed)
        self.downloads.settings_changed.connect(self._tell)
        self.program.settings_changed.connect(self._tell)

    def _fit_system(self) -> None:
        self.system.setFixedHeight(self.fontMetrics().lineSpacing() * _SYSTEM_LINES)

    def changeEvent(self, event: QEvent) -> None:
        """Keeps room for as many lines when the letters grow."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit_system()

    def event(self, event: QEvent) -> bool:
        """Keeps Esc from what it means elsewhere in the window while the keyboard is in here."""
        return is_escape_kept(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc goes back to the conversation."""
        if event.key() == Qt.Key.Key_Escape:
            self.close_wanted.emit()
        else:
            super().keyPressEvent(event)

    def _tell(self, settings: Settings) -> None:
        if settings != self._settings:
            self.show_settings(settings)
            self.settings_changed.emit(settings)

    def _on_weights_chosen(self) -> None:
        own = replace(self._settings.own, weight_bits=self.weights.currentData())
        self._tell(self._settings.with_own(own))

    def _on_context_chosen(self) -> None:
        own = replace(self._settings.own, context_tokens=self.context.currentData())
        self._tell(self._settings.with_own(own))

    def _on_system_text_changed(self) -> None:
        own = replace(self._settings.own, system=self.system.toPlainText())
        self._tell(self._settings.with_own(own))

    def _on_sampling_changed(self, sampling: Sampling | None) -> None:
        self._tell(self._settings.with_own(replace(self._settings.own, sampling=sampling)))
