"""How fast bytes come, smoothed, and how long the rest takes at that rate."""

from __future__ import annotations

import math

_SMOOTHED_OVER_S = 12.0
_KNOWN_AFTER_S = 2.0
"""Before that a rate says more about the first packets than about the line."""


class TransferRate:
    """What came lately weighs more than what came long ago; silence counts too. Thread: one, or under a lock.

    Args:
        now_s: A steady clock's time at which it began.
    """

    def __init__(self, now_s: float) -> None:
        self._began_s = self._seen_s = now_s
        self._weighed_bytes = 0.0
        self._weighed_s = 0.0

    def add(self, size_bytes: int, now_s: float) -> None:
        """So much came since the last call."""
        passed_s = max(0.0, now_s - self._seen_s)
        self._seen_s = now_s
        fading = math.exp(-passed_s / _SMOOTHED_OVER_S)
        self._weighed_bytes = self._weighed_bytes * fading + size_bytes
        # The same weights over the time that has passed, so that the first seconds are not held for slow ones.
        self._weighed_s = self._weighed_s * fading + _SMOOTHED_OVER_S * (1 - fading)

    @property
    def bytes_per_s(self) -> float:
        """What came lately, a second."""
        return self._weighed_bytes / self._weighed_s if self._weighed_s > 0 else 0.0

    def left_s(self, left_bytes: int) -> float | None:
        """How long so many bytes take at this rate; None while that would be a guess."""
        if self._seen_s - self._began_s < _KNOWN_AFTER_S or self.bytes_per_s < 1:
            return None
        return left_bytes / self.bytes_per_s
