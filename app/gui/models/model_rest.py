"""Lets go of the model when it has not been needed for long, or when the system is short of memory."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer

from app.engine.memory_pressure import MemoryShort, PressureWatch
from app.gui.bridge import assert_main_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.gui.desk import Desk

QUIET_MS = 20_000
"""After an answer, before the system is asked: the answer itself may have been what memory was short for."""
_WORTH_BYTES = 250_000_000
"""A smaller model, such as the demo, would give the system nothing that it feels."""
_MS_PER_MINUTE = 60_000


class ModelRest(QObject):
    """Counts the time in which a loaded model is not used; never unloads during an answer or a load. Thread: main.

    Args:
        desk: Has the model, the conversation and the settings.
        tell: Takes a MemoryShort from another thread and brings it to `take`.
    """

    def __init__(self, desk: Desk, tell: Callable[[MemoryShort], None]) -> None:
        super().__init__(desk)
        self._desk = desk
        self.watch = PressureWatch(tell)
        self._since_s: float | None = None
        self._idle = self._timer(self._on_idle_timeout)
        self._quiet = self._timer(self._on_quiet_timeout)
        for signal in (desk.model_changed, desk.turn_changed, desk.settings_changed):
            signal.connect(self._on_desk_changed)

    def _timer(self, slot: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setTimerType(Qt.TimerType.VeryCoarseTimer)
        timer.timeout.connect(slot)
        return timer

    def take(self, _short: MemoryShort) -> None:
        """Unloads, as the system is short of memory; while the model is at work, nothing."""
        self._desk.unload("pressure")

    def close(self, timeout_s: float) -> bool:
        """Ends what counts and watches; tells whether it ended in time."""
        self._stop()
        return self.watch.close(timeout_s)

    def _on_desk_changed(self) -> None:
        assert_main_thread()
        if not self._desk.can_unload:
            self._stop()
            return
        if self._since_s is None:
            self._since_s = time.monotonic()
            ready = self._desk.model.ready
            if ready is not None and ready.memory_bytes >= _WORTH_BYTES:
                self._quiet.start(QUIET_MS)
        self._count()

    def _count(self) -> None:
        """Waits for the rest of the minutes that the settings leave; they may just have been changed."""
        minutes = self._desk.settings.unload_after_min
        if minutes is None or self._since_s is None:
            self._idle.stop()
            return
        passed_ms = int((time.monotonic() - self._since_s) * 1000)
        self._idle.start(max(0, minutes * _MS_PER_MINUTE - passed_ms))

    def _stop(self) -> None:
        if self._since_s is not None:
            self._since_s = None
            self._idle.stop()
            self._quiet.stop()
            self.watch.rest()

    def _on_idle_timeout(self) -> None:
        self._desk.unload("idle")

    def _on_quiet_timeout(self) -> None:
        self.watch.watch()
