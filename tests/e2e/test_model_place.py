"""Where models are kept, as every command of the program has it from the settings."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from app.core.paths import DEMO_MODEL_DIR, SAMPLE_PICTURE
from tests.e2e.program import Program
from tests.whole_model import cached

if TYPE_CHECKING:
    from pathlib import Path

REPOSITORY = "house/kept"


@pytest.fixture
def here(tmp_path: Path) -> Program:
    """With a model on another disk, which the settings name, and HF_HOME naming an empty place."""
    home = tmp_path / "home"
    home.mkdir()
    places = {"HOME": str(home), "HF_HOME": str(tmp_path / "hf"), "XDG_CONFIG_HOME": str(home / ".config")}
    program = Program(tmp_path, DEMO_MODEL_DIR, places)
    cached(tmp_path / "disk", REPOSITORY, DEMO_MODEL_DIR, "a" * 40)
    program.profile_dir.mkdir()
    (program.profile_dir / "settings.json").write_text(json.dumps({"models_dir": str(tmp_path / "disk")}))
    return program


def told(here: Program, *words: str) -> Any:
    done = here.run("--profile", here.profile_dir, *words, "--json")
    return json.loads(done.stdout)


def test_every_command_takes_the_place_of_the_settings(here: Program, tmp_path: Path) -> None:
    disk = str(tmp_path / "disk")
    listed = told(here, "models", "list")
    assert listed["kept_in"] == disk
    assert REPOSITORY in [model["id"] for model in listed["installed"]]
    text = here.run("--profile", here.profile_dir, "models", "list")
    assert text.stdout.splitlines()[-1] == f"Models are kept in {disk}"
    assert text.stderr == ""
    assert told(here, "models", "path", REPOSITORY)["model"]["folder"].startswith(disk)
    assert told(here, "doctor")["hub"]["cache"] == disk
    asked = here.run(
        "--profile", here.profile_dir, "ask", str(SAMPLE_PICTURE), "-p", "?", "--model", REPOSITORY, "--dry-run"
    )
    assert asked.returncode == 0, asked.stderr


def test_a_place_that_is_missing_is_said_and_not_made(here: Program, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "disk")
    text = here.run("--profile", here.profile_dir, "models", "list")
    assert text.returncode == 0
    assert "is missing" in text.stderr
    assert REPOSITORY not in text.stdout
    assert "is missing" in told(here, "doctor")["hub"]["cache_fault"]
    assert "is missing" in here.run("--profile", here.profile_dir, "doctor").stdout
    found = here.run("--profile", here.profile_dir, "models", "path", REPOSITORY)
    assert found.returncode != 0
    assert "is missing" in found.stderr
    tried = {part["name"]: part for part in told(here, "--selftest")["parts"]}
    assert tried["download_folder"]["outcome"] == "failed"
    assert "is missing" in json.dumps(tried["download_folder"])
    assert not (tmp_path / "disk").exists()
