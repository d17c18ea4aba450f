"""What a part of the self-test found: plain values that any room may give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Found:
    """A part that passed, or that has no meaning on this machine.

    Attributes:
        detail: What was found, in a few words.
        versions: Versions of libraries by name that came to light.
        device: What models run on, where the part asked; empty elsewhere.
        is_applicable: Whether it has a meaning on this machine.
    """

    detail: str
    versions: Mapping[str, str] = field(default_factory=dict)
    device: str = ""
    is_applicable: bool = True


class TrialError(Exception):
    """A part that failed.

    Attributes:
        reason: Why, in a sentence.
        versions: Versions that came to light all the same.
    """

    def __init__(self, reason: str, versions: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.versions = dict(versions or {})
