from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from app.cli.arguments import AskOptions, read_arguments
from app.cli.plan import make_plan
from app.core.checkpoint import DEMO_MODEL_ID
from app.core.paths import DEMO_MODEL_DIR
from app.core.sampling import Sampling
from app.core.settings import ModelSettings, Settings

if TYPE_CHECKING:
    from pathlib import Path


def options_of(*words: str) -> AskOptions:
    options = read_arguments(["ask", "--backend", "fake", "-p", "What?", *words])
    assert isinstance(options, AskOptions)
    return options


def test_what_was_chosen_for_the_model_that_answers_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "linked").symlink_to(DEMO_MODEL_DIR)
    monkeypatch.chdir(tmp_path)
    for_folder = ModelSettings(Sampling(temperature=0.1), "Be brief.", 99)
    for_demo = ModelSettings(system="Draw.")
    settings = Settings(models={str(DEMO_MODEL_DIR): for_folder, DEMO_MODEL_ID: for_demo})
    plan = make_plan(options_of("--model", "linked"), settings)
    assert (plan.question.system, plan.question.sampling.temperature, plan.max_image_tokens) == ("Be brief.", 0.1, 99)
    plan = make_plan(options_of(), replace(settings, model=DEMO_MODEL_ID))
    assert (plan.question.system, plan.question.sampling) == ("Draw.", plan.checkpoint.default_sampling)


def test_the_command_line_comes_before_what_was_chosen() -> None:
    settings = Settings(models={DEMO_MODEL_ID: ModelSettings(Sampling(temperature=0.1, top_k=7), "Be brief.", 99)})
    words = ("--system", "Be long.", "--temperature", "0.5", "--max-image-tokens", "128")
    plan = make_plan(options_of(*words), settings)
    sampling = plan.question.sampling
    assert (plan.question.system, sampling.temperature, sampling.top_k, plan.max_image_tokens) == (
        *("Be long.", 0.5, 7, 128),
    )


def test_the_bits_are_the_command_lines_then_the_settings() -> None:
    settings = Settings(models={DEMO_MODEL_ID: ModelSettings(weight_bits=8)})
    assert make_plan(options_of(), Settings()).checkpoint.weight_bits is None
    assert make_plan(options_of(), settings).checkpoint.weight_bits == 8
    checkpoint = make_plan(options_of("--quantize", "4bit"), settings).checkpoint
    assert (checkpoint.weight_bits, checkpoint.quantisation) == (4, "bf16, loaded in 4 bits")
