from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from app.core.checkpoint import Checkpoint, find_checkpoint, read_checkpoint
from app.core.errors import ModelError
from app.core.machine import MachineMemory
from app.core.models.checkpoint_fit import FitDoubt, fit_doubt, fit_if_known, fit_of_checkpoint, fitted
from app.core.models.fit import Fit, FitMark, MemoryNeed
from tests.random_checkpoint import Widths, write_random_checkpoint

if TYPE_CHECKING:
    from pathlib import Path

GIB = 1 << 30
LAPTOP = MachineMemory("metal", 11 * GIB, 16 * GIB, "Apple M2")
WORKSTATION = MachineMemory("metal", 48 * GIB, 64 * GIB, "Apple M2")
GPU = MachineMemory("cuda", 8 * GIB, 8 * GIB, "NVIDIA Test", "transformers")
PROCESSOR = MachineMemory("ram", 6 * GIB, 8 * GIB, "", "transformers")
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


@pytest.fixture
def written(tmp_path: Path) -> Checkpoint:
    write_random_checkpoint(tmp_path, Widths())
    return read_checkpoint(tmp_path, "random")


def machine_for(written: Checkpoint, spare_bytes: int) -> MachineMemory:
    """One that gives so much more than the written needs with the usual context."""
    need = fit_of_checkpoint(written, MachineMemory("metal", 0, 0)).need
    return MachineMemory("metal", need.total_bytes + spare_bytes, 0)


def test_a_checkpoint_s_own_files_tell_its_weights(written: Checkpoint) -> None:
    stored = sum(file.stat().st_size for file in written.folder.glob("*.safetensors"))
    found = fit_of_checkpoint(written, LAPTOP)
    weights = found.need.weights_bytes + found.need.vision_bytes
    assert stored - 20_000 < weights < stored
    wide = fit_of_checkpoint(written, PROCESSOR)
    assert wide.need.weights_bytes + wide.need.vision_bytes == 2 * weights
    in_four = fit_of_checkpoint(written.quantised(4), GPU)
    assert in_four.need.weights_bytes < found.need.weights_bytes
    assert in_four.need.vision_bytes == found.need.vision_bytes
    assert fit_of_checkpoint(find_checkpoint("demo"), LAPTOP).mark == "fits"


def test_a_long_context_is_held_against_a_model_only_when_it_was_chosen(written: Checkpoint) -> None:
    assert fit_of_checkpoint(written, machine_for(written, 0)).mark == "tight"
    assert fit_of_checkpoint(written, machine_for(written, -1)).mark == "too_large"
    chosen = fitted(written, 32_768, machine_for(written, 1_000))
    assert chosen.has_chosen_context
    assert fit_of_checkpoint(chosen, machine_for(written, 1_000)).mark == "too_large"


def test_a_checkpoint_gets_the_context_that_fits_unless_a_person_chose_one(written: Checkpoint) -> None:
    assert fitted(written, None, WORKSTATION).context_tokens == written.context_tokens == 32_768
    need = fit_of_checkpoint(written, LAPTOP).need
    narrow = MachineMemory("metal", int((need.total_bytes + need.cache_bytes) / 0.95), 0)
    found = fitted(written, None, narrow)
    assert 8_192 < found.context_tokens < 20_000
    assert not found.has_chosen_context
    assert fitted(written, 4_096, narrow).context_tokens == 4_096
    assert fitted(written, 10**9, narrow).context_tokens == 32_768


def test_files_that_do_not_tell_leave_the_context_alone(written: Checkpoint) -> None:
    config = json.loads((written.folder / "config.json").read_text())
    del config["vision_config"]["depth"]
    (written.folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="does not tell how large it is"):
        fit_of_checkpoint(written, LAPTOP)
    assert fitted(written, None, LAPTOP) == written
    assert fit_if_known(written, LAPTOP, image_tokens=None) is None
    (written.folder / "config.json").unlink()
    with pytest.raises(ModelError, match="do not tell how large it is"):
        fit_of_checkpoint(written, LAPTOP)


def test_a_picture_may_cost_as_much_as_its_limit_or_the_checkpoint_s(written: Checkpoint) -> None:
    found = [fit_if_known(written, LAPTOP, image_tokens=tokens) for tokens in (64, None, 10**9)]
    small, *largest = [one.need.activation_bytes for one in found if one is not None]
    assert small < largest[0] == largest[1]
