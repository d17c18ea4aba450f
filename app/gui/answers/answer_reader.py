"""Reads a growing Markdown text leaf by leaf: what is finished is given once, only the last leaf is read again.

So that the last leaf can be read again alone, the lists and quotes around it are written before it anew, each with an
empty heading in it: nothing joins a heading. A leaf without end is cut where its parts read the same alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from app.gui.answers.answer_cuts import (
    TABLE_ROWS,
    code_cut,
    held_back,
    paragraph_cut,
    readable_lines,
    with_open_marks_closed,
)
from app.gui.answers.answer_leaves import Box, Leaf, lead, opening, walk_leaves
from app.gui.answers.answer_syntax import IS_GROWING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

    from app.gui.answers.answer_leaves import LeafKind

_SLICE_CHARS = 3_000
_CUT_SLICE_CHARS = 1_200
_SLICE_LINES = 60
"""As each line may be a leaf of its own, and to write a leaf takes as long as some fifty letters."""
_LINE_MARKS = frozenset("#>-+*_=|`~$<:")
_MAX_BOXES = 24
_FENCE = re.compile(r" *(?:`{3,}|~{3,})[^\n]*")


@dataclass(frozen=True, slots=True)
class Place:
    """Where reading goes on.

    Attributes:
        offset: Into the text.
        prefix: What brings the parser to the same place: boxes, and the head of a leaf that was cut.
        boxes: Those that the prefix opens, one a line.
        continues: The kind of the leaf that was cut, if one was.
        is_joined: It was cut inside a line of code.
        head: The first line of code that was cut.
    """

    offset: int = 0
    prefix: str = ""
    boxes: tuple[Box, ...] = ()
    continues: LeafKind | None = None
    is_joined: bool = False
    head: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a step of reading found.

    Attributes:
        leaves: In order; all but an open last one stay.
        is_last_open: Whether the last will be read again.
        is_all: Whether everything given was read.
    """

    leaves: tuple[Leaf, ...]
    is_last_open: bool
    is_all: bool


@dataclass
class AnswerReader:
    """Reads one answer; made anew for another."""

    parser: MarkdownIt
    references: dict[str, Any] = field(default_factory=dict)
    place: Place = field(default_factory=Place)
    _wanted_chars: int = _SLICE_CHARS
    _wanted_lines: int = _SLICE_LINES

    def anew(self) -> AnswerReader:
        """A reader from the beginning that knows the addresses which this one has found."""
        return AnswerReader(self.parser, self.references)

    def read(self, text: str, *, is_whole: bool) -> Reading:
        """Reads on, at most some thousand letters in some dozen lines, and gives the leaves since what is finished.

        Args:
            text: The answer so far, which begins with what was read before.
            is_whole: Whether nothing more will come.
        """
        start = self.place.offset
        rest = text[start : start + self._wanted_chars]
        rest = rest[: _length(rest, self._wanted_lines)]
        is_to_end = start + len(rest) >= len(text)
        if not is_to_end:
            rest = rest[: rest.rfind("\n") + 1] or rest
        elif not is_whole:
            rest = rest[: len(rest) - held_back(rest)]
        leaves = self._parsed(rest, is_growing=is_to_end and not is_whole)
        for leaf in leaves:
            cut = self._cut(leaf, rest)
            if cut is not None:
                length, place = cut
                leaves = self._parsed(rest[:length], is_growing=False)
                self.place = place
                self._wanted_chars, self._wanted_lines = _CUT_SLICE_CHARS, _SLICE_LINES
                return Reading(tuple(leaves), is_last_open=False, is_all=False)
        if is_to_end and is_whole:
            return Reading(tuple(leaves), is_last_open=False, is_all=True)
        if leaves:
            self.place = self._place_of(leaves[-1], rest)
        elif not rest.strip():
            self.place = replace(self.place, offset=start + rest.rfind("\n") + 1)
        is_stuck = self.place.offset == start and not is_to_end
        self._wanted_chars = self._wanted_chars * 2 if is_stuck else _SLICE_CHARS
        self._wanted_lines = self._wanted_lines * 2 if is_stuck else _SLICE_LINES
        return Reading(tuple(leaves), is_last_open=bool(leaves), is_all=is_to_end)

    def _parsed(self, rest: str, *, is_growing: bool) -> list[Leaf]:
        shown = readable_lines(rest)
        if is_growing and self.place.continues != "code":
            shown = with_open_marks_closed(shown)
        source = self.place.prefix + shown
        tokens = self.parser.parse(source, {"references": self.references, IS_GROWING: is_growing})
        prefix_lines = self.place.prefix.count("\n")
        leaves: list[Leaf] = []
        for leaf in walk_leaves(tokens, source.split("\n"), self.place.boxes, prefix_lines):
            is_continued = not leaves and leaf.kind == self.place.continues and leaf.line <= prefix_lines
            if is_continued and leaf.kind == "code" and not self.place.head.strip():
                words = leaf.text.partition("\n")[2]
                leaves.append(replace(leaf, text=words, is_continued=True, begins=0))
            elif is_continued:
                leaves.append(replace(leaf, is_continued=True, is_joined=self.place.is_joined, begins=0))
            elif leaf.line >= prefix_lines:
                leaves.append(leaf)
        return leaves

    def _place_of(self, leaf: Leaf, rest: str) -> Place:
        """The place at which this leaf begins."""
        prefix_lines = self.place.prefix.count("\n")
        if leaf.is_continued or (leaf.line <= prefix_lines and self.place.continues is None):
            return self.place
        outer = [box for box in leaf.boxes if box.line < leaf.line]
        inner = leaf.boxes[len(outer) :]
        if inner and inner[0].has_sibling:
            outer.append(inner[0].sibling())
        skipped = _length(rest, leaf.line - prefix_lines)
        boxes = tuple(outer) if len(outer) <= _MAX_BOXES else ()
        return Place(self.place.offset + skipped, _openings(boxes), boxes)

    def _cut(self, leaf: Leaf, rest: str) -> tuple[int, Place] | None:
        """How much of the rest is finished when this leaf is too long, and the place behind it."""
        prefix_lines = self.place.prefix.count("\n")
        first = 0 if leaf.is_continued else leaf.line - prefix_lines
        begin = _length(rest, first)
        if leaf.kind == "paragraph":
            end = _length(rest, leaf.end_line - prefix_lines)
            cut = paragraph_cut(rest[begin:end].rstrip("\n"))
            if cut is None:
                return None
            letter = rest[begin + cut]
            escape = "\\" if letter in _LINE_MARKS else ""
            return self._behind(leaf, begin + cut, lead(leaf.boxes) + escape)
        if leaf.kind == "table" and len(leaf.rows) > TABLE_ROWS:
            marks = {"left": ":-", "right": "-:", "center": ":-:"}
            row = lead(leaf.boxes)
            head = f"{row}|{'x|' * len(leaf.alignments)}\n"
            head += f"{row}|{''.join(marks.get(side, '-') + '|' for side in leaf.alignments)}\n"
            lines = first + TABLE_ROWS + (0 if leaf.is_continued else 2)
            return self._behind(leaf, _length(rest, lines), head)
        if leaf.kind == "code":
            return self._code_cut(leaf, rest, first)
        return None

    def _code_cut(self, leaf: Leaf, rest: str, first: int) -> tuple[int, Place] | None:
        cut = code_cut(leaf.text.split("\n"))
        if cut is None:
            return None
        line, inside = cut
        head = self.place.head
        if not leaf.is_continued:
            words = leaf.first_line
            head = words if leaf.is_fenced else "    "
            first += 1 if leaf.is_fenced else 0
        if inside and not leaf.is_fenced:
            return None
        space = lead(leaf.boxes)
        opened = f"{space}{head}\n" if head.strip() else f"{space}    .\n"
        length = _length(rest, first + line)
        if inside:
            raw = rest[length:].partition("\n")[0]
            length += min(inside + len(raw) - len(leaf.text.split("\n")[0]), len(raw))
            opened += space
        return self._behind(leaf, length, opened, head=head, is_joined=bool(inside))

    def _behind(
        self, leaf: Leaf, length: int, head_lines: str, *, head: str = "", is_joined: bool = False
    ) -> tuple[int, Place]:
        prefix = _openings(leaf.boxes) + head_lines
        place = Place(self.place.offset + length, prefix, leaf.boxes, leaf.kind, is_joined, head)
        return length, place


def _openings(boxes: tuple[Box, ...]) -> str:
    return "".join(f"{lead(boxes[:depth])}{opening(box)}\n" for depth, box in enumerate(boxes))


def _length(text: str, lines: int) -> int:
    """How many letters this many lines have."""
    end = 0
    for _ in range(lines):
        newline = text.find("\n", end)
        if newline < 0:
            return len(text)
        end = newline + 1
    return end
