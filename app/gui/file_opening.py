"""Files that macOS hands to the running program: dropped on its icon, or opened with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QFileOpenEvent

if TYPE_CHECKING:
    from app.gui.shell import MainWindow


class FileOpening(QObject):
    """Watches the application for such files and gives them to the window."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Takes a file that is to be opened."""
        if isinstance(event, QFileOpenEvent) and event.file():
            self._window.content.open_path(Path(event.file()))
            return True
        return super().eventFilter(watched, event)
