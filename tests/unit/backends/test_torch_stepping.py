"""Steps that are recorded, asked for ahead and compiled, with a stand-in for CUDA's graphs, which need a GPU."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.backends import transformers_backend
from app.backends.torch_answering import Answering
from app.backends.torch_cache import KvRows
from app.backends.torch_decoder import Decoder
from app.backends.torch_weights import Place
from app.core.checkpoint import read_checkpoint
from app.core.events import GenerateEvent
from app.core.requests import Request, Turn
from app.core.sampling import Sampling
from tests.pictures_made import noise_picture
from tests.short_answers import asked, text_of
from tests.torch_here import loaded, skip_without_torch
from tests.unit.backends.cuda_played import CudaPlayed

skip_without_torch()

ROOT = Path(__file__).resolve().parents[3]
ONE = (noise_picture(1),)


@pytest.fixture
def cuda(answering: Answering, monkeypatch: pytest.MonkeyPatch) -> Iterator[CudaPlayed]:
    """Steps are recorded and asked for ahead, as on a GPU."""
    import torch

    decoder = answering._decoder
    played = CudaPlayed(torch)
    with monkeypatch.context() as patch:
        patch.setattr(Decoder, "_run_step", played.run_step(Decoder._run_step))
        patch.setattr(Decoder, "can_record", True)
        patch.setattr(Decoder, "_compiled_layer", lambda decoder: decoder._plain_layer)
        patch.setattr(decoder, "_torch", played)
        yield played
        answering.forget()
        decoder.set_stepping("eager")
    decoder._recording_stream = None


def test_recorded_steps_asked_for_ahead_answer_the_same(
    answering: Answering,
    answer: Callable[..., list[GenerateEvent]],
    monkeypatch: pytest.MonkeyPatch,
    cuda: CudaPlayed,
) -> None:
    limits = {"a": 300, "b": 9, "c": 1, "d": 40, "e": 280}
    sampling = Sampling(temperature=0.9, top_k=0, top_p=0.9, seed=3, presence_penalty=0.3, repetition_penalty=1.05)
    requests = [
        Request(name, (Turn(name * 4, ONE if name == "b" else ()),), replace(sampling, max_tokens=limit))
        for name, limit in limits.items()
    ]
    expected = answer(*requests, cold=True)
    alone = answer(requests[0], cold=True)
    assert cuda.graphs == 0
    decoder = answering._decoder
    decoder.set_stepping("recorded")
    monkeypatch.setattr(decoder, "works_ahead", True)
    events = answer(*requests, cold=True)
    for name in limits:
        assert text_of(events, name) == text_of(expected, name)
    # Five rows, then two once three have left; a second number of slots; none per token.
    assert 2 <= cuda.graphs <= 5
    graphs = cuda.graphs
    assert text_of(answer(requests[0]), "a") == text_of(alone, "a")
    assert text_of(answer(requests[0]), "a") == text_of(alone, "a")
    assert cuda.graphs - graphs <= 2
    monkeypatch.setattr("app.backends.torch_answering._ROOM_TOKENS", 8)
    assert text_of(answer(requests[0], cold=True), "a") == text_of(alone, "a")
    assert (decoder.stepping, cuda.is_on_usual_stream) == ("recorded", True)


def test_what_cannot_be_recorded_after_all_runs_in_the_next_slower_way(
    answering: Answering, answer: Callable[..., list[GenerateEvent]], cuda: CudaPlayed
) -> None:
    request = asked(Turn("Hello"), max_tokens=300)
    expected = text_of(answer(request, cold=True))
    tried: list[str] = []

    def fails(slots: int) -> bool:
        tried.append(decoder.stepping)
        return slots > 256

    decoder = answering._decoder
    decoder.set_stepping("compiled")
    cuda.fails = fails
    assert text_of(answer(request, cold=True)) == expected
    assert tried == ["compiled", "compiled", "recorded"]
    assert (decoder.stepping, decoder.is_recording) == ("eager", False)
    assert cuda.is_on_usual_stream


def test_one_compiled_layer_serves_all_layers_lengths_and_sizes_of_the_cache(
    answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    compilations: list[int] = []
    plainly = torch.compile

    def count(graph: Any, inputs: Any) -> Any:
        compilations.append(len(inputs))
        return graph.forward

    monkeypatch.setattr(torch, "compile", lambda function, **options: plainly(function, backend=count, **options))
    decoder = answering._decoder
    try:
        for rows, most in ((1, 1), (2, 2), (3, 3), (5, 3)):
            for capacity, slots in ((300, 256), (600, 256), (600, 512), (2_000, 1_024), (5_000, 256), (5_000, 4_096)):
                cache = KvRows.empty(torch, decoder.cache_shape, rows, capacity)
                cache.tokens.fill_(5)
                decoder.set_stepping("eager")
                expected = decoder._run_step(cache, slots)
                cache.begin_steps([0] * rows, [0] * rows)
                decoder.set_stepping("compiled")
                assert torch.allclose(decoder._run_step(cache, slots), expected, atol=1e-5)
            # One for a row alone, one for two, and one for any number: never one per layer or size.
            assert len(compilations) <= most
    finally:
        decoder.set_stepping("eager")
        torch._dynamo.reset()


def test_layers_on_other_devices_are_brought_what_they_need(
    answering: Answering, answer: Callable[..., list[GenerateEvent]], monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = [asked(Turn(name, ONE), request_id=name) for name in "ab"]
    expected = answer(*requests, cold=True)
    monkeypatch.setattr(answering._decoder, "is_one_device", False)
    events = answer(*requests, cold=True)
    assert [text_of(events, name) for name in "ab"] == [text_of(expected, name) for name in "ab"]


def test_the_benchmark_runs_small_on_a_processor() -> None:
    command = [sys.executable, "-m", "tests.bench.torch_decoding", "--runs", "1", "--sizes", "tiny"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines[-4:]] == ["model.generate", "eager", "one", "8"]
    assert "copy bandwidth" in done.stdout
    assert "limit" in done.stdout


def test_in_bf16_as_on_a_gpu_steps_stay_near_those_in_float32(
    random_checkpoint_dir: Path, answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    plain = torch.bmm

    def bmm(first: Any, second: Any, out_dtype: Any = None) -> Any:
        """With an output of another kind, which PyTorch has for GPUs alone."""
        assert out_dtype in (None, torch.float32)
        return plain(first, second) if out_dtype is None else plain(first.float(), second.float())

    monkeypatch.setattr(torch, "bmm", bmm)
    place = Place("cpu", "CPU", torch.bfloat16, (10**12,))
    monkeypatch.setattr(transformers_backend, "find_place", lambda _: place)
    backend = loaded(read_checkpoint(random_checkpoint_dir, "random"))
    assert backend._answering is not None
    logits = []
    for decoder in (answering._decoder, backend._answering._decoder):
        cache = KvRows.empty(torch, decoder.cache_shape, 2, 300)
        for row, count in enumerate((40, 25)):
            ids = np.arange(count, dtype=np.int32)
            decoder.read(cache, row, ids, np.tile(ids, (3, 1)), [])
        cache.begin_steps([40, 25], [40, 25])
        cache.tokens.copy_(torch.tensor([7, 8]))
        logits.append(decoder.step(cache))
    assert logits[1].dtype == torch.float32
    correlation = torch.corrcoef(torch.stack([values.flatten() for values in logits]))[0, 1]
    assert correlation > 0.995
    events = list(backend.generate([asked(Turn(name, ONE), request_id=name) for name in "ab"], lambda _: False))
    assert len(text_of(events, "a")) > 8
    backend.close()
