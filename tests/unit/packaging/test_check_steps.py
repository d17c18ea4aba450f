from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import check_steps
import pytest
from check_steps import check_choice, check_everything, processes, quick_steps

ROOT = Path(check_steps.__file__).resolve().parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONLINT = Path(sys.executable).with_name("actionlint.exe" if sys.platform == "win32" else "actionlint")
_GB = 10**9


class Played:
    """Notes what would be run, in which order, and what fails."""

    def __init__(self, *fails: str) -> None:
        self.done: list[str] = []
        self.commands: dict[str, Sequence[str]] = {}
        self._fails = fails

    def begin(self, name: str, command: Sequence[str]) -> Any:
        self.done.append(f"begin {name}")
        self.commands[name] = command
        return SimpleNamespace(name=name)

    def finish(self, begun: Any) -> int:
        self.done.append(begun.name)
        return int(begun.name in self._fails)

    def run(self, name: str, command: Sequence[str]) -> int:
        return self.finish(self.begin(name, command))

    def failed(self) -> list[str]:
        return [name for name in self.done if name in self._fails]

    def say_outcomes(self) -> None:
        self.done.append("outcomes")


def everything(work: Any) -> int:
    return check_everything(work, Path("environment"), work.begin("second environment", []), memory_bytes=16 * _GB)


def test_the_second_runtimes_tests_follow_what_they_compare_with() -> None:
    work = Played()
    assert everything(work) == 0
    ended = [name for name in work.done if not name.startswith("begin ")]
    assert ended[:6] == ["format", "lint", "imports", "tests", "types", "second environment"]
    assert ended[6:] == ["tests alone", "transformers", "transformers alone", "outcomes"]
    assert work.done.index("begin types") < work.done.index("begin tests"), "beside the tests"
    assert work.done[0] == "begin second environment"
    for name in ("tests", "transformers"):
        at = work.commands[name].index("-n")
        assert int(work.commands[name][at + 1]) >= 1


def test_where_there_is_one_runtime_its_tests_are_all() -> None:
    work = Played()
    assert check_everything(cast("Any", work), Path("environment"), None, memory_bytes=16 * _GB) == 0
    assert "tests" in work.done
    assert "transformers" not in work.done


def test_no_test_is_left_out_and_none_runs_twice() -> None:
    work = Played()
    everything(work)
    for name in ("tests", "transformers"):
        shared, alone = work.commands[name], work.commands[f"{name} alone"]
        assert shared[shared.index("-m", 3) + 1] == "not alone"
        assert alone[alone.index("-m", 3) + 1] == "alone"
        assert "-n" not in alone


@pytest.mark.parametrize("name", ["format", "lint", "imports", "types", "tests", "transformers", "second environment"])
def test_whatever_fails_the_others_run_and_the_end_is_a_failure(name: str) -> None:
    work = Played(name)
    assert everything(work) == 1
    assert {"format", "lint", "imports", "tests", "types", "second environment"} < set(work.done)
    assert ("transformers" in work.done) == (name != "second environment")


def test_a_choice_of_tests_is_run_simply(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []

    def run(command: list[str], **_: object) -> Any:
        seen.append(command)
        return SimpleNamespace(returncode=int("ruff" in command[0]))

    monkeypatch.setattr(subprocess, "run", run)
    assert check_choice(Path("environment"), ["tests/unit", "-k", "x"]) == 1
    assert seen[-1][1:] == ["-m", "pytest", "tests/unit", "-k", "x"]
    assert len(seen) == len(quick_steps(Path("environment"))) + 2


@pytest.mark.parametrize(
    ("cores", "memory_gb", "count"),
    [(2, 24, 2), (2, 16, 2), (10, 16, 4), (10, 64, 4), (3, 7, 2), (8, 2, 1), (1, 64, 1), (8, 0, 2), (1, 0, 1)],
)
def test_tests_share_a_machine_that_has_room_for_them(cores: int, memory_gb: int, count: int) -> None:
    assert processes(cores, memory_gb * _GB) == count


@pytest.mark.skipif(not ACTIONLINT.exists(), reason="actionlint is not installed here")
def test_a_fault_in_a_workflow_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_steps, "WORKFLOWS", tmp_path)
    good = WORKFLOWS[0].read_text(encoding="utf-8")
    fault = "          echo ${{ matrix.no_such_thing }}\n"
    for text, code in ((good, 0), (good.replace("        run: |\n", f"        run: |\n{fault}", 1), 1)):
        (tmp_path / "one.yml").write_text(text, encoding="utf-8")
        name, command = quick_steps(Path(sys.executable).parents[1])[-1]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (name, done.returncode) == ("workflows", code), done.stdout
        assert ("no_such_thing" in done.stdout) == bool(code)


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_a_workflow_may_do_little_and_not_for_long(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert "\npermissions:\n  contents: read\n" in text
    assert text.count("permissions:") == 1
    assert text.count("    timeout-minutes: ") == text.count("    runs-on: ")
    assert text.count("persist-credentials: false") == text.count("actions/checkout@")
    assert "pull_request_target" not in text
    for action in re.findall(r"uses: (\S+)", text):
        assert re.fullmatch(r"actions/[a-z-]+@v\d+|[\w./-]+@[0-9a-f]{40}", action)


def test_workflows_call_commands_that_are_there() -> None:
    assert [file.stem for file in WORKFLOWS] == ["linux", "macos", "windows"]
    for file in WORKFLOWS:
        named = re.findall(r"packaging/\w+\.py", file.read_text(encoding="utf-8"))
        assert "packaging/test.py" in named
        assert [name for name in named if not (ROOT / name).exists()] == []
