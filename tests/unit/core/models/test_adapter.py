"""Which LoRA folders are understood, what they add, and why others are refused."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.core.checkpoint import Checkpoint, read_checkpoint
from app.core.errors import ModelError
from app.core.models.adapter import adapted, read_adapter, read_low_ranks
from app.core.models.adapter_files import layer_name
from tests.adapters_made import (
    change_config,
    keep_layers,
    linear_layers,
    random_matrices,
    write_mlx,
    write_peft,
    write_safetensors,
)
from tests.random_checkpoint import Widths, write_random_checkpoint

FIRST = "model.language_model.layers.0.self_attn.q_proj"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return read_checkpoint(write_random_checkpoint(tmp_path_factory.mktemp("model") / "base"), "house/base-4B")


@pytest.fixture
def layers(checkpoint: Checkpoint) -> dict[str, tuple[int, int]]:
    return linear_layers(checkpoint.folder)


def test_a_peft_folder_is_understood(
    tmp_path: Path, checkpoint: Checkpoint, layers: dict[str, tuple[int, int]]
) -> None:
    matrices = random_matrices(layers)
    folder = write_peft(tmp_path / "receipts", matrices, alpha=12, base_model_name_or_path="house/base-4B-Instruct")
    adapter = adapted(checkpoint, folder).adapter
    assert adapter is not None
    assert (adapter.name, adapter.folder, adapter.form, adapter.rank) == ("receipts", folder, "peft", 4)
    assert adapter.targets == ("down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj")
    assert adapter.base == "house/base-4B-Instruct"
    added = {low.layer: low for low in read_low_ranks(adapter)}
    assert added.keys() == {layer_name(module) for module in layers}
    down, up = matrices[FIRST]
    low = added["layers.0.self_attn.q_proj"]
    assert np.array_equal(low.down, down)
    assert np.array_equal(low.up, up * np.float32(3))


@pytest.mark.parametrize("is_old", [False, True])
def test_mlx_vlms_folders_hold_the_same_turned_over(
    tmp_path: Path, checkpoint: Checkpoint, layers: dict[str, tuple[int, int]], is_old: bool
) -> None:
    matrices = random_matrices(layers)
    adapter = adapted(checkpoint, write_mlx(tmp_path / "own", matrices, scale=2.5, is_old=is_old)).adapter
    assert adapter is not None
    assert adapter.form == "mlx-vlm"
    for low in read_low_ranks(adapter):
        down, up = next(sides for module, sides in matrices.items() if layer_name(module) == low.layer)
        assert np.array_equal(low.down, down)
        assert np.allclose(low.up, up * np.float32(2.5), rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("base_model.model.model.language_model.layers.3.mlp.up_proj", "layers.3.mlp.up_proj"),
        ("base_model.model.model.layers.3.mlp.up_proj", "layers.3.mlp.up_proj"),
        ("base_model.model.language_model.model.layers.3.mlp.up_proj", "layers.3.mlp.up_proj"),
        ("language_model.model.layers.3.mlp.up_proj", "layers.3.mlp.up_proj"),
        ("base_model.model.model.visual.blocks.1.attn.qkv", "visual.blocks.1.attn.qkv"),
        ("base_model.model.visual.blocks.1.attn.qkv", "visual.blocks.1.attn.qkv"),
        ("vision_tower.blocks.1.attn.qkv", "visual.blocks.1.attn.qkv"),
        ("base_model.model.lm_head", "lm_head"),
        ("language_model.lm_head", "lm_head"),
    ],
)
def test_every_librarys_name_of_a_layer_leads_to_one(name: str, layer: str) -> None:
    assert layer_name(name) == layer


def test_layers_of_the_vision_tower_may_be_adapted(tmp_path: Path, checkpoint: Checkpoint) -> None:
    kinds = ("attn.qkv", "attn.proj", "mlp.linear_fc1", "merger.linear_fc2", "deepstack_merger_list.1.linear_fc1")
    layers = linear_layers(checkpoint.folder, *kinds)
    assert len(layers) > len(kinds)
    adapter = adapted(checkpoint, write_peft(tmp_path / "eyes", random_matrices(layers))).adapter
    assert adapter is not None
    assert {low.layer for low in read_low_ranks(adapter)} == {layer_name(module) for module in layers}


def test_ranks_and_scales_follow_pefts_patterns(tmp_path: Path, layers: dict[str, tuple[int, int]]) -> None:
    matrices = keep_layers(random_matrices(layers), [0]) | keep_layers(random_matrices(layers, rank=2), [1])
    patterns: dict[str, Any] = {
        "rank_pattern": {r".*\.layers\.\d+\.(self_attn|mlp)\.nothing": 9, r"layers\.1\..*": 2},
        "alpha_pattern": {"q_proj": 16, r"layers\.1\.mlp\.up_proj": 1},
    }
    adapter = read_adapter(write_peft(tmp_path / "mixed", matrices, alpha=8, **patterns))
    assert adapter.rank == 4
    scales = {}
    for low in read_low_ranks(adapter):
        up = next(sides for module, sides in matrices.items() if layer_name(module) == low.layer)[1]
        scales[low.layer] = round(float((low.up / up).mean()), 4)
    assert scales["layers.0.self_attn.q_proj"] == 4
    assert scales["layers.0.self_attn.v_proj"] == 2
    assert scales["layers.1.self_attn.q_proj"] == 8
    assert scales["layers.1.mlp.up_proj"] == 0.5


def test_rank_stabilised_scales_are_divided_by_the_ranks_root(
    tmp_path: Path, layers: dict[str, tuple[int, int]]
) -> None:
    matrices = random_matrices(layers, rank=9)
    low = next(read_low_ranks(read_adapter(write_peft(tmp_path / "rs", matrices, alpha=6, use_rslora=True))))
    assert np.allclose(low.up, next(iter(matrices.values()))[1] * (6 / math.sqrt(9)), rtol=1e-6)


def test_half_precision_is_read_as_it_is(
    tmp_path: Path, checkpoint: Checkpoint, layers: dict[str, tuple[int, int]]
) -> None:
    matrices = {FIRST: random_matrices(layers)[FIRST]}
    folder = write_peft(tmp_path / "bf16", matrices, alpha=4)
    file = folder / "adapter_model.safetensors"
    data = file.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    halves = (np.frombuffer(data[start:], "<u4") >> 16).astype("<u2").tobytes()
    for name, entry in header.items():
        if name != "__metadata__":
            entry |= {"dtype": "BF16", "data_offsets": [at // 2 for at in entry["data_offsets"]]}
    head = json.dumps(header).encode()
    file.write_bytes(len(head).to_bytes(8, "little") + head + halves)
    adapter = adapted(checkpoint, folder).adapter
    assert adapter is not None
    low = next(read_low_ranks(adapter))
    assert np.allclose(low.down, matrices[FIRST][0], rtol=2**-7)
    assert np.array_equal(low.down.view("<u4") & 0xFFFF, np.zeros(low.down.shape))


def test_taking_it_off_leaves_the_model_as_it_was(
    tmp_path: Path, checkpoint: Checkpoint, layers: dict[str, tuple[int, int]]
) -> None:
    with_it = adapted(checkpoint, write_peft(tmp_path / "a", random_matrices(layers)))
    assert with_it != checkpoint
    assert adapted(with_it, None) == checkpoint


def test_its_digest_tells_one_training_from_another(tmp_path: Path, layers: dict[str, tuple[int, int]]) -> None:
    first = read_adapter(write_peft(tmp_path / "a", random_matrices(layers, seed=1)))
    assert read_adapter(tmp_path / "a") == first
    second = read_adapter(write_peft(tmp_path / "a", random_matrices(layers, seed=2)))
    change_config(tmp_path / "a", lora_alpha=9)
    assert len({first.sha256, second.sha256, read_adapter(tmp_path / "a").sha256}) == 3
    with pytest.raises(ModelError, match="has changed since"):
        next(read_low_ranks(second))


def test_one_in_the_hubs_cache_is_called_by_its_repository(tmp_path: Path, layers: dict[str, tuple[int, int]]) -> None:
    folder = write_peft(tmp_path / "models--me--qwen-receipts" / "snapshots" / ("0" * 40), random_matrices(layers))
    assert read_adapter(folder).name == "qwen-receipts"


@pytest.mark.parametrize(
    ("base", "is_made_for"),
    [
        ("", True),
        ("house/base-4B", True),
        ("/somewhere/else/Base-4B", True),
        ("house/base", True),
        ("house/base-4B-Instruct", True),
        ("house/base-8B", False),
    ],
)
def test_what_it_says_it_was_made_for_is_only_compared(
    tmp_path: Path, checkpoint: Checkpoint, layers: dict[str, tuple[int, int]], base: str, is_made_for: bool
) -> None:
    folder = write_peft(tmp_path / "a", random_matrices(layers), base_model_name_or_path=base)
    adapter = adapted(checkpoint, folder).adapter
    assert adapter is not None
    assert adapter.is_made_for(checkpoint) == is_made_for


def test_a_quantised_models_layers_are_as_wide_as_unpacked(
    tmp_path: Path, checkpoint: Checkpoint, layers: dict[str, tuple[int, int]]
) -> None:
    quantised = tmp_path / "base"
    quantised.mkdir()
    own = {"language_model.model.layers.0.mlp.down_proj": {"group_size": 32, "bits": 8}}
    config = json.loads((checkpoint.folder / "config.json").read_text(encoding="utf-8"))
    (quantised / "config.json").write_text(json.dumps(config | {"quantization": {"group_size": 64, "bits": 4} | own}))
    tensors = {}
    for module, (gives, takes) in layers.items():
        is_own = module.endswith("layers.0.mlp.down_proj")
        name = module.replace("model.language_model", "language_model.model")
        tensors[f"{name}.weight"] = np.zeros((gives, takes * (8 if is_own else 4) // 32), np.float32)
        tensors[f"{name}.scales"] = np.zeros((gives, takes // (32 if is_own else 64)), np.float32)
    write_safetensors(quantised / "model.safetensors", tensors)
    folder = write_peft(tmp_path / "a", random_matrices(layers))
    assert adapted(replace(checkpoint, folder=quantised), folder).adapter is not None


def refusal(checkpoint: Checkpoint, folder: Path) -> str:
    with pytest.raises(ModelError) as caught:
        adapted(checkpoint, folder)
    assert caught.value.said.hint
    return str(caught.value)


def test_one_for_a_model_of_another_size_is_refused_with_what_it_is_for(tmp_path: Path, checkpoint: Checkpoint) -> None:
    wider = write_random_checkpoint(tmp_path / "wider", Widths(mlp_width=256))
    folder = write_peft(tmp_path / "a", random_matrices(linear_layers(wider)), base_model_name_or_path="house/big-8B")
    said = refusal(checkpoint, folder)
    assert "layers.0.mlp.gate_proj is 128 x 64 here, and 256 x 64 in it" in said
    assert "house/big-8B" in said


def test_one_for_a_deeper_model_is_refused(tmp_path: Path, checkpoint: Checkpoint) -> None:
    deeper = write_random_checkpoint(tmp_path / "deeper", Widths(text_layers=4))
    folder = write_peft(tmp_path / "a", random_matrices(linear_layers(deeper)))
    assert "no layer layers.3." in refusal(checkpoint, folder)


def test_an_output_layer_that_is_the_embedding_cannot_be_adapted(tmp_path: Path, checkpoint: Checkpoint) -> None:
    folder = write_peft(tmp_path / "a", random_matrices({"lm_head": (512, 64), FIRST: (64, 64)}))
    assert "no layer lm_head" in refusal(checkpoint, folder)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"peft_type": "IA3"}, "is of the kind IA3, not a LoRA"),
        ({"peft_type": "PROMPT_TUNING"}, "is of the kind PROMPT_TUNING, not a LoRA"),
        ({"use_dora": True}, "is of the kind DORA, not a LoRA"),
        ({"modules_to_save": ["lm_head"]}, "more than a plain LoRA does (modules_to_save)"),
        ({"bias": "lora_only"}, "more than a plain LoRA does (bias)"),
        ({"init_lora_weights": "pissa_niter_4"}, "more than a plain LoRA does (init_lora_weights: pissa_niter_4)"),
        ({"target_parameters": ["mlp.experts.down_proj"]}, "more than a plain LoRA does (target_parameters)"),
        ({"r": 8}, "is damaged"),
        ({"r": "many"}, "is damaged"),
        ({"r": 0}, "is damaged"),
        ({"lora_alpha": math.inf}, "is damaged"),
        ({"alpha_pattern": {"(": 3}}, "is damaged"),
        ({"rank_pattern": [3]}, "is damaged"),
        ({"rank_pattern": {r"(\w+)+!": 4}}, "is damaged"),
        ({"alpha_pattern": {r".*.*.*.*!": 4}}, "is damaged"),
    ],
)
def test_what_is_no_plain_lora_is_refused(
    tmp_path: Path, checkpoint: Checkpoint, layers: dict[str, tuple[int, int]], config: dict[str, object], said: str
) -> None:
    folder = write_peft(tmp_path / "a", random_matrices(layers))
    change_config(folder, **config)
    assert said in refusal(checkpoint, folder)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"fine_tune_type": "dora"}, "is of the kind DORA, not a LoRA"),
        ({"fine_tune_type": "full"}, "holds a whole model’s training"),
        ({"lora_parameters": None}, "is damaged"),
        ({"lora_parameters": {"rank": 4}}, "is damaged"),
    ],
)
def test_mlx_vlms_other_kinds_are_refused(
    tmp_path: Path, checkpoint: Checkpoint, layers: dict[str, tuple[int, int]], config: dict[str, object], said: str
) -> None:
    folder = write_mlx(tmp_path / "a", random_matrices(layers))
    change_config(folder, **config)
    assert said in refusal(checkpoint, folder)


@pytest.mark.parametrize("name", ["adapter_model.bin", "adapter_model.pt"])
def test_weights_that_may_hold_code_are_never_read(
    tmp_path: Path, checkpoint: Checkpoint, layers: dict[str, tuple[int, int]], name: str
) -> None:
    folder = write_peft(tmp_path / "a", random_matrices(layers))
    (folder / "adapter_model.safetensors").rename(folder / name)
    said = refusal(checkpoint, folder)
    assert "may hold program code" in said
    assert "adapter_model.safetensors" in said


def test_tensors_beside_the_matrices_are_refused(tmp_path: Path, checkpoint: Checkpoint) -> None:
    folder = write_peft(tmp_path / "a", random_matrices({FIRST: (64, 64)}))
    vector = np.zeros((64,), np.float32)
    write_safetensors(folder / "adapter_model.safetensors", {f"base_model.model.{FIRST}.lora_magnitude_vector": vector})
    assert "lora_magnitude_vector" in refusal(checkpoint, folder)


def test_faults_of_the_folder_are_said(
    tmp_path: Path, checkpoint: Checkpoint, layers: dict[str, tuple[int, int]]
) -> None:
    assert "There is no adapter folder" in refusal(checkpoint, tmp_path / "nowhere")
    assert "holds no adapter" in refusal(checkpoint, checkpoint.folder)
    folder = write_peft(tmp_path / "a", random_matrices(layers))
    file = folder / "adapter_model.safetensors"
    whole = file.read_bytes()
    file.write_bytes(whole[:-10])
    assert "is damaged" in refusal(checkpoint, folder)
    write_safetensors(file, {f"base_model.model.{FIRST}.lora_A.weight": np.zeros((4, 64), np.float32)})
    assert "is damaged" in refusal(checkpoint, folder)
    file.unlink()
    assert "adapter_model.safetensors is missing" in refusal(checkpoint, folder)
    (folder / "adapter_config.json").write_text("{")
    assert "is damaged" in refusal(checkpoint, folder)
