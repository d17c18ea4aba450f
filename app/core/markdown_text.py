"""Putting text that is not ours into a Markdown document without letting it out of its place.

Source of the block rules: CommonMark 0.31.2, sections 4 and 5 and the appendix "A parsing strategy".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOP_LEVEL = 6
_CODE_INDENT = 4
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")

_ANYWHERE = re.compile(r"[\\`*\[\]<~|$]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)|(?<=\s)#")
_AT_LINE_START = re.compile(
    r"^(?:(?=>|#+(?:\s|$)|[-+](?:\s|$)|[-=:][-=:\s]*$)|(\d{1,9})(?=[.)](?:\s|$)))", re.MULTILINE
)

_FENCE = re.compile(r"(`{3,})([^`]*)$|(~{3,})(.*)$")
_HEADING = re.compile(r"(#{1,6})(?=[ \t]|$)")
_BREAK_MARKS = ("*", "-", "_")
_BREAK_LENGTH = 3
_UNDERLINE = re.compile(r"(=+|-+)[ \t]*$")
_MARKER = re.compile(r"(?:[-+*]|(\d{1,9})[.)])(?= |$)")
_UNSAFE = re.compile(r"\\.|<(?=[A-Za-z/!?])|!(?=\[)", re.DOTALL)
_SPACES = re.compile(" *")
_TICKS = re.compile(r"`+")
_CELL_EDGE = re.compile(r"(?<!\\)\|")


def plain(text: str) -> str:
    """The text as Markdown that reads as the very same text, whatever it holds; its line breaks are kept.

    Spaces at the start of a line, which Markdown drops, become no-break spaces.
    """
    lines = []
    for line in _clean(text).split("\n"):
        words = line.strip(" \t")
        indent = len(line.expandtabs(_CODE_INDENT)) - len(line.expandtabs(_CODE_INDENT).lstrip(" "))
        escaped = _ANYWHERE.sub(lambda found: "\\" + found.group(), words)
        escaped = _AT_LINE_START.sub(lambda found: (found.group(1) or "") + "\\", escaped)
        lines.append(("\u00a0" * indent if words else "") + escaped)
    return "\n".join(
        line + "\\" if line and following else line for line, following in zip(lines, [*lines[1:], ""], strict=True)
    )


def plain_line(text: str) -> str:
    """As `plain`, on one line: for headings, links and the cells of a table."""
    return plain(" ".join(_clean(text).split()))


def contained(text: str, top_heading: int) -> str:
    """Markdown written by someone else, with its formatting kept, that cannot reach beyond its own end.

    - An open code fence is closed.
    - HTML is shown as the text that it is; in code it stays as it was.
    - A picture becomes a link, so that no viewer loads what the author named.
    - Headings are lowered together until the highest is of level `top_heading`.
    """
    return _Reader(_clean(text).split("\n")).written(top_heading)


def _clean(text: str) -> str:
    return _CONTROLS.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


@dataclass(slots=True)
class _Container:
    """A block quote (`indent_columns` 0), or a list item whose text begins at that column of its parent."""

    indent_columns: int = 0
    is_empty: bool = False


@dataclass(slots=True)
class _Words:
    """Lines of a paragraph, or of a heading when `level` is not 0: what stands before the text, and the text."""

    lines: list[tuple[str, str]]
    level: int = 0


@dataclass(slots=True)
class _Line:
    """A line with its tabs as spaces, and how far it has been read."""

    text: str
    at: int = 0

    @property
    def start(self) -> int:
        """Where the next character that is no space stands."""
        spaces = _SPACES.match(self.text, self.at)
        return spaces.end() if spaces else self.at

    @property
    def indent(self) -> int:
        return self.start - self.at

    @property
    def is_blank(self) -> bool:
        return self.start == len(self.text)

    @property
    def rest(self) -> str:
        return self.text[self.start :]

    def begins(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        return pattern.match(self.text, self.start)

    @property
    def is_break(self) -> bool:
        """Whether the rest is three or more of one mark: a thematic break."""
        mark = self.text[self.start]
        # Looked at from the end: most lines are told apart by their last character.
        if mark not in _BREAK_MARKS or len(self.text.rstrip(mark + " ")) > self.start:
            return False
        return self.text.count(mark, self.start) >= _BREAK_LENGTH

    def take(self, container: _Container) -> bool:
        """Reads on into `container` if the line belongs to it."""
        if container.indent_columns == 0:
            if self.indent >= _CODE_INDENT or not self.text.startswith(">", self.start):
                return False
            self.at = self.start + 1
            self.at += self.text.startswith(" ", self.at)
            return True
        if self.is_blank:
            self.at = min(len(self.text), self.at + container.indent_columns)
            return not container.is_empty
        if self.indent < container.indent_columns:
            return False
        self.at += container.indent_columns
        return True


class _Reader:
    """Finds which lines are code, which are paragraphs and which are headings, as every Markdown reader does."""

    def __init__(self, lines: list[str]) -> None:
        self._containers: list[_Container] = []
        self._fence = ""
        self._paragraph: _Words | None = None
        self._parts: list[str | _Words] = []
        for line in lines:
            self._read(line)
        if self._fence:
            self._parts.append("".join(" " * item.indent_columns or "> " for item in self._containers) + self._fence)

    def written(self, top_heading: int) -> str:
        levels = [part.level for part in self._parts if isinstance(part, _Words) and part.level]
        lower_by = max(0, top_heading - min(levels, default=_TOP_LEVEL))
        return "\n".join(part if isinstance(part, str) else _written(part, lower_by) for part in self._parts)

    def _read(self, raw: str) -> None:
        line = _Line(raw.expandtabs(_CODE_INDENT))
        matched = 0
        while matched < len(self._containers) and line.take(self._containers[matched]):
            matched += 1
        is_inside = matched == len(self._containers)
        if self._fence and is_inside:
            rest = line.rest.rstrip(" ")
            if line.indent < _CODE_INDENT and len(rest) >= len(self._fence) and not rest.strip(self._fence[0]):
                self._fence = ""
            self._parts.append(raw)
            return
        self._fence = ""
        self._read_blocks(raw, line, matched, is_inside=is_inside)

    def _read_blocks(self, raw: str, line: _Line, matched: int, *, is_inside: bool) -> None:
        follows = self._paragraph is not None and is_inside  # the line may go on with the paragraph
        is_new = False
        while not line.is_blank and line.indent < _CODE_INDENT:
            if follows and line.begins(_UNDERLINE):
                self._end_as_heading(1 if line.rest[0] == "=" else 2)
                return
            opened = _Container()
            if line.take(opened):
                pass
            elif line.begins(_HEADING) or line.begins(_FENCE) or line.is_break:
                self._leave(matched)
                self._read_leaf(raw, line)
                return
            else:
                item = _item(line, interrupts=follows)
                if item is None:
                    break
                opened = item
            self._leave(matched)
            self._fill()
            self._containers.append(opened)
            matched += 1
            is_new, follows = True, False
        self._read_words(raw, line, matched, is_new=is_new)

    def _read_words(self, raw: str, line: _Line, matched: int, *, is_new: bool) -> None:
        if line.is_blank:
            self._leave(matched)
            self._parts.append(raw)
            return
        words = (line.text[: line.start], _with_tabs(raw, line))
        if self._paragraph is not None and not is_new:  # also where it leaves its container out: a lazy line
            self._paragraph.lines.append(words)
            return
        self._leave(matched)
        self._fill()
        if line.indent >= _CODE_INDENT:
            self._parts.append(raw)
            return
        self._paragraph = _Words([words])
        self._parts.append(self._paragraph)

    def _read_leaf(self, raw: str, line: _Line) -> None:
        self._fill()
        heading, fence = line.begins(_HEADING), line.begins(_FENCE)
        if heading:
            before, level = line.text[: line.start], len(heading.group())
            self._parts.append(_Words([(before, line.rest[level:].strip(" "))], level))
            return
        if fence:
            self._fence = fence.group(1) or fence.group(3)
            # Some readers would take an opening line with a cell edge for the head of a table.
            raw = raw.split("|", maxsplit=1)[0].rstrip("\\")
        self._parts.append(raw)

    def _leave(self, matched: int) -> None:
        """Closes the open paragraph and every container that the line is not in."""
        self._paragraph = None
        del self._containers[matched:]

    def _fill(self) -> None:
        """Notes that the innermost container holds something: an empty list item ends at a blank line."""
        if self._containers:
            self._containers[-1].is_empty = False

    def _end_as_heading(self, level: int) -> None:
        """An underlined paragraph becomes a heading with # marks, whose level can be anything."""
        paragraph = self._paragraph
        assert paragraph is not None  # noqa: S101 - the caller has looked
        text = " ".join(words.rstrip("\\ ") for _, words in paragraph.lines)
        paragraph.lines = [(paragraph.lines[0][0], re.sub(r"(#+)$", r"\\\1", text))]
        paragraph.level = level
        self._paragraph = None


def _with_tabs(raw: str, line: _Line) -> str:
    """What is left of the line as it was written."""
    if "\t" not in raw:
        return line.rest
    marks = len(line.text[: line.start].replace(" ", ""))
    at = 0
    while marks or raw[at] in " \t":
        marks -= raw[at] not in " \t"
        at += 1
    return raw[at:]


def _item(line: _Line, *, interrupts: bool) -> _Container | None:
    """The list item that begins here, if one does; a paragraph is interrupted only by one with text, counted from 1."""
    marker = line.begins(_MARKER)
    if marker is None:
        return None
    text = _Line(line.text, marker.end())
    if interrupts and (text.is_blank or marker.group(1) not in (None, "1")):
        return None
    spaces = 1 if text.is_blank or text.indent > _CODE_INDENT else text.indent
    container = _Container(marker.end() - line.at + spaces, is_empty=text.is_blank)
    line.at = min(len(line.text), line.at + container.indent_columns)
    return container


def _written(words: _Words, lower_by: int) -> str:
    texts = _harmless([text for _, text in words.lines])
    marks = "#" * min(_TOP_LEVEL, words.level + lower_by) + " " if words.level else ""
    return "\n".join(before + marks + text for (before, _), text in zip(words.lines, texts, strict=True))


def _harmless(lines: list[str]) -> list[str]:
    """A paragraph's lines with HTML and pictures escaped outside of code.

    Where a back-tick finds no partner within its line or table cell, readers may disagree about what is code, and all
    is escaped.
    """
    cells = [_CELL_EDGE.split(line) for line in lines]
    if all(_spans(cell) is not None for row in cells for cell in row):
        return ["|".join(_escaped(cell, _spans(cell) or []) for cell in row) for row in cells]
    return [_escaped(line, []) for line in lines]


def _spans(text: str) -> list[tuple[int, int]] | None:
    """Where code stands in a line, or None when a back-tick has no partner."""
    spans = []
    at = 0
    while at < len(text):
        if text[at] == "\\":
            at += 2
        elif text[at] == "`":
            opening = _TICKS.match(text, at)
            ticks = opening.group() if opening else "`"
            closing = next((run for run in _TICKS.finditer(text, at + len(ticks)) if run.group() == ticks), None)
            if closing is None:
                return None
            spans.append((at, closing.end()))
            at = closing.end()
        else:
            at += 1
    return spans


def _escaped(text: str, spans: list[tuple[int, int]]) -> str:
    pieces = []
    at = 0
    for start, end in [*spans, (len(text), len(text))]:
        pieces.append(_UNSAFE.sub(_escape, text[at:start]))
        pieces.append(text[start:end])
        at = end
    return "".join(pieces)


def _escape(found: re.Match[str]) -> str:
    return found.group() if found.group().startswith("\\") else "\\" + found.group()
