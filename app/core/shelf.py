"""The pictures and videos at hand, in order, with what was done to them, so that it can be undone."""

from __future__ import annotations

import itertools
import sys
import unicodedata
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from app.core.clips import ClipSource
from app.core.errors import AppError, ErrorText
from app.core.segments import MIN_SEGMENTS, plan_in_segments, plan_segments
from app.core.vision import is_reduced, resized_size, token_count

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from app.core.footage import ClipPlan, Footage, FrameWish
    from app.core.requests import Source
    from app.core.segments import Room, Segment
    from app.core.vision import PixelLimits

StepKind: TypeAlias = Literal["add", "remove", "move", "wish"]

_MOST_STEPS = 100
_MOST_CUTS = 32
"""How many ways to cut one video are kept: what one pass has room for changes with all that is beside it."""


@dataclass(frozen=True, slots=True)
class Medium:
    """A picture or video at hand.

    Attributes:
        medium_id: Names it in the window and in the engine's view events.
        source: Where it comes from; for a video also which of its frames are wanted.
        width_px: Width of the upright original, 0 until it is known.
        height_px: Height of the upright original, 0 until it is known.
        footage: What a video holds, once it is known; None for a picture.
    """

    medium_id: str
    source: Source
    width_px: int = 0
    height_px: int = 0
    footage: Footage | None = None
    _plans: dict[tuple[PixelLimits, PixelLimits | None, tuple[Segment, ...]], ClipPlan | ErrorText] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _cuts: dict[Room, tuple[Segment, ...] | ErrorText] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def is_opened(self) -> bool:
        """Whether its size is known."""
        return self.width_px > 0

    @property
    def is_video(self) -> bool:
        """Whether it is a video, even one of a single frame."""
        return isinstance(self.source, ClipSource)

    def plan(
        self, limits: PixelLimits, image_limits: PixelLimits, room: Room | None = None
    ) -> ClipPlan | ErrorText | None:
        """Which frames of a video are taken, or why none can be; None for a picture, or until it is known.

        It is made once: the footage of a long video has very many times.

        Args:
            limits: Areas all frames may have together.
            image_limits: Areas of a picture, for a single frame.
            room: What one pass may hold, for a video that may take several; None: it takes one.
        """
        if self.footage is None or not isinstance(self.source, ClipSource):
            return None
        wish = self.source.wish
        segments = self._segments(self.footage, wish, room) if room is not None else ()
        if isinstance(segments, ErrorText):
            return segments
        plan = self._plans.get((limits, None, segments)) or self._plans.get((limits, image_limits, segments))
        if plan is None:
            try:
                plan = plan_in_segments(self.footage, segments, wish, limits, image_limits)
            except AppError as error:
                plan = error.said
            is_picture = not isinstance(plan, ErrorText) and plan.is_picture
            self._plans[limits, image_limits if is_picture else None, segments] = plan
        return plan

    def _segments(self, footage: Footage, wish: FrameWish, room: Room) -> tuple[Segment, ...] | ErrorText:
        """In which stretches a video is looked at, none where one pass holds all of it."""
        segments = self._cuts.get(room)
        if segments is None:
            try:
                segments = plan_segments(footage, wish, room)
            except AppError as error:
                segments = error.said
            else:
                segments = segments if len(segments) >= MIN_SEGMENTS else ()
            if len(self._cuts) >= _MOST_CUTS:
                self._cuts.clear()
                self._plans.clear()
            self._cuts[room] = segments
        return segments


@dataclass(frozen=True, slots=True)
class Cost:
    """What a picture or video will cost, and at what size the model will see it or each of its frames."""

    tokens: int
    width_px: int
    height_px: int
    is_reduced: bool


def picture_cost(width_px: int, height_px: int, limits: PixelLimits) -> Cost:
    """The cost of a picture of this upright size.

    Raises:
        ValueError: One side is more than 200 times the other.
    """
    seen_height, seen_width = resized_size(height_px, width_px, limits.min_pixels, limits.max_pixels)
    is_smaller = is_reduced(seen_width, seen_height, width_px, height_px)
    return Cost(token_count(seen_height, seen_width), seen_width, seen_height, is_smaller)


def clip_cost(plan: ClipPlan) -> Cost:
    """The cost of the frames that are taken of a video."""
    is_smaller = is_reduced(plan.width_px, plan.height_px, plan.source_width_px, plan.source_height_px)
    return Cost(plan.tokens, plan.width_px, plan.height_px, is_smaller)


@dataclass(frozen=True, slots=True)
class ShelfStep:
    """Something that was done to what is at hand.

    Attributes:
        kind: What was done.
        before: The order before, as medium ids.
        after: The order after.
        medium_ids: The pictures and videos that it was done to.
        wishes: Which frames of the video were wanted before and after; None unless they were chosen.
    """

    kind: StepKind
    before: tuple[str, ...]
    after: tuple[str, ...]
    medium_ids: tuple[str, ...]
    wishes: tuple[FrameWish, FrameWish] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it changes nothing, or nothing any more."""
        is_other_wish = self.wishes is not None and self.wishes[0] != self.wishes[1]
        return self.before == self.after and not (self.medium_ids and is_other_wish)

    def without(self, medium_id: str) -> ShelfStep:
        """The step as if this picture or video had never been here."""
        before, after, medium_ids = (
            tuple(other for other in ids if other != medium_id) for ids in (self.before, self.after, self.medium_ids)
        )
        return ShelfStep(self.kind, before, after, medium_ids, self.wishes)


class Shelf:
    """The pictures and videos at hand; none lies here twice, whichever frames of a video are wanted."""

    def __init__(self) -> None:
        self._media: dict[str, Medium] = {}
        """Those here and those that a step could bring back."""
        self._order: tuple[str, ...] = ()
        self._ids: dict[object, str] = {}
        self._done: list[ShelfStep] = []
        self._undone: list[ShelfStep] = []
        self._numbers = itertools.count(1)

    @property
    def media(self) -> tuple[Medium, ...]:
        """All of them, in order."""
        return tuple(self._media[medium_id] for medium_id in self._order)

    @property
    def last_step(self) -> ShelfStep | None:
        """What `undo` would take back."""
        return self._done[-1] if self._done else None

    @property
    def next_step(self) -> ShelfStep | None:
        """What `redo` would do again."""
        return self._undone[-1] if self._undone else None

    def get(self, medium_id: str) -> Medium | None:
        """The picture or video of this id, if it is here."""
        medium = self._media.get(medium_id)
        return medium if medium is not None and self._ids.get(_place_of(medium.source)) == medium_id else None

    def find(self, source: Source) -> Medium | None:
        """What is here of this source, if it is here; a file that was edited since is not."""
        medium = self._media.get(self._ids.get(_place_of(source), ""))
        return medium if medium is not None and medium.source.stamp == source.stamp else None

    def add(self, sources: Iterable[Source], behind: str = "") -> tuple[Medium, ...]:
        """Puts pictures and videos behind the one of this id, or at the end, and gives those that were not here yet.

        A file that was edited since takes the place of what it was.
        """
        order = list(self._order)
        place = order.index(behind) + 1 if behind in order else len(order)
        added: list[Medium] = []
        for source in sources:
            if self.find(source) is not None:
                continue
            medium = Medium(f"medium-{next(self._numbers)}", source)
            outdated_id = self._ids.get(_place_of(source))
            self._media[medium.medium_id] = medium
            self._ids[_place_of(source)] = medium.medium_id
            if outdated_id is not None:
                order[order.index(outdated_id)] = medium.medium_id
                added = [other for other in added if other.medium_id != outdated_id]
            else:
                order.insert(place, medium.medium_id)
                place += 1
            added.append(medium)
        if added:
            self._do("add", order, [medium.medium_id for medium in added])
        return tuple(added)

    def remove(self, medium_ids: Iterable[str]) -> None:
        """Takes pictures and videos away."""
        gone = dict.fromkeys(medium_id for medium_id in medium_ids if self.get(medium_id) is not None)
        if gone:
            self._do("remove", [medium_id for medium_id in self._order if medium_id not in gone], gone)

    def move(self, medium_ids: Iterable[str], place: int) -> None:
        """Puts these pictures, in their order here, before what stands at `place` now."""
        wanted = set(medium_ids)
        moved = [medium_id for medium_id in self._order if medium_id in wanted]
        before = [medium_id for medium_id in self._order[:place] if medium_id not in wanted]
        after = [medium_id for medium_id in self._order[place:] if medium_id not in wanted]
        order = [*before, *moved, *after]
        if tuple(order) != self._order:
            self._do("move", order, moved)

    def undo(self) -> ShelfStep | None:
        """Takes the last step back and gives it."""
        if not self._done:
            return None
        step = self._done.pop()
        self._undone.append(step)
        self._arrange(step.before)
        if step.wishes is not None:
            self.set_wish(step.medium_ids[0], step.wishes[0])
        return step

    def redo(self) -> ShelfStep | None:
        """Does the step that was taken back last once more and gives it."""
        if not self._undone:
            return None
        step = self._undone.pop()
        self._done.append(step)
        self._arrange(step.after)
        if step.wishes is not None:
            self.set_wish(step.medium_ids[0], step.wishes[1])
        return step

    def forget(self, medium_id: str) -> None:
        """Takes away what cannot be opened: nothing brings it back."""
        self._done = _without(self._done, medium_id)
        self._undone = _without(self._undone, medium_id)
        self._arrange(tuple(other for other in self._order if other != medium_id))
        self._media.pop(medium_id, None)

    def note_size(self, medium_id: str, width_px: int, height_px: int, footage: Footage | None = None) -> Medium | None:
        """Remembers the size of the upright original, and what a video holds."""
        medium = self.get(medium_id)
        if medium is None:
            return None
        medium = replace(medium, width_px=width_px, height_px=height_px, footage=footage)
        self._media[medium_id] = medium
        return medium

    def set_wish(self, medium_id: str, wish: FrameWish) -> Medium | None:
        """Takes note of which frames of a video are wanted; it stays the same video."""
        medium = self.get(medium_id)
        if medium is None or not isinstance(medium.source, ClipSource):
            return None
        medium = replace(medium, source=replace(medium.source, wish=wish))
        self._media[medium_id] = medium
        return medium

    def choose_frames(self, medium_id: str, wish: FrameWish, *, goes_on: bool = False) -> None:
        """Takes note of which frames of a video a person wants, which can be undone.

        Args:
            medium_id: Which video.
            wish: What is wanted of it.
            goes_on: It is one step with the last one, if that was a choice of this video's frames too.
        """
        medium = self.get(medium_id)
        if medium is None or not isinstance(medium.source, ClipSource):
            return
        before, last = medium.source.wish, self.last_step
        if goes_on and last is not None and last.wishes is not None and last.medium_ids == (medium_id,):
            before = last.wishes[0]
            self._done.pop()
        self._do("wish", self._order, (medium_id,), (before, wish))
        self.set_wish(medium_id, wish)

    def _do(
        self,
        kind: StepKind,
        order: Sequence[str],
        medium_ids: Iterable[str],
        wishes: tuple[FrameWish, FrameWish] | None = None,
    ) -> None:
        step = ShelfStep(kind, self._order, tuple(order), tuple(medium_ids), wishes)
        self._done += [] if step.is_empty else [step]
        del self._done[:-_MOST_STEPS]
        self._undone.clear()
        self._arrange(tuple(order))
        kept = {*self._order, *(medium_id for step in self._done for medium_id in step.before)}
        for medium_id in self._media.keys() - kept:
            del self._media[medium_id]

    def _arrange(self, order: tuple[str, ...]) -> None:
        self._order = order
        self._ids = {_place_of(self._media[medium_id].source): medium_id for medium_id in order}


def _place_of(source: Source) -> object:
    """What two sources of one picture or video have in common: the file, or the very bytes.

    On a Mac accented letters are one character in some programs' names of a file and two in others'.
    """
    if source.path is None:
        return source.data
    return unicodedata.normalize("NFC", str(source.path)) if sys.platform == "darwin" else source.path


def _without(steps: Iterable[ShelfStep], medium_id: str) -> list[ShelfStep]:
    left = (step.without(medium_id) for step in steps)
    return [step for step in left if not step.is_empty]
