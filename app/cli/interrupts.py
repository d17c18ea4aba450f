"""Ctrl-C: the first ends the request cleanly, the second ends the program at once."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

from app.cli.usage import INTERRUPTED

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from typing_extensions import Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """While it is entered, the first interrupt (Ctrl-C or SIGTERM) calls `on_first`, the second ends the process.

    Args:
        on_first: Called between two steps of the main thread; must be safe at any point, so it only puts into a queue.

    Thread: main.
    """

    def __init__(self, on_first: Callable[[], None]) -> None:
        self._on_first = on_first
        self._before: dict[signal.Signals, Any] = {}
        self.is_wanted = False

    def __enter__(self) -> Self:
        for number in _SIGNALS:
            self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, frame: object) -> None:
        if self.is_wanted:
            os._exit(INTERRUPTED)
        self.is_wanted = True
        self._on_first()
