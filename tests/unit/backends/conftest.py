"""The transformers backend with a tiny random model; the MLX backend's tests have their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.backends.torch_answering import Answering
from app.backends.transformers_backend import TransformersBackend
from app.core.checkpoint import Checkpoint, read_checkpoint
from app.core.events import GenerateEvent
from app.core.requests import Request
from tests.torch_here import loaded


@pytest.fixture(scope="module")
def checkpoint(random_checkpoint_dir: Path) -> Checkpoint:
    return read_checkpoint(random_checkpoint_dir, "random")


@pytest.fixture(scope="module")
def backend(checkpoint: Checkpoint) -> Iterator[TransformersBackend]:
    made = loaded(checkpoint)
    yield made
    made.close()


@pytest.fixture
def answering(backend: TransformersBackend) -> Answering:
    """What is behind the backend, with nothing left of earlier answers."""
    assert backend._answering is not None
    backend._answering.forget()
    return backend._answering


@pytest.fixture
def answer(answering: Answering) -> Callable[..., list[GenerateEvent]]:
    def run(*requests: Request, cold: bool = False) -> list[GenerateEvent]:
        if cold:
            answering.forget()
        return list(answering.answer(requests, lambda _: False))

    return run
