"""The numbers of an architecture that memory depends on, read from any Qwen configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.core.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

_USUAL_CONTEXT = 262_144
_USUAL_CHANNELS = 3
_USUAL_FRAMES = 2
_STATE_IN_HALVES = 2
"""Recurrent states are kept in float32, which is two numbers of 16 bits."""


@dataclass(frozen=True, slots=True)
class ModelShape:
    """What memory depends on; widths are in numbers, not bytes.

    Attributes:
        layers: Of the language model, those whose keys and values grow with the conversation.
        hidden_width: Of a token between layers.
        heads: Query heads of a layer.
        kv_heads: Heads of which keys and values are kept.
        head_width: Of each head.
        inner_width: How wide one token becomes within a layer's feed-forward part.
        vocabulary: Tokens that there are.
        embedding_params: Numbers in the table of tokens and, where it is another, in the one that chooses words.
        layer_params: All other numbers of the language model.
        vision_params: Numbers of the vision tower with what joins it to the language model.
        vision_width: Of a patch between the tower's layers.
        vision_heads: Of one of these layers.
        vision_inner_width: How wide one patch becomes within it.
        taps: Layers of the vision tower that are handed on beside the last one (DeepStack).
        context_tokens: The longest prompt and answer together.
        experts: Of a layer of a mixture of experts; 0 where there is none.
        state_params: Numbers of 16 bits that a conversation of any length keeps in layers without keys and values.
    """

    layers: int
    hidden_width: int
    heads: int
    kv_heads: int
    head_width: int
    inner_width: int
    vocabulary: int
    embedding_params: int
    layer_params: int
    vision_params: int
    vision_width: int
    vision_heads: int
    vision_inner_width: int
    taps: int
    context_tokens: int
    experts: int = 0
    state_params: int = 0

    @property
    def text_params(self) -> int:
        """Numbers of the language model."""
        return self.embedding_params + self.layer_params

    @property
    def cached_params(self) -> int:
        """Numbers that are kept of each token of a conversation."""
        return 2 * self.layers * self.kv_heads * self.head_width


def shape_of(config: Mapping[str, Any]) -> ModelShape:
    """The shape that a config.json tells, of Qwen3-VL and of Qwen3.5, dense or mixture of experts.

    Spellings of transformers 4 and 5 and of MLX conversions differ in nothing that counts here.

    Source: transformers 5.23 ``models/{qwen3_vl,qwen3_vl_moe,qwen3_5,qwen3_5_moe}/modeling_*.py``, layer by layer.

    Raises:
        ModelError: It does not tell all.
    """
    try:
        text, vision = config["text_config"], config["vision_config"]
        is_tied = bool(config.get("tie_word_embeddings", text.get("tie_word_embeddings", False)))
        is_tied = is_tied or bool(text.get("tie_word_embeddings"))
        heads = int(text["num_attention_heads"])
        head_width = int(text.get("head_dim") or text["hidden_size"] // heads)
        kinds = _layer_kinds(text)
        hidden, vocabulary = int(text["hidden_size"]), int(text["vocab_size"])
        layer_params = hidden  # the last norm
        for index, is_recurrent in enumerate(kinds):
            mixing = _recurrent_params(text) if is_recurrent else _attention_params(text, heads, head_width)
            layer_params += mixing + _forward_params(text, index) + 2 * hidden
        taps = len(vision.get("deepstack_visual_indexes") or ())
        return ModelShape(
            layers=kinds.count(False),
            hidden_width=hidden,
            heads=heads,
            kv_heads=int(text["num_key_value_heads"]),
            head_width=head_width,
            inner_width=_inner_width(text),
            vocabulary=vocabulary,
            embedding_params=vocabulary * hidden * (1 if is_tied else 2),
            layer_params=layer_params,
            vision_params=_vision_params(vision, taps, hidden),
            vision_width=int(vision["hidden_size"]),
            vision_heads=int(vision["num_heads"]),
            vision_inner_width=int(vision["intermediate_size"]),
            taps=taps,
            context_tokens=int(text.get("max_position_embeddings", _USUAL_CONTEXT)),
            experts=int(text.get("num_experts") or 0),
            state_params=kinds.count(True) * _state_params(text) if any(kinds) else 0,
        )
    except (KeyError, TypeError, ValueError, AttributeError, ZeroDivisionError) as error:
        raise ModelError(
            "The model's configuration does not tell how large it is.", "Choose a Qwen3-VL checkpoint.", repr(error)
        ) from error


def _layer_kinds(text: Mapping[str, Any]) -> list[bool]:
    """For each layer of the language model whether it is a recurrent one, without keys and values."""
    count = int(text["num_hidden_layers"])
    if text.get("layer_types"):
        return [kind == "linear_attention" for kind in text["layer_types"]]
    if "linear_num_value_heads" not in text:
        return [False] * count
    interval = int(text.get("full_attention_interval", 4))
    return [(index + 1) % interval != 0 for index in range(count)]


def _attention_params(text: Mapping[str, Any], heads: int, head_width: int) -> int:
    hidden = int(text["hidden_size"])
    has_gate = bool(text.get("attn_output_gate", "linear_num_value_heads" in text))
    kv_heads = int(text["num_key_value_heads"])
    return hidden * head_width * (heads * (3 if has_gate else 2) + 2 * kv_heads) + 2 * head_width


def _linear_widths(text: Mapping[str, Any]) -> tuple[int, int, int]:
    """Of a recurrent layer: what goes through its convolution, its values, and its value heads."""
    keys = int(text.get("linear_num_key_heads", 16)) * int(text.get("linear_key_head_dim", 128))
    value_heads = int(text["linear_num_value_heads"])
    values = value_heads * int(text.get("linear_value_head_dim", 128))
    return 2 * keys + values, values, value_heads


def _recurrent_params(text: Mapping[str, Any]) -> int:
    hidden = int(text["hidden_size"])
    mixed, values, value_heads = _linear_widths(text)
    kernel = int(text.get("linear_conv_kernel_dim", 4))
    return (
        hidden * (mixed + 2 * values + 2 * value_heads)
        + mixed * kernel
        + 2 * value_heads
        + int(text.get("linear_value_head_dim", 128))
    )


def _state_params(text: Mapping[str, Any]) -> int:
    mixed, values, _ = _linear_widths(text)
    kernel = int(text.get("linear_conv_kernel_dim", 4))
    return mixed * (kernel - 1) + _STATE_IN_HALVES * values * int(text.get("linear_key_head_dim", 128))


def _has_experts(text: Mapping[str, Any], index: int) -> bool:
    step = int(text.get("decoder_sparse_step", 1))
    is_left_out = index in (text.get("mlp_only_layers") or ())
    return bool(text.get("num_experts")) and not is_left_out and (index + 1) % step == 0


def _forward_params(text: Mapping[str, Any], index: int) -> int:
    hidden = int(text["hidden_size"])
    if not _has_experts(text, index):
        return 3 * hidden * int(text["intermediate_size"])
    experts = int(text["num_experts"])
    shared = int(text.get("shared_expert_intermediate_size") or 0)
    params = experts * (3 * hidden * int(text["moe_intermediate_size"]) + hidden)
    return params + (3 * hidden * shared + hidden if shared else 0)


def _inner_width(text: Mapping[str, Any]) -> int:
    if not text.get("num_experts"):
        return int(text["intermediate_size"])
    chosen = int(text["num_experts_per_tok"]) * int(text["moe_intermediate_size"])
    return chosen + int(text.get("shared_expert_intermediate_size") or 0)


def _vision_params(vision: Mapping[str, Any], taps: int, text_width: int) -> int:
    width, inner = int(vision["hidden_size"]), int(vision["intermediate_size"])
    patch, frames = int(vision["patch_size"]), int(vision.get("temporal_patch_size", _USUAL_FRAMES))
    pixels = int(vision.get("in_channels", _USUAL_CHANNELS)) * frames * patch * patch
    merged = width * int(vision["spatial_merge_size"]) ** 2
    out = int(vision.get("out_hidden_size", text_width))
    block = 4 * width * (width + 1) + 2 * width * inner + inner + width + 4 * width
    merger = merged * (merged + 1) + merged * out + out
    return (
        pixels * width
        + width
        + int(vision["depth"]) * block
        + (taps + 1) * merger
        + 2 * width
        + taps * 2 * merged
        + int(vision["num_position_embeddings"]) * width
    )
