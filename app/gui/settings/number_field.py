"""A number that a person types: what is out of range is said under the field, and the last good value stays."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QLocale, Qt, QTimer, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QSizePolicy, QWidget

from app.gui.caption import Caption
from app.gui.settings.fault_line import FaultLine
from app.gui.wording import paragraph

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

    from app.core.sampling import Range

_TYPING_PAUSE_MS = 700
_DECIMALS = 6
_FIELD_LETTERS = 11
_LONGEST_TEXT = 40


class _NumberEdit(QLineEdit):
    """Tells of the keys that step a number up and down."""

    stepped = Signal(int)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Takes Up and Down as steps."""
        steps = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_PageUp: 10, Qt.Key.Key_PageDown: -10}
        step = steps.get(Qt.Key(event.key()))
        if step is None or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            super().keyPressEvent(event)
        else:
            self.stepped.emit(step)


class NumberField(QWidget):
    """A label, a field, what the model's makers use, and what is wrong with what was typed.

    Args:
        words: The label.
        allowed: The range.
        step: What the arrow keys add and take away.
        meaning: One sentence on what it does.
    """

    value_changed = Signal(object)
    """Carries the new good value; None for the model's own."""

    def __init__(self, words: str, allowed: Range, step: float, meaning: str) -> None:
        super().__init__()
        self._words = words
        self._allowed = allowed
        self._step = step
        self._meaning = meaning
        self._own: float | None = None
        self._value: float | None = None
        self.edit = _NumberEdit()
        self.label = QLabel(words)
        self.caption = Caption()
        self.fault = FaultLine()
        self._typing_timer = QTimer(self)
        self._typing_timer.setSingleShot(True)
        self._typing_timer.setInterval(_TYPING_PAUSE_MS)
        self._build()
        self._typing_timer.timeout.connect(self.finish)
        self.edit.textEdited.connect(self._on_edit_text_edited)
        self.edit.editingFinished.connect(self._on_edit_editing_finished)
        self.edit.stepped.connect(self._on_edit_stepped)

    @property
    def value(self) -> float | None:
        """The last good value; None for a field that has never had one."""
        return self._value

    def show_value(self, value: float | None, own: float | None) -> None:
        """Shows a value and what stands where the person chose none; what is being typed is left alone."""
        is_new = value != self._value or own != self._own
        self._value, self._own = value, own
        self.edit.setPlaceholderText("" if own is None else self._text(own))
        if is_new and self._typed() != value:
            self.show_again()
        self._show_caption()

    def show_again(self) -> None:
        """Puts the last good value back in the place of what was typed."""
        self._typing_timer.stop()
        self.edit.setText("" if self._value is None else self._text(self._value))
        self._clear_fault()

    def finish(self) -> None:
        """Takes what was typed, or says at once what is wrong with it."""
        self._typing_timer.stop()
        number = self._typed()
        is_empty = not self.edit.text().strip()
        if is_empty and self._own is not None:
            self._clear_fault()
            self._take(None)
        elif number is not None and number in self._allowed:
            self._clear_fault()
            self._take(number)
        else:
            self._say_fault(number)

    def _build(self) -> None:
        self.label.setBuddy(self.edit)
        self.label.setWordWrap(True)
        self.label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.caption.setWordWrap(True)
        self.edit.setAccessibleName(self._words)
        self.edit.setAccessibleDescription(self._meaning)
        self.edit.setToolTip(self._meaning)
        self.edit.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._fit_field()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        grid.addWidget(self.label, 0, 0)
        grid.addWidget(self.edit, 0, 1)
        grid.addWidget(self.caption, 1, 0, 1, 2)
        grid.addWidget(self.fault, 2, 0, 1, 2)

    def _fit_field(self) -> None:
        self.edit.setFixedWidth(self.edit.fontMetrics().horizontalAdvance("0") * _FIELD_LETTERS + 24)

    def changeEvent(self, event: QEvent) -> None:
        """Keeps room for as many digits when the letters grow."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit_field()

    def _text(self, value: float) -> str:
        locale = QLocale()
        locale.setNumberOptions(QLocale.NumberOption.OmitGroupSeparator)
        if self._allowed.is_whole:
            return locale.toString(int(value))
        return locale.toString(float(value), "g", _DECIMALS)

    def _typed(self) -> float | None:
        """The number that stands there, in range or not; None when it is no number."""
        text = self.edit.text().strip()
        if len(text) > _LONGEST_TEXT:
            return None
        if self._allowed.is_whole:
            digits = text.removeprefix("-").removeprefix("+")
            if digits.isdecimal():
                return int(text)
            value, is_number = QLocale().toLongLong(text)
            return value if is_number else None
        locale = QLocale()
        locale.setNumberOptions(QLocale.NumberOption.RejectGroupSeparator)
        number, is_number = locale.toDouble(text)
        if not is_number:
            number = math.nan
            with suppress(ValueError):
                number = float(text) if "_" not in text else math.nan
        return number if math.isfinite(number) else None

    def _on_edit_text_edited(self) -> None:
        """Waits for a pause: a number half typed is another number, and not the one that is meant."""
        self._typing_timer.start()

    def _on_edit_editing_finished(self) -> None:
        self.finish()
        if self.fault.isHidden():
            self.show_again()

    def _on_edit_stepped(self, steps: int) -> None:
        start = self._own if self._value is None else self._value
        if start is None:
            return
        number = round(start + steps * self._step, _DECIMALS)
        number = min(max(number, self._allowed.low), self._allowed.high)
        self._take(int(number) if self._allowed.is_whole else number)
        self.show_again()

    def _take(self, number: float | None) -> None:
        value = self._own if number is None else number
        if value != self._value:
            self._value = value
            self._show_caption()
            self.value_changed.emit(number)

    def _say_fault(self, number: float | None) -> None:
        low, high = self._text(self._allowed.low), self._text(self._allowed.high)
        if number is not None:
            said = self.tr("{0} goes from {1} to {2}.")
        elif self._allowed.is_whole:
            said = self.tr("{0} is a whole number from {1} to {2}.")
        else:
            said = self.tr("{0} is a number from {1} to {2}.")
        said = said.format(self._words, low, high)
        if self._value is not None:
            said = paragraph(said, self.tr("The last good value, {0}, stays.").format(self._text(self._value)))
        self.fault.say_of(self.edit, said, self._meaning)

    def _clear_fault(self) -> None:
        self.fault.clear_of(self.edit, self._meaning)

    def _show_caption(self) -> None:
        self.caption.setVisible(self._own is not None)
        if self._own is None:
            return
        is_changed = self._value != self._own
        words = self.tr("● Changed; the model’s own is {0}") if is_changed else self.tr("The model’s own: {0}")
        self.caption.setText(words.format(self._text(self._own)))
