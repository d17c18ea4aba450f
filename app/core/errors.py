"""The errors a person may see: each says what happened and what to do next.

Texts are English. A text with values in it is a `Sentence`, which remembers its parts, so that the window can say it in
the person's language; packaging/translations.py finds every text by the calls in which it stands.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from app.core.traces import trace_without_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Self

ErrorKind: TypeAlias = Literal["input", "model", "program"]


class Sentence(str):
    """English words with values in them; a text like any other that can still be said in another language.

    Attributes:
        template: The words, a literal, with ``{name}`` where a value stands.
        values: What stands there by name; one that is a Sentence has a translation of its own.
    """

    __slots__ = ("template", "values")
    template: str
    values: dict[str, object]

    def __new__(cls, template: str, **values: object) -> Self:
        """The template with its values put in."""
        said = super().__new__(cls, template.format(**values) if values else template)
        said.template = template
        said.values = values
        return said

    def with_values(self, values: Mapping[str, object]) -> Sentence:
        """The same words with other values."""
        return Sentence(self.template, **values)

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        return (self.template,), self.values


def as_sentence(text: str) -> Sentence:
    """A text whose words are translated as they are; a Sentence itself."""
    return text if isinstance(text, Sentence) else Sentence(text)


@dataclass(frozen=True, slots=True)
class ErrorText:
    """An error as plain values, to be shown or sent between threads.

    Attributes:
        text: What happened, one sentence.
        hint: What to do next, one sentence, or empty.
        detail: More for a report (a trace, the library's own words), or empty.
        kind: Whether what was given to the program, a model or the program itself is at fault.
        trace: Where it happened in the code, without any error's own words, or empty.
    """

    text: str
    hint: str = ""
    detail: str = ""
    kind: ErrorKind = "program"
    trace: str = field(default="", compare=False)

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
    trace = trace_without_words(error)
    if isinstance(error, AppError):
        return replace(error.said, trace=trace)
    detail = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    text, hint = "Something went wrong inside the program.", "Try again; the log has the details."
    if isinstance(error, MemoryError):
        text, hint = "There was not enough memory.", "Lower the tokens per picture or video, then try again."
    return ErrorText(text, hint, detail, trace=trace)
