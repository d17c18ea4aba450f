"""How the build runs other programs: one function that does it, and where the Mac's own tools are.

Standard library only.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from setup_commands import SetUpError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_SHOWN_LINES = 30


class BuildError(SetUpError):
    """The build cannot go on; the text says why and what to do."""


@dataclass(frozen=True)
class Finished:
    """A program that has ended.

    Attributes:
        code: Its exit status.
        output: What it wrote to its standard output.
        errors: What it wrote to its standard error.
    """

    code: int
    output: str
    errors: str


if TYPE_CHECKING:
    Call = Callable[[Sequence[str], Mapping[str, str] | None, Path | None], Finished]


@dataclass(frozen=True)
class MacTools:
    """Where the tools are that come with macOS; never looked for along PATH.

    Of these only xcrun needs Xcode's command line tools, which hold what PyInstaller changes libraries with.
    """

    codesign: str = "/usr/bin/codesign"
    ditto: str = "/usr/bin/ditto"
    hdiutil: str = "/usr/bin/hdiutil"
    security: str = "/usr/bin/security"
    spctl: str = "/usr/sbin/spctl"
    xcrun: str = "/usr/bin/xcrun"


def call(command: Sequence[str], environment: Mapping[str, str] | None = None, folder: Path | None = None) -> Finished:
    """Runs a program to its end with nothing to read.

    Args:
        command: The program and its arguments.
        environment: Its variables; None for those of this process.
        folder: Where it is started; None for here.

    Raises:
        BuildError: It cannot be started.
    """
    try:
        done = subprocess.run(
            command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
    except OSError as error:
        raise BuildError(f"{command[0]} cannot be started: {error.strerror}.") from error
    return Finished(done.returncode, _text(done.stdout), _text(done.stderr))


@dataclass(frozen=True)
class Steps:
    """What the steps of the build share.

    Attributes:
        call: Runs a program to its end.
        tools: Where the Mac's own are.
    """

    call: Call = call
    tools: MacTools = MacTools()

    def output(self, *command: str | os.PathLike[str]) -> str:
        """What a program writes to its standard output.

        Raises:
            BuildError: It failed; its last lines are in the text.
        """
        words = [os.fspath(word) for word in command]
        done = self.call(words, None, None)
        if done.code:
            raise BuildError(failure(words, done))
        return done.output


def require_developer_tools(steps: Steps) -> None:
    """Looks, before anything is built, whether a Mac has what PyInstaller takes libraries apart with.

    Raises:
        BuildError: It has not.
    """
    for tool in ("lipo", "install_name_tool"):
        done = steps.call([steps.tools.xcrun, "--find", tool], None, None)
        if done.code:
            raise BuildError(
                f"Xcode's command line tools are missing, or their licence is not agreed to: {tool} cannot be used. "
                f"Install them: xcode-select --install\n      {done.errors.strip()}"
            )


def failure(command: Sequence[str], done: Finished) -> str:
    """How a failed program is told of: its command line, so that it can be tried by hand, and its last lines."""
    lines = [line for line in f"{done.output}\n{done.errors}".splitlines() if line.strip()][-_SHOWN_LINES:]
    said = "".join(f"\n      {line}" for line in lines) or " It said nothing."
    shown = shlex.join(command if len(command) <= _SHOWN_LINES else [*command[:_SHOWN_LINES], "…"])
    return f"{Path(command[0]).name} ended with {done.code}:{said}\n      The command: {shown}"


def _text(output: bytes) -> str:
    return output.decode(errors="replace")
