"""Keeps the machine at work while somebody waits for an answer, a model or a download.

Only macOS is asked: it slows a hidden program down (App Nap) and puts an idle machine to sleep. The display may sleep.
Linux leaves programs at work, and its desktops' ways of holding sleep off are services of a session bus, to which
nothing here has a connection: whoever wants that there starts the program under ``systemd-inhibit``.
"""

from __future__ import annotations

import logging
import sys
import threading
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

logger = logging.getLogger(__name__)

_OBJC_LIBRARY = "/usr/lib/libobjc.A.dylib"


class Wakefulness:
    """Counts who is at work: the first begins an activity, the last ends it. Thread: any.

    Args:
        begin: Tells the system that work begins, in words for its list of activities, and gives what ends it.
    """

    def __init__(self, begin: Callable[[str], Callable[[], None]]) -> None:
        self._begin = begin
        self._lock = threading.Lock()  # also around the system's calls: appnope sets up each in a place of its own
        self._count = 0
        self._end: Callable[[], None] | None = None

    @contextmanager
    def held(self, reason: str) -> Iterator[None]:
        """Holds sleep and App Nap off until the block ends, whatever ends it; never itself a fault."""
        with self._lock:
            self._count += 1
            if self._count == 1:
                self._end = self._begun(reason)
        try:
            yield
        finally:
            with self._lock:
                self._count -= 1
                if self._count == 0:
                    end, self._end = self._end, None
                    self._ended(end)

    def _begun(self, reason: str) -> Callable[[], None] | None:
        try:
            return self._begin(reason)
        except Exception as error:  # noqa: BLE001 - work goes on without it, and so more slowly
            logger.info("Sleep cannot be held off: %s", error)
            return None

    @staticmethod
    def _ended(end: Callable[[], None] | None) -> None:
        try:
            if end is not None:
                end()
        except Exception as error:  # noqa: BLE001 - as above
            logger.info("Sleep stays held off until the program ends: %s", error)


@contextmanager
def held_awake(reason: str) -> Iterator[None]:
    """Holds idle sleep and App Nap off on macOS while the block runs; nothing elsewhere. Thread: any.

    Args:
        reason: What is done, in English: ``pmset -g assertions`` lists it.
    """
    with _PROGRAM.held(reason) if sys.platform == "darwin" else nullcontext():
        yield


def _begin_activity(reason: str) -> Callable[[], None]:
    """Begins a user's activity with Foundation, and keeps its token.

    What Foundation gives belongs to the thread's autorelease pool, and an activity ends with its token: without a claim
    of our own it would end as soon as a pool is emptied, and its end would be told of memory that is gone.

    Source: the comments on ``beginActivityWithOptions:reason:`` in NSProcessInfo.h.
    """
    import ctypes  # noqa: PLC0415 - only on macOS

    import appnope

    runtime = ctypes.CDLL(_OBJC_LIBRARY)
    retain, release = runtime.objc_retain, runtime.objc_release
    retain.argtypes, retain.restype = [ctypes.c_void_p], ctypes.c_void_p
    release.argtypes, release.restype = [ctypes.c_void_p], None
    token = appnope.beginActivityWithOptions(appnope.NSActivityUserInitiated, reason)
    retain(token)

    def end() -> None:
        appnope.endActivity(token)
        release(token)

    return end


_PROGRAM = Wakefulness(_begin_activity)
