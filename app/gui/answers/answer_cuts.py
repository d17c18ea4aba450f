"""Where a Markdown text may be cut while it grows, what of its end is not shown yet, and what no reader is given."""

from __future__ import annotations

import re

TABLE_ROWS = 10
_MARK = re.compile(r"\\.|`+|\*\*|\*|~~")
_LONGEST_EMPHASIS_CHARS = 400
_MOST_HELD_BACK = 1_000
_CODE_LINES = (24, 40, 200)
_CODE_CHARS = 3_000
_LONG_LINE_CHARS = (2_400, 3_000)
_PARAGRAPH_CHARS = (1_800, 2_600)
_LONG_HEADING_CHARS = 600
_UNSHOWABLE = re.compile("[\x00\r\ufffc\ufdd0\ufdd1\u2029\ud800-\udfff]")
_LEADING_TABS = re.compile(r"^[ \t]*\t[ \t]*", re.MULTILINE)
_LONG_HEADING = re.compile(rf"^( {{0,3}})(?=#{{1,6}} .{{{_LONG_HEADING_CHARS}}})", re.MULTILINE)
_DEEP_BOXES = re.compile(r"^( *(?:(?:>|[-+*] |\d{1,9}[.)] ) *){12})(?=[>+*\d-])", re.MULTILINE)
_MANY_COLUMNS = re.compile(r"^( {0,3})(?=\|?[ :-]+(?:\|[ :-]+){40})", re.MULTILINE)
_MAY_BECOME_A_MARK = re.compile(r"(?:[-+*_=#>|:.`~$\\ ]*|\d{1,9}[.)]?\s*|(?:`{3}|~{3})[^`]*|\|.*|[-+*] \[[ xX]?\]?)")
_SAFE_BEFORE = frozenset(" \n。！？；，、")


def showable(text: str) -> str:
    """The text, letter for letter, without letters that mean something to Qt's documents or are none."""
    return _UNSHOWABLE.sub(lambda found: " " if found[0] == "\r" else "\ufffd", text)


def readable_lines(text: str) -> str:
    """The text, line for line, so that no line takes the parser long or is lost by it."""
    if "\t" in text:
        text = _LEADING_TABS.sub(lambda found: found[0].expandtabs(4), text)
    text = _LONG_HEADING.sub(r"\1\\", text)
    text = _MANY_COLUMNS.sub(r"\1\\", text)
    return _DEEP_BOXES.sub(r"\1\\", text)


def held_back(text: str) -> int:
    """How many letters at the end are not to be read yet, as the next ones may give them another meaning."""
    start = text.rfind("\n") + 1
    if len(text) - start > _MOST_HELD_BACK:
        return 0
    if start < len(text) and _MAY_BECOME_A_MARK.fullmatch(text[start:].lstrip(" \t>")) is not None:
        return len(text) - max(0, start - 1) if _is_table_head(text[:start]) else len(text) - start
    if start == len(text) and _is_table_head(text):
        return len(text) - (text.rfind("\n", 0, start - 1) + 1)
    return 0


def _is_table_head(text: str) -> bool:
    """Whether the last line is the first of its paragraph, and begins as a table's first row does."""
    lines = text[-_PARAGRAPH_CHARS[1] :].removesuffix("\n").rsplit("\n", 2)
    before = lines[-2].strip("> ") if len(lines) > 1 else ""
    return lines[-1].lstrip("> ").startswith("|") and "|" not in before


def with_open_marks_closed(text: str) -> str:
    """The text with the emphasis and code at its end closed, so that their marks are not seen until they are."""
    start = max(text.rfind("\n\n"), len(text) - 2 * _PARAGRAPH_CHARS[1], 0)
    last = text[start:]
    last = last[max(last.rfind("\n- "), last.rfind("\n* "), last.rfind("\n|"), 0) :]
    if "```" in last or "~~~" in last or "$$" in last or not last or last.endswith("\n"):
        return text
    open_marks, dangling = _open_marks(last)
    closing = "".join(mark for mark, _ in reversed(open_marks))
    if dangling:
        return text[: len(text) - len(dangling)].rstrip() + closing
    if not open_marks or len(last) - open_marks[0][1] > _LONGEST_EMPHASIS_CHARS:
        return text
    return text.rstrip() + closing


def _open_marks(text: str) -> tuple[list[tuple[str, int]], str]:
    """The marks that open emphasis or code and have no partner yet, with their places, and one at the very end."""
    found_open: list[tuple[str, int]] = []
    for found in _MARK.finditer(text):
        mark, after = found[0], text[found.end() : found.end() + 1]
        names = [name for name, _ in found_open]
        is_in_code = bool(names) and names[-1][0] == "`"
        if mark[0] == "\\":
            continue
        if mark in names and (not is_in_code or mark == names[-1]):
            del found_open[names.index(mark) :]
        elif not after:
            return found_open, mark
        elif not is_in_code and (mark[0] == "`" or _opens(text, found.start(), after)):
            found_open.append((mark, found.start()))
    return found_open, ""


def _opens(text: str, at: int, after: str) -> bool:
    before = text[at - 1 : at] if at else ""
    return bool(after.strip()) and not (before.isascii() and before.isalnum())


def paragraph_cut(raw: str) -> int | None:
    """Where a long paragraph is cut, or None: where no mark is open if there is such a place, and before a letter."""
    low, high = _PARAGRAPH_CHARS
    if len(raw) <= high:
        return None
    fallback = 0
    for at in range(low, high):
        if raw[at - 1] not in _SAFE_BEFORE or not raw[at].isalpha():
            continue
        if _is_balanced(raw[:at]):
            return at
        fallback = fallback or at
    return fallback or next((at for at in range(low, high) if not raw[at].isspace() and raw[at - 1] != "\\"), high)


def _is_balanced(text: str) -> bool:
    plain = re.sub(r"\\.", "", text)
    return (
        plain.count("`") % 2 == 0
        and plain.count("*") % 2 == 0
        and plain.count("~~") % 2 == 0
        and plain.count("$") % 2 == 0
        and plain.rfind("[") <= plain.rfind("]")
        and plain.rfind("<") <= plain.rfind(">")
    )


def code_cut(lines: list[str]) -> tuple[int, int] | None:
    """Where long code is cut: the line, and how far into it; None where it stays whole.

    The place depends only on what stands before it, so that code comes out the same however it came in.
    """
    at_least, usually, at_most = _CODE_LINES
    chars = 0
    is_inside_string = is_inside_comment = False
    for at, line in enumerate(lines):
        if len(line) > _LONG_LINE_CHARS[1]:
            return (at, 0) if at else (0, _inside_line(line))
        is_complete = at + 1 < len(lines)
        chars += len(line) + 1
        is_inside_string ^= (line.count('"""') + line.count("'''")) % 2 == 1
        is_inside_comment = line.rfind("/*") > line.rfind("*/") or (is_inside_comment and "*/" not in line)
        if not is_complete:
            return None
        enough = at + 1 >= at_least or chars > _CODE_CHARS
        begins_anew = not line.strip() or at + 1 >= usually or chars > _CODE_CHARS
        if enough and (at + 1 >= at_most or (begins_anew and not is_inside_string and not is_inside_comment)):
            return (at + 1, 0)
    return None


def _inside_line(line: str) -> int:
    low, high = _LONG_LINE_CHARS
    return next((at for at in range(low, high) if line[at] not in "`~ "), high)
