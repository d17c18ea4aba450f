"""The transformers backend against what MLX made of the very same cases, weights and precision."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.backends.transformers_backend import TransformersBackend
from app.core.backend import Backend
from app.core.checkpoint import Checkpoint
from app.core.events import Finished, TextPiece
from app.core.models.adapter import adapted
from tests.conftest import ARTEFACTS_DIR
from tests.parity.cases import CASES, MADE_BY, PARTS, make_cases
from tests.parity.recording import ADAPTED_FILE, ADAPTED_PART, DEMO_LORA, float32_demo, record
from tests.torch_here import skip_without_torch

skip_without_torch()

LOGITS_TOLERANCE = 2e-4
"""The most that a logit may differ in float32; the demo model's lie between -20 and 30."""


@pytest.fixture(scope="module")
def mlx() -> dict[str, Any]:
    files = [ARTEFACTS_DIR / f"parity-mlx-{part}.json" for part in range(PARTS)]
    records = [json.loads(file.read_text(encoding="utf-8")) for file in files if file.exists()]
    if [kept.get("made_by") for kept in records] != [MADE_BY] * PARTS:
        pytest.skip("tests/parity/test_record.py has not run with MLX here")
    found: dict[str, Any] = {}
    for kept in records:
        found |= kept["cases"]
    assert len(found) == CASES
    return found


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return float32_demo(tmp_path_factory.mktemp("demo") / "float32")


@pytest.fixture(scope="module")
def backend(checkpoint: Checkpoint) -> Iterator[Backend]:
    made = TransformersBackend()
    list(made.load(checkpoint, lambda: False))
    yield made
    made.close()


@pytest.fixture(scope="module")
def ours(mlx: dict[str, Any], backend: Backend, checkpoint: Checkpoint) -> dict[str, Any]:
    assert mlx, "without it there is nothing to compare with"
    found: dict[str, Any] = {}
    for part in range(PARTS):
        found |= record(backend, checkpoint, part)
    return found


@pytest.mark.parametrize("part", ["tokens", "grids", "positions", "patches"])
def test_what_goes_into_the_model_is_the_same_to_the_last_bit(
    mlx: dict[str, Any], ours: dict[str, Any], part: str
) -> None:
    assert {name: case[part] for name, case in ours.items()} == {name: case[part] for name, case in mlx.items()}


def test_logits_agree(mlx: dict[str, Any], ours: dict[str, Any]) -> None:
    apart = {
        name: float(np.abs(np.array(case["logits"]) - np.array(mlx[name]["logits"])).max())
        for name, case in ours.items()
    }
    print(f"largest difference of a logit: {max(apart.values()):.2e}, of {CASES} cases")  # noqa: T201 - for -s
    assert max(apart.values()) < LOGITS_TOLERANCE, max(apart, key=lambda name: apart[name])


def test_greedy_answers_are_the_same(mlx: dict[str, Any], ours: dict[str, Any]) -> None:
    different = {
        name: (case["answer"], mlx[name]["answer"])
        for name, case in ours.items()
        if case["answer"] != mlx[name]["answer"]
    }
    assert not different


def test_as_much_of_the_cache_is_reused(mlx: dict[str, Any], ours: dict[str, Any]) -> None:
    assert {name: case["reused"] for name, case in ours.items()} == {name: case["reused"] for name, case in mlx.items()}


def test_answers_in_batches_are_the_same(mlx: dict[str, Any], backend: Backend) -> None:
    requests = [case.request for part in range(PARTS) for case in make_cases(part)]
    answers = {request.request_id: "" for request in requests}
    for event in backend.generate(requests, lambda _: False):
        if isinstance(event, TextPiece):
            answers[event.request_id] += event.text
        elif isinstance(event, Finished):
            assert event.error is None
    assert answers == {name: case["answer"] for name, case in mlx.items()}


@pytest.fixture(scope="module")
def mlx_with_adapter(with_adapter: Checkpoint) -> dict[str, Any]:
    file = ARTEFACTS_DIR / ADAPTED_FILE
    kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    assert with_adapter.adapter is not None
    if (kept.get("made_by"), kept.get("adapter")) != (MADE_BY, with_adapter.adapter.sha256):
        pytest.skip("tests/parity/test_record.py has not run with MLX here")
    found: dict[str, Any] = kept["cases"]
    return found


@pytest.fixture(scope="module")
def with_adapter(checkpoint: Checkpoint) -> Checkpoint:
    return adapted(checkpoint, DEMO_LORA)


@pytest.mark.parametrize("is_merged", [False, True], ids=["beside the files", "merged into them before"])
def test_with_an_adapter_logits_and_answers_agree_too(
    mlx_with_adapter: dict[str, Any], with_adapter: Checkpoint, tmp_path: Path, is_merged: bool
) -> None:
    tried = float32_demo(tmp_path / "merged", with_adapter.adapter) if is_merged else with_adapter
    backend = TransformersBackend()
    list(backend.load(tried, lambda: False))
    ours = record(backend, tried, ADAPTED_PART)
    backend.close()
    apart = {
        name: float(np.abs(np.array(case["logits"]) - np.array(mlx_with_adapter[name]["logits"])).max())
        for name, case in ours.items()
    }
    print(f"largest difference of a logit: {max(apart.values()):.2e}, of {len(apart)} cases")  # noqa: T201 - for -s
    assert max(apart.values()) < LOGITS_TOLERANCE, max(apart, key=lambda name: apart[name])
    answers = {name: case["answer"] for name, case in ours.items()}
    assert answers == {name: case["answer"] for name, case in mlx_with_adapter.items()}
