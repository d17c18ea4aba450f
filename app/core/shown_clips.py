"""Which clip a time in an answer is about, of those that the model had been shown by then."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.core.clips import Clip, ClipSource
from app.core.moments import BEYOND_END_S
from app.core.results import ClipRecord

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.core.conversation import AskedTurn
    from app.core.results import SegmentRecord

_NAMED = re.compile(r"(?:\b(?:video|clip)|视频|影片)[ \u00a0_]?#?([0-9]{1,3})(?![0-9]|[.:][0-9])", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?;](?=\s)|[。！？；\n]")
_LONGEST_SENTENCE_CHARS = 400


@dataclass(frozen=True, slots=True)
class ShownClip:
    """A clip that the model was shown.

    Attributes:
        number: The model reads it as “Video <number>”; 0 when it has none.
        source: Where it came from.
        duration_s: Of the whole video.
        is_own: Whether it was first shown with the question that is looked at, not before.
    """

    number: int
    source: ClipSource
    duration_s: float
    is_own: bool


def shown_clips(turns: Iterable[AskedTurn], request_id: str) -> tuple[ShownClip, ...]:
    """The clips that the model knew when it answered this question, in the order in which it was shown them."""
    found: list[ShownClip] = []
    last = 0
    for turn in turns:
        is_own = turn.request_id == request_id
        for source, medium in turn.shown if is_own or turn.is_told else ():
            if not isinstance(source, ClipSource):
                continue
            if isinstance(medium, Clip):
                last += 1
                found.append(ShownClip(last, source, medium.plan.duration_s, is_own))
            elif turn.segments:  # later questions are told words alone about it, under no number
                found.append(ShownClip(last + 1 if is_own else 0, source, _whole_s(turn.segments), is_own))
        if is_own:
            return tuple(found)
    return ()


def _whole_s(segments: Iterable[SegmentRecord]) -> float:
    """How long a video is that was asked about in segments, as far as they tell."""
    return max(
        segment.shown.duration_s if isinstance(segment.shown, ClipRecord) else segment.end_s for segment in segments
    )


def clip_meant(clips: Iterable[ShownClip], start_s: float, number: int) -> ShownClip | None:
    """The clip that a time is about: the one that is named beside it, else one that is long enough.

    Args:
        clips: Those the model knew.
        start_s: The time.
        number: That of the clip which the words around the time name; 0 when they name none.
    """
    known = list(clips)
    named = next((clip for clip in known if clip.number == number > 0), None)
    if named is not None:
        return named
    own = [clip for clip in known if clip.is_own]
    earlier = [clip for clip in reversed(known) if not clip.is_own]
    fitting = (clip for clip in (*own, *earlier) if start_s <= clip.duration_s + BEYOND_END_S)
    return next(fitting, None)


def names_a_clip(text: str) -> bool:
    """Whether the text names any video by its number."""
    return _NAMED.search(text) is not None


def clip_named(text: str, at: int) -> int:
    """The number of the video that is named in the sentence around this place: before it rather than after; or 0."""
    before = text[max(0, at - _LONGEST_SENTENCE_CHARS) : at]
    starts = [0, *(found.end() for found in _SENTENCE_END.finditer(before))]
    after = text[at : at + _LONGEST_SENTENCE_CHARS]
    end = _SENTENCE_END.search(after)
    named = _NAMED.findall(before, starts[-1])
    if named:
        return int(named[-1])
    found = _NAMED.search(after, 0, end.start() if end is not None else len(after))
    return int(found[1]) if found is not None else 0
