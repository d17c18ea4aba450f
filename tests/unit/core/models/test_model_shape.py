from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from app.core.checked_values import read_toml
from app.core.errors import ModelError
from app.core.models.model_shape import shape_of
from app.core.models.weight_files import INDEX_FILE
from app.core.models.weight_sizes import WeightCounts, bytes_as_stored, is_projection, mlx_bytes, tensors_of
from app.core.paths import CATALOGUE_FILE, DEMO_MODEL_DIR
from tests.random_checkpoint import Widths, write_random_checkpoint

SIZES: dict[str, dict[str, Any]] = {
    f"{size['family']} {size['size']}": {"text_config": size["text_config"], "vision_config": size["vision_config"]}
    for size in read_toml(CATALOGUE_FILE)["sizes"]
}
STATED_GB = [
    ("Qwen3-VL 2B", 16, 4.26),
    ("Qwen3-VL 4B", 4, 3.11),
    ("Qwen3-VL 4B", 8, 5.12),
    ("Qwen3-VL 4B", 16, 8.88),
    ("Qwen3-VL 8B", 4, 5.77),
    ("Qwen3-VL 8B", 16, 17.53),
    ("Qwen3-VL 30B-A3B", 4, 18.26),
    ("Qwen3-VL 32B", 16, 66.73),
    ("Qwen3-VL 235B-A22B", 3, 104.02),
    ("Qwen3-VL 235B-A22B", 4, 133.41),
    ("Qwen3-VL 235B-A22B", 16, 471.3),
    ("Qwen3.5 4B", 4, 3.05),
    ("Qwen3.5 9B", 4, 5.97),
    ("Qwen3.5 27B", 4, 16.07),
    ("Qwen3.6 35B-A3B", 4, 20.42),
]
"""Sizes of published weights as others state them, in 10**9 bytes."""


@pytest.mark.parametrize(("name", "bits", "gb"), STATED_GB)
def test_weights_counted_from_the_figures_take_what_published_ones_do(name: str, bits: int, gb: float) -> None:
    weights = mlx_bytes(WeightCounts.of(shape_of(SIZES[name])), bits)
    assert (weights.text + weights.vision) / 10**9 == pytest.approx(gb, rel=0.01)


@pytest.mark.parametrize(
    ("name", "text_billions", "vision_billions", "token_kib"),
    [
        ("Qwen3-VL 2B", 1.72, 0.41, 112),
        ("Qwen3-VL 4B", 4.02, 0.42, 144),
        ("Qwen3-VL 8B", 8.19, 0.58, 144),
    ],
)
def test_params_and_the_cache_of_a_token_are_those_that_are_known(
    name: str, text_billions: float, vision_billions: float, token_kib: int
) -> None:
    shape = shape_of(SIZES[name])
    assert shape.text_params / 10**9 == pytest.approx(text_billions, abs=0.005)
    assert shape.vision_params / 10**9 == pytest.approx(vision_billions, abs=0.005)
    assert shape.cached_params * 2 == token_kib * 1024


@pytest.mark.parametrize(
    "widths",
    [
        Widths(),
        Widths(is_tied=False),
        Widths(experts=4),
        Widths(dtype="float32", heads=8, kv_heads=4, vision_depth=7),
        Widths(is_newer=True, text_layers=4),
        Widths(is_newer=True, text_layers=4, experts=4, is_tied=False),
    ],
    ids=["tied", "untied", "experts", "float32", "newer", "newer with experts"],
)
def test_every_number_of_a_checkpoint_is_counted(tmp_path: Path, widths: Widths) -> None:
    write_random_checkpoint(tmp_path, widths)
    config = json.loads((tmp_path / "config.json").read_text())
    tensors = tensors_of(tmp_path)
    shape, stored = shape_of(config), bytes_as_stored(tensors)
    counts = WeightCounts.stored(tensors)
    assert counts.vision == shape.vision_params
    assert counts.projections + counts.embeddings == shape.text_params
    item = 4 if widths.dtype == "float32" else 2
    assert (stored.text, stored.vision) == (shape.text_params * item, shape.vision_params * item)
    if widths.is_newer:  # never quantised while it is loaded, so that its projections need not be told from the rest
        return
    norms_and_gates = shape.text_params - shape.embedding_params - counts.projections
    assert 0 < norms_and_gates < shape.text_params * 0.02


def test_the_demo_model_is_counted_too() -> None:
    shape = shape_of(json.loads((DEMO_MODEL_DIR / "config.json").read_text()))
    assert shape.text_params + shape.vision_params == sum(t.count for t in tensors_of(DEMO_MODEL_DIR).values())


def test_weights_that_the_index_does_not_name_are_not_counted(tmp_path: Path) -> None:
    write_random_checkpoint(tmp_path, Widths())
    counted = tensors_of(tmp_path)
    names = sorted({tensor.file.name for tensor in counted.values()})
    (tmp_path / INDEX_FILE).write_text(json.dumps({"weight_map": dict.fromkeys(counted, names[0])}))
    shutil.copyfile(tmp_path / names[0], tmp_path / "consolidated.safetensors")
    assert tensors_of(tmp_path) == counted


def respelled(config: dict[str, Any]) -> dict[str, Any]:
    """As transformers 5 saves it."""
    text = copy.deepcopy(config["text_config"])
    text["rope_parameters"] = {"rope_type": "default", "rope_theta": 5_000_000}
    text["dtype"] = "bfloat16"
    tied = text.pop("tie_word_embeddings")
    vision = config["vision_config"] | {"model_type": "qwen3_vl_vision"}
    return {"model_type": "qwen3_vl", "text_config": text, "vision_config": vision, "tie_word_embeddings": tied}


@pytest.mark.parametrize("name", [name for name in SIZES if name.startswith("Qwen3-VL")])
def test_other_spellings_tell_the_same(name: str) -> None:
    released = SIZES[name]
    assert shape_of(respelled(released)) == shape_of(released)
    quantised = released | {"quantization": {"bits": 4, "group_size": 64}, "quantization_config": {"bits": 4}}
    assert shape_of(quantised) == shape_of(released)


def test_layers_without_keys_and_values_keep_a_state_of_one_size() -> None:
    shape = shape_of(SIZES["Qwen3.5 27B"])
    assert shape.layers == 16
    assert shape.cached_params * 2 == 64 * 1024
    # Per recurrent layer three columns of the convolution, and 48 heads of 128 x 128 in float32.
    assert shape.state_params * 2 == 48 * (3 * (2 * 16 * 128 + 48 * 128) * 2 + 48 * 128 * 128 * 4)
    listed = copy.deepcopy(SIZES["Qwen3.5 27B"])
    listed["text_config"]["layer_types"] = ["linear_attention"] * 3 + ["full_attention"]
    listed["text_config"]["num_hidden_layers"] = 4
    assert shape_of(listed).layers == 1


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"text_config": {}, "vision_config": {}},
        {"text_config": None, "vision_config": []},
        {"text_config": SIZES["Qwen3-VL 2B"]["text_config"]},
        {**SIZES["Qwen3-VL 2B"], "text_config": SIZES["Qwen3-VL 2B"]["text_config"] | {"num_attention_heads": "many"}},
    ],
)
def test_a_configuration_that_does_not_tell_is_told(config: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match="does not tell how large it is"):
        shape_of(config)


def test_projections_are_told_by_their_names() -> None:
    assert is_projection("model.language_model.layers.3.mlp.down_proj.weight")
    assert is_projection("language_model.model.layers.3.self_attn.q_proj.weight")
    assert is_projection("model.language_model.layers.0.mlp.experts.gate_up_proj")
    for name in (
        "model.visual.blocks.0.attn.proj.weight",
        "vision_tower.blocks.0.attn.proj.weight",
        "model.language_model.embed_tokens.weight",
        "model.language_model.layers.0.input_layernorm.weight",
        "lm_head.weight",
    ):
        assert not is_projection(name)
