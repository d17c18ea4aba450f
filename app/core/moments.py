"""Something that happens in a video, and when."""

from __future__ import annotations

from dataclasses import dataclass

BEYOND_END_S = 1.0
"""Models round up: so far behind a video's end is still its end."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happens in a video.

    Attributes:
        start_s: When, or from when on.
        end_s: Until when; None where the answer does not say.
        text: What, as the answer has it (Markdown of one line); may be empty.
    """

    start_s: float
    end_s: float | None
    text: str
