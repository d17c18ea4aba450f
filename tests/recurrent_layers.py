"""What Qwen3.5's language model has and Qwen3-VL's has not: recurrent layers, gates, an expert that all share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


_RELEASED_HEAD_DIM = 256


def is_newer(config: dict[str, Any]) -> bool:
    """Whether a configuration is one of Qwen3.5."""
    return "layer_types" in config["text_config"]


def newer_text(model_type: str, layers: int, head_dim: int, experts_width: int) -> dict[str, Any]:
    """What text_config has beside, or in place of, Qwen3-VL's; `experts_width` is 0 without experts."""
    turned_share = 0.25 if head_dim >= _RELEASED_HEAD_DIM else 0.5  # a narrow head needs more to turn on three axes
    pairs = int(head_dim * turned_share) // 2
    interval = min(4, layers // 2)
    layer_types = ["linear_attention" if (layer + 1) % interval else "full_attention" for layer in range(layers)]
    shared = {"shared_expert_intermediate_size": experts_width // 2} if experts_width else {}
    return shared | {
        "model_type": f"{model_type}_text",
        "full_attention_interval": interval,
        "layer_types": layer_types,
        "attn_output_gate": True,
        "linear_num_key_heads": 2,
        "linear_num_value_heads": 4,
        "linear_key_head_dim": 32,
        "linear_value_head_dim": 32,
        "linear_conv_kernel_dim": 4,
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": 10_000_000,
            "partial_rotary_factor": turned_share,
            "mrope_interleaved": True,
            "mrope_section": [(pairs + 2) // 3, (pairs + 1) // 3, pairs // 3],
        },
    }


def shared_expert_shapes(name: str, text: dict[str, Any]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The tensors of a mixture of experts beside its gate; fused the other way round than Qwen3-VL's."""
    width, experts = text["hidden_size"], text["num_experts"]
    inner, shared = text["moe_intermediate_size"], text["shared_expert_intermediate_size"]
    yield f"{name}.experts.gate_up_proj", (experts, 2 * inner, width)
    yield f"{name}.experts.down_proj", (experts, width, inner)
    for projection, shape in (("gate", (shared, width)), ("up", (shared, width)), ("down", (width, shared))):
        yield f"{name}.shared_expert.{projection}_proj.weight", shape
    yield f"{name}.shared_expert_gate.weight", (1, width)


def recurrent_shapes(name: str, text: dict[str, Any]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The tensors of a gated delta net."""
    width, heads = text["hidden_size"], text["linear_num_value_heads"]
    values = heads * text["linear_value_head_dim"]
    mixed = 2 * text["linear_num_key_heads"] * text["linear_key_head_dim"] + values
    for projection, out in (("qkv", mixed), ("z", values), ("b", heads), ("a", heads)):
        yield f"{name}.in_proj_{projection}.weight", (out, width)
    yield f"{name}.conv1d.weight", (mixed, 1, text["linear_conv_kernel_dim"])
    yield f"{name}.A_log", (heads,)
    yield f"{name}.dt_bias", (heads,)
    yield f"{name}.norm.weight", (text["linear_value_head_dim"],)
    yield f"{name}.out_proj.weight", (width, values)


def is_around_zero(name: str, config: dict[str, Any]) -> bool:
    """Whether a norm adds one to its weights itself: those of the language model do, but for the gated ones."""
    return is_newer(config) and "language_model" in name and not name.endswith("linear_attn.norm.weight")
