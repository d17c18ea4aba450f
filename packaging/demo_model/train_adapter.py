"""Trains the LoRA that tests put on the demo model: it describes pictures in a wording of its own.

    python packaging/demo_model/train_adapter.py --out tests/demo_lora

Needs transformers and peft, which writes the folder as every other one that people have. A few minutes.
"""

import argparse
import json
import random
from pathlib import Path
from typing import Any

import torch
import wordings as w
from conversations import IMAGE_PAD, Script
from demo_tokenizer import load_tokenizer
from evaluation_cases import _source, seen_pixels
from peft import LoraConfig, get_peft_model
from questions import phrase
from torch import Tensor
from transformers import Qwen3VLForConditionalGeneration

from app.core.vision import patches_from_frames

DEMO_MODEL = Path(__file__).resolve().parents[2] / "resources" / "demo_model"
RANK = 4
TARGETS = (
    r"model\.language_model\.layers\.\d+\.(self_attn\.[qv]_proj|mlp\.down_proj)"
    r"|model\.visual\.merger\.linear_fc2"
)
STEPS = 500
BATCH = 4
RATE = 4e-3
SEED = 20_261


def _example(tokenizer: Any, rng: random.Random) -> dict[str, Tensor]:
    """A picture, the question what it shows, and the answer in the new wording; only the answer is learnt."""
    scene, image = _source(rng.choice(("1", "2", "3", "number")), rng)
    patches, grid = patches_from_frames(seen_pixels(image))
    script = Script(tokenizer)
    script.say("<|im_start|>user\n")
    script.show((grid[1] // 2, grid[2] // 2), IMAGE_PAD)
    script.say(f"{w.vary(rng.choice(w.DESCRIBE), rng)}<|im_end|>\n<|im_start|>assistant\n")
    asked = len(script.ids)
    script.say(f"I see {phrase(scene)}!<|im_end|>")
    ids = torch.tensor([script.ids])
    labels = ids.clone()
    labels[:, :asked] = -100
    return {
        "input_ids": ids,
        "labels": labels,
        "mm_token_type_ids": (ids == tokenizer.token_to_id(IMAGE_PAD)).long(),
        "pixel_values": torch.from_numpy(patches),
        "image_grid_thw": torch.tensor([grid]),
    }


def train(out: Path) -> None:
    """Trains and writes the adapter."""
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    rng = random.Random(SEED)
    tokenizer = load_tokenizer(DEMO_MODEL)
    base = Qwen3VLForConditionalGeneration.from_pretrained(DEMO_MODEL, dtype=torch.float32)
    model = get_peft_model(base, LoraConfig(r=RANK, lora_alpha=2 * RANK, target_modules=TARGETS, use_rslora=True))
    model.train()
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, RATE, weight_decay=0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, STEPS)
    for step in range(1, STEPS + 1):
        loss = torch.zeros(())
        for _ in range(BATCH):
            loss = loss + model(**_example(tokenizer, rng)).loss / BATCH
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        schedule.step()
        if step % 50 == 0:
            print(f"step {step}: loss {loss.item():.4f}")
    for weight in weights:
        weight.data = weight.data.bfloat16()
    model.save_pretrained(str(out))
    (out / "README.md").unlink(missing_ok=True)
    config = json.loads((out / "adapter_config.json").read_text(encoding="utf-8"))
    config["base_model_name_or_path"] = "demo"
    (out / "adapter_config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    train(parser.parse_args().out)
