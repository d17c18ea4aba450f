"""What the next question shows the model: which pictures and videos, under which numbers, at what cost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from app.core.backend import video_refused
from app.core.errors import ErrorText
from app.core.segments import ANSWER_SHARE, Room
from app.core.shelf import Medium, clip_cost, picture_cost
from app.core.vision import RELEASED_CLIP_LIMITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from app.core.conversation import KnownMedium
    from app.core.footage import ClipPlan
    from app.core.requests import Source
    from app.core.shelf import Cost
    from app.core.vision import PixelLimits

_NEAR_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class ContextUse:
    """How much of a model's context a question takes, as far as that is known before it is asked.

    The words of the question are not counted: they are few beside a picture, and only the tokenizer could tell. The
    times between a video's frames are, because they can be many.

    Attributes:
        new_tokens: The pictures and videos that are newly shown; of a video in parts the fullest one.
        held_tokens: The conversation before.
        context_tokens: What the model can take, the answer included; 0 while there is no model.
        is_counted: Whether the sizes of all of them are known; until then it is more than this.
    """

    new_tokens: int
    held_tokens: int
    context_tokens: int
    is_counted: bool = True

    @property
    def total_tokens(self) -> int:
        """New and before together."""
        return self.new_tokens + self.held_tokens

    @property
    def is_over(self) -> bool:
        """Whether the model would refuse it, whatever its words are."""
        return 0 < self.context_tokens <= self.total_tokens

    @property
    def is_near(self) -> bool:
        """Whether little room is left for words and an answer."""
        return not self.is_over and self.total_tokens >= _NEAR_SHARE * self.context_tokens > 0


class NextQuestion:
    """What is at hand as it stands before a question is asked: a snapshot.

    What is selected and not yet known to the model goes with the question, in the tray's order; the model reads it as
    “Image 1”, “Video 1”, “Image 2” and so on through the whole conversation, a video of a single frame as an image. A
    video of which other frames are wanted than were shown counts as not yet known.

    Args:
        media: All that is at hand, in order.
        selected_ids: What of it the question is about.
        known: What the model was shown in this conversation, in order.
        limits: The areas that newly shown pictures may have.
        held_tokens: What the conversation so far takes of the model's context.
        context_tokens: How much that is; 0 while there is no model.
        clip_limits: The areas that all frames of a newly shown video may have together.
        can_show_videos: Whether the model can look at videos, as far as that is known.
    """

    def __init__(
        self,
        media: Sequence[Medium],
        selected_ids: AbstractSet[str],
        known: Mapping[Source, KnownMedium],
        limits: PixelLimits,
        held_tokens: int = 0,
        context_tokens: int = 0,
        clip_limits: PixelLimits = RELEASED_CLIP_LIMITS,
        *,
        can_show_videos: bool = True,
    ) -> None:
        self.media = tuple(media)
        self._known = known
        self._limits = limits
        self._clip_limits = clip_limits
        self._can_show_videos = can_show_videos
        self._held_tokens = held_tokens
        self._context_tokens = context_tokens
        self.selected = tuple(medium for medium in self.media if medium.medium_id in selected_ids)
        self.new = tuple(medium for medium in self.selected if medium.source not in known)

    def is_known(self, medium: Medium) -> bool:
        """Whether the model was shown this already, a video with the very frames that are wanted now."""
        return medium.source in self._known

    def is_only_told(self, medium: Medium) -> bool:
        """Whether the model is told what was said of it but not shown it again: a video that was looked at in parts."""
        known = self._known.get(medium.source)
        return known is not None and not known.is_in_view

    def is_video(self, medium: Medium) -> bool:
        """Whether the model sees it as a video: more than a single frame of it."""
        known = self._known.get(medium.source)
        if known is not None and known.is_picture is not None:
            return not known.is_picture
        plan = self.plan(medium)
        return medium.is_video and (plan is None or not plan.is_picture)

    def number(self, medium: Medium) -> int | None:
        """Under which number of its kind the model knows it or will know it; None where it is not asked about."""
        return self._numbers.get(medium.source)

    def plan(self, medium: Medium) -> ClipPlan | None:
        """Which frames of a video are taken, or were; None for a picture, until it is known, and where none can be."""
        plan = self._planned(medium)
        return None if isinstance(plan, ErrorText) else plan

    def why_not(self, medium: Medium) -> ErrorText | None:
        """Why no frames of a video can be taken as it is wished."""
        plan = self._planned(medium)
        return plan if isinstance(plan, ErrorText) else None

    @cached_property
    def refusal(self) -> ErrorText | None:
        """Why what is newly shown cannot be asked about, whatever it costs; None where it can."""
        if not self._can_show_videos and any(self.is_video(medium) for medium in self.new):
            return video_refused().said
        return next((fault for fault in (self.why_not(medium) for medium in self.new) if fault is not None), None)

    def frames_of(self, sources: Iterable[Source]) -> int:
        """How many frames of new videos asking about these would show at first, as far as it is known."""
        here = {medium.source: medium for medium in self.media}
        plans = (self.plan(here[source]) for source in sources if source in here and source not in self._known)
        firsts = (plan.parts[0] if plan.parts else plan for plan in plans if plan is not None)
        return sum(len(plan.frame_times_s) for plan in firsts if not plan.is_picture)

    def cost(self, medium: Medium) -> Cost | None:
        """What a picture or video costs, or did when it was shown; None until its size is known."""
        if not medium.is_opened:
            return None
        if medium.is_video:
            plan = self.plan(medium)
            return None if plan is None else clip_cost(plan)
        known = self._known.get(medium.source)
        limits = self._limits if known is None else known.limits
        return picture_cost(medium.width_px, medium.height_px, limits)

    @cached_property
    def new_tokens(self) -> int:
        """What is newly shown costs together, as far as sizes are known, without the times between frames."""
        costs = (self.cost(medium) for medium in self.new)
        return sum(cost.tokens for cost in costs if cost is not None)

    @cached_property
    def use(self) -> ContextUse:
        """How much of the model's context it takes."""
        is_counted = all(medium.is_opened for medium in self.new)
        new_tokens = 0
        for medium in self.new:
            plan, cost = self.plan(medium), self.cost(medium)
            new_tokens += plan.tokens_at_once if plan is not None else cost.tokens if cost is not None else 0
        return ContextUse(new_tokens, self._held_tokens, self._context_tokens, is_counted)

    def _planned(self, medium: Medium) -> ClipPlan | ErrorText | None:
        known = self._known.get(medium.source)
        if known is None:
            room = None if medium.medium_id in self._together else self._room
            return medium.plan(self._clip_limits, self._limits, room)
        room = replace(self._room, limits=known.clip_limits) if known.may_be_in_segments else None
        return medium.plan(known.clip_limits, known.limits, room)

    @cached_property
    def _together(self) -> frozenset[str]:
        """The ids of several new videos: of one question they take one pass each; a single one may take more."""
        videos = frozenset(medium.medium_id for medium in self.new if medium.is_video)
        return videos if len(videos) > 1 else frozenset()

    @cached_property
    def _room(self) -> Room:
        """What one pass may hold, as far as that is known before the question is."""
        if not self._context_tokens:
            return Room(self._clip_limits)
        beside = sum(
            picture_cost(medium.width_px, medium.height_px, self._limits).tokens
            for medium in self.new
            if medium.is_opened and not medium.is_video
        )
        answer = self._context_tokens // ANSWER_SHARE
        return Room(self._clip_limits, self._context_tokens - self._held_tokens - beside - answer)

    @cached_property
    def _numbers(self) -> dict[Source, int]:
        """In the order in which the prompt counts them: what is known, then what is new."""
        here = {medium.source: medium for medium in self.media}
        last = {True: 0, False: 0}
        numbers: dict[Source, int] = {}
        in_view = (source for source, known in self._known.items() if known.is_in_view)
        for source in (*in_view, *(medium.source for medium in self.new)):
            is_video = self.is_video(here.get(source) or Medium("", source))
            last[is_video] += 1
            numbers[source] = last[is_video]
        return numbers
