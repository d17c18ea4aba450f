"""A checkpoint's weights read into mlx-vlm's model, in steps, and only those that are read without being rewritten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.backends.mlx_adapter import put_on
from app.core.errors import ModelError, Sentence
from app.core.events import LoadProgress
from app.core.model_types import has_experts

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from app.core.checkpoint import Checkpoint

_LOAD_STEPS = 20
_MAX_HEADER_BYTES = 100_000_000
"""The most that a safetensors header may have, by its format."""


def read_model(checkpoint: Checkpoint, stop: Callable[[], bool]) -> Generator[LoadProgress, None, Any]:
    """Reads the weights in steps; returns mlx-vlm's model, or None when it was stopped before the last step.

    Raises:
        ModelError: The weights do not fit the checkpoint's configuration, or mlx-vlm would write to them.
    """
    import mlx.core as mx
    from mlx.utils import tree_flatten
    from mlx_vlm.utils import load_model

    try:
        _refuse_rewritten_types(checkpoint)
        model = load_model(checkpoint.folder, lazy=True)
        if not mx.metal.is_available() and has_experts(checkpoint.model_type):
            # WORKAROUND(mlx 0.32.4): the CPU's GatherMM takes float32 alone; remove when it takes bf16.
            model.set_dtype(mx.float32)
        if checkpoint.adapter is not None:
            put_on(model, checkpoint.adapter)
        weights = [weight for _, weight in tree_flatten(model.parameters())]
        step = max(1, -(-len(weights) // _LOAD_STEPS))
        for start in range(0, len(weights), step):
            if stop():
                return None
            mx.eval(weights[start : start + step])
            yield LoadProgress("reading_weights", min(1.0, (start + step) / len(weights)))
    except (ValueError, KeyError, TypeError, AttributeError, OSError, RuntimeError) as error:
        raise ModelError(
            Sentence("The weights of {name} cannot be read.", name=checkpoint.name),
            "Download the model again.",
            repr(error),
        ) from error
    return model


def _refuse_rewritten_types(checkpoint: Checkpoint) -> None:
    """Refuses weights that mlx-vlm would rewrite in place to read: a model folder is never written to.

    WORKAROUND(mlx-vlm 0.7.10, utils._load_safetensors): remove when it maps F8_E8M0 without touching the file.

    Raises:
        ModelError: A file holds such weights.
    """
    for path in sorted(checkpoint.folder.glob("*.safetensors")):
        with path.open("rb") as file:
            header = file.read(min(int.from_bytes(file.read(8), "little"), _MAX_HEADER_BYTES))
        if b'"F8_E8M0"' in header:
            raise ModelError(
                Sentence(
                    "The weights of {name} are of a kind that MLX cannot read as they are (F8_E8M0).",
                    name=checkpoint.name,
                ),
                "Choose a bf16 checkpoint or an MLX conversion in 4 or 8 bits.",
            )
