from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from app.core.checkpoint import Checkpoint, read_checkpoint
from app.core.machine import MachineMemory
from app.core.models.fit import Fit, FitMark, MemoryNeed, fit_if_known
from app.core.models.loading_fit import FitDoubt, fit_doubt

if TYPE_CHECKING:
    from pathlib import Path

GIB = 1 << 30
LAPTOP = MachineMemory("metal", 11 * GIB, 16 * GIB, "Apple M2")
NEED = MemoryNeed(18 * GIB, GIB, GIB, GIB)


@pytest.fixture(scope="module")
def checkpoint(random_checkpoint_dir: Path) -> Checkpoint:
    return read_checkpoint(random_checkpoint_dir, "Qwen/Random")


def too_large(mark: FitMark = "too_large") -> Fit:
    return Fit(NEED, mark, LAPTOP)


def test_a_model_of_files_that_need_more_than_there_is_is_doubted(checkpoint: Checkpoint) -> None:
    small = replace(LAPTOP, usable_bytes=GIB // 4)
    fit = fit_if_known(checkpoint, small, image_tokens=1280)
    doubt = fit_doubt(checkpoint, fit)
    assert fit is not None
    assert doubt == FitDoubt("Random", fit.need.total_bytes, small)
    assert doubt.need_bytes > small.usable_bytes
    assert fit_doubt(checkpoint, fit_if_known(checkpoint, LAPTOP, image_tokens=1280)) is None


def test_the_doubt_says_what_it_needs_what_is_there_and_what_would_fit(checkpoint: Checkpoint) -> None:
    doubt = fit_doubt(checkpoint, too_large())
    assert doubt is not None
    said = doubt.said("Qwen3-VL 4B Instruct, 4-bit")
    assert said.text == "The model Random needs about 21.0 GB of memory, and this machine can give it 11.0 GB."
    assert said.hint.startswith("Qwen3-VL 4B Instruct, 4-bit would fit. Choose it, or add --load-anyway: ")
    assert doubt.said("").hint.startswith("Choose a smaller model, or add --load-anyway: ")


@pytest.mark.parametrize("mark", ["fits", "tight"])
def test_a_tight_model_is_not_doubted(checkpoint: Checkpoint, mark: FitMark) -> None:
    assert fit_doubt(checkpoint, too_large(mark)) is None


def test_the_demo_and_what_the_person_accepted_are_never_doubted(checkpoint: Checkpoint) -> None:
    assert fit_doubt(replace(checkpoint, model_id="demo"), too_large()) is None
    assert fit_doubt(replace(checkpoint, is_size_accepted=True), too_large()) is None


def test_where_nothing_can_be_told_nothing_is_doubted(checkpoint: Checkpoint) -> None:
    assert fit_doubt(checkpoint, None) is None
