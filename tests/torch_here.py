"""What tests of the transformers backend share; PyTorch and MLX disturb one another in one process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import pytest

from app.backends.transformers_backend import TransformersBackend
from app.core.checkpoint import Checkpoint
from app.core.events import Finished, GenerateEvent, TextPiece
from app.core.requests import Request, Turn
from app.core.sampling import GREEDY


def skip_without_torch() -> None:
    """Skips the whole file where there is no PyTorch, or MLX beside it."""
    if find_spec("mlx_vlm") is not None:
        pytest.skip(
            "MLX is installed here; packaging/test.py tries PyTorch in .venv-transformers", allow_module_level=True
        )
    pytest.importorskip("torch", reason="PyTorch is not installed")


def loaded(checkpoint: Checkpoint) -> TransformersBackend:
    made = TransformersBackend()
    list(made.load(checkpoint, lambda: False))
    return made


def asked(*turns: Turn, request_id: str = "r", **sampling: Any) -> Request:
    return Request(request_id, turns, replace(GREEDY, **{"max_tokens": 16, **sampling}))


def text_of(events: Sequence[GenerateEvent], request_id: str = "r") -> str:
    return "".join(event.text for event in events if isinstance(event, TextPiece) and event.request_id == request_id)


def end_of(events: Sequence[GenerateEvent]) -> Finished:
    assert isinstance(events[-1], Finished)
    assert events[-1].error is None
    return events[-1]
