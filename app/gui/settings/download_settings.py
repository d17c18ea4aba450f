"""The settings of downloads: whether there are any, from where, through what, and with which token."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSignalBlocker, Signal
from PySide6.QtWidgets import QLineEdit, QPushButton, QVBoxLayout, QWidget

from app.core.models.access import HubAccess, checked_endpoint, checked_proxy, is_offline_by_environment
from app.core.settings import Settings
from app.gui.announcing import announce
from app.gui.bridge import assert_main_thread
from app.gui.caption import Caption
from app.gui.describing import describe
from app.gui.settings.address_field import AddressField
from app.gui.settings.fault_line import FaultLine
from app.gui.settings.hub_errands import HubErrands, HubTold, TokenTold
from app.gui.settings.settings_rows import ButtonLine, Labelled, Section
from app.gui.settings.tick import Tick
from app.gui.wording import error_words

if TYPE_CHECKING:
    from collections.abc import Sequence

_LONGEST_TOKEN = 2000
_HINT_OF_FORM = "hf_…"


class DownloadSettings(QObject):
    """Work offline, mirror, proxy and token; tells each change but the token's as a new Settings value.

    The token goes to the system's keychain and is never shown; only whether there is one.

    Args:
        parent: What owns it.
    """

    settings_changed = Signal(object)
    """Carries a Settings."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._settings = Settings()
        self._shown_address = ""
        self.errands = HubErrands(self)
        self.is_offline = Tick()
        self.mirror = AddressField(
            self.tr("Mirror"),
            self.tr("An address that has the same models as huggingface.co, such as https://hf-mirror.com."),
            checked_endpoint,
        )
        self.proxy = AddressField(
            self.tr("Proxy"),
            self.tr("What requests go through. Empty: as this system’s own settings say."),
            checked_proxy,
        )
        self.check = QPushButton(self.tr("Check the Connection"))
        self.check_result = Caption()
        self.check_fault = FaultLine()
        self.token = QLineEdit()
        meaning = self.tr("For models whose makers want to be asked. It is kept in this system’s keychain.")
        self.token_row = Labelled(self.tr("Token"), self.token, meaning, is_below=True)
        self.save_token = QPushButton(self.tr("Save"))
        self.forget_token = QPushButton(self.tr("Forget"))
        self.token_state = Caption()
        self.token_fault = FaultLine()
        self._describe()
        self._connect()

    def show_settings(self, settings: Settings) -> None:
        """Shows other settings without telling of it; what is being typed stays."""
        is_other_way = (settings.hub_endpoint, settings.hub_proxy, settings.is_offline) != (
            self._settings.hub_endpoint,
            self._settings.hub_proxy,
            self._settings.is_offline,
        )
        self._settings = settings
        blocker = QSignalBlocker(self.is_offline)
        self.is_offline.setChecked(settings.is_offline)
        blocker.unblock()
        self.mirror.show_value(settings.hub_endpoint)
        self.mirror.edit.setPlaceholderText(HubAccess().address)
        self.proxy.show_value(settings.hub_proxy)
        if is_other_way:
            self._forget_check()
        self.check.setEnabled(not settings.is_offline and not is_offline_by_environment())

    def look_again(self) -> None:
        """Looks anew whether there is a token: it may have been kept or forgotten elsewhere."""
        self._shown_address = self._address
        self.errands.look_for_token(self._address)

    def finish(self) -> None:
        """Takes addresses that are typed in a field that still has the keyboard."""
        for field in (self.mirror, self.proxy):
            if field.edit.hasFocus():
                field.finish()

    def show_again(self) -> None:
        """Drops what was begun: an address that is none, a token that was not saved."""
        for field in (self.mirror, self.proxy):
            field.show_again()
        self.token.clear()
        self.token_fault.clear()
        self._on_token_text_changed()

    def section(self) -> Section:
        """The group under its heading."""
        offline = Labelled(
            self.tr("Work offline"),
            self.is_offline,
            self.tr("No connection is made at all. Models on this computer work as ever."),
        )
        offline_note = Caption(
            self.tr("HF_HUB_OFFLINE is set on this system: Viewfinder stays offline until it is not.")
        )
        offline_note.setWordWrap(True)
        rows: list[QWidget] = [
            offline,
            *([offline_note] if is_offline_by_environment() else []),
            self.mirror,
            self.proxy,
            _stack([ButtonLine(self.check), self.check_result, self.check_fault]),
            _stack(
                [
                    self.token_row,
                    ButtonLine(self.save_token, self.forget_token),
                    self.token_state,
                    self.token_fault,
                ]
            ),
        ]
        for result in (self.check_result, self.check_fault, self.token_fault):
            result.hide()
        return Section(self.tr("Downloads"), rows)

    def _describe(self) -> None:
        for control, words in (
            (self.is_offline, self.tr("No connection is made at all. Models on this computer work as ever.")),
            (self.check, self.tr("Asks the address once whether it answers; nothing is downloaded.")),
            (self.save_token, self.tr("Keeps the token in this system’s keychain.")),
            (self.forget_token, self.tr("Takes the token out of this system’s keychain.")),
        ):
            describe(control, words)
        self.token.setEchoMode(QLineEdit.EchoMode.Password)
        self.token.setMaxLength(_LONGEST_TOKEN)
        self.token.setPlaceholderText(_HINT_OF_FORM)
        self.save_token.setEnabled(False)
        self.forget_token.setEnabled(False)
        for caption in (self.check_result, self.token_state):
            caption.setWordWrap(True)

    def _connect(self) -> None:
        self.is_offline.toggled.connect(self._on_is_offline_toggled)
        self.mirror.value_changed.connect(self._on_mirror_value_changed)
        self.proxy.value_changed.connect(self._on_proxy_value_changed)
        self.check.clicked.connect(self._on_check_clicked)
        self.token.textChanged.connect(self._on_token_text_changed)
        self.token.returnPressed.connect(self._on_save_token_clicked)
        self.save_token.clicked.connect(self._on_save_token_clicked)
        self.forget_token.clicked.connect(self._on_forget_token_clicked)
        self.errands.token_told.connect(self._on_errands_token_told)
        self.errands.hub_told.connect(self._on_errands_hub_told)

    @property
    def _address(self) -> str:
        return HubAccess(self._settings.hub_endpoint).address

    def _tell(self, settings: Settings) -> None:
        if settings != self._settings:
            self.show_settings(settings)
            self.settings_changed.emit(settings)

    def _on_is_offline_toggled(self, is_offline: bool) -> None:
        self._tell(replace(self._settings, is_offline=is_offline))

    def _on_mirror_value_changed(self, address: str) -> None:
        self._tell(replace(self._settings, hub_endpoint=address))
        self.look_again()

    def _on_proxy_value_changed(self, address: str) -> None:
        self._tell(replace(self._settings, hub_proxy=address))

    def _on_check_clicked(self) -> None:
        for field in (self.mirror, self.proxy):
            field.finish()
            if not field.fault.isHidden():
                field.edit.setFocus()
                return
        self.check_fault.clear()
        self.check_result.setText(self.tr("Asking {0}…").format(self._address))
        self.check_result.show()
        self.errands.check(self._settings)

    def _forget_check(self) -> None:
        self.errands.drop_check()
        self.check_result.hide()
        self.check_fault.clear()

    def _on_errands_hub_told(self, told: HubTold) -> None:
        assert_main_thread()
        if told.error is not None:
            self.check_result.hide()
            self.check_fault.say(error_words(told.error))
            announce(self.check, self.check_fault.text())
            return
        if told.account:
            words = self.tr("{0} answers, and knows the token as {1}’s.").format(told.host, told.account)
        else:
            words = self.tr("{0} answers.").format(told.host)
        self.check_result.setText(words)
        self.check_result.show()
        announce(self.check, words)

    def _on_token_text_changed(self) -> None:
        self.save_token.setEnabled(bool(self.token.text().strip()))

    def _on_save_token_clicked(self) -> None:
        token = self.token.text().strip()
        if token:
            self.token_fault.clear()
            self.errands.keep_token(self._address, token)

    def _on_forget_token_clicked(self) -> None:
        self.token_fault.clear()
        self.errands.forget_token(self._address)

    def _on_errands_token_told(self, told: TokenTold) -> None:
        assert_main_thread()
        if told.address != self._address:
            return
        if told.error is not None:
            self.token_fault.say(error_words(told.error))
            announce(self.token, self.token_fault.text())
        elif told.errand == "keep":
            self.token.clear()
        self._show_token(told)
        if told.error is None and told.errand != "look":
            announce(self.token, self.token_state.text())
            self._forget_check()  # it was of another token

    def _show_token(self, told: TokenTold) -> None:
        host = told.address.partition("://")[2]
        is_kept = told.place == "keychain"
        if not is_kept and self.forget_token.hasFocus():
            (self.token if told.can_keep else self.check).setFocus()
        self.forget_token.setEnabled(is_kept)
        for part in (self.token, self.save_token, self.forget_token, self.token_row.caption):
            part.setVisible(told.can_keep)
        if is_kept:
            words = self.tr("A token for {0} is kept in this system’s keychain.").format(host)
        elif told.place == "environment":
            words = self.tr("None is kept; the one in HF_TOKEN is used.")
        elif told.place == "file":
            words = self.tr("None is kept; the one from “hf auth login” is used.")
        elif told.can_keep:
            words = self.tr("None is kept for {0}. Most models need none.").format(host)
        else:
            words = self.tr(
                "This system has no keychain to keep one in. Sign in with “hf auth login”, or set HF_TOKEN: "
                "Viewfinder reads it there."
            )
        self.token_state.setText(words)


def _stack(rows: Sequence[QWidget]) -> QWidget:
    whole = QWidget()
    layout = QVBoxLayout(whole)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(6)
    for row in rows:
        layout.addWidget(row)
    return whole
