"""The timeline of a video that was asked about in segments: when, from when to when, and what was seen.

Times in it are those that an answer gives where they lie in its own segment, and else the segment's own: a model's
slip never becomes a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.footage import clock_text
from app.core.moments import Moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.core.results import SegmentRecord

_NEAR_S = 0.55
"""Answers round: a time so far outside its segment is still meant to be in it."""
_TENTH_S = 0.1


def span_text(start_s: float, end_s: float | None = None) -> str:
    """A stretch of time as a player shows it, ``12:48 – 19:12``, with tenths where either has any: ``0:02.5``."""
    times_s = (start_s,) if end_s is None else (start_s, end_s)
    decimals = 0 if all(abs(time_s - round(time_s)) < _TENTH_S / 2 for time_s in times_s) else 1
    return " – ".join(clock_text(round(time_s, decimals), decimals) for time_s in times_s)


def timeline_of(segments: Sequence[SegmentRecord]) -> tuple[Moment, ...]:
    """The moments of all answered segments in order, at least one for each; what two saw alike stands once."""
    moments = [moment for segment in segments if segment.is_answered for moment in _moments(segment)]
    return tuple(sorted(dict.fromkeys(moments), key=lambda moment: moment.start_s))


def _moments(segment: SegmentRecord) -> list[Moment]:
    from app.core.timelines import timeline_in  # noqa: PLC0415 - its patterns are slow to compile, and few ask for them

    first_s, last_s = segment.start_s, segment.end_s
    moments = []
    for said in timeline_in(segment.answer):
        if first_s - _NEAR_S <= said.start_s <= last_s + _NEAR_S:
            start_s = min(max(said.start_s, first_s), last_s)
            end_s = None if said.end_s is None else min(max(said.end_s, start_s), last_s)
            moments.append(Moment(start_s, end_s if end_s != start_s else None, said.text))
    return moments or [Moment(first_s, last_s, " ".join(segment.answer.split()))]
