"""Log files, the last lines kept in memory for a report, and what happens to an error that nobody caught."""

from __future__ import annotations

import copy
import logging
import sys
import threading
from collections import deque
from typing import TYPE_CHECKING

from app.core.traces import trace_without_words

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

logger = logging.getLogger(__name__)

RECENT_LINES = 200
_TELLING_LOGGERS = ("httpx2", "httpcore2")
"""They log every address that is asked, with what signed ones are signed with."""
_FORMAT = "%(asctime)s %(levelname)-7s %(threadName)s %(name)s: %(message)s"


class _WordlessErrors(logging.Formatter):
    """Writes an error's trace without its own words, which are for DEBUG alone."""

    def format(self, record: logging.LogRecord) -> str:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and record.levelno > logging.DEBUG:
            record = copy.copy(record)
            record.exc_info, record.exc_text = None, trace_without_words(error)
        return super().format(record)


_WORDLESS = _WordlessErrors(_FORMAT)


class _RecentLines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: deque[tuple[str, str]] = deque(maxlen=RECENT_LINES)
        self.early: deque[logging.LogRecord] = deque(maxlen=RECENT_LINES)
        self.keeps_early = True

    def emit(self, record: logging.LogRecord) -> None:
        text = shared = self.format(record)
        if record.levelno <= logging.DEBUG:
            shared = ""
        elif record.exc_info:
            shared = _WORDLESS.format(record)
        self.lines.append((text, shared))
        if self.keeps_early:
            self.early.append(record)


class Logs:
    """The program's log handlers; made once by the composition root and taken away with ``stop``.

    Lines are only remembered until ``write_file`` is called: what writes the file takes a while to import.
    """

    def __init__(self, file: Path, *, is_debug: bool = False) -> None:
        self.file = file
        self._recent = _RecentLines()
        self._handlers: list[logging.Handler] = [self._recent]
        root = logging.getLogger()
        self._level_before = root.level
        root.setLevel(logging.DEBUG if is_debug else logging.INFO)
        self._formatter = logging.Formatter(_FORMAT) if is_debug else _WORDLESS
        self._recent.setFormatter(self._formatter)
        root.addHandler(self._recent)
        logging.captureWarnings(True)
        for name in _TELLING_LOGGERS:
            logging.getLogger(name).setLevel(logging.WARNING)

    def write_file(self) -> None:
        """From now on lines also go to the file, and those so far; once."""
        if not self._recent.keeps_early:
            return
        self._recent.keeps_early = False
        from app.core.log_file import QuietFileHandler  # noqa: PLC0415 - slow to import

        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            handler = QuietFileHandler(self.file)
        except OSError as error:
            logger.info("No log file: %s", error)
            return
        handler.setFormatter(self._formatter)
        for record in self._recent.early:
            handler.handle(record)
        self._recent.early.clear()
        self._handlers.append(handler)
        logging.getLogger().addHandler(handler)

    def recent_entries(self) -> tuple[tuple[str, str], ...]:
        """The last lines, oldest first, each as it is and as others may read it: empty what is for debugging alone."""
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
