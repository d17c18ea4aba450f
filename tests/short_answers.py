"""Small ways to ask a backend for a short, greedy answer, and to read what it tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from app.core.events import Finished, GenerateEvent, TextPiece
from app.core.requests import Request, Turn
from app.core.sampling import GREEDY


def asked(*turns: Turn, request_id: str = "r", **sampling: Any) -> Request:
    """A greedy request for a short answer."""
    return Request(request_id, turns, replace(GREEDY, **{"max_tokens": 16, **sampling}))


def text_of(events: Sequence[GenerateEvent], request_id: str = "r") -> str:
    """The whole answer."""
    return "".join(event.text for event in events if isinstance(event, TextPiece) and event.request_id == request_id)


def end_of(events: Sequence[GenerateEvent]) -> Finished:
    """How a request without a fault ended."""
    assert isinstance(events[-1], Finished)
    assert events[-1].error is None
    return events[-1]
