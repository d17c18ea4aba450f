"""A keychain in memory in the place of the system's own, with the moods that such have."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Keychain(KeyringBackend):
    """Keeps secrets in memory.

    Attributes:
        kept: Secrets by service and name.
        is_locked: Whether it refuses everything, as when a person turns its question down.
    """

    # Not above nought: it is never taken unasked.
    priority = -1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}
        self.is_locked = False

    def get_password(self, service: str, username: str) -> str | None:
        self._open(None)
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._open(password)
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._open(None)
        if (service, username) not in self.kept:
            raise PasswordDeleteError(username)
        del self.kept[service, username]

    def _open(self, secret: str | None) -> None:
        if self.is_locked:
            message = f"cannot be opened for {secret}"  # as careless as a backend may be
            raise KeyringLocked(message)


@contextmanager
def keychain_in_place() -> Iterator[Keychain]:
    """Puts one in the place of the system's; undone afterwards."""
    import keyring

    before = keyring.get_keyring()
    keychain = Keychain()
    keyring.set_keyring(keychain)
    try:
        yield keychain
    finally:
        keyring.set_keyring(before)


class GivenKeychain(Keychain):
    """For a process of its own, named by PYTHON_KEYRING_BACKEND: has one secret for every name."""

    def get_password(self, service: str, username: str) -> str | None:
        return os.environ.get("VIEWFINDER_TEST_SECRET")
