"""What looking after a Mac's program on Linux needs: an environment of tools in build/, and programs of the system.

Standard library only.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from setup_commands import SetUpError, base_interpreter, clean_environment, pip_install, run, say

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / "build" / "mac-tools"
TOOLS = ("uv==0.13.9", "macholib==1.16.4", "apple-platform-py==0.1.0", "pip>=24")
"""Resolving for another system, reading Mach-O files, signing them."""

_STAMP_NAME = "viewfinder-tools.txt"
_LLVM_PACKAGE = "llvm"
_LLVM_PROGRAMS = {"lipo": "llvm-lipo", "install_name_tool": "llvm-install-name-tool"}
_LLVM_VERSIONS = range(30, 13, -1)


def tools_python() -> Path:
    """The Python of the environment of tools, which is made once and again when its list changes.

    Raises:
        SetUpError: It cannot be made.
    """
    python = ENVIRONMENT / "bin" / "python"
    stamp = ENVIRONMENT / _STAMP_NAME
    made_from = "\n".join((str(ROOT), os.path.realpath(sys.executable), *TOOLS))
    if python.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == made_from:
        return python
    say(f"Making the environment of tools {ENVIRONMENT}")
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    run([base_interpreter(), "-m", "venv", str(ENVIRONMENT)], clean_environment())
    run([*pip_install(python), *TOOLS], clean_environment())
    stamp.write_text(made_from, encoding="utf-8")
    return python


def llvm_programs() -> dict[str, str]:
    """Paths of LLVM's programs under the names of the Mac's that they stand for: lipo and install_name_tool.

    As root on Debian and Ubuntu they are installed where they are missing.

    Raises:
        SetUpError: They are missing and cannot be installed; the text says what to type.
    """
    found = _find_llvm(shutil.which)
    apt = shutil.which("apt-get")
    if found is None and apt is not None and os.geteuid() == 0:
        say(f"Installing {_LLVM_PACKAGE} for its lipo and install_name_tool")
        variables = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        run([apt, "update", "-q"], variables)
        run([apt, "install", "-y", "-q", "--no-install-recommends", _LLVM_PACKAGE], variables)
        found = _find_llvm(shutil.which)
    if found is None:
        names = " and ".join(_LLVM_PROGRAMS.values())
        line = f"sudo apt-get install -y --no-install-recommends {_LLVM_PACKAGE}"
        raise SetUpError(f"{names} are missing, which take Mach-O files apart. Install LLVM: {line}")
    return found


def _find_llvm(which: Callable[[str], str | None]) -> dict[str, str] | None:
    """Both programs of one version, the newest first; None where no version has both."""
    for suffix in ("", *(f"-{version}" for version in _LLVM_VERSIONS)):
        found = {name: which(program + suffix) for name, program in _LLVM_PROGRAMS.items()}
        if all(found.values()):
            return {name: path for name, path in found.items() if path is not None}
    return None
