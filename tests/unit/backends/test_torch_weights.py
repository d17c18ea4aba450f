"""What the transformers backend refuses before it loads, with a PyTorch that says what the test wants."""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.backends import torch_weights
from app.backends.torch_memory import out_of_memory
from app.backends.torch_room import fewest_gpus, needed_bytes, refuse_too_large
from app.backends.torch_weights import Place, find_place, read_model
from app.backends.transformers_backend import TransformersBackend, _refuse_quantising
from app.core import machine
from app.core.checked_values import read_toml
from app.core.checkpoint import Checkpoint, read_checkpoint
from app.core.errors import ModelError
from app.core.models.model_shape import shape_of
from app.core.models.weight_sizes import StoredTensor
from app.core.paths import CATALOGUE_FILE

GB = 2**30
BF16 = SimpleNamespace(itemsize=2)
FP32 = SimpleNamespace(itemsize=4)


class OutOfMemoryError(RuntimeError):
    pass


def torch_with(gpus: tuple[int, ...] = (), cuda: str | None = "12.8", fault: str = "") -> Any:
    """A PyTorch that sees GPUs with so many free bytes."""

    def zeros(*_: object, **__: object) -> None:
        raise RuntimeError(fault)

    return SimpleNamespace(
        __version__="2.13.0",
        version=SimpleNamespace(cuda=cuda),
        bfloat16=BF16,
        float32=FP32,
        zeros=zeros,
        OutOfMemoryError=OutOfMemoryError,
        cuda=SimpleNamespace(
            is_available=lambda: bool(gpus),
            device_count=lambda: len(gpus),
            get_device_name=lambda _: "NVIDIA Test",
            mem_get_info=lambda index: (gpus[index], gpus[index]),
            empty_cache=lambda: None,
        ),
    )


@pytest.fixture
def checkpoint(random_checkpoint_dir: Path, tmp_path: Path) -> Checkpoint:
    for file in random_checkpoint_dir.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return read_checkpoint(tmp_path, "someone/Qwen3-VL-8B-Instruct")


def sized(checkpoint: Checkpoint) -> dict[str, Any]:
    """Tensors of as many numbers as the released 8B has, and its configuration in the folder."""
    size = next(size for size in read_toml(CATALOGUE_FILE)["sizes"] if size["size"] == "8B")
    config_file = checkpoint.folder / "config.json"
    config = json.loads(config_file.read_text())
    config |= {"text_config": size["text_config"], "vision_config": size["vision_config"]}
    config_file.write_text(json.dumps(config | {"tie_word_embeddings": False}))
    shape = shape_of(config | {"tie_word_embeddings": False})
    counts = {
        "model.language_model.layers.0.mlp.down_proj.weight": shape.layer_params,
        "lm_head.weight": shape.embedding_params,
        "model.visual.blocks.0.attn.proj.weight": shape.vision_params,
    }
    return {name: StoredTensor(config_file, count, 2 * count) for name, count in counts.items()}


def change_config(checkpoint: Checkpoint, **values: Any) -> Checkpoint:
    file = checkpoint.folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | values))
    return read_checkpoint(checkpoint.folder, checkpoint.model_id)


def refusal(work: Callable[[], object]) -> ModelError:
    with pytest.raises(ModelError) as caught:
        work()
    return caught.value


def test_gpus_that_pytorch_can_use_are_used() -> None:
    assert find_place(torch_with((8 * GB,))) == Place("cuda", "NVIDIA Test", BF16, (8 * GB,))
    assert find_place(torch_with((8 * GB, 4 * GB))).title == "2 x NVIDIA Test"


def test_without_a_gpu_the_processor_answers_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_weights, "has_nvidia_gpu", lambda: False)
    place = find_place(torch_with(cuda=None))
    assert (place.kind, place.name, place.dtype) == ("cpu", "CPU", FP32)


def test_a_pytorch_without_cuda_beside_a_gpu_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_weights, "has_nvidia_gpu", lambda: True)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    error = refusal(lambda: find_place(torch_with(cuda=None)))
    assert "built without CUDA" in error.said.text
    assert "viewfinder[cuda]" in error.said.hint
    assert "CUDA_VISIBLE_DEVICES" in error.said.hint


def test_a_driver_that_does_not_go_with_pytorch_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_weights, "has_nvidia_gpu", lambda: True)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    fault = "The NVIDIA driver on your system is too old (found version 11040)."
    error = refusal(lambda: find_place(torch_with(fault=fault)))
    assert "its driver does not go with this PyTorch (CUDA 12.8)" in error.said.text
    assert "Update the NVIDIA driver" in error.said.hint
    assert error.said.detail == fault


def test_who_hides_the_gpu_gets_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_has_nvidia_driver", lambda: True)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert find_place(torch_with(cuda=None)).kind == "cpu"


@pytest.mark.parametrize(
    ("free_gb", "hint"),
    [
        (16.0, "In 8 bits it needs about 11.9 GB: --quantize 8bit,"),
        (11.0, "In 4 bits it needs about 9.1 GB: --quantize 4bit,"),
        (7.5, "Qwen/Qwen3-VL-2B-Instruct would fit,"),
        (5.5, "Qwen/Qwen3-VL-4B-Instruct would fit in 4 bits"),
        (5.0, "Qwen/Qwen3-VL-2B-Instruct would fit in 4 bits"),
        (2.0, "No released Qwen3-VL fits"),
    ],
)
def test_a_gpu_that_is_too_small_is_told_with_what_would_fit(checkpoint: Checkpoint, free_gb: float, hint: str) -> None:
    tensors = sized(checkpoint)
    place = Place("cuda", "NVIDIA Test", BF16, (int(free_gb * GB),))
    error = refusal(lambda: refuse_too_large(checkpoint, tensors, place))
    assert error.said.text.startswith("The model Qwen3-VL-8B-Instruct needs about 18.3 GB on the GPU; ")
    assert f"{free_gb} GB are free" in error.said.text
    assert hint in error.said.hint


def test_what_the_person_wants_loaded_all_the_same_is_not_refused(checkpoint: Checkpoint) -> None:
    place = Place("cpu", "CPU", FP32, (2 * GB,))
    with pytest.raises(ModelError):
        refuse_too_large(checkpoint, sized(checkpoint), place)
    refuse_too_large(replace(checkpoint, is_size_accepted=True), sized(checkpoint), place)


def test_the_estimate_counts_weights_cache_and_several_gpus(checkpoint: Checkpoint) -> None:
    tensors = sized(checkpoint)
    place = Place("cuda", "NVIDIA Test", BF16, (11 * GB, 10 * GB), (0, 1))
    cache, weights = 8_192 * 2 * 36 * 8 * 128 * 2, sum(tensor.size_bytes for tensor in tensors.values())
    beside = needed_bytes(checkpoint, tensors, place) - weights - cache
    assert 1.4 * GB < beside < 2 * GB
    assert beside - 0.8 * GB < needed_bytes(checkpoint, tensors, place.only(0)) - weights - cache < beside - 0.6 * GB
    refuse_too_large(checkpoint, tensors, place)
    quantised = replace(checkpoint, weight_bits=4)
    assert 0.3 < (needed_bytes(quantised, tensors, place) - cache - beside) / weights < 0.5
    longer = checkpoint.with_context(32_768, is_chosen=True)
    assert needed_bytes(longer, tensors, place) - needed_bytes(checkpoint, tensors, place) >= 3 * cache


def test_a_model_for_which_one_gpu_has_room_is_not_spread(checkpoint: Checkpoint) -> None:
    tensors = sized(checkpoint)

    def gpus(*free_gb: int) -> tuple[int, ...]:
        free = tuple(gb * GB for gb in free_gb)
        place = find_place(torch_with(free))
        assert (place.free_bytes, place.title) == (free, f"{len(free)} x NVIDIA Test")
        found = fewest_gpus(checkpoint, tensors, place)
        assert found.free_bytes == tuple(free[gpu] for gpu in found.gpus)
        return found.gpus

    assert gpus(18, 40) == (1,)
    assert gpus(40, 18) == (0,)
    assert gpus(18, 18) == (0, 1)


def test_a_machine_with_too_little_memory_is_told(checkpoint: Checkpoint) -> None:
    tensors = sized(checkpoint)
    error = refusal(lambda: refuse_too_large(checkpoint, tensors, Place("cpu", "CPU", FP32, (20 * GB,))))
    assert "of memory; 20.0 GB are free" in error.said.text
    assert "In 8 bits it needs about 16.1 GB" in error.said.hint
    refuse_too_large(checkpoint, tensors, Place("cpu", "CPU", FP32, (0,)))  # a system that does not tell


def test_weights_in_mlxs_form_are_told_with_the_repository_to_take(checkpoint: Checkpoint) -> None:
    named = replace(checkpoint, model_id="mlx-community/Qwen3-VL-4B-Instruct-4bit")
    change_config(named, quantization={"bits": 4, "group_size": 64})
    error = refusal(lambda: list(read_model(torch_with(), named, Place("cpu", "CPU", FP32, (GB,)), lambda: False)))
    assert "is in MLX's form" in error.said.text
    assert "Take Qwen/Qwen3-VL-4B-Instruct instead" in error.said.hint
    unknown = replace(named, model_id="/models/mine")
    error = refusal(lambda: list(read_model(torch_with(), unknown, Place("cpu", "CPU", FP32, (GB,)), lambda: False)))
    assert "the repository it was made from" in error.said.hint


def test_whole_weights_in_mlxs_layout_are_told_too(checkpoint: Checkpoint) -> None:
    header = b'{"vision_tower.blocks.0.norm1.weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    (checkpoint.folder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    error = refusal(lambda: list(read_model(torch_with(), checkpoint, Place("cpu", "", FP32, (GB,)), lambda: False)))
    assert "is in MLX's form" in error.said.text
    assert "Qwen/Qwen3-VL-8B-Instruct" in error.said.hint


def test_weights_quantised_by_others_are_told(checkpoint: Checkpoint) -> None:
    text_config = json.loads((checkpoint.folder / "config.json").read_text())["text_config"]
    for values in (
        {"text_config": text_config | {"quantization_config": {"quant_method": "fp8"}}},
        {"quantization_config": {"quant_method": "fp8"}},
    ):
        changed = change_config(checkpoint, **values)
        error = refusal(lambda: list(read_model(torch_with(), changed, Place("cpu", "", FP32, (GB,)), lambda: False)))  # noqa: B023
        assert (
            error.said.text
            == "The model Qwen3-VL-8B-Instruct is quantised (fp8), which the transformers backend does not read."
        )


def test_quantising_is_refused_where_it_cannot_be_done(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    in_four = replace(checkpoint, weight_bits=4)
    _refuse_quantising(checkpoint)
    experts = replace(in_four, model_type="qwen3_vl_moe")
    assert "mixture of experts" in refusal(lambda: _refuse_quantising(experts)).said.text
    monkeypatch.setattr("app.backends.transformers_backend._QUANTISING_PACKAGES", ("no_such_package",))
    assert refusal(lambda: _refuse_quantising(in_four)).said.hint == "pip install bitsandbytes accelerate"


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (RuntimeError("CUDA error: no kernel image is available for execution on the device"), "does not work with"),
        (ImportError("Using a `device_map` requires `accelerate`."), "lacks a package"),
        (RuntimeError("size mismatch"), "cannot be read"),
    ],
)
def test_a_fault_while_reading_is_told_for_what_it_is(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch, fault: Exception, text: str
) -> None:
    def fail(*_: object) -> None:
        raise fault

    pytest.importorskip("safetensors", reason="no runtime is installed")
    monkeypatch.setattr(torch_weights, "_assembled", fail)
    place = Place("cuda", "NVIDIA Test", BF16, (GB * 99,))
    error = refusal(lambda: list(read_model(torch_with((GB * 99,)), checkpoint, place, lambda: False)))
    assert text in error.said.text
    assert error.said.detail == repr(fault)


def test_a_driver_without_memory_while_reading_is_not_taken_for_a_broken_one(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("CUDA error: out of memory")

    pytest.importorskip("safetensors", reason="no runtime is installed")
    monkeypatch.setattr(torch_weights, "_assembled", fail)
    place = Place("cuda", "NVIDIA Test", BF16, (GB * 99,))
    with pytest.raises(OutOfMemoryError):
        list(read_model(torch_with((GB * 99,)), checkpoint, place, lambda: False))


def test_a_pytorch_that_does_not_import_is_told(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    error = refusal(lambda: list(TransformersBackend().load(checkpoint, lambda: False)))
    assert error.said.text == "PyTorch does not start on this machine."


def test_memory_is_given_back_once_nothing_of_the_failed_work_holds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Numbers:
        pass

    held: list[weakref.ref[Numbers]] = []
    alive: list[bool] = []

    def work() -> None:
        numbers = Numbers()
        held.append(weakref.ref(numbers))
        raise OutOfMemoryError("CUDA out of memory")

    torch = torch_with((GB,))
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: alive.append(held[0]() is not None))
    told = None
    try:
        work()
    except OutOfMemoryError as fault:
        told = out_of_memory(torch, fault)
    assert told is not None
    assert alive == [False]


def test_out_of_memory_has_words_and_other_faults_have_not() -> None:
    told = out_of_memory(torch_with((GB,)), OutOfMemoryError("CUDA out of memory"))
    assert told is not None
    assert "Lower the tokens per picture" in told.hint
    assert out_of_memory(torch_with(), RuntimeError("DefaultCPUAllocator: can't allocate memory: 9 bytes")) is not None
    assert out_of_memory(torch_with(), MemoryError()) is not None
    assert out_of_memory(torch_with((GB,)), RuntimeError("CUDA error: out of memory")) is not None
    assert out_of_memory(torch_with((GB,)), RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED")) is not None
    assert out_of_memory(torch_with(), ValueError("something else")) is None
