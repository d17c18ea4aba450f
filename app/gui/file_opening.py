"""Files that macOS hands to the running program: dropped on its icon, or opened with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QFileOpenEvent

if TYPE_CHECKING:
    from app.gui.shell import MainWindow

_TOGETHER_MS = 50
"""Files that are opened together come one by one."""


class FileOpening(QObject):
    """Watches the application for such files and gives them to the window, those opened together as one."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._paths: list[Path] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_TOGETHER_MS)
        self._timer.timeout.connect(self._on_timer_timeout)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Takes a file that is to be opened."""
        if isinstance(event, QFileOpenEvent) and event.file():
            self._paths.append(Path(event.file()))
            self._timer.start()
            return True
        return super().eventFilter(watched, event)

    def _on_timer_timeout(self) -> None:
        paths, self._paths = self._paths, []
        self._window.content.open_paths(paths)
