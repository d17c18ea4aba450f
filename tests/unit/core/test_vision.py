from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.core.vision import (
    PixelLimits,
    group_times,
    patches_from_frames,
    resized_frame_size,
    resized_size,
    time_text,
    token_count,
)
from tests.model_thread import OnModelThread

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

RELEASED = PixelLimits()


@pytest.mark.parametrize(
    ("width", "height", "tokens"),
    [
        # Counted by mlx-vlm 0.7.10's own estimate_num_image_tokens.
        (1920, 1080, 2040),
        (3024, 4032, 11_844),
        (6000, 4000, 16_224),
        (200, 200, 64),
    ],
)
def test_tokens_of_common_pictures(width: int, height: int, tokens: int) -> None:
    assert token_count(*resized_size(height, width, RELEASED.min_pixels, RELEASED.max_pixels)) == tokens


@pytest.mark.parametrize(("width", "height", "tokens"), [(3024, 4032, 1230), (6000, 4000, 1247)])
def test_a_budget_lowers_the_tokens(width: int, height: int, tokens: int) -> None:
    limits = RELEASED.capped(1280)
    assert token_count(*resized_size(height, width, limits.min_pixels, limits.max_pixels)) == tokens


def test_a_budget_below_the_least_still_gives_a_picture() -> None:
    limits = RELEASED.capped(1)
    assert resized_size(3000, 4000, limits.min_pixels, limits.max_pixels) == (32, 32)


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(64, 20_000))
def test_sizes_equal_the_official_processors(height: int, width: int, max_tokens: int) -> None:
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import smart_resize

    assume(max(height, width) / min(height, width) <= 200)
    limits = RELEASED.capped(max_tokens)
    ours = resized_size(height, width, limits.min_pixels, limits.max_pixels)
    assert ours == smart_resize(height, width, 32, limits.min_pixels, limits.max_pixels)


def test_frame_sizes_equal_the_official_processors(on_model_thread: OnModelThread) -> None:
    def official_function() -> Callable[..., tuple[int, int]]:
        from mlx_vlm.models.qwen3_vl.processing_qwen3_vl import _smart_resize_video

        return cast("Callable[..., tuple[int, int]]", _smart_resize_video)

    official = on_model_thread(official_function)

    @given(st.integers(32, 3000), st.integers(32, 3000), st.integers(1, 384))
    def check(height: int, width: int, pairs: int) -> None:
        assume(max(height, width) / min(height, width) <= 200)
        # mlx-vlm rounds an odd count up, transformers to even; an even count is the same in both.
        limits = {"min_pixels": 4_096, "max_pixels": 25_165_824}
        assert resized_frame_size(2 * pairs, height, width, **limits) == official(2 * pairs, height, width, **limits)

    check()


def test_too_long_a_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="200"):
        resized_size(10, 2001, RELEASED.min_pixels, RELEASED.max_pixels)
    with pytest.raises(ValueError, match="200"):
        resized_frame_size(2, 32, 6433, 4_096, 25_165_824)


@pytest.mark.parametrize("size", [(64, 64), (96, 160), (32, 320)])
def test_patches_equal_the_official_processors(size: tuple[int, int], on_model_thread: OnModelThread) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (*size, 3), dtype=np.uint8)

    def official() -> tuple[NDArray[np.float32], list[int]]:
        from mlx_vlm.models.qwen3_vl.processing_qwen3_vl import Qwen3VLImageProcessor
        from PIL import Image

        processor = Qwen3VLImageProcessor(min_pixels=1024, max_pixels=RELEASED.max_pixels)
        features = processor(images=[Image.fromarray(picture)])
        return np.array(features["pixel_values"]), np.array(features["image_grid_thw"])[0].tolist()

    patches, grid = patches_from_frames(picture[None])
    official_patches, official_grid = on_model_thread(official)
    assert list(grid) == official_grid
    np.testing.assert_allclose(patches, official_patches, atol=2e-6)


def test_a_clip_pairs_its_frames_in_time_order() -> None:
    frames = np.stack([np.full((32, 64, 3), 50 * index, dtype=np.uint8) for index in range(4)])
    patches, grid = patches_from_frames(frames)
    assert grid == (2, 2, 4)
    pairs = patches.reshape(2, 8, 3, 2, 256)
    for group in range(2):
        for frame in range(2):
            expected = 50 * (2 * group + frame) / 127.5 - 1
            np.testing.assert_allclose(pairs[group, :, :, frame], expected, atol=1e-6)


def test_an_odd_last_frame_stands_twice() -> None:
    frames = np.random.default_rng(2).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    odd, grid = patches_from_frames(frames)
    even, _ = patches_from_frames(np.concatenate([frames, frames[-1:]]))
    assert grid == (2, 2, 2)
    np.testing.assert_array_equal(odd, even)


@pytest.mark.parametrize("shape", [(1, 33, 32, 3), (1, 32, 32, 4), (32, 32, 3), (0, 32, 32, 3), (1, 0, 32, 3)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"expected|multiples"):
        patches_from_frames(np.zeros(shape, dtype=np.uint8))


def test_group_times_are_the_mean_of_the_source_times() -> None:
    assert group_times([0.0, 0.5, 1.25, 1.75]) == [0.25, 1.5]
    assert group_times([0.0, 0.5, 2.0]) == [0.25, 2.0]
    assert [time_text(time) for time in (0.25, 12.34)] == ["<0.2 seconds>", "<12.3 seconds>"]
