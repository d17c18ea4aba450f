"""The log file: bounded, and never itself a fault."""

from __future__ import annotations

import logging
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

MAX_FILE_BYTES = 1_000_000
OLD_FILES = 3


class QuietFileHandler(RotatingFileHandler):
    """A rotating file that gives up without a word when it cannot be written: a log must never be the fault."""

    def __init__(self, file: Path) -> None:
        super().__init__(file, maxBytes=MAX_FILE_BYTES, backupCount=OLD_FILES, encoding="utf-8", delay=True)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Writes no more."""
        logging.getLogger().removeHandler(self)

    def close(self) -> None:
        """Closes the file; what a full disk does not take of it is lost."""
        with suppress(OSError):
            super().close()


def open_crash_log(file: Path) -> TextIO:
    """The file that crashes leave their traces in, behind those before; one that has grown large is put aside first.

    Raises:
        OSError: It cannot be written.
    """
    if file.is_file() and file.stat().st_size > MAX_FILE_BYTES:
        file.replace(file.with_name(f"{file.name}.1"))
    return file.open("a", encoding="utf-8")
