"""Tries the finished program where nothing of the build is left: elsewhere, alone, with the environment out of sight.

Whatever happens, what was renamed gets its name back: at once, or at the next build. Standard library only.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from build_commands import BuildError, failure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from build_commands import Finished, Steps

_AWAY = ".away-during-selftest"
_KEPT = ("HOME", "TMPDIR", "USER", "LOGNAME", "LANG")
"""What a program has that the Finder starts; besides a PATH that names the system's own folders alone."""
_SYSTEM_PATH = "/usr/bin:/bin:/usr/sbin:/sbin"


def try_elsewhere(frozen: Path, executable: Path, hidden: Sequence[Path], steps: Steps) -> dict[str, Any]:
    """Runs the self-test of a copy in another folder, while the original and the build's environment are out of sight.

    Args:
        frozen: The .app or the folder of the program.
        executable: The program in it.
        hidden: What else may not be found meanwhile.
        steps: What runs it.

    Returns:
        What the self-test says, as ``resources/schemas/selftest-1.schema.json`` has it.

    Raises:
        BuildError: It failed, or did not say that it passed.
    """
    with ExitStack() as stack:
        elsewhere = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="viewfinder elsewhere ")))
        copy = elsewhere / "moved to" / frozen.name
        shutil.copytree(frozen, copy, symlinks=True)
        for path in (frozen, *hidden):
            stack.enter_context(out_of_sight(path))
        command = [str(copy / executable.relative_to(frozen)), "--selftest", "--json"]
        done = steps.call(command, bare_environment(), Path("/"))
    return _passed(command, done)


def bare_environment() -> dict[str, str]:
    """The variables of a program that the Finder starts."""
    return {**{name: os.environ[name] for name in _KEPT if name in os.environ}, "PATH": _SYSTEM_PATH}


@contextmanager
def out_of_sight(path: Path) -> Iterator[None]:
    """Renames a file or folder, and gives it its name back whatever happens meanwhile."""
    away = _away(path)
    if path.exists():
        shutil.rmtree(away, ignore_errors=True)  # of a build that was killed, and made anew since
        path.rename(away)
    try:
        yield
    finally:
        put_back(path)


def put_back(path: Path) -> None:
    """Gives a path its name back, where a build was killed before it could; else does nothing."""
    away = _away(path)
    if away.exists() and not path.exists():
        away.rename(path)


def _away(path: Path) -> Path:
    return path.with_name(path.name + _AWAY)


def _passed(command: Sequence[str], done: Finished) -> dict[str, Any]:
    try:
        report = json.loads(done.output)
        failed = [f"{part['title']}: {part['detail']}" for part in report["parts"] if part["outcome"] == "failed"]
        is_passed = report["is_passed"] is True and report["is_bundled"] is True
    except (ValueError, KeyError, TypeError) as error:
        raise BuildError(f"The self-test gave no report. {failure(command, done)}") from error
    if done.code or failed or not is_passed:
        told = "".join(f"\n      {line}" for line in failed) or f" {failure(command, done)}"
        raise BuildError(f"The finished program does not pass its self-test in another folder.{told}")
    return dict(report)
