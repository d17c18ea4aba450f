"""What the MLX backend computes, held against mlx-vlm's own path over the same weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from app.backends import mlx_backend
from app.backends.mlx_backend import MlxBackend
from app.core.checkpoint import Checkpoint, read_checkpoint
from app.core.errors import ModelError
from app.core.events import Finished, GenerateEvent, PrefillProgress, TextPiece, VisionProgress
from app.core.prompt import MediaSpan
from app.core.requests import Request, Turn
from app.core.vision import patches_from_frames
from tests.clips_made import noise_clip
from tests.mlx_vlm_answers import mlx_vlm_answer
from tests.model_thread import OnModelThread
from tests.random_checkpoint import Widths, write_random_checkpoint
from tests.short_answers import asked, end_of, text_of
from tests.unit.backends.what_is_reused import ONE, THREE, WhatIsReused

if TYPE_CHECKING:
    from pathlib import Path

    from app.core.requests import Medium

pytest.importorskip("mlx_vlm", reason="mlx-vlm has no wheel for this machine")

CLIP = noise_clip(7, (0.0, 0.5, 1.0, 1.5, 2.0, 9.5))


@pytest.fixture(scope="module")
def checkpoint(random_checkpoint_dir: Path) -> Checkpoint:
    return read_checkpoint(random_checkpoint_dir, "random")


@pytest.fixture(scope="module")
def backend(checkpoint: Checkpoint, on_model_thread: OnModelThread) -> Iterator[MlxBackend]:
    made = MlxBackend()
    on_model_thread(lambda: list(made.load(checkpoint, lambda: False)))
    yield made
    on_model_thread(made.unload)


@pytest.fixture
def answer(backend: MlxBackend, on_model_thread: OnModelThread) -> Callable[[Request], list[GenerateEvent]]:
    def run(request: Request, *, cold: bool = False) -> list[GenerateEvent]:
        def work() -> list[GenerateEvent]:
            if cold and backend._loaded is not None:
                backend._loaded._held = None
            return list(backend.generate([request], lambda _: False))

        return on_model_thread(work)

    return run


@pytest.mark.parametrize(
    "pictures",
    [(), ONE, THREE, (CLIP,), (CLIP, *ONE, noise_clip(8, (0.0, 0.1), 64, 128))],
    ids=["none", "one", "three", "a clip", "clips and a picture"],
)
@pytest.mark.parametrize("step", [7, 512])
def test_greedy_answers_equal_mlx_vlms(
    backend: MlxBackend,
    checkpoint: Checkpoint,
    answer: Callable[..., list[GenerateEvent]],
    on_model_thread: OnModelThread,
    monkeypatch: pytest.MonkeyPatch,
    pictures: tuple[Medium, ...],
    step: int,
) -> None:
    request = asked(Turn("What is it?", pictures))
    expected = on_model_thread(lambda: mlx_vlm_answer(backend, checkpoint, request))
    monkeypatch.setattr(mlx_backend, "PREFILL_STEP_TOKENS", step)
    assert len(expected) > 8
    assert text_of(answer(request, cold=True)) == expected


def test_the_vision_tower_by_blocks_equals_the_whole(backend: MlxBackend, on_model_thread: OnModelThread) -> None:
    def work() -> None:
        import mlx.core as mx

        assert backend._loaded is not None
        for picture in THREE:
            grid = (1, picture.height_px // 16, picture.width_px // 16)
            span = MediaSpan(0, grid, picture)
            patches, _ = patches_from_frames(span.frames)
            whole, whole_deepstack = backend._loaded._model.vision_tower(mx.array(patches), mx.array([grid]))
            features, deepstack = backend._loaded._see(span, lambda: False)
            np.testing.assert_allclose(np.array(features), np.array(whole), atol=1e-5)
            assert len(deepstack) == len(whole_deepstack) == 3
            for ours, theirs in zip(deepstack, whole_deepstack, strict=True):
                np.testing.assert_allclose(np.array(ours), np.array(theirs), atol=1e-5)

    on_model_thread(work)


class TestWhatIsReused(WhatIsReused):
    """By the MLX backend."""


@pytest.mark.parametrize("stop_after", [VisionProgress, PrefillProgress, TextPiece])
def test_after_a_stop_the_next_answer_is_right(
    backend: MlxBackend,
    answer: Callable[..., list[GenerateEvent]],
    on_model_thread: OnModelThread,
    monkeypatch: pytest.MonkeyPatch,
    stop_after: type[GenerateEvent],
) -> None:
    monkeypatch.setattr(mlx_backend, "PREFILL_STEP_TOKENS", 7)
    request = asked(Turn("What is it?", THREE))
    expected = text_of(answer(request, cold=True))

    def stopped() -> list[GenerateEvent]:
        assert backend._loaded is not None
        backend._loaded._held = None
        events: list[GenerateEvent] = []
        steps = backend.generate([request], lambda _: any(isinstance(seen, stop_after) for seen in events))
        for event in steps:
            events.append(event)  # noqa: PERF402 - the stop looks at what came so far
        return events

    events = on_model_thread(stopped)
    assert end_of(events).outcome == "cancelled"
    again = answer(request)
    assert text_of(again) == expected
    if stop_after is TextPiece:
        assert end_of(again).figures.reused_tokens > 0


def test_a_mixture_of_experts_answers(tmp_path: Path, on_model_thread: OnModelThread) -> None:
    def work() -> list[GenerateEvent]:
        folder = write_random_checkpoint(tmp_path / "moe", Widths(experts=4))
        backend = MlxBackend()
        list(backend.load(read_checkpoint(folder, "moe"), lambda: False))
        events = list(backend.generate([asked(Turn("Hi", THREE))], lambda _: False))
        backend.unload()
        return events

    assert end_of(on_model_thread(work)).outcome == "length"


def test_weights_that_do_not_fit_are_told(
    checkpoint: Checkpoint, tmp_path: Path, on_model_thread: OnModelThread
) -> None:
    for file in checkpoint.folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    weights = (tmp_path / "model.safetensors").read_bytes()

    def load() -> None:
        list(MlxBackend().load(replace(checkpoint, folder=tmp_path), lambda: False))

    for damaged in (weights[: len(weights) // 2], b"", b"not weights at all"):
        (tmp_path / "model.safetensors").write_bytes(damaged)
        with pytest.raises(ModelError, match="cannot be read"):
            on_model_thread(load)


@pytest.mark.allows_log
def test_a_fault_ends_its_request_with_words_and_the_next_one_works(
    backend: MlxBackend, answer: Callable[..., list[GenerateEvent]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert backend._loaded is not None

    def no_memory(*_: object) -> None:
        raise RuntimeError("[metal::malloc] Unable to allocate 99 bytes.")

    with monkeypatch.context() as patch:
        patch.setattr(type(backend._loaded), "_see", no_memory)
        events = answer(asked(Turn("Hi", ONE)), cold=True)
    assert isinstance(events[-1], Finished)
    assert events[-1].outcome == "failed"
    assert events[-1].error is not None
    assert "Lower the tokens per picture" in events[-1].error.hint
    assert end_of(answer(asked(Turn("Hi", ONE)))).outcome in {"done", "length"}


def test_weights_that_would_be_rewritten_in_place_are_refused(
    checkpoint: Checkpoint, tmp_path: Path, on_model_thread: OnModelThread
) -> None:
    header = b'{"a":{"dtype":"F8_E8M0","shape":[1],"data_offsets":[0,1]}}'
    weights = len(header).to_bytes(8, "little") + header + b"\0"
    for file in checkpoint.folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "model.safetensors").write_bytes(weights)
    with pytest.raises(ModelError, match="F8_E8M0"):
        on_model_thread(lambda: list(MlxBackend().load(replace(checkpoint, folder=tmp_path), lambda: False)))
    assert (tmp_path / "model.safetensors").read_bytes() == weights


def test_the_model_folder_is_never_written_to(
    checkpoint: Checkpoint, tmp_path: Path, on_model_thread: OnModelThread
) -> None:
    for file in checkpoint.folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    before = {file.name: (file.stat().st_mtime_ns, file.read_bytes()) for file in tmp_path.iterdir()}

    def work() -> None:
        backend = MlxBackend()
        list(backend.load(replace(checkpoint, folder=tmp_path), lambda: False))
        list(backend.generate([asked(Turn("Hi", ONE))], lambda _: False))
        backend.unload()

    on_model_thread(work)
    assert {file.name: (file.stat().st_mtime_ns, file.read_bytes()) for file in tmp_path.iterdir()} == before


def test_a_follow_up_about_a_clip_looks_at_nothing_again(
    answer: Callable[..., list[GenerateEvent]],
) -> None:
    first = answer(asked(Turn("What happens?", (CLIP,))), cold=True)
    turns = (Turn("What happens?", (CLIP,), text_of(first)), Turn("And then?"))
    warm = answer(asked(*turns))
    assert [(event.done, event.reused) for event in warm if isinstance(event, VisionProgress)] == [(3, 3)]
    assert end_of(warm).figures.reused_tokens >= 3 * 6
    assert text_of(warm) == text_of(answer(asked(*turns), cold=True))


def test_another_clip_of_the_same_size_is_looked_at(answer: Callable[..., list[GenerateEvent]]) -> None:
    answer(asked(Turn("What happens?", (CLIP,))), cold=True)
    other = noise_clip(9, (0.0, 0.5, 1.0, 1.5, 2.0, 9.5))
    warm = answer(asked(Turn("What happens?", (other,))))
    assert sum(isinstance(event, VisionProgress) for event in warm) == 3
    assert text_of(warm) == text_of(answer(asked(Turn("What happens?", (other,))), cold=True))
