"""Reads the words of one paragraph with work in proportion to their number, however many brackets are among them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markdown_it.parser_inline import ParserInline

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

_LINKS = ["link", "image"]
_LOOKS_PER_LETTER = 4
_LEAST_LOOKS = 200


class BoundedInline(ParserInline):
    """Takes brackets for brackets where it takes too many looks to tell which of them are links.

    The parser seeks the end of each bracket anew, and that of what it holds once more: the square of their number,
    or worse. How many looks a paragraph may take depends on its own words alone, so that it reads the same whatever
    is read together with it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._is_reading = False
        self._looks_left = 0

    def parse(self, src: str, md: MarkdownIt, env: Any, tokens: list[Token]) -> list[Token]:
        """Puts a paragraph's words into `tokens`."""
        if self._is_reading:  # the description of a picture, whose looks are those of the paragraph
            return super().parse(src, md, env, tokens)
        self._is_reading = True
        self._looks_left = _LEAST_LOOKS + _LOOKS_PER_LETTER * len(src)
        try:
            return super().parse(src, md, env, tokens)
        except _TooManyLooksError:
            tokens.clear()
            self.ruler.disable(_LINKS)
            try:
                return super().parse(src, md, env, tokens)
            finally:
                self.ruler.enable(_LINKS)
        finally:
            self._is_reading = False

    def skipToken(self, state: StateInline) -> None:
        """Goes over one mark in search of a bracket's end."""
        self._looks_left -= 1
        if self._looks_left < 0:
            raise _TooManyLooksError
        super().skipToken(state)


class _TooManyLooksError(Exception):
    pass
