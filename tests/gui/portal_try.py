"""Asks a desktop portal, made here, for a picture of the screen: ``python -m tests.gui.portal_try ANSWER [FILE]``.

To be run inside a session bus of its own. The answer is ``taken``, ``given_up``, ``refused`` (the portal has no such
method) or ``none`` (there is no portal). Prints as JSON what the program made of it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from PySide6.QtCore import ClassInfo, QCoreApplication, QEvent, QObject, Qt, QTimer, Slot
from PySide6.QtDBus import QDBusConnection, QDBusObjectPath
from PySide6.QtWidgets import QApplication, QWidget

from app.gui.tray.screenshot import Screenshot, is_offered

_SERVICE, _PATH = "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop"
_AT_MOST_MS = 20_000


@ClassInfo({"D-Bus Interface": "org.freedesktop.portal.Screenshot"})  # type: ignore[call-arg]  # the stubs are wrong
class FakePortal(QObject):  # type: ignore[operator]
    """Has the one method that is asked for."""

    def __init__(self, answer: str, file: str) -> None:
        super().__init__()
        self._answer = answer
        self._file = file
        self._request = ""

    @Slot("QString", "QVariantMap", result=QDBusObjectPath)
    def Screenshot(self, _parent: str, options: dict[str, object]) -> QDBusObjectPath:  # noqa: N802 - the portal's name
        """Answers soon, as a person would."""
        assert options["interactive"] is True
        asker = QDBusConnection.sessionBus().baseService().lstrip(":").replace(".", "_")
        self._request = f"{_PATH}/request/{asker}/{options['handle_token']}"
        QTimer.singleShot(20, self.answer)
        return QDBusObjectPath(self._request)

    def answer(self) -> None:
        """Sends the signal with gdbus: Python has no unsigned numbers for Qt to send."""
        code = "uint32 0" if self._answer == "taken" else "uint32 1"
        results = f"{{'uri': <'{Path(self._file).as_uri()}'>}}" if self._file else "@a{sv} {}"
        signal = "org.freedesktop.portal.Request.Response"
        command = ("gdbus", "emit", "--session", "--object-path", self._request, "--signal", signal, code, results)
        subprocess.run(command, check=True)


def main(answer: str, file: str) -> int:
    """Asks once and prints what came of it."""
    application = QApplication([])
    bus = QDBusConnection.connectToBus(QDBusConnection.BusType.SessionBus, "portal")
    portal: QObject = FakePortal(answer, file) if answer in ("taken", "given_up") else QObject()
    if answer != "none":
        bus.registerObject(_PATH, portal, QDBusConnection.RegisterOption.ExportAllSlots)
        assert bus.registerService(_SERVICE)
    window = QWidget()
    window.show()
    screenshot = Screenshot(window)
    seen: dict[str, object] = {"offered": is_offered()}
    screenshot.kept.connect(lambda path: seen.update(kept=str(path)))
    screenshot.failed.connect(lambda error: seen.update(failed=error.text))
    screenshot.take()
    seen["minimised"] = bool(window.windowState() & Qt.WindowState.WindowMinimized)
    watch = QTimer()
    watch.timeout.connect(lambda: None if screenshot.is_busy else application.quit())
    watch.start(10)
    QTimer.singleShot(_AT_MOST_MS, application.quit)
    application.exec()
    seen["back"] = not window.windowState() & Qt.WindowState.WindowMinimized
    screenshot.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    sys.stdout.write(json.dumps(seen))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""))
