"""Qwen3.5 on the MLX backend, dense and with experts, held against mlx-vlm's own path over the same weights."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from app.backends import mlx_backend
from app.backends.mlx_backend import MlxBackend
from app.backends.mlx_token_drawer import TokenDrawer
from app.core.checkpoint import Checkpoint, find_checkpoint, read_checkpoint
from app.core.clips import Clip
from app.core.events import GenerateEvent, PrefillProgress, TextPiece, VisionProgress
from app.core.prompt import ChatFormat
from app.core.requests import Request, Turn
from app.core.vision import patches_from_frames
from tests.clips_made import noise_clip
from tests.mlx_vlm_answers import mlx_vlm_steps
from tests.model_thread import OnModelThread
from tests.pictures_made import noise_picture
from tests.random_checkpoint import Widths, write_random_checkpoint
from tests.short_answers import asked, end_of, text_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from app.core.requests import Medium

pytest.importorskip("mlx_vlm", reason="mlx-vlm has no wheel for this machine")

ONE = (noise_picture(1),)
THREE = (noise_picture(1, 96, 64), noise_picture(2, 64, 128), noise_picture(3, 160, 96))
CLIP = noise_clip(7, (0.0, 0.5, 1.0, 1.5, 2.0, 9.5))
WIDTHS = {
    "dense": Widths(text_layers=4, is_newer=True),
    "float32": Widths(text_layers=4, is_newer=True, dtype="float32", is_tied=False),
    "experts": Widths(text_layers=4, is_newer=True, experts=4, is_tied=False),
}
Answer = Callable[..., list[GenerateEvent]]


@pytest.fixture(scope="module", params=WIDTHS)
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    folder = write_random_checkpoint(tmp_path_factory.mktemp("newer"), WIDTHS[request.param], seed=3)
    return read_checkpoint(folder, str(request.param))


@pytest.fixture(scope="module")
def backend(checkpoint: Checkpoint, on_model_thread: OnModelThread) -> Iterator[MlxBackend]:
    made = MlxBackend()
    on_model_thread(lambda: list(made.load(checkpoint, lambda: False)))
    yield made
    on_model_thread(made.unload)


@pytest.fixture
def answer(backend: MlxBackend, on_model_thread: OnModelThread) -> Answer:
    def run(request: Request, *, cold: bool = False) -> list[GenerateEvent]:
        def work() -> list[GenerateEvent]:
            if cold:
                forget(backend)
            return list(backend.generate([request], lambda _: False))

        return on_model_thread(work)

    return run


@pytest.fixture
def logits_seen(monkeypatch: pytest.MonkeyPatch) -> list[NDArray[np.float32]]:
    """The logits of every token that is drawn, (V,) each."""
    seen: list[NDArray[np.float32]] = []

    class Recording(TokenDrawer):
        def draw(self, logits: Any) -> Any:
            seen.append(np.array(logits))
            return super().draw(logits)

    monkeypatch.setattr(mlx_backend, "TokenDrawer", Recording)
    return seen


def forget(backend: MlxBackend) -> None:
    assert backend._loaded is not None
    backend._loaded._held = None


def kept_at(backend: MlxBackend) -> list[int]:
    """After how many tokens states are kept."""
    assert backend._loaded is not None
    assert backend._loaded._held is not None
    return [states.tokens for states in backend._loaded._held._kept]


def assert_same_chances(ours: NDArray[np.float32], theirs: NDArray[np.float32], checkpoint: Checkpoint) -> None:
    """Whether logits and log-probabilities are alike; mlx-vlm's are of the same kind as the weights."""
    logprobs = ours - np.log(np.exp(ours - ours.max()).sum()) - ours.max()
    np.testing.assert_allclose(logprobs, theirs, atol=0.1 if checkpoint.model_id == "dense" else 2e-4)


@pytest.mark.parametrize("media", [(), ONE, THREE, (CLIP,)], ids=["none", "one", "three", "a clip"])
@pytest.mark.parametrize("step", [7, 512])
def test_tokens_and_logits_equal_mlx_vlms(
    backend: MlxBackend,
    checkpoint: Checkpoint,
    answer: Answer,
    on_model_thread: OnModelThread,
    monkeypatch: pytest.MonkeyPatch,
    logits_seen: list[NDArray[np.float32]],
    media: tuple[Medium, ...],
    step: int,
) -> None:
    request = asked(Turn("What is it?", media))
    expected = on_model_thread(lambda: list(mlx_vlm_steps(backend, checkpoint, request)))
    monkeypatch.setattr(mlx_backend, "PREFILL_STEP_TOKENS", step)
    events = answer(request, cold=True)
    assert end_of(events).outcome == "length"
    compared = 0
    for ours, (token_id, theirs) in zip(logits_seen, expected, strict=True):
        assert_same_chances(ours, theirs, checkpoint)
        assert theirs[ours.argmax()] == theirs.max()
        compared += 1
        if ours.argmax() != token_id:  # two are alike in mlx-vlm's bf16: from here on the answers are not the same
            break
    assert compared == 16 if checkpoint.model_id != "dense" else compared > 3


def test_clips_beside_pictures_equal_one_step_through_mlx_vlms_layers(
    backend: MlxBackend,
    checkpoint: Checkpoint,
    answer: Answer,
    on_model_thread: OnModelThread,
    monkeypatch: pytest.MonkeyPatch,
    logits_seen: list[NDArray[np.float32]],
) -> None:
    """mlx-vlm 0.7.10 itself cannot take both at once: its layers and its positions are asked one by one."""
    clips = (CLIP, noise_clip(8, (0.0, 0.1), 64, 128))
    request = asked(Turn("What is it?", (clips[0], *ONE, clips[1])), max_tokens=1)

    def whole() -> NDArray[np.float32]:
        import mlx.core as mx

        assert backend._loaded is not None
        model = backend._loaded._model
        prompt = ChatFormat(checkpoint).encode(request)
        ids = mx.array(prompt.token_ids)[None]
        features = []
        for span in prompt.media:
            patches, grid = patches_from_frames(span.frames)
            pixels = mx.array(patches).astype(model.vision_tower.patch_embed.proj.weight.dtype)
            features.append(model.vision_tower(pixels, mx.array([grid]))[0])
        embeddings, _ = model.merge_input_ids_with_image_features(
            mx.concatenate(features),
            model.language_model.model.embed_tokens(ids),
            ids,
            checkpoint.image_token_id,
            checkpoint.video_token_id,
        )
        grids = [(len(clip.group_digests), clip.height_px // 16, clip.width_px // 16) for clip in clips]
        pictures = [span.grid for span in prompt.media if not isinstance(span.medium, Clip)]
        positions, _ = model.language_model.get_rope_index(ids, mx.array(pictures), mx.array(grids))
        np.testing.assert_array_equal(np.array(positions)[:, 0], prompt.positions)
        logits = model.language_model(ids, inputs_embeds=embeddings, position_ids=positions).logits[0, -1]
        return np.array(mx.log(mx.softmax(logits.astype(mx.float32))))

    expected = on_model_thread(whole)
    monkeypatch.setattr(mlx_backend, "PREFILL_STEP_TOKENS", 11)
    answer(request, cold=True)
    assert_same_chances(logits_seen[0], expected, checkpoint)


def test_follow_ups_go_on_with_kept_states_and_equal_cold_answers(
    answer: Answer, checkpoint: Checkpoint, backend: MlxBackend, logits_seen: list[NDArray[np.float32]]
) -> None:
    turns = [Turn("What is it?", THREE)]
    forget(backend)
    for question in ("Are you sure?", "And now?", "Why?"):
        said = text_of(answer(asked(*turns)))
        turns = [*turns[:-1], Turn(turns[-1].question, turns[-1].media, said), Turn(question)]
    second = asked(*turns)
    shared = kept_at(backend)[-1]
    logits_seen.clear()
    warm = answer(second)
    warm_logits = list(logits_seen)
    logits_seen.clear()
    cold = answer(second, cold=True)
    assert end_of(warm).figures.reused_tokens == shared > 40
    assert end_of(cold).figures.reused_tokens == 0
    assert text_of(warm) == text_of(cold)
    np.testing.assert_allclose(warm_logits, logits_seen, atol=0.1 if checkpoint.model_id == "dense" else 1e-4)
    assert [event for event in warm if isinstance(event, VisionProgress)] == [VisionProgress("r", 3, 3, 3)]


def test_another_question_about_the_same_picture_reuses_the_picture(answer: Answer) -> None:
    answer(asked(Turn("What is it?", ONE)), cold=True)
    request = asked(Turn("How many?", ONE))
    warm = answer(request)
    assert end_of(warm).figures.reused_tokens > ONE[0].tokens
    assert text_of(warm) == text_of(answer(request, cold=True))


def test_another_picture_of_the_same_size_is_seen_anew(answer: Answer) -> None:
    answer(asked(Turn("What is it?", (noise_picture(1),))), cold=True)
    request = asked(Turn("What is it?", (noise_picture(2),)))
    warm = answer(request)
    assert text_of(warm) == text_of(answer(request, cold=True))
    assert [event.reused for event in warm if isinstance(event, VisionProgress)] == [0]


def test_a_clip_is_not_looked_at_again(answer: Answer) -> None:
    first = answer(asked(Turn("What happens?", (CLIP,))), cold=True)
    turns = (Turn("What happens?", (CLIP,), text_of(first)), Turn("And then?"))
    warm = answer(asked(*turns))
    assert [(event.done, event.reused) for event in warm if isinstance(event, VisionProgress)] == [(3, 3)]
    assert text_of(warm) == text_of(answer(asked(*turns), cold=True))


def test_the_same_question_again_reads_only_what_opens_the_answer(answer: Answer, checkpoint: Checkpoint) -> None:
    request = asked(Turn("What is it?", THREE))
    first = answer(request, cold=True)
    again = answer(request)
    assert end_of(again).figures.reused_tokens == ChatFormat(checkpoint).encode(request).answer_start
    assert text_of(again) == text_of(first)


@pytest.mark.parametrize(
    ("stop_after", "times"),
    [
        (VisionProgress, 1),
        (VisionProgress, 3),
        (PrefillProgress, 1),
        (PrefillProgress, 6),
        (TextPiece, 1),
        (TextPiece, 5),
    ],
)
def test_after_a_stop_the_next_answer_is_right(
    backend: MlxBackend,
    answer: Answer,
    on_model_thread: OnModelThread,
    monkeypatch: pytest.MonkeyPatch,
    stop_after: type[GenerateEvent],
    times: int,
) -> None:
    monkeypatch.setattr(mlx_backend, "PREFILL_STEP_TOKENS", 7)
    request = asked(Turn("What is it?", THREE))
    expected = text_of(answer(request, cold=True))

    def stopped() -> list[GenerateEvent]:
        forget(backend)
        events: list[GenerateEvent] = []
        for event in backend.generate(
            [request], lambda _: sum(isinstance(seen, stop_after) for seen in events) >= times
        ):
            events.append(event)  # noqa: PERF402 - the stop looks at what came so far
        return events

    assert end_of(on_model_thread(stopped)).outcome == "cancelled"
    again = answer(request)
    assert text_of(again) == expected
    if stop_after is TextPiece:
        assert end_of(again).figures.reused_tokens > THREE[0].tokens


def test_states_are_kept_at_few_places_the_first_among_them(answer: Answer, backend: MlxBackend) -> None:
    forget(backend)
    turns: list[Turn] = []
    first_places: list[int] = []
    for number in range(5):
        turns = [*turns, Turn(f"And {number}?", ONE if number in {0, 3} else ())]
        said = text_of(answer(asked(*turns, max_tokens=3)))
        turns[-1] = Turn(turns[-1].question, turns[-1].media, said)
        first_places = first_places or kept_at(backend)
    assert first_places[0] == 0
    assert kept_at(backend)[:2] == first_places[:2]
    assert len(kept_at(backend)) == 5
    request = asked(Turn("Another?", ONE))
    assert end_of(answer(request)).figures.reused_tokens == first_places[1]


def test_a_conversion_in_four_bits_answers_as_mlx_vlm_does(
    tmp_path: Path, on_model_thread: OnModelThread, logits_seen: list[NDArray[np.float32]]
) -> None:
    """In MLX's own layout, where no norm is to be shifted any more, as released conversions are."""
    widths = Widths(text_width=128, mlp_width=256, text_layers=4, is_newer=True, experts=4, is_tied=False)
    made = write_random_checkpoint(tmp_path / "made", widths)
    request = asked(Turn("What is it?", ONE))

    def work() -> tuple[Checkpoint, list[tuple[int, NDArray[np.float32]]]]:
        checkpoint = find_checkpoint(str(in_four_bits(made, tmp_path / "Qwen3.5-4bit")))
        backend = MlxBackend()
        list(backend.load(checkpoint, lambda: False))
        logits_seen.clear()
        list(backend.generate([request], lambda _: False))
        expected = list(mlx_vlm_steps(backend, checkpoint, request))
        backend.unload()
        return checkpoint, expected

    checkpoint, expected = on_model_thread(work)
    assert (checkpoint.quantisation, checkpoint.model_type) == ("4-bit, group 64", "qwen3_5_moe")
    assert [int(logits.argmax()) for logits in logits_seen] == [token_id for token_id, _ in expected]


def in_four_bits(made: Path, folder: Path) -> Path:
    """What mlx-vlm's conversion writes of a checkpoint."""
    quantize_model = importlib.import_module("mlx_vlm.quant_utils").quantize_model
    utils = importlib.import_module("mlx_vlm.utils")
    model = utils.load_model(made)
    config = json.loads((made / "config.json").read_text())

    def predicate(path: str, module: Any) -> Any:
        return not utils.skip_multimodal_module(path) and model.quant_predicate(path, module)

    quantised, config = quantize_model(model, config, 64, 4, mode="affine", quant_predicate=predicate)
    folder.mkdir()
    for file in made.iterdir():
        if file.suffix != ".safetensors":
            (folder / file.name).write_bytes(file.read_bytes())
    utils.save_weights(folder, quantised)
    utils.save_config(config, folder / "config.json")
    return folder


def test_thinking_is_off(checkpoint: Checkpoint) -> None:
    rendered = ChatFormat(checkpoint).render(asked(Turn("What is it?", ONE)))
    assert rendered.endswith("<|im_start|>assistant\n<think>\n\n</think>\n\n")
