"""Whether there is room for a model where PyTorch would put it, and what would fit where there is not."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from app.core.errors import ModelError, Sentence, as_sentence
from app.core.machine import MachineMemory
from app.core.models.catalogue import read_catalogue
from app.core.models.checkpoint_fit import reckoned_context
from app.core.models.fit import memory_need, need_of
from app.core.models.model_shape import shape_of
from app.core.models.weight_sizes import WeightCounts, torch_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.backends.torch_weights import Place
    from app.core.checkpoint import Checkpoint
    from app.core.models.weight_sizes import StoredTensor

_GB = 1 << 30
"""As systems count memory."""
_WHOLE_BITS = 16


def memory_of(place: Place) -> MachineMemory:
    """What is free there, for what is reckoned for every runtime alike."""
    free = sum(place.free_bytes)
    return MachineMemory(
        "cuda" if place.kind == "cuda" else "ram", free, free, place.title, "transformers", len(place.free_bytes)
    )


def needed_bytes(checkpoint: Checkpoint, tensors: Mapping[str, StoredTensor], place: Place) -> int:
    """Memory for the weights, a conversation of some length, a picture, and PyTorch's own, in bytes; an estimate."""
    shape = shape_of(json.loads((checkpoint.folder / "config.json").read_text(encoding="utf-8")))
    bits = checkpoint.weight_bits or _WHOLE_BITS
    need = memory_need(
        shape,
        bits,
        context_tokens=reckoned_context(checkpoint),
        on=memory_of(place),
        weights=torch_bytes(WeightCounts.stored(tensors), bits, place.dtype.itemsize),
    )
    return need.total_bytes


def fewest_gpus(checkpoint: Checkpoint, tensors: Mapping[str, StoredTensor], place: Place) -> Place:
    """One GPU alone where there is room: nothing then waits for another, and steps can be recorded."""
    if len(place.gpus) == 1:
        return place
    _, largest = max(zip(place.free_bytes, place.gpus, strict=True), key=lambda gpu: gpu[0])
    alone = place.only(largest)
    return alone if needed_bytes(checkpoint, tensors, alone) <= alone.free_bytes[0] else place


def refuse_too_large(checkpoint: Checkpoint, tensors: Mapping[str, StoredTensor], place: Place) -> None:
    """Refuses a model for which there is no room, before a byte of it is loaded.

    Raises:
        ModelError: It needs more than is free; the hint says what would fit.
    """
    needed, free = needed_bytes(checkpoint, tensors, place), sum(place.free_bytes)
    if needed <= free or not free or checkpoint.is_size_accepted:
        return
    name, wanted, there = checkpoint.name, f"{needed / _GB:.1f}", f"{free / _GB:.1f}"
    text = (
        Sentence(
            "The model {name} needs about {needed} GB on the GPU; {free} GB are free.",
            name=name,
            needed=wanted,
            free=there,
        )
        if place.kind == "cuda"
        else Sentence(
            "The model {name} needs about {needed} GB of memory; {free} GB are free.",
            name=name,
            needed=wanted,
            free=there,
        )
    )
    raise ModelError(text, as_sentence(_what_would_fit(checkpoint, tensors, place)))


def _what_would_fit(checkpoint: Checkpoint, tensors: Mapping[str, StoredTensor], place: Place) -> Sentence:
    free = sum(place.free_bytes)
    for bits in (8, 4) if checkpoint.model_type != "qwen3_vl_moe" else ():
        needed = needed_bytes(replace(checkpoint, weight_bits=bits), tensors, place)
        if bits < (checkpoint.weight_bits or _WHOLE_BITS) and needed <= free:
            return Sentence(
                "In {bits} bits it needs about {needed} GB: --quantize {bits}bit, or “Weights” in the settings.",
                bits=bits,
                needed=f"{needed / _GB:.1f}",
            )
    memory = memory_of(place)
    released = [model for model in read_catalogue().models if model.runtime == "transformers" and model.rank]
    released.sort(key=lambda model: model.rank, reverse=True)
    for model in released:
        if need_of(model, memory).total_bytes <= free:
            return Sentence("{name} would fit, or close other programs.", name=model.model_id)
    for model in released:
        if not model.shape.experts and memory_need(model.shape, 4, on=memory).total_bytes <= free:
            return Sentence(
                "{name} would fit in 4 bits (--quantize 4bit), or close other programs.", name=model.model_id
            )
    return Sentence("No released Qwen3-VL fits: close other programs, or take another machine.")
