from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import side_by_side
from side_by_side import SideBySide

PACKAGING_DIR = Path(side_by_side.__file__).parent
NEEDS_GROUPS = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no groups of processes")
_LIMIT_S = 60.0


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def noting(file: Path) -> str:
    """Lets a Python write down its number, whole or not at all."""
    return (
        "import os, pathlib, time\n"
        f"pathlib.Path('{file}.new').write_text(str(os.getpid()))\n"
        f"os.replace('{file}.new', '{file}')\n"
    )


def number_in(file: Path) -> int:
    deadline = time.monotonic() + _LIMIT_S
    while not file.exists():
        assert time.monotonic() < deadline, file
        time.sleep(0.02)
    return int(file.read_text())


def is_alive(number: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has asked about yet does not."""
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(number)], capture_output=True, text=True, check=False)
    return found.stdout.strip()[:1] not in {"", "Z"}


def test_what_runs_beside_is_shown_as_a_whole_when_it_is_waited_for(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    seen = tmp_path / "seen"
    wait = f"import pathlib, time\nwhile not pathlib.Path({str(seen)!r}).exists(): time.sleep(0.02)\n"
    with SideBySide(tmp_path, dict(os.environ)) as work:
        beside = work.begin("beside", python(f"print('from beside', flush=True)\n{wait}"))
        touch = f"import pathlib; print('in front'); pathlib.Path({str(seen)!r}).touch()"
        assert work.run("in front", python(touch)) == 0, "the one beside did not end before"
        assert capfd.readouterr().out == "in front\n"
        assert work.finish(beside) == 0
        assert capfd.readouterr().out == "from beside\n"
    assert work.failed() == []


def test_how_long_each_took_does_not_depend_on_when_it_was_asked_for(tmp_path: Path) -> None:
    with SideBySide(tmp_path, dict(os.environ)) as work:
        beside = work.begin("beside", python(""))
        beside.ended.join()
        time.sleep(0.5)
        took_s = beside.took_s
        work.finish(beside)
    assert work.outcomes == [("beside", 0, took_s)]


def test_each_that_fails_is_named_with_its_own_words(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with SideBySide(tmp_path, dict(os.environ)) as work:
        beside = work.begin("beside", python("import sys; sys.exit('it broke')"))
        assert work.run("in front", python("raise SystemExit(3)")) == 3
        assert work.run("well", python("")) == 0
        assert work.finish(beside) == 1
        work.say_outcomes()
    assert work.failed() == ["in front", "beside"]
    out, said = capfd.readouterr()
    assert out == "it broke\n"
    assert [line.split()[-3] for line in said.splitlines()] == ["failed", "ok", "failed"]


def test_they_run_where_and_with_the_variables_that_were_given(tmp_path: Path) -> None:
    code = "import os, pathlib; pathlib.Path('found').write_text(os.environ['GIVEN'])"
    with SideBySide(tmp_path, {**os.environ, "GIVEN": "yes"}) as work:
        work.run("one", python(code))
    assert (tmp_path / "found").read_text() == "yes"


@NEEDS_GROUPS
def test_a_fault_in_between_leaves_nothing_at_work(tmp_path: Path) -> None:
    child = tmp_path / "child"
    sleeper = f"{noting(child)}time.sleep(60)"

    def fail() -> None:
        with SideBySide(tmp_path, dict(os.environ)) as work:
            begun = work.begin("beside", python(f"import subprocess, sys; subprocess.run({python(sleeper)!r})"))
            numbers.extend((begun.process.pid, number_in(child)))
            raise RuntimeError("in between")

    numbers: list[int] = []
    with pytest.raises(RuntimeError, match="in between"):
        fail()
    assert not any(map(is_alive, numbers))


@NEEDS_GROUPS
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_ends_all_of_them_and_what_they_began(number: signal.Signals, tmp_path: Path) -> None:
    names = ("tidy", "front", "deaf")
    tidy, front, deaf = (noting(tmp_path / name) for name in names)
    deaf = f"import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n{deaf}time.sleep(60)"
    tidy = f"{tidy}\ntry: time.sleep(60)\nfinally: pathlib.Path({str(tmp_path / 'tidied')!r}).touch()"
    front = f"import subprocess\n{front}subprocess.run({python(deaf)!r})"
    code = (
        f"import os, signal, sys; sys.path.insert(0, {str(PACKAGING_DIR)!r})\n"
        "import pathlib, side_by_side\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell's background job ignores it
        "side_by_side.end_as_if_interrupted()\n"
        f"with side_by_side.SideBySide(pathlib.Path({str(tmp_path)!r}), os.environ) as work:\n"
        f"    work.begin('beside', {python(tidy)!r})\n"
        f"    work.run('in front', {python(front)!r})\n"
    )
    with subprocess.Popen(python(code), stderr=subprocess.PIPE, text=True) as process:
        numbers = [number_in(tmp_path / name) for name in names]
        process.send_signal(number)
        _, errors = process.communicate(timeout=_LIMIT_S)
    assert process.returncode != 0
    assert "KeyboardInterrupt" in errors
    assert not any(map(is_alive, numbers))
    assert (tmp_path / "tidied").exists(), "there was time to clear up"
