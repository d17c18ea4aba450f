"""An environment that looks finished, without anything installed."""

from __future__ import annotations

import os
from pathlib import Path

from setup_stamp import Stamp, requirements_digest, write_stamp

PYPROJECT = '[project]\nname = "x"\ndependencies = ["numpy>=1"]\n[tool.ruff]\nline-length = 120\n'
_FAKE_PYTHON = """#!/bin/sh
folder=$(dirname "$0")/..
case "$*" in
"-m pip --version") test ! -e "$folder/pip-is-broken" ;;
"-m pip install"*)
    echo "$*" >>"$folder/pip.log"
    if test -e "$folder/replaces-numpy"; then mv "$folder/lib/python3.12/site-packages/numpy" "$folder/numpy"; fi
    if test -e "$folder/upgrades-pip"; then touch "$folder/lib/python3.12/site-packages/pip-26.0.dist-info"; fi
    test ! -e "$folder/offline" || { echo "Temporary failure in name resolution"; exit 1; } ;;
*) echo "$*" >>"$folder/other.log" ;;
esac
"""


def make_environment(folder: Path) -> None:
    """Makes the folder and, beside it, the checkout's requirements; its Python only notes what it is asked to do."""
    (folder / "bin").mkdir(parents=True)
    (folder / "lib" / "python3.12" / "site-packages" / "numpy").mkdir(parents=True)
    python = folder / "bin" / "python"
    python.write_text(_FAKE_PYTHON)
    python.chmod(0o755)
    (folder.parent / "pyproject.toml").write_text(PYPROJECT)
    write_stamp(folder, finished(folder))


def finished(environment: Path) -> Stamp:
    """What its set-up noted."""
    python = os.path.realpath(environment / "bin" / "python")
    return Stamp(str(environment.parent), python, requirements_digest(PYPROJECT), ("mlx", "test"))


def change_requirements(environment: Path) -> None:
    """Lets the checkout ask for another version than is installed."""
    (environment.parent / "pyproject.toml").write_text(PYPROJECT.replace("numpy>=1", "numpy>=2"))
