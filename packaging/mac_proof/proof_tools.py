"""What looking after a Mac's program on Linux needs: an environment of tools in build/, and programs of the system.

Standard library only.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from bundle_identity import ROOT
from setup_commands import SetUpError, base_interpreter, clean_environment, pip_install, run, say

ENVIRONMENT = ROOT / "build" / "mac-tools"
TOOLS = ("uv==0.13.9", "macholib==1.16.4", "apple-platform-py==0.1.0", "pip>=24")
"""Resolving for another system, reading Mach-O files, signing them."""

_STAMP_NAME = "viewfinder-tools.txt"
_LLVM_PROGRAMS = {"lipo": "llvm-lipo", "install_name_tool": "llvm-install-name-tool"}
_OLDEST_LLVM, _NEWEST_LLVM = 16, 30
"""LLVM 14 leaves a table of mlx's core module where it was when the load commands before it grow."""
_LLVM_PACKAGES = ("llvm-19", "llvm-18", "llvm-17", "llvm-16")


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
    found = _find_llvm()
    apt = shutil.which("apt-get")
    if found is None and apt is not None and os.geteuid() == 0:
        variables = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        run([apt, "update", "-q"], variables)
        package = next((name for name in _LLVM_PACKAGES if _is_offered(name)), _LLVM_PACKAGES[0])
        say(f"      Installing {package} for its lipo and install_name_tool")
        run([apt, "install", "-y", "-q", "--no-install-recommends", package], variables)
        found = _find_llvm()
    if found is None:
        names = " and ".join(_LLVM_PROGRAMS.values())
        line = f"sudo apt-get install -y --no-install-recommends {_LLVM_PACKAGES[0]}"
        raise SetUpError(
            f"{names} of LLVM {_OLDEST_LLVM} or newer are missing, which take Mach-O files apart. Install them: {line}"
        )
    return found


def _find_llvm() -> dict[str, str] | None:
    """Both programs of one version that is new enough, the newest first; None where no version has both."""
    for suffix in (*(f"-{version}" for version in range(_NEWEST_LLVM, _OLDEST_LLVM - 1, -1)), ""):
        found = {name: shutil.which(program + suffix) for name, program in _LLVM_PROGRAMS.items()}
        paths = {name: path for name, path in found.items() if path is not None}
        if len(paths) == len(found) and (suffix or _version(paths["lipo"]) >= _OLDEST_LLVM):
            return paths
    return None


def _version(program: str) -> int:
    """The version that a program of LLVM says it is, 0 where it says none."""
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    said = re.search(r"LLVM version (\d+)", done.stdout)
    return int(said[1]) if said else 0


def _is_offered(package: str) -> bool:
    """Whether apt knows a package."""
    return subprocess.run(["apt-cache", "show", package], capture_output=True, check=False).returncode == 0
