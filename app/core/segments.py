"""Long footage in segments: which stretches of a video are asked about one after another.

Pure arithmetic on the times of the frames. Times are seconds from where a player starts the file.
"""

from __future__ import annotations

import bisect
import itertools
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.core.errors import Sentence, UserError
from app.core.footage import MAX_FRAMES, MIN_FRAMES, clip_limits, most_frames, plan_footage
from app.core.vision import FRAMES_PER_PATCH, resized_frame_size, token_count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.core.footage import ClipPlan, Footage, FrameWish
    from app.core.requests import Question
    from app.core.vision import PixelLimits

MIN_SEGMENTS = 2
"""One is no segment: one pass holds all."""
SHORTEST_S = 1.0
MAX_SEGMENTS = 500
OVERLAP_S = 2.0
"""How much of what was seen before a segment begins with, so that what happens at a border is seen whole once."""
_OVERLAP_SHARE = 1 / 8
"""Of a short segment: the most that the overlap may be."""
_WHOLE_SECONDS_FROM_S = 10.0
"""Segments of this length meet at whole seconds, unless somebody wishes otherwise."""
_SHORT_REST_SHARE = 1 / 4
"""A rest shorter than this share of a segment goes to the one before."""
ANSWER_SHARE = 4
"""Room for an answer is kept up to this part of the model's context."""
_TURN_TOKENS = 32
"""For a chat template's words around a text, counted generously."""
_BYTES_A_TOKEN = 2
"""Fewer than tokenizers need for words in English or Chinese."""
_GROUP_TOKENS = 16
"""For a group's time and its start and end, counted generously: tokenizers write digits one by one."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a video that one pass looks at.

    Attributes:
        start_s: Where it begins, what it shares with the one before included.
        end_s: Where it ends.
    """

    start_s: float
    end_s: float

    def wish(self, whole: FrameWish) -> FrameWish:
        """Which frames of this stretch are wanted where `whole` is wanted of the video."""
        return replace(whole, start_s=self.start_s, end_s=self.end_s)


@dataclass(frozen=True, slots=True)
class Room:
    """What one pass may hold.

    Attributes:
        limits: Areas that all frames may have together (T x h x w), before a person's budget.
        tokens: Left of the model's context for the frames and the times between them; None: it is not known.
    """

    limits: PixelLimits
    tokens: int | None = None


def text_tokens(text: str) -> int:
    """How many tokens a text has, counted generously for words; only a tokenizer could tell."""
    return len(text.encode("utf-8", "replace")) // _BYTES_A_TOKEN + 1


def room_of(question: Question, beside_tokens: int = 0) -> Room:
    """What one pass may hold beside the conversation, the question's words and an answer.

    Args:
        question: What is asked, and how much the model can take.
        beside_tokens: Of the pictures that are shown with every segment.
    """
    if not question.context_tokens:
        return Room(question.clip_limits)
    words = [question.system, question.text]
    taken = beside_tokens
    for turn in question.earlier:
        words += [turn.question, turn.answer]
        taken += sum(medium.tokens for medium in turn.media)
    taken += sum(text_tokens(text) + _TURN_TOKENS for text in words)
    answer = min(question.sampling.max_tokens, question.context_tokens // ANSWER_SHARE)
    return Room(question.clip_limits, question.context_tokens - taken - answer)


def checked_length(length_s: float | None) -> float | None:
    """A length of segments that somebody wishes, None for as few as can be.

    Raises:
        UserError: It is too short.
    """
    if length_s is not None and not SHORTEST_S <= length_s < math.inf:
        raise UserError(
            Sentence("A part of a video must be {least} seconds or longer.", least=f"{SHORTEST_S:g}"),
            "Choose a longer one.",
        )
    return length_s


def check_alone(clips: int, length_s: float | None) -> None:
    """Refuses to split several videos of one question.

    Raises:
        UserError: A length is wished, and there are several.
    """
    if clips > 1 and length_s is not None:
        raise UserError("Only one video at a time can be looked at in parts.", "Ask about each video on its own.")


def plan_segments(footage: Footage, wish: FrameWish, room: Room, length_s: float | None = None) -> tuple[Segment, ...]:
    """The stretches that a video is asked about in, one for a video that one pass can hold.

    Left to itself it makes as few equal ones as hold all frames that the wish asks for; a fixed number of frames is
    one. All but the first begin a little before the end of the one before.

    Args:
        footage: What the video holds.
        wish: Which frames are wanted; a fixed number of them is meant for each segment.
        room: What a pass may hold.
        length_s: The length of each; None for as few as can be.

    Raises:
        UserError: It cannot be done: the length is too short, or no number of segments is enough.
    """
    checked_length(length_s)
    start_s = max(0.0 if wish.start_s is None else wish.start_s, footage.times_s[0])
    end_s = footage.end_s if wish.end_s is None else min(wish.end_s, footage.end_s)
    whole = (Segment(round(start_s, 3), round(end_s, 3)),)
    if end_s <= start_s or (length_s is None and wish.frame_count is not None):
        return whole
    if length_s is None:
        counts: Sequence[int] = range(1, MAX_SEGMENTS + 1)
    else:
        counts = (max(1, math.ceil((end_s - start_s) / length_s - _SHORT_REST_SHARE)),)
        if counts[0] > MAX_SEGMENTS:
            raise UserError(
                Sentence("The video would be {count} parts; there may be {most}.", count=counts[0], most=MAX_SEGMENTS),
                "Choose longer parts or a shorter range.",
            )
    for count in counts:
        if length_s is None and _begins_too_full(footage, start_s, end_s, count, wish, room):
            continue
        planned = _seen(footage, _cut(start_s, end_s, count, length_s, wish))
        if all(_fits(footage, segment, wish, room, is_free=length_s is None) for segment in planned):
            return planned
    raise UserError(
        "What is wanted of the video is more than the model can take.",
        "Choose shorter parts, fewer frames a second, or fewer tokens for a video.",
    )


def plan_in_segments(
    footage: Footage, segments: Sequence[Segment], wish: FrameWish, limits: PixelLimits, image_limits: PixelLimits
) -> ClipPlan:
    """What will be taken of a video in all its segments together; of a single one what `plan_footage` says.

    Raises:
        UserError: There is no frame in the range, or the wish can be met by no video.
    """
    if len(segments) < MIN_SEGMENTS:
        return plan_footage(footage, wish, limits, image_limits)
    parts = tuple(plan_footage(footage, part.wish(wish), limits, image_limits) for part in segments)
    indices = sorted({index for part in parts for index in part.frame_indices})
    said = Sentence("It is looked at in {count} parts, one after another.", count=len(parts))
    return replace(
        min(parts, key=lambda part: part.width_px * part.height_px),
        frame_times_s=tuple(footage.times_s[index] for index in indices),
        frame_indices=tuple(indices),
        notes=tuple(dict.fromkeys([said, *(note for part in parts for note in part.notes)])),
        parts=parts,
    )


def _cut(
    start_s: float, end_s: float, count: int, length_s: float | None, wish: FrameWish, most: int = MAX_SEGMENTS
) -> list[Segment]:
    """Stretches of one length, `most` of them from the first on; the last takes what is left."""
    step_s = (end_s - start_s) / count if length_s is None else length_s
    overlap_s = min(max(OVERLAP_S, FRAMES_PER_PATCH / wish.rate_per_s), step_s * _OVERLAP_SHARE)
    borders = [start_s + number * step_s for number in range(min(count, most + 1))] + [end_s]
    if length_s is None and step_s >= _WHOLE_SECONDS_FROM_S:
        borders[1:-1] = [float(round(border)) for border in borders[1:-1]]
    return [
        Segment(round(max(start_s, left - overlap_s), 3), round(right, 3))
        for left, right in itertools.islice(itertools.pairwise(borders), most)
    ]


def _begins_too_full(footage: Footage, start_s: float, end_s: float, count: int, wish: FrameWish, room: Room) -> bool:
    """Whether the first of so many equal segments is too much already, found without cutting the others."""
    (first, *_) = _cut(start_s, end_s, count, None, wish, most=1)
    return _frames_in(footage, first) >= FRAMES_PER_PATCH and not _fits(footage, first, wish, room, is_free=True)


def _seen(footage: Footage, segments: list[Segment]) -> tuple[Segment, ...]:
    """The segments, those that hold no two frames of their own joined with the next one."""
    joined: list[Segment] = []
    begun_s: float | None = None
    for segment in segments:
        whole = segment if begun_s is None else Segment(begun_s, segment.end_s)
        if _frames_in(footage, whole) < FRAMES_PER_PATCH:
            begun_s = whole.start_s
            continue
        begun_s = None
        joined.append(whole)
    if begun_s is not None:
        start_s = joined.pop().start_s if joined else begun_s
        joined.append(Segment(start_s, segments[-1].end_s))
    return tuple(joined)


def _frames_in(footage: Footage, segment: Segment) -> int:
    first = bisect.bisect_left(footage.times_s, segment.start_s)
    return bisect.bisect_right(footage.times_s, segment.end_s) - first


def _fits(footage: Footage, segment: Segment, wish: FrameWish, room: Room, *, is_free: bool) -> bool:
    """Whether one pass holds a segment: its tokens, and where the lengths are free, all the frames that are wanted.

    A person's budget asks for fewer frames, not for more passes.
    """
    limits = clip_limits(room.limits, wish)
    at_hand = _frames_in(footage, segment)
    frames = min(max(MIN_FRAMES, wish.frames_in(segment.end_s - segment.start_s)), at_hand)
    if is_free and frames > min(MAX_FRAMES, most_frames(room.limits)):
        return False
    if room.tokens is None:
        return True
    frames = max(FRAMES_PER_PATCH, min(frames, MAX_FRAMES, most_frames(limits)))
    height_px, width_px = resized_frame_size(
        frames, footage.height_px, footage.width_px, limits.min_pixels, limits.max_pixels
    )
    groups = -(-frames // FRAMES_PER_PATCH)
    return groups * (token_count(height_px, width_px) + _GROUP_TOKENS) <= room.tokens
