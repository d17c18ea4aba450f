"""How Qt begins: with the plugins that it was made with, and without an abort where no display answers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NoReturn

from PySide6.QtCore import QMessageLogContext, QtMsgType, qFormatLogMessage, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from app.core.bundled import own_qt_plugins

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def begin_application(words: Sequence[str], say_no_display: Callable[[str], int]) -> QApplication:
    """Makes the application, unless there is one already.

    Args:
        words: Its command line.
        say_no_display: Told in Qt's words why no window can open; gives the exit code with which the process ends then.
    """
    application = QApplication.instance()
    if isinstance(application, QApplication):
        return application
    warnings: list[str] = []

    def end(message: str) -> NoReturn:
        # Qt would abort the process after this; there is no way back into Python through it.
        first = next((line for line in message.splitlines() if line.strip()), "")
        os._exit(say_no_display("\n".join([*warnings, first])))

    def note(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
        if kind is QtMsgType.QtFatalMsg:
            end(message)
        warnings.append(qFormatLogMessage(kind, context, message))

    before = qInstallMessageHandler(note)
    try:
        with own_qt_plugins():
            application = QApplication(list(words))
    finally:
        qInstallMessageHandler(before)
    for warning in warnings:
        os.write(2, f"{warning}\n".encode(errors="replace"))
    return application
