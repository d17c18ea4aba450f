"""The named slower test, with commands that are played."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import app_trials
import pytest
from app_trials import PROOF, Outcome, Step, executable_in, outcomes_of, parse, steps_of, summary
from setup_commands import SetUpError

if TYPE_CHECKING:
    from collections.abc import Callable

PLAYED = """
import sys, app_trials, setup_environment
setup_environment.prepare_for_tests = lambda: None
child = [sys.executable, "-c", "import time; print('started', flush=True); time.sleep(60)"]
app_trials.steps_of = lambda given, python: [
    app_trials.Step("first", lambda: 0), app_trials.Step("second", lambda: app_trials.call(child))
]
sys.exit(app_trials.main([]))
"""


def step(name: str, code: int, done: list[str], *, needs_program: bool = True) -> Step:
    def run() -> int:
        done.append(name)
        return code

    return Step(name, run, needs_program)


def clock() -> Callable[[], float]:
    ticks = count()
    return lambda: float(next(ticks))


def test_each_step_is_taken_and_timed_though_one_fails() -> None:
    done: list[str] = []
    steps = [step("build", 0, done), step("self-test", 3, done), step("frozen", 0, done)]
    outcomes = list(outcomes_of(steps, clock()))
    assert outcomes == [Outcome("build", "ok", 1.0), Outcome("self-test", "failed", 1.0), Outcome("frozen", "ok", 1.0)]
    assert done == ["build", "self-test", "frozen"]


def test_what_was_not_built_is_not_tried_but_the_mac_is() -> None:
    done: list[str] = []
    steps = [step("build", 1, done), step("frozen", 0, done), step("mac", 0, done, needs_program=False)]
    assert [outcome.state for outcome in outcomes_of(steps, clock())] == ["failed", "not run", "ok"]
    assert done == ["build", "mac"]


def test_the_steps_are_those_that_were_asked_for(tmp_path: Path) -> None:
    assert [one.name for one in steps_of(parse([]), Path("python"))] == [
        "build",
        "self-test",
        "end to end",
        "frozen",
        "proofs for the Mac",
    ]
    assert PROOF.is_file()
    given = parse(["--program", str(tmp_path), "--skip-mac"])
    assert [one.name for one in steps_of(given, Path("python"))] == ["self-test", "end to end", "frozen"]


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


def test_the_summary_has_a_line_for_each_and_the_whole_time() -> None:
    text = summary([Outcome("build", "ok", 100.4), Outcome("frozen", "failed", 20.0), Outcome("x", "not run")])
    assert text.splitlines() == [
        "  build   ok          100 s",
        "  frozen  failed       20 s",
        "  x       not run       0 s",
        "  together 120 s",
    ]


@pytest.mark.parametrize(
    ("states", "code"), [(("ok", "ok"), 0), (("ok", "failed"), 1), (("failed", "not run"), 1), ((), 0)]
)
def test_the_exit_code_tells(
    states: tuple[app_trials.State, ...], code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("setup_environment.prepare_for_tests", lambda: Path(sys.executable))
    monkeypatch.setattr(app_trials, "outcomes_of", lambda _: iter([Outcome("one", state) for state in states]))
    assert app_trials.main(["--skip-mac"]) == code
    assert capsys.readouterr().out.count("one") == len(states)


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
        out, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"Interrupted." in errors
    assert b"Traceback" not in errors.replace(b"KeyboardInterrupt", b"").split(b"Interrupted.")[1]
    assert out.decode().splitlines()[0].split() == ["first", "ok", "0", "s"]
    assert time.monotonic() - began < 30
