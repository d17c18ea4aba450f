"""What of a growing answer is said to people who listen: whole sentences, now and then, and how it ended."""

from __future__ import annotations

import re

_PAUSE_S = 3.0
_MOST_CHARS = 4_000
_SENTENCE_END = re.compile(r"[.!?…](?=[\s\"')\]]|$)|[。！？]|\n\n|\n(?=[ \t]{0,12}[-*+|] )|\n(?=\d{1,9}\. )")
_SIGNS = re.compile(r"```\w*|[*_`#~|>]+|\[([^\]\[\n]{0,200})\]\([^()\n]{0,500}\)|^[ \t]{0,12}[-+] ", re.MULTILINE)
_SPACES = re.compile(r"\s+")


class AnswerSpeech:
    """Keeps how far one answer has been said."""

    def __init__(self) -> None:
        self._said_chars = 0
        self._said_at_s = float("-inf")

    def begin_anew(self) -> None:
        """Takes what comes as another text, of which nothing was said yet."""
        self._said_chars = 0

    def due(self, text: str, now_s: float) -> str:
        """The sentences that have been finished since, or nothing when something was said just before."""
        if now_s - self._said_at_s < _PAUSE_S:
            return ""
        end = self._said_chars
        for found in _SENTENCE_END.finditer(text, self._said_chars):
            if found.end() < len(text):
                end = found.end()
        return self._take(text, end, now_s)

    def rest(self, text: str, now_s: float) -> str:
        """All that has not been said yet."""
        return self._take(text, len(text), now_s)

    def _take(self, text: str, end: int, now_s: float) -> str:
        part = text[self._said_chars : end][-_MOST_CHARS:]
        words = _SPACES.sub(" ", _SIGNS.sub(r"\1", part)).strip()
        if words:
            self._said_at_s = now_s
        self._said_chars = end
        return words
