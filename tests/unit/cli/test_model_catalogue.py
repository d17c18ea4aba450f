from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from app.cli.model_catalogue import Offer, download_text, reason_text
from app.core.machine import MachineMemory
from app.core.models.catalogue import read_catalogue
from app.core.settings import Settings

if TYPE_CHECKING:
    from app.core.model_types import Runtime

CATALOGUE = read_catalogue()
GIB = 1 << 30


def offer(gigabytes: float, runtime: Runtime = "mlx", name: str = "") -> Offer:
    memory = MachineMemory("metal", int(gigabytes * GIB), int(gigabytes * GIB), name, runtime)
    return Offer(CATALOGUE, {"mlx": memory, "transformers": memory}, runtime, frozenset(), Settings())


@pytest.mark.parametrize(
    ("gigabytes", "words"),
    [
        (12.0, r"“Qwen3-VL 8B Instruct, \d-bit” is the best that fits well: it needs about [\d.]+ GB of the 12\.0 GB"),
        (2.0, r"No model of the catalogue fits into the 2\.0 GB that Apple M2 can give to one; the demo model does\."),
        (0.0, r"needs about [\d.]+ GB of memory; this system does not tell how much there is\."),
    ],
)
def test_the_reason_is_one_sentence(gigabytes: float, words: str) -> None:
    import re

    said = reason_text(offer(gigabytes, name="Apple M2"))
    assert re.search(words, said), said
    assert said.count(". ") == 0


def test_a_model_that_just_fits_is_said_to() -> None:
    best = next(model for model in CATALOGUE.models if model.model_id == "mlx-community/Qwen3-VL-2B-Instruct-4bit")
    need = offer(8.0).need_bytes(best)
    assert "just fits" in reason_text(offer(need * 1.05 / 1e9))


def test_a_size_that_was_not_told_is_about() -> None:
    model = CATALOGUE.models[0]
    assert download_text(replace(model, download_bytes=3_100_000_000, is_size_measured=False)) == "about 3 GB"
    assert download_text(replace(model, download_bytes=650_000_000, is_size_measured=False)) == "about 0.7 GB"
    assert download_text(replace(model, download_bytes=3_100_000_000, is_size_measured=True)) == "3.1 GB"
