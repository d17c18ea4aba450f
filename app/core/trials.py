"""What a part of the self-test found: plain values that any room may give."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.core.errors import ErrorText

_FRAME = re.compile(r'^ *File "(?P<file>.*)", line (?P<line>\d+), in ', re.MULTILINE)


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


def reason_of(said: ErrorText) -> str:
    """An error in one line: what was said and what to do, what its cause said last; of one unforeseen where it was."""
    frames = _FRAME.findall(said.detail)
    words = [said.text if frames else str(said), *said.detail.strip().splitlines()[-1:]]
    if frames:
        file, line = frames[-1]
        words.append(f"({file}, line {line})")
    return " ".join(words)
