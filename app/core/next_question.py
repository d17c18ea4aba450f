"""What the next question shows the model: which pictures, under which numbers, at what cost."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from app.core.shelf import picture_cost

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from app.core.conversation import KnownPicture
    from app.core.pictures import PictureSource
    from app.core.shelf import Cost, Medium
    from app.core.vision import PixelLimits

_NEAR_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class ContextUse:
    """How much of a model's context a question takes, as far as that is known before it is asked.

    The words of the question are not counted: they are few beside a picture, and only the tokenizer could tell.

    Attributes:
        new_tokens: The pictures that are newly shown.
        held_tokens: The conversation before.
        context_tokens: What the model can take, the answer included; 0 while there is no model.
        is_counted: Whether the sizes of all pictures are known; until then it is more than this.
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
    """The pictures at hand as they stand before a question is asked: a snapshot.

    Selected pictures that the model does not know yet go with the question, in the tray's order; the model reads them
    as “Image 1”, “Image 2” and so on through the whole conversation.

    Args:
        media: All pictures at hand, in order.
        selected_ids: Which of them the question is about.
        known: What the model was shown in this conversation.
        limits: The areas that newly shown pictures may have.
        held_tokens: What the conversation so far takes of the model's context.
        context_tokens: How much that is; 0 while there is no model.
    """

    def __init__(
        self,
        media: Sequence[Medium],
        selected_ids: AbstractSet[str],
        known: Mapping[PictureSource, KnownPicture],
        limits: PixelLimits,
        held_tokens: int = 0,
        context_tokens: int = 0,
    ) -> None:
        self.media = tuple(media)
        self._known = known
        self._limits = limits
        self._held_tokens = held_tokens
        self._context_tokens = context_tokens
        self.selected = tuple(medium for medium in self.media if medium.medium_id in selected_ids)
        self.new = tuple(medium for medium in self.selected if medium.source not in known)
        self._numbers = {medium.medium_id: number for number, medium in enumerate(self.new, len(known) + 1)}

    def is_known(self, medium: Medium) -> bool:
        """Whether the model was shown this picture already."""
        return medium.source in self._known

    def number(self, medium: Medium) -> int | None:
        """Under which number the model knows this picture or will know it, or None where it is not asked about."""
        known = self._known.get(medium.source)
        return self._numbers.get(medium.medium_id) if known is None else known.number

    def cost(self, medium: Medium) -> Cost | None:
        """What a picture costs, or did when it was shown; None until its size is known."""
        if not medium.is_opened:
            return None
        known = self._known.get(medium.source)
        limits = self._limits if known is None else known.limits
        return picture_cost(medium.width_px, medium.height_px, limits)

    @cached_property
    def new_tokens(self) -> int:
        """What the newly shown pictures cost together, as far as their sizes are known."""
        costs = (self.cost(medium) for medium in self.new)
        return sum(cost.tokens for cost in costs if cost is not None)

    @property
    def use(self) -> ContextUse:
        """How much of the model's context it takes."""
        is_counted = all(medium.is_opened for medium in self.new)
        return ContextUse(self.new_tokens, self._held_tokens, self._context_tokens, is_counted)
