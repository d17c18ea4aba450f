"""What a server's answers and a line's faults mean for the next attempt: again, when, or never."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

_BUSY = (408, 425, 429, 500, 502, 503, 504)
_OTHER_BUSY = range(520, 530)
"""Of a content network in front of the Hub that does not reach it."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a download keeps trying while nothing comes.

    Attributes:
        first_wait_s: Before the second attempt; each further wait is twice as long.
        longest_wait_s: No wait of our own is longer.
        longest_asked_s: A server that asks for a longer one is not waited for.
        gives_up_after_s: So long without a byte, and it has failed. Long enough for a router to start again.
        silence_s: A connection that says nothing for so long is given up.
        connect_s: How long making one may take.
    """

    first_wait_s: float = 1.0
    longest_wait_s: float = 30.0
    longest_asked_s: float = 900.0
    gives_up_after_s: float = 300.0
    silence_s: float = 30.0
    connect_s: float = 10.0

    def wait_s(self, attempt: int) -> float:
        """How long to wait after so many attempts without a byte, 1 or more."""
        return float(min(self.longest_wait_s, self.first_wait_s * 2 ** min(attempt - 1, 20)))


def is_busy(status: int) -> bool:
    """Whether the same request may well be answered a little later."""
    return status in _BUSY or status in _OTHER_BUSY


def is_lasting(error: BaseException) -> bool:
    """Whether a fault of the line will be the same next time: a certificate that does not hold."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
