"""Programs in colours: which letters mean what, and a colour for each meaning that can be read."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from PySide6.QtGui import QColor

from app.gui.answers.answer_look import code_ground
from app.gui.contrast import readable
from app.gui.look import dim_text, is_dark

if TYPE_CHECKING:
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
_NAMES = (
    "bash c c# c++ cmake console cpp cs csharp css dart diff docker dockerfile glsl go golang graphql haskell "
    "hs html ini java javascript js json json5 jsx julia kotlin latex less lua make makefile markdown "
    "matlab md nginx objective-c perl php powershell proto ps1 py pycon python python3 r rb rs ruby rust "
    "scala scss sh shell sql swift tex toml ts tsx typescript vim xml yaml yml zsh"
)
_LANGUAGES = frozenset(_NAMES.split())
"""Whose lexers were tried with texts that are meant to keep them busy."""
_ANY_LINE = frozenset({"json"})
"""Whose lexers read a line of any length in proportion to it; with the others it may take its square."""
_LONGEST_LINE_CHARS = 400


def meaning_colour(meaning: str, palette: QPalette) -> QColor:
    """The colour of letters of this meaning on the ground of code."""
    if meaning == "comment":
        return readable(dim_text(palette), (code_ground(palette),))
    table = _DARK if is_dark(palette) else _LIGHT
    return readable(QColor(table[meaning]), (code_ground(palette),))


def coloured(text: str, language: str) -> list[tuple[str, str]]:
    """The text in pieces with the meaning of each; one piece without a meaning where the language is not known."""
    language = language.lower()
    lexer = _lexer(language)
    is_wide = language not in _ANY_LINE and any(len(line) > _LONGEST_LINE_CHARS for line in text.split("\n"))
    if lexer is None or is_wide:
        return [(text, "")]
    pieces: list[tuple[str, str]] = []
    for _, token, letters in lexer.get_tokens_unprocessed(text):
        meaning = _meaning(token)
        if pieces and (meaning == pieces[-1][1] or letters.isspace()):
            pieces[-1] = (pieces[-1][0] + letters, pieces[-1][1])
        else:
            pieces.append((letters, meaning))
    # Some lexers leave letters out that they cannot read.
    return pieces if "".join(letters for letters, _ in pieces) == text else [(text, "")]


def prepare() -> None:
    """Makes what the languages most often met need, which takes a while. Thread: any."""
    for language in ("json", "python"):
        coloured("1", language)


@lru_cache(maxsize=32)
def _lexer(language: str) -> Lexer | None:
    if language not in _LANGUAGES:
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
