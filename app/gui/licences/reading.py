"""Finds out what is inside the program, and saves its notices, beside the main thread: there are hundreds of files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from app.core.errors import ErrorText, describe_error
from app.core.files import write_atomically
from app.core.licences.inside import Inside, Part, inside_here
from app.core.licences.wording import text_of, whole_text
from app.gui.errands import Errands

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtCore import QObject


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


class LicenceReading(Errands):
    """Reads, and tells a LicencesEvent."""

    def __init__(self, parent: QObject) -> None:
        super().__init__("licences", parent)
        self._inside: Inside | None = None

    def read(self) -> None:
        """Finds out what is inside."""
        self.start(self._read)

    def save(self, file: Path) -> None:
        """Saves everything as one text."""
        self.start(lambda: self._save(file))

    def _read(self) -> None:
        try:
            self._inside = inside_here()
            parts = tuple(ReadPart(part, text_of(part)) for part in self._inside.parts)
        except Exception as raised:  # noqa: BLE001 - thread boundary
            self.post(InsideTold(error=describe_error(raised)))
        else:
            self.post(InsideTold(parts))

    def _save(self, file: Path) -> None:
        try:
            write_atomically(file, whole_text(self._inside or inside_here()))
        except Exception as raised:  # noqa: BLE001 - thread boundary
            self.post(NoticesTold(file, describe_error(raised)))
        else:
            self.post(NoticesTold(file))
