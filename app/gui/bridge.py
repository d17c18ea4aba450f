"""Carries events from the engine's threads to the main thread, many at a time."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from app.core.errors import EngineError
from app.core.events import SegmentText, TextPiece

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from app.core.events import EngineEvent
    from app.core.models.download_state import DownloadState
    from app.engine.memory_pressure import MemoryShort
    from app.gui.checkpoint_search import SearchEvent
    from app.gui.models.model_looking import ModelsEvent
    from app.gui.tray.intake import TakenIn

    WindowEvent: TypeAlias = EngineEvent | SearchEvent | TakenIn | MemoryShort | ModelsEvent | DownloadState


def assert_main_thread() -> None:
    """Opens every slot that touches widgets.

    Raises:
        EngineError: This is another thread.
    """
    if threading.current_thread() is not threading.main_thread():
        raise EngineError("A widget was reached for from another thread.")


class Bridge(QObject):
    """Takes events on any thread and hands them to `handle` on the main thread, in order.

    Consecutive text of one request is joined, and the main thread is woken only when nothing was waiting before: twenty
    thousand pieces arrive as a handful.
    """

    _events_waiting = Signal()

    def __init__(self, handle: Callable[[WindowEvent], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._handle = handle
        self._lock = threading.Lock()
        self._waiting: list[WindowEvent | _Text] = []
        self._is_closed = False
        self._events_waiting.connect(self._on_self_events_waiting, Qt.ConnectionType.QueuedConnection)

    def post(self, event: WindowEvent) -> None:
        """Takes an event. Thread: any."""
        with self._lock:
            if self._is_closed:
                return
            last = self._waiting[-1] if self._waiting else None
            if not isinstance(event, TextPiece | SegmentText):
                self._waiting.append(event)
            elif isinstance(last, _Text) and last.goes_on_with(event):
                last.pieces.append(event.text)
            else:
                self._waiting.append(_Text(event))
            if last is None:
                self._events_waiting.emit()

    def close(self) -> None:
        """Drops what is waiting and whatever still comes. Thread: main."""
        assert_main_thread()
        with self._lock:
            self._is_closed = True
            self._waiting.clear()

    def _on_self_events_waiting(self) -> None:
        assert_main_thread()
        with self._lock:
            taken = deque(self._waiting)
            self._waiting.clear()
        try:
            while taken and not self._is_closed:
                event = taken.popleft()
                self._handle(event.joined() if isinstance(event, _Text) else event)
        finally:
            self._put_back(taken)

    def _put_back(self, left: deque[WindowEvent | _Text]) -> None:
        """Keeps what follows an event whose handling failed."""
        with self._lock:
            if left and not self._is_closed:
                self._waiting[:0] = left
                self._events_waiting.emit()


class _Text:
    """Pieces of one request's text, or of one segment's, in a row; joined once: when they are taken."""

    __slots__ = ("first", "pieces")

    def __init__(self, first: TextPiece | SegmentText) -> None:
        self.first = first
        self.pieces = [first.text]

    def goes_on_with(self, piece: TextPiece | SegmentText) -> bool:
        return replace(piece, text=self.first.text) == self.first

    def joined(self) -> TextPiece | SegmentText:
        return replace(self.first, text="".join(self.pieces))
