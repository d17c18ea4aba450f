from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from app.backends.table import BACKENDS
from app.cli import size_check
from app.cli.arguments import AskOptions, read_arguments
from app.cli.plan import Plan, make_plan
from app.cli.size_check import with_checked_size
from app.core.errors import ModelError
from app.core.machine import MachineMemory
from app.core.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

GIB = 1 << 30
TINY = MachineMemory("metal", GIB // 4, 2 * GIB, "Apple M0")


@pytest.fixture
def plan(random_checkpoint_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    monkeypatch.setattr(size_check, "machine_memory", lambda _runtime: TINY)
    made = make_plan(options_of("--model", str(random_checkpoint_dir)), Settings())
    return replace(made, backend=BACKENDS["mlx"])


def options_of(*words: str) -> AskOptions:
    options = read_arguments(["ask", "--backend", "fake", "-p", "What?", *words])
    assert isinstance(options, AskOptions)
    return options


def test_a_model_that_is_too_large_is_refused(plan: Plan) -> None:
    with pytest.raises(ModelError, match="and this machine can give it") as caught:
        with_checked_size(plan, is_accepted=False)
    assert "--load-anyway" in caught.value.said.hint


def test_it_is_loaded_where_the_person_says_so(plan: Plan) -> None:
    assert not options_of().loads_anyway
    options = options_of("--load-anyway")
    assert with_checked_size(plan, is_accepted=options.loads_anyway).checkpoint.is_size_accepted


def test_a_model_that_fits_is_loaded_as_it_is(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(size_check, "machine_memory", lambda _runtime: replace(TINY, usable_bytes=11 * GIB))
    assert with_checked_size(plan, is_accepted=False) == plan


def test_a_backend_without_a_runtime_needs_no_memory(plan: Plan) -> None:
    fake = replace(plan, backend=BACKENDS["fake"])
    assert with_checked_size(fake, is_accepted=False) == fake
