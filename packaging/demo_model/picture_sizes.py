"""Which sizes the model is shown: the limits of the checkpoint and a mix of source sizes."""

import math
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from app.core.vision import resized_frame_size, resized_size

__all__ = [
    "IMAGE_MAX_PIXELS",
    "IMAGE_MIN_PIXELS",
    "VIDEO_MAX_PIXELS",
    "VIDEO_MIN_PIXELS",
    "resized_frame_size",
    "resized_size",
    "sample_seen_frame_size",
    "sample_seen_size",
    "sample_source_size",
]

IMAGE_MIN_PIXELS = 16_384
IMAGE_MAX_PIXELS = 49_152
VIDEO_MIN_PIXELS = 49_152
VIDEO_MAX_PIXELS = 98_304
ASPECTS = (1.0, 1.0, 4 / 3, 4 / 3, 4 / 3, 3 / 2, 16 / 9, 3 / 4, 2 / 3, 9 / 16)


def sample_source_size(rng: random.Random, *, small: bool = False) -> tuple[int, int]:
    """Height and width of a source picture; `small` keeps to areas that cost few tokens."""
    aspect = rng.choice(ASPECTS) if rng.random() < 0.6 else math.exp(rng.uniform(-1.0, 1.0) * math.log(2.8))
    if small:
        area = math.exp(rng.uniform(math.log(14_000), math.log(30_000)))
    elif rng.random() < 0.35:
        area = math.exp(rng.uniform(math.log(8_000), math.log(49_000)))
    else:
        area = math.exp(rng.uniform(math.log(49_000), math.log(2_000_000)))
    return max(40, round(math.sqrt(area / aspect))), max(40, round(math.sqrt(area * aspect)))


def sample_seen_size(rng: random.Random, *, small: bool = False) -> tuple[int, int]:
    """Height and width, multiples of 32, of a picture as the model sees it."""
    height, width = sample_source_size(rng, small=small)
    return resized_size(height, width, IMAGE_MIN_PIXELS, IMAGE_MAX_PIXELS)


def sample_seen_frame_size(frame_count: int, rng: random.Random) -> tuple[int, int]:
    """Height and width of every frame of a clip as the model sees it."""
    height, width = sample_source_size(rng)
    return resized_frame_size(frame_count, height, width, VIDEO_MIN_PIXELS, VIDEO_MAX_PIXELS)
