"""The environment that the bundle is made from: what the program needs on this system, and the tools that freeze it.

It is made anew whenever what it should hold has changed, so that nothing of an earlier one can come into a bundle.
Standard library only.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import sysconfig
from pathlib import Path
from platform import machine
from typing import TYPE_CHECKING

from bundle_identity import MIN_MACOS, ROOT
from mac_constraints import CONSTRAINTS, EXTRAS, PLATFORM, read_constraints
from setup_commands import SetUpError, base_interpreter, clean_environment, pip_install, run, say
from setup_environment import extras_for
from setup_stamp import Stamp, is_current, read_stamp, requirements_digest, write_stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Run = Callable[[Sequence[str], Mapping[str, str]], None]

ENVIRONMENT = ROOT / ".venv-app"

_MAC_PYTHONS = ((3, 12), (3, 13))
_FORCED = ("mlx", "mlx-metal")


def refuse_python(system: str, processor: str, version: tuple[int, int], oldest_macos: str = "") -> None:
    """Says when this Python cannot make a bundle.

    Args:
        system: As in ``sys.platform``.
        processor: As in ``platform.machine``.
        version: Of Python.
        oldest_macos: What this Python was made for, as ``sysconfig`` has it; its library goes into the app.

    Raises:
        SetUpError: For a system or processor that the program does not run on; on a Mac, for another version than those
            that run under the hardened runtime and have all wheels, or one made for newer macOS alone, as Homebrew's is
            and what pyenv compiles.
    """
    extras_for(system, processor, has_nvidia=False)
    if system != "darwin":
        return
    asked = "Install Python 3.12 from python.org, then: python3.12 packaging/build_app.py"
    if version not in _MAC_PYTHONS:
        raise SetUpError(f"The app is made with Python 3.12 or 3.13; this is {version[0]}.{version[1]}. {asked}")
    if _numbers(oldest_macos) > _numbers(MIN_MACOS):
        raise SetUpError(f"This Python runs on macOS {oldest_macos} and later, the app shall on {MIN_MACOS}. {asked}")


def _numbers(version: str) -> tuple[int, ...]:
    """The numbers of a version, as 10.13, for comparing; none where it is not said."""
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def wanted_stamp(checkout: Path, python: str, pyproject: str, constraints: str) -> Stamp:
    """What the environment should hold.

    Args:
        checkout: Where the checkout stands.
        python: The interpreter that it is made from.
        pyproject: The text of pyproject.toml.
        constraints: The text of the constraints, empty where none hold.
    """
    digest = hashlib.sha256(f"{requirements_digest(pyproject)}\n{constraints}".encode()).hexdigest()
    return Stamp(str(checkout), python, digest, EXTRAS)


def forced_wheels(constraints: str) -> tuple[str, ...]:
    """The wheels of MLX that must be those for macOS 14: a newer Mac would take kernels that only newer Macs can read.

    Raises:
        SetUpError: The constraints do not name them.
    """
    versions = read_constraints(constraints)
    missing = [name for name in _FORCED if name not in versions]
    if missing:
        raise SetUpError(f"{CONSTRAINTS.name} does not say which {' and '.join(missing)} to take.")
    return tuple(f"{name}=={versions[name]}" for name in _FORCED)


def install_commands(python: Path, checkout: Path, system: str, constraints: str) -> list[list[str]]:
    """What fills a new environment, in order.

    Raises:
        SetUpError: See `forced_wheels`.
    """
    pip = pip_install(python)
    program = [*pip, "-e", f"{checkout}[{','.join(EXTRAS)}]"]
    if system != "darwin":
        return [program]
    site = python.parents[1] / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    forced = ["--force-reinstall", "--no-deps", "--upgrade", "--only-binary=:all:"]
    place = ["--platform", PLATFORM, "--target", str(site)]
    return [[*program, "-c", str(CONSTRAINTS)], [*pip, *forced, *place, *forced_wheels(constraints)]]


def prepare(run_command: Run = run) -> Path:
    """Makes the environment, unless it already holds what it should.

    Returns:
        Its interpreter.

    Raises:
        SetUpError: It cannot be made.
    """
    base = base_interpreter()
    made_for = str(sysconfig.get_config_var("MACOSX_DEPLOYMENT_TARGET") or "")
    refuse_python(sys.platform, machine(), sys.version_info[:2], made_for)
    is_mac = sys.platform == "darwin"
    constraints = CONSTRAINTS.read_text(encoding="utf-8") if is_mac else ""
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    wanted = wanted_stamp(ROOT, str(Path(base).resolve()), pyproject, constraints)
    python = ENVIRONMENT / "bin" / "python"
    if is_current(read_stamp(ENVIRONMENT), wanted) and python.exists():
        return python
    say(f"Making {ENVIRONMENT.name}, from which the bundle is made (a few minutes) ...")
    commands = install_commands(python, ROOT, sys.platform, constraints)
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    environment = clean_environment()
    run_command([base, "-m", "venv", str(ENVIRONMENT)], environment)
    for command in commands:
        run_command(command, environment)
    write_stamp(ENVIRONMENT, wanted)
    return python
