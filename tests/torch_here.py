"""Whether tests of the transformers backend can run: PyTorch and MLX disturb one another in one process."""

from __future__ import annotations

from importlib.util import find_spec

import pytest


def skip_without_torch() -> None:
    """Skips the whole file where there is no PyTorch, or MLX beside it."""
    if find_spec("mlx_vlm") is not None:
        pytest.skip(
            "MLX is installed here; packaging/test.py tries PyTorch in .venv-transformers", allow_module_level=True
        )
    pytest.importorskip("torch", reason="PyTorch is not installed")
