"""What the bundled program says: nothing of what only an installation by hand could do."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import app
from app import entry
from app.backends.mlx_backend import MlxBackend
from app.backends.table import BACKENDS, CHOICES, choose_backend
from app.cli.arguments import read_arguments
from app.cli.doctor import examine, findings_text, program_text
from app.core.checkpoint import find_checkpoint
from app.core.errors import ModelError
from app.core.report import Private, ReportParts, report_text

if TYPE_CHECKING:
    from app.core.paths import Profile

BY_HAND = re.compile(r"\bpip\b|\.venv|packaging/|viewfinder\[|\bextras?\b|not installed")
PYTORCH_FILES = {"transformers_backend.py", "torch_weights.py"}
"""They are only imported beside PyTorch, which no bundle carries."""
ASKING_FIRST = {"table.py", "entry.py", "doctor.py"}
"""They say it only after asking whether this is the bundled program."""
EXECUTABLE = "/Applications/Viewfinder.app/Contents/MacOS/Viewfinder"


@pytest.fixture
def _bundled(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the bundle: frozen, and without the other runtime."""
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", EXECUTABLE)
    really_find = importlib.util.find_spec
    absent = {"torch", "transformers"}
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name in absent else really_find(name)
    )  # fmt: skip


def said_of(error: ModelError) -> str:
    return f"{error.said} {error.said.detail}"


@pytest.mark.usefixtures("_bundled")
def test_the_doctor_says_what_it_is_and_where(profile: Profile) -> None:
    findings = examine(profile)
    text = findings_text(findings)
    assert f"Program      bundled, in Applications: {Path(EXECUTABLE).parents[2]}\n" in text
    assert "transformers       not part of the app, which carries MLX alone\n" in text
    assert not BY_HAND.search(text)
    told = json.dumps(asdict(findings), default=str)
    assert findings.is_bundled
    assert not BY_HAND.search(told.replace("mlx and mlx_vlm not installed", ""))


@pytest.mark.usefixtures("_bundled")
def test_the_report_says_that_it_is_bundled(profile: Profile) -> None:
    shared = report_text((), ReportParts(findings_text(examine(profile))), Private())
    assert "Program      bundled, in Applications: " in shared


@pytest.mark.usefixtures("_bundled")
def test_a_missing_backend_is_told_without_a_way_to_add_it() -> None:
    with pytest.raises(ModelError) as told:
        choose_backend("transformers")
    assert told.value.said.text == "The backend transformers is not part of this app, which carries MLX alone."
    assert not BY_HAND.search(said_of(told.value))
    assert choose_backend("auto").name == "mlx"
    assert [entry.how_to_install() for entry in BACKENDS.values() if entry.name not in {"mlx", "fake"}] == [""]


@pytest.mark.usefixtures("_bundled")
@pytest.mark.parametrize("name", ["mlx", "auto"])
def test_an_app_without_mlx_is_to_be_installed_again(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ModelError) as told:
        choose_backend(name)
    assert str(told.value) == "MLX is missing in this app. Install Viewfinder again."


@pytest.mark.usefixtures("_bundled")
def test_an_mlx_that_does_not_start_is_to_be_installed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlx.core", None)
    backend = MlxBackend()
    with pytest.raises(ModelError) as told:
        list(backend.load(find_checkpoint("demo"), lambda: False))
    assert str(told.value) == "MLX does not start on this machine. Install Viewfinder again."


@pytest.mark.usefixtures("_bundled")
def test_where_no_window_opens_nothing_else_is_to_be_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry._say_no_window("There is no display here.") == 1
    said = capsys.readouterr().err
    assert said.endswith("works without one.\n")
    assert not BY_HAND.search(said)


@pytest.mark.usefixtures("_bundled")
@pytest.mark.parametrize("line", ["--help", "ask --help", "doctor --help", "models --help", "--selftest --help"])
def test_the_help_says_nothing_of_it(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read_arguments(line.split())
    assert not BY_HAND.search(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("executable", "words"),
    [
        (
            "/private/var/folders/x/AppTranslocation/1/d/Viewfinder.app/Contents/MacOS/Viewfinder",
            "moved to Applications",
        ),
        ("/home/ada/viewfinder/viewfinder", "bundled: /home/ada/viewfinder"),
    ],
)
def test_where_the_bundle_lies_is_told(executable: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert program_text().startswith("from source, ")
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", executable)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert words in program_text()


def test_no_other_file_speaks_of_what_is_installed_by_hand() -> None:
    speaking = {
        file.name
        for file in Path(app.__file__).parent.rglob("*.py")
        if re.search(r"pip install|packaging/(?:run|test)|\.venv|viewfinder\[", file.read_text(encoding="utf-8"))
    }
    assert speaking <= PYTORCH_FILES | ASKING_FIRST


def test_every_choice_is_known_in_both_forms() -> None:
    assert {"auto", *BACKENDS} == set(CHOICES)
