"""Our arithmetic against the processors of transformers: the one in numpy anywhere, the others beside torchvision."""

from __future__ import annotations

import io
import random
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from app.core.checkpoint import Checkpoint, find_checkpoint
from app.core.clips import Clip
from app.core.pictures import PictureSource, open_picture
from app.core.prompt import ChatFormat, MediaSpan
from app.core.requests import Request, Turn
from app.core.sampling import GREEDY
from app.core.vision import PATCH_PX, PixelLimits, patches_from_frames
from tests.clips_made import noise_clip
from tests.parity.cases import drawn_image
from tests.torch_here import skip_without_torch

if TYPE_CHECKING:
    from app.core.requests import Medium

skip_without_torch()

AT_AN_EDGE, ON_AVERAGE = 0.08, 0.001
"""How far values between -1 and 1 may be off: ten steps of 255 at a hard edge, where a picture is shrunk to a fraction
in two steps and not in one, and an eighth of a step on average."""
SIZES = ((200, 200), (640, 480), (333, 777), (97, 1201), (1000, 64), (32, 32), (1920, 1080))
LIMITS = (PixelLimits(65_536, 16_777_216), PixelLimits(16_384, 49_152), PixelLimits(4_096, 262_144))
needs_torchvision = pytest.mark.skipif(find_spec("torchvision") is None, reason="torchvision is not installed")


def ours(image: Image.Image, limits: PixelLimits) -> tuple[np.ndarray[Any, Any], list[int]]:
    """Patches and grid of a picture that is opened as a person's is."""
    encoded = io.BytesIO()
    image.save(encoded, "PNG")
    picture = open_picture(PictureSource("drawn.png", data=encoded.getvalue()), limits)
    grid = (1, picture.height_px // PATCH_PX, picture.width_px // PATCH_PX)
    patches, found = patches_from_frames(MediaSpan(0, grid, picture).frames)
    assert found == grid
    return patches, list(grid)


def assert_alike(patches: np.ndarray[Any, Any], others: np.ndarray[Any, Any]) -> None:
    assert patches.shape == others.shape
    apart = np.abs(patches - others)
    assert apart.max() <= AT_AN_EDGE
    assert apart.mean() <= ON_AVERAGE


def official(processor: Any, image: Image.Image, **options: Any) -> tuple[np.ndarray[Any, Any], list[int]]:
    features = processor(images=[image], return_tensors="np", **options)
    return np.asarray(features["pixel_values"]), np.asarray(features["image_grid_thw"])[0].tolist()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("limits", LIMITS, ids=lambda limits: str(limits.max_pixels))
def test_pictures_equal_the_processor_in_numpy(size: tuple[int, int], limits: PixelLimits) -> None:
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    processor = Qwen2VLImageProcessorPil(
        patch_size=16,
        image_mean=[0.5] * 3,
        image_std=[0.5] * 3,
        size={"shortest_edge": limits.min_pixels, "longest_edge": limits.max_pixels},
    )
    image = drawn_image(random.Random(size[0]), *size)
    patches, grid = ours(image, limits)
    official_patches, official_grid = official(processor, image)
    assert grid == official_grid
    assert_alike(patches, official_patches)
    width, height = image.size
    if [height // 16, width // 16] == grid[1:] and not (width % 32 or height % 32):
        assert np.abs(patches - official_patches).max() < 1e-6, "a picture that keeps its size keeps its values"


@needs_torchvision
@pytest.mark.parametrize("size", SIZES)
def test_pictures_equal_the_processor_on_torchvision(size: tuple[int, int]) -> None:
    from transformers import AutoImageProcessor

    limits = LIMITS[0]
    processor = AutoImageProcessor.from_pretrained(find_checkpoint("demo").folder)
    image = drawn_image(random.Random(size[0]), *size)
    patches, grid = ours(image, limits)
    pixels = {"shortest_edge": limits.min_pixels, "longest_edge": limits.max_pixels}
    official_patches, official_grid = official(processor, image, size=pixels)
    assert grid == official_grid
    assert_alike(patches, official_patches)


@needs_torchvision
@pytest.mark.parametrize("count", [2, 4, 10])
def test_clips_equal_the_processor_on_torchvision(count: int) -> None:
    from transformers import AutoVideoProcessor

    checkpoint = find_checkpoint("demo")
    clip = noise_clip(count, tuple(0.5 * index for index in range(count)), 96, 64)
    prompt = ChatFormat(checkpoint).encode(Request("r", (Turn("What happens?", (clip,)),), GREEDY))
    frames = _frames(clip)
    processor = AutoVideoProcessor.from_pretrained(checkpoint.folder)
    features = processor(
        videos=[frames.transpose(0, 3, 1, 2)],
        do_sample_frames=False,
        size={"shortest_edge": 4_096, "longest_edge": 25_165_824},
        return_tensors="np",
    )
    patches, grid = patches_from_frames(frames)
    assert np.asarray(features["video_grid_thw"])[0].tolist() == list(grid)
    assert_alike(patches, np.asarray(features["pixel_values_videos"]))
    assert sum(span.tokens for span in prompt.media) == grid[0] * grid[1] * grid[2] // 4


@pytest.mark.parametrize("kind", ["pictures", "clip", "mixed"])
def test_positions_equal_transformers_own(kind: str) -> None:
    import torch
    from transformers import Qwen3VLConfig, Qwen3VLModel

    checkpoint = find_checkpoint("demo")
    request = _request(kind, checkpoint)
    prompt = ChatFormat(checkpoint).encode(request)
    with torch.device("meta"):
        model = Qwen3VLModel(Qwen3VLConfig.from_pretrained(checkpoint.folder))
    kinds = {checkpoint.image_token_id: 1, checkpoint.video_token_id: 2}
    media = [medium for turn in request.turns for medium in turn.media]
    images = [span.grid for span in prompt.media if not isinstance(span.medium, Clip)]
    videos = [
        (len(medium.group_digests), medium.height_px // 16, medium.width_px // 16)
        for medium in media
        if isinstance(medium, Clip)
    ]
    positions, _ = model.get_rope_index(
        torch.from_numpy(prompt.token_ids.astype(np.int64))[None],
        mm_token_type_ids=torch.tensor([[kinds.get(token, 0) for token in prompt.token_ids.tolist()]]),
        image_grid_thw=torch.tensor(images) if images else None,
        video_grid_thw=torch.tensor(videos) if videos else None,
    )
    np.testing.assert_array_equal(positions[:, 0].numpy(), prompt.positions)


def _request(kind: str, checkpoint: Checkpoint) -> Request:
    encoded = io.BytesIO()
    drawn_image(random.Random(3), 300, 200).save(encoded, "PNG")
    picture = open_picture(PictureSource("a.png", data=encoded.getvalue()), checkpoint.image_limits)
    clip = noise_clip(1, (0.0, 0.5, 1.2, 3.0), 96, 64)
    media: dict[str, tuple[Medium, ...]] = {
        "pictures": (picture, picture),
        "clip": (clip,),
        "mixed": (picture, clip, picture),
    }
    return Request("r", (Turn("What is it?", media[kind]), Turn("And then?")), GREEDY)


def _frames(clip: Clip) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.frombuffer(b"".join(clip.frames), dtype=np.uint8).reshape(-1, clip.height_px, clip.width_px, 3)
