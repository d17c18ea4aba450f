"""Writes a training checkpoint as a model folder in the released Qwen3-VL layout.

    python packaging/demo_model/export.py --checkpoint demo-train/latest.pt --out resources/demo_model

The folder loads unchanged with mlx-vlm and with transformers.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import torch
from demo_tokenizer import SPECIAL, load_tokenizer, save_tokenizer
from model_card import write_card
from network_sizes import Sizes
from picture_sizes import IMAGE_MAX_PIXELS, IMAGE_MIN_PIXELS, VIDEO_MAX_PIXELS, VIDEO_MIN_PIXELS
from safetensors.torch import save_file
from torch import Tensor

TRAINED_FRAMES = (4, 12)


def model_config(sizes: Sizes, ids: dict[str, int]) -> dict[str, Any]:
    """config.json as the released checkpoints spell it."""
    return {
        "architectures": ["Qwen3VLForConditionalGeneration"],
        "model_type": "qwen3_vl",
        "image_token_id": ids["<|image_pad|>"],
        "video_token_id": ids["<|video_pad|>"],
        "vision_start_token_id": ids["<|vision_start|>"],
        "vision_end_token_id": ids["<|vision_end|>"],
        "tie_word_embeddings": True,
        "text_config": {
            "attention_bias": False,
            "attention_dropout": 0.0,
            "bos_token_id": ids["<|endoftext|>"],
            "eos_token_id": ids["<|im_end|>"],
            "dtype": "bfloat16",
            "head_dim": sizes.head_dim,
            "hidden_act": "silu",
            "hidden_size": sizes.hidden_size,
            "initializer_range": 0.02,
            "intermediate_size": sizes.intermediate_size,
            "max_position_embeddings": 4096,
            "model_type": "qwen3_vl_text",
            "num_attention_heads": sizes.num_attention_heads,
            "num_hidden_layers": sizes.num_hidden_layers,
            "num_key_value_heads": sizes.num_key_value_heads,
            "rms_norm_eps": 1e-06,
            "rope_scaling": {
                "mrope_interleaved": True,
                "mrope_section": list(sizes.mrope_section),
                "rope_type": "default",
            },
            "rope_theta": sizes.rope_theta,
            "tie_word_embeddings": True,
            "use_cache": True,
            "vocab_size": sizes.vocab_size,
        },
        "vision_config": {
            "deepstack_visual_indexes": list(sizes.deepstack),
            "depth": sizes.vision_depth,
            "hidden_act": "gelu_pytorch_tanh",
            "hidden_size": sizes.vision_hidden_size,
            "in_channels": 3,
            "initializer_range": 0.02,
            "intermediate_size": sizes.vision_intermediate_size,
            "model_type": "qwen3_vl",
            "num_heads": sizes.vision_heads,
            "num_position_embeddings": sizes.positions_per_side**2,
            "out_hidden_size": sizes.hidden_size,
            "patch_size": 16,
            "spatial_merge_size": 2,
            "temporal_patch_size": 2,
        },
    }


def _preprocessor(shortest: int, longest: int) -> dict[str, Any]:
    return {
        "size": {"shortest_edge": shortest, "longest_edge": longest},
        "patch_size": 16,
        "temporal_patch_size": 2,
        "merge_size": 2,
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5],
        "processor_class": "Qwen3VLProcessor",
    }


def side_files(sizes: Sizes, ids: dict[str, int]) -> dict[str, dict[str, Any]]:
    """Every JSON file of the folder but the tokenizer's, by name."""
    video = _preprocessor(VIDEO_MIN_PIXELS, VIDEO_MAX_PIXELS)
    return {
        "config.json": model_config(sizes, ids),
        "generation_config.json": {
            "bos_token_id": ids["<|endoftext|>"],
            "pad_token_id": ids["<|endoftext|>"],
            "eos_token_id": [ids["<|im_end|>"], ids["<|endoftext|>"]],
            "do_sample": False,
            "max_new_tokens": 256,
        },
        "preprocessor_config.json": {
            **_preprocessor(IMAGE_MIN_PIXELS, IMAGE_MAX_PIXELS),
            "image_processor_type": "Qwen2VLImageProcessorFast",
        },
        "video_preprocessor_config.json": {
            **video,
            "fps": 2,
            "min_frames": TRAINED_FRAMES[0],
            "max_frames": TRAINED_FRAMES[1],
            "video_processor_type": "Qwen3VLVideoProcessor",
        },
    }


def released_weights(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The state under the released names, in bfloat16; the tied head is not stored."""
    return {f"model.{name}": value.to(torch.bfloat16).contiguous() for name, value in state.items()}


def training_text(state: dict[str, Any], note: str = "") -> str:
    """How the weights came to be, for the model card."""
    vision, chat = state.get("vision_progress"), state["progress"]
    lines = [
        f"`python packaging/demo_model/train.py --seed {state['seed']}`, two processes of one thread each on two",
        "cores. Every picture is drawn once, when it is needed.",
        "",
    ]
    seen = chat["pictures"]
    if vision is not None:
        seen -= vision["pictures"]
        lines += [
            "1. The vision tower alone, with a throw-away head that says of every 16 px patch what covers it, in which",
            "   colour and in which box:",
            f"   {vision['step']:,} steps, {vision['pictures']:,} pictures, {vision['elapsed_s'] / 60:.0f} minutes.",
        ]
    lines += [
        "2. Everything, on conversations of several questions a picture, with loss on the answers and a little on the",
        f"   head: {chat['step']:,} steps, {seen:,} pictures, {chat['elapsed_s'] / 60:.0f} minutes.",
        "",
        "AdamW (betas 0.9 and 0.98, weight decay 0.01), peak 1.5e-3, falling to nothing at the end; the weights are a",
        "running average.",
    ]
    if note:
        lines += ["", note]
    return "\n".join(lines)


def export(checkpoint: Path, out: Path, *, averaged: bool = True, note: str = "") -> None:
    """Writes the model folder for a training checkpoint (its weight average unless told otherwise)."""
    state = torch.load(checkpoint, weights_only=True)
    sizes = Sizes(**state["sizes"])
    tokenizer = load_tokenizer(checkpoint.parent)
    ids = {text: tokenizer.encode(text).ids[0] for text in SPECIAL}
    out.mkdir(parents=True, exist_ok=True)
    save_tokenizer(tokenizer, out)
    for name, content in side_files(sizes, ids).items():
        (out / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    weights = released_weights(state["average" if averaged else "model"])
    temporary = out / "model.safetensors.tmp"
    save_file(weights, str(temporary), metadata={"format": "pt"})
    temporary.chmod(0o644)
    temporary.replace(out / "model.safetensors")
    training = {"parameters": sum(value.numel() for value in weights.values()), "text": training_text(state, note)}
    (out / "training.json").write_text(json.dumps(training, indent=2) + "\n", encoding="utf-8")
    (out / "evaluation.json").unlink(missing_ok=True)  # figures of other weights
    write_card(out)


def main() -> None:
    """Reads the arguments and writes the folder."""
    parser = argparse.ArgumentParser(description="Export a training checkpoint.")
    parser.add_argument("--checkpoint", type=Path, default=Path("demo-train/latest.pt"))
    parser.add_argument("--out", type=Path, default=Path("resources/demo_model"))
    parser.add_argument("--last", action="store_true", help="the last weights, not their running average")
    parser.add_argument("--note", default="", help="a sentence for the model card's section on training")
    options = parser.parse_args()
    export(options.checkpoint, options.out, averaged=not options.last, note=options.note)


if __name__ == "__main__":
    main()
