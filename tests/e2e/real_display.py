"""A real X server with a mouse and a keyboard for windows of processes of their own."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_MISSING = [name for name in ("Xvfb", "xdotool") if shutil.which(name) is None]
NEEDS_DISPLAY = pytest.mark.skipif(
    bool(_MISSING), reason=f"{' and '.join(_MISSING)} not installed; test.py does it for root"
)
_LIMIT_S = 60.0


class Hands:
    """A mouse and a keyboard."""

    def __init__(self, display: str) -> None:
        self.environment = {**os.environ, "DISPLAY": display}

    def do(self, *words: str | int) -> str:
        command = ["xdotool", *map(str, words)]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=30, check=True)
        return done.stdout

    def drag(self, start: tuple[int, int], end: tuple[int, int], steps: int = 12) -> None:
        self.do("mousemove", *start)
        self.do("mousedown", 1)
        for step in range(1, steps + 1):
            place = [round(a + (b - a) * step / steps) for a, b in zip(start, end, strict=True)]
            self.do("mousemove", *place)
            time.sleep(0.03)  # another process answers each move; a hand is no faster
        self.do("mouseup", 1)


@contextlib.contextmanager
def killed_at_end(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    with process:
        try:
            yield process
        finally:
            process.kill()


def until(condition: Callable[[], object], what: str) -> None:
    """Waits for it."""
    deadline = time.monotonic() + _LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def quit_by_keys(hands: Hands, window_id: str, process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """Quits the program; gives what it wrote to its streams.

    The keys are pressed again while the window stays: a dialog that is just closing takes them for itself.
    """
    deadline = time.monotonic() + _LIMIT_S
    while True:
        with contextlib.suppress(subprocess.CalledProcessError):  # the window has gone meanwhile
            hands.do("windowfocus", "--sync", window_id)
            hands.do("key", "ctrl+q")
        try:
            return process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            assert time.monotonic() < deadline, "the window does not close"


def export_answer(
    hands: Hands, window_id: str, file: Path, *, keys: str = "ctrl+shift+s", title: str = "Export"
) -> bool:
    """Saves by the dialog's keys, by default as JSON; before the answer is there the command does nothing."""
    hands.do("windowfocus", "--sync", window_id)
    hands.do("key", keys)
    time.sleep(1.0)
    dialogs = subprocess.run(
        ["xdotool", "search", "--onlyvisible", "--name", f"^{title}$"],
        env=hands.environment,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split()
    if not dialogs:
        return False
    hands.do("windowfocus", "--sync", dialogs[0])
    hands.do("key", "ctrl+a")
    hands.do("type", "--delay", "20", str(file))
    hands.do("key", "Return")
    time.sleep(0.5)
    return file.exists()


def ask_and_export(hands: Hands, window_id: str, file: Path, *, title: str = "Export") -> bool:
    """Asks what stands in the box and saves the answer; before the picture is there, the keys do nothing."""
    hands.do("windowfocus", "--sync", window_id)
    hands.do("key", "ctrl+Return")
    return export_answer(hands, window_id, file, title=title)
