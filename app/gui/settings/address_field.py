"""An address that a person types: what is none is said under the field, and the last good one stays."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from app.core.errors import UserError
from app.gui.describing import describe
from app.gui.settings.fault_line import FaultLine
from app.gui.settings.settings_rows import Labelled
from app.gui.wording import error_words

if TYPE_CHECKING:
    from collections.abc import Callable

_DOTS = "•••"


class AddressField(QWidget):
    """A label, a field below it, what it means, and what is wrong with what was typed.

    A password within an address is shown as dots, which stand for it in what is typed.

    Args:
        words: The label.
        meaning: One sentence on what it does.
        check: Makes an address whole, or raises a UserError.
    """

    value_changed = Signal(str)
    """Carries the new good address; empty for none."""

    def __init__(self, words: str, meaning: str, check: Callable[[str], str]) -> None:
        super().__init__()
        self._check = check
        self._meaning = meaning
        self._value = ""
        self.edit = QLineEdit()
        self.row = Labelled(words, self.edit, meaning, is_below=True)
        self.fault = FaultLine()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.row)
        layout.addWidget(self.fault)
        describe(self.edit, meaning)
        self.edit.editingFinished.connect(self.finish)
        self.edit.textEdited.connect(self._on_edit_text_edited)

    def show_value(self, value: str) -> None:
        """Shows an address; what is being typed is left alone."""
        if value != self._value:
            self._value = value
            self.show_again()

    def show_again(self) -> None:
        """Puts the last good address back in the place of what was typed."""
        self.edit.setText(_without_password(self._value))
        self._clear_fault()

    def finish(self) -> None:
        """Takes what was typed, or says what is wrong with it."""
        if self.edit.text().strip() == _without_password(self._value):
            self.show_again()
            return
        try:
            value = self._check(self.edit.text().replace(f":{_DOTS}@", f":{urlsplit(self._value).password or _DOTS}@"))
        except UserError as error:
            self.fault.say_of(self.edit, error_words(error.said), self._meaning)
            return
        is_new = value != self._value
        self._value = value
        self.show_again()
        if is_new:
            self.value_changed.emit(value)

    def _on_edit_text_edited(self) -> None:
        self._clear_fault()

    def _clear_fault(self) -> None:
        self.fault.clear_of(self.edit, self._meaning)


def _without_password(address: str) -> str:
    password = urlsplit(address).password
    return address.replace(f":{password}@", f":{_DOTS}@", 1) if password else address
