"""Feels the main thread's pulse: how long it was away from its event loop, and what it did meanwhile."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

STALL_S = 0.050
_BEAT_MS = 2
_LOOK_EVERY_S = 0.008
_LATE_S = 0.020
_CALLS = 6


@dataclass(frozen=True)
class Stall:
    """A time without a beat.

    Attributes:
        wall_s: How long it was.
        busy_s: How long the main thread itself worked in it: less than wall_s where the machine was busy elsewhere.
        what: Where the main thread was seen, innermost last, most often seen first.
    """

    wall_s: float
    busy_s: float
    what: tuple[str, ...]

    def __str__(self) -> str:
        places = "\n    ".join(self.what) or "(not seen)"
        return f"{self.wall_s * 1000:.0f} ms without a beat, {self.busy_s * 1000:.0f} ms of them at work:\n    {places}"


class Heartbeat(QObject):
    """Beats on the main thread while it is entered; a thread beside it notes what runs when a beat is late.

    The main thread's own working time decides what a stall is: on a machine that is busy with other things every
    program waits, however well it is written. Waiting for a lock or for the interpreter shows in the wall time.
    """

    def __init__(self) -> None:
        super().__init__()
        self.beats = 0
        self.stalls: list[Stall] = []
        self.longest_wall_s = 0.0
        self.longest_busy_s = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_BEAT_MS)
        self._timer.timeout.connect(self._on_timer_timeout)
        self._main_id = threading.get_ident()
        self._last_s = 0.0
        self._last_busy_s = 0.0
        self._seen: dict[str, int] = {}
        self._is_over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="heartbeat", daemon=True)

    def __enter__(self) -> Heartbeat:  # noqa: PYI034 - typing.Self needs 3.11
        self._last_s, self._last_busy_s = time.perf_counter(), time.thread_time()
        self._timer.start()
        self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._on_timer_timeout()
        self._timer.stop()
        self._is_over.set()
        self._watcher.join()

    @property
    def own_stalls(self) -> list[str]:
        """Those in which the main thread itself worked for too long, in words."""
        return [str(stall) for stall in self.stalls if stall.busy_s > STALL_S]

    def _on_timer_timeout(self) -> None:
        now_s, busy_s = time.perf_counter(), time.thread_time()
        wall_gap_s, busy_gap_s = now_s - self._last_s, busy_s - self._last_busy_s
        if wall_gap_s > STALL_S:
            often = sorted(self._seen, key=lambda place: -self._seen[place])
            self.stalls.append(Stall(wall_gap_s, busy_gap_s, tuple(often[:4])))
        self.beats += 1
        self.longest_wall_s = max(self.longest_wall_s, wall_gap_s)
        self.longest_busy_s = max(self.longest_busy_s, busy_gap_s)
        self._seen = {}
        self._last_s, self._last_busy_s = now_s, busy_s

    def _watch(self) -> None:
        while not self._is_over.wait(_LOOK_EVERY_S):
            if time.perf_counter() - self._last_s > _LATE_S:
                place = _place(self._main_id)
                self._seen[place] = self._seen.get(place, 0) + 1


def calmest(attempt: Callable[[], list[str]]) -> str:
    """The stalls of the calmest of three attempts: a busy machine slows some, a fault of the program all of them."""
    least: list[str] = []
    for _ in range(3):
        stalls = attempt()
        if not stalls:
            return ""
        least = min(least or stalls, stalls, key=len)
    return "\n".join(least)


def _place(thread_id: int) -> str:
    """The innermost calls; read off the frames alone, because looking up source lines would itself take too long."""
    frame = sys._current_frames().get(thread_id)
    calls: list[str] = []
    while frame is not None and len(calls) < _CALLS:
        code = frame.f_code
        calls.insert(0, f"{code.co_filename.rpartition('/')[2]}:{frame.f_lineno} {code.co_name}")
        frame = frame.f_back
    return " > ".join(calls) or "(gone)"
