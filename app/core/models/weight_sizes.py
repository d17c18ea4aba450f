"""How much a model's weights take: in its files, and in memory as each runtime holds them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.core.models.weight_files import read_header, wanted_files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from app.core.models.model_shape import ModelShape

_VISION_NAMES = ("model.visual.", "visual.", "vision_tower.", "model.vision_tower.")
_PROJECTION_NAME = re.compile(r"language_model\.(?:model\.)?layers\..*proj(?:\.weight)?$")
_BYTES_OF_BITS = {8: 1.01, 4: 0.57}
"""What bitsandbytes takes for a weight, its scales included."""
_HALF_BITS = 16
_SCALES_BITS = 0.5
"""MLX's scale and offset of 16 bits for each group of 64 weights."""
_HALF_BYTES = 2


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """A tensor in its file.

    Attributes:
        file: Where it is.
        count: How many numbers it has.
        size_bytes: What it takes there.
    """

    file: Path
    count: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class WeightCounts:
    """How many numbers a model has.

    Attributes:
        projections: Of the language model's layers: what every kind of quantising makes smaller.
        embeddings: The rest of the language model: the tables of tokens and words, and norms.
        vision: Of the vision tower, which keeps its 16 bits.
    """

    projections: int
    embeddings: int
    vision: int

    @classmethod
    def of(cls, shape: ModelShape) -> WeightCounts:
        """Those of an architecture."""
        return cls(shape.layer_params, shape.embedding_params, shape.vision_params)

    @classmethod
    def stored(cls, tensors: Mapping[str, StoredTensor]) -> WeightCounts:
        """Those of files that hold plain numbers."""
        vision = sum(tensor.count for name, tensor in tensors.items() if name.startswith(_VISION_NAMES))
        projections = sum(tensor.count for name, tensor in tensors.items() if is_projection(name))
        return cls(projections, sum(tensor.count for tensor in tensors.values()) - vision - projections, vision)


@dataclass(frozen=True, slots=True)
class WeightBytes:
    """What weights take, in bytes: those of the language model and those of the vision tower."""

    text: int
    vision: int


def is_projection(name: str) -> bool:
    """Whether a tensor of this name is a projection in a layer of the language model."""
    return _PROJECTION_NAME.search(name) is not None and not name.startswith(_VISION_NAMES)


def tensors_of(folder: Path) -> dict[str, StoredTensor]:
    """Every tensor of a model by name, from the headers of its files alone; other weights in the folder do not count.

    Raises:
        ModelError: A file is missing, is damaged or cannot be read.
    """
    found: dict[str, StoredTensor] = {}
    for file in wanted_files(folder):
        for name, entry in read_header(folder / file).items():
            start, end = entry["data_offsets"]
            found[name] = StoredTensor(folder / file, math.prod(entry["shape"]), int(end) - int(start))
    return found


def bytes_as_stored(tensors: Mapping[str, StoredTensor]) -> WeightBytes:
    """What the tensors take in their files, and in memory where a runtime takes them as they are."""
    vision = sum(tensor.size_bytes for name, tensor in tensors.items() if name.startswith(_VISION_NAMES))
    return WeightBytes(sum(tensor.size_bytes for tensor in tensors.values()) - vision, vision)


def mlx_bytes(counts: WeightCounts, bits: int) -> WeightBytes:
    """What weights take in MLX's form, in files and in memory: the vision tower is not quantised.

    Source: mlx ``nn.quantize`` in groups of 64 with two numbers each; sizes of published conversions within 1 %.
    """
    text = counts.projections + counts.embeddings
    if bits >= _HALF_BITS:
        return WeightBytes(text * bits // 8, counts.vision * bits // 8)
    return WeightBytes(int(text * (bits + _SCALES_BITS) / 8), counts.vision * _HALF_BYTES)


def torch_bytes(counts: WeightCounts, bits: int, number_bytes: int) -> WeightBytes:
    """What weights take in PyTorch.

    Args:
        counts: How many they are.
        bits: 8 or 4 where bitsandbytes quantises them; otherwise all are plain numbers.
        number_bytes: Of a plain number there.
    """
    of_projections = _BYTES_OF_BITS.get(bits, float(number_bytes))
    text = int(counts.projections * of_projections) + counts.embeddings * number_bytes
    return WeightBytes(text, counts.vision * number_bytes)
