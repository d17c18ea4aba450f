"""Shows files in the system's file manager, selected there."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QProcess, QUrl
from PySide6.QtGui import QDesktopServices

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_SERVICE = "org.freedesktop.FileManager1"


def show_files(files: Sequence[Path]) -> bool:
    """Opens the file manager where the files lie; tells whether there is one."""
    if sys.platform == "darwin":
        return bool(QProcess.startDetached("/usr/bin/open", ["-R", *map(str, files)])[0])
    if _ask_file_manager(files):
        return True
    return QDesktopServices.openUrl(QUrl.fromLocalFile(str(files[0].parent)))


def _ask_file_manager(files: Sequence[Path]) -> bool:
    """Through the session bus, where a file manager listens: only so are the files selected there."""
    from PySide6.QtDBus import QDBusConnection, QDBusMessage  # noqa: PLC0415 - rarely needed

    bus = QDBusConnection.sessionBus()
    services = bus.interface()
    if not bus.isConnected() or services is None:
        return False
    if (
        not services.isServiceRegistered(_SERVICE).value()
        and _SERVICE not in services.activatableServiceNames().value()
    ):
        return False
    message = QDBusMessage.createMethodCall(_SERVICE, "/org/freedesktop/FileManager1", _SERVICE, "ShowItems")
    message.setArguments([[file.as_uri() for file in files], ""])
    return bus.send(message)
