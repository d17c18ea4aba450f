"""Which clip a time in an answer is about, of those that the model had been shown by then."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.core.clips import Clip, ClipSource

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.core.conversation import AskedTurn

_NAMED = re.compile(r"(?:\b(?:video|clip)|视频|影片)[ \u00a0_]?#?([0-9]{1,3})(?![0-9]|[.:][0-9])", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?;](?=\s)|[。！？；\n]")
_LONGEST_SENTENCE_CHARS = 400
_ROUNDED_S = 1.0
"""As in answer_times: this much behind a clip's end still means its end."""


@dataclass(frozen=True, slots=True)
class ShownClip:
    """A clip that the model was shown.

    Attributes:
        number: The model reads it as “Video <number>”.
        source: Where it came from.
        duration_s: Of the whole video.
        is_own: Whether it was first shown with the question that is looked at, not before.
    """

    number: int
    source: ClipSource
    duration_s: float
    is_own: bool


def longest_clip_s(turn: AskedTurn) -> float | None:
    """How long the longest clip is that the model knew in this turn; None when it knew none."""
    earlier = (medium for told in turn.question.earlier for medium in told.media)
    clips = (medium for medium in (*earlier, *turn.media) if isinstance(medium, Clip))
    return max((clip.plan.duration_s for clip in clips), default=None)


def shown_clips(turns: Iterable[AskedTurn], request_id: str) -> tuple[ShownClip, ...]:
    """The clips that the model knew when it answered this question, in the order of their numbers."""
    found: list[ShownClip] = []
    for turn in turns:
        is_own = turn.request_id == request_id
        if is_own or turn.is_told:
            for source, medium in zip(turn.question.sources, turn.media, strict=False):
                if isinstance(medium, Clip) and isinstance(source, ClipSource):
                    found.append(ShownClip(len(found) + 1, source, medium.plan.duration_s, is_own))
        if is_own:
            return tuple(found)
    return ()


def clip_meant(clips: Iterable[ShownClip], start_s: float, number: int) -> ShownClip | None:
    """The clip that a time is about: the one that is named beside it, else one that is long enough.

    Args:
        clips: Those the model knew.
        start_s: The time.
        number: That of the clip which the words around the time name; 0 when they name none.
    """
    known = list(clips)
    named = next((clip for clip in known if clip.number == number), None)
    if named is not None:
        return named
    own = [clip for clip in known if clip.is_own]
    earlier = [clip for clip in reversed(known) if not clip.is_own]
    fitting = (clip for clip in (*own, *earlier) if start_s <= clip.duration_s + _ROUNDED_S)
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
