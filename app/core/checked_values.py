"""Reading parsed JSON or TOML piece by piece, so that an error names the place and what belongs there."""

from __future__ import annotations

import importlib
import math
import re
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any

from app.core.errors import Sentence, UserError, as_sentence

if TYPE_CHECKING:
    from pathlib import Path


def read_toml(path: Path) -> Any:
    """What a TOML file holds.

    Raises:
        OSError: It cannot be read.
        ValueError: It is not TOML; a RecursionError where it goes too deep.
    """
    # Python 3.10 has the same reader under its older name.
    tomllib = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    return tomllib.loads(path.read_text(encoding="utf-8"))


class CheckedValue:
    """A piece of a parsed document.

    Every method that gives a value raises a UserError, with the place in the document, where there is another kind.
    """

    def __init__(self, value: Any, document: str, hint: str, place: str = "") -> None:
        """`document` begins each error, such as “This result”, `hint` ends it; `place` is where `value` stands."""
        self.value = value
        self.place = place
        self._document = as_sentence(document)
        self._hint = hint

    def _piece(self, value: Any, place: str) -> CheckedValue:
        return CheckedValue(value, self._document, self._hint, place)

    def fault(self, words: str) -> UserError:
        """The error that says `words` of this piece, such as “is missing”."""
        words = as_sentence(words)
        if not self.place:
            text = Sentence("{document} is damaged: it {words}.", document=self._document, words=words)
        else:
            text = Sentence(
                "{document} is damaged: “{place}” {words}.", document=self._document, place=self.place, words=words
            )
        return UserError(text, self._hint)

    def range_fault(self, error: UserError) -> UserError:
        """The error that this piece holds a value out of its range, which `error` names."""
        return UserError(
            Sentence(
                "{document} is damaged: “{place}” is out of range. {reason}",
                document=self._document,
                place=self.place,
                reason=error.said.text,
            ),
            self._hint,
        )

    def __getitem__(self, key: str) -> CheckedValue:
        """The piece under `key` of an object."""
        if not isinstance(self.value, dict):
            raise self.fault("is not an object")
        piece = self._piece(self.value.get(key), f"{self.place}.{key}" if self.place else key)
        if key not in self.value:
            raise piece.fault("is missing")
        return piece

    def get(self, key: str) -> CheckedValue | None:
        """The piece under `key`, or None where there is none."""
        return self[key] if isinstance(self.value, dict) and key in self.value else None

    def keys(self) -> list[str]:
        """Of an object, in their order."""
        if not isinstance(self.value, dict):
            raise self.fault("is not an object")
        return list(self.value)

    def items(self) -> list[CheckedValue]:
        """Of a list."""
        if not isinstance(self.value, list):
            raise self.fault("is not a list")
        return [self._piece(value, f"{self.place}[{index}]") for index, value in enumerate(self.value)]

    @property
    def is_null(self) -> bool:
        """Whether it is JSON's null."""
        return self.value is None

    def text(self) -> str:
        """A text."""
        if not isinstance(self.value, str):
            raise self.fault("is not a text")
        return self.value

    def count(self, least: int = 0) -> int:
        """A whole number from `least`."""
        if not isinstance(self.value, int) or isinstance(self.value, bool) or self.value < least:
            raise self.fault(Sentence("is not a whole number from {least}", least=least))
        return self.value

    def number(self) -> float:
        """A finite number."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise self.fault("is not a number")
        try:
            number = float(self.value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise self.fault("is beyond all numbers")
        return number

    def time(self) -> datetime:
        """A date and time with its zone."""
        try:
            time = datetime.fromisoformat(re.sub(r"[Zz]$", "+00:00", self.text()))
        except ValueError as error:
            raise self.fault("is not a date and time") from error
        if time.tzinfo is None:
            raise self.fault("is a time without its zone")
        return time
