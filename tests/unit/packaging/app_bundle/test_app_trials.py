"""The named slower test, with commands that are played."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import app_trials
import pytest
from app_trials import BUILD, PROOF, Trial, executable_in, parse, take, trials
from setup_commands import SetUpError
from side_by_side import SideBySide

PLAYED = """
import sys, app_trials, setup_environment
setup_environment.prepare_for_tests = lambda: None
child = (sys.executable, "-c", "import time; print('started', flush=True); time.sleep(60)")
app_trials.trials = lambda *_: [
    app_trials.Trial("first", (sys.executable, "-c", "")), app_trials.Trial("second", child)
]
sys.exit(app_trials.main(["--program", sys.executable]))
"""


def ending(code: int) -> tuple[str, ...]:
    """A command that ends with this code."""
    return (sys.executable, "-c", f"raise SystemExit({code})")


def played(*codes: int) -> list[Trial]:
    """Two trials of the program and one of the Mac's, that end with these codes."""
    names = (("self-test", True), ("frozen", True), ("mac", False))
    return [Trial(name, ending(code), needs) for (name, needs), code in zip(names, codes, strict=True)]


def taken(tmp_path: Path, wanted: list[Trial], *, is_program_there: bool) -> list[tuple[str, int]]:
    with SideBySide(tmp_path, dict(os.environ)) as work:
        take(work, wanted, is_program_there=is_program_there)
    return [(name, code) for name, code, _ in work.outcomes]


def test_each_trial_is_taken_though_one_fails(tmp_path: Path) -> None:
    assert taken(tmp_path, played(3, 0, 0), is_program_there=True) == [("self-test", 3), ("frozen", 0), ("mac", 0)]


def test_what_was_not_built_is_not_tried_but_the_mac_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert taken(tmp_path, played(0, 0, 0), is_program_there=False) == [("mac", 0)]
    assert "== frozen: not tried" in capsys.readouterr().err


def test_the_trials_are_those_that_were_asked_for(tmp_path: Path) -> None:
    assert BUILD.is_file()
    assert PROOF.is_file()
    everything = trials(parse([]), Path("python"), str(tmp_path))
    assert [one.name for one in everything] == ["self-test", "end to end", "frozen", "proofs for the Mac"]
    assert [one.needs_program for one in everything] == [True, True, True, False]
    given = parse(["--program", str(tmp_path), "--skip-mac"])
    of_program = trials(given, Path("python"), str(tmp_path))
    assert [one.name for one in of_program] == ["self-test", "end to end", "frozen"]
    assert all(str(tmp_path) in one.command for one in of_program)


@pytest.mark.skipif(sys.platform == "win32", reason="no program is frozen there")
def test_the_self_test_has_a_home_and_nothing_else_of_this_process(tmp_path: Path) -> None:
    program = tmp_path / "viewfinder"
    program.write_text(f"#!/bin/sh\nset > '{tmp_path}/variables'\necho \"$@\" > '{tmp_path}/words'\n")
    program.chmod(0o755)
    self_test, *_ = trials(parse(["--program", str(program)]), Path("python"), str(tmp_path / "home"))
    subprocess.run(self_test.command, check=True, env={**os.environ, "GIVEN_TO_TESTS": "yes"})
    variables = (tmp_path / "variables").read_text()
    assert f"HOME='{tmp_path / 'home'}'" in variables
    assert "GIVEN_TO_TESTS" not in variables
    assert (tmp_path / "words").read_text() == "--selftest\n"


def test_a_program_that_is_not_there_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["--program", str(tmp_path / "gone")])
    assert ended.value.code == 2
    assert f"there is no {tmp_path / 'gone'}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("system", "place"), [("linux", "viewfinder"), ("darwin", "Contents/MacOS/Viewfinder"), ("linux", "")]
)
def test_what_is_started_is_found_in_what_is_named(tmp_path: Path, system: str, place: str) -> None:
    named = tmp_path / "named"
    file = named / place if place else named
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    assert executable_in(named, system) == file


@pytest.fixture
def _own_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_trials, "end_as_if_interrupted", lambda: None)


@pytest.mark.usefixtures("_own_signals")
@pytest.mark.parametrize(("codes", "code"), [((0, 0, 0), 0), ((0, 2, 0), 1), ((0, 0, 1), 1)])
def test_the_exit_code_tells(
    codes: tuple[int, ...],
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("setup_environment.prepare_for_tests", lambda: Path(sys.executable))
    monkeypatch.setattr(app_trials, "trials", lambda *_: played(*codes))
    assert app_trials.main(["--program", str(tmp_path)]) == code
    said = capsys.readouterr().err.splitlines()[-3:]
    assert [line.split()[1] for line in said] == ["failed" if one else "ok" for one in codes]


@pytest.mark.usefixtures("_own_signals")
def test_a_build_that_fails_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("setup_environment.prepare_for_tests", lambda: Path(sys.executable))
    monkeypatch.setattr(app_trials, "BUILD", tmp_path / "no_such_build.py")
    monkeypatch.setattr(app_trials, "trials", lambda *_: played(0, 0, 0))
    assert app_trials.main([]) == 1
    assert [line.split()[:2] for line in capsys.readouterr().err.splitlines()[-2:]] == [
        ["build", "failed"],
        ["mac", "ok"],
    ]


@pytest.mark.usefixtures("_own_signals")
def test_a_set_up_that_fails_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> Path:
        raise SetUpError("No network.")

    monkeypatch.setattr("setup_environment.prepare_for_tests", fail)
    assert app_trials.main([]) == 1
    assert "The set-up could not be finished. No network." in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_what_runs_and_tells_what_was_done(number: signal.Signals) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    pipe = subprocess.PIPE
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-c", PLAYED], stdout=pipe, stderr=pipe, env=environment, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"started\n"
        if number is signal.SIGINT:
            os.killpg(process.pid, number)  # as a terminal does
        else:
            process.send_signal(number)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    told = errors.decode().split("Interrupted. What was done so far:\n")[1]
    assert [line.split()[:2] for line in told.splitlines()] == [["first", "ok"]]
    assert time.monotonic() - began < 30
