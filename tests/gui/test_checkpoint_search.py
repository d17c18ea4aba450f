"""What is found out about a model beside the main thread before it is loaded: bits, context, whether it fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.core.checkpoint import DEMO_MODEL_ID
from app.core.machine import MachineMemory
from app.core.settings import ModelSettings
from app.gui import checkpoint_search
from app.gui.checkpoint_search import CheckpointFound, CheckpointSearch

if TYPE_CHECKING:
    from pathlib import Path

    from app.gui.checkpoint_search import SearchEvent

LARGE, TINY = MachineMemory("ram", 2**36, 2**36), MachineMemory("ram", 1, 1)


def found(monkeypatch: pytest.MonkeyPatch, memory: MachineMemory, model: str, own: ModelSettings) -> CheckpointFound:
    monkeypatch.setattr(checkpoint_search, "machine_memory", lambda _: memory)
    events: list[SearchEvent] = []
    search = CheckpointSearch(events.append)
    search.start(model, own, "fake")
    assert search.close(60)
    (event,) = events
    assert isinstance(event, CheckpointFound)
    assert event.search_id == search.newest_id
    return event


@pytest.mark.parametrize(("memory", "context", "mark"), [(LARGE, 4_096, "fits"), (TINY, 2_048, "too_large")])
def test_a_model_is_found_with_the_context_that_fits_and_whether_it_does(
    monkeypatch: pytest.MonkeyPatch, memory: MachineMemory, context: int, mark: str
) -> None:
    event = found(monkeypatch, memory, DEMO_MODEL_ID, ModelSettings())
    assert event.checkpoint.context_tokens == context
    assert not event.checkpoint.has_chosen_context
    assert event.fit is not None
    assert (event.fit.mark, event.fit.memory) == (mark, memory)


def test_what_was_chosen_for_it_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    own = ModelSettings(weight_bits=4, context_tokens=3_000)
    checkpoint = found(monkeypatch, TINY, DEMO_MODEL_ID, own).checkpoint
    assert (checkpoint.weight_bits, checkpoint.context_tokens, checkpoint.has_chosen_context) == (4, 3_000, True)


def test_of_files_that_do_not_tell_nothing_is_said(monkeypatch: pytest.MonkeyPatch, checkpoint_dir: Path) -> None:
    event = found(monkeypatch, TINY, str(checkpoint_dir), ModelSettings())
    assert event.fit is None
    assert event.checkpoint.context_tokens == 262_144
