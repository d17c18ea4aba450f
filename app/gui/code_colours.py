"""Programs in colours: which letters mean what, and a colour for each meaning that can be read."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from PySide6.QtGui import QColor

from app.gui.answer_look import code_ground
from app.gui.contrast import readable
from app.gui.look import dim_text, is_dark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pygments.lexer import Lexer
    from pygments.token import _TokenType
    from PySide6.QtGui import QPalette

MEANINGS = ("keyword", "string", "number", "comment", "name", "tag", "removed")
_LIGHT = {
    "keyword": "#9a2393",
    "string": "#c41a16",
    "number": "#1c00cf",
    "name": "#2f6f9f",
    "tag": "#23575c",
    "removed": "#b31d28",
}
_DARK = {
    "keyword": "#ff7ab2",
    "string": "#ff8170",
    "number": "#d9c97c",
    "name": "#6bdfff",
    "tag": "#acf2e4",
    "removed": "#ff8170",
}
_PLAIN_LANGUAGES = frozenset({"", "text", "txt", "plain", "plaintext", "output", "none"})


def meaning_colour(meaning: str, palette: QPalette) -> QColor:
    """The colour of letters of this meaning on the ground of code."""
    if meaning == "comment":
        return readable(dim_text(palette), (code_ground(palette),))
    table = _DARK if is_dark(palette) else _LIGHT
    return readable(QColor(table[meaning]), (code_ground(palette),))


def coloured(text: str, language: str) -> Iterator[tuple[str, str]]:
    """The text in pieces with the meaning of each; one piece without a meaning where the language is not known."""
    lexer = _lexer(language.lower())
    if lexer is None:
        yield text, ""
        return
    pending, last = "", ""
    for _, token, piece in lexer.get_tokens_unprocessed(text):
        meaning = _meaning(token) if not piece.isspace() else last
        if meaning != last and pending:
            yield pending, last
            pending = ""
        pending, last = pending + piece, meaning
    if pending:
        yield pending, last


@lru_cache(maxsize=32)
def _lexer(language: str) -> Lexer | None:
    if language in _PLAIN_LANGUAGES:
        return None
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language)
    except ClassNotFound:
        return None


@lru_cache(maxsize=512)
def _meaning(token: _TokenType) -> str:  # noqa: PLR0911 - one line for each meaning
    from pygments.token import Comment, Generic, Keyword, Name, Number, Operator, String

    if token in Comment:
        return "comment"
    if token in String or token in Generic.Inserted:
        return "string"
    if token in Number or token in Keyword.Constant:
        return "number"
    if token in Keyword or token in Operator.Word:
        return "keyword"
    if token in Name.Tag or token in Name.Attribute or token in Name.Decorator:
        return "tag"
    if token in Name.Function or token in Name.Class or token in Name.Builtin or token in Generic.Heading:
        return "name"
    if token in Generic.Deleted:
        return "removed"
    return ""
