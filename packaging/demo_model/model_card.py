"""The model card: the template `card.md` filled with what was trained and what was measured."""

import json
from pathlib import Path
from typing import Any

from picture_sizes import IMAGE_MAX_PIXELS, IMAGE_MIN_PIXELS, VIDEO_MAX_PIXELS, VIDEO_MIN_PIXELS

TEMPLATE = Path(__file__).with_name("card.md")
FRAMES = "4 to 12"
TASK_NAMES = {
    "describe_one": "describing one shape",
    "describe_two": "describing two shapes",
    "describe_three": "describing three shapes",
    "describe_number": "describing a number",
    "count": "counting shapes",
    "read_1": "reading one digit",
    "read_2": "reading two digits",
    "read_3": "reading three digits",
    "locate": "every box of a picture right to the last digit",
    "follow_up": "follow-up question",
    "compare": "comparing two pictures",
    "second_later": "describing a second picture that comes later",
    "first_again": "describing the first picture again after it",
    "video": "colour, shape and direction in a clip",
    "outside": "refusing what is outside its world",
    "outside_picture": "refusing a picture of nothing it knows",
    "no_picture": "refusing when there is no picture",
}


def _measured_by(runtime: str, table: dict[str, Any]) -> list[str]:
    words = "the program itself (MLX backend)" if runtime == "program" else "transformers"
    lines = [f"Through {words}:", "", "| task | asked | exactly right |", "|---|---|---|"]
    for task, name in TASK_NAMES.items():
        row = table["exact"].get(task)
        if row is not None:
            lines.append(f"| {name} | {row['asked']} | {row['exact_percent']} % |")
    lines.append("")
    if "locate_mean_iou" in table:
        lines += [f"Mean overlap (IoU) of boxes: {table['locate_mean_iou']}.", ""]
    if "video_direction_percent" in table:
        lines += [f"Right direction in clips: {table['video_direction_percent']} %.", ""]
    asked = f"--runtime {runtime} --count {table['count']} --seed {table['seed']}"
    return [*lines, f"(`python packaging/demo_model/evaluate.py {asked}`)", ""]


def measured_text(tables: dict[str, Any]) -> str:
    """The figures of the evaluations as Markdown."""
    if not tables:
        return "Not measured yet."
    lines = [
        "On pictures from seeds that training never used, areas of 8,000 to 2,000,000 px, 1:2.8 to 2.8:1, most of them",
        "resized on the way; about three in ten questions in wordings held out of training; greedy decoding.",
        "One held-out wording was exchanged, and the mixture steered, after smaller evaluations with the same seed,",
        "and each task has few cases: read the figures as mildly optimistic, and those near 97 % as good to about",
        "four points.",
        "",
    ]
    for runtime, table in sorted(tables.items()):
        lines += _measured_by(runtime, table)
    return "\n".join(lines).rstrip()


def write_card(folder: Path) -> None:
    """Writes README.md into a model folder from its config.json, training.json and evaluation.json."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    training = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    evaluation = folder / "evaluation.json"
    tables = json.loads(evaluation.read_text(encoding="utf-8")) if evaluation.exists() else {}
    text, vision = config["text_config"], config["vision_config"]
    values = {
        "PARAMETERS": f"{training['parameters'] / 1e6:.1f}",
        "MEGABYTES": f"{(folder / 'model.safetensors').stat().st_size / 1e6:.1f}",
        "FRAMES": FRAMES,
        "IMAGE_MIN": f"{IMAGE_MIN_PIXELS:,}",
        "IMAGE_MAX": f"{IMAGE_MAX_PIXELS:,}",
        "VIDEO_MIN": f"{VIDEO_MIN_PIXELS:,}",
        "VIDEO_MAX": f"{VIDEO_MAX_PIXELS:,}",
        **{name: text[name] for name in ("hidden_size", "num_hidden_layers", "num_attention_heads")},
        **{name: text[name] for name in ("num_key_value_heads", "head_dim", "vocab_size")},
        "mrope_section": text["rope_scaling"]["mrope_section"],
        "vision_hidden_size": vision["hidden_size"],
        "vision_depth": vision["depth"],
        "deepstack": ", ".join(str(index) for index in vision["deepstack_visual_indexes"]),
        "MEASURED": measured_text(tables),
        "TRAINING": training["text"],
    }
    card = TEMPLATE.read_text(encoding="utf-8")
    for name, value in values.items():
        card = card.replace(f"@{name}@", str(value))
    (folder / "README.md").write_text(card, encoding="utf-8")
