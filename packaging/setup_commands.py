"""How the set-up runs other programs, and says what happens.

Standard library only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ROLLBACK_S = 5
_SHOWN_LINES = 30
_OFFLINE_WORDS = (
    "Could not find a version that satisfies",
    "Temporary failure in name resolution",
    "NewConnectionError",
    "Network is unreachable",
    "getaddrinfo",
    "ProxyError",
)


class SetUpError(Exception):
    """The set-up cannot go on; the text says why and what to do."""


def base_interpreter() -> str:
    """The Python that environments are made from: the one behind this one's environment, if it is in one."""
    return getattr(sys, "_base_executable", None) or sys.executable


def is_root() -> bool:
    """Whether this user may install for all; on Windows it is not asked."""
    return sys.platform != "win32" and os.geteuid() == 0


def program_in(environment: Path, name: str, system: str = sys.platform) -> Path:
    """A command of an environment on a system, as in ``sys.platform``."""
    return environment / "Scripts" / f"{name}.exe" if system == "win32" else environment / "bin" / name


def pip_install(python: Path) -> list[str]:
    """The beginning of an environment's command that installs."""
    return [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"]


def clean_environment() -> dict[str, str]:
    """This process's variables without those that would lead another interpreter astray."""
    return {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}


def run(command: Sequence[str], environment: Mapping[str, str]) -> None:
    """Runs a command with its last line shown in place on a terminal; all of its end only when it fails.

    Raises:
        SetUpError: It failed.
    """
    lines: list[str] = []
    is_terminal = sys.stderr.isatty()
    options: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL}
    with subprocess.Popen(command, env=environment, text=True, errors="replace", **options) as process:
        try:
            for line in process.stdout or ():
                lines.append(line.rstrip())
                if is_terminal:
                    width = shutil.get_terminal_size().columns - 1
                    sys.stderr.write("\r\x1b[K" + f"      {lines[-1]}"[:width])
                    sys.stderr.flush()
        except KeyboardInterrupt:
            with suppress(subprocess.TimeoutExpired):  # Ctrl-C reached the command too: pip puts back what it replaced
                process.communicate(timeout=_ROLLBACK_S)
            process.terminate()
            raise
        finally:
            if is_terminal:
                sys.stderr.write("\r\x1b[K")
    if process.returncode:
        end = "\n".join(f"      {line}" for line in lines[-_SHOWN_LINES:])
        is_offline = any(word in line for word in _OFFLINE_WORDS for line in lines)
        hint = "\n      Perhaps there is no network: connect and start again." if is_offline else ""
        raise SetUpError(f"{Path(command[0]).name} failed:\n{end}{hint}")


def say(text: str) -> None:
    """Says a line to whoever started the set-up."""
    print(text, file=sys.stderr, flush=True)
