"""A LoRA on mlx-vlm's model, held against mlx-vlm's own way with its own folders, plain and quantised."""

from __future__ import annotations

import importlib
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from app.backends.mlx_backend import MlxBackend
from app.core.checkpoint import Checkpoint, find_checkpoint, read_checkpoint
from app.core.models.adapter import adapted, read_low_ranks
from app.core.paths import DEMO_MODEL_DIR
from app.core.requests import Turn
from tests.adapters_made import linear_layers, mlx_name, random_matrices, write_mlx, write_peft
from tests.model_thread import OnModelThread
from tests.pictures_made import noise_picture
from tests.random_checkpoint import Widths, write_random_checkpoint
from tests.short_answers import asked, text_of

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("mlx_vlm", reason="mlx-vlm has no wheel for this machine")


@pytest.fixture(scope="module", params=[None, 4, 8], ids=["plain", "4 bits", "8 bits"])
def demo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    if request.param is None:
        return find_checkpoint("demo")
    folder = tmp_path_factory.mktemp("demo") / f"{request.param}bit"
    command = [sys.executable, "-W", "ignore", "-m", "mlx_vlm", "convert", "--hf-path", str(DEMO_MODEL_DIR)]
    command += ["--mlx-path", str(folder), "-q", "--q-bits", str(request.param), "--dtype", "float32"]
    subprocess.run(command, check=True, capture_output=True)
    return read_checkpoint(folder, str(folder))


def tolerance(demo: Checkpoint) -> float:
    """Plain weights are bf16 here: a sum that is rounded once more may differ by what that type can tell apart."""
    return 2**-6 if demo.folder == DEMO_MODEL_DIR else 1e-4


def layer_of(model: Any, name: str) -> Any:
    for part in name.split("."):
        model = model[int(part)] if part.isdigit() else getattr(model, part)
    return model


@pytest.mark.parametrize("is_old", [False, True], ids=["today", "earlier"])
def test_each_layer_gives_what_mlx_vlm_makes_of_its_own_folder(
    demo: Checkpoint, tmp_path: Path, on_model_thread: OnModelThread, is_old: bool
) -> None:
    import mlx.core as mx

    # Its earlier versions changed every layer of the language model, whatever the file named.
    layers = linear_layers(DEMO_MODEL_DIR, *(() if is_old else ("q_proj", "down_proj", "attn.qkv", "linear_fc2")))
    folder = write_mlx(tmp_path / "own", random_matrices(layers, rank=8), scale=1.5, is_old=is_old)

    def apart() -> dict[str, float]:
        utils, peft = (importlib.import_module(f"mlx_vlm.{name}") for name in ("utils", "trainer.peft.utils"))
        theirs = peft.apply_lora_layers(utils.load_model(demo.folder), folder)
        theirs.eval()
        backend = MlxBackend()
        list(backend.load(adapted(demo, folder), lambda: False))
        assert backend._loaded is not None
        found = {}
        for name, (_, takes) in layers.items():
            inputs = mx.random.normal((3, takes))
            pair = [layer_of(model, mlx_name(name))(inputs) for model in (backend._loaded._model, theirs)]
            given, wanted = (np.array(side.astype(mx.float32)) for side in pair)
            found[name] = float(np.abs(given - wanted).max() / np.abs(wanted).max())
        backend.unload()
        return found

    differences = on_model_thread(apart)
    assert max(differences.values()) < tolerance(demo), differences


def test_each_layer_gives_its_unpacked_weights_and_what_was_trained(
    demo: Checkpoint, tmp_path: Path, on_model_thread: OnModelThread
) -> None:
    import mlx.core as mx

    layers = linear_layers(DEMO_MODEL_DIR, "k_proj", "gate_proj", "attn.proj", "linear_fc1")
    checkpoint = adapted(demo, write_peft(tmp_path / "a", random_matrices(layers)))
    assert checkpoint.adapter is not None
    low_ranks = list(read_low_ranks(checkpoint.adapter))

    def apart() -> list[float]:
        utils = importlib.import_module("mlx_vlm.utils")
        plain = utils.load_model(demo.folder)
        backend = MlxBackend()
        list(backend.load(checkpoint, lambda: False))
        assert backend._loaded is not None
        found = []
        for name, low in zip(layers, low_ranks, strict=True):
            base = layer_of(plain, mlx_name(name))
            packed = "scales" in base
            sizes = {"group_size": base.group_size, "bits": base.bits} if packed else {}
            weight = mx.dequantize(base.weight, base.scales, base.biases, **sizes) if packed else base.weight
            inputs = mx.random.normal((3, weight.shape[1]))
            wanted = inputs @ (weight + mx.array(low.up) @ mx.array(low.down)).T
            if "bias" in base:
                wanted = wanted + base.bias
            given = layer_of(backend._loaded._model, mlx_name(name))(inputs)
            found.append(float(mx.abs(given - wanted).max() / mx.abs(wanted).max()))
        backend.unload()
        return found

    assert max(on_model_thread(apart)) < tolerance(demo)


def test_the_trained_adapter_changes_the_wording_of_a_quantised_model(
    demo: Checkpoint, on_model_thread: OnModelThread, demo_lora: Path
) -> None:
    def words(folder: Path | None) -> str:
        backend = MlxBackend()
        list(backend.load(adapted(demo, folder), lambda: False))
        events = list(backend.generate([asked(Turn("Describe this image.", (noise_picture(3),)))], lambda _: False))
        backend.unload()
        return text_of(events)

    assert not on_model_thread(lambda: words(None)).startswith("I see ")
    assert on_model_thread(lambda: words(demo_lora)).startswith("I see ")


@pytest.mark.parametrize("experts", [0, 4], ids=["dense", "experts"])
@pytest.mark.parametrize("is_newer", [False, True], ids=["Qwen3-VL", "Qwen3.5"])
def test_every_family_takes_one_on_all_its_linear_layers(
    tmp_path: Path, on_model_thread: OnModelThread, is_newer: bool, experts: int
) -> None:
    folder = write_random_checkpoint(tmp_path / "base", Widths(text_layers=4, experts=experts, is_newer=is_newer))
    plain = read_checkpoint(folder, "random")
    kinds = ("_proj", "mlp.gate", "in_proj_qkv", "attn.qkv")
    layers = linear_layers(folder, *kinds)
    with_it = adapted(plain, write_peft(tmp_path / "a", random_matrices(layers, size=1)))

    def answer(checkpoint: Checkpoint) -> str:
        backend = MlxBackend()
        list(backend.load(checkpoint, lambda: False))
        events = list(backend.generate([asked(Turn("Hi"))], lambda _: False))
        backend.unload()
        return text_of(events)

    assert on_model_thread(lambda: answer(with_it)) != on_model_thread(lambda: answer(plain))
