"""Commands that run beside one another: what they said is shown as a whole, and none outlives the one that began them.

Standard library only.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from setup_commands import say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import FrameType, TracebackType

_END_S = 20
"""How long a command may clear up after itself when it is told to end."""


@dataclass
class Begun:
    """A command at work.

    Attributes:
        name: What it is called in the summary.
        process: It, first of a group of processes of its own where the system has these.
        began_s: When, on time.monotonic's clock.
        kept: What it says, where that is not shown as it comes.
        ended: Waits for its end.
        took_s: How long it ran, once it has ended.
    """

    name: str
    process: subprocess.Popen[bytes]
    began_s: float
    kept: IO[bytes] | None = None
    ended: threading.Thread = field(init=False)
    took_s: float = 0.0

    def __post_init__(self) -> None:
        self.ended = threading.Thread(target=self._wait, name=f"end of {self.name}", daemon=True)
        self.ended.start()

    def _wait(self) -> None:
        self.process.wait()
        self.took_s = time.monotonic() - self.began_s


@dataclass
class SideBySide:
    """Begins commands, waits for them, and ends those at work when it is left early.

    Attributes:
        folder: Where they run.
        variables: Of their environment.
        outcomes: Of each command that has ended: its name, its exit code and how long it took, in s.
    """

    folder: Path
    variables: Mapping[str, str]
    outcomes: list[tuple[str, int, float]] = field(default_factory=list)
    _at_work: list[Begun] = field(default_factory=list)

    def __enter__(self) -> SideBySide:  # noqa: PYI034 - typing.Self needs 3.11
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for begun in self._at_work:
            _interrupt(begun.process)
        deadline = time.monotonic() + _END_S
        for begun in self._at_work:
            with suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
                begun.process.wait(max(0.0, deadline - time.monotonic()))
            _kill(begun.process)
            begun.process.wait()
            begun.ended.join()
            if begun.kept is not None:
                begun.kept.close()
        self._at_work.clear()

    def begin(self, name: str, command: Sequence[str]) -> Begun:
        """Begins a command whose words are kept until it is finished."""
        return self._begin(name, command, tempfile.TemporaryFile())

    def finish(self, begun: Begun) -> int:
        """Waits for a command, shows what it said, and gives its exit code."""
        code = begun.process.wait()
        begun.ended.join()
        self._at_work.remove(begun)
        if begun.kept is not None:
            begun.kept.seek(0)
            sys.stdout.flush()
            shutil.copyfileobj(begun.kept, sys.stdout.buffer)
            begun.kept.close()
        sys.stdout.flush()
        self.outcomes.append((begun.name, code, begun.took_s))
        return code

    def run(self, name: str, command: Sequence[str]) -> int:
        """Runs a command whose words are shown as they come, and gives its exit code."""
        return self.finish(self._begin(name, command, None))

    def failed(self) -> list[str]:
        """The names of the commands that have failed."""
        return [name for name, code, _ in self.outcomes if code]

    def say_outcomes(self) -> None:
        """Says of each command how it went."""
        width = max((len(name) for name, _, _ in self.outcomes), default=0)
        for name, code, seconds in self.outcomes:
            say(f"{name:{width}}  {'failed' if code else 'ok':6}  {seconds:7.1f} s")

    def _begin(self, name: str, command: Sequence[str], kept: IO[bytes] | None) -> Begun:
        sys.stdout.flush()
        options: dict[str, Any] = {} if sys.platform == "win32" else {"start_new_session": True}
        if kept is not None:
            options |= {"stdout": kept, "stderr": subprocess.STDOUT}
        process = subprocess.Popen(
            command, cwd=self.folder, env=dict(self.variables), stdin=subprocess.DEVNULL, **options
        )
        begun = Begun(name, process, time.monotonic(), kept)
        self._at_work.append(begun)
        return begun


def end_as_if_interrupted() -> None:
    """Lets SIGTERM end this process as Ctrl-C does, so that what it began is ended too."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)


def _interrupt(process: subprocess.Popen[bytes]) -> None:
    """Tells a process and those that it began; on Windows the console's Ctrl-C has reached them already."""
    if sys.platform != "win32" and process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Ends a process, and what it left of those that it began."""
    if sys.platform == "win32":
        process.kill()
    else:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
