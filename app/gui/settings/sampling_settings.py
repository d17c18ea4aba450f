"""The settings that decide an answer's words: the makers' values named beside each, one way back, the seed."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, QSignalBlocker, Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from app.core.sampling import RANGES, Sampling
from app.gui.caption import Caption
from app.gui.describing import describe
from app.gui.settings.number_field import NumberField
from app.gui.settings.settings_rows import ButtonLine, Labelled, Section
from app.gui.settings.tick import Tick


class SamplingSettings(QObject):
    """The fields of a Sampling; tells each change as a new one, None standing for the model's own.

    Args:
        parent: What owns it.
    """

    sampling_changed = Signal(object)
    """Carries a Sampling or None."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._makers = Sampling()
        self._chosen: Sampling | None = None
        self._last_drawn: int | None = None
        self.fields = self._make_fields()
        self.reset = QPushButton(self.tr("Reset to the Model’s Own"))
        describe(self.reset, self.tr("Takes what the makers of the model suggest."))
        self.is_seed_pinned = Tick()
        describe(self.is_seed_pinned, self.tr("The same question with the same settings then gives the same answer."))
        self.seed = NumberField(
            self.tr("Seed"), RANGES["seed"], 1, self.tr("The same seed, question and settings give the same answer.")
        )
        self.use_last_seed = QPushButton()
        describe(self.use_last_seed, self.tr("Draws every answer as the last one was drawn."))
        self.seed_note = Caption()
        self._connect()

    @property
    def sampling(self) -> Sampling:
        """What the next question is asked with."""
        return self._chosen or self._makers

    def show_sampling(self, chosen: Sampling | None, makers: Sampling) -> None:
        """Shows what is chosen and what the model's makers suggest, without telling of it."""
        self._chosen, self._makers = chosen, makers
        now = self.sampling
        for name, field in self.fields.items():
            field.show_value(getattr(now, name), getattr(makers, name))
        blocker = QSignalBlocker(self.is_seed_pinned)
        self.is_seed_pinned.setChecked(now.seed is not None)
        blocker.unblock()
        if now.seed is not None:
            self.seed.show_value(now.seed, None)
        self.seed.setVisible(now.seed is not None)
        self.reset.setEnabled(chosen is not None)
        self._show_seed_note()

    def show_drawn_seed(self, seed: int | None) -> None:
        """Shows the seed that the last answer was drawn with; None before the first."""
        self._last_drawn = seed
        self._show_seed_note()

    def show_again(self) -> None:
        """Puts the last good values in the place of what was typed."""
        for field in (*self.fields.values(), self.seed):
            field.show_again()

    def finish(self) -> None:
        """Takes what was typed last."""
        for field in self.fields.values():
            field.finish()
        if self.is_seed_pinned.isChecked():
            self.seed.finish()

    def sampling_section(self) -> Section:
        """The fields with the way back."""
        names = ("temperature", "top_p", "top_k", "min_p", "repetition_penalty", "presence_penalty")
        return Section(self.tr("Sampling"), [*(self.fields[name] for name in names), ButtonLine(self.reset)])

    def seed_section(self) -> Section:
        """The seed."""
        pinned = Labelled(self.tr("Always draw with the same seed"), self.is_seed_pinned)
        note = QWidget()
        layout = QVBoxLayout(note)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        self.seed_note.setWordWrap(True)
        layout.addWidget(self.seed_note)
        layout.addWidget(ButtonLine(self.use_last_seed))
        return Section(self.tr("Seed"), [pinned, self.seed, note])

    def _make_fields(self) -> dict[str, NumberField]:
        rows: tuple[tuple[str, str, float, str], ...] = (
            ("max_tokens", self.tr("Longest answer, in tokens"), 64, self.tr("Where an answer ends at the latest.")),
            (
                "temperature",
                self.tr("Temperature"),
                0.1,
                self.tr("How freely words are drawn; 0 always takes the likeliest."),
            ),
            ("top_p", self.tr("Top-p"), 0.05, self.tr("Keeps the likeliest words that add up to this; 1 keeps all.")),
            ("top_k", self.tr("Top-k"), 1, self.tr("Keeps this many of the likeliest words; 0 keeps all.")),
            (
                "min_p",
                self.tr("Min-p"),
                0.01,
                self.tr("Keeps words at least this likely beside the likeliest; 0 keeps all."),
            ),
            (
                "repetition_penalty",
                self.tr("Repetition penalty"),
                0.05,
                self.tr("Makes words that stood there before less likely; 1 is off."),
            ),
            (
                "presence_penalty",
                self.tr("Presence penalty"),
                0.1,
                self.tr("Makes words that the answer already has less likely; 0 is off."),
            ),
        )
        return {name: NumberField(words, RANGES[name], step, meaning) for name, words, step, meaning in rows}

    def _connect(self) -> None:
        for field in self.fields.values():
            field.value_changed.connect(self._on_field_value_changed)
        self.seed.value_changed.connect(self._on_field_value_changed)
        self.is_seed_pinned.toggled.connect(self._on_is_seed_pinned_toggled)
        self.use_last_seed.clicked.connect(self._on_use_last_seed_clicked)
        self.reset.clicked.connect(self._on_reset_clicked)

    def _show_seed_note(self) -> None:
        seed = self._last_drawn
        if seed is None:
            self.seed_note.setText(self.tr("Each answer is drawn with a new seed, which is shown here."))
        else:
            self.seed_note.setText(self.tr("The last answer was drawn with {0}.").format(seed))
            self.use_last_seed.setText(self.tr("Always Use {0}").format(seed))
        self.use_last_seed.setVisible(seed is not None and self.sampling.seed != seed)

    def _tell(self, sampling: Sampling | None) -> None:
        chosen = None if sampling == self._makers else sampling
        self.show_sampling(chosen, self._makers)
        self.sampling_changed.emit(chosen)

    def _on_field_value_changed(self) -> None:
        values = {
            name: getattr(self._makers, name) if field.value is None else field.value
            for name, field in self.fields.items()
        }
        seed = self.seed.value if self.is_seed_pinned.isChecked() else None
        self._tell(Sampling(**values, seed=None if seed is None else int(seed)))  # type: ignore[arg-type]  # whole

    def _on_is_seed_pinned_toggled(self, is_pinned: bool) -> None:
        self.seed.show_again()
        seed = (self._last_drawn or 0) if is_pinned else None
        self._tell(replace(self.sampling, seed=seed))
        if is_pinned:
            self.seed.edit.setFocus()
            self.seed.edit.selectAll()

    def _on_use_last_seed_clicked(self) -> None:
        if self._last_drawn is not None:
            self.seed.show_again()
            self._tell(replace(self.sampling, seed=self._last_drawn))

    def _on_reset_clicked(self) -> None:
        self._tell(None)
        self.show_again()
