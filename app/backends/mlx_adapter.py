"""A LoRA put on mlx-vlm's model: added to weights that are plain numbers, kept beside those that are quantised.

Added ones cost nothing at a token; beside quantised ones two small products do, since rounding a sum to 4 bits would
lose what was trained.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.core.errors import ModelError, Sentence
from app.core.models.adapter import read_low_ranks
from app.core.models.adapter_files import layer_name

if TYPE_CHECKING:
    from app.core.models.adapter import Adapter


def put_on(model: Any, adapter: Adapter) -> None:
    """Changes the layers that the adapter names; nothing is worked out before the weights are.

    Raises:
        ModelError: A layer is not one that can be changed.
    """
    import mlx.core as mx
    from mlx import nn

    class Beside(nn.Module):  # type: ignore[misc] # MLX has no types
        """A layer and what the adapter adds to it."""

        def __init__(self, layer: Any, down: Any, up: Any) -> None:
            super().__init__()
            self.layer, self.down, self.up = layer, down, up

        def __call__(self, inputs: Any) -> Any:
            given = self.layer(inputs)
            return given + ((inputs @ self.down.T) @ self.up.T).astype(given.dtype)

    modules = dict(model.named_modules())
    names = {layer_name(name): name for name in modules}
    for low in read_low_ranks(adapter):
        name = names.get(low.layer, "")
        layer = modules.get(name)
        down, up = mx.array(low.down), mx.array(low.up)
        if isinstance(layer, nn.QuantizedLinear):
            parent, _, own_name = name.rpartition(".")
            kind = layer.scales.dtype if mx.issubdtype(layer.scales.dtype, mx.floating) else mx.bfloat16
            setattr(modules[parent], own_name, Beside(layer, down.astype(kind), up.astype(kind)))
        elif isinstance(layer, nn.Linear):
            layer.weight = (layer.weight.astype(mx.float32) + up @ down).astype(layer.weight.dtype)
        else:
            raise ModelError(
                Sentence(
                    "The adapter “{name}” does not fit this model, which has no layer {layer} that it could change.",
                    name=adapter.name,
                    layer=low.layer,
                ),
                "Choose another adapter, or take it off.",
            )
