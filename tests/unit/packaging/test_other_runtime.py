from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import other_runtime
import pytest
from setup_commands import SetUpError

PYPROJECT = '[project]\nname = "x"\n[tool.ruff]\nline-length = 120\n'


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    monkeypatch.setattr(other_runtime, "ROOT", tmp_path)
    monkeypatch.setattr(other_runtime, "ENVIRONMENT", tmp_path / "environment")
    return tmp_path


class Commands:
    """What would be run; making the environment leaves something in its Python's place."""

    def __init__(self, *, fails: bool = False) -> None:
        self.seen: list[list[str]] = []
        self._fails = fails

    def __call__(self, command: Sequence[str], _: Mapping[str, str]) -> None:
        self.seen.append(list(command))
        if command[1:3] == ["-m", "venv"]:
            python = Path(command[3]) / "bin" / "python"
            python.parent.mkdir(parents=True)
            python.touch()
        elif self._fails:
            raise RuntimeError("pip failed")


def test_the_environment_is_made_once_and_the_runtimes_tests_run_in_it(root: Path) -> None:
    commands = Commands()
    for _ in range(2):
        other_runtime.prepare(commands, dict(os.environ))
    python, *rest = other_runtime.tests_command()
    assert Path(python).parents[1] == root / "environment"
    assert rest == ["-m", "pytest", *other_runtime.TESTS]
    assert len(commands.seen) == 3
    assert commands.seen[0][0] == (getattr(sys, "_base_executable", None) or sys.executable)
    assert commands.seen[-1][-3:] == [other_runtime.TORCH, "--editable", f"{root}[cpu,test]"]


def test_it_is_made_anew_when_its_requirements_change_or_it_was_not_finished(root: Path) -> None:
    with pytest.raises(RuntimeError):
        other_runtime.prepare(Commands(fails=True), {})
    for content, count in ((PYPROJECT, 3), (PYPROJECT, 0), (PYPROJECT.replace("120", "99"), 0), ("name", 3)):
        (root / "pyproject.toml").write_text(content)
        commands = Commands()
        other_runtime.prepare(commands, {})
        assert len(commands.seen) == count


@pytest.mark.parametrize(("fault", "code"), [(None, 0), (SetUpError("no network"), 1), (KeyboardInterrupt(), 130)])
def test_as_a_command_it_says_why_it_could_not(
    fault: BaseException | None, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def prepare(*_: object) -> None:
        if fault is not None:
            raise fault

    monkeypatch.setattr(other_runtime, "prepare", prepare)
    monkeypatch.setattr(other_runtime, "end_as_if_interrupted", lambda: None)
    assert other_runtime.main() == code
    assert ("no network" in capsys.readouterr().err) == (code == 1)


def test_every_test_it_names_is_there() -> None:
    root = Path(other_runtime.__file__).resolve().parents[1]
    for name in other_runtime.TESTS:
        file, _, test = name.partition("::")
        assert (root / file).exists()
        assert not test or f"def {test}(" in (root / file).read_text(encoding="utf-8")
