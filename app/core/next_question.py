"""What the next question shows the model: which pictures, under which numbers, at what cost."""

from __future__ import annotations

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


class NextQuestion:
    """The pictures at hand as they stand before a question is asked: a snapshot.

    Selected pictures that the model does not know yet go with the question, in the tray's order; the model reads them
    as “Image 1”, “Image 2” and so on through the whole conversation.

    Args:
        media: All pictures at hand, in order.
        selected_ids: Which of them the question is about.
        known: What the model was shown in this conversation.
        limits: The areas that newly shown pictures may have.
    """

    def __init__(
        self,
        media: Sequence[Medium],
        selected_ids: AbstractSet[str],
        known: Mapping[PictureSource, KnownPicture],
        limits: PixelLimits,
    ) -> None:
        self.media = tuple(media)
        self._known = known
        self._limits = limits
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
