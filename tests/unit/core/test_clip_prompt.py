"""Clips in prompts: text, token ids, grids and positions, held against the official processors."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from app.core.checkpoint import Checkpoint, find_checkpoint, read_checkpoint
from app.core.clips import Clip
from app.core.errors import ModelError
from app.core.prompt import ChatFormat, common_prefix
from app.core.requests import Request, Turn
from app.core.sampling import GREEDY
from app.core.vision import patches_from_frames
from tests.clips_made import noise_clip
from tests.model_thread import OnModelThread
from tests.pictures_made import noise_picture

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

TIMES = (0.0, 0.5, 1.25, 12.35)


@pytest.fixture(scope="module")
def checkpoint(random_checkpoint_dir: Path) -> Checkpoint:
    return read_checkpoint(random_checkpoint_dir, "random")


@pytest.fixture(scope="module")
def chat(checkpoint: Checkpoint) -> ChatFormat:
    return ChatFormat(checkpoint)


def asked(*turns: Turn) -> Request:
    return Request("r", turns, GREEDY)


def text_of(chat: ChatFormat, ids: NDArray[np.int32]) -> str:
    return str(chat._tokenizer.decode(ids.tolist(), skip_special_tokens=False))


def test_each_two_frames_stand_after_their_time(chat: ChatFormat, checkpoint: Checkpoint) -> None:
    prompt = chat.encode(asked(Turn("What happens?", (noise_clip(1, TIMES),))))
    video = "<|video_pad|>" * 6
    assert text_of(chat, prompt.token_ids) == (
        "<|im_start|>user\n"
        f"<0.2 seconds><|vision_start|>{video}<|vision_end|>"
        f"<6.8 seconds><|vision_start|>{video}<|vision_end|>"
        "What happens?<|im_end|>\n<|im_start|>assistant\n"
    )
    assert [(span.grid, span.group) for span in prompt.media] == [((1, 4, 6), 0), ((1, 4, 6), 1)]
    is_video = prompt.token_ids == checkpoint.video_token_id
    expected = np.zeros(prompt.length, dtype=bool)
    for span in prompt.media:
        expected[span.start : span.end] = True
    np.testing.assert_array_equal(is_video, expected)


def test_clips_and_pictures_are_numbered_each_by_their_kind(chat: ChatFormat) -> None:
    first = Turn("Look.", (noise_clip(1, TIMES), noise_picture(2)), "I see.")
    prompt = chat.encode(asked(first, Turn("And?", (noise_clip(3, TIMES[:2]), noise_picture(4)))))
    text = text_of(chat, prompt.token_ids)
    places = [
        text.index(label) for label in ("Video 1: <0.2", "Image 1: <|vision_start|>", "Video 2: <0.2", "Image 2: ")
    ]
    assert places == sorted(places)
    assert [type(span.medium).__name__ for span in prompt.media] == ["Clip", "Clip", "Picture", "Clip", "Picture"]


def test_frames_of_a_span_are_those_of_its_group() -> None:
    clip = noise_clip(1, TIMES)
    chat = ChatFormat(find_checkpoint("demo"))
    prompt = chat.encode(asked(Turn("?", (clip,))))
    shown = np.concatenate([span.frames for span in prompt.media])
    assert shown.tobytes() == b"".join(clip.frames)
    whole, grid = patches_from_frames(shown)
    np.testing.assert_array_equal(whole, np.concatenate([patches_from_frames(span.frames)[0] for span in prompt.media]))
    assert grid == (2, 4, 6)


def processed_by_mlx_vlm(text: str, clip: Clip, indices: list[int], rate: float) -> dict[str, Any]:
    """Token ids, grid and patches of mlx-vlm's numpy processor for a demo checkpoint."""
    from mlx_vlm.models.qwen3_vl.processing_qwen3_vl import (
        Qwen3VLImageProcessor,
        Qwen3VLProcessor,
        Qwen3VLVideoProcessor,
    )
    from transformers import PreTrainedTokenizerFast

    checkpoint = find_checkpoint("demo")
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(checkpoint.folder / "tokenizer.json"))
    limits = checkpoint.clip_limits
    processor = Qwen3VLProcessor(
        Qwen3VLImageProcessor(),
        tokenizer,
        Qwen3VLVideoProcessor(min_pixels=limits.min_pixels, max_pixels=limits.max_pixels),
    )
    frames = np.frombuffer(b"".join(clip.frames), dtype=np.uint8)
    video = frames.reshape(-1, clip.height_px, clip.width_px, 3).transpose(0, 3, 1, 2)
    made = processor(text=[text], videos=[video], video_metadata=[{"frames_indices": indices, "fps": rate}])
    return {
        "ids": np.array(made["input_ids"])[0].tolist(),
        "grid": np.array(made["video_grid_thw"])[0].tolist(),
        "patches": np.array(made["pixel_values_videos"]),
    }


@pytest.mark.parametrize("rate", [10.0, 24.0, 30_000 / 1001, 60.0])
def test_ids_grids_and_patches_equal_the_official_processors(rate: float, on_model_thread: OnModelThread) -> None:
    indices = [0, 7, 14, 300, 1001, 4321]
    clip = noise_clip(5, [index / rate for index in indices], 160, 96)
    chat = ChatFormat(find_checkpoint("demo"))
    request = asked(Turn("What happens in this video?", (clip,)))
    prompt = chat.encode(request)
    official = on_model_thread(lambda: processed_by_mlx_vlm(chat.render(request), clip, indices, rate))
    assert prompt.token_ids.tolist() == official["ids"]
    assert official["grid"] == [len(prompt.media), *prompt.media[0].grid[1:]]
    ours = np.concatenate([patches_from_frames(span.frames)[0] for span in prompt.media])
    np.testing.assert_allclose(ours, official["patches"], atol=2e-6)


def test_positions_equal_mlx_vlms(
    chat: ChatFormat, random_checkpoint_dir: Path, on_model_thread: OnModelThread
) -> None:
    turns = (
        Turn("Hi", (noise_clip(1, TIMES, 64, 128), noise_picture(2)), "Yes."),
        Turn("And?", (noise_clip(3, TIMES),)),
    )
    prompt = chat.encode(asked(*turns))

    def official() -> NDArray[np.int32]:
        import mlx.core as mx
        from mlx_vlm.utils import load_model

        model = load_model(random_checkpoint_dir)
        images = mx.array([[1, 4, 6]])
        videos = mx.array([[2, 8, 4], [2, 4, 6]])
        positions, _ = model.language_model.get_rope_index(mx.array(prompt.token_ids)[None], images, videos)
        return np.array(positions)[:, 0]

    np.testing.assert_array_equal(prompt.positions, on_model_thread(official))


def test_a_follow_up_shares_the_clip_and_another_clip_only_what_is_the_same(chat: ChatFormat) -> None:
    clip = noise_clip(1, TIMES)
    first = chat.encode(asked(Turn("What?", (clip,))))
    ids = first.token_ids.tolist()
    again = chat.encode(asked(Turn("What?", (clip,), "So."), Turn("Sure?")))
    assert common_prefix(ids, first.media, again) == first.length
    other = replace(noise_clip(2, TIMES), group_digests=(clip.group_digests[0], "other"))
    assert common_prefix(ids, first.media, chat.encode(asked(Turn("What?", (other,))))) == first.media[1].start


def test_a_template_that_places_no_videos_is_told(checkpoint: Checkpoint, tmp_path: Path) -> None:
    for file in checkpoint.folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "chat_template.jinja").write_text("{{ messages[0].role }}", encoding="utf-8")
    with pytest.raises(ModelError, match="does not place videos"):
        ChatFormat(replace(checkpoint, folder=tmp_path)).encode(asked(Turn("?", (noise_clip(1, TIMES),))))
