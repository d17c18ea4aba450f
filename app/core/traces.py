"""Traces that can be told to others: an error's words may hold a prompt or a file's name, its kind cannot."""

from __future__ import annotations

import traceback


def trace_without_words(error: BaseException) -> str:
    """The trace of an error and of those behind it, each with its kind in place of what it says."""
    parts: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        parts.append("".join(traceback.format_tb(current.__traceback__)) + type(current).__qualname__)
        behind = None if current.__suppress_context__ else current.__context__
        current = current.__cause__ or behind
    return "\n\nwhich led to\n\n".join(reversed(parts))
