"""Finds out what is inside the program, and saves its notices, beside the main thread: there are hundreds of files."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from PySide6.QtCore import QObject, Qt, Signal

from app.core.errors import ErrorText, describe_error
from app.core.files import write_atomically
from app.core.licences.inside import Inside, Part, inside_here
from app.core.licences.wording import text_of, whole_text
from app.gui.bridge import assert_main_thread

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class ReadPart:
    """A part with all that is to be said of it."""

    part: Part
    text: str


@dataclass(frozen=True, slots=True)
class InsideTold:
    """What is inside, or why nobody can tell."""

    parts: tuple[ReadPart, ...] = ()
    error: ErrorText | None = None


@dataclass(frozen=True, slots=True)
class NoticesTold:
    """The notices were saved to a file, or were not."""

    file: Path
    error: ErrorText | None = None


LicencesEvent: TypeAlias = InsideTold | NoticesTold


class LicenceReading(QObject):
    """Reads on a thread of its own and tells on the main thread what it found. Thread: main."""

    told = Signal(object)
    """Carries a LicencesEvent."""
    _events_waiting = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._waiting: list[LicencesEvent] = []
        self._is_closed = False
        self._threads: list[threading.Thread] = []
        self._inside: Inside | None = None
        self._events_waiting.connect(self._on_self_events_waiting, Qt.ConnectionType.QueuedConnection)

    def read(self) -> None:
        """Finds out what is inside."""
        self._start(self._read)

    def save(self, file: Path) -> None:
        """Saves everything as one text."""
        self._start(lambda: self._save(file))

    def close(self, timeout_s: float) -> bool:
        """Tells nothing any more and waits for what is under way to end; tells whether all did."""
        with self._lock:
            self._is_closed = True
            self._waiting.clear()
        deadline_s = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, deadline_s - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _start(self, work: Callable[[], None]) -> None:
        assert_main_thread()
        thread = threading.Thread(target=work, name="licences", daemon=True)
        self._threads = [*(thread for thread in self._threads if thread.is_alive()), thread]
        thread.start()

    def _read(self) -> None:
        try:
            self._inside = inside_here()
            parts = tuple(ReadPart(part, text_of(part)) for part in self._inside.parts)
        except Exception as raised:  # noqa: BLE001 - thread boundary
            self._post(InsideTold(error=describe_error(raised)))
        else:
            self._post(InsideTold(parts))

    def _save(self, file: Path) -> None:
        try:
            write_atomically(file, whole_text(self._inside or inside_here()))
        except Exception as raised:  # noqa: BLE001 - thread boundary
            self._post(NoticesTold(file, describe_error(raised)))
        else:
            self._post(NoticesTold(file))

    def _post(self, event: LicencesEvent) -> None:
        with self._lock:
            if not self._is_closed:
                self._waiting.append(event)
                self._events_waiting.emit()

    def _on_self_events_waiting(self) -> None:
        assert_main_thread()
        with self._lock:
            taken, self._waiting = self._waiting, []
        for event in taken:
            self.told.emit(event)
