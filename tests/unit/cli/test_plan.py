from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest

from app.cli.arguments import AskOptions, read_arguments
from app.cli.plan import Plan, make_plan
from app.core.checkpoint import DEMO_MODEL_ID
from app.core.errors import ModelError, UserError
from app.core.events import Figures, ModelReady
from app.core.machine import MachineMemory
from app.core.paths import DEMO_MODEL_DIR, SAMPLE_VIDEO
from app.core.results import ModelRecord, Result, TurnRecord
from app.core.sampling import GREEDY, Sampling
from app.core.segments import room_of
from app.core.settings import ModelSettings, Settings
from app.exporters.json_export import render
from tests.adapters_made import linear_layers, random_matrices, write_peft

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


@pytest.fixture
def lora(tmp_path: Path) -> Path:
    layers = linear_layers(DEMO_MODEL_DIR, "q_proj")
    return write_peft(tmp_path / "receipts", random_matrices(layers), base_model_name_or_path="demo")


def asked_again(folder: Path, plan: Plan, *words: str) -> AskOptions:
    """The options that ask again what this plan was asked."""
    turn = TurnRecord("What?", (), "This.", "done", GREEDY, Figures(), datetime.now(timezone.utc), 1_280)
    model = ModelRecord.of(ModelReady(plan.checkpoint, "fake", "fake 1", "", 0))
    file = folder / "result.json"
    file.write_text(render(Result(model, "", (turn,), "1", turn.created_at)), encoding="utf-8")
    options = read_arguments(["ask", "--backend", "fake", "--from", str(file), *words])
    assert isinstance(options, AskOptions)
    return options


def test_the_adapter_is_the_command_lines_then_the_settings(
    tmp_path: Path, lora: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings(models={DEMO_MODEL_ID: ModelSettings(adapter=lora)})
    assert make_plan(options_of(), Settings()).checkpoint.adapter is None
    adapter = make_plan(options_of(), settings).checkpoint.adapter
    assert adapter is not None
    assert (adapter.name, adapter.folder) == ("receipts", lora)
    assert make_plan(options_of("--adapter", "receipts"), Settings()).checkpoint.adapter == adapter
    assert make_plan(options_of("--adapter", "none"), settings).checkpoint.adapter is None
    with pytest.raises(ModelError, match="There is no adapter folder"):
        make_plan(options_of("--adapter", "elsewhere"), settings)


def test_asking_again_takes_the_recorded_adapter_and_no_other(tmp_path: Path, lora: Path) -> None:
    settings = Settings(models={DEMO_MODEL_ID: ModelSettings(adapter=lora)})
    with_it = make_plan(options_of(), settings)
    again = asked_again(tmp_path, with_it)
    assert with_it.checkpoint.adapter is not None
    assert make_plan(again, Settings()).checkpoint.adapter == with_it.checkpoint.adapter
    assert make_plan(asked_again(tmp_path, with_it, "--adapter", "none"), settings).checkpoint.adapter is None
    without = asked_again(tmp_path, make_plan(options_of(), Settings()))
    assert make_plan(without, settings).checkpoint.adapter is None


def test_a_recorded_adapter_that_is_gone_or_changed_is_said(tmp_path: Path, lora: Path) -> None:
    plan = make_plan(options_of("--adapter", str(lora)), Settings())
    again = asked_again(tmp_path, plan)
    write_peft(lora, random_matrices(linear_layers(DEMO_MODEL_DIR, "q_proj"), seed=9))
    with pytest.raises(UserError, match="receipts has changed since it was asked with") as caught:
        make_plan(again, Settings())
    assert f"--adapter {lora}" in caught.value.said.hint
    moved = lora.rename(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="receipts is no longer at") as caught:
        make_plan(again, Settings())
    assert "--adapter none" in caught.value.said.hint
    assert make_plan(replace(again, adapter=moved), Settings()).checkpoint.adapter is not None


def test_the_context_is_the_command_lines_then_the_records_then_the_settings_then_what_fits(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    whole = make_plan(options_of(), Settings())
    assert whole.checkpoint.context_tokens == whole.question.context_tokens == 4_096
    assert not whole.checkpoint.has_chosen_context
    settings = Settings(models={DEMO_MODEL_ID: ModelSettings(context_tokens=3_000)})
    chosen = make_plan(options_of(), settings)
    assert chosen.checkpoint.context_tokens == chosen.question.context_tokens == 3_000
    assert chosen.checkpoint.has_chosen_context
    assert make_plan(options_of("--context", "2500"), settings).question.context_tokens == 2_500
    assert make_plan(options_of("--context", "1000000"), settings).question.context_tokens == 4_096
    turn = TurnRecord("What?", (), "This.", "done", GREEDY, Figures(), datetime.now(timezone.utc), 1_280)
    model = ModelRecord(DEMO_MODEL_ID, "a", "bf16", "fake", "fake 1", 2_048)
    file = tmp_path / "result.json"
    file.write_text(render(Result(model, "", (turn,), "1", turn.created_at)), encoding="utf-8")
    again = read_arguments(["ask", "--backend", "fake", "--from", str(file)])
    assert isinstance(again, AskOptions)
    assert make_plan(again, settings).question.context_tokens == 2_048
    assert make_plan(replace(again, context_tokens=3_500), settings).question.context_tokens == 3_500
    narrow = MachineMemory("ram", 1, 1)
    monkeypatch.setattr("app.cli.plan.machine_memory", lambda _: narrow)
    assert make_plan(options_of(), Settings()).question.context_tokens == 2_048
    file.write_text(render(Result(replace(model, context_tokens=4_096), "", (turn,), "1", turn.created_at)))
    fitting = make_plan(again, settings).checkpoint
    assert (fitting.context_tokens, fitting.has_chosen_context) == (2_048, False), "recorded on a larger machine"


def test_a_shorter_context_leaves_less_room_for_the_parts_of_a_video() -> None:
    words = (str(SAMPLE_VIDEO), "--segments", "auto")
    questions = [make_plan(options_of(*words, "--context", str(n)), Settings()).question for n in (4_096, 2_048)]
    rooms = [room_of(question).tokens for question in questions]
    assert rooms[0] is not None
    assert rooms[1] is not None
    assert rooms[0] - rooms[1] > 1_000
