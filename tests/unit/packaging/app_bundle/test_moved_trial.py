from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

import app_building
import moved_trial
import pytest
from build_commands import BuildError, Finished, Steps

PARTS = [
    {"title": "The device", "outcome": "ok", "detail": "a matmul on it"},
    {"title": "The keychain", "outcome": "not_applicable", "detail": "there is none"},
]
REPORT = {"is_passed": True, "is_bundled": True, "parts": PARTS}


@pytest.fixture
def frozen(tmp_path: Path) -> Path:
    """A program whose self-test notes where it runs and what it can see, and says what `says` has it say."""
    folder = tmp_path / "dist" / "viewfinder"
    (folder / "_internal").mkdir(parents=True)
    (folder / "_internal" / "libmlx.so.1").write_text("code")
    (folder / "_internal" / "libmlx.so").symlink_to("libmlx.so.1")
    says(folder, json.dumps(REPORT))
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    folder = tmp_path / ".venv-app"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").write_text("an interpreter")
    return folder


def says(folder: Path, output: str, code: int = 0) -> None:
    root = folder.parents[1]
    program = folder / "viewfinder"
    program.write_text(
        "#!/bin/sh\n"
        f"{{ echo \"$0\"; pwd; echo \"$@\"; ls -A '{root}'; ls -A '{root}/dist'; }} > '{root}/noted'\n"
        f"env > '{root}/variables'\n"
        'readlink "$(dirname "$0")/_internal/libmlx.so" >> ' + f"'{root}/noted'\n"
        f"cat <<'END'\n{output}\nEND\nexit {code}\n"
    )
    program.chmod(0o755)


def try_it(frozen: Path, environment: Path, steps: Steps | None = None) -> dict[str, object]:
    return moved_trial.try_elsewhere(frozen, frozen / "viewfinder", (environment,), steps or Steps())


def is_as_before(frozen: Path, environment: Path) -> bool:
    is_there = (frozen / "viewfinder").exists() and (environment / "bin" / "python").exists()
    return is_there and not list(frozen.parents[1].rglob("*away*"))


def test_it_runs_elsewhere_with_the_original_and_the_environment_out_of_sight(
    frozen: Path, environment: Path, tmp_path: Path
) -> None:
    assert try_it(frozen, environment) == REPORT
    program, folder, arguments, *seen = (tmp_path / "noted").read_text().splitlines()
    assert not Path(program).is_relative_to(tmp_path / "dist")
    assert not Path(program).exists(), "the copy is gone afterwards"
    assert folder == "/"
    assert arguments == "--selftest --json"
    assert "viewfinder" not in seen
    assert ".venv-app" not in seen
    assert seen[-1] == "libmlx.so.1", "links stay links"
    assert is_as_before(frozen, environment)


def test_it_gets_no_more_variables_than_the_finder_gives(
    frozen: Path, environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    monkeypatch.setenv("HF_HOME", "/elsewhere")
    monkeypatch.setenv("HOME", str(tmp_path))
    try_it(frozen, environment)
    variables = dict(line.split("=", 1) for line in (tmp_path / "variables").read_text().splitlines() if "=" in line)
    assert variables["PATH"] == "/usr/bin:/bin:/usr/sbin:/sbin"
    assert variables["HOME"] == str(tmp_path)
    assert not {"PYTHONPATH", "HF_HOME", "VIRTUAL_ENV"} & variables.keys()


def test_each_part_that_fails_is_told_and_everything_is_put_back(frozen: Path, environment: Path) -> None:
    failed = {"title": "The kernels", "outcome": "failed", "detail": "Failed to load the default metallib"}
    says(frozen, json.dumps({**REPORT, "is_passed": False, "parts": [*PARTS, failed]}), code=1)
    with pytest.raises(BuildError, match="The kernels: Failed to load the default metallib") as raised:
        try_it(frozen, environment)
    assert "keychain" not in str(raised.value)
    assert is_as_before(frozen, environment)


@pytest.mark.parametrize(
    ("output", "code"),
    [
        ("", 0),
        ("Traceback (most recent call last):", 1),
        ("[]", 0),
        (json.dumps(REPORT), 1),
        (json.dumps({**REPORT, "is_bundled": False}), 0),
        (json.dumps({**REPORT, "is_passed": False}), 0),
    ],
)
def test_only_a_report_that_says_so_and_an_exit_status_of_0_are_a_pass(
    frozen: Path, environment: Path, output: str, code: int
) -> None:
    says(frozen, output, code)
    with pytest.raises(BuildError, match="self-test"):
        try_it(frozen, environment)
    assert is_as_before(frozen, environment)


def test_an_interruption_leaves_nothing_renamed(frozen: Path, environment: Path) -> None:
    def interrupted(_: Sequence[str], _environment: Mapping[str, str] | None, _folder: Path | None) -> Finished:
        assert not environment.exists()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        try_it(frozen, environment, Steps(call=interrupted))
    assert is_as_before(frozen, environment)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_being_ended_by_the_system_leaves_nothing_renamed(
    frozen: Path, environment: Path, number: signal.Signals
) -> None:
    before = signal.getsignal(number)

    def ended(_: Sequence[str], _environment: Mapping[str, str] | None, _folder: Path | None) -> Finished:
        assert not frozen.exists()
        os.kill(os.getpid(), number)
        return Finished(0, json.dumps(REPORT), "")

    with pytest.raises(SystemExit) as raised, app_building.terminated_tidily():
        try_it(frozen, environment, Steps(call=ended))
    assert raised.value.code == 143
    assert is_as_before(frozen, environment)
    assert signal.getsignal(number) is before


def test_a_build_that_is_to_outlive_its_terminal_does(frozen: Path, environment: Path) -> None:
    def hung_up(_: Sequence[str], _environment: Mapping[str, str] | None, _folder: Path | None) -> Finished:
        os.kill(os.getpid(), signal.SIGHUP)
        return Finished(0, json.dumps(REPORT), "")

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with app_building.terminated_tidily():
            assert try_it(frozen, environment, Steps(call=hung_up)) == REPORT
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_what_a_killed_build_left_renamed_is_put_back_by_the_next_one(environment: Path) -> None:
    away = environment.with_name(".venv-app.away-during-selftest")
    environment.rename(away)
    moved_trial.put_back(environment)
    assert (environment / "bin" / "python").exists()
    assert not away.exists()
    moved_trial.put_back(environment)
    assert environment.exists()


def test_what_was_made_anew_since_a_build_was_killed_is_not_lost(environment: Path) -> None:
    away = environment.with_name(".venv-app.away-during-selftest")
    (away / "bin").mkdir(parents=True)
    moved_trial.put_back(environment)
    with moved_trial.out_of_sight(environment):
        assert not environment.exists()
    assert (environment / "bin" / "python").read_text() == "an interpreter"
    assert not away.exists()


def test_what_is_not_there_need_not_be_hidden(tmp_path: Path) -> None:
    with moved_trial.out_of_sight(tmp_path / "build"):
        pass
    assert not list(tmp_path.iterdir())
