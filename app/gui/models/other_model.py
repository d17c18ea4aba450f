"""A model that the list does not know: its repository is typed, and looked up before anything is downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from app.gui.announcing import announce
from app.gui.caption import Caption
from app.gui.describing import describe
from app.gui.escape_key import is_escape_kept
from app.gui.settings.fault_line import FaultLine
from app.gui.settings.settings_rows import ButtonLine
from app.gui.wording import error_words

if TYPE_CHECKING:
    from app.gui.models.model_looking import RepositoryLooked
    from app.gui.models.models_at_hand import ModelsAtHand

_EXAMPLE = "Qwen/Qwen3-VL-4B-Instruct"


class OtherModel(QWidget):
    """A field with a button; below it what the Hub says."""

    found = Signal(str)
    """Carries the id of a repository that is listed now."""
    closed = Signal()
    """The person closed the line."""

    def __init__(self, models: ModelsAtHand) -> None:
        super().__init__()
        self._models = models
        label = QLabel(self.tr("Repository on the Hub"))
        self.name = QLineEdit()
        self.look = QPushButton(self.tr("Look Up"))
        self.close_button = QPushButton(self.tr("Cancel"))
        self.note = Caption(self.tr("Its description is read first; nothing is downloaded yet."))
        self.fault = FaultLine()
        label.setBuddy(self.name)
        self.name.setPlaceholderText(_EXAMPLE)
        self.name.setAccessibleName(label.text())
        self.name.setAccessibleDescription(self.tr("Return looks it up."))
        describe(self.look, self.tr("Asks the Hub what this repository holds."))
        describe(self.close_button, self.tr("Closes this line."))
        self.note.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 8)
        layout.setSpacing(4)
        for part in (label, self.name, self.note, self.fault, ButtonLine(self.look, self.close_button)):
            layout.addWidget(part)
        self._show_whether_usable()
        self.name.textChanged.connect(self._on_name_changed)
        self.name.returnPressed.connect(self._on_wanted)
        self.look.clicked.connect(self._on_wanted)
        self.close_button.clicked.connect(self.close_line)
        models.looked_up.connect(self._on_models_looked_up)

    def open(self, text: str = "") -> None:
        """Shows the line, with what was searched for where that is a repository's id."""
        if "/" in text:
            self.name.setText(text)
        self.show()
        self.name.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.name.selectAll()

    def close_line(self) -> None:
        """Hides the line and waits for no answer any more."""
        self._models.forget_look_up()
        self.fault.clear()
        self.name.clear()
        self.hide()
        self.closed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc closes it."""
        if event.key() == Qt.Key.Key_Escape:
            self.close_line()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Keeps Esc for itself."""
        return is_escape_kept(event) or super().event(event)

    def _show_whether_usable(self) -> None:
        self.look.setEnabled(bool(self.name.text().strip()))

    def _on_name_changed(self) -> None:
        self.fault.clear()
        self.note.setText(self.tr("Its description is read first; nothing is downloaded yet."))
        self._models.forget_look_up()
        self._show_whether_usable()

    def _on_wanted(self) -> None:
        wanted = self.name.text().strip()
        if not wanted:
            return
        self.fault.clear()
        self.note.setText(self.tr("Asking the Hub about {0}…").format(wanted))
        self.look.setEnabled(False)
        self._models.look_up(wanted)

    def _on_models_looked_up(self, event: RepositoryLooked) -> None:
        self._show_whether_usable()
        self.note.setText(self.tr("Its description is read first; nothing is downloaded yet."))
        if event.error is not None:
            said = error_words(event.error)
            self.fault.say(said)
            announce(self.name, said, is_urgent=True)
        elif event.repository is not None:
            self.hide()
            self.name.clear()
            self.found.emit(event.repository.model_id)
