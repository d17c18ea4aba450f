"""What the self-test tries of Qt: the whole window, drawn where nobody sees it, and the languages it speaks."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import PySide6
from PySide6.QtCore import QCoreApplication, QLibraryInfo, QTranslator, qVersion
from PySide6.QtWidgets import QApplication

from app.core.bundled import own_qt_plugins
from app.core.trials import Found, TrialError
from app.gui.language import speak
from app.gui.look import apply_ground
from app.gui.shell import MainWindow

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QImage

    from app.core.launch import Launch

_PLATFORMS = {"darwin": "libqcocoa.dylib", "linux": "libqxcb.so", "win32": "qwindows.dll"}
_SETTLED_S = 0.3
_LEAST_COLOURS = 16
_LANGUAGE: Literal["zh_CN"] = "zh_CN"
_SAID = (("Errors", "No model is loaded."), ("QPlatformTheme", "Cancel"))
"""A text of the program's own and one of Qt's."""
_FIRST_HAN, _LAST_HAN = "\u4e00", "\u9fff"


def try_window(window_file: Path, make_launch: Callable[[], Launch]) -> Found:
    """Makes the window with all that is in it, has it drawn, and closes it.

    Args:
        window_file: Where its geometry is kept.
        make_launch: Puts together what it needs.

    Raises:
        TrialError: Nothing was drawn, or what would draw on this system's screen is not there.
    """
    versions = {"PySide6": PySide6.__version__, "Qt": qVersion()}
    application = _application()
    window = MainWindow(window_file, make_launch)
    apply_ground(application, "light")
    window.show()
    window.build()
    settled_at = time.monotonic() + _SETTLED_S
    while time.monotonic() < settled_at:
        application.processEvents()
    image = window.grab().toImage()
    colours = _colours(image)
    window.close()
    application.processEvents()
    if colours < _LEAST_COLOURS:
        raise TrialError(f"The window is empty: {colours} colours in {image.width()} x {image.height()}.", versions)
    plugins = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath))
    plugin = plugins / "platforms" / _PLATFORMS.get(sys.platform, "")
    if not plugin.is_file():
        raise TrialError(f"There is no {plugin}: no window could open on a screen.", versions)
    said = f"Qt {qVersion()}, {image.width()} x {image.height()} in {colours} colours; {plugin.name} is there"
    return Found(said, versions)


def try_languages() -> Found:
    """Has the program speak every language it has.

    Raises:
        TrialError: A translation is missing or empty.
    """
    application = _application()
    speak(application, _LANGUAGE)
    there = sum(not translator.isEmpty() for translator in application.findChildren(QTranslator))
    said = {source: QCoreApplication.translate(context, source) for context, source in _SAID}
    english = [source for source, text in said.items() if not any(_FIRST_HAN <= letter <= _LAST_HAN for letter in text)]
    if english:
        found = f"{there} of 2 translations were found"
        raise TrialError(f"In {_LANGUAGE} this stays English: {', '.join(english)}; {found}.")
    return Found(f"{_LANGUAGE}: {'; '.join(said.values())}")


def _application() -> QApplication:
    application = QApplication.instance()
    if isinstance(application, QApplication):
        return application
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    with own_qt_plugins():
        return QApplication(["viewfinder"])


def _colours(image: QImage) -> int:
    """How many colours stand on a grid of points."""
    step = 4
    points = ((x, y) for x in range(0, image.width(), step) for y in range(0, image.height(), step))
    return len({image.pixel(x, y) for x, y in points})
