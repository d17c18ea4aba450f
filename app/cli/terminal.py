"""Standard output for the answer, standard error for everything else."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from typing import TextIO

from app.core.errors import ErrorText

_CLEAR_LINE = "\r\x1b[K"
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_LONGEST_DETAIL_LINES = 8
_USUAL_WIDTH = 80


class OutputGoneError(Exception):
    """Nobody reads standard output any more."""


def open_closed_streams() -> None:
    """Gives standard streams that were closed before the program began a place where all is dropped.

    Their numbers are taken first: the next file to be opened would otherwise get one, and with it whatever the system
    or a library writes to that stream.
    """
    for number in range(3):
        if not _is_open(number):
            os.open(os.devnull, os.O_RDWR)
    if sys.stdout is None:
        sys.stdout = _nowhere()
    if sys.stderr is None:
        sys.stderr = _nowhere()


def leave_lost_folder() -> None:
    """Goes to the top folder where the one that the program was started in is gone, as libraries ask for it at once."""
    try:
        os.getcwd()  # noqa: PTH109 - a question to the system, not a path
    except OSError:
        os.chdir(os.sep)


def flush_output() -> OSError | None:
    """Writes what is still buffered for standard output, so that the interpreter need not at its end.

    Returns:
        Why it could not be written, or None; that nobody reads any more is no fault.
    """
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        _point_to_nowhere(sys.stdout)
        return None if isinstance(error, BrokenPipeError) else error
    return None


def output_fault(error: OSError) -> ErrorText:
    """That standard output cannot be written, in words."""
    return ErrorText(f"Standard output cannot be written: {error.strerror}.")


class Terminal:
    """Writes what a command says.

    An answer is never lost to an encoding: what goes into a file or a pipe is UTF-8, and what a terminal cannot show
    is written as its escape. A model's control characters do not reach a terminal.
    """

    def __init__(self, *, is_quiet: bool = False) -> None:
        open_closed_streams()
        self._out = sys.stdout
        self._err = sys.stderr
        self._is_quiet = is_quiet
        self._is_out_terminal = _is_terminal(self._out)
        self._is_err_terminal = _is_terminal(self._err)
        self._has_progress = False
        self._is_out_gone = False
        self._at_line_start = True
        _set_encoding(self._out, is_terminal=self._is_out_terminal)
        _set_encoding(self._err, is_terminal=self._is_err_terminal)

    def answer(self, text: str) -> None:
        """Writes more of the answer at once.

        Raises:
            OutputGoneError: Nobody reads it; said once, from then on answers are dropped.
            OSError: It cannot be written, as on a full disk.
        """
        if self._is_out_gone or not text:
            return
        self._clear_progress()
        shown = _CONTROL_CHARACTERS.sub("\N{REPLACEMENT CHARACTER}", text) if self._is_out_terminal else text
        try:
            self._out.write(shown)
            self._out.flush()
        except OSError as error:
            self._is_out_gone = True
            _point_to_nowhere(self._out)
            if isinstance(error, BrokenPipeError):
                raise OutputGoneError from error
            raise
        self._at_line_start = text.endswith("\n")

    def answer_whole(self, text: str) -> bool:
        """Writes all that there is to say; tells whether it could be written. That nobody reads it is no fault."""
        try:
            self.answer(text)
        except OutputGoneError:
            return True
        except OSError as error:
            self.error(output_fault(error))
            return False
        return True

    @property
    def is_progress_shown(self) -> bool:
        """Whether there is a terminal to rewrite a line on, and somebody who wants to read it."""
        return self._is_err_terminal and not self._is_quiet

    def progress(self, text: str) -> None:
        """Shows where things stand: on a terminal only, rewritten in place."""
        if not self.is_progress_shown:
            return
        width = _USUAL_WIDTH
        with contextlib.suppress(OSError, ValueError):
            width = os.get_terminal_size(self._err.fileno()).columns or _USUAL_WIDTH
        self._write_err(_CLEAR_LINE + text[: width - 1])
        self._has_progress = True

    def note(self, text: str) -> None:
        """Says something worth keeping, on a line of its own."""
        if not self._is_quiet:
            self._clear_progress()
            self._say(text)

    def error(self, said: ErrorText) -> None:
        """Says what went wrong and what to do, also when quiet."""
        self._clear_progress()
        if not self._at_line_start:
            with contextlib.suppress(OutputGoneError, OSError):
                self.answer("\n")
        self._say(f"viewfinder: {said}")
        detail = said.detail.strip().splitlines()
        if len(detail) <= _LONGEST_DETAIL_LINES and not said.detail.startswith("Traceback"):
            for line in detail:
                self._say(f"  {line}")

    def _say(self, text: str) -> None:
        self._write_err(_CONTROL_CHARACTERS.sub("\N{REPLACEMENT CHARACTER}", text) + "\n")

    def _clear_progress(self) -> None:
        if self._has_progress:
            self._has_progress = False
            self._write_err(_CLEAR_LINE)

    def _write_err(self, text: str) -> None:
        try:
            self._err.write(text)
            self._err.flush()
        except OSError:
            _point_to_nowhere(self._err)
            self._is_quiet = True


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:
        return False


def _set_encoding(stream: TextIO, *, is_terminal: bool) -> None:
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is None:
        return
    if is_terminal:
        reconfigure(errors="backslashreplace")
    else:
        reconfigure(encoding="utf-8", errors="backslashreplace")


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _nowhere() -> TextIO:
    """A stream that drops everything; its file stays open to the end of the process, as standard streams do."""
    return open(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8", errors="replace", closefd=False)


def _point_to_nowhere(stream: TextIO) -> None:
    """Sends what is still buffered to nowhere, so that the interpreter's flush at exit does not fail again."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
