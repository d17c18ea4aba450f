"""What the transformers backend computes, held against transformers' own generation over the same weights."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from app.backends import torch_answering
from app.backends.torch_answering import Answering
from app.backends.torch_cache import KvRows, _Recorded
from app.backends.torch_decoder import Decoder
from app.backends.torch_weights import Place, read_model
from app.backends.transformers_backend import TransformersBackend
from app.core.checkpoint import Checkpoint, find_checkpoint, read_checkpoint
from app.core.clips import Clip
from app.core.errors import ModelError
from app.core.events import Finished, GenerateEvent, LoadProgress, PrefillProgress, TextPiece, VisionProgress
from app.core.pictures import Picture
from app.core.prompt import ChatFormat
from app.core.requests import Request, Turn
from app.core.sampling import GREEDY, Sampling
from app.core.vision import patches_from_frames
from tests.clips_made import noise_clip
from tests.pictures_made import noise_picture
from tests.random_checkpoint import Widths, write_random_checkpoint
from tests.torch_here import skip_without_torch

if TYPE_CHECKING:
    from app.core.requests import Medium

skip_without_torch()

ONE = (noise_picture(1),)
CLIP = noise_clip(7, (0.0, 0.5, 1.0, 1.5, 2.0, 9.5))
THREE = (noise_picture(1, 96, 64), noise_picture(2, 64, 128), noise_picture(3, 160, 96))


def loaded(checkpoint: Checkpoint) -> TransformersBackend:
    made = TransformersBackend()
    list(made.load(checkpoint, lambda: False))
    return made


@pytest.fixture(scope="module")
def checkpoint(random_checkpoint_dir: Path) -> Checkpoint:
    return read_checkpoint(random_checkpoint_dir, "random")


@pytest.fixture(scope="module")
def backend(checkpoint: Checkpoint) -> Iterator[TransformersBackend]:
    made = loaded(checkpoint)
    yield made
    made.close()


@pytest.fixture
def answering(backend: TransformersBackend) -> Answering:
    """What is behind the backend, with nothing left of earlier answers."""
    assert backend._answering is not None
    backend._answering.forget()
    return backend._answering


@pytest.fixture
def answer(answering: Answering) -> Callable[..., list[GenerateEvent]]:
    def run(*requests: Request, cold: bool = False) -> list[GenerateEvent]:
        if cold:
            answering.forget()
        return list(answering.answer(requests, lambda _: False))

    return run


def asked(*turns: Turn, request_id: str = "r", **sampling: Any) -> Request:
    return Request(request_id, turns, replace(GREEDY, **{"max_tokens": 16, **sampling}))


def text_of(events: Sequence[GenerateEvent], request_id: str = "r") -> str:
    return "".join(event.text for event in events if isinstance(event, TextPiece) and event.request_id == request_id)


def end_of(events: Sequence[GenerateEvent]) -> Finished:
    assert isinstance(events[-1], Finished)
    assert events[-1].error is None
    return events[-1]


def generated(answering: Answering, checkpoint: Checkpoint, request: Request) -> str:
    """The greedy answer of transformers' own generation, fed token ids and patches."""
    import torch

    chat = ChatFormat(checkpoint)
    prompt = chat.encode(request)
    kinds = {checkpoint.image_token_id: 1, checkpoint.video_token_id: 2}
    inputs: dict[str, Any] = {
        "input_ids": torch.from_numpy(prompt.token_ids.astype(np.int64))[None],
        "mm_token_type_ids": torch.tensor([[kinds.get(token_id, 0) for token_id in prompt.token_ids.tolist()]]),
    }
    media = [medium for turn in request.turns for medium in turn.media]
    for kind, pixels, grids in (
        (Picture, "pixel_values", "image_grid_thw"),
        (Clip, "pixel_values_videos", "video_grid_thw"),
    ):
        parts = [patches_from_frames(_frames(medium)) for medium in media if isinstance(medium, kind)]
        if parts:
            inputs[pixels] = torch.from_numpy(np.concatenate([patches for patches, _ in parts]))
            inputs[grids] = torch.tensor([grid for _, grid in parts])
    said = answering._decoder._model.generate(
        **inputs, max_new_tokens=request.sampling.max_tokens, do_sample=False, pad_token_id=0
    )
    text_of_token = chat.text_stream()
    tokens = said[0, prompt.length :].tolist()
    ends = [index for index, token in enumerate(tokens) if token in checkpoint.end_token_ids]
    return "".join(text_of_token(token) for token in tokens[: ends[0] if ends else None])


def _frames(medium: Medium) -> np.ndarray[Any, np.dtype[np.uint8]]:
    data = medium.rgb if isinstance(medium, Picture) else b"".join(medium.frames)
    return np.frombuffer(data, dtype=np.uint8).reshape(-1, medium.height_px, medium.width_px, 3)


MEDIA: dict[str, tuple[Medium, ...]] = {
    "none": (),
    "one": ONE,
    "three": THREE,
    "a clip": (CLIP,),
    "clips and a picture": (CLIP, *ONE, noise_clip(8, (0.0, 0.1), 64, 128)),
}


@pytest.mark.parametrize("media", MEDIA.values(), ids=MEDIA)
@pytest.mark.parametrize("step", [7, 512])
def test_greedy_answers_equal_transformers_own(
    answering: Answering,
    checkpoint: Checkpoint,
    answer: Callable[..., list[GenerateEvent]],
    monkeypatch: pytest.MonkeyPatch,
    media: tuple[Medium, ...],
    step: int,
) -> None:
    request = asked(Turn("What is it?", media))
    expected = generated(answering, checkpoint, request)
    monkeypatch.setattr(Decoder, "chunk_tokens", step)
    assert len(expected) > 8
    assert text_of(answer(request, cold=True)) == expected


def test_a_mixture_of_experts_answers_as_transformers_does(tmp_path: Path) -> None:
    folder = write_random_checkpoint(tmp_path / "moe", Widths(experts=4, dtype="float32", is_tied=False))
    checkpoint = read_checkpoint(folder, "moe")
    backend = loaded(checkpoint)
    assert backend._answering is not None
    request = asked(Turn("Hi", THREE))
    expected = generated(backend._answering, checkpoint, request)
    requests = [replace(request, request_id=name) for name in "abc"]
    events = list(backend.generate(requests, lambda _: False))
    assert [text_of(events, name) for name in "abc"] == [expected] * 3
    backend.close()


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


def test_a_follow_up_reuses_the_cache_and_equals_a_cold_answer(answer: Callable[..., list[GenerateEvent]]) -> None:
    first = asked(Turn("What is it?", THREE))
    said = text_of(answer(first, cold=True))
    second = asked(Turn("What is it?", THREE, said), Turn("Are you sure?"))
    warm = answer(second)
    cold = answer(second, cold=True)
    assert end_of(warm).figures.reused_tokens > 40
    assert end_of(cold).figures.reused_tokens == 0
    assert text_of(warm) == text_of(cold)
    assert [event for event in warm if isinstance(event, VisionProgress)] == [VisionProgress("r", 3, 3, 3)]


def test_another_question_about_the_same_picture_reuses_the_picture(
    answer: Callable[..., list[GenerateEvent]],
) -> None:
    answer(asked(Turn("What is it?", ONE)), cold=True)
    request = asked(Turn("How many?", ONE))
    warm = answer(request)
    assert end_of(warm).figures.reused_tokens > ONE[0].tokens
    assert text_of(warm) == text_of(answer(request, cold=True))


def test_another_picture_of_the_same_size_is_seen_anew(answer: Callable[..., list[GenerateEvent]]) -> None:
    answer(asked(Turn("What is it?", (noise_picture(1),))), cold=True)
    request = asked(Turn("What is it?", (noise_picture(2),)))
    warm = answer(request)
    assert text_of(warm) == text_of(answer(request, cold=True))
    assert [event.reused for event in warm if isinstance(event, VisionProgress)] == [0]


def test_a_picture_that_was_seen_in_another_conversation_is_not_looked_at_again(
    answering: Answering, answer: Callable[..., list[GenerateEvent]], monkeypatch: pytest.MonkeyPatch
) -> None:
    request = asked(Turn("Which came first?", (THREE[1], THREE[0])))
    cold = answer(request, cold=True)
    answering.forget()
    answer(asked(Turn("What is it?", THREE)))
    monkeypatch.setattr(Decoder, "see", None)
    warm = answer(request)
    assert text_of(warm) == text_of(cold)
    assert [event.reused for event in warm if isinstance(event, VisionProgress)] == [1, 2]


def test_what_was_seen_longest_ago_is_forgotten_first(
    answering: Answering, answer: Callable[..., list[GenerateEvent]], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(asked(Turn("What is it?", (THREE[0],))))
    one_bytes = answering.memory().active_bytes - answering._decoder.weight_bytes
    monkeypatch.setattr(torch_answering, "_FEATURE_BYTES", one_bytes)
    answer(asked(Turn("What is it?", (THREE[0],))))
    for seed in range(20, 90):
        answer(asked(Turn("What?", (noise_picture(seed, 320, 320),)), max_tokens=1))
    kept = list(answering._features)
    assert 1 <= len(kept) < 70
    assert kept[-1] == noise_picture(89, 320, 320).digest
    assert THREE[0].digest not in kept


def test_rows_of_a_batch_take_over_what_one_of_them_has_read(answer: Callable[..., list[GenerateEvent]]) -> None:
    questions = ("What is it?", "How many are there?", "Where?")
    requests = [asked(Turn(text, (CLIP,)), request_id=name) for name, text in zip("abc", questions, strict=True)]
    alone = {request.request_id: text_of(answer(request, cold=True), request.request_id) for request in requests}
    events = answer(*requests, cold=True)
    ends = {event.request_id: event.figures for event in events if isinstance(event, Finished)}
    assert ends["a"].reused_tokens == 0
    assert min(ends["b"].reused_tokens, ends["c"].reused_tokens) > 18
    assert {name: text_of(events, name) for name in "abc"} == alone


@pytest.mark.parametrize("stop_after", [VisionProgress, PrefillProgress, TextPiece])
def test_after_a_stop_the_next_answer_is_right(
    answering: Answering,
    answer: Callable[..., list[GenerateEvent]],
    monkeypatch: pytest.MonkeyPatch,
    stop_after: type[GenerateEvent],
) -> None:
    monkeypatch.setattr(Decoder, "chunk_tokens", 7)
    request = asked(Turn("What is it?", THREE))
    expected = text_of(answer(request, cold=True))
    answering.forget()
    events: list[GenerateEvent] = []
    for event in answering.answer([request], lambda _: any(isinstance(seen, stop_after) for seen in events)):
        events.append(event)  # noqa: PERF402 - the stop looks at what came so far
    assert end_of(events).outcome == "cancelled"
    again = answer(request)
    assert text_of(again) == expected
    if stop_after is TextPiece:
        assert end_of(again).figures.reused_tokens > 0


def test_a_stop_is_heard_between_two_blocks_of_the_vision_tower(
    answering: Answering, answer: Callable[..., list[GenerateEvent]]
) -> None:
    request = asked(Turn("What is it?", ONE))
    expected = text_of(answer(request, cold=True))
    answering.forget()
    looks = iter(range(100))
    events = list(answering.answer([request], lambda _: next(looks) >= 3))
    assert end_of(events).outcome == "cancelled"
    assert next(looks) == 4
    assert not [event for event in events if isinstance(event, VisionProgress)]
    assert text_of(answer(request)) == expected


def test_an_answer_outgrows_the_room_it_began_with(
    answer: Callable[..., list[GenerateEvent]], monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = [asked(Turn(name * 3), request_id=name, max_tokens=600) for name in "ab"]
    expected = [text_of(answer(request, cold=True), request.request_id) for request in requests]
    monkeypatch.setattr(torch_answering, "_ROOM_TOKENS", 8)
    events = answer(*requests, cold=True)
    assert [text_of(events, name) for name in "ab"] == expected
    assert text_of(answer(requests[0], cold=True), "a") == expected[0]


def test_more_requests_than_fit_are_answered_in_turn(
    answer: Callable[..., list[GenerateEvent]], monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = [asked(Turn(name), request_id=name) for name in "abcde"]
    whole = answer(*requests, cold=True)
    monkeypatch.setattr(torch_answering, "MOST_ROWS", 2)
    parts = answer(*requests, cold=True)
    assert [text_of(parts, name) for name in "abcde"] == [text_of(whole, name) for name in "abcde"]
    order = [event.request_id for event in parts if isinstance(event, Finished)]
    assert {*order[:2]} == {"a", "b"}
    assert order[-1] == "e"


class _Played:
    """Stands in for a CUDA graph: what was recorded runs again at each replay, into the same logits."""

    def __init__(self, decoder: Decoder, cache: KvRows, slots: int) -> None:
        self.plays = 0
        self._run: Callable[[], Any] = lambda: Decoder._run_step(decoder, cache, slots)
        before = cache.places.clone(), cache.positions.clone()
        self.logits = self._run().clone()
        cache.places.copy_(before[0])
        cache.positions.copy_(before[1])

    def replay(self) -> None:
        self.plays += 1
        self.logits.copy_(self._run())


def test_recorded_steps_asked_for_ahead_answer_the_same(
    answering: Answering, answer: Callable[..., list[GenerateEvent]], monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = {"a": 300, "b": 9, "c": 1, "d": 40, "e": 280}
    sampling = Sampling(temperature=0.9, top_k=0, top_p=0.9, seed=3, presence_penalty=0.3, repetition_penalty=1.05)
    requests = [
        Request(name, (Turn(name * 4, MEDIA["one"] if name == "b" else ()),), replace(sampling, max_tokens=limit))
        for name, limit in limits.items()
    ]
    expected = answer(*requests, cold=True)
    alone = answer(requests[0], cold=True)
    played: list[_Played] = []

    def record(decoder: Decoder, cache: KvRows, slots: int) -> _Recorded:
        played.append(_Played(decoder, cache, slots))
        return _Recorded(played[-1], played[-1].logits)

    decoder = answering._decoder
    monkeypatch.setattr(Decoder, "_record", record)
    monkeypatch.setattr(decoder, "_is_recording", True)
    monkeypatch.setattr(decoder, "works_ahead", True)
    events = answer(*requests, cold=True)
    for name in limits:
        assert text_of(events, name) == text_of(expected, name)
    # Five rows, then two once three have left; a second number of slots; none per token.
    assert 2 <= len(played) <= 5
    plays = len(played)
    assert text_of(answer(requests[0]), "a") == text_of(alone, "a")
    assert text_of(answer(requests[0]), "a") == text_of(alone, "a")
    assert len(played) - plays <= 2


def test_what_cannot_be_recorded_after_all_runs_in_the_next_slower_way(
    answering: Answering, answer: Callable[..., list[GenerateEvent]], monkeypatch: pytest.MonkeyPatch
) -> None:
    request = asked(Turn("Hello"), max_tokens=300)
    expected = text_of(answer(request, cold=True))
    tried: list[str] = []

    def record(decoder: Decoder, cache: KvRows, slots: int) -> _Recorded:
        tried.append(decoder.stepping)
        if slots > 256:
            raise RuntimeError("operation not permitted when stream is capturing")
        played = _Played(decoder, cache, slots)
        return _Recorded(played, played.logits)

    decoder = answering._decoder
    monkeypatch.setattr(Decoder, "_record", record)
    monkeypatch.setattr(Decoder, "can_record", True)
    monkeypatch.setattr(Decoder, "_compiled_layer", lambda decoder: decoder._plain_layer)
    decoder.set_stepping("compiled")
    assert text_of(answer(request, cold=True)) == expected
    assert tried == ["compiled", "compiled", "recorded"]
    assert (decoder.stepping, decoder.is_recording) == ("eager", False)


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


def test_weights_that_are_spread_as_they_are_read_are_the_same(checkpoint: Checkpoint) -> None:
    import torch

    def read(free_bytes: tuple[int, ...]) -> dict[str, Any]:
        read_here: list[Any] = []

        def steps() -> Iterator[LoadProgress]:
            place = Place("cpu", "CPU", torch.float32, free_bytes)
            read_here.append((yield from read_model(torch, checkpoint, place, lambda: False)))

        list(steps())
        return dict(read_here[0].state_dict())

    whole, spread = read((10**12,)), read((10**12, 10**12))
    assert whole.keys() == spread.keys()
    assert all(torch.equal(weight, spread[name]) for name, weight in whole.items())


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


@pytest.mark.allows_log
def test_a_fault_ends_its_request_with_words_and_the_others_go_on(
    answer: Callable[..., list[GenerateEvent]], monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    def no_memory(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")

    alone = text_of(answer(asked(Turn("Hello"), request_id="b"), cold=True), "b")
    with monkeypatch.context() as patch:
        patch.setattr(Decoder, "see", no_memory)
        events = answer(asked(Turn("Hi", ONE), request_id="a"), asked(Turn("Hello"), request_id="b"), cold=True)
    ends = {event.request_id: event for event in events if isinstance(event, Finished)}
    assert ends["a"].outcome == "failed"
    assert ends["a"].error is not None
    assert "Lower the tokens per picture" in ends["a"].error.hint
    assert text_of(events, "b") == alone
    with monkeypatch.context() as patch:
        patch.setattr(Decoder, "step", no_memory)
        events = answer(asked(Turn("Hi"), request_id="a"), asked(Turn("Hello"), request_id="b"))
    assert [event.outcome for event in events if isinstance(event, Finished)] == ["failed", "failed"]
    assert text_of(answer(asked(Turn("Hello"), request_id="b")), "b") == alone


def test_a_prompt_that_is_too_long_leaves_the_others_alone(answer: Callable[..., list[GenerateEvent]]) -> None:
    events = answer(asked(Turn("x" * 40_000), request_id="a"), asked(Turn("Hello"), request_id="b"))
    ends = {event.request_id: event for event in events if isinstance(event, Finished)}
    assert ends["a"].outcome == "failed"
    assert ends["a"].error is not None
    assert "can take" in ends["a"].error.text
    assert ends["b"].outcome in {"done", "length"}


def test_weights_that_do_not_fit_are_told(checkpoint: Checkpoint, tmp_path: Path) -> None:
    for file in checkpoint.folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    weights = (tmp_path / "model.safetensors").read_bytes()
    for damaged in (weights[: len(weights) // 2], b"", b"not weights at all"):
        (tmp_path / "model.safetensors").write_bytes(damaged)
        with pytest.raises(ModelError, match="cannot be read"):
            loaded(replace(checkpoint, folder=tmp_path))
    config = json.loads((tmp_path / "config.json").read_text())
    config["text_config"]["num_hidden_layers"] += 1
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "model.safetensors").write_bytes(weights)
    with pytest.raises(ModelError, match="cannot be read") as caught:
        loaded(replace(checkpoint, folder=tmp_path))
    assert "tensors are missing" in caught.value.said.detail
