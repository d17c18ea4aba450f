"""Which Markdown answers are read with: CommonMark with tables, strikethrough and formulas, and no HTML.

Imported with the first answer only: reading the parser's modules takes as long as a whole frame may.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from app.gui.answers.answer_brackets import BoundedInline

if TYPE_CHECKING:
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline

IS_GROWING = "is_growing"
"""Of the parser's environment: a formula at the end need not be closed yet."""
_MAX_NESTING = 100
_MAX_FORMULA_CHARS = 2_000
_MAX_FORMULA_LINES = 100
"""The end of each formula is sought anew: without a bound, lines that all begin one would take their square."""
_SIGNS = re.compile(r"[\\^_=+<>{}|*/]|\d[a-zA-Z]|[α-ωΑ-Ω]")
_SHORT = re.compile(r"-?[A-Za-z](?:\(\w\))?'?|-?\d+(?:[.,]\d+)?%?|\(?\w, ?\w\)?")
_PROSE = re.compile(r"[A-Za-z]{3,}(?:\s+[A-Za-z]{2,}){2}")
_BLOCK_MARKS = {"$$": "$$", "\\[": "\\]"}


class _AnswerMarkdown(MarkdownIt):
    """Keeps addresses as they are: each is shown before anything is opened."""

    def __init__(self) -> None:
        super().__init__("zero")
        self.inline = BoundedInline()
        self.configure("commonmark", {"html": False, "maxNesting": _MAX_NESTING})

    def validateLink(self, url: str) -> bool:
        """Every address is a link; what may be opened is decided when it is clicked."""
        return True

    def normalizeLink(self, url: str) -> str:
        """As it was written."""
        return url

    def normalizeLinkText(self, link: str) -> str:
        """As it was written."""
        return link


def make_parser() -> MarkdownIt:
    """A parser for answers; links keep the address as it was written."""
    parser = _AnswerMarkdown()
    parser.enable(["table", "strikethrough"])
    parser.disable(["html_block", "html_inline"])
    parser.inline.ruler.before("escape", "formula", _inline_formula)
    parser.block.ruler.before(
        "fence", "formula", _block_formula, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    return parser


def is_formula(inside: str) -> bool:
    """Whether what stands between two dollar signs is a formula rather than prices."""
    if not inside or inside[0].isspace() or inside[-1].isspace() or "\n\n" in inside:
        return False
    if _SHORT.fullmatch(inside):
        return True
    without_words = re.sub(r"\\(?:text|mathrm|operatorname)\s*\{[^}]*\}", "", inside)
    return bool(_SIGNS.search(inside)) and not _PROSE.search(without_words)


def _inline_formula(state: StateInline, silent: bool) -> bool:
    for mark, end_mark in (("$$", "$$"), ("$", "$"), ("\\(", "\\)"), ("\\[", "\\]")):
        if not state.src.startswith(mark, state.pos):
            continue
        start = state.pos + len(mark)
        end = state.src.find(end_mark, start, min(state.posMax, start + _MAX_FORMULA_CHARS))
        if end < 0:
            return False
        inside = state.src[start:end]
        after = state.src[end + len(end_mark) : end + len(end_mark) + 1]
        if mark == "$" and (after.isdigit() or not is_formula(inside)):
            return False
        if not inside.strip():
            return False
        if not silent:
            token = state.push("formula", "", 0)
            token.content = inside
            token.markup = mark
            token.info = end_mark
        state.pos = end + len(end_mark)
        return True
    return False


def _block_formula(state: StateBlock, first_line: int, last_line: int, silent: bool) -> bool:
    if state.is_code_block(first_line):
        return False
    start = state.bMarks[first_line] + state.tShift[first_line]
    first = state.src[start : state.eMarks[first_line]]
    mark = first[:2]
    end_mark = _BLOCK_MARKS.get(mark)
    if end_mark is None or (end_mark in first[2:] and not first.rstrip().endswith(end_mark)):
        return False
    lines = [first[2:]]
    line = first_line
    while end_mark not in lines[-1]:
        line += 1
        if line >= last_line and state.env.get(IS_GROWING):
            line, lines = line - 1, [*lines, end_mark]
            break
        is_too_long = line - first_line > _MAX_FORMULA_LINES
        if is_too_long or line >= last_line or state.isEmpty(line) or state.sCount[line] < state.blkIndent:
            return False
        begin = min(state.bMarks[line] + state.tShift[line], state.eMarks[line])
        lines.append(state.src[begin : state.eMarks[line]])
    before, _, after = lines[-1].partition(end_mark)
    if after.strip():
        return False
    lines[-1] = before
    if not silent:
        token = state.push("formula_block", "", 0)
        token.content = "\n".join(lines).strip()
        token.markup = mark
        token.info = end_mark
        token.map = [first_line, line + 1]
        token.block = True
    state.line = line + 1
    return True
