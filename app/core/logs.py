"""Log files, the last lines kept in memory for a report, and what happens to an error that nobody caught."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from collections import deque
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

logger = logging.getLogger(__name__)

MAX_FILE_BYTES = 1_000_000
OLD_FILES = 3
RECENT_LINES = 200
_FORMAT = "%(asctime)s %(levelname)-7s %(threadName)s %(name)s: %(message)s"


class _QuietFileHandler(RotatingFileHandler):
    """A rotating file that gives up without a word when it cannot be written: a log must never be the fault."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        logging.getLogger().removeHandler(self)


class _RecentLines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: deque[str] = deque(maxlen=RECENT_LINES)

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


class Logs:
    """The program's log handlers; made once by the composition root and taken away with ``stop``."""

    def __init__(self, file: Path, *, is_debug: bool = False) -> None:
        self.file = file
        self._recent = _RecentLines()
        self._handlers: list[logging.Handler] = [self._recent]
        root = logging.getLogger()
        self._level_before = root.level
        root.setLevel(logging.DEBUG if is_debug else logging.INFO)
        unwritable: OSError | None = None
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._handlers.append(
                _QuietFileHandler(file, maxBytes=MAX_FILE_BYTES, backupCount=OLD_FILES, encoding="utf-8", delay=True)
            )
        except OSError as error:
            unwritable = error
        for handler in self._handlers:
            handler.setFormatter(logging.Formatter(_FORMAT))
            root.addHandler(handler)
        logging.captureWarnings(True)
        if unwritable is not None:
            logger.info("No log file: %s", unwritable)

    def recent_lines(self) -> tuple[str, ...]:
        """The last lines, oldest first."""
        return tuple(self._recent.lines)

    def stop(self) -> None:
        """Takes the handlers away and closes the file."""
        root = logging.getLogger()
        logging.captureWarnings(False)
        for handler in self._handlers:
            root.removeHandler(handler)
            handler.close()
        root.setLevel(self._level_before)


def log_uncaught_errors(say: Callable[[str], None]) -> None:
    """From now on an error that nobody caught, on any thread, is logged with its trace and said in one sentence.

    Args:
        say: Shows the sentence to the person; it may be called from any thread.
    """

    def on_main(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        _log_uncaught("Uncaught error", error.with_traceback(trace))
        say(f"Something went wrong inside the program ({kind.__name__}).")

    def on_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is None or issubclass(args.exc_type, SystemExit):
            return
        name = args.thread.name if args.thread is not None else "unknown"
        _log_uncaught(f"Uncaught error on thread {name}", args.exc_value)
        say(f"Something went wrong inside the program ({args.exc_type.__name__}).")

    sys.excepthook = on_main
    threading.excepthook = on_thread


def _log_uncaught(text: str, error: BaseException) -> None:
    """Its own words, which may hold a prompt or a file's name, are for DEBUG alone."""
    logger.critical("%s\n%s", text, trace_without_words(error))
    logger.debug("%s, in full", text, exc_info=error)


def trace_without_words(error: BaseException) -> str:
    """The trace of an error and of those behind it, each with its kind in place of what it says."""
    parts: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        parts.append("".join(traceback.format_tb(current.__traceback__)) + type(current).__qualname__)
        behind = None if current.__suppress_context__ else current.__context__
        current = current.__cause__ or behind
    return "\n\nwhich led to\n\n".join(reversed(parts))
