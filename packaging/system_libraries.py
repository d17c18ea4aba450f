"""Which libraries of Qt's window are missing on this Linux, and what installs them on Debian and Ubuntu."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

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


def _can_load(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _has_font(folders: Iterable[Path]) -> bool:
    return any(path.suffix.lower() in _FONT_SUFFIXES for folder in folders for path in folder.glob("**/*"))
