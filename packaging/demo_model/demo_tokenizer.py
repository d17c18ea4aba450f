"""The demo model's tokenizer: byte-level BPE over its own sentences, in Qwen's layout.

All 256 bytes are in the vocabulary, so any text encodes; digits stand alone.
"""

import json
import random
from pathlib import Path

from clips import DIRECTIONS
from outside import OUTSIDE_ANSWER, sample_outside
from questions import compare, describe, outside_turn, sample_turn
from scenes import sample_number_scene, sample_shapes_scene
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from wordings import COMPARE, FIRST_IMAGE, NEW_IMAGE, SECOND_IMAGE, SYSTEM, VIDEO, vary

SPECIAL = (
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>",
    "<|image_pad|>", "<|video_pad|>", "<think>", "</think>",
)  # fmt: skip
VOCABULARY = 640
# Source: Qwen2's tokenizer.json (transformers 5.23, models/qwen2/tokenization_qwen2.py, PRETOKENIZE_REGEX).
WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
# Source: the chat template of the released Qwen3-VL Instruct checkpoints, without its tool calls.
CHAT_TEMPLATE = (
    "{%- set image_count = namespace(value=0) %}{%- set video_count = namespace(value=0) %}"
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message.role + '\\n' }}"
    "{%- if message.content is string %}{{- message.content }}"
    "{%- else %}{%- for part in message.content %}"
    "{%- if part.type == 'image' or 'image' in part or 'image_url' in part %}"
    "{%- set image_count.value = image_count.value + 1 %}"
    "{%- if add_vision_id %}{{- 'Picture ' ~ image_count.value ~ ': ' }}{%- endif %}"
    "{{- '<|vision_start|><|image_pad|><|vision_end|>' }}"
    "{%- elif part.type == 'video' or 'video' in part %}"
    "{%- set video_count.value = video_count.value + 1 %}"
    "{%- if add_vision_id %}{{- 'Video ' ~ video_count.value ~ ': ' }}{%- endif %}"
    "{{- '<|vision_start|><|video_pad|><|vision_end|>' }}"
    "{%- elif 'text' in part %}{{- part.text }}{%- endif %}"
    "{%- endfor %}{%- endif %}"
    "{{- '<|im_end|>\\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)


def _sentences(seed: int, count: int) -> list[str]:
    rng = random.Random(f"tokenizer-{seed}")
    lines: list[str] = ["user\n", "assistant\n", "system\n", "Image 1: ", "Image 2: "] * 300
    for _ in range(count):
        scene = sample_shapes_scene(1.3, rng.choice((1, 2, 3)), rng)
        if rng.random() < 0.2:
            scene = sample_number_scene(1.3, 10, rng)
        box = (10, 20, 30, 40)
        scene = type(scene)(**{**scene.__dict__, "boxes": (box,) * max(1, len(scene.shapes))})
        turn = sample_turn(scene, rng)
        lines += [turn.question, turn.answer, describe(scene), compare(scene, scene)]
        lines += [outside_turn(rng).question, OUTSIDE_ANSWER, rng.choice(SYSTEM), f"<{rng.uniform(0, 9):.1f} seconds>"]
        lines += [vary(rng.choice(rng.choice((VIDEO, COMPARE, FIRST_IMAGE, SECOND_IMAGE, NEW_IMAGE))), rng)]
        lines += [f"A red circle moves {rng.choice(list(DIRECTIONS))}.", sample_outside(rng)]
    # Only ASCII is worth merges; other scripts stay bytes.
    return [line for line in lines if line.isascii()]


def train_tokenizer(seed: int) -> Tokenizer:
    """A fresh tokenizer, the same for the same seed."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORDS), behavior="isolated", invert=False),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - len(SPECIAL),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_sentences(seed, 3000), trainer)
    tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in SPECIAL])
    return tokenizer


def save_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    """Writes tokenizer.json, tokenizer_config.json and the chat template into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "Qwen2Tokenizer",
        "add_prefix_space": False,
        "add_bos_token": False,
        "bos_token": None,
        "eos_token": "<|im_end|>",
        "pad_token": "<|endoftext|>",
        "unk_token": None,
        "errors": "replace",
        "clean_up_tokenization_spaces": False,
        "split_special_tokens": False,
        "model_max_length": 4096,
        "additional_special_tokens": list(SPECIAL[1:]),
        "added_tokens_decoder": {
            str(tokenizer.token_to_id(text)): {
                "content": text, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False,
                "special": True,
            }
            for text in SPECIAL
        },
        "chat_template": CHAT_TEMPLATE,
    }  # fmt: skip
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    (folder / "chat_template.jinja").write_text(CHAT_TEMPLATE, encoding="utf-8")


def load_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer saved in a folder."""
    return Tokenizer.from_file(str(folder / "tokenizer.json"))
