"""What a video holds, and which of its frames are taken, when they are shown and at what size.

Times are presentation times in seconds from where a player starts the file; nothing here assumes a frame rate, opens a
file or takes long: a window may call it while a person drags. Every function may be called from any thread.
"""

from __future__ import annotations

import bisect
import heapq
import itertools
import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from app.core.errors import Sentence, UserError
from app.core.vision import (
    FRAMES_PER_PATCH,
    TOKEN_PX,
    group_times,
    resized_frame_size,
    resized_size,
    token_count,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.core.vision import PixelLimits

MAKERS_FRAMES_PER_S = 2.0
MIN_FRAMES = 4
MAX_FRAMES = 768
"""The makers' bounds for one clip. Source: transformers 5.23 ``Qwen3VLVideoProcessor``, checked in the tests."""

_READABLE_SIDE_PX = 360
"""Text of ordinary size, a thirtieth of the shorter side, has under twelve rows of pixels below this."""
_FAR_APART_S = 2.0
_OFF_ITS_PLACE = 1 / 6
"""Of the distance between frames that stand far apart: how far one may move to fall on a key frame."""
_ROUNDING_S = 1e-6
"""The rounding of floating point."""
_LEAST_TIME_TOKENS = 8
"""Of the shortest time, such as ``<0.5 seconds>``, with the marks around the frames that follow it."""
_LONGER_FROM_S = (9.95, 99.95, 999.95, 9_999.95, 99_999.95)
"""From these on a time has one digit more."""
SAME_TIME_S = 5e-4
"""Times this near are one: containers round to a millisecond."""


@dataclass(frozen=True, slots=True)
class FrameWish:
    """Which frames a person wants; what is None is left to the makers' rules.

    Attributes:
        frames_per_s: Frames for each second of the range.
        frame_count: A fixed number of frames instead.
        start_s: Where the range begins.
        end_s: Where it ends.
        max_tokens: The most tokens all frames together may cost.
    """

    frames_per_s: float | None = None
    frame_count: int | None = None
    start_s: float | None = None
    end_s: float | None = None
    max_tokens: int | None = None

    @property
    def rate_per_s(self) -> float:
        """Frames for each second: those that are wanted, else the makers'."""
        return MAKERS_FRAMES_PER_S if self.frames_per_s is None else self.frames_per_s

    def frames_in(self, span_s: float) -> int:
        """How many frames are wanted of a stretch of this length, before any bounds."""
        return int(span_s * self.rate_per_s + 1e-6) if self.frame_count is None else self.frame_count

    def checked(self) -> FrameWish:
        """This wish, when it can be met by some video.

        Raises:
            UserError: A value is out of its range, or two exclude each other.
        """
        if self.frames_per_s is not None and self.frame_count is not None:
            raise UserError("Frames per second and a number of frames exclude each other.", "Give one of them.")
        if self.frames_per_s is not None and not 0 < self.frames_per_s <= 1000:  # noqa: PLR2004 - faster than any camera
            raise UserError("Frames per second must be more than 0 and at most 1000.")
        if self.frame_count is not None and not MIN_FRAMES <= self.frame_count <= MAX_FRAMES:
            raise UserError(
                Sentence("The number of frames must be {least} to {most}.", least=MIN_FRAMES, most=MAX_FRAMES)
            )
        if self.max_tokens is not None and self.max_tokens < 1:
            raise UserError("The tokens for a video must be 1 or more.")
        start_s = 0.0 if self.start_s is None else self.start_s
        if not 0 <= start_s < float("inf"):
            raise UserError("The start of the range must not be before the video.")
        if self.end_s is not None and not start_s < self.end_s < float("inf"):
            raise UserError("The end of the range must come after its start.")
        return self


def alone_at(time_s: float) -> FrameWish:
    """The wish for the one frame that is shown from this time on."""
    return FrameWish(start_s=time_s, end_s=time_s + SAME_TIME_S / 2)


def wished_anew(recorded: FrameWish, given: FrameWish) -> FrameWish:
    """What was wanted before, with all that is given now in its place; how many frames is one thing, however told."""
    is_count_given = given.frames_per_s is not None or given.frame_count is not None
    count = given if is_count_given else recorded
    return FrameWish(
        count.frames_per_s,
        count.frame_count,
        recorded.start_s if given.start_s is None else given.start_s,
        recorded.end_s if given.end_s is None else given.end_s,
        recorded.max_tokens if given.max_tokens is None else given.max_tokens,
    )


def clock_text(time_s: float, decimals: int = 0) -> str:
    """A time as players show it: ``0:06``, ``12:05.4``, ``1:02:03``; cut, not rounded, so that it names the frame."""
    units = math.floor((time_s + SAME_TIME_S) * 10**decimals)
    whole_s, part = divmod(units, 10**decimals)
    minutes, seconds = divmod(whole_s, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
    return f"{text}.{part:0{decimals}}" if decimals else text


@dataclass(frozen=True, slots=True)
class Footage:
    """What a video holds, found by reading it through once.

    Attributes:
        times_s: When each frame is shown, rising, at least one.
        end_s: When the last one ends.
        width_px: Width of the upright frames with square pixels.
        height_px: Height of the same.
        keys: Which frames can be decoded without another one, rising; none where that makes no difference.
        notes: What a person should know of the file.
    """

    times_s: Sequence[float] = field(repr=False)
    end_s: float
    width_px: int
    height_px: int
    keys: Sequence[int] = field(default=(), repr=False)
    notes: tuple[str, ...] = ()

    @property
    def is_picture(self) -> bool:
        """Whether it is a single frame, which is asked about as a picture."""
        return len(self.times_s) == 1

    def frame_at(self, time_s: float) -> int:
        """The index of the frame that a player shows at this time."""
        return max(0, bisect.bisect_right(self.times_s, time_s + SAME_TIME_S) - 1)

    def frame_from(self, time_s: float) -> int:
        """The index of the first frame that is shown at this time or after it; the last where there is none."""
        return min(bisect.bisect_left(self.times_s, time_s - SAME_TIME_S), len(self.times_s) - 1)


@dataclass(frozen=True, slots=True)
class ClipPlan:
    """What will be taken of a clip, found without decoding it.

    Attributes:
        frame_times_s: When each frame is shown; an even number, in order.
        frame_indices: Which frames of the video these are.
        source_width_px: Width of the upright original with square pixels.
        source_height_px: Height of the same.
        width_px: Effective width of every frame, a multiple of 32.
        height_px: Effective height.
        duration_s: Of the whole video, as far as it can be read.
        frames_per_s: Of the whole video, on average.
        source_frames: How many frames the whole video has.
        notes: What a person should know: a file that is cut off, a range that was shortened.
        parts: Of a video that takes several passes, what is taken in each; none where one pass holds all.
    """

    frame_times_s: tuple[float, ...]
    frame_indices: tuple[int, ...] = field(repr=False)
    source_width_px: int
    source_height_px: int
    width_px: int
    height_px: int
    duration_s: float
    frames_per_s: float
    source_frames: int
    notes: tuple[str, ...] = ()
    parts: tuple[ClipPlan, ...] = field(default=(), repr=False)

    @property
    def tokens(self) -> int:
        """Language-model tokens of all frames, without the times written between them."""
        if self.parts:
            return sum(part.tokens for part in self.parts)
        groups = -(-len(self.frame_times_s) // FRAMES_PER_PATCH)
        return groups * token_count(self.height_px, self.width_px)

    @property
    def time_tokens(self) -> int:
        """Tokens of the times between the frames and of the marks around each group, as Qwen's tokenizer counts them.

        It takes every digit as a token; beside them stand ``<``, ``.``, `` seconds``, ``>`` and the two marks.
        """
        if self.parts:
            return sum(part.time_tokens for part in self.parts)
        return _time_tokens(self.frame_times_s)

    @property
    def tokens_at_once(self) -> int:
        """What the fullest pass takes of the model's context, the times between the frames included."""
        if self.parts:
            return max(part.tokens_at_once for part in self.parts)
        return self.tokens + self.time_tokens

    @property
    def is_picture(self) -> bool:
        """Whether the video is a single frame, which is asked about as a picture."""
        return len(self.frame_times_s) == 1

    @property
    def group_times_s(self) -> tuple[float, ...]:
        """The time written before each group of two frames."""
        return tuple(group_times(self.frame_times_s))

    @property
    def spacing_s(self) -> float:
        """Seconds from frame to frame, on average."""
        return (self.frame_times_s[-1] - self.frame_times_s[0]) / max(1, len(self.frame_times_s) - 1)

    @property
    def is_text_unreadable(self) -> bool:
        """Whether text of ordinary size in the frames will be too small to read."""
        is_reduced = 2 * self.width_px * self.height_px < self.source_width_px * self.source_height_px
        return is_reduced and min(self.height_px, self.width_px) < _READABLE_SIDE_PX


@lru_cache(maxsize=1024)
def _time_tokens(frame_times_s: tuple[float, ...]) -> int:
    if len(frame_times_s) == 1:
        return 0
    times_s = group_times(frame_times_s)
    longer = sum(len(times_s) - bisect.bisect_left(times_s, limit_s) for limit_s in _LONGER_FROM_S)
    return _LEAST_TIME_TOKENS * len(times_s) + longer


class Chosen(NamedTuple):
    """The frames taken, by index into the video's frame times, and what a person should know about that."""

    indices: list[int]
    notes: list[str]


def chosen_frames(
    times_s: Sequence[float], end_s: float, wish: FrameWish, max_frames: int, keys: Sequence[int] = ()
) -> Chosen:
    """Which frames of a video to take: an even number, spread evenly over the time range.

    Where the video has fewer frames than wanted each is taken once; of three the middle one stands twice, so that
    none is lost. Of a video with a steady rate these are the official processor's own frames, unless they stand seconds
    apart: then a key frame nearby is taken instead, which spares decoding all that leads up to the other.

    Args:
        times_s: When each frame is shown, rising.
        end_s: Where the video ends.
        wish: What a person wants.
        max_frames: The most frames that the token budget allows at the least size, two or more.
        keys: Which frames can be decoded without another one, rising.

    Raises:
        UserError: There is no frame in the range.
    """
    first, last, notes = _range_of(times_s, end_s, wish)
    at_hand = last - first
    wanted = wish.frames_in((end_s if last == len(times_s) else times_s[last]) - times_s[first])
    count = min(max(wanted, MIN_FRAMES), MAX_FRAMES, at_hand, max_frames)
    if count % FRAMES_PER_PATCH and count > 1:
        count += 1 if count < MIN_FRAMES else -1
    if wanted > MAX_FRAMES and count < at_hand - 1:  # of an odd number of frames the last one is left out
        notes.append(
            Sentence("{count} frames would be too many: {most} are taken, further apart.", count=wanted, most=count)
        )
    if count > at_hand:
        return Chosen([first, first + 1, first + 1, first + 2], notes)
    return Chosen(_spread(times_s, first, last, count, keys), notes)


def _range_of(times_s: Sequence[float], end_s: float, wish: FrameWish) -> tuple[int, int, list[str]]:
    """The first frame of the range and the one after its last, and what a person should know about that."""
    notes: list[str] = []
    first, last = 0, len(times_s)
    if wish.start_s is not None:
        if wish.start_s >= end_s:
            raise UserError(
                Sentence(
                    "The range starts at {start} s, but the video ends at {end} s.",
                    start=f"{wish.start_s:g}",
                    end=f"{end_s:.1f}",
                ),
                "Choose an earlier start.",
            )
        first = min(bisect.bisect_left(times_s, wish.start_s - SAME_TIME_S), last - 1)
    if wish.end_s is not None:
        last = bisect.bisect_right(times_s, wish.end_s + SAME_TIME_S)
        if last <= first:  # none begins in the range: the one that is still shown there
            first, last = max(0, first - 1), max(1, first)
        if wish.end_s > end_s + 1:
            notes.append(
                Sentence("The range ends after the video: its end is taken instead, {end} s.", end=f"{end_s:.1f}")
            )
    return first, last, notes


def _spread(times_s: Sequence[float], first: int, last: int, count: int, keys: Sequence[int]) -> list[int]:
    """So many different frames of those from first to before last, as near as can be to evenly spaced times."""
    if count == 1:
        return [first]
    step_s = (times_s[last - 1] - times_s[first]) / (count - 1)
    chosen = _nearest_to_even(times_s, first, last, count, step_s)
    chosen.discard(max(chosen))  # of several that are shown at the last time it may be any
    chosen.update((first, last - 1))
    if step_s > _FAR_APART_S:
        for index in sorted(chosen)[1:-1]:
            key = nearest_key(times_s, keys, index)
            if first <= key < last and abs(times_s[key] - times_s[index]) <= _OFF_ITS_PLACE * step_s:
                chosen.discard(index)
                chosen.add(key)
    if len(chosen) == count:
        return sorted(chosen)
    # Where frames stand unevenly more of them are taken in the widest gap that has any.
    gaps = [_gap(times_s, left, right) for left, right in itertools.pairwise(sorted(chosen)) if right - left > 1]
    heapq.heapify(gaps)
    while len(chosen) < count:
        _, negative_left, right = heapq.heappop(gaps)
        left = -negative_left
        middle = _nearest(times_s, first, last, (times_s[left] + times_s[right]) / 2)
        middle = min(max(middle, left + 1), right - 1)
        chosen.add(middle)
        for part in ((left, middle), (middle, right)):
            if part[1] - part[0] > 1:
                heapq.heappush(gaps, _gap(times_s, *part))
    return sorted(chosen)


def _nearest_to_even(times_s: Sequence[float], first: int, last: int, count: int, step_s: float) -> set[int]:
    """What `_nearest` gives for times that follow one another evenly, in one go: hours of footage have very many."""
    chosen: set[int] = set()
    begin_s, bisect_left = times_s[first], bisect.bisect_left
    at, reach = first, 2 * (last - first) // count + 2
    for number in range(count):
        time_s = begin_s + step_s * number
        end = min(at + reach, last)
        at = bisect_left(times_s, time_s, at, end)
        if at == end < last:
            at = bisect_left(times_s, time_s, end, last)
        right = at if at < last else last - 1
        if right > first:
            before, after = time_s - times_s[right - 1], times_s[right] - time_s
            difference = before - after
            if (right - 1 - first) % 2 == 0 if -_ROUNDING_S < difference < _ROUNDING_S else difference < 0:
                right -= 1
        chosen.add(right)
    return chosen


def _gap(times_s: Sequence[float], left: int, right: int) -> tuple[float, int, int]:
    """Sorts the widest gap first, of equal ones the latest."""
    return times_s[left] - times_s[right], -left, right


def nearest_key(times_s: Sequence[float], keys: Sequence[int], index: int) -> int:
    """Which of the frames that can be decoded without another one is shown nearest to a frame; itself without any."""
    after = bisect.bisect_left(keys, index)
    around = keys[max(0, after - 1) : after + 1]
    return min(around, key=lambda key: abs(times_s[key] - times_s[index]), default=index)


def _nearest(times_s: Sequence[float], first: int, last: int, time_s: float) -> int:
    """The frame from first to before last that is nearest to a time; of two equally near ones the even one from first.

    The official processor rounds so.
    """
    right = min(bisect.bisect_left(times_s, time_s, first, last), last - 1)
    left = max(first, right - 1)
    before, after = time_s - times_s[left], times_s[right] - time_s
    if abs(before - after) < _ROUNDING_S:
        return left if (left - first) % 2 == 0 else right
    return left if before < after else right


def clip_limits(limits: PixelLimits, wish: FrameWish) -> PixelLimits:
    """The checkpoint's limits for all frames together (T x h x w), lowered to the wish's token budget."""
    return limits if wish.max_tokens is None else limits.capped(FRAMES_PER_PATCH * wish.max_tokens)


def most_frames(limits: PixelLimits) -> int:
    """How many frames areas for all of them together allow at the least size: two or more."""
    return max(FRAMES_PER_PATCH, limits.max_pixels // (TOKEN_PX * TOKEN_PX))


def plan_footage(footage: Footage, wish: FrameWish, limits: PixelLimits, image_limits: PixelLimits) -> ClipPlan:
    """What will be taken of a video.

    Args:
        footage: What it holds.
        wish: What a person wants.
        limits: Areas all frames may have together.
        image_limits: Areas of a picture, for a video of a single frame.

    Raises:
        UserError: There is no frame in the range, or the wish can be met by no video.
        ValueError: One side is more than 200 times the other.
    """
    wish.checked()
    times_s = footage.times_s
    limits = clip_limits(limits, wish)
    indices, notes = chosen_frames(times_s, footage.end_s, wish, most_frames(limits), footage.keys)
    notes = [*footage.notes, *notes]
    if len(indices) == 1:
        notes.append(
            Sentence("The video has a single frame: it is asked about as a picture.")
            if footage.is_picture
            else Sentence("The range holds a single frame: it is asked about as a picture.")
        )
        seen_height, seen_width = resized_size(
            footage.height_px, footage.width_px, image_limits.min_pixels, image_limits.max_pixels
        )
    else:
        seen_height, seen_width = resized_frame_size(
            len(indices), footage.height_px, footage.width_px, limits.min_pixels, limits.max_pixels
        )
    span_s = footage.end_s - times_s[0]
    return ClipPlan(
        frame_times_s=tuple(times_s[index] for index in indices),
        frame_indices=tuple(indices),
        source_width_px=footage.width_px,
        source_height_px=footage.height_px,
        width_px=seen_width,
        height_px=seen_height,
        duration_s=footage.end_s,
        frames_per_s=len(times_s) / span_s if span_s > 0 else 0.0,
        source_frames=len(times_s),
        notes=tuple(notes),
    )
