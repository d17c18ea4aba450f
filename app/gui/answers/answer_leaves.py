"""The leaves of a parsed Markdown text (paragraphs, headings, code, tables) and the lists and quotes they stand in."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.token import Token

LeafKind: TypeAlias = Literal["paragraph", "heading", "code", "rule", "table", "formula"]
_ITEM = re.compile(r"( *)([-+*]|\d{1,9}[.)])( *)")
_QUOTE = re.compile(r" {0,3}> ?")
_LARGEST_NUMBER = 999_999_998
_MOST_SPACES = 4


@dataclass(frozen=True, slots=True)
class Box:
    """A quote or a list's item around a leaf.

    Attributes:
        mark: ``>``, ``-`` or a number such as ``3.``.
        line: Where it begins in the text that was parsed.
        has_sibling: Whether the list has an item before it.
        indent: Spaces before the mark.
        width: From the mark to the item's words.
    """

    mark: str
    line: int
    has_sibling: bool = False
    indent: int = 0
    width: int = 2

    @property
    def is_quote(self) -> bool:
        """Whether it is a quote."""
        return self.mark == ">"

    def sibling(self) -> Box:
        """An item that this one follows."""
        number = self.mark[:-1]
        mark = f"{max(0, int(number) - 1)}{self.mark[-1]}" if number else self.mark
        return replace(self, mark=mark, has_sibling=False)


@dataclass(frozen=True, slots=True)
class Cell:
    """A table's cell: its words and how they are written in Markdown."""

    inline: tuple[Token, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Leaf:
    """One block of words.

    Attributes:
        kind: What it is.
        boxes: The quotes and items around it, outermost first.
        begins: How many of the innermost boxes begin with this leaf.
        line: Where it begins in the text that was parsed.
        end_line: The line behind it.
        inline: A paragraph's or heading's words.
        source: The same as they are written in Markdown.
        text: Code or a formula.
        info: A program's language, or a formula's marks.
        level: A heading's.
        first_line: The line with a program's fence.
        header: A table's first row.
        rows: Its other rows.
        alignments: Of its columns: "left", "center", "right" or nothing.
        is_fenced: Code between fences.
        is_continued: It goes on where the leaf before was cut.
        is_joined: It goes on in the same line of code.
    """

    kind: LeafKind
    boxes: tuple[Box, ...]
    begins: int
    line: int
    end_line: int
    inline: tuple[Token, ...] = ()
    source: str = ""
    text: str = ""
    info: str = ""
    level: int = 0
    first_line: str = ""
    header: tuple[Cell, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    alignments: tuple[str, ...] = ()
    is_fenced: bool = False
    is_continued: bool = False
    is_joined: bool = False


def lead(boxes: Sequence[Box]) -> str:
    """What stands before a line that goes on in these boxes."""
    return "".join("> " if box.is_quote else " " * (box.indent + box.width) for box in boxes)


def opening(box: Box) -> str:
    """A line that opens the box, with an empty heading in it."""
    return "> #" if box.is_quote else " " * box.indent + box.mark.ljust(box.width) + "#"


def inside(raw: str, boxes: Sequence[Box], line: int) -> str:
    """The line without what its boxes put before it."""
    for box in boxes:
        if box.is_quote:
            found = _QUOTE.match(raw)
            raw = raw[found.end() :] if found is not None else raw
        elif box.line == line:
            raw = raw[box.indent + box.width :]
        else:
            spaces = len(raw) - len(raw.lstrip(" "))
            raw = raw[min(spaces, box.indent + box.width) :]
    return raw


def walk_leaves(tokens: Sequence[Token], lines: list[str], known: tuple[Box, ...], prefix_lines: int) -> Iterator[Leaf]:
    """Every leaf in order; those in the first lines too, whose boxes are known already, one a line."""
    walk = _Walk(lines, known, prefix_lines)
    at = 0
    while at < len(tokens):
        token = tokens[at]
        end = at + 1
        if token.type in {"paragraph_open", "heading_open"}:
            words = tokens[at + 1]
            level = int(token.tag[1]) if token.type == "heading_open" else 0
            leaf = walk.leaf("heading" if level else "paragraph", token)
            yield replace(leaf, inline=tuple(words.children or ()), source=words.content, level=level)
            end = at + 3
        elif token.type in {"fence", "code_block"}:
            yield walk.code(token)
        elif token.type == "hr":
            yield walk.leaf("rule", token)
        elif token.type == "formula_block":
            yield replace(walk.leaf("formula", token), text=token.content, info=f"{token.markup} {token.info}")
        elif token.type == "table_open":
            end = next(place for place in range(at, len(tokens)) if tokens[place].type == "table_close") + 1
            yield walk.table(token, tokens[at:end])
        else:
            empty = walk.take(token)
            if empty is not None:
                yield empty
        at = end


class _Walk:
    """The boxes around the place that a walk over tokens is at."""

    def __init__(self, lines: list[str], known: tuple[Box, ...], prefix_lines: int) -> None:
        self._lines = lines
        self._known = known
        self._prefix_lines = prefix_lines
        self._boxes: list[Box] = []
        self._is_used: list[bool] = []
        self._lists: list[list[int]] = []

    def take(self, token: Token) -> Leaf | None:
        """Goes into a box or out of it; an item that closes without a leaf gives an empty one."""
        if token.type in {"bullet_list_open", "ordered_list_open"}:
            start = token.attrs.get("start", 1)
            self._lists.append([int(start), 0])
        elif token.type in {"bullet_list_close", "ordered_list_close"}:
            self._lists.pop()
        elif token.type in {"list_item_open", "blockquote_open"}:
            self._open(token)
        elif token.type in {"list_item_close", "blockquote_close"}:
            empty = None
            if not self._is_used[-1] and token.type == "list_item_close":
                line = self._boxes[-1].line
                empty = Leaf("paragraph", tuple(self._boxes), self._begins(), line, line + 1)
            self._boxes.pop()
            self._is_used.pop()
            return empty
        return None

    def leaf(self, kind: LeafKind, token: Token) -> Leaf:
        """A leaf here."""
        first, last = token.map or (0, 0)
        return Leaf(kind, tuple(self._boxes), self._begins(), first, last)

    def code(self, token: Token) -> Leaf:
        """A leaf of code."""
        leaf = self.leaf("code", token)
        words = token.content.removesuffix("\n")
        is_fenced = token.type == "fence"
        first = inside(self._lines[leaf.line], leaf.boxes, leaf.line)
        language = token.info.split()[0] if token.info.split() else ""
        return replace(leaf, text=words, info=language, first_line=first, is_fenced=is_fenced)

    def table(self, token: Token, tokens: Sequence[Token]) -> Leaf:
        """A leaf of rows."""
        rows: list[list[Cell]] = []
        sides: list[str] = []
        for at, part in enumerate(tokens):
            if part.type == "tr_open":
                rows.append([])
            elif part.type in {"th_open", "td_open"}:
                words = tokens[at + 1]
                rows[-1].append(Cell(tuple(words.children or ()), words.content))
                if len(rows) == 1:
                    sides.append(str(part.attrs.get("style", "")).removeprefix("text-align:"))
        header, *others = [tuple(row) for row in rows]
        return replace(self.leaf("table", token), header=header, rows=tuple(others), alignments=tuple(sides))

    def _begins(self) -> int:
        count = 0
        for at in range(len(self._is_used) - 1, -1, -1):
            if self._is_used[at]:
                break
            count += 1
        self._is_used = [True] * len(self._is_used)
        return count

    def _open(self, token: Token) -> None:
        line = (token.map or [0])[0]
        depth = len(self._boxes)
        box = Box(">", line)
        if token.type == "list_item_open":
            start, index = self._lists[-1]
            self._lists[-1][1] += 1
            number = min(start + index, _LARGEST_NUMBER)
            mark = f"{number}{token.markup}" if token.info else "-"
            box = self._measured(Box(mark, line, has_sibling=index > 0))
        if line < self._prefix_lines and depth < len(self._known):
            box = replace(box, indent=self._known[depth].indent, width=self._known[depth].width)
        self._boxes.append(box)
        self._is_used.append(False)

    def _measured(self, box: Box) -> Box:
        raw = inside(self._lines[box.line], self._boxes, box.line)
        found = _ITEM.match(raw)
        if found is None:
            return box
        spaces = len(found[3])
        if not spaces or spaces > _MOST_SPACES or found.end() == len(raw):
            spaces = 1
        return replace(box, indent=len(found[1]), width=len(found[2]) + spaces)
