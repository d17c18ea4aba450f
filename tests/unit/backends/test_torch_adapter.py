"""A LoRA on transformers' model: added to plain weights, beside those that bitsandbytes quantised."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from app.backends.torch_decoder import Decoder
from app.backends.transformers_backend import TransformersBackend
from app.core.checkpoint import find_checkpoint, read_checkpoint
from app.core.models.adapter import adapted, read_low_ranks
from app.core.paths import DEMO_MODEL_DIR
from app.core.requests import Turn
from tests.adapters_made import linear_layers, random_matrices, write_peft
from tests.pictures_made import noise_picture
from tests.random_checkpoint import Widths, write_random_checkpoint
from tests.short_answers import asked, text_of
from tests.torch_here import loaded, skip_without_torch

skip_without_torch()

KINDS = ("q_proj", "v_proj", "down_proj", "attn.qkv", "linear_fc2")
NEEDS_BITSANDBYTES = pytest.mark.skipif(find_spec("bitsandbytes") is None, reason="has no wheel for this machine")


def decoder_of(backend: TransformersBackend) -> Decoder:
    assert backend._answering is not None
    return backend._answering._decoder


def layers_of(backend: TransformersBackend) -> dict[str, Any]:
    return dict(decoder_of(backend)._model.named_modules())


@pytest.mark.parametrize(
    "bits", [None, pytest.param(8, marks=NEEDS_BITSANDBYTES), pytest.param(4, marks=NEEDS_BITSANDBYTES)]
)
def test_each_layer_gives_what_was_trained_on_top(tmp_path: Path, bits: int | None) -> None:
    import torch

    plain = find_checkpoint("demo").quantised(bits)
    layers = linear_layers(DEMO_MODEL_DIR, *KINDS)
    checkpoint = adapted(plain, write_peft(tmp_path / "a", random_matrices(layers)))
    assert checkpoint.adapter is not None
    without, with_it = loaded(plain), loaded(checkpoint)
    assert decoder_of(with_it).weight_bytes >= decoder_of(without).weight_bytes
    for name, low in zip(layers, read_low_ranks(checkpoint.adapter), strict=True):
        inputs = torch.randn(3, low.down.shape[1])
        base = layers_of(without)[name](inputs)
        wanted = base + inputs @ (torch.from_numpy(low.up) @ torch.from_numpy(low.down)).T
        assert torch.allclose(layers_of(with_it)[name](inputs), wanted, rtol=1e-4, atol=1e-4), name
        is_beside = hasattr(layers_of(with_it)[name], "adapter_down")
        assert is_beside == (bits is not None and "visual" not in name)
    without.close()
    with_it.close()


@NEEDS_BITSANDBYTES
@pytest.mark.parametrize("bits", [8, 4])
def test_the_trained_adapter_changes_the_wording_of_a_quantised_model_also_in_a_batch(
    bits: int, demo_lora: Path
) -> None:
    plain = find_checkpoint("demo").quantised(bits)
    requests = [
        asked(Turn("Describe this image.", (noise_picture(seed),)), request_id=name)
        for name, seed in (("a", 3), ("b", 4), ("c", 5))
    ]
    texts = {}
    for folder in (None, demo_lora):
        backend = loaded(adapted(plain, folder))
        events = list(backend.generate(requests, lambda _: False))
        together = [text_of(events, request.request_id) for request in requests]
        alone = [
            text_of(list(backend.generate([request], lambda _: False)), request.request_id) for request in requests
        ]
        assert together == alone
        texts[folder] = together
        backend.close()
    assert not any(text.startswith("I see ") for text in texts[None])
    assert all(text.startswith("I see ") for text in texts[demo_lora])


def test_a_compiled_step_serves_a_model_with_an_adapter_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    folder = write_random_checkpoint(tmp_path / "base", Widths(dtype="float32"))
    layers = linear_layers(folder)
    some = {name: sides for name, sides in random_matrices(layers).items() if "layers.1." not in name}
    backend = loaded(adapted(read_checkpoint(folder, "random"), write_peft(tmp_path / "a", some)))
    request = asked(Turn("What is there?", (noise_picture(1),)))
    plainly = text_of(list(backend.generate([request], lambda _: False)))
    compiled: list[int] = []

    def count(graph: Any, _: Any) -> Any:
        compiled.append(1)
        return graph.forward

    original = torch.compile
    monkeypatch.setattr(torch, "compile", lambda function, **options: original(function, backend=count, **options))
    torch._dynamo.reset()
    decoder = decoder_of(backend)
    decoder.set_stepping("compiled")
    list(backend.generate([asked(Turn("Something else"))], lambda _: False))
    assert text_of(list(backend.generate([request], lambda _: False))) == plainly
    assert 1 <= len(compiled) <= 2
    backend.close()
    torch._dynamo.reset()


def test_a_mixture_of_experts_takes_one_on_its_attention_and_router(tmp_path: Path) -> None:
    folder = write_random_checkpoint(tmp_path / "moe", Widths(experts=4))
    plain = read_checkpoint(folder, "moe")
    layers = linear_layers(folder, "q_proj", "o_proj", "mlp.gate")
    texts = []
    for lora in (None, write_peft(tmp_path / "a", random_matrices(layers, size=1))):
        backend = loaded(adapted(plain, lora))
        texts.append(text_of(list(backend.generate([asked(Turn("Hi"))], lambda _: False))))
        backend.close()
    assert texts[0] != texts[1]
