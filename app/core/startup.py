"""Milestones of a start in milliseconds since the process began, written to a file as they are reached."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from app.core.errors import UserError
from app.core.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.core.events import EngineEvent
    from app.core.launch import EventSink

logger = logging.getLogger(__name__)

FORMAT = "viewfinder.startup/1"
_STAT_START_FIELD = 22
_PROC_PIDTBSDINFO = 3
_PROC_BSDINFO_BYTES = 136
_PROC_BSDINFO_START = 120
_LONGEST_AGE_S = 600.0


def process_age() -> tuple[float | None, str]:
    """How many seconds ago this process began, None where the system does not tell, and how that was found out."""
    try:
        if sys.platform == "linux":
            age_s, source = _age_on_linux(), "/proc/self/stat"
        elif sys.platform == "darwin":
            age_s, source = _age_on_mac(), "proc_pidinfo"
        else:
            age_s, source = -1.0, ""
    except (OSError, ValueError, IndexError, AttributeError):
        age_s, source = -1.0, ""
    if 0.0 <= age_s <= _LONGEST_AGE_S:
        return age_s, f"process start ({source})"
    return None, "the program's first line"


def _age_on_linux() -> float:
    """To a hundredth of a second: the kernel counts a process's start in clock ticks.

    Source: proc_pid_stat(5), field 22 (starttime), in ticks since boot.
    """
    after_name = Path("/proc/self/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    start_ticks = int(after_name[_STAT_START_FIELD - 3])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - start_ticks / os.sysconf("SC_CLK_TCK")


def _age_on_mac() -> float:
    """Source: struct proc_bsdinfo in XNU's bsd/sys/proc_info.h: pbi_start_tvsec and pbi_start_tvusec close it."""
    import ctypes  # noqa: PLC0415 - only needed here

    libproc = ctypes.CDLL("/usr/lib/libproc.dylib", use_errno=True)
    info = ctypes.create_string_buffer(_PROC_BSDINFO_BYTES)
    got = libproc.proc_pidinfo(os.getpid(), _PROC_PIDTBSDINFO, ctypes.c_uint64(0), info, _PROC_BSDINFO_BYTES)
    if got != _PROC_BSDINFO_BYTES:
        raise OSError(ctypes.get_errno(), "proc_pidinfo")
    seconds = int.from_bytes(info.raw[_PROC_BSDINFO_START : _PROC_BSDINFO_START + 8], sys.byteorder)
    microseconds = int.from_bytes(info.raw[_PROC_BSDINFO_START + 8 :], sys.byteorder)
    return time.time() - seconds - microseconds / 1e6


class StartupTrace:
    """Notes when each milestone was first reached and, given a file, replaces it each time.

    Args:
        file: Written after each milestone, or None.
        first_line_s: ``time.monotonic()`` at the program's first line: the origin where the system tells no better.

    Thread: any.
    """

    def __init__(self, file: Path | None, first_line_s: float) -> None:
        self._file = file
        age_s, self._since = process_age()
        self._origin_s = first_line_s if age_s is None else time.monotonic() - age_s
        self._lock = threading.Lock()
        self._milestones_ms: dict[str, float] = {}

    def reached(self, name: str) -> None:
        """Notes the milestone; only its first time counts."""
        now_ms = round((time.monotonic() - self._origin_s) * 1000, 1)
        with self._lock:
            if name in self._milestones_ms:
                return
            self._milestones_ms[name] = now_ms
            if self._file is None:
                return
            import json  # noqa: PLC0415 - only for whom the trace is written

            trace = {"format": FORMAT, "since": self._since, "milestones_ms": self._milestones_ms}
            try:
                write_atomically(self._file, (json.dumps(trace, indent=2) + "\n").encode("utf-8"))
            except UserError as error:
                logger.info("The startup trace cannot be written: %s", error)
                self._file = None


def noting(reached: Callable[[str], None], sink: EventSink) -> EventSink:
    """A sink that passes every event on, noting when the runtime was imported and the model ready."""
    from app.core.events import ModelLoading, ModelReady  # noqa: PLC0415 - not before the window is shown

    def note_and_pass_on(event: EngineEvent) -> None:
        if isinstance(event, ModelReady):
            reached("runtime_imported")
            reached("model_ready")
        elif isinstance(event, ModelLoading) and event.progress.stage != "importing_runtime":
            reached("runtime_imported")
        sink(event)

    return note_and_pass_on
