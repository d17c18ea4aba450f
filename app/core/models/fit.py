"""Whether a model fits a machine: what it needs against what the machine gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from app.core.models.weight_sizes import WeightBytes, WeightCounts, mlx_bytes, torch_bytes
from app.core.settings import LEAST_CONTEXT_TOKENS
from app.core.vision import FRAMES_PER_PATCH, MERGE, PATCH_PX

if TYPE_CHECKING:
    from app.core.machine import MachineMemory
    from app.core.models.catalogue import Catalogue, CatalogueModel
    from app.core.models.model_shape import ModelShape

FitMark: TypeAlias = Literal["fits", "tight", "too_large"]

USUAL_CONTEXT_TOKENS = 8_192
"""The conversation for which there must be room beside a model."""
USUAL_IMAGE_TOKENS = 1_280
_CONTEXT_STEP = 1_024
_SPARE_SHARE = 0.2
_MOST_SPARE_BYTES = 8 * 10**9
"""What there should be beside a model: a fifth, of large machines no more than this."""
_CONTEXT_SHARE = 0.95
"""Of what a machine gives: how far a context that is chosen to fit may fill it."""
_RUNTIME_BYTES = {"metal": 300_000_000, "cuda": 700_000_000, "ram": 250_000_000}
"""Kernels, buffers kept for the next step, and what is held beside tensors; an estimate."""
_MOST_READ_BYTES = 4 * 10**9
"""Of weights that a processor's memory, some tens of GB a second, gives several times a second."""
_PREFILL_TOKENS = 512
"""Tokens that both backends read at a time."""
_KEPT_STATES = {"mlx": 5, "transformers": 1}
"""Of layers without keys and values: the state as it is, and as it was at the ends of earlier turns."""
_TURNED, _TURNED_ON_PROCESSORS = 6, 20
"""Copies of a patch in float32 while queries and keys are turned."""
_HALF_BYTES, _FLOAT_BYTES = 2, 4
_PIXEL_NUMBERS = 3 * FRAMES_PER_PATCH * PATCH_PX * PATCH_PX
_PATCHES_A_TOKEN = MERGE * MERGE


@dataclass(frozen=True, slots=True)
class MemoryNeed:
    """What a model takes while it answers, in bytes.

    Attributes:
        weights_bytes: Of the language model.
        vision_bytes: Of the vision tower.
        cache_bytes: Keys and values of the conversation.
        activation_bytes: The most that is held for a moment: the largest picture, a step of the prompt, the runtime.
    """

    weights_bytes: int
    vision_bytes: int
    cache_bytes: int
    activation_bytes: int

    @property
    def total_bytes(self) -> int:
        """All together."""
        return self.weights_bytes + self.vision_bytes + self.cache_bytes + self.activation_bytes


@dataclass(frozen=True, slots=True)
class Fit:
    """How a model goes with a machine.

    Attributes:
        need: What it takes.
        mark: Whether that is there.
        memory: What the machine gives.
    """

    need: MemoryNeed
    mark: FitMark
    memory: MachineMemory


def memory_need(
    shape: ModelShape,
    weight_bits: int,
    *,
    context_tokens: int = USUAL_CONTEXT_TOKENS,
    image_tokens: int = USUAL_IMAGE_TOKENS,
    on: MachineMemory,
    weights: WeightBytes | None = None,
) -> MemoryNeed:
    """What a model takes on a machine while it answers about a picture.

    Args:
        shape: Its architecture.
        weight_bits: Of its language model: MLX's, or what bitsandbytes makes of it; 16 for plain numbers.
        context_tokens: The longest conversation, the answer included.
        image_tokens: Of the largest picture; of a video, of two of its frames, which pass the vision tower together.
        on: The machine, and through which runtime.
        weights: What the weights take, where that is known better than from the shape.
    """
    item_bytes = number_bytes(shape, on)
    if weights is None:
        counts = WeightCounts.of(shape)
        weights = (
            mlx_bytes(counts, weight_bits) if on.runtime == "mlx" else torch_bytes(counts, weight_bits, item_bytes)
        )
    tokens = min(context_tokens, shape.context_tokens)
    looking = _looking_bytes(shape, image_tokens, item_bytes, on)
    reading = _reading_bytes(shape, tokens, image_tokens, item_bytes, on)
    return MemoryNeed(
        weights.text,
        weights.vision,
        (tokens * shape.cached_params + _KEPT_STATES[on.runtime] * shape.state_params) * item_bytes,
        max(looking, reading) + _RUNTIME_BYTES[on.kind] * on.devices,
    )


def number_bytes(shape: ModelShape, on: MachineMemory) -> int:
    """Of numbers between layers and in the cache: on processors PyTorch takes float32, and MLX for experts."""
    is_wide = on.kind == "ram" and (on.runtime == "transformers" or shape.experts)
    return _FLOAT_BYTES if is_wide else _HALF_BYTES


def _holds_scores(on: MachineMemory) -> bool:
    """Whether attention holds a score for every pair: only MLX on processors, which has no fused attention there."""
    return on.kind == "ram" and on.runtime == "mlx"


def _looking_bytes(shape: ModelShape, image_tokens: int, item_bytes: int, on: MachineMemory) -> int:
    """The most that the vision tower holds while a picture passes one of its layers.

    At first that is pixels, which come in float32; then a layer's input, a normalised copy, queries, keys and values
    before and after they are turned (in float32), or the wide middle of its feed-forward part before and after the
    bend. Measured: MLX on a processor frees what was turned only after the layer.
    """
    patches = image_tokens * _PATCHES_A_TOKEN
    pixels = _PIXEL_NUMBERS * (_FLOAT_BYTES + item_bytes)
    turned = _TURNED_ON_PROCESSORS if _holds_scores(on) else _TURNED
    turning = shape.vision_width * (5 * item_bytes + turned * _FLOAT_BYTES)
    bending = (2 * shape.vision_width + 2 * shape.vision_inner_width) * item_bytes
    scores = shape.vision_heads * patches * item_bytes if _holds_scores(on) else 0
    seen = image_tokens * shape.hidden_width * (1 + shape.taps) * item_bytes
    return patches * max(pixels, max(turning, bending) + scores) + seen


def _reading_bytes(
    shape: ModelShape, context_tokens: int, image_tokens: int, item_bytes: int, on: MachineMemory
) -> int:
    """The most that the language model holds while a step of the prompt passes one of its layers.

    The picture's features wait beside it. One layer's cache stands there twice when it grows.
    """
    step = min(_PREFILL_TOKENS, context_tokens)
    turning = (2 * shape.hidden_width + 4 * shape.heads * shape.head_width) * item_bytes
    bending = (2 * shape.hidden_width + 3 * shape.inner_width) * item_bytes
    scores = shape.heads * context_tokens * item_bytes if _holds_scores(on) else 0
    seen = image_tokens * shape.hidden_width * (1 + shape.taps) * item_bytes
    growing = context_tokens * shape.cached_params * item_bytes // max(1, shape.layers)
    return step * (max(turning, bending) + scores) + seen + growing + shape.vocabulary * _FLOAT_BYTES


def mark(need: MemoryNeed, memory: MachineMemory) -> FitMark:
    """Whether what a model needs is there; where nothing tells what there is, it is taken to fit."""
    if not memory.usable_bytes:
        return "fits"
    spare = memory.usable_bytes - need.total_bytes
    if spare < 0:
        return "too_large"
    return "fits" if spare >= min(_SPARE_SHARE * memory.usable_bytes, _MOST_SPARE_BYTES) else "tight"


def need_of(
    model: CatalogueModel,
    memory: MachineMemory,
    *,
    context_tokens: int = USUAL_CONTEXT_TOKENS,
    image_tokens: int = USUAL_IMAGE_TOKENS,
) -> MemoryNeed:
    """What a model of the catalogue takes on a machine."""
    return memory_need(
        model.shape, model.weight_bits, context_tokens=context_tokens, image_tokens=image_tokens, on=memory
    )


def recommended(catalogue: Catalogue, memory: MachineMemory) -> CatalogueModel | None:
    """The best model for a machine: that fits, else that just so fits, else none.

    On a processor it is no larger than can be read through several times a second, as every word of an answer does;
    where none is so small, it is the smallest.
    """
    ranked = sorted(
        (model for model in catalogue.models if model.rank and model.runtime == memory.runtime),
        key=lambda model: model.rank,
        reverse=True,
    )
    needs = [(need_of(model, memory), model) for model in ranked]
    if memory.kind == "ram" and memory.usable_bytes:
        quick = [(need, model) for need, model in needs if need.weights_bytes <= _MOST_READ_BYTES]
        needs = quick or needs[-1:]
    for wanted in ("fits", "tight"):
        for need, model in needs:
            if mark(need, memory) == wanted:
                return model
    return None


def context_that_fits(
    shape: ModelShape,
    weight_bits: int,
    memory: MachineMemory,
    *,
    image_tokens: int = USUAL_IMAGE_TOKENS,
    weights: WeightBytes | None = None,
) -> int:
    """The longest conversation for which there is room, in steps of 1,024 tokens, and at least that for one question.

    Where nothing tells what the machine gives, it is as long as the model can take.
    """
    if not memory.usable_bytes:
        return shape.context_tokens

    def total(tokens: int) -> int:
        need = memory_need(
            shape, weight_bits, context_tokens=tokens, image_tokens=image_tokens, on=memory, weights=weights
        )
        return need.total_bytes

    room = int(memory.usable_bytes * _CONTEXT_SHARE)
    least, most = 0, shape.context_tokens // _CONTEXT_STEP
    if total(shape.context_tokens) <= room:
        return shape.context_tokens
    while least < most:
        middle = (least + most + 1) // 2
        if total(middle * _CONTEXT_STEP) <= room:
            least = middle
        else:
            most = middle - 1
    return min(shape.context_tokens, max(LEAST_CONTEXT_TOKENS, least * _CONTEXT_STEP))
