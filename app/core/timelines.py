"""What an answer says happened when: the rows of its tables, its lists and its JSON, as moments with words."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from app.core.answer_times import is_time_label, time_key, times_in
from app.core.moments import Moment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.core.answer_times import FoundTime

_WORD_KEY_NAMES = (
    "event events description text caption label action activity title summary content what name scene 事件 描述 内容 "
    "说明 文字 动作 标题"
)
_WORD_KEYS = frozenset(_WORD_KEY_NAMES.split())
_BRACE = re.compile(r'\\.|["{}\n]', re.DOTALL)
_STRING = re.compile(r"""["']([^"'\\\n]{1,32})["'][ ]?:\s{0,20}(["'])((?:(?!\2)[^\\\n]|\\.){0,2000})""")
_KEY_CHARS = 64
_QUOTED_PIECES = 3
_CELL_EDGE = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"[ :|-]*-[ :|-]*")
_LINE_LEAD = re.compile(
    r"[ \t>#]{0,20}(?:[-+*•]|[0-9]{1,3}[.)])?[ \t]{0,8}[*_`(\[（【<]{0,4}[ ]?(?:from |at |在|从)?", re.IGNORECASE
)
_LINE_TAIL = re.compile(r"[*_`)\]）】>]{0,4}[ ]?[:：,，|–—-]?[*_`]{0,3}[ ]?[:：–—-]?[ ]{0,3}")


def timeline_in(answer: str, duration_s: float | None = None) -> tuple[Moment, ...]:
    """The moments that an answer lists, in its order; words that only mention a time are no part of it.

    Args:
        answer: Markdown, or JSON with or without a fence, which may be cut off.
        duration_s: How long the video is; what begins behind its end is left out. None when that is not known.
    """
    placed = [*_in_objects(answer, duration_s), *_in_lines(answer, duration_s)]
    moments = (moment for _, moment in sorted(placed, key=lambda pair: pair[0]))
    return tuple(dict.fromkeys(moments))


def _in_objects(answer: str, duration_s: float | None) -> Iterator[tuple[int, Moment]]:
    for begin, source in _objects(answer):
        own = next((time for time in times_in(source, duration_s) if _is_behind_key(source, time)), None)
        if own is not None:
            yield begin, Moment(own.start_s, own.end_s, _words_of(source))


def _objects(answer: str) -> Iterator[tuple[int, str]]:
    """Every JSON object and where it begins, without the objects in it."""
    opened: list[tuple[int, list[str]]] = []
    is_in_string, at = False, 0
    for found in _BRACE.finditer(answer):
        mark = found[0]
        if mark == '"':
            is_in_string = not is_in_string
        elif mark == "\n":
            is_in_string = False  # a string of JSON ends in its line, also where its mark was forgotten
        elif mark == "{" and not is_in_string:
            if opened:
                opened[-1][1].append(answer[at : found.start()] + "0")
            opened.append((found.start(), []))
            at = found.start()
        elif mark == "}" and opened and not is_in_string:
            begin, pieces = opened.pop()
            yield begin, "".join(pieces) + answer[at : found.end()]
            at = found.end()


def _is_behind_key(source: str, time: FoundTime) -> bool:
    """Whether the time is the value of a key, and no mention inside a text."""
    lead = source[max(0, time.begin - _KEY_CHARS) : time.begin].rstrip(" <[\n\t\"'")
    if not lead.endswith(":"):
        return False
    pieces = re.split("[\"']", lead[:-1].rstrip())
    return len(pieces) >= _QUOTED_PIECES and time_key(pieces[-2]) is not None


def _words_of(source: str) -> str:
    """What the object says in words."""
    texts = _texts_of(source)
    named = [text for key, text in texts.items() if key.strip().lower() in _WORD_KEYS]
    others = [text for key, text in texts.items() if time_key(key) is None and not times_in(text)]
    return " ".join((named or others or [""])[0].split())


def _texts_of(source: str) -> dict[str, str]:
    try:
        known = json.loads(source)
    except (ValueError, RecursionError):
        return {key: text for key, _, text in _STRING.findall(source)}
    return {str(key): value for key, value in known.items() if isinstance(value, str)}


def _in_lines(answer: str, duration_s: float | None) -> Iterator[tuple[int, Moment]]:
    at = 0
    labels: list[str] = []
    for line in answer.split("\n"):
        cells = _cells(line)
        if len(cells) > 1:
            if not labels:
                labels = cells
            moment = _of_row(labels, cells, duration_s)
        else:
            labels = []
            moment = _of_line(line, duration_s)
        if moment is not None:
            yield at, moment
        at += len(line) + 1


def _cells(line: str) -> list[str]:
    """The cells of a table's row; one for a line that is none."""
    words = line.strip(" \t>")
    if "|" not in words:
        return [line]
    return [cell.strip() for cell in _CELL_EDGE.split(words.removeprefix("|").removesuffix("|"))]


def _of_row(labels: list[str], cells: list[str], duration_s: float | None) -> Moment | None:
    found: list[FoundTime] = []
    words: list[str] = []
    is_ruled = all(_RULE.fullmatch(cell) is not None for cell in cells)
    for place, cell in enumerate(cells if not is_ruled else ()):
        label = labels[place] if place < len(labels) and labels is not cells else ""
        times = times_in(cell, duration_s, label=label)
        if times and (is_time_label(label) or _is_all(cell, times[0])):
            found.append(times[0])
        else:
            words.append(cell)
    if not found:
        return None
    start_s, end_s = found[0].start_s, found[0].end_s
    if end_s is None and len(found) > 1 and found[1].start_s > start_s:
        end_s = found[1].start_s
    return Moment(start_s, end_s, " – ".join(word for word in words if word))


def _is_all(cell: str, time: FoundTime) -> bool:
    """Whether the cell holds nothing but the time."""
    return not re.sub(r"[\s*_`<>()\[\]–—~-]", "", cell[: time.begin] + cell[time.end :])


def _of_line(line: str, duration_s: float | None) -> Moment | None:
    """A line that begins with a time."""
    lead = _LINE_LEAD.match(line)
    first = next(iter(times_in(line[: lead.end() + _KEY_CHARS], duration_s)), None) if lead is not None else None
    if lead is None or first is None or not lead.start() <= first.begin <= lead.end():
        return None
    tail = _LINE_TAIL.match(line, first.end)
    text = line[tail.end() if tail is not None else first.end :].strip()
    is_mere = '"' in line[: first.begin] or not text
    return None if is_mere else Moment(first.start_s, first.end_s, text)
