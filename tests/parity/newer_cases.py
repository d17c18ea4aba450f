"""Questions to tiny random models of the newer family, which only MLX answers; transformers answers them itself."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from app.core.checkpoint import read_checkpoint
from app.core.requests import Request, Turn
from tests import random_checkpoint, recurrent_layers
from tests.clips_made import noise_clip
from tests.pictures_made import noise_picture
from tests.random_checkpoint import Widths, write_random_checkpoint
from tests.short_answers import asked

if TYPE_CHECKING:
    from app.core.checkpoint import Checkpoint

RECORD = "parity-mlx-newer.json"
MADE_BY = hashlib.sha256(
    b"".join(
        Path(str(module.__file__)).read_bytes()
        for module in (sys.modules[__name__], random_checkpoint, recurrent_layers)
    )
).hexdigest()
"""Tells whether a record was made of these very cases and models."""
KINDS = {
    "dense": Widths(text_layers=4, is_newer=True, dtype="float32"),
    "released heads": Widths(text_layers=8, heads=2, kv_heads=1, head_dim=256, is_newer=True, dtype="float32"),
    "experts": Widths(text_layers=4, is_newer=True, dtype="float32", experts=4, is_tied=False),
}


def newer_checkpoint(folder: Path, kind: str) -> Checkpoint:
    """A model of the newer family, the same in every process."""
    return read_checkpoint(write_random_checkpoint(folder / kind, KINDS[kind], seed=5), kind)


def newer_requests() -> dict[str, Request]:
    """Words, pictures, clips, and a conversation whose second question goes on with what was read for the first."""
    wide, high = noise_picture(1, 160, 96), noise_picture(2, 64, 128)
    clip, short = noise_clip(3, (0.0, 0.5, 1.2, 3.0), 96, 64), noise_clip(4, (0.0, 0.1), 64, 96)
    first = Turn("What is it?", (wide,))
    return {
        "words": asked(Turn("Tell me about the sea, please.")),
        "picture": asked(first),
        "follow-up": asked(Turn("What is it?", (wide,), "It is a picture."), Turn("And this?", (high,))),
        "pictures": asked(Turn("What differs?", (high, wide, high))),
        "clip": asked(Turn("What happens?", (clip,))),
        "clips and pictures": asked(Turn("What happens?", (wide, clip, high, short)), Turn("And then?")),
    }
