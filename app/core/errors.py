"""The errors a person may see: each says what happened and what to do next."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

ErrorKind: TypeAlias = Literal["input", "model", "program"]


@dataclass(frozen=True, slots=True)
class ErrorText:
    """An error as plain values, to be shown or sent between threads.

    Attributes:
        text: What happened, one sentence.
        hint: What to do next, one sentence, or empty.
        detail: More for a report (a trace, the library's own words), or empty.
        kind: Whether what was given to the program, a model or the program itself is at fault.
    """

    text: str
    hint: str = ""
    detail: str = ""
    kind: ErrorKind = "program"

    def __str__(self) -> str:
        return f"{self.text} {self.hint}".strip()


class AppError(Exception):
    """Base of every error that carries words for a person."""

    kind: ClassVar[ErrorKind] = "program"

    def __init__(self, text: str, hint: str = "", detail: str = "") -> None:
        super().__init__(text)
        self.said = ErrorText(text, hint, detail, self.kind)

    def __str__(self) -> str:
        return str(self.said)


class UserError(AppError):
    """Something given to the program cannot be used: a file, a setting, a folder."""

    kind = "input"


class ModelError(AppError):
    """A model or its runtime cannot be found, loaded or run."""

    kind = "model"


class EngineError(AppError):
    """The program's own machinery failed."""


def describe_error(error: BaseException) -> ErrorText:
    """Any exception as words for a person; one that was not foreseen keeps its trace as the detail."""
    if isinstance(error, AppError):
        return error.said
    detail = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    if isinstance(error, MemoryError):
        return ErrorText("There was not enough memory.", "Lower the tokens per picture, then try again.", detail)
    return ErrorText("Something went wrong inside the program.", "Try again; the log has the details.", detail)
