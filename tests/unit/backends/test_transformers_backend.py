"""What the transformers backend computes, held against transformers' own generation over the same weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from app.backends import torch_answering
from app.backends.torch_answering import Answering
from app.backends.torch_decoder import Decoder
from app.core.checkpoint import Checkpoint, read_checkpoint
from app.core.clips import Clip
from app.core.events import Finished, GenerateEvent, PrefillProgress, TextPiece, VisionProgress
from app.core.pictures import Picture
from app.core.prompt import ChatFormat
from app.core.requests import Request, Turn
from app.core.vision import patches_from_frames
from tests.clips_made import noise_clip
from tests.pictures_made import noise_picture
from tests.random_checkpoint import Widths, write_random_checkpoint
from tests.short_answers import asked, end_of, text_of
from tests.torch_here import loaded, skip_without_torch
from tests.unit.backends.what_is_reused import ONE, THREE, WhatIsReused

if TYPE_CHECKING:
    from app.core.requests import Medium

skip_without_torch()

CLIP = noise_clip(7, (0.0, 0.5, 1.0, 1.5, 2.0, 9.5))


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


class TestWhatIsReused(WhatIsReused):
    """By the transformers backend."""


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
