"""What is selected in a conversation, as Markdown."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QFont, QTextCursor

from app.gui.answers.answer_look import (
    CAPTION,
    CODE,
    CODE_LABEL,
    FOOT,
    FORMULA,
    GAP,
    HEADING,
    LINE_BREAK,
    PARAGRAPH,
    PHASE,
    QUESTION,
    RULE,
    TABLE,
    WIDE_TABLE,
    Role,
    kind_of,
    number_property,
    text_property,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from PySide6.QtGui import QTextBlock, QTextCharFormat, QTextDocument, QTextTable

MARKDOWN_TYPE = "text/markdown"
_WITHOUT_WORDS = frozenset({CAPTION, FOOT, PHASE, CODE_LABEL, GAP})
_SPECIAL = re.compile(r"([\\`*\[\]]|(?<!\w)_|_(?!\w)|<(?=[A-Za-z/!?])|~(?=~)|\$(?=\S))")
_LINE_MARK = re.compile(r"^( {0,3})(#{1,6}(?= |$)|[-+>](?= |$)|(\d{1,9})([.)])(?= |$))")


@dataclass(frozen=True, slots=True)
class WholeAnswer:
    """Where an answer stands in the document, and its Markdown."""

    start: int
    end: int
    source: str


@dataclass(frozen=True, slots=True)
class _Piece:
    kind: str
    text: str
    boxes: tuple[str, ...] = ()
    begins: int = 0
    is_continued: bool = False


def markdown_mime(markdown: str, plain: str | None = None) -> QMimeData:
    """Markdown for the clipboard or a drag: as such, and as text for programs that know only that."""
    mime = QMimeData()
    mime.setText(markdown if plain is None else plain)
    mime.setData(MARKDOWN_TYPE, markdown.encode("utf-8", "replace"))
    return mime


def selection_mime(
    cursor: QTextCursor,
    answers: Sequence[WholeAnswer] = (),
    wide_table: Callable[[int], str] | None = None,
) -> QMimeData:
    """What is selected: words alone stay words, code alone stays code in plain text; all else is Markdown."""
    markdown = markdown_of(cursor, answers, wide_table)
    plain = _plain(cursor)
    first, last = _ends(cursor)
    kinds = {kind_of(first), kind_of(last)}
    is_one = first == last
    groups = {number_property(block.blockFormat(), Role.GROUP) for block in (first, last)}
    is_inside_code = kinds == {CODE} and len(groups) == 1 and not _is_whole_code(first, last, cursor)
    is_plain = is_one and (kinds <= _WITHOUT_WORDS or _unmarked(cursor))
    return markdown_mime(markdown, plain if is_inside_code or is_plain else markdown)


def markdown_of(
    cursor: QTextCursor,
    answers: Sequence[WholeAnswer] = (),
    wide_table: Callable[[int], str] | None = None,
) -> str:
    """What is selected, as Markdown that can stand alone; whole answers as the model wrote them."""
    if not cursor.hasSelection():
        return ""
    start, end = cursor.selectionStart(), cursor.selectionEnd()
    first, last = _ends(cursor)
    kind = kind_of(first)
    if first == last and kind in _WITHOUT_WORDS:
        return _plain(cursor)
    is_within = first == last and not (start <= first.position() and end >= _end(first))
    if is_within and kind in {PARAGRAPH, HEADING, TABLE, QUESTION, FORMULA}:
        return _words(first, start, end)
    return _joined(list(_pieces(first, start, end, answers, wide_table)))


def code_of(document: QTextDocument, group: int) -> str:
    """The program of this number as it was written."""
    block = document.begin()
    lines: list[str] = []
    while block.isValid():
        style = block.blockFormat()
        if kind_of(block) == CODE and number_property(style, Role.GROUP) == group:
            _add_line(lines, block, block.text())
        elif lines:
            break
        block = block.next()
    return "\n".join(lines)


def _plain(cursor: QTextCursor) -> str:
    """The words alone, without what only holds a command's words together."""
    text = cursor.selection().toPlainText()
    return text.replace(LINE_BREAK, "\n").replace("\u00a0", " ").replace("\u2060", "")


def _ends(cursor: QTextCursor) -> tuple[QTextBlock, QTextBlock]:
    document = cursor.document()
    return document.findBlock(cursor.selectionStart()), document.findBlock(cursor.selectionEnd())


def _end(block: QTextBlock) -> int:
    return block.position() + block.length() - 1


def _is_whole_code(first: QTextBlock, last: QTextBlock, cursor: QTextCursor) -> bool:
    return (
        kind_of(first.previous()) == CODE_LABEL
        and kind_of(last.next()) != CODE
        and cursor.selectionStart() == first.position()
        and cursor.selectionEnd() == _end(last)
        and first != last
    )


def _unmarked(cursor: QTextCursor) -> bool:
    block, _ = _ends(cursor)
    styles = [style for _, style in _fragments(block, cursor.selectionStart(), cursor.selectionEnd())]
    return kind_of(block) != FORMULA and not any(
        _marks(style) or text_property(style, Role.SOURCE) or style.property(Role.IS_CODE.value) for style in styles
    )


def _pieces(
    block: QTextBlock,
    start: int,
    end: int,
    answers: Sequence[WholeAnswer],
    wide_table: Callable[[int], str] | None,
) -> Iterator[_Piece]:
    while block.isValid() and block.position() <= end:
        position = block.position()
        answer = next((whole for whole in answers if whole.start == position and start <= position), None)
        if answer is not None and answer.end <= end:
            yield _Piece("whole", answer.source.strip("\n"))
            block = block.document().findBlock(answer.end).next()
            continue
        style, kind = block.blockFormat(), kind_of(block)
        boxes = tuple(text_property(style, Role.BOXES).split())
        begins = number_property(style, Role.BEGINS)
        if kind == CODE:
            text, block = _code(block, start, end)
            yield _Piece(kind, text, boxes, begins)
            continue
        if kind == TABLE:
            text, block = _table(block, end)
            if text:
                yield _Piece(kind, text, boxes)
            continue
        text = _block_text(block, start, end, wide_table)
        if text or begins:
            yield _Piece(kind, text, boxes, begins, bool(style.property(Role.IS_CONTINUED.value)))
        block = block.next()


def _block_text(block: QTextBlock, start: int, end: int, wide_table: Callable[[int], str] | None) -> str:
    style, kind = block.blockFormat(), kind_of(block)
    if kind == WIDE_TABLE and wide_table is not None:
        return wide_table(number_property(style, Role.GROUP))
    if kind == RULE:
        return "---"
    if kind in _WITHOUT_WORDS:
        return ""
    is_whole = start <= block.position() and end >= _end(block)
    text = (text_property(style, Role.SOURCE) if is_whole else "") or _words(block, start, end)
    return f"{'#' * style.headingLevel()} {text}" if kind == HEADING else text


def _joined(pieces: list[_Piece]) -> str:
    if not pieces:
        return ""
    shared = min(len(piece.boxes) - piece.begins for piece in pieces)
    pieces = [replace(piece, boxes=piece.boxes[shared:]) for piece in pieces]
    pieces[0] = replace(pieces[0], begins=len(pieces[0].boxes))
    parts: list[str] = []
    before: _Piece | None = None
    for piece in pieces:
        outer = len(piece.boxes) - piece.begins
        rest = _lead(piece.boxes)
        first = _lead(piece.boxes[:outer]) + "".join(f"{mark} " for mark in piece.boxes[outer:])
        lines = piece.text.split("\n")
        text = "\n".join([first + lines[0], *((rest + line).rstrip() for line in lines[1:])])
        if before is not None and piece.is_continued and before.kind == PARAGRAPH:
            gap = " " if parts[-1][-1:].isascii() else ""
            text = piece.text
        elif before is not None:
            is_tight = piece.begins and before.boxes and piece.boxes and before.kind == piece.kind == PARAGRAPH
            common = _lead(piece.boxes[: min(outer, len(before.boxes))]).rstrip()
            gap = "\n" if is_tight and ">" not in piece.boxes[outer:] else f"\n{common}\n"
        else:
            gap = ""
        parts.append(gap + text)
        before = piece
    return "".join(parts)


def _lead(boxes: Sequence[str]) -> str:
    return "".join("> " if mark == ">" else " " * (len(mark) + 1) for mark in boxes)


def _code(block: QTextBlock, start: int, end: int) -> tuple[str, QTextBlock]:
    style = block.blockFormat()
    group = number_property(style, Role.GROUP)
    language = text_property(style, Role.LANGUAGE)
    lines: list[str] = []
    while block.isValid() and block.position() <= end and number_property(block.blockFormat(), Role.GROUP) == group:
        begin = max(0, start - block.position())
        _add_line(lines, block, _part(block.text(), begin, max(0, end - block.position())))
        block = block.next()
    text = "\n".join(lines)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}", block


def _add_line(lines: list[str], block: QTextBlock, text: str) -> None:
    if lines and block.blockFormat().property(Role.IS_CONTINUED.value):
        lines[-1] += text
    else:
        lines.append(text)


def _table(block: QTextBlock, end: int) -> tuple[str, QTextBlock]:
    """The rows from this block's on that the selection reaches, whole, below the table's header."""
    group = number_property(block.blockFormat(), Role.GROUP)
    lines: list[str] = []
    while block.isValid() and block.position() <= end:
        table: QTextTable | None = QTextCursor(block).currentTable()
        if table is None:
            if kind_of(block) != GAP:
                break
            block = block.next()
            continue
        if number_property(table.format(), Role.GROUP) != group:
            break
        if not lines:
            lines.append(text_property(table.format(), Role.HEADER))
        row = table.cellAt(block.position()).row()
        if row or number_property(table.format(), Role.IS_CONTINUED):
            lines.append(_row(table, row))
        last = table.cellAt(row, table.columns() - 1).lastCursorPosition().block()
        block = last.next()
    return "\n".join(lines), block


def _row(table: QTextTable, row: int) -> str:
    cells = (table.cellAt(row, column) for column in range(table.columns()))
    return "|" + "|".join(f" {text_property(cell.format(), Role.SOURCE)} " for cell in cells) + "|"


def _fragments(block: QTextBlock, start: int, end: int) -> Iterator[tuple[str, QTextCharFormat]]:
    iterator = block.begin()
    while not iterator.atEnd():
        fragment = iterator.fragment()
        begin = max(start, fragment.position())
        stop = min(end, fragment.position() + fragment.length())
        if begin < stop:
            at = begin - fragment.position()
            yield _part(fragment.text(), at, at + stop - begin), fragment.charFormat()
        iterator += 1


def _part(text: str, start: int, end: int) -> str:
    """The letters between two of Qt's positions, which count UTF-16's units."""
    if text.isascii():
        return text[start:end]
    units = text.encode("utf-16-le", "surrogatepass")
    return units[2 * start : 2 * end].decode("utf-16-le", "replace")


def _marks(style: QTextCharFormat) -> list[str]:
    marks = []
    address = text_property(style, Role.ADDRESS)
    if address:
        marks.append(f"]({address})")
    if style.fontWeight() >= QFont.Weight.Bold:
        marks.append("**")
    if style.fontItalic():
        marks.append("*")
    if style.fontStrikeOut():
        marks.append("~~")
    return marks


def _words(block: QTextBlock, start: int, end: int) -> str:
    """Words of a block with their marks; a formula that is touched comes whole, in LaTeX."""
    if kind_of(block) == QUESTION:
        return "".join(text for text, _ in _fragments(block, start, end)).replace(LINE_BREAK, "\n")
    out = ""
    opened: list[str] = []
    for text, style in _fragments(block, start, end):
        wanted = _marks(style)
        kept = 0
        while kept < min(len(opened), len(wanted)) and opened[kept] == wanted[kept]:
            kept += 1
        out = _closed(out, opened[kept:])
        source = text_property(style, Role.SOURCE)
        words = source or (_as_code(text) if style.property(Role.IS_CODE.value) else _escaped(text))
        space = words[: len(words) - len(words.lstrip(" "))] if not source else ""
        out += space + "".join("[" if mark.startswith("](") else mark for mark in wanted[kept:]) + words[len(space) :]
        opened = wanted
    out = _closed(out, opened)
    return out.replace(LINE_BREAK, "\n")


def _closed(out: str, marks: Sequence[str]) -> str:
    if not marks:
        return out
    bare = out.rstrip(" ")
    for mark in reversed(marks):
        address = mark[2:-1] if mark.startswith("](") else ""
        if address and bare.endswith(f"[{_escaped(address)}"):
            bare = bare[: len(bare) - len(_escaped(address)) - 1] + address
        elif address and re.search(r"[\s()<>]", address):
            bare += f"](<{address}>)"
        else:
            bare += mark
    return bare + out[len(out.rstrip(" ")) :]


def _as_code(text: str) -> str:
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{text}{space}{fence}"


def _escaped(text: str) -> str:
    text = _SPECIAL.sub(r"\\\1", text)
    return _LINE_MARK.sub(lambda mark: f"{mark[1]}{mark[3]}\\{mark[4]}" if mark[3] else f"{mark[1]}\\{mark[2]}", text)
