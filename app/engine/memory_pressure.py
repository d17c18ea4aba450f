"""Watches whether the system is short of memory, while there is something that could be given back."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.core.memory_now import is_memory_short

if TYPE_CHECKING:
    from collections.abc import Callable

LOOK_EVERY_S = 5.0
"""The system's own figures are of the last ten seconds."""


@dataclass(frozen=True, slots=True)
class MemoryShort:
    """The system is short of memory."""


class PressureWatch:
    """Asks the system every few seconds while it is told to watch, and sleeps otherwise. Thread: any.

    Its own thread: the question may wait where memory is short, and the window must not.

    Args:
        tell: Takes a MemoryShort, once for each call of ``watch``.
        is_short: Asks the system.
        every_s: How long it sleeps between two questions.
    """

    def __init__(
        self,
        tell: Callable[[MemoryShort], None],
        is_short: Callable[[], bool] = is_memory_short,
        every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._tell = tell
        self._is_short = is_short
        self._every_s = every_s
        self._changed = threading.Condition()
        self._is_watching = False
        self._is_closing = False
        self._thread: threading.Thread | None = None

    def watch(self) -> None:
        """Begins to ask, after the first few seconds."""
        with self._changed:
            if self._is_closing:
                return
            self._is_watching = True
            self._changed.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="memory-pressure", daemon=True)
                self._thread.start()

    def rest(self) -> None:
        """Asks no more; what was asked before is not told any more."""
        with self._changed:
            self._is_watching = False

    def close(self, timeout_s: float) -> bool:
        """Ends the thread; tells whether it ended in time."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(timeout_s)
        return self._thread is None or not self._thread.is_alive()

    def _run(self) -> None:
        while self._wait():
            if self._is_watching and self._is_short():
                with self._changed:
                    is_told = self._is_watching and not self._is_closing
                    self._is_watching = False
                if is_told:
                    self._tell(MemoryShort())

    def _wait(self) -> bool:
        """Waits until it is time to ask; False when there will be nothing more to ask."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_watching or self._is_closing)
            self._changed.wait_for(lambda: self._is_closing, self._every_s)
            return not self._is_closing
