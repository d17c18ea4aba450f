"""A few threads that open pictures beside the model thread."""

from __future__ import annotations

import logging
import queue
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)


class MediaPool:
    """Runs small pieces of work in order of arrival on daemon threads, which start when first needed.

    Thread: any, for every method.
    """

    def __init__(self, name: str, size: int) -> None:
        self._name = name
        self._size = size
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._is_closed = False

    def submit(self, work: Callable[[], None]) -> None:
        """Runs `work` as soon as a thread is free; after ``close`` it is dropped. `work` handles its own errors."""
        with self._lock:
            if self._is_closed:
                return
            if len(self._threads) < self._size:
                thread = threading.Thread(target=self._run, name=f"{self._name}-{len(self._threads)}", daemon=True)
                self._threads.append(thread)
                thread.start()
            self._work.put(work)

    def close(self, timeout_s: float) -> bool:
        """Drops waiting work and ends the threads; tells whether all ended within the time."""
        with self._lock:
            self._is_closed = True
            threads = list(self._threads)
        for _ in threads:
            self._work.put(None)
        deadline = time.monotonic() + timeout_s
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)

    def _run(self) -> None:
        while True:
            work = self._work.get()
            if work is None:
                return
            if self._is_closed:
                continue
            try:
                work()
            except Exception:
                logger.exception("A piece of media work failed")
            del work  # before waiting: what it opened may be large
