"""Opened pictures made from numbers, for tests that need no file."""

from __future__ import annotations

import hashlib

import numpy as np

from app.core.pictures import Picture


def noise_picture(seed: int, width_px: int = 96, height_px: int = 64, name: str = "") -> Picture:
    """A picture of random pixels; another seed gives other pixels of the same size."""
    rgb = np.random.default_rng(seed).integers(0, 256, (height_px, width_px, 3), dtype=np.uint8).tobytes()
    digest = hashlib.sha256(rgb).hexdigest()
    return Picture(
        name=name or f"noise-{seed}.png",
        path=None,
        sha256=digest,
        source_width_px=width_px,
        source_height_px=height_px,
        width_px=width_px,
        height_px=height_px,
        rgb=rgb,
        digest=digest,
    )
