"""What is wrong with what was typed, said under its field."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QLabel, QLineEdit, QSizePolicy

from app.gui.announcing import announce
from app.gui.look import STATE_RED, state_colour


class FaultLine(QLabel):
    """A sentence with a sign, in the colour of errors; hidden without one."""

    def __init__(self) -> None:
        super().__init__()
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self._colour()
        self.hide()

    def say(self, sentence: str) -> None:
        """Shows the sentence."""
        self.setText(f"⚠ {sentence}")
        self.show()

    def clear(self) -> None:
        """Says nothing any more."""
        self.setText("")
        self.hide()

    def say_of(self, field: QLineEdit, sentence: str, meaning: str) -> None:
        """Shows what is wrong with a field, also to people who listen, behind which comes what the field means."""
        if self.isHidden():
            announce(field, sentence)
        self.say(sentence)
        mark_faulty(field, is_faulty=True)
        field.setAccessibleDescription(f"{sentence} {meaning}")

    def clear_of(self, field: QLineEdit, meaning: str) -> None:
        """Says nothing any more, and of the field only what it means."""
        self.clear()
        mark_faulty(field, is_faulty=False)
        field.setAccessibleDescription(meaning)

    def changeEvent(self, event: QEvent) -> None:
        """Takes the colour anew when the system's palette changed."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.ApplicationPaletteChange, QEvent.Type.StyleChange):
            self._colour()

    def _colour(self) -> None:
        palette = self.palette()
        colour = state_colour(STATE_RED, palette)
        if palette.color(QPalette.ColorRole.WindowText) != colour:
            palette.setColor(QPalette.ColorRole.WindowText, colour)
            self.setPalette(palette)


def mark_faulty(edit: QLineEdit, *, is_faulty: bool) -> None:
    """Puts the colour of errors around a field, or takes it away."""
    if bool(edit.property("isFaulty")) != is_faulty:
        edit.setProperty("isFaulty", is_faulty)
        edit.style().unpolish(edit)
        edit.style().polish(edit)
