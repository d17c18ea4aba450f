"""Shows a report before it is copied, without names and questions unless the person wants them in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from app.gui.look import BODY_PX, scaled_px, sized
from app.gui.settings.settings_rows import Labelled
from app.gui.settings.tick import Tick

if TYPE_CHECKING:
    from collections.abc import Callable

_SIZE_PX = (560, 400)


class ReportDialog(QDialog):
    """A preview of the report; what is seen is what is copied.

    Args:
        make_text: Makes the report, with names and questions or without.
        parent: The window.
    """

    def __init__(self, make_text: Callable[[bool], str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("reportDialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Report a Problem"))
        self._make_text = make_text
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setFont(sized(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont), BODY_PX))
        self.text.setAccessibleName(self.tr("The report"))
        self.with_names = Tick()
        choice = Labelled(
            self.tr("With file names, questions and answers"),
            self.with_names,
            self.tr("Anyone who reads the report will then see them."),
        )
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.copy_button = buttons.addButton(self.tr("Copy"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.copy_button.setDefault(True)
        words = QLabel(self.tr("Copy this into a message to the makers of Viewfinder. Nothing is sent by itself."))
        words.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.addWidget(words)
        layout.addWidget(self.text, 1)
        layout.addWidget(choice)
        layout.addWidget(buttons)
        self.with_names.toggled.connect(self._show_text)
        buttons.accepted.connect(self._on_buttons_accepted)
        buttons.rejected.connect(self.reject)
        self.resize(*(scaled_px(size) for size in _SIZE_PX))
        self._show_text()
        self.copy_button.setFocus()

    def _show_text(self) -> None:
        is_whole = self.with_names.isChecked()
        self.text.setPlainText(self._make_text(is_whole))

    def _on_buttons_accepted(self) -> None:
        QGuiApplication.clipboard().setText(self.text.toPlainText())
        self.accept()
