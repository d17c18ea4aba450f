"""How the transformers backend loads weights, quantises them, and gives the memory back."""

from __future__ import annotations

import gc
import json
import sys
import weakref
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.backends import torch_weights, transformers_backend
from app.backends.torch_room import needed_bytes
from app.backends.torch_weights import Place, read_model
from app.backends.transformers_backend import TransformersBackend
from app.core.checkpoint import Checkpoint, find_checkpoint, read_checkpoint
from app.core.errors import ModelError
from app.core.events import LoadProgress
from app.core.models.weight_sizes import tensors_of
from app.core.requests import Turn
from tests.pictures_made import noise_picture
from tests.random_checkpoint import Widths, write_random_checkpoint
from tests.short_answers import asked, text_of
from tests.torch_here import loaded, skip_without_torch

skip_without_torch()

ONE = (noise_picture(1),)


@pytest.mark.skipif(find_spec("bitsandbytes") is None, reason="bitsandbytes has no wheel for this machine")
@pytest.mark.parametrize("bits", [8, 4])
def test_quantised_weights_answer_in_less_memory(bits: int) -> None:
    demo = find_checkpoint("demo")
    requests = [
        asked(Turn("Describe this image.", shown), request_id=name)
        for name, shown in (("a", (noise_picture(1),)), ("b", ()))
    ]
    held_bytes = {}
    for checkpoint in (demo, demo.quantised(bits)):
        backend = loaded(checkpoint)
        events = list(backend.generate(requests, lambda _: False))
        assert [text_of(events, name) for name in "ab"] == ["I only know simple shapes and numbers."] * 2
        assert backend._answering is not None
        held_bytes[checkpoint.weight_bits] = backend._answering._decoder.weight_bytes
        model = backend._answering._decoder._model
        backend.close()
    assert held_bytes[bits] < 0.8 * held_bytes[None]
    looks = iter(range(10_000))
    stopped = TransformersBackend()
    list(stopped.load(demo.quantised(bits), lambda: next(looks) >= 20))
    assert (stopped.is_loaded, next(looks) < 60) == (False, True), "a stop is heard at the next tensor"
    kinds = [type(model.model.language_model.layers[0].mlp.up_proj), type(model.model.visual.blocks[0].mlp.linear_fc1)]
    assert [kind.__name__ for kind in kinds] == ["Linear4bit" if bits == 4 else "Linear8bitLt", "Linear"]


@pytest.mark.parametrize("gpus", [(1,), (0, 1)])
def test_no_weight_is_in_memory_before_it_has_its_place(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch, gpus: tuple[int, ...]
) -> None:
    import torch
    import transformers

    given: dict[str, Any] = {}

    def from_pretrained(*_: object, **options: Any) -> None:
        read = [value for value in options["state_dict"].values() if isinstance(value, torch.Tensor)]
        given.update(options, read=read, first=next(iter(options["state_dict"].values()))[...])
        raise KeyError("no GPU here")

    monkeypatch.setattr(transformers.Qwen3VLForConditionalGeneration, "from_pretrained", from_pretrained)
    monkeypatch.setattr(torch_weights, "has_flash_attention", lambda _: False)
    needed = needed_bytes(checkpoint, tensors_of(checkpoint.folder), Place("cuda", "", torch.bfloat16, (0,)))
    place = Place("cuda", "", torch.bfloat16, (0, needed)[-len(gpus) :] if len(gpus) == 1 else (needed - 1,) * 2, gpus)
    with pytest.raises(ModelError, match="cannot be read"):
        list(read_model(torch, checkpoint, place, lambda: False))
    assert given["read"] == []
    assert isinstance(given["first"], torch.Tensor)
    if len(gpus) == 1:
        assert given["device_map"] == {"": 1}
    else:
        assert given["device_map"] == "auto"
        assert given["max_memory"].keys() == {0, 1}


@pytest.mark.parametrize("is_out_of_memory", [True, False])
def test_a_model_that_failed_is_not_held_by_the_words_for_it(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch, *, is_out_of_memory: bool
) -> None:
    import torch

    made: list[weakref.ref[object]] = []

    def fail(*parts: Any) -> None:
        made.append(weakref.ref(parts[2]._model))
        raise torch.OutOfMemoryError("CUDA out of memory") if is_out_of_memory else ModelError("It fails.", "Go.")

    monkeypatch.setattr(transformers_backend, "_warm_up", fail)
    with pytest.raises(ModelError) as caught:
        loaded(checkpoint)
    assert ("not enough memory" in caught.value.said.text) is is_out_of_memory
    assert made[0]() is None


def test_loading_reads_in_steps_and_hears_a_stop_between_them(checkpoint: Checkpoint) -> None:
    backend = TransformersBackend()
    fractions = [step.fraction for step in backend.load(checkpoint, lambda: False) if step.stage == "reading_weights"]
    assert len(fractions) > 10
    assert fractions == sorted(fractions, key=lambda fraction: fraction or 0.0)
    assert fractions[-1] == 1.0
    backend.close()
    seen: list[LoadProgress] = []
    for step in backend.load(checkpoint, lambda: len(seen) >= 6):
        seen.append(step)  # noqa: PERF402 - the stop looks at what came so far
    assert len(seen) == 6
    assert not backend.is_loaded


def test_the_model_folder_is_never_written_to(checkpoint: Checkpoint, tmp_path: Path) -> None:
    for file in checkpoint.folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    before = {file.name: (file.stat().st_mtime_ns, file.read_bytes()) for file in tmp_path.iterdir()}
    backend = loaded(replace(checkpoint, folder=tmp_path))
    list(backend.generate([asked(Turn("Hi", ONE))], lambda _: False))
    backend.close()
    assert {file.name: (file.stat().st_mtime_ns, file.read_bytes()) for file in tmp_path.iterdir()} == before


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="resident memory is read as Linux tells it")
def test_unloading_gives_the_memory_back_to_the_system(tmp_path: Path) -> None:
    widths = Widths(text_width=512, text_layers=8, mlp_width=4096, vocabulary=8_192, dtype="float32")
    checkpoint = read_checkpoint(write_random_checkpoint(tmp_path / "larger", widths), "larger")
    weights_bytes = (tmp_path / "larger" / "model.safetensors").stat().st_size
    assert weights_bytes > 200_000_000

    def resident_bytes() -> int:
        gc.collect()
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4_096

    backend = TransformersBackend()
    held_bytes = []
    for _ in range(3):
        list(backend.load(checkpoint, lambda: False))
        list(backend.generate([asked(Turn("Hi", ONE))], lambda _: False))
        loaded_bytes = resident_bytes()
        backend.unload()
        held_bytes.append(resident_bytes())
        assert loaded_bytes - held_bytes[-1] > 0.8 * weights_bytes
    assert held_bytes[-1] - held_bytes[0] < 0.1 * weights_bytes


def test_weights_that_do_not_fit_are_told(checkpoint: Checkpoint, tmp_path: Path) -> None:
    for file in checkpoint.folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    weights = (tmp_path / "model.safetensors").read_bytes()
    for damaged in (weights[: len(weights) // 2], b"", b"not weights at all"):
        (tmp_path / "model.safetensors").write_bytes(damaged)
        with pytest.raises(ModelError, match=r"is damaged|bytes long, but should be"):
            loaded(replace(checkpoint, folder=tmp_path))
    config = json.loads((tmp_path / "config.json").read_text())
    config["text_config"]["num_hidden_layers"] += 1
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "model.safetensors").write_bytes(weights)
    with pytest.raises(ModelError, match="cannot be read") as caught:
        loaded(replace(checkpoint, folder=tmp_path))
    assert "tensors are missing" in caught.value.said.detail


@pytest.mark.parametrize(
    ("part", "name", "value", "told"),
    [
        ("text_config", "num_hidden_layers", 1, "tensors belong to layers that the configuration does not know"),
        ("text_config", "hidden_size", 512, "tensors are missing or of another size"),
        ("text_config", "hidden_size", "big", "'big'"),
        ("text_config", "num_attention_heads", 0, ""),
        ("vision_config", "patch_size", 14, "tensors are missing or of another size"),
    ],
)
def test_a_configuration_that_is_not_the_weights_own_is_told_in_a_sentence_alone(
    checkpoint: Checkpoint,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    part: str,
    name: str,
    value: Any,
    told: str,
) -> None:
    for file in checkpoint.folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    config = json.loads((tmp_path / "config.json").read_text())
    config[part][name] = value
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=r"cannot be read|does not tell how large it is") as caught:
        loaded(replace(checkpoint, folder=tmp_path))
    assert told in caught.value.said.detail
    assert capfd.readouterr().err == "", "transformers prints no table of its own"


@pytest.mark.parametrize("module", ["torch", "transformers"])
def test_packages_that_are_too_old_are_told_as_such(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    monkeypatch.setitem(sys.modules, module, SimpleNamespace(__name__=module, __version__="1.0"))
    with pytest.raises(ModelError, match="not whole, or too old") as caught:
        loaded(checkpoint)
    assert "pip install" in caught.value.said.hint
    assert f"{module} 1.0" in caught.value.said.detail
