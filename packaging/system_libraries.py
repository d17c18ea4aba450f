"""What Qt's window needs of the system: its libraries (and what installs them on Debian and Ubuntu) and a display.

As a command it names the packages that are missing, those of the tests' own X server with them.
"""

from __future__ import annotations

import ctypes
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import real_display

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

PACKAGE_OF_LIBRARY = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libX11.so.6": "libx11-6",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
}
"""Read off with ldd from Qt 6.11's widgets and its xcb platform plugin."""

FONTS = "any font"
_FONT_PACKAGE = "fonts-dejavu-core"
_FONT_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path("~/.local/share/fonts").expanduser())
_FONT_SUFFIXES = {".ttf", ".otf", ".ttc", ".pfb"}

_X_SOCKETS = Path("/tmp/.X11-unix")  # noqa: S108 - where X servers listen
_X_DISPLAY = re.compile(r"(?P<host>[^/]*):(?P<number>\d{1,4})(?:\.\d+)?")
_X_FIRST_PORT = 6000
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1"})
_CONNECT_S = 0.2
_INVISIBLE_PLATFORMS = frozenset({"offscreen", "minimal"})


def missing_libraries(can_load: Callable[[str], bool] | None = None) -> tuple[str, ...]:
    """The libraries that cannot be loaded, and ``any font`` where a window would show boxes for letters."""
    check = _can_load if can_load is None else can_load
    missing = [library for library in PACKAGE_OF_LIBRARY if not check(library)]
    return (*missing, *([] if _has_font(_FONT_FOLDERS) else [FONTS]))


def apt_packages(missing: Iterable[str]) -> tuple[str, ...]:
    """The Debian and Ubuntu packages that hold them, sorted, each once."""
    return tuple(sorted({_FONT_PACKAGE if name == FONTS else PACKAGE_OF_LIBRARY[name] for name in missing}))


def install_line(packages: Sequence[str]) -> str:
    """The line a person types to install packages."""
    return f"sudo apt-get update && sudo apt-get install -y --no-install-recommends {' '.join(packages)}"


def window_obstacle(
    system: str, environment: Mapping[str, str], opens_window: Callable[[], bool], *, must_try: bool
) -> str | None:
    """Why no window can be seen here, or None.

    On Linux a display counts only when something answers there: Qt ends the whole process where nothing does.

    Args:
        system: As in ``sys.platform``.
        environment: This process's variables.
        opens_window: Tries Qt itself; it is asked only where connecting to the display does not settle it.
        must_try: An answering display is not enough: libraries are missing, or it may turn this user away.
    """
    asked_for = environment.get("QT_QPA_PLATFORM", "")
    platforms = [name.split(":")[0] for name in asked_for.split(";") if name]
    if platforms and _INVISIBLE_PLATFORMS.issuperset(platforms):
        return f"QT_QPA_PLATFORM={asked_for} shows no window"
    if system != "linux":
        is_remote = system == "darwin" and "SSH_CONNECTION" in environment and not platforms
        return "this is a remote session" if is_remote else None
    answers = _display_answers(environment, platforms)
    if not answers:
        return "there is no display"
    names = " or ".join(answers)
    if all(answer is False for answer in answers.values()):
        return f"nothing answers at {names}"
    if all(answers.values()) and not must_try:
        return None
    return None if opens_window() else f"Qt cannot open one at {names}"


def _display_answers(environment: Mapping[str, str], platforms: Sequence[str]) -> dict[str, bool | None]:
    """Each display that Qt may try, and whether something answers there; None where that cannot be said."""
    answers: dict[str, bool | None] = {}
    wayland, x_server = environment.get("WAYLAND_DISPLAY"), environment.get("DISPLAY")
    if wayland and (not platforms or any(name.startswith("wayland") for name in platforms)):
        path = Path(environment.get("XDG_RUNTIME_DIR", "/"), wayland)
        answers[f"WAYLAND_DISPLAY={wayland}"] = _answers(socket.AF_UNIX, str(path))
    if x_server and (not platforms or "xcb" in platforms):
        answers[f"DISPLAY={x_server}"] = _x_server_answers(x_server)
    if any(name != "xcb" and not name.startswith("wayland") for name in platforms):
        answers[f"QT_QPA_PLATFORM={environment['QT_QPA_PLATFORM']}"] = None
    return answers


def _x_server_answers(display: str) -> bool | None:
    """Whether an X server listens, looked for where libxcb looks: abstract socket, file, port of this machine."""
    parts = _X_DISPLAY.fullmatch(display)
    if parts is None or (parts["host"] and parts["host"] not in {*_THIS_MACHINE, "unix"}):
        return None
    if parts["host"] not in _THIS_MACHINE:
        path = str(_X_SOCKETS / f"X{parts['number']}")
        local = [_answers(socket.AF_UNIX, address) for address in (f"\0{path}", path)]
        if any(local):
            return True
        if None in local:
            return None
        if parts["host"] == "unix":
            return False
    port = _X_FIRST_PORT + int(parts["number"])
    places = ((socket.AF_INET, ("127.0.0.1", port)), (socket.AF_INET6, ("::1", port)))
    is_refused = all(_answers(family, address) is False for family, address in places)
    return False if is_refused else None  # a tunnel listens even where its far end is gone


def _answers(family: socket.AddressFamily, address: str | tuple[str, int]) -> bool | None:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as connection:
            connection.settimeout(_CONNECT_S)
            connection.connect(address)
    except (TimeoutError, BlockingIOError):
        return None
    except OSError:
        return False
    return True


def _can_load(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _has_font(folders: Iterable[Path]) -> bool:
    return any(path.suffix.lower() in _FONT_SUFFIXES for folder in folders for path in folder.glob("**/*"))


if __name__ == "__main__":
    print(*apt_packages(missing_libraries()), *real_display.missing_packages(), sep="\n")
