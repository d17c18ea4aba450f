"""A picture of the screen, taken with the system's own means and only when the person asks for it.

macOS has `screencapture`; desktops on Linux have the desktop portal or a program of their own. Each lets the person
choose what is taken, and give up.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QProcess, Qt, QTimer, Signal

from app.core.errors import ErrorText
from app.gui.bridge import assert_main_thread

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from app.gui.tray.screenshot_portal import PortalScreenshot

_FILE = "{file}"
_HIDE_MS = 400
"""Until the window is gone from the screen, its motion included."""
_LOG_END = 400


@dataclass(frozen=True, slots=True)
class Means:
    """A program that takes pictures of the screen.

    Attributes:
        command: What is run; ``{file}`` stands for where the picture goes.
        needs: Other programs that it runs.
        needs_variable: A variable of the environment without which it has no screen, or empty.
    """

    command: tuple[str, ...]
    needs: tuple[str, ...] = ()
    needs_variable: str = ""

    def is_here(self) -> bool:
        """Whether this system offers it."""
        has_screen = not self.needs_variable or bool(os.environ.get(self.needs_variable))
        return has_screen and all(shutil.which(program) for program in (self.command[0], *self.needs))


_MAC = (Means(("screencapture", "-i", "-x", _FILE)),)
_OTHERS = (
    Means(("gnome-screenshot", "--area", f"--file={_FILE}")),
    Means(("spectacle", "--background", "--nonotify", "--region", "--output", _FILE)),
    Means(("xfce4-screenshooter", "--region", "--save", _FILE)),
    Means(("sh", "-c", 'area=$(slurp) && exec grim -g "$area" "$0"', _FILE), ("grim", "slurp"), "WAYLAND_DISPLAY"),
    Means(("maim", "--select", _FILE), needs_variable="DISPLAY"),
    Means(("import", _FILE), needs_variable="DISPLAY"),
)


def is_offered() -> bool:
    """Whether this system takes pictures of the screen when a program asks."""
    return _has_portal() or find_means() is not None


def _has_portal() -> bool:
    if sys.platform == "darwin":
        return False
    from app.gui.tray.screenshot_portal import portal_is_offered  # noqa: PLC0415 - not on macOS

    return portal_is_offered()


def find_means() -> Means | None:
    """The first means that this system offers, or None."""
    return next((means for means in (_MAC if sys.platform == "darwin" else _OTHERS) if means.is_here()), None)


class Screenshot(QObject):
    """Takes one picture at a time; the window is out of the way meanwhile, but can be called back. Thread: main."""

    taken = Signal(bytes, str)
    """Carries a PNG and its name."""
    kept = Signal(object)
    """Carries the Path of a picture that the system keeps."""
    failed = Signal(object)
    """Carries an ErrorText."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._file = Path()
        self._portal: PortalScreenshot | None = None
        self._process = QProcess(self)
        self._process.setProcessChannelMode(QProcess.ProcessChannelMode.MergedChannels)
        self._process.finished.connect(self._on_process_finished)
        self._process.errorOccurred.connect(self._on_process_error_occurred)
        self._hiding = QTimer(self)
        self._hiding.setSingleShot(True)
        self._hiding.setInterval(_HIDE_MS)
        self._hiding.timeout.connect(self._on_hiding_timeout)

    @property
    def is_busy(self) -> bool:
        """Whether the person is choosing what to take."""
        is_asking = self._portal is not None and self._portal.is_busy
        return is_asking or self._hiding.isActive() or self._process.state() != QProcess.ProcessState.NotRunning

    def take(self) -> None:
        """Minimises the window and lets the person choose; does nothing while they do."""
        assert_main_thread()
        if self.is_busy:
            return
        if _has_portal():
            self._ask_portal()
        else:
            self._run(find_means())

    def _ask_portal(self) -> None:
        """The portal has a window of its own for choosing."""
        if self._portal is None:
            from app.gui.tray.screenshot_portal import PortalScreenshot  # noqa: PLC0415 - not on macOS

            self._portal = PortalScreenshot(self)
            self._portal.taken.connect(self._on_portal_taken)
            self._portal.given_up.connect(self._bring_back)
            self._portal.failed.connect(self._on_portal_failed)
        self._minimise()
        self._portal.take()

    def _on_portal_taken(self, file: Path) -> None:
        assert_main_thread()
        self._bring_back()
        self.kept.emit(file)

    def _on_portal_failed(self) -> None:
        """Some portals take no pictures of the screen: then a program may."""
        assert_main_thread()
        self._run(find_means())

    def _run(self, means: Means | None) -> None:
        if means is None:
            self._bring_back()
            self.failed.emit(self._no_means())
            return
        self._file = Path(tempfile.mkdtemp(prefix="viewfinder-")) / "screenshot.png"
        command = [part.replace(_FILE, str(self._file)) for part in means.command]
        self._process.setProgram(command[0])
        self._process.setArguments(command[1:])
        self._minimise()
        self._hiding.start()

    def _minimise(self) -> None:
        if not self._window.isFullScreen():
            self._window.setWindowState(self._window.windowState() | Qt.WindowState.WindowMinimized)

    def close(self) -> None:
        """Ends a choice that is under way."""
        self._hiding.stop()
        if self._portal is not None:
            self._portal.close()
        if self._process.state() != QProcess.ProcessState.NotRunning:
            self._process.blockSignals(True)
            self._process.kill()
            self._process.waitForFinished(1000)
        self._clear_away()

    def _no_means(self) -> ErrorText:
        text = self.tr("This system offers no way to take a picture of the screen.")
        return ErrorText(text, self.tr("Take one with another program and paste it."), kind="input")

    def _on_hiding_timeout(self) -> None:
        self._process.start()

    def _on_process_finished(self, exit_code: int, _status: QProcess.ExitStatus) -> None:
        """A picture was taken when there is a file; without one the person gave up, which is no fault."""
        assert_main_thread()
        data = self._file.read_bytes() if self._file.is_file() else b""
        said = bytes(self._process.readAllStandardOutput().data()).decode("utf-8", "replace").strip()
        self._clear_away()
        self._bring_back()
        if data:
            now = datetime.now().astimezone()
            self.taken.emit(data, self.tr("Screenshot {0}").format(f"{now:%Y-%m-%d %H.%M.%S}") + ".png")
        elif exit_code != 0 and "permission" in said.lower():
            text = self.tr("The system does not allow Viewfinder to take pictures of the screen.")
            hint = self.tr("Allow it in the system's settings for privacy, then try again.")
            self.failed.emit(ErrorText(text, hint, said[-_LOG_END:], "input"))

    def _on_process_error_occurred(self, error: QProcess.ProcessError) -> None:
        assert_main_thread()
        if error == QProcess.ProcessError.FailedToStart:
            self._clear_away()
            self._bring_back()
            self.failed.emit(self._no_means())

    def _bring_back(self) -> None:
        self._window.setWindowState(self._window.windowState() & ~Qt.WindowState.WindowMinimized)
        self._window.raise_()
        self._window.activateWindow()

    def _clear_away(self) -> None:
        if self._file.name:
            shutil.rmtree(self._file.parent, ignore_errors=True)
            self._file = Path()
