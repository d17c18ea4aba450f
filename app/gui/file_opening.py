"""Files that macOS hands to the running program: dropped on its icon, opened with it, or sent by Finder.

They come one by one, and some before there is a window, as nobody waits for it. Which is so is Qt's and AppKit's doing:
`QFileOpenEvent` for each, the first of them as soon as the event loop runs. Elsewhere none ever comes.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QFileOpenEvent

if TYPE_CHECKING:
    from PySide6.QtCore import QUrl

    from app.gui.shell import MainWindow

logger = logging.getLogger(__name__)

_TOGETHER_MS = 150
"""Hundreds that are opened together come within less than this of one another."""


class FileOpening(QObject):
    """Takes such files from the application for the window, those opened together as one. Thread: main.

    It outlives each window: a file that comes while one takes another's place belongs to the new one.

    Args:
        application: Whose events these are.
    """

    def __init__(self, application: QObject) -> None:
        super().__init__(application)
        self._window: MainWindow | None = None
        self._urls: list[QUrl] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_TOGETHER_MS)
        self._timer.timeout.connect(self._hand_over)
        application.installEventFilter(self)

    def serve(self, window: MainWindow) -> None:
        """Gives everything to this window from now on, what waits included."""
        before, self._window = self._window, window
        if before is not None:
            before.started.disconnect(self._hand_over)
            before.closing.disconnect(self._on_window_closing)
        window.started.connect(self._hand_over)
        window.closing.connect(self._on_window_closing)
        if self._urls:
            self._timer.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Takes a file that is to be opened."""
        if not isinstance(event, QFileOpenEvent):
            return super().eventFilter(watched, event)
        url = event.url()
        is_early = self._window is None or not self._window.is_started
        if not url.isEmpty() and not (is_early and _is_own_argument(url)):
            self._urls.append(url)
            self._timer.start()
        return True

    def _hand_over(self) -> None:
        """Has the window add what came, once it can: what was given on the command line goes before."""
        window = self._window
        if not self._urls or self._timer.isActive() or window is None or not window.is_started:
            return
        urls, self._urls = self._urls, []
        window.come_forward()
        window.content.open_urls(urls)

    def _on_window_closing(self) -> None:
        """The program ends: AppKit says so to whoever opens a file from now on, and starts the program anew."""
        self._window = None
        self._timer.stop()
        if self._urls:
            logger.info("%d files came too late to be opened", len(self._urls))
            self._urls = []


def _is_own_argument(url: QUrl) -> bool:
    """Whether it stands on the command line: AppKit hands a program its own arguments as files to open.

    Run from source, the program's script is among them; and what is meant as a file is opened without AppKit's help.
    """
    arguments = (os.path.abspath(argument) for argument in (*sys.orig_argv, *sys.argv))  # noqa: PTH100 - resolving asks the disk
    return _plain(url.toLocalFile()) in map(_plain, arguments)


def _plain(path_text: str) -> str:
    """A name as others may write it: Finder's come with their accents as letters of their own."""
    import unicodedata  # noqa: PLC0415 - only on a Mac, and only when a file comes early

    return unicodedata.normalize("NFC", path_text)
