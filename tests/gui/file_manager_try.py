"""Shows files in a file manager made here: ``python -m tests.gui.file_manager_try FILE...``; prints what it was asked.

To be run inside a session bus of its own.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from PySide6.QtCore import ClassInfo, QCoreApplication, QObject, QTimer, Slot
from PySide6.QtDBus import QDBusConnection

from app.gui.tray.file_showing import show_files

_SERVICE, _PATH = "org.freedesktop.FileManager1", "/org/freedesktop/FileManager1"
_AT_MOST_MS = 10_000


@ClassInfo({"D-Bus Interface": _SERVICE})  # type: ignore[call-arg]  # the stubs are wrong
class FakeFileManager(QObject):  # type: ignore[operator]
    """Has the one method that is called."""

    @Slot("QStringList", "QString")
    def ShowItems(self, addresses: list[str], _startup_id: str) -> None:  # noqa: N802 - the file manager's name
        """Prints what it was asked to show."""
        sys.stdout.write(json.dumps(addresses))
        QCoreApplication.quit()


if __name__ == "__main__":
    application = QCoreApplication([])
    bus = QDBusConnection.connectToBus(QDBusConnection.BusType.SessionBus, "file manager")
    manager = FakeFileManager()
    bus.registerObject(_PATH, manager, QDBusConnection.RegisterOption.ExportAllSlots)
    assert bus.registerService(_SERVICE)
    assert show_files([Path(word) for word in sys.argv[1:]])
    QTimer.singleShot(_AT_MOST_MS, application.quit)
    application.exec()
