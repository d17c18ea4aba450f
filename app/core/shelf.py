"""The pictures at hand, in order, and what each will cost before anything is asked."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.core.vision import resized_size, token_count

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.core.pictures import PictureSource
    from app.core.vision import PixelLimits

_WHOLE_SHARE = 0.9
"""As in Picture.is_reduced: rounding to whole tokens is no reduction."""


@dataclass(frozen=True, slots=True)
class Medium:
    """A picture at hand.

    Attributes:
        medium_id: Names it in the window and in the engine's view events.
        source: Where it comes from.
        width_px: Width of the upright original, 0 until it is known.
        height_px: Height of the upright original, 0 until it is known.
    """

    medium_id: str
    source: PictureSource
    width_px: int = 0
    height_px: int = 0

    @property
    def is_opened(self) -> bool:
        """Whether its size is known."""
        return self.width_px > 0


@dataclass(frozen=True, slots=True)
class Cost:
    """What a picture will cost, and at what size the model will see it."""

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
    is_reduced = seen_width * seen_height < _WHOLE_SHARE * width_px * height_px
    return Cost(token_count(seen_height, seen_width), seen_width, seen_height, is_reduced)


class Shelf:
    """The pictures at hand; no picture lies here twice."""

    def __init__(self) -> None:
        self._media: dict[str, Medium] = {}
        self._ids: dict[PictureSource, str] = {}
        self._numbers = itertools.count(1)

    @property
    def media(self) -> tuple[Medium, ...]:
        """All of them, in the order they came."""
        return tuple(self._media.values())

    def get(self, medium_id: str) -> Medium | None:
        """The picture of this id, if it is here."""
        return self._media.get(medium_id)

    def find(self, source: PictureSource) -> Medium | None:
        """The picture of this source, if it is here."""
        return self._media.get(self._ids.get(source, ""))

    def add(self, sources: Iterable[PictureSource]) -> tuple[Medium, ...]:
        """Puts pictures at the end and gives those that were not here yet."""
        added = []
        for source in sources:
            if self.find(source) is None:
                medium = Medium(f"medium-{next(self._numbers)}", source)
                self._media[medium.medium_id] = medium
                self._ids[source] = medium.medium_id
                added.append(medium)
        return tuple(added)

    def note_size(self, medium_id: str, width_px: int, height_px: int) -> Medium | None:
        """Remembers the size of a picture's upright original."""
        medium = self._media.get(medium_id)
        if medium is None:
            return None
        medium = replace(medium, width_px=width_px, height_px=height_px)
        self._media[medium_id] = medium
        return medium

    def remove(self, medium_id: str) -> Medium | None:
        """Takes a picture away."""
        medium = self._media.pop(medium_id, None)
        if medium is not None:
            del self._ids[medium.source]
        return medium
