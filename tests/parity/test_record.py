"""Keeps what MLX makes of the cases, for tests/parity/test_parity.py in an environment with PyTorch."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

from app.backends.table import BACKENDS
from app.core.backend import Backend
from app.core.checkpoint import Checkpoint
from app.core.models.adapter import adapted
from app.core.prompt import ChatFormat
from tests.model_thread import OnModelThread
from tests.parity import newer_cases
from tests.parity.cases import CASES, MADE_BY, PARTS
from tests.parity.newer_cases import KINDS, RECORD, newer_checkpoint, newer_requests
from tests.parity.recording import (
    ADAPTED_FILE,
    ADAPTED_PART,
    DEMO_LORA,
    answered,
    drawn_logits,
    float32_demo,
    record,
)

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(find_spec("mlx_vlm") is None, reason="MLX is not installed")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return float32_demo(tmp_path_factory.mktemp("demo") / "float32")


@pytest.fixture(scope="module")
def mlx(checkpoint: Checkpoint, on_model_thread: OnModelThread) -> Iterator[Backend]:
    backend = BACKENDS["mlx"].make()
    on_model_thread(lambda: list(backend.load(checkpoint, lambda: False)))
    yield backend
    on_model_thread(backend.unload)


@pytest.mark.parametrize("part", range(PARTS))
def test_what_mlx_makes_of_the_cases_is_kept(
    part: int, mlx: Backend, checkpoint: Checkpoint, artefacts: Path, on_model_thread: OnModelThread
) -> None:
    found = on_model_thread(lambda: record(mlx, checkpoint, part))
    assert len(found) * PARTS == CASES >= 300
    assert len({case["answer"] for case in found.values()}) > 12, "the cases differ"
    assert any(case["reused"] > 20 for case in found.values()), "follow-ups go on with the cache"
    keep(artefacts / f"parity-mlx-{part}.json", {"made_by": MADE_BY, "cases": found})


def test_what_mlx_makes_of_them_with_an_adapter_is_kept(
    checkpoint: Checkpoint, artefacts: Path, on_model_thread: OnModelThread
) -> None:
    with_it = adapted(checkpoint, DEMO_LORA)
    backend = BACKENDS["mlx"].make()

    def work() -> dict[str, Any]:
        list(backend.load(with_it, lambda: False))
        try:
            return record(backend, with_it, ADAPTED_PART)
        finally:
            backend.unload()

    found = on_model_thread(work)
    assert sum(case["answer"].startswith("I see ") for case in found.values()) > 5
    assert with_it.adapter is not None
    keep(artefacts / ADAPTED_FILE, {"made_by": MADE_BY, "adapter": with_it.adapter.sha256, "cases": found})


def keep(file: Path, value: dict[str, Any]) -> None:
    beside = file.with_suffix(".new")
    beside.write_text(json.dumps(value), encoding="utf-8")
    beside.replace(file)


def test_what_mlx_makes_of_a_newer_family_is_kept(
    tmp_path: Path, artefacts: Path, on_model_thread: OnModelThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.backends import mlx_backend

    monkeypatch.setattr(mlx_backend, "PREFILL_STEP_TOKENS", 23)
    kept = on_model_thread(lambda: {kind: newer_record(newer_checkpoint(tmp_path, kind)) for kind in KINDS})
    assert all(case["reused"] > 15 for case in (kept[kind]["follow-up"] for kind in KINDS))
    (artefacts / RECORD).write_text(json.dumps(kept | {"made_by": newer_cases.MADE_BY}), encoding="utf-8")


def newer_record(checkpoint: Checkpoint) -> dict[str, Any]:
    """What is compared of every case; to be called on the model thread."""
    backend = BACKENDS["mlx"].make()
    list(backend.load(checkpoint, lambda: False))
    chat = ChatFormat(checkpoint)
    found: dict[str, Any] = {}
    for name, request in newer_requests().items():
        with drawn_logits(backend.name) as logits:
            _, reused = answered(backend, request)
        prompt = chat.encode(request)
        found[name] = {
            "tokens": prompt.token_ids.tolist(),
            "logits": logits[0].tolist(),
            "answer": [int(each.argmax()) for each in logits],
            "reused": reused,
        }
    backend.unload()
    return found
