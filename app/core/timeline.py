"""The timeline of a video that was asked about in segments: when, from when to when, and what was seen.

Times in it are those that an answer gives where they lie in its own segment, and else the segment's own: a model's
slip never becomes a row.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.core.footage import clock_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from app.core.results import SegmentRecord

_NEAR_S = 0.55
"""Answers round: a time so far outside its segment is still meant to be in it."""
_CLOCK = r"(?:\d{1,3}:)?\d{1,3}:\d{2}(?:\.\d+)?"
_SECONDS = r"<?\d+(?:\.\d+)?\s*(?:seconds?\b|secs?\b|s\b|秒)>?"
_TIME = rf"(?:{_CLOCK}|{_SECONDS})"
_ROW = re.compile(
    rf"^[\s|>*_\-•#\[(]*(?:\d{{1,3}}[.)]\s+)?[*_\[(]*(?:from|between|at|从|在)?\s*"
    rf"(?P<start>{_TIME}|\d+(?:\.\d+)?(?=\s*(?:-|–|—|to|至|到)\s*{_SECONDS}))"
    rf"(?:\s*(?:-|–|—|~|\bto\b|\band\b|至|到)\s*(?P<end>{_TIME}))?"
    r"[\s*_\])|:：,，.–—-]*(?P<text>.*?)[\s|]*$",
    re.IGNORECASE,
)
_FENCE = re.compile(r"```(?:json)?\s*(.*?)(?:```|\Z)", re.DOTALL)
_START_KEYS, _END_KEYS = (
    ("start", "start_time", "start_s", "from", "time", "timestamp"),
    ("end", "end_time", "end_s", "to"),
)
_SECONDS_A_MINUTE = 60
_TENTH_S = 0.1


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """What is seen from one time of a video to another, in seconds; both are one where it is a moment."""

    start_s: float
    end_s: float
    text: str


def span_text(start_s: float, end_s: float) -> str:
    """A stretch of time as a player shows it, ``12:48 – 19:12``, with tenths where either has any: ``0:02.5``."""
    decimals = 0 if all(abs(time_s - round(time_s)) < _TENTH_S / 2 for time_s in (start_s, end_s)) else 1
    start, end = (clock_text(round(time_s, decimals), decimals) for time_s in (start_s, end_s))
    return start if end_s <= start_s else f"{start} – {end}"


def timeline_of(segments: Sequence[SegmentRecord]) -> tuple[TimelineRow, ...]:
    """The rows of all answered segments in order, at least one for each."""
    rows: list[TimelineRow] = []
    for segment in segments:
        if segment.is_answered:
            rows += _rows(segment)
    return tuple(sorted(dict.fromkeys(rows), key=lambda row: row.start_s))


def _rows(segment: SegmentRecord) -> list[TimelineRow]:
    said = list(_said_in_json(segment.answer)) or list(_said_in_lines(segment.answer))
    rows = []
    for start_s, end_s, text in said:
        if not segment.start_s - _NEAR_S <= start_s <= segment.end_s + _NEAR_S:
            continue
        start = min(max(start_s, segment.start_s), segment.end_s)
        rows.append(TimelineRow(start, min(max(end_s, start), segment.end_s), text))
    return rows or [TimelineRow(segment.start_s, segment.end_s, " ".join(segment.answer.split()))]


def _said_in_lines(answer: str) -> Iterator[tuple[float, float, str]]:
    """What follows a time, or two of them, at the beginning of a line."""
    for line in answer.splitlines():
        found = _ROW.match(line)
        if found is None or not found["text"]:
            continue
        start_s = _seconds(found["start"])
        end_s = start_s if found["end"] is None else _seconds(found["end"])
        if start_s is not None and end_s is not None:
            yield start_s, end_s, found["text"].strip()


def _said_in_json(answer: str) -> Iterator[tuple[float, float, str]]:
    """Events with a start, as JSON objects in a list."""
    found = _FENCE.search(answer)
    try:
        value = json.loads(found[1] if found is not None else answer)
    except (ValueError, RecursionError):
        return
    for item in value if isinstance(value, list) else []:
        if not isinstance(item, dict):
            continue
        start_s = _seconds(next((item[key] for key in _START_KEYS if key in item), None))
        end_s = _seconds(next((item[key] for key in _END_KEYS if key in item), None))
        others = [str(told) for key, told in item.items() if key not in {*_START_KEYS, *_END_KEYS}]
        if start_s is not None and others:
            yield start_s, start_s if end_s is None else end_s, " ".join(", ".join(others).split())


def _seconds(time: Any) -> float | None:
    if isinstance(time, bool):
        return None
    if isinstance(time, int | float):
        return float(time)
    if not isinstance(time, str):
        return None
    if re.fullmatch(_CLOCK, time.strip()):
        seconds = 0.0
        for part in time.strip().split(":"):
            seconds = seconds * _SECONDS_A_MINUTE + float(part)
        return seconds
    found = re.match(r"<?(\d+(?:\.\d+)?)", time.strip())
    return float(found[1]) if found is not None else None
