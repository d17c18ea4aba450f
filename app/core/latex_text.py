r"""LaTeX as text that can be read: ``\frac{1}{2}`` becomes ``1/2``, ``x^2`` becomes ``x²``."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from app.core.latex_symbols import ACCENTS, ALPHABETS, NAMES, SUBSCRIPTS, SUPERSCRIPTS, SYMBOLS

if TYPE_CHECKING:
    from collections.abc import Callable

_MAX_DEPTH = 40
_MAX_CHARS = 20_000
_MOST_ACCENTED_CHARS = 300
_PIECE = re.compile(r"\\(?:[A-Za-z]+\*?|.)|[{}^_&~]|\s+|[^\\{}^_&~\s]", re.DOTALL)
_SPACES = re.compile(r" {2,}")
_NEAR_SIGNS = re.compile(r"(?<=[(\[]) | (?=[)\],;])")
_PLAIN = re.compile(r"[\w.′∞%°]+|[^\w\s]", re.UNICODE)
_AS_WORDS = frozenset(
    {"text", "textrm", "textbf", "textit", "texttt", "mathrm", "operatorname", "operatorname*", "mbox"}
)
_DROPPED_WORDS = (
    "left right displaystyle textstyle limits nolimits bigl bigr Bigl Bigr big Big bigg Bigg mathstrut "
    "scriptstyle boldsymbol bm middle biggl biggr hline"
)
_DROPPED = frozenset(_DROPPED_WORDS.split())
_BOXED = frozenset({"boxed", "fbox", "mathbf", "mathsf", "mathit", "mathtt", "pmb", "underbrace", "overbrace", "color"})


def latex_as_text(latex: str) -> str:
    """The formula in Unicode on one line or several; what is not known stays as it was written."""
    if len(latex) > _MAX_CHARS:
        return latex
    reader = _Reader(_PIECE.findall(latex))
    text = reader.read_all()
    lines = (_NEAR_SIGNS.sub("", _SPACES.sub(" ", line)).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


class _Reader:
    """Reads pieces from left to right; every method gives text."""

    def __init__(self, pieces: list[str]) -> None:
        self._pieces = pieces
        self._at = 0
        self._depth = 0
        self._row_ends: list[str] = []

    def read_all(self) -> str:
        parts = []
        while self._at < len(self._pieces):
            parts.append(self._read_group_rest())
            if self._at < len(self._pieces):
                self._at += 1  # a brace too many
        return "".join(parts)

    def _read_group_rest(self) -> str:
        parts: list[str] = []
        while self._at < len(self._pieces) and self._pieces[self._at] != "}":
            parts.append(self._read_one())
        return "".join(parts)

    def _read_one(self) -> str:  # noqa: PLR0911 - one line for each kind of piece
        piece = self._pieces[self._at]
        self._at += 1
        if piece == "{":
            return self._nested(self._read_braced)
        if piece in "^_":
            return self._nested(lambda: self._read_script(SUPERSCRIPTS if piece == "^" else SUBSCRIPTS, piece))
        if piece.startswith("\\") and len(piece) > 1:
            return self._nested(lambda: self._read_command(piece[1:]))
        if piece == "&":
            return ", " if self._row_ends and self._row_ends[-1] != "\n" else " "
        if piece == "~" or piece.isspace():
            return " "
        if piece == "'":
            return "′"
        return "" if piece == "\\" else piece

    def _nested(self, read: Callable[[], str]) -> str:
        if self._depth >= _MAX_DEPTH:
            rest = "".join(self._pieces[self._at :])
            self._at = len(self._pieces)
            return rest
        self._depth += 1
        try:
            return read()
        finally:
            self._depth -= 1

    def _read_braced(self) -> str:
        text = self._read_group_rest()
        self._at += 1
        return text

    def _read_argument(self) -> str:
        self._skip_spaces()
        return self._read_one() if self._at < len(self._pieces) and self._pieces[self._at] != "}" else ""

    def _raw_argument(self) -> str:
        self._skip_spaces()
        if self._at >= len(self._pieces) or self._pieces[self._at] != "{":
            return self._read_argument()
        depth, start = 0, self._at + 1
        while self._at < len(self._pieces):
            depth += {"{": 1, "}": -1}.get(self._pieces[self._at], 0)
            self._at += 1
            if depth == 0:
                return "".join(self._pieces[start : self._at - 1])
        return "".join(self._pieces[start:])

    def _skip_spaces(self) -> None:
        while self._at < len(self._pieces) and self._pieces[self._at].isspace():
            self._at += 1

    def _optional(self) -> str:
        self._skip_spaces()
        if self._at >= len(self._pieces) or self._pieces[self._at] != "[":
            return ""
        parts = []
        self._at += 1
        while self._at < len(self._pieces) and self._pieces[self._at] != "]":
            parts.append(self._read_one())
        self._at += 1
        return "".join(parts)

    def _read_script(self, table: dict[str, str], sign: str) -> str:
        text = self._read_argument().strip()
        if text and all(letter in table for letter in text):
            return "".join(table[letter] for letter in text)
        return f"{sign}{text if len(text) == 1 or text.isdecimal() else _held(text, is_script=True)}" if text else sign

    def _read_command(self, name: str) -> str:  # noqa: C901, PLR0911, PLR0912 - one line for each kind of command
        if name in SYMBOLS:
            return SYMBOLS[name]
        if name in NAMES:
            return name.rstrip("*") if self._is_before_bracket() else f"{name} "
        if name in {"frac", "dfrac", "tfrac", "cfrac"}:
            above, below = self._read_argument(), self._read_argument()
            return f"{_held(above)}/{_held(below)}"
        if name in {"binom", "dbinom", "tbinom"}:
            above, below = self._read_argument(), self._read_argument()
            return f"({above.strip()} ⁄ {below.strip()})".replace("⁄", "choose")
        if name == "sqrt":
            degree = self._optional()
            sign = {"": "√", "2": "√", "3": "∛", "4": "∜"}.get(degree)
            if sign is None:
                sign = "".join(SUPERSCRIPTS.get(letter, letter) for letter in degree) + "√"
            return sign + _held(self._read_argument())
        if name in _AS_WORDS:
            return self._raw_argument()
        if name in ALPHABETS:
            return "".join(ALPHABETS[name].get(letter, letter) for letter in self._read_argument())
        if name in ACCENTS:
            text = self._read_argument()
            if len(text) > _MOST_ACCENTED_CHARS:
                return text
            # Not on accents, which would double with each nesting.
            accented = (letter if unicodedata.combining(letter) else letter + ACCENTS[name] for letter in text)
            return unicodedata.normalize("NFC", "".join(accented))
        if name in _DROPPED:
            if self._at < len(self._pieces) and self._pieces[self._at] == "." and name in {"left", "right"}:
                self._at += 1
            return ""
        if name in _BOXED:
            if name == "color":
                self._raw_argument()
                return ""
            return self._read_argument()
        if name in {"begin", "end"}:
            return self._read_environment(name)
        if name in {"\\", "newline", "cr"}:
            self._optional()
            return self._row_ends[-1] if self._row_ends else "\n"
        if name in {"tag", "tag*"}:
            return f"  ({self._raw_argument()})"
        if name in {"label", "vspace", "hspace", "phantom"}:
            self._raw_argument()
            return ""
        if name in {"overset", "stackrel"}:
            above, on = self._read_argument(), self._read_argument()
            return f"{on}^{_held(above)}"
        if name == "underset":
            below, on = self._read_argument(), self._read_argument()
            return f"{on}_{_held(below)}"
        if name == "not":
            return unicodedata.normalize("NFC", self._read_argument() + "\u0338")
        if len(name) == 1:
            return name
        is_given = self._at < len(self._pieces) and self._pieces[self._at] == "{"
        return f"\\{name}" + (f"{{{self._raw_argument()}}}" if is_given else "")

    def _is_before_bracket(self) -> bool:
        return self._at < len(self._pieces) and self._pieces[self._at] in {"(", "^", "_", "["}

    def _read_environment(self, name: str) -> str:
        kind = self._raw_argument().rstrip("*")
        brackets = {"pmatrix": "()", "bmatrix": "[]", "vmatrix": "||", "Vmatrix": "‖‖", "Bmatrix": "{}"}.get(kind, "")
        if name == "end":
            if self._row_ends:
                self._row_ends.pop()
            return brackets[1:] or ("\n" if kind not in {"matrix", "smallmatrix"} else "")
        if kind in {"array", "tabular"}:
            self._raw_argument()
        self._row_ends.append("; " if brackets or "matrix" in kind else "\n")
        return brackets[:1] or ("{ " if kind == "cases" else "")


def _held(text: str, *, is_script: bool = False) -> str:
    """The text in round brackets unless it is one number, word or sign."""
    text = text.strip()
    if is_script and not text.isascii():
        return f"({text})"
    is_bracketed = len(text) > 1 and text[0] == "(" and text.find(")") == len(text) - 1
    return text if is_bracketed or _PLAIN.fullmatch(text) or not text else f"({text})"
