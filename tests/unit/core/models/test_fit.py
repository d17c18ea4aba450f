from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from app.core.machine import MachineMemory, metal_working_set_bytes
from app.core.models import fit
from app.core.models.catalogue import CatalogueModel, read_catalogue
from app.core.models.fit import context_that_fits, mark, memory_need, need_of, recommended

GB = 10**9
GIB = 2**30
CATALOGUE = read_catalogue()


def model(name: str) -> CatalogueModel:
    owner = "mlx-community" if name.endswith("bit") else "Qwen"
    found = CATALOGUE.find(f"{owner}/Qwen3-VL-{name}")
    assert found is not None
    return found


def mac(ram_gib: float) -> MachineMemory:
    total = int(ram_gib * GIB)
    return MachineMemory("metal", metal_working_set_bytes(total), total, "Apple M2", "mlx")


def gpu(gib: float) -> MachineMemory:
    return MachineMemory("cuda", int((gib - 0.5) * GIB), int(gib * GIB), "NVIDIA Test", "transformers")


def ram(gib: float, runtime: Literal["mlx", "transformers"] = "mlx") -> MachineMemory:
    return MachineMemory("ram", int(0.8 * gib * GIB), int(gib * GIB), "", runtime)


@pytest.mark.parametrize(
    ("name", "bits", "peak_gb"),
    [
        ("2B-Instruct-4bit", 16, 8.4),
        ("8B-Instruct-4bit", 4, 11),
        ("30B-A3B-Instruct-4bit", 4, 23),
        ("32B-Instruct-4bit", 4, 26),
    ],
)
def test_a_photo_of_16_500_tokens_takes_what_others_saw_or_a_little_more(name: str, bits: int, peak_gb: float) -> None:
    """Stated tolerance: never less, and no more than 10 % above the peaks that were seen with mlx-vlm."""
    need = memory_need(model(name).shape, bits, context_tokens=16_800, image_tokens=16_500, on=mac(512))
    assert 1.0 <= need.total_bytes / GB / peak_gb <= 1.1


@pytest.mark.parametrize(("image_tokens", "seen_gb"), [(196, 4.7), (576, 5.7), (1_024, 6.1)])
def test_a_small_picture_takes_less_than_a_server_with_caches_of_its_own(image_tokens: int, seen_gb: float) -> None:
    need = memory_need(
        model("4B-Instruct-4bit").shape, 4, context_tokens=image_tokens + 300, image_tokens=image_tokens, on=mac(512)
    )
    assert 0.6 <= need.total_bytes / GB / seen_gb < 1


@pytest.mark.parametrize(
    ("ram_gib", "name"),
    [
        (8, "2B-Instruct-4bit"),
        (16, "8B-Instruct-4bit"),
        (24, "8B-Instruct-8bit"),
        (32, "8B-Instruct-8bit"),
        (48, "32B-Instruct-4bit"),
        (64, "30B-A3B-Instruct-8bit"),
        (192, "235B-A22B-Instruct-4bit"),
    ],
)
def test_each_mac_is_recommended_what_suits_it(ram_gib: int, name: str) -> None:
    assert recommended(CATALOGUE, mac(ram_gib)) == model(name)


@pytest.mark.parametrize(
    ("memory", "name"),
    [
        (gpu(8), "2B-Instruct"),
        (gpu(16), "4B-Instruct"),
        (gpu(24), "8B-Instruct"),
        (gpu(80), "32B-Instruct"),
        (ram(16, "transformers"), "2B-Instruct"),
        (ram(32), "4B-Instruct-4bit"),
    ],
)
def test_other_machines_are_recommended_what_their_runtime_reads(memory: MachineMemory, name: str) -> None:
    found = recommended(CATALOGUE, memory)
    assert found == model(name)
    assert found.runtime == memory.runtime


def test_nothing_is_recommended_where_nothing_fits_and_the_best_where_nothing_is_told() -> None:
    assert recommended(CATALOGUE, gpu(3)) is None
    assert recommended(CATALOGUE, MachineMemory("ram", 0, 0, "")) == model("235B-A22B-Instruct-4bit")
    only = replace(CATALOGUE, models=(model("4B-Instruct-4bit"),))
    assert mark(need_of(model("4B-Instruct-4bit"), mac(8)), mac(8)) == "tight"
    assert recommended(only, mac(8)) == model("4B-Instruct-4bit")


def test_the_marks_follow_what_is_left() -> None:
    need = need_of(model("2B-Instruct-4bit"), mac(8))
    total = need.total_bytes
    assert total == need.weights_bytes + need.vision_bytes + need.cache_bytes + need.activation_bytes
    for usable, expected in ((total - 1, "too_large"), (total, "tight"), (int(total / 0.8) - 9, "tight")):
        assert mark(need, MachineMemory("metal", usable, 0)) == expected
    assert mark(need, MachineMemory("metal", int(total / 0.8) + 9, 0)) == "fits"
    large = need_of(model("235B-A22B-Instruct-4bit"), mac(192))
    assert mark(large, MachineMemory("metal", large.total_bytes + 8 * GB, 0)) == "fits"
    assert mark(large, MachineMemory("metal", 0, 0)) == "fits"


def test_more_context_larger_pictures_and_more_bits_take_more() -> None:
    shape, memory = model("8B-Instruct-4bit").shape, mac(64)
    base = memory_need(shape, 4, context_tokens=8_192, image_tokens=1_280, on=memory)
    assert base.cache_bytes == 8_192 * 144 * 1024
    longer = memory_need(shape, 4, context_tokens=16_384, image_tokens=1_280, on=memory)
    assert longer.cache_bytes == 2 * base.cache_bytes
    assert memory_need(shape, 4, image_tokens=16_384, on=memory).activation_bytes > 5 * base.activation_bytes
    assert memory_need(shape, 8, on=memory).weights_bytes > 1.8 * base.weights_bytes
    assert memory_need(shape, 8, on=memory).vision_bytes == base.vision_bytes
    beyond = memory_need(shape, 4, context_tokens=10**9, on=memory)
    assert beyond.cache_bytes == 262_144 * 144 * 1024


def test_on_a_processor_pytorch_takes_float32_and_on_a_gpu_bits_are_of_projections_alone() -> None:
    shape = model("8B-Instruct").shape
    on_gpu, on_cpu = (memory_need(shape, 16, on=memory) for memory in (gpu(24), ram(64, "transformers")))
    assert on_cpu.weights_bytes == 2 * on_gpu.weights_bytes
    assert on_cpu.cache_bytes == 2 * on_gpu.cache_bytes
    quantised = memory_need(shape, 4, on=gpu(24))
    assert quantised.weights_bytes > shape.embedding_params * 2 + shape.layer_params // 2
    assert quantised.weights_bytes < on_gpu.weights_bytes / 2.5
    experts = model("30B-A3B-Instruct-4bit").shape
    assert memory_need(experts, 4, on=ram(64)).cache_bytes == 2 * memory_need(experts, 4, on=mac(64)).cache_bytes


@pytest.mark.parametrize("memory", [mac(8), mac(16), gpu(8), ram(8)])
def test_the_context_that_fits_is_the_longest_that_does(memory: MachineMemory) -> None:
    found = recommended(CATALOGUE, memory)
    assert found is not None
    tokens = context_that_fits(found.shape, found.weight_bits, memory)
    assert tokens % 1_024 == 0
    assert 8_192 <= tokens < 262_144

    def total(context: int) -> int:
        return need_of(found, memory, context_tokens=context).total_bytes

    assert total(tokens) <= memory.usable_bytes * 0.95 < total(tokens + 1_024)


def test_the_context_is_never_more_than_the_makers_and_never_too_little_for_one_question() -> None:
    small = model("2B-Instruct-4bit")
    assert context_that_fits(small.shape, 4, mac(192)) == 262_144
    assert context_that_fits(small.shape, 4, MachineMemory("ram", 0, 0)) == 262_144
    assert context_that_fits(model("32B-Instruct-4bit").shape, 4, mac(8)) == 2_048
    assert context_that_fits(replace(small.shape, context_tokens=1_000), 4, mac(8)) == 1_000


def test_the_usual_picture_is_the_one_that_settings_begin_with() -> None:
    from app.core.settings import DEFAULT_MAX_IMAGE_TOKENS

    assert fit.USUAL_IMAGE_TOKENS == DEFAULT_MAX_IMAGE_TOKENS


def test_the_newer_family_keeps_states_beside_a_smaller_cache() -> None:
    newer = CATALOGUE.find("mlx-community/Qwen3.5-9B-MLX-4bit")
    assert newer is not None
    tokens = 8_192 * newer.shape.cached_params * 2
    assert need_of(newer, mac(16)).cache_bytes == tokens + 5 * newer.shape.state_params * 2
    assert tokens < need_of(newer, mac(16)).cache_bytes < need_of(model("8B-Instruct-4bit"), mac(16)).cache_bytes
