"""A frozen program in a folder that cannot be written, started with nothing but what is said."""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LIMIT_S = 120
NOBODY = "nobody"
SOMEBODY = NOBODY if os.geteuid() == 0 else ""
"""Another user than the one whose the program is, where a process of such a one can be started."""
SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a process as somebody else")


@dataclass(frozen=True)
class Installed:
    """Where a frozen program was put.

    Attributes:
        file: What is started.
        folder: All that belongs to it.
    """

    file: Path
    folder: Path

    def listing(self) -> dict[str, tuple[int, int, int]]:
        """Mode, size and time of change of every file and folder, by its place."""
        found = {}
        for place in (self.folder, *self.folder.rglob("*")):
            status = place.lstat()
            found[str(place.relative_to(self.folder))] = (status.st_mode, status.st_size, status.st_mtime_ns)
        return found

    def run(self, *words: str | Path, **given: Any) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end; see start_options."""
        command = [str(self.file), *map(str, words)]
        options = {"stdin": subprocess.DEVNULL, "capture_output": True, "encoding": "utf-8", **start_options(**given)}
        return subprocess.run(command, timeout=LIMIT_S, check=False, **options)

    def start(self, *words: str | Path, **given: Any) -> subprocess.Popen[bytes]:
        """Starts a command; see start_options."""
        pipe = subprocess.PIPE
        options = {"stdin": subprocess.DEVNULL, "stdout": pipe, "stderr": pipe, **start_options(**given)}
        return subprocess.Popen([str(self.file), *map(str, words)], **options)


def start_options(
    *, variables: Mapping[str, str] | None = None, cwd: str | Path = "/", user: str = "", **streams: Any
) -> dict[str, Any]:
    """Of a process with no environment but these variables, by default in the root folder.

    Args:
        variables: The whole environment.
        cwd: Working directory.
        user: Whose the process is, or "" for whoever runs the tests.
        streams: Standard streams and other options of subprocess.
    """
    options = {"env": dict(variables or {}), "cwd": cwd, **streams}
    if user:
        options |= {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}
    return options


def after_mounting(commands: str) -> list[str]:
    """Words that come before a command's: these mounts are there for it, and for nobody else.

    Skips the test where the system lets nobody do that.
    """
    try:
        is_allowed = subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        is_allowed = False
    if not is_allowed:
        pytest.skip("this system gives no process mounts of its own")
    return ["unshare", "--mount", "sh", "-c", f'{commands} && exec "$@"', "sh"]


@contextmanager
def folder_of(user: str) -> Iterator[Path]:
    """A throw-away folder that belongs to the user, by default to oneself, and lies where the user can reach it."""
    folder = Path(tempfile.mkdtemp(prefix="viewfinder-state-"))
    if user:
        account = pwd.getpwnam(user)
        os.chown(folder, account.pw_uid, account.pw_gid)
    try:
        yield folder
    finally:
        rmtree(folder)


def program_folder(program: Path) -> Path:
    """What of a frozen program is moved as one: a Mac's bundle, or the folder of its file."""
    return next((place for place in program.parents if place.suffix == ".app"), program.parent)


def lock_folder(folder: Path) -> None:
    """Makes all of it readable for everybody and writable for nobody."""
    for place in (*folder.rglob("*"), folder):
        if not place.is_symlink():
            mode = place.stat().st_mode
            is_run = place.is_dir() or mode & stat.S_IXUSR
            place.chmod(0o555 if is_run else 0o444)


def unlock_folder(folder: Path) -> None:
    """Lets its owner delete it again."""
    for place in (folder, *folder.rglob("*")):
        if place.is_dir() and not place.is_symlink():
            place.chmod(0o755)
