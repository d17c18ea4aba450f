import json
from pathlib import Path

import pytest
from demo_tokenizer import SPECIAL, load_tokenizer
from picture_sizes import IMAGE_MAX_PIXELS, IMAGE_MIN_PIXELS, VIDEO_MAX_PIXELS, VIDEO_MIN_PIXELS

from app.core.checkpoint import read_checkpoint
from app.core.vision import PixelLimits

FOLDER = Path(__file__).resolve().parents[3] / "resources" / "demo_model"


def read(name: str) -> dict[str, object]:
    content: dict[str, object] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return content


def test_the_folder_is_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= 12_000_000


def test_the_config_is_spelled_as_released() -> None:
    config = json.loads((FOLDER / "config.json").read_text(encoding="utf-8"))
    assert config["model_type"] == "qwen3_vl"
    assert config["vision_config"]["model_type"] == "qwen3_vl"
    assert config["tie_word_embeddings"]
    assert config["text_config"]["tie_word_embeddings"]
    assert config["text_config"]["rope_scaling"]["mrope_interleaved"]
    assert 2 * sum(config["text_config"]["rope_scaling"]["mrope_section"]) == config["text_config"]["head_dim"]
    assert "rope_theta" in config["text_config"]
    assert "rope_parameters" not in config["text_config"]


def test_the_token_ids_are_the_tokenizers() -> None:
    config, tokenizer = read("config.json"), load_tokenizer(FOLDER)
    assert config["image_token_id"] == tokenizer.token_to_id("<|image_pad|>")
    assert config["video_token_id"] == tokenizer.token_to_id("<|video_pad|>")
    assert all(tokenizer.token_to_id(text) is not None for text in SPECIAL)


def test_the_limits_are_those_it_was_trained_with() -> None:
    checkpoint = read_checkpoint(FOLDER, "demo")
    assert checkpoint.image_limits == PixelLimits(IMAGE_MIN_PIXELS, IMAGE_MAX_PIXELS)
    assert checkpoint.clip_limits == PixelLimits(VIDEO_MIN_PIXELS, VIDEO_MAX_PIXELS)
    assert checkpoint.default_sampling.temperature == 0


@pytest.mark.parametrize("runtime", ["program", "transformers"])
def test_the_card_shows_the_measured_figures(runtime: str) -> None:
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    evaluation = json.loads((FOLDER / "evaluation.json").read_text(encoding="utf-8"))
    for row in evaluation[runtime]["exact"].values():
        assert f"| {row['asked']} | {row['exact_percent']} % |" in card
    assert "@" not in card
    assert "license: apache-2.0" in card
