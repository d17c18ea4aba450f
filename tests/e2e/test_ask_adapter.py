"""An adapter on the command line: another wording, recorded, and asked again with the very same one."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest

from app.core.models.adapter import read_adapter
from app.core.paths import DEMO_MODEL_DIR, SCHEMAS_DIR
from tests.e2e.program import Program
from tests.e2e.test_ask_demo import INSTALLED, drawn

pytestmark = [pytest.mark.skipif(not INSTALLED, reason="no runtime is installed")]
QUESTION = ("-p", "Describe this image.", "--temperature", "0")
CAN_QUANTISE = INSTALLED[:1] == ["transformers"] and importlib.util.find_spec("bitsandbytes") is not None


@pytest.fixture
def demo(tmp_path: Path) -> Program:
    return Program(tmp_path, DEMO_MODEL_DIR)


@pytest.fixture
def lora(demo: Program, demo_lora: Path) -> Path:
    return Path(shutil.copytree(demo_lora, demo.folder / "I see"))


def ask(demo: Program, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return demo.run("--profile", demo.profile_dir, "ask", "--model", "demo", "--backend", INSTALLED[0], *words)


def test_an_adapter_answers_in_its_wording_and_is_asked_again(demo: Program, lora: Path) -> None:
    file = drawn(demo.folder / "a.png", "circle", "red")
    plain = ask(demo, file, *QUESTION)
    assert plain.stdout.startswith("A red circle")
    first = ask(demo, file, *QUESTION, "--adapter", lora, "-o", "first.json")
    assert (first.returncode, first.stdout.startswith("I see a red circle")) == (0, True), first.stderr
    assert "with the adapter I see" in first.stderr.splitlines()[0]
    result = json.loads((demo.folder / "first.json").read_text(encoding="utf-8"))
    jsonschema.validate(result, json.loads((SCHEMAS_DIR / "result-1.schema.json").read_text(encoding="utf-8")))
    assert result["model"]["adapter"] == {"name": "I see", "path": str(lora), "sha256": read_adapter(lora).sha256}
    again = ask(demo, "--from", "first.json")
    assert (again.returncode, again.stdout) == (0, first.stdout), again.stderr
    without = ask(demo, "--from", "first.json", "--adapter", "none")
    assert (without.returncode, without.stdout) == (0, plain.stdout), without.stderr
    shutil.rmtree(lora)
    gone = ask(demo, "--from", "first.json")
    assert gone.returncode != 0
    assert "The adapter I see is no longer at" in gone.stderr
    assert "--adapter none" in gone.stderr


def test_a_folder_that_is_no_adapter_is_said(demo: Program) -> None:
    file = drawn(demo.folder / "a.png", "circle", "red")
    done = ask(demo, file, *QUESTION, "--adapter", DEMO_MODEL_DIR)
    assert done.returncode != 0
    assert "holds no adapter: it has no adapter_config.json" in done.stderr


@pytest.mark.skipif(not CAN_QUANTISE, reason="only the transformers backend quantises while it loads")
@pytest.mark.parametrize("bits", ["8bit", "4bit"])
def test_an_adapter_stays_on_weights_that_are_quantised(demo: Program, lora: Path, bits: str) -> None:
    file = drawn(demo.folder / "a.png", "circle", "red")
    done = ask(demo, file, *QUESTION, "--adapter", lora, "--quantize", bits)
    assert (done.returncode, done.stdout.startswith("I see a")) == (0, True), done.stderr
