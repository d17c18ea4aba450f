"""What is different in the program that carries its own Python: the only place that asks whether this is it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_LIBRARIES_VARIABLE = "LD_LIBRARY_PATH"
_QT_PLUGIN_VARIABLES = ("QT_PLUGIN_PATH", "QT_QPA_PLATFORM_PLUGIN_PATH")
_LOADERS_NOTES = "_PYI_"
_PROCESS_NUMBER = re.compile(r"-psn_\d+_\d+")

BUNDLE_ID = "org.viewfinder.Viewfinder"
"""What macOS and Linux desktops know the program by."""


def is_bundled() -> bool:
    """Whether this is the bundled program, which carries its Python and all it needs, and nothing can be added to it.

    Source: PyInstaller's manual, section "Run-time Information".
    """
    return bool(getattr(sys, "frozen", False))


def bundle_path() -> Path:
    """Where the bundled program lies, as a person sees it: on a Mac the ``.app``, elsewhere the folder.

    The program's own files may not be written.
    """
    executable = Path(sys.executable)
    return next((folder for folder in executable.parents if folder.suffix == ".app"), executable.parent)


def own_command() -> list[str]:
    """What starts this program anew with the very same files, from `own_working_dir`.

    In the bundled program ``sys.executable`` is the program itself and no Python: nothing else may start it.
    """
    return [sys.executable] if is_bundled() else [sys.executable, "-m", "app"]


def own_working_dir() -> Path:
    """The folder that `own_command` is to be started from, so that another folder named ``app`` is not taken for it."""
    return Path(__file__).resolve().parents[2]


def is_in_passing_place() -> bool:
    """Whether a Mac runs the bundled program from a disk image, or from a random place that will be gone.

    Such a place it gives a program that was downloaded and not yet moved in Finder (App Translocation).

    Source: Apple's ``SecTranslocate.h``.
    """
    return sys.platform == "darwin" and is_bundled() and _is_in_passing(bundle_path())


def _is_in_passing(place: Path) -> bool:
    if "/AppTranslocation/" in str(place):
        return True
    try:
        return place.is_relative_to("/Volumes") and bool(os.statvfs(place).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def own_arguments(words: Sequence[str]) -> list[str]:
    """What a person gave: without the number that macOS may add when it opens a program for the first time."""
    return [word for word in words if not (is_bundled() and _PROCESS_NUMBER.fullmatch(word))]


def restore_environment() -> None:
    """Takes back what the bundle's start has changed for itself: the place of its libraries, and notes to itself.

    This process has read it by now; a program of the system that is started from here would find its libraries there.
    Started anew and given the notes alone, the program itself would take the system's libraries in place of its own.

    Source: PyInstaller's manual, section "LD_LIBRARY_PATH / LIBPATH considerations".
    """
    if not is_bundled():
        return
    before = os.environ.pop(f"{_LIBRARIES_VARIABLE}_ORIG", None)
    if before is not None:
        os.environ[_LIBRARIES_VARIABLE] = before
    elif sys.platform == "linux":
        os.environ.pop(_LIBRARIES_VARIABLE, None)
    for name in [name for name in os.environ if name.startswith(_LOADERS_NOTES)]:
        del os.environ[name]


@contextmanager
def own_qt_plugins() -> Iterator[None]:
    """Leads the bundled Qt to its own plugins while it begins, whatever a person's shell names for another Qt.

    It would take those of the desktop's Qt before its own, and end the process where they are of another version; on a
    Mac it would look for its own from where the loader found it, which may be a link elsewhere in the .app. Programs
    that are started later find the variables as they were.

    Source: Qt's documentation of QCoreApplication::libraryPaths and QGuiApplication.
    """
    if not is_bundled():
        yield
        return
    theirs = {name: os.environ.pop(name) for name in _QT_PLUGIN_VARIABLES if name in os.environ}
    os.environ["QT_PLUGIN_PATH"] = str(own_working_dir() / "PySide6" / "Qt" / "plugins")
    try:
        yield
    finally:
        del os.environ["QT_PLUGIN_PATH"]
        os.environ.update(theirs)


def speak_utf8() -> None:
    """Tells Qt and programs that are started from here what Python itself would tell them: the C locale is UTF-8.

    The bundled Python does not, and Qt says on stderr that it does so in its place.

    Source: PEP 538, "Coercing the legacy C locale to a UTF-8 based locale".
    """
    if not is_bundled() or sys.platform != "linux" or os.environ.get("LC_ALL"):
        return
    given = (os.environ.get(name) for name in ("LC_CTYPE", "LANG"))
    if next((locale for locale in given if locale), "C") in {"C", "POSIX"}:
        os.environ["LC_CTYPE"] = "C.UTF-8"
