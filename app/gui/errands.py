"""Work that takes its time, each piece on a thread of its own, and what came of it told on the main thread."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from app.gui.bridge import assert_main_thread

if TYPE_CHECKING:
    from collections.abc import Callable


class Errands(QObject):
    """Runs errands side by side. Thread: main, but for `post`.

    Args:
        name: Of their threads.
        parent: Whose they are.
    """

    told = Signal(object)
    """Carries what an errand has posted."""
    _events_waiting = Signal()

    def __init__(self, name: str, parent: QObject) -> None:
        super().__init__(parent)
        self._name = name
        self._lock = threading.Lock()
        self._waiting: list[object] = []
        self._is_closed = False
        self._threads: list[threading.Thread] = []
        self._events_waiting.connect(self._on_self_events_waiting, Qt.ConnectionType.QueuedConnection)

    def start(self, errand: Callable[[], None]) -> None:
        """Begins an errand, which posts what comes of it and lets no exception out."""
        assert_main_thread()
        thread = threading.Thread(target=errand, name=self._name, daemon=True)
        self._threads = [*(thread for thread in self._threads if thread.is_alive()), thread]
        thread.start()

    def post(self, event: object) -> None:
        """Has something told. Thread: any."""
        with self._lock:
            if not self._is_closed:
                self._waiting.append(event)
                self._events_waiting.emit()

    def close(self, timeout_s: float) -> bool:
        """Tells nothing any more and waits for errands to end; tells whether all did."""
        with self._lock:
            self._is_closed = True
            self._waiting.clear()
        deadline_s = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, deadline_s - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _on_self_events_waiting(self) -> None:
        assert_main_thread()
        with self._lock:
            taken, self._waiting = self._waiting, []
        for event in taken:
            self.told.emit(event)
