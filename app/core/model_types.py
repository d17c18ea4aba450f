"""Which architectures the program can run, and through which runtime.

Qwen3.5 and 3.6 see as Qwen3-VL does: the same sizes, grids, positions and times, but without DeepStack. Their language
model is another one: three layers of four are recurrent (gated delta nets) and keep a state of one size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

Runtime: TypeAlias = Literal["mlx", "transformers"]
"""What runs models; also the name of its backend."""
RUNTIMES: tuple[Runtime, ...] = get_args(Runtime)

_QWEN3_VL = ("qwen3_vl", "qwen3_vl_moe")
_QWEN3_5 = ("qwen3_5", "qwen3_5_moe")
"""Qwen3.6 is of these types, too."""

SUPPORTED_MODEL_TYPES: Mapping[Runtime, tuple[str, ...]] = {"mlx": (*_QWEN3_VL, *_QWEN3_5), "transformers": _QWEN3_VL}
ALL_MODEL_TYPES = tuple(dict.fromkeys(name for names in SUPPORTED_MODEL_TYPES.values() for name in names))


def thinks_when_told(model_type: str) -> bool:
    """Whether it depends on the chat template's ``enable_thinking`` if the model thinks before it answers."""
    return model_type in _QWEN3_5


def has_experts(model_type: str) -> bool:
    """Whether the model is a mixture of experts."""
    return model_type.endswith("_moe")
