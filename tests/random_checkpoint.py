"""Qwen3-VL and Qwen3.5 checkpoints of any width and random weights: right for speed, memory and plumbing alone."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.recurrent_layers import is_around_zero, is_newer, newer_text, recurrent_shapes, shared_expert_shapes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SPECIAL_TOKENS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
CHAT_TEMPLATE = """\
{%- for message in messages %}
    {{- '<|im_start|>' + message.role + '\\n' }}
    {%- if message.content is string %}
        {{- message.content }}
    {%- else %}
        {%- for part in message.content %}
            {%- if part.type == 'image' %}
                {{- '<|vision_start|><|image_pad|><|vision_end|>' }}
            {%- elif part.type == 'video' %}
                {{- '<|vision_start|><|video_pad|><|vision_end|>' }}
            {%- else %}
                {{- part.text }}
            {%- endif %}
        {%- endfor %}
    {%- endif %}
    {{- '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if thinks %}
        {{- '<think>\\n' if enable_thinking is undefined or enable_thinking else '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}
"""


@dataclass(frozen=True)
class Widths:
    """The numbers that decide a checkpoint's size; the defaults make a tiny one."""

    text_width: int = 64
    text_layers: int = 3
    heads: int = 4
    kv_heads: int = 2
    head_dim: int = 16
    mlp_width: int = 128
    vision_width: int = 32
    vision_depth: int = 4
    vision_heads: int = 2
    vision_mlp_width: int = 64
    vocabulary: int = 512
    experts: int = 0
    max_pixels: int = 1_048_576
    is_tied: bool = True
    dtype: str = "bfloat16"
    is_newer: bool = False
    """Qwen3.5: most layers are recurrent (with fewer than 8, half of them), attention has gates, and no DeepStack."""


def write_random_checkpoint(folder: Path, widths: Widths | None = None, seed: int = 0) -> Path:
    """Writes config, tokenizer, chat template and random weights in the released layout; needs no runtime."""
    _write_weights(folder, write_configuration(folder, widths or Widths()), seed)
    return folder


def write_configuration(folder: Path, widths: Widths) -> dict[str, Any]:
    """Writes all but the weights; gives the configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    token_ids = _write_tokenizer(folder, widths)
    config = _config(widths, token_ids)
    _write_json(folder / "config.json", config)
    _write_json(folder / "generation_config.json", {"do_sample": False, "eos_token_id": [token_ids["<|im_end|>"]]})
    size = {"shortest_edge": 4096, "longest_edge": widths.max_pixels}
    _write_json(folder / "preprocessor_config.json", {"size": size, "patch_size": 16, "merge_size": 2})
    return config


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")


def _write_tokenizer(folder: Path, widths: Widths) -> dict[str, int]:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocab = {text: index for index, text in enumerate(alphabet)}
    for index in range(len(vocab), widths.vocabulary - len(SPECIAL_TOKENS)):
        vocab[f"Ġw{index}"] = index
    tokenizer = Tokenizer(models.BPE(vocab, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(list(SPECIAL_TOKENS))
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "chat_template.jinja").write_text(
        "{%- set thinks = true %}\n" + CHAT_TEMPLATE if widths.is_newer else CHAT_TEMPLATE, encoding="utf-8"
    )
    _write_json(
        folder / "tokenizer_config.json",
        {"tokenizer_class": "Qwen2Tokenizer", "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"},
    )
    known: dict[str, int] = tokenizer.get_vocab()
    return {text: known[text] for text in SPECIAL_TOKENS}


def _config(widths: Widths, token_ids: dict[str, int]) -> dict[str, Any]:
    half = widths.head_dim // 2
    side = half // 3
    text: dict[str, Any] = {
        "model_type": "qwen3_vl_moe_text" if widths.experts else "qwen3_vl_text",
        "num_hidden_layers": widths.text_layers,
        "hidden_size": widths.text_width,
        "intermediate_size": widths.mlp_width,
        "num_attention_heads": widths.heads,
        "num_key_value_heads": widths.kv_heads,
        "head_dim": widths.head_dim,
        "rms_norm_eps": 1e-6,
        "vocab_size": widths.vocabulary,
        "max_position_embeddings": 32_768,
        "tie_word_embeddings": widths.is_tied,
        "dtype": widths.dtype,
    }
    if widths.experts:
        text |= {
            "num_experts": widths.experts,
            "num_experts_per_tok": 2,
            "moe_intermediate_size": widths.mlp_width // 2,
            "decoder_sparse_step": 1,
            "mlp_only_layers": [],
            "norm_topk_prob": True,
        }
    model_type = "qwen3_vl_moe" if widths.experts else "qwen3_vl"
    if widths.is_newer:
        model_type = model_type.replace("_vl", "_5")
        text |= newer_text(model_type, widths.text_layers, widths.head_dim, widths.mlp_width if widths.experts else 0)
    else:
        text["rope_theta"] = 5_000_000
        sections = [half - 2 * side, side, side]
        text["rope_scaling"] = {"rope_type": "default", "mrope_interleaved": True, "mrope_section": sections}
    return {
        "model_type": model_type,
        "architectures": [
            f"{'Qwen3_5' if widths.is_newer else 'Qwen3VL'}{'Moe' if widths.experts else ''}ForConditionalGeneration"
        ],
        "text_config": text,
        "vision_config": {
            "model_type": model_type,
            "depth": widths.vision_depth,
            "hidden_size": widths.vision_width,
            "intermediate_size": widths.vision_mlp_width,
            "out_hidden_size": widths.text_width,
            "num_heads": widths.vision_heads,
            "patch_size": 16,
            "spatial_merge_size": 2,
            "temporal_patch_size": 2,
            "in_channels": 3,
            "num_position_embeddings": 256,
            "deepstack_visual_indexes": [] if widths.is_newer else [0, 1, 2],
            "hidden_act": "gelu_pytorch_tanh",
        },
        "image_token_id": token_ids["<|image_pad|>"],
        "video_token_id": token_ids["<|video_pad|>"],
        "vision_start_token_id": token_ids["<|vision_start|>"],
        "vision_end_token_id": token_ids["<|vision_end|>"],
        "tie_word_embeddings": widths.is_tied,
        "eos_token_id": token_ids["<|im_end|>"],
        "dtype": widths.dtype,
    }


def _shapes(config: dict[str, Any]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Every tensor of a checkpoint in the released layout."""
    text, vision = config["text_config"], config["vision_config"]
    width = text["hidden_size"]
    yield "model.language_model.embed_tokens.weight", (text["vocab_size"], width)
    for layer in range(text["num_hidden_layers"]):
        name = f"model.language_model.layers.{layer}"
        for norm in ("input_layernorm", "post_attention_layernorm"):
            yield f"{name}.{norm}.weight", (width,)
        if is_newer(config) and text["layer_types"][layer] == "linear_attention":
            yield from recurrent_shapes(f"{name}.linear_attn", text)
        else:
            yield from _attention_shapes(f"{name}.self_attn", text, has_gate=is_newer(config))
        yield from _forward_shapes(f"{name}.mlp", text, has_shared_expert=is_newer(config))
    yield "model.language_model.norm.weight", (width,)
    if not config["tie_word_embeddings"]:
        yield "lm_head.weight", (text["vocab_size"], width)
    yield from _vision_shapes(vision)


def _attention_shapes(name: str, text: dict[str, Any], *, has_gate: bool) -> Iterator[tuple[str, tuple[int, ...]]]:
    width, heads = text["hidden_size"], text["num_attention_heads"] * text["head_dim"]
    kv_width = text["num_key_value_heads"] * text["head_dim"]
    for norm in ("q_norm", "k_norm"):
        yield f"{name}.{norm}.weight", (text["head_dim"],)
    for projection, out in (("q", 2 * heads if has_gate else heads), ("k", kv_width), ("v", kv_width)):
        yield f"{name}.{projection}_proj.weight", (out, width)
    yield f"{name}.o_proj.weight", (width, heads)


def _forward_shapes(
    name: str, text: dict[str, Any], *, has_shared_expert: bool
) -> Iterator[tuple[str, tuple[int, ...]]]:
    width = text["hidden_size"]
    if "num_experts" not in text:
        for projection in ("gate", "up"):
            yield f"{name}.{projection}_proj.weight", (text["intermediate_size"], width)
        yield f"{name}.down_proj.weight", (width, text["intermediate_size"])
        return
    experts, inner = text["num_experts"], text["moe_intermediate_size"]
    yield f"{name}.gate.weight", (experts, width)
    if has_shared_expert:
        yield from shared_expert_shapes(name, text)
    else:
        yield f"{name}.experts.gate_up_proj", (experts, width, 2 * inner)
        yield f"{name}.experts.down_proj", (experts, inner, width)


def _vision_shapes(vision: dict[str, Any]) -> Iterator[tuple[str, tuple[int, ...]]]:
    width, inner = vision["hidden_size"], vision["intermediate_size"]
    merged = width * vision["spatial_merge_size"] ** 2
    kernel = (vision["temporal_patch_size"], vision["patch_size"], vision["patch_size"])
    shapes: dict[str, tuple[int, ...]] = {"patch_embed.proj": (width, vision["in_channels"], *kernel)}
    for block in range(vision["depth"]):
        shapes |= {f"blocks.{block}.norm1": (width,), f"blocks.{block}.norm2": (width,)}
        shapes |= {f"blocks.{block}.attn.qkv": (3 * width, width), f"blocks.{block}.attn.proj": (width, width)}
        shapes |= {f"blocks.{block}.mlp.linear_fc1": (inner, width), f"blocks.{block}.mlp.linear_fc2": (width, inner)}
    mergers = {"merger": width}
    mergers |= {f"deepstack_merger_list.{index}": merged for index in range(len(vision["deepstack_visual_indexes"]))}
    for merger, norm_width in mergers.items():
        shapes |= {f"{merger}.norm": (norm_width,), f"{merger}.linear_fc1": (merged, merged)}
        shapes |= {f"{merger}.linear_fc2": (vision["out_hidden_size"], merged)}
    for name, shape in shapes.items():
        yield f"model.visual.{name}.weight", shape
        yield f"model.visual.{name}.bias", shape[:1]
    yield "model.visual.pos_embed.weight", (vision["num_position_embeddings"], width)


def _write_weights(folder: Path, config: dict[str, Any], seed: int) -> None:
    """One safetensors file, tensor after tensor, so that a large checkpoint takes little memory."""
    import numpy as np

    sizes = {"float32": ("F32", 4), "bfloat16": ("BF16", 2), "float16": ("F16", 2)}
    kind, item_bytes = sizes[config["dtype"]]
    shapes = dict(_shapes(config))
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, shape in shapes.items():
        start, end = end, end + math.prod(shape) * item_bytes
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [start, end]}
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    random = np.random.default_rng(seed)
    with (folder / "model.safetensors").open("wb") as file:
        file.write(len(head).to_bytes(8, "little") + head)
        for name, shape in shapes.items():
            values = random.standard_normal(math.prod(shape), dtype=np.float32) * np.float32(0.08)
            if "norm" in name and name.endswith(".weight") and not is_around_zero(name, config):
                values += np.float32(1)
            if kind == "BF16":
                file.write((values.view(np.uint32) + 0x8000 >> 16).astype("<u2").tobytes())
            else:
                file.write(values.astype("<f4" if kind == "F32" else "<f2").tobytes())
