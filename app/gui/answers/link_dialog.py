"""Shows where a link leads before it is opened."""

from __future__ import annotations

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from app.core.link_address import can_be_opened, has_foreign_host, visible_address
from app.gui.bridge import assert_main_thread
from app.gui.look import scaled_px

_WIDTH_PX = 420
_LINES = 4


class LinkDialog(QDialog):
    """The whole address, with Open where it is a web or mail address, and Copy.

    Args:
        parent: The window that it is shown over.
        address: Where the link leads.
        words: What is said of an address that can be opened; without it, that an answer links to it.
    """

    def __init__(self, parent: QWidget, address: str, words: str = "") -> None:
        super().__init__(parent)
        self.setObjectName("linkDialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Open Link"))
        self._address = address
        is_openable = can_be_opened(address)
        said = QLabel(
            words or self.tr("The answer links to this address:")
            if is_openable
            else self.tr("The answer links to this address, which is not opened from here:")
        )
        said.setWordWrap(True)
        said.setTextFormat(Qt.TextFormat.PlainText)
        self.shown = QPlainTextEdit(visible_address(address))
        self.shown.setObjectName("linkAddress")
        self.shown.setAccessibleName(self.tr("Address"))
        self.shown.setReadOnly(True)
        self.shown.setTabChangesFocus(True)
        self.shown.setFixedHeight(self.shown.fontMetrics().lineSpacing() * _LINES + scaled_px(16))
        buttons = QDialogButtonBox()
        copy = buttons.addButton(self.tr("Copy Address"), QDialogButtonBox.ButtonRole.ActionRole)
        copy.setObjectName("copyAddressButton")
        copy.clicked.connect(self._on_copy_clicked)
        cancel = buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        cancel.setDefault(True)
        if is_openable:
            opening = buttons.addButton(self.tr("Open"), QDialogButtonBox.ButtonRole.AcceptRole)
            opening.setObjectName("openAddressButton")
            opening.setAutoDefault(False)
            buttons.accepted.connect(self._on_buttons_accepted)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(said)
        layout.addWidget(self.shown)
        if has_foreign_host(address):
            warning = QLabel(
                self.tr("Its name has letters that may look like others; it is shown as the network knows it.")
            )
            warning.setWordWrap(True)
            layout.addWidget(warning)
        layout.addWidget(buttons)
        self.setMinimumWidth(scaled_px(_WIDTH_PX))
        cancel.setFocus()

    def _on_copy_clicked(self) -> None:
        assert_main_thread()
        QGuiApplication.clipboard().setText(self._address)
        self.reject()

    def _on_buttons_accepted(self) -> None:
        assert_main_thread()
        if can_be_opened(self._address):
            QDesktopServices.openUrl(QUrl(visible_address(self._address)))
        self.accept()


def show_link(parent: QWidget, address: str, words: str = "") -> None:
    """Shows an address over the window, with these words; nothing is opened before the person says so."""
    if address:
        LinkDialog(parent.window(), address, words).open()
