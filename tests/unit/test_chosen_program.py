from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e import chosen_program
from tests.e2e.program import ROOT, Program


@pytest.fixture(autouse=True)
def _none_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chosen_program, "_chosen", [])


def made(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)
    return file


@pytest.mark.parametrize("place", ["viewfinder/viewfinder", "Viewfinder.app/Contents/MacOS/Viewfinder", "other"])
def test_a_frozen_program_is_found_by_its_folder_its_bundle_or_itself(tmp_path: Path, place: str) -> None:
    file = made(tmp_path / place)
    chosen_program.choose(tmp_path / Path(place).parts[0])
    assert chosen_program.frozen_program() == file
    assert Program(tmp_path, tmp_path).command("ask") == [str(file), "ask"]


def test_a_program_that_is_not_there_or_cannot_be_started_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("")
    for name in ("gone", "text"):
        with pytest.raises(FileNotFoundError, match="no frozen program"):
            chosen_program.choose(tmp_path / name)


def test_a_frozen_program_gets_nothing_of_this_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONPATH", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "PYTHONHOME"):
        monkeypatch.setenv(name, "/here")
    program = Program(tmp_path, tmp_path, {"MORE": "1"})
    assert program.environment()["PYTHONPATH"] == str(ROOT)
    chosen_program.choose(made(tmp_path / "viewfinder"))
    environment = program.environment()
    assert not {"PYTHONPATH", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "PYTHONHOME"} & set(environment)
    assert environment["PATH"] == "/usr/bin:/bin"
    assert environment["MORE"] == "1"


def test_what_only_a_frozen_program_promises_is_asked_of_none_else() -> None:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "tests/frozen"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert "no tests collected in" in done.stdout
