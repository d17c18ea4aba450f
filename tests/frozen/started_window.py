"""How soon a frozen program's window is shown, by the clock on the wall and by the program's own trace."""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.frozen.installed import Installed

_LIMIT_S = 60.0
_LOOK_S = 0.002


@dataclass(frozen=True)
class WindowStart:
    """One start.

    Attributes:
        wall_s: From just before the process was made until the trace on disk had ``window_shown``.
        shown_s: ``window_shown`` of the trace, from the start of the process as the kernel has it.
        painted_s: ``first_paint``, likewise.
    """

    wall_s: float
    shown_s: float
    painted_s: float


def _go_first() -> None:
    with suppress(OSError, AttributeError):  # only root may, and not everywhere
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


def start_window(
    installed: Installed, folder: Path, variables: Mapping[str, str], *, goes_first: bool = False
) -> WindowStart:
    """Opens a window with no model and closes it once its content is painted.

    Args:
        installed: What is started.
        folder: Where its profile and trace are.
        variables: Its environment.
        goes_first: It need not wait for other work of the machine, where the system grants that.
    """
    trace = folder / "trace.json"
    trace.unlink(missing_ok=True)
    words: list[str | Path] = ["--backend", "fake", "--profile", folder / "profile", "--startup-trace", trace]
    began_s = time.monotonic()
    with installed.start(*words, variables=variables, preexec_fn=_go_first if goes_first else None) as window:
        wall_s = 0.0
        milestones: dict[str, Any] = {}
        while "first_paint" not in milestones:
            assert window.poll() is None, "the window closed too early"
            assert time.monotonic() - began_s < _LIMIT_S
            time.sleep(_LOOK_S)
            milestones = json.loads(trace.read_text())["milestones_ms"] if trace.exists() else {}
            if not wall_s and "window_shown" in milestones:
                wall_s = time.monotonic() - began_s
        window.send_signal(signal.SIGTERM)
        out, errors = window.communicate(timeout=_LIMIT_S)
    assert (window.returncode, out, errors) == (0, b"", b"")
    return WindowStart(wall_s, milestones["window_shown"] / 1000, milestones["first_paint"] / 1000)
