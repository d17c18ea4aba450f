"""Times of a video in the words of an answer: where they stand, and which moment or stretch they name.

What only looks like a time is left alone: ratios, scores, times of day, verses, durations, and all that lies beyond the
video's end. Looking takes time in proportion to the text, whatever it holds: every pattern here is bounded.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from app.core.moments import BEYOND_END_S
from app.core.time_words import (
    is_length_after,
    is_length_before,
    is_no_clock,
    is_opened,
    is_place_after,
    is_place_before,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MINUTE_S = 60
_HOUR_S = 3600
_AROUND_CHARS = 48
_LONGEST_PAIR_CHARS = 1_000

_GAP = "[ \u00a0\u202f]"
_NUMBER = r"[0-9]{1,6}(?:\.[0-9]{1,6})?"
_SECONDS = r"(?:seconds?|secs?|s)(?![A-Za-z0-9_/])"
_MINUTES = r"(?:minutes?|mins?)(?![A-Za-z0-9_/])"
_JOIN = rf"(?:{_GAP}{{0,3}}(?:-{{0,2}}>|[-‐-―−~～→－至到]){_GAP}{{0,3}}|{_GAP}(?:to|until|till|through){_GAP})"
_TOKEN = re.compile(
    rf"""(?<![A-Za-z0-9_.:：/\\$€£])(?:
    (?:(?P<hours>[0-9]{{1,2}})[:：])?(?P<minutes>[0-9]{{1,3}})[:：]
        (?P<clock_s>[0-5][0-9](?:\.[0-9]{{1,6}}|,[0-9]{{3}}(?![0-9]))?)(?:{_GAP}?{_SECONDS})?
        (?![A-Za-z0-9_%/\\]|[:：][0-9]|\.[0-9])
    |第?{_GAP}?(?:(?P<zh_hours>[0-9]{{1,2}}){_GAP}?小时)?(?:第?(?P<zh_minutes>[0-9]{{1,3}}){_GAP}?分钟?{_GAP}?)?
        第?(?P<zh_s>{_NUMBER}){_GAP}?秒(?![表杀速])
    |(?P<word_minutes>[0-9]{{1,3}}){_GAP}?(?:minutes?|mins?|m){_GAP}?(?:and{_GAP})?(?P<word_s>{_NUMBER}){_GAP}?{_SECONDS}
    |(?P<s>{_NUMBER})(?:{_GAP}?|-(?=[A-Za-z]{{1,7}}{_GAP}mark)){_SECONDS}
    |第?(?P<only_minutes>{_NUMBER})(?:{_GAP}?(?:{_MINUTES}|分钟)|-(?=[A-Za-z]{{1,7}}{_GAP}mark){_MINUTES})
    |第?(?P<before_unit>{_NUMBER})(?=(?:{_JOIN}|{_GAP}and{_GAP})第?{_NUMBER}{_GAP}?(?:{_SECONDS}|秒))
    |(?:seconds?|t{_GAP}?=){_GAP}?(?P<after_unit>{_NUMBER})(?![A-Za-z0-9_:]|\.[0-9])
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_JOINED = re.compile(rf"{_GAP}?>?(?:{_JOIN}|(?P<is_and>{_GAP}(?:and|和|与){_GAP}))<?(?:seconds?{_GAP})?", re.IGNORECASE)
_LISTED = re.compile(
    rf"[>)\]]?{_GAP}{{0,2}}(?:,|;|、|，|和|或|与|and|or|&){_GAP}{{0,2}}(?:and{_GAP}|or{_GAP}|at{_GAP})?[<(\[]?",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"(?:between[ \u00a0]<?|介于|在)$", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]{0,15}://|www\.|mailto:)[^\s<>\"'）)\]|]{1,2000}", re.IGNORECASE)
_FORMULA = re.compile(
    r"\$\$[^$]{1,400}\$\$|\$(?! )[^$\n]{1,200}(?<! )\$(?![0-9])|\\\([^\n]{1,200}?\\\)|\\\[[^\n]{1,200}?\\\]"
)
_KEYED = re.compile(
    rf"""(?P<quote>["'])(?P<key>[^"'\n]{{1,32}})(?P=quote){_GAP}{{0,4}}:\s{{0,20}}
    (?:(?P<value>{_NUMBER})(?![0-9.:])
    |["'](?P<string>{_NUMBER}){_GAP}?(?:s|secs?|seconds?|秒)?["']
    |\[\s{{0,20}}(?P<first>{_NUMBER})\s{{0,20}},\s{{0,20}}(?P<second>{_NUMBER})\s{{0,20}}\])""",
    re.VERBOSE,
)
_UNQUOTED = re.compile(
    rf"(?<![A-Za-z0-9_\"'])(?P<key>(?:start|end|begin)(?:[_ -](?:time|s|sec|seconds))?){_GAP}?[:=]{_GAP}?"
    rf"(?P<value>{_NUMBER})(?={_GAP}{{0,2}}(?:[,;}}\])]|$))",
    re.IGNORECASE | re.MULTILINE,
)
_STRING_KEY = re.compile(rf"""["']([^"'\n]{{1,32}})["']{_GAP}{{0,4}}:{_GAP}{{0,4}}["'][<\[]?$""")
_START_KEY = re.compile(
    r"(?:time|timestamp)?(?:start|begin|from)(?:ing|s)?(?:time|timestamp|at)?|(?:开始|起始)(?:时间)?"
)
_END_KEY = re.compile(r"(?:time|timestamp)?(?:end|stop|finish|to)(?:ing|s)?(?:time|timestamp|at)?|结束(?:时间)?")
_TIME_KEY = re.compile(
    r"(?:video|frame|event)?(?:times?|timestamps?|time(?:range|span|interval)s?)|at|t|second|moment|时间戳?|时间段"
)
_KEY_UNIT = re.compile(r"(?:in)?(ms|millis|milliseconds|s|sec|secs|seconds)$")
_LABEL = re.compile(
    r"(?:(?:event|video|clip|frame)s?[ _-]?)?(?:(?:start|end|begin)(?:ing|ning)?[ _-]?)?"
    r"(?:time[ _-]?(?:stamp|span|range|code|interval|line)?s?|start|end|from|to|begin|when|seconds?|interval|range)"
    r"(?:[ _-]?(?:time|at|range|s|sec|seconds))?[ ]?(?:[(\[（][^()\[\]（）]{0,20}[)\]）])?"
    r"|(?:开始|结束|起始|起止)?(?:时间(?:戳|段|点|范围|区间)?|开始|结束|秒)[ ]?(?:[(\[（][^()\[\]（）]{0,20}[)\]）])?",
    re.IGNORECASE,
)
_WHOLE = re.compile(rf"[ ]{{0,3}}({_NUMBER})(?:{_JOIN}({_NUMBER}))?[ ]{{0,3}}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FoundTime:
    """A time in a text.

    Attributes:
        begin: Where its letters begin.
        end: The place behind them.
        start_s: The moment, or where the stretch begins.
        end_s: Where the stretch ends; None for a moment.
    """

    begin: int
    end: int
    start_s: float
    end_s: float | None = None


@dataclass(frozen=True, slots=True)
class _Time:
    """A time before anything around it was looked at; `role` is "start" or "end" behind such a key of JSON."""

    begin: int
    end: int
    start_s: float
    form: str
    end_s: float | None = None
    role: str = ""


def times_in(text: str, duration_s: float | None = None, *, label: str = "") -> tuple[FoundTime, ...]:
    """Every time of a video that the text names, in order.

    Args:
        text: Words, a table's cell, or JSON.
        duration_s: The longest video that may be meant; None when that is not known.
        label: The head of the column that the text stands in: under “Start (s)” a number is a time.
    """
    whole = _WHOLE.fullmatch(text) if label and is_time_label(label) else None
    if whole is not None:
        end_s = float(whole[2]) if whole[2] else None
        last = whole.end(2) if whole[2] else whole.end(1)
        found = [_Time(whole.start(1), last, float(whole[1]), "label", end_s)]
    else:
        keyed = [*_behind_keys(text), *_behind_bare_keys(text)] if ":" in text or "=" in text else []
        found = _paired(text, sorted([*keyed, *_in_words(text, keyed)], key=lambda time: time.begin))
    within = (_within(time, duration_s) for time in found)
    return tuple(FoundTime(time.begin, time.end, time.start_s, time.end_s) for time in within if time is not None)


def is_time_label(label: str) -> bool:
    """Whether a column with this head holds times."""
    return _LABEL.fullmatch(label.strip(" *_`")) is not None


@lru_cache(maxsize=256)
def time_key(key: str) -> tuple[str, float] | None:
    """What a key of JSON names ("start", "end", "time") and its unit in seconds; None when it names no time."""
    name = re.sub(r"[ _-]", "", key).lower()
    unit_s = 1.0
    for _ in range(2):
        for role, pattern in (("start", _START_KEY), ("end", _END_KEY), ("time", _TIME_KEY)):
            if pattern.fullmatch(name):
                return role, unit_s
        unit = _KEY_UNIT.search(name)
        if unit is None:
            return None
        unit_s = 0.001 if unit[1].startswith("m") else 1.0
        name = name[: unit.start()]
    return None


def _within(time: _Time, duration_s: float | None) -> _Time | None:
    """The time as far as the video goes, or None where it begins behind its end."""
    start_s, end_s = time.start_s, time.end_s
    if duration_s is not None:
        if start_s > duration_s + BEYOND_END_S:
            return None
        start_s = min(start_s, duration_s)
        end_s = min(end_s, duration_s) if end_s is not None else None
    return replace(time, start_s=start_s, end_s=end_s if end_s is not None and end_s > start_s else None)


def _behind_keys(text: str) -> Iterator[_Time]:
    """The numbers behind keys of JSON that name times."""
    for found in _KEYED.finditer(text):
        known = time_key(found["key"])
        if known is None:
            continue
        role, unit_s = known
        if found["first"] is None:
            name = "value" if found["value"] is not None else "string"
            yield _Time(found.start(name), found.end(name), float(found[name]) * unit_s, "keyed", None, role)
        elif role == "time":
            first_s, second_s = float(found["first"]) * unit_s, float(found["second"]) * unit_s
            if second_s >= first_s:
                yield _Time(found.start("first"), found.end("second"), first_s, "keyed", second_s, role)


def _behind_bare_keys(text: str) -> Iterator[_Time]:
    """The numbers behind such keys without quotes, as YAML has them."""
    for found in _UNQUOTED.finditer(text):
        known = time_key(found["key"])
        if known is not None:
            role, unit_s = known
            yield _Time(found.start("value"), found.end("value"), float(found["value"]) * unit_s, "keyed", None, role)


def _paired(text: str, found: list[_Time]) -> list[_Time]:
    """The same, with the end of its object as the end of each start."""
    for place, (first, second) in enumerate(itertools.pairwise(found)):
        if first.role == "start" and second.role == "end" and first.end_s is None and second.start_s > first.start_s:
            between = text[first.end : min(second.begin, first.end + _LONGEST_PAIR_CHARS)]
            if "{" not in between and "}" not in between:
                found[place] = replace(first, end_s=second.start_s)
    return found


def _in_words(text: str, keyed: Iterable[_Time]) -> Iterator[_Time]:
    """The times that read as such, two with a dash or a word between them as one."""
    hidden = [found.span() for pattern in (_ADDRESS, _FORMULA) for found in pattern.finditer(text)]
    times = list(_outside(_tokens(text), sorted([*hidden, *((time.begin, time.end) for time in keyed)])))
    at, accepted_end = 0, -1
    while at < len(times):
        time = times[at]
        both = _joined(text, time, times[at + 1]) if at + 1 < len(times) else None
        at += 1 if both is None else 2
        time = both or time
        if time.form == "bare":
            continue
        is_listed = accepted_end >= 0 and _LISTED.fullmatch(text, accepted_end, time.begin) is not None
        is_bracketed = text[time.begin - 1 : time.begin] == "<" and text[time.end : time.end + 1] == ">"
        if is_bracketed:
            time = replace(time, begin=time.begin - 1, end=time.end + 1)
        before = text[max(0, time.begin - _AROUND_CHARS) : time.begin].rpartition("\n")[2]
        after = text[time.end : time.end + _AROUND_CHARS].partition("\n")[0]
        if is_bracketed or is_listed or _reads_as_time(time, before, after):
            accepted_end = time.end
            key = _STRING_KEY.search(before) if before.rstrip("<[").endswith(('"', "'")) else None
            known = time_key(key[1]) if key is not None else None
            yield replace(time, role=known[0]) if known is not None else time


def _tokens(text: str) -> Iterator[_Time]:
    for found in _TOKEN.finditer(text):
        begin, end = found.span()
        if found["clock_s"]:
            hours, minutes = int(found["hours"] or 0), int(found["minutes"])
            if not found["hours"] or minutes < _MINUTE_S:
                seconds = float(found["clock_s"].replace(",", "."))
                yield _Time(begin, end, hours * _HOUR_S + minutes * _MINUTE_S + seconds, "clock")
        elif found["zh_s"]:
            minutes = int(found["zh_hours"] or 0) * _MINUTE_S + int(found["zh_minutes"] or 0)
            form = "zh_moment" if found[0].startswith("第") else "zh"
            yield _Time(begin, end, minutes * _MINUTE_S + float(found["zh_s"]), form)
        elif found["word_s"]:
            yield _Time(begin, end, int(found["word_minutes"]) * _MINUTE_S + float(found["word_s"]), "unit")
        elif found["s"]:
            yield _Time(begin, end, float(found["s"]), "unit")
        elif found["only_minutes"]:
            form = "zh_moment" if found[0].startswith("第") else "unit"
            yield _Time(begin, end, float(found["only_minutes"]) * _MINUTE_S, form)
        elif found["before_unit"]:
            yield _Time(begin, end, float(found["before_unit"]), "bare")
        else:
            yield _Time(begin, end, float(found["after_unit"]), "numbered" if found[0][0] in "sS" else "clock")


def _outside(times: Iterable[_Time], spans: list[tuple[int, int]]) -> Iterator[_Time]:
    """Those that lie in none of the spans, which are in order."""
    at = 0
    for time in times:
        while at < len(spans) and spans[at][1] <= time.begin:
            at += 1
        if at == len(spans) or time.end <= spans[at][0]:
            yield time


def _joined(text: str, first: _Time, second: _Time) -> _Time | None:
    """Both as one stretch, if that is how they are written."""
    if second.form == "bare" or second.start_s < first.start_s:
        return None
    found = _JOINED.fullmatch(text, first.end, second.begin)
    if found is None:
        return None
    if found["is_and"] and _BETWEEN.search(text, max(0, first.begin - _AROUND_CHARS), first.begin) is None:
        return None
    form = first.form if first.form != "bare" else second.form
    return _Time(first.begin, second.end, first.start_s, form, second.start_s)


def _reads_as_time(time: _Time, before: str, after: str) -> bool:
    """Whether the words around it let it be a time of the video."""
    if time.form == "clock":
        return not is_no_clock(before, after)
    if time.form == "zh_moment" or is_place_after(after):
        return True
    is_placed = is_place_before(before, is_range=time.end_s is not None)
    if is_length_after(after) or (is_length_before(before) and not (is_placed and time.end_s is not None)):
        return time.form == "zh" and is_placed
    return time.form == "zh" or is_placed or (time.form == "unit" and is_opened(before, after))
