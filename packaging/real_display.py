"""The programs with which tests drive a window on a real X server: installed for root, else their tests are skipped."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

from setup_commands import is_root

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Run = Callable[[Sequence[str], Mapping[str, str]], None]

PACKAGE_OF_PROGRAM = {"Xvfb": "xvfb", "xdotool": "xdotool"}


def missing_packages() -> tuple[str, ...]:
    """The Debian and Ubuntu packages of the programs that are not there."""
    return tuple(package for program, package in PACKAGE_OF_PROGRAM.items() if shutil.which(program) is None)


def install_missing(run: Run) -> tuple[str, ...]:
    """Installs what is missing where that can be done without asking; gives the packages it installed.

    Args:
        run: Runs a command in an environment of variables, and raises what it likes when the command fails.
    """
    packages, apt = missing_packages(), shutil.which("apt-get")
    if not packages or apt is None or sys.platform != "linux" or not is_root():
        return ()
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run([apt, "update", "-q"], environment)
    run([apt, "install", "-y", "-q", "--no-install-recommends", *packages], environment)
    return packages
