"""Pictures of the screen through the desktop portal: the one way that works on every Linux desktop, sandboxed or not.

Source: the interfaces org.freedesktop.portal.Screenshot and org.freedesktop.portal.Request of xdg-desktop-portal.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Any

from PySide6.QtCore import SLOT, QObject, QUrl, Signal, Slot
from PySide6.QtDBus import QDBusConnection, QDBusMessage, QDBusPendingCallWatcher

from app.gui.bridge import assert_main_thread

_SERVICE = "org.freedesktop.portal.Desktop"
_PATH = "/org/freedesktop/portal/desktop"
_REQUEST = "org.freedesktop.portal.Request"
_TAKEN, _GIVEN_UP = 0, 1


def portal_is_offered() -> bool:
    """Whether a portal runs or would be started when it is asked."""
    if not os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return False
    bus = QDBusConnection.sessionBus()
    services = bus.interface() if bus.isConnected() else None
    if services is None:
        return False
    return (
        bool(services.isServiceRegistered(_SERVICE).value()) or _SERVICE in services.activatableServiceNames().value()
    )


class PortalScreenshot(QObject):
    """Asks the portal for one picture at a time. Thread: main."""

    taken = Signal(object)
    """Carries the Path where the system keeps it."""
    given_up = Signal()
    failed = Signal()
    """The portal is there but takes no pictures of the screen."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._bus = QDBusConnection.sessionBus()
        self._request = ""

    @property
    def is_busy(self) -> bool:
        """Whether the person is choosing what to take."""
        return bool(self._request)

    def take(self) -> None:
        """Lets the person choose, in the system's own window."""
        assert_main_thread()
        token = f"viewfinder{uuid.uuid4().hex}"
        sender = self._bus.baseService().lstrip(":").replace(".", "_")
        self._request = f"{_PATH}/request/{sender}/{token}"
        self._listen(is_wanted=True)
        message = QDBusMessage.createMethodCall(_SERVICE, _PATH, "org.freedesktop.portal.Screenshot", "Screenshot")
        message.setArguments(["", {"handle_token": token, "interactive": True}])
        watcher = QDBusPendingCallWatcher(self._bus.asyncCall(message), self)
        watcher.finished.connect(self._on_watcher_finished)

    def close(self) -> None:
        """Takes the system's window away again."""
        if self._request:
            self._bus.send(QDBusMessage.createMethodCall(_SERVICE, self._request, _REQUEST, "Close"))
            self._end()

    def _listen(self, *, is_wanted: bool) -> None:
        """The path holds a random token, so no other program's answer can be taken for the portal's."""
        change = self._bus.connect if is_wanted else self._bus.disconnect
        slot: Any = SLOT("on_response(uint,QVariantMap)")  # bytes, whatever the stubs say
        change("", self._request, _REQUEST, "Response", self, slot)

    def _end(self) -> None:
        self._listen(is_wanted=False)
        self._request = ""

    def _on_watcher_finished(self, watcher: QDBusPendingCallWatcher) -> None:
        assert_main_thread()
        is_refused = watcher.isError()
        watcher.deleteLater()
        if is_refused and self._request:
            self._end()
            self.failed.emit()

    @Slot("uint", "QVariantMap")
    def on_response(self, code: int, results: dict[str, object]) -> None:
        """Takes the portal's answer; Qt calls it by its signature."""
        assert_main_thread()
        if not self._request:
            return
        self._end()
        file = QUrl(str(results.get("uri", ""))).toLocalFile()
        if code == _TAKEN and file:
            self.taken.emit(Path(file))
        elif code == _GIVEN_UP:
            self.given_up.emit()
        else:
            self.failed.emit()
