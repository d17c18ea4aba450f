"""What the transformers backend says of a family that it cannot run; it needs no PyTorch for that."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from app.backends.transformers_backend import TransformersBackend
from app.core.checkpoint import read_checkpoint
from app.core.errors import ModelError
from tests.random_checkpoint import Widths, write_random_checkpoint

if TYPE_CHECKING:
    from pathlib import Path


def test_a_newer_family_is_refused_before_anything_is_imported(tmp_path: Path) -> None:
    checkpoint = read_checkpoint(write_random_checkpoint(tmp_path, Widths(is_newer=True, text_layers=4)), "m/Qwen3.5")
    before = set(sys.modules)
    backend = TransformersBackend()
    with pytest.raises(ModelError, match=r"Qwen3\.5 is of a newer family, which runs on MLX alone"):
        list(backend.load(checkpoint, lambda: False))
    assert not backend.is_loaded
    assert {"torch", "transformers"}.isdisjoint(set(sys.modules) - before)
