"""A LoRA put on transformers' model: added to weights that are plain numbers, kept beside those that are quantised.

Added ones cost nothing at a token, and steps are compiled as they were; beside quantised ones two small products do,
since rounding a sum to 4 bits would lose what was trained.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.core.errors import ModelError, Sentence
from app.core.models.adapter import read_low_ranks
from app.core.models.adapter_files import layer_name

if TYPE_CHECKING:
    from app.core.models.adapter import Adapter

_DOWN, _UP = "adapter_down", "adapter_up"


def put_on(model: Any, adapter: Adapter, dtype: Any) -> None:
    """Changes the layers that the adapter names.

    Args:
        model: transformers' model, its weights on their devices.
        adapter: What to put on it.
        dtype: Of what stands beside quantised weights.

    Raises:
        ModelError: A layer is not one that can be changed.
    """
    import torch

    layers = {layer_name(name): module for name, module in model.named_modules()}
    for low in read_low_ranks(adapter):
        layer = layers.get(low.layer)
        weight = getattr(layer, "weight", None)
        if layer is None or weight is None:
            raise ModelError(
                Sentence(
                    "The adapter “{name}” does not fit this model, which has no layer {layer} that it could change.",
                    name=adapter.name,
                    layer=low.layer,
                ),
                "Choose another adapter, or take it off.",
            )
        down, up = (torch.from_numpy(side).to(weight.device) for side in (low.down, low.up))
        if weight.is_floating_point():
            with torch.no_grad():
                weight.copy_(torch.addmm(weight.float(), up, down))
        else:
            layer.register_buffer(_DOWN, down.to(dtype))
            layer.register_buffer(_UP, up.to(dtype))
            layer.register_forward_hook(_beside)


def _beside(layer: Any, inputs: tuple[Any, ...], given: Any) -> Any:
    down, up = getattr(layer, _DOWN), getattr(layer, _UP)
    return given + ((inputs[0].to(down.dtype) @ down.T) @ up.T).to(given.dtype)
