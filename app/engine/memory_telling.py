"""Tells how much memory is in use, when that has changed by what a person would see."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from app.core.events import MemoryUsed
from app.core.memory_now import program_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.core.backend import Backend

_EVERY_S = 0.5
_STEP_BYTES = 50_000_000
"""Half of the last digit of “3.4 GB”."""


class MemoryTelling:
    """Looks while the model thread is awake anyhow: no clock wakes it. Thread: model, for every method.

    Args:
        say: Takes a MemoryUsed.
        read: Gives what the program holds.
    """

    def __init__(self, say: Callable[[MemoryUsed], None], read: Callable[[], int] = program_bytes) -> None:
        self._say = say
        self._read = read
        self._told: MemoryUsed | None = None
        self._next_s = 0.0

    def look(self, backend: Backend, *, is_now: bool = False) -> None:
        """Tells what is in use, if it is another amount than was told; at once, or twice a second at most."""
        now_s = time.monotonic()
        if now_s < self._next_s and not is_now:
            return
        self._next_s = now_s + _EVERY_S
        used = MemoryUsed(self._read(), backend.memory().active_bytes)
        told = self._told
        if told is None or _is_other(used.program_bytes, told.program_bytes) or _is_other(*_models(used, told)):
            self._told = used
            self._say(used)


def _models(used: MemoryUsed, told: MemoryUsed) -> tuple[int, int]:
    return used.model_bytes, told.model_bytes


def _is_other(now_bytes: int, told_bytes: int) -> bool:
    return abs(now_bytes - told_bytes) >= _STEP_BYTES
