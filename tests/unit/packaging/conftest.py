"""Puts the trainer's folder on the path, which is a folder of scripts and no package; makes environments."""

import sys
from pathlib import Path

import pytest
import setup_environment
import translations

from tests.unit.packaging.finished_environment import make_environment

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "packaging" / "demo_model"))


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that looks like a finished environment, which the set-up takes for its own."""
    folder = tmp_path / ".venv"
    make_environment(folder)
    monkeypatch.setattr(setup_environment, "ROOT", tmp_path)
    monkeypatch.setattr(setup_environment, "ENVIRONMENT", folder)
    monkeypatch.setattr(setup_environment, "PYPROJECT", tmp_path / "pyproject.toml")
    monkeypatch.setattr(setup_environment, "missing_libraries", lambda: ())
    monkeypatch.setattr(translations, "stale_files", lambda: ())
    return folder
