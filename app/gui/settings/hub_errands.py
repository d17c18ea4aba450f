"""What the settings ask of the keychain, the Hub and a disk, beside the main thread: each may take its time."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from PySide6.QtCore import QObject, Signal

from app.core.errors import ErrorText, describe_error
from app.gui.bridge import assert_main_thread
from app.gui.errands import Errands

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from app.core.models.access import HubAccess
    from app.core.models.hub_token import TokenPlace
    from app.core.settings import Settings


@dataclass(frozen=True, slots=True)
class TokenTold:
    """Whether there is a token for an address.

    Attributes:
        address: The Hub's or the mirror's.
        place: Where the token is; empty for none.
        can_keep: Whether there is a keychain that keeps one.
        errand: What was done before it was looked.
        error: Why that was not done, or None.
    """

    address: str
    place: TokenPlace = ""
    can_keep: bool = False
    errand: str = "look"
    error: ErrorText | None = None


@dataclass(frozen=True, slots=True)
class HubTold:
    """What the check of an address found.

    Attributes:
        number: Of the check.
        host: The Hub that answered.
        account: Whose the token is, or empty.
        error: Why it is no Hub, or None.
    """

    number: int
    host: str = ""
    account: str = ""
    error: ErrorText | None = None


@dataclass(frozen=True, slots=True)
class PlaceTold:
    """What was found of the folder that models are kept in, or are to be.

    Attributes:
        number: Of the look.
        folder: The folder; None for the Hub's own place.
        own: The Hub's own place.
        error: Why no models can be kept there, or None.
    """

    number: int
    folder: Path | None = None
    own: str = ""
    error: ErrorText | None = None


HubEvent: TypeAlias = TokenTold | HubTold | PlaceTold


class HubErrands(Errands):
    """Tells each kind of event by a signal of its own.

    Errands at the keychain go one after another; of checks the newest counts.
    """

    token_told = Signal(object)
    """Carries a TokenTold."""
    hub_told = Signal(object)
    """Carries the HubTold of the newest check."""
    place_told = Signal(object)
    """Carries the PlaceTold of the newest look."""

    def __init__(self, parent: QObject) -> None:
        super().__init__("hub-errand", parent)
        self._keychain = threading.Lock()
        self._newest_check = 0
        self._newest_look = 0
        self.told.connect(self._on_self_told)

    def look_for_token(self, address: str) -> None:
        """Looks whether there is a token."""
        self.start(lambda: self._at_keychain(address, "look", lambda: None))

    def keep_token(self, address: str, token: str) -> None:
        """Keeps a token in the system's keychain."""

        def keep() -> None:
            from app.core.models.hub_token import keep_token  # noqa: PLC0415 - rarely used, so not at the start

            keep_token(address, token)

        self.start(lambda: self._at_keychain(address, "keep", keep))

    def forget_token(self, address: str) -> None:
        """Takes the token out of the keychain."""

        def forget() -> None:
            from app.core.models.hub_token import forget_token  # noqa: PLC0415 - rarely used, so not at the start

            forget_token(address)

        self.start(lambda: self._at_keychain(address, "forget", forget))

    def check(self, settings: Settings) -> None:
        """Asks the address of these settings whether it is a Hub."""
        self._newest_check += 1
        number = self._newest_check
        self.start(lambda: self._check(number, settings))

    def drop_check(self) -> None:
        """What a check that is under way finds is told no more."""
        self._newest_check += 1

    def look_at_place(self, text: str) -> None:
        """Looks at the folder that models are to be kept in; without a text at the Hub's own place."""
        self._newest_look += 1
        number = self._newest_look
        self.start(lambda: self._look_at_place(number, text))

    def _at_keychain(self, address: str, errand: str, do: Callable[[], None]) -> None:
        error: ErrorText | None = None
        try:
            with self._keychain:
                from app.core.models.hub_token import can_keep_token, token_place  # noqa: PLC0415 - as above

                try:
                    do()
                except Exception as raised:  # noqa: BLE001 - thread boundary; the place is looked for all the same
                    error = describe_error(raised)
                told = TokenTold(address, token_place(address), can_keep_token(), errand, error)
        except Exception as raised:  # noqa: BLE001 - thread boundary
            told = TokenTold(address, errand=errand, error=describe_error(raised))
        self.post(told)

    def _check(self, number: int, settings: Settings) -> None:
        try:
            from app.core.models.access import hub_access  # noqa: PLC0415 - rarely used, so not at the start
            from app.core.models.hub_check import check_hub  # noqa: PLC0415

            access: HubAccess = hub_access(settings)
            checked = check_hub(access)
        except Exception as raised:  # noqa: BLE001 - thread boundary
            self.post(HubTold(number, error=describe_error(raised)))
        else:
            self.post(HubTold(number, checked.host, checked.account))

    def _look_at_place(self, number: int, text: str) -> None:
        own = ""
        try:
            from app.core.models.hub_cache import hubs_own_place  # noqa: PLC0415 - rarely used, so not at the start
            from app.core.models.model_place import checked_place  # noqa: PLC0415

            own = str(hubs_own_place())
            folder = checked_place(text)
        except Exception as raised:  # noqa: BLE001 - thread boundary
            self.post(PlaceTold(number, own=own, error=describe_error(raised)))
        else:
            self.post(PlaceTold(number, folder, own))

    def _on_self_told(self, event: HubEvent) -> None:
        assert_main_thread()
        if isinstance(event, TokenTold):
            self.token_told.emit(event)
        elif isinstance(event, PlaceTold):
            if event.number == self._newest_look:
                self.place_told.emit(event)
        elif event.number == self._newest_check:
            self.hub_told.emit(event)
