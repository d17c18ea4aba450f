"""Whether a model fits a machine: what it needs against what the machine gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

FitMark: TypeAlias = Literal["fits", "tight", "too_large"]


@dataclass(frozen=True, slots=True)
class MemoryNeed:
    """What a model takes while it answers, in bytes.

    Attributes:
        weights_bytes: Of the language model.
        vision_bytes: Of the vision tower.
        cache_bytes: Keys and values of the conversation.
        activation_bytes: The most that is held for a moment: the largest picture, a step of the prompt, the runtime.
    """

    weights_bytes: int
    vision_bytes: int
    cache_bytes: int
    activation_bytes: int

    @property
    def total_bytes(self) -> int:
        """All together."""
        return self.weights_bytes + self.vision_bytes + self.cache_bytes + self.activation_bytes
