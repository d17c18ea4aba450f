from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from app.core.checkpoint import find_checkpoint, read_checkpoint, weight_bits_in
from app.core.errors import ModelError
from app.core.sampling import GREEDY
from app.core.vision import PixelLimits
from tests.whole_model import CONFIG, write_whole_model

if TYPE_CHECKING:
    from pathlib import Path

GENERATION = {"do_sample": True, "temperature": 0.7, "top_p": 0.8, "top_k": 20, "eos_token_id": [151_645, 151_643]}


def write(folder: Path, config: dict[str, Any], **files: dict[str, Any]) -> Path:
    write_whole_model(folder, config)
    for name, value in files.items():
        (folder / f"{name}.json").write_text(json.dumps(value), encoding="utf-8")
    return folder


def test_a_released_checkpoint(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        CONFIG,
        generation_config=GENERATION,
        preprocessor_config={"size": {"shortest_edge": 65_536, "longest_edge": 16_777_216}},
        video_preprocessor_config={"size": {"shortest_edge": 4_096, "longest_edge": 25_165_824}},
    )
    checkpoint = read_checkpoint(folder, "Qwen/Qwen3-VL-4B-Instruct")
    assert checkpoint.name == "Qwen3-VL-4B-Instruct"
    assert checkpoint.quantisation == "bf16"
    assert checkpoint.image_limits == PixelLimits(65_536, 16_777_216)
    assert checkpoint.clip_limits == PixelLimits(4_096, 25_165_824)
    assert checkpoint.end_token_ids == (151_645, 151_643)
    assert checkpoint.default_sampling.temperature == 0.7
    assert checkpoint.default_sampling.presence_penalty == 1.5
    assert not checkpoint.is_demo


def test_a_thinking_checkpoint_has_no_presence_penalty(tmp_path: Path) -> None:
    sampling = read_checkpoint(write(tmp_path, CONFIG), "Qwen/Qwen3-VL-4B-Thinking").default_sampling
    assert (sampling.presence_penalty, sampling.temperature, sampling.top_p) == (0.0, 1.0, 0.95)


def test_a_newer_checkpoint_is_sampled_as_one_that_does_not_think_and_ends_with_its_turn(tmp_path: Path) -> None:
    text = CONFIG["text_config"] | {"eos_token_id": 248_044}
    thinking = {"do_sample": True, "temperature": 1.0, "top_p": 0.95, "top_k": 20}
    folder = write(tmp_path, CONFIG | {"model_type": "qwen3_5", "text_config": text}, generation_config=thinking)
    checkpoint = read_checkpoint(folder, "mlx-community/Qwen3.5-4B-MLX-4bit")
    sampling = checkpoint.default_sampling
    assert (sampling.temperature, sampling.top_p, sampling.top_k, sampling.presence_penalty) == (0.7, 0.8, 20, 1.5)
    assert checkpoint.end_token_ids == (248_044, 248_046)
    (folder / "generation_config.json").write_text(json.dumps(thinking | {"eos_token_id": [248_046, 248_044]}))
    assert read_checkpoint(folder, "x").end_token_ids == (248_046, 248_044)


def test_a_checkpoint_that_does_not_sample_is_greedy(tmp_path: Path) -> None:
    folder = write(tmp_path, CONFIG, generation_config={"do_sample": False, "eos_token_id": 3})
    checkpoint = read_checkpoint(folder, str(folder))
    assert checkpoint.default_sampling == GREEDY
    assert checkpoint.end_token_ids == (3,)


def test_weights_that_are_quantised_while_loading_are_named_and_known_again() -> None:
    stored = find_checkpoint("demo")
    assert stored.quantised(None) is stored
    in_four = stored.quantised(4)
    assert (in_four.quantisation, in_four.weight_bits) == ("bf16, loaded in 4 bits", 4)
    assert weight_bits_in(in_four.quantisation) == 4
    assert weight_bits_in(stored.quantisation) is None
    assert weight_bits_in("4-bit, group 64") is None


def test_quantisation_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path, CONFIG | {"quantization": {"group_size": 64, "bits": 4}})
    assert read_checkpoint(folder, "x").quantisation == "4-bit, group 64"


def test_limits_are_found_in_the_combined_file_of_newer_conversions(tmp_path: Path) -> None:
    combined = {
        "image_processor": {"size": {"shortest_edge": 4_096, "longest_edge": 36_864}},
        "video_processor": {"size": {"shortest_edge": 8_192, "longest_edge": 99_999}},
    }
    checkpoint = read_checkpoint(write(tmp_path, CONFIG, processor_config=combined), "x")
    assert checkpoint.image_limits == PixelLimits(4_096, 36_864)
    assert checkpoint.clip_limits == PixelLimits(8_192, 99_999)


def test_the_revision_is_the_snapshots_commit_or_changes_with_the_files(tmp_path: Path) -> None:
    snapshot = write(tmp_path / "snapshots" / "abc123", CONFIG)
    assert read_checkpoint(snapshot, "x").revision == "abc123"
    plain = write(tmp_path / "plain", CONFIG)
    before = read_checkpoint(plain, "x").revision
    (plain / "model.safetensors").write_bytes(b"y")
    assert read_checkpoint(plain, "x").revision != before


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({**CONFIG, "model_type": "llava"}, "not a Qwen3-VL"),
        ({key: CONFIG[key] for key in CONFIG if key != "vision_config"}, "vision tower"),
        ({key: CONFIG[key] for key in CONFIG if key != "image_token_id"}, "whole Qwen3-VL"),
        ({**CONFIG, "quantization_config": ["gptq"]}, "whole Qwen3-VL"),
        ({**CONFIG, "text_config": "none"}, "whole Qwen3-VL"),
    ],
)
def test_another_model_is_refused(tmp_path: Path, config: dict[str, Any], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        read_checkpoint(write(tmp_path, config), "x")


def test_damaged_folders_are_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no config\.json"):
        find_checkpoint(str(tmp_path))
    folder = write(tmp_path, CONFIG)
    (folder / "generation_config.json").write_text("[1]", encoding="utf-8")
    with pytest.raises(ModelError, match="JSON object"):
        find_checkpoint(str(folder))
    (folder / "config.json").write_text("{", encoding="utf-8")
    with pytest.raises(ModelError, match="cannot be read"):
        find_checkpoint(str(folder))
    write(tmp_path, CONFIG)
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="no weights"):
        read_checkpoint(folder, "x")


def test_a_repository_that_is_not_here_is_told_without_a_download() -> None:
    with pytest.raises(ModelError, match="not on this machine"):
        find_checkpoint("Qwen/Qwen3-VL-4B-Instruct")


@pytest.mark.parametrize("file", ["config.json", "generation_config.json"])
def test_a_model_that_brings_its_own_code_is_refused(tmp_path: Path, file: str) -> None:
    folder = write(tmp_path, CONFIG, generation_config=GENERATION)
    values = json.loads((folder / file).read_text(encoding="utf-8"))
    (folder / file).write_text(json.dumps(values | {"model_file": "own.py"}), encoding="utf-8")
    with pytest.raises(ModelError, match="its own program code"):
        read_checkpoint(folder, "x")


@pytest.mark.parametrize("name", ["~nobody-of-this-name/m", "a" * 300, "nul\0"])
def test_a_name_that_cannot_be_a_path_is_told(name: str) -> None:
    with pytest.raises(ModelError, match=r"There is no model|not on this machine"):
        find_checkpoint(name)


@pytest.mark.parametrize("name", ["nothing", "/no/such/folder", "./a/b", "a/b/c"])
def test_a_name_that_is_no_model_is_told(name: str) -> None:
    with pytest.raises(ModelError, match="There is no model"):
        find_checkpoint(name)
