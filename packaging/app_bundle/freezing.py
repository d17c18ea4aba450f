"""Runs PyInstaller over viewfinder.spec, and looks whether what came out is what was asked for.

Standard library only.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import translations
from bundle_contents import may_lose_debug_information
from bundle_identity import executable_name
from setup_commands import SetUpError, clean_environment, run, say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Run = Callable[[Sequence[str], Mapping[str, str]], None]

SPEC = Path(__file__).resolve().parents[1] / "viewfinder.spec"

_STRICT = {"PYINSTALLER_STRICT_BUNDLE_CODESIGN_ERROR": "1", "PYINSTALLER_VERIFY_BUNDLE_SIGNATURE": "1"}
"""Without these PyInstaller only warns of a signature that failed."""


def freeze_command(python: Path, dist_dir: Path, work_dir: Path) -> list[str]:
    """PyInstaller's command line."""
    folders = ["--distpath", str(dist_dir), "--workpath", str(work_dir)]
    return [
        str(python),
        "-m",
        "PyInstaller",
        "--noconfirm",
        "--log-level",
        "WARN",
        *folders,
        str(SPEC),
        "--",
        "--name",
        executable_name(sys.platform),
    ]


def frozen_place(dist_dir: Path, system: str) -> Path:
    """Where PyInstaller puts what it makes."""
    return dist_dir / (executable_name(system) + (".app" if system == "darwin" else ""))


def freeze(python: Path, dist_dir: Path, work_dir: Path, *, run_command: Run = run) -> Path:
    """Freezes the program as the checkout has it, its translations included.

    Args:
        python: The interpreter of the environment that `build_environment.prepare` made.
        dist_dir: Where the result goes.
        work_dir: Where PyInstaller keeps what it needs meanwhile.
        run_command: What runs a command line with these variables, and raises SetUpError when it fails.

    Returns:
        The folder of the program on Linux; on a Mac the .app, signed without a name.

    Raises:
        SetUpError: PyInstaller failed, or left nothing.
    """
    result = frozen_place(dist_dir, sys.platform)
    shutil.rmtree(result, ignore_errors=True)
    _make_translations(python, run_command)
    say(f"Freezing {result.name} (some minutes) ...")
    run_command(freeze_command(python, dist_dir, work_dir), {**clean_environment(), **_STRICT})
    if not result.exists():
        raise SetUpError(f"PyInstaller ended well but left no {result}.")
    if result.suffix == ".app":
        shutil.rmtree(result.with_suffix(""), ignore_errors=True)  # the same once more, from which the .app was made
    if sys.platform == "linux":
        _drop_debug_information(result, run_command)
    return result


def _make_translations(python: Path, run_command: Run) -> None:
    if translations.stale_files():
        run_command([str(python), str(Path(translations.__file__))], clean_environment())


def _drop_debug_information(folder: Path, run_command: Run) -> None:
    """Takes the debugger's notes out of libraries: a tenth of the program's size, and full of their builders' paths."""
    inside = folder / "_internal"
    files = [file for file in sorted(inside.rglob("*.so*")) if file.is_file() and not file.is_symlink()]
    libraries = [file for file in files if may_lose_debug_information(file.relative_to(inside).as_posix())]
    strip = shutil.which("strip")
    if strip is None:
        say("There is no “strip” here (binutils): libraries keep their debug information, a tenth of the size.")
    elif libraries:
        run_command([strip, "--strip-unneeded", *map(str, libraries)], clean_environment())
