"""What tests of the transformers backend share; PyTorch and MLX disturb one another in one process."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from app.backends.transformers_backend import TransformersBackend
from app.core.checkpoint import Checkpoint


def skip_without_torch() -> None:
    """Skips the whole file where there is no PyTorch, or MLX beside it."""
    if find_spec("mlx_vlm") is not None:
        pytest.skip(
            "MLX is installed here; packaging/test.py tries PyTorch in .venv-transformers", allow_module_level=True
        )
    pytest.importorskip("torch", reason="PyTorch is not installed")


def loaded(checkpoint: Checkpoint) -> TransformersBackend:
    made = TransformersBackend()
    list(made.load(checkpoint, lambda: False))
    return made
