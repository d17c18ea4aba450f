"""Which program the end-to-end tests start: the source's, or a frozen one that the option ``--program`` names."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

_RUNTIMES = {"mlx": "mlx_vlm", "transformers": "torch"}
_FROZEN_RUNTIMES = ["mlx"]
_INHERITED_NAMES = {"HOME", "LANG", "OMP_NUM_THREADS", "TMPDIR", "XDG_RUNTIME_DIR", "PYTHON_KEYRING_BACKEND"}
_INHERITED_STARTS = ("HF_", "QT_", "TRANSFORMERS_", "XDG_")
_chosen: list[Path] = []


def choose(program: Path) -> None:
    """Makes the tests start this frozen program: its file, its folder, or a Mac's bundle.

    Raises:
        FileNotFoundError: There is none.
    """
    places = (program, program / "viewfinder", program / "Contents" / "MacOS" / "Viewfinder")
    file = next((place for place in places if place.is_file() and os.access(place, os.X_OK)), None)
    if file is None:
        raise FileNotFoundError(f"There is no frozen program at {program}.")
    _chosen[:] = [file.resolve()]


def frozen_program() -> Path | None:
    """The frozen program's file, or None where the source is started."""
    return _chosen[0] if _chosen else None


def start_words() -> list[str]:
    """What a command of the program begins with."""
    if _chosen:
        return [str(_chosen[0])]
    # -W error: a warning of ours or of a library would end the process; -X dev adds unclosed files and threads
    return [sys.executable, "-X", "dev", "-m", "app"]


def inherited_variables() -> dict[str, str]:
    """The tests' own variables that the program is started with; a frozen program gets nothing of this Python's."""
    if not _chosen:
        return {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "PYTEST"))}
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _INHERITED_NAMES or name.startswith(_INHERITED_STARTS)
    }
    return {**kept, "PATH": "/usr/bin:/bin"}


def installed_runtimes() -> list[str]:
    """The backends whose runtime the program has, the one it prefers first."""
    if _chosen:
        return _FROZEN_RUNTIMES
    return [name for name, module in _RUNTIMES.items() if importlib.util.find_spec(module) is not None]
