"""Keeps what MLX makes of the cases, for tests/parity/test_parity.py in an environment with PyTorch."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from app.backends.table import BACKENDS
from app.core.backend import Backend
from app.core.checkpoint import Checkpoint
from tests.model_thread import OnModelThread
from tests.parity.cases import CASES, MADE_BY, PARTS
from tests.parity.recording import float32_demo, record

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
    file = artefacts / f"parity-mlx-{part}.json"
    beside = file.with_suffix(".new")
    beside.write_text(json.dumps({"made_by": MADE_BY, "cases": found}), encoding="utf-8")
    beside.replace(file)
