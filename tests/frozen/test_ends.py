"""Ends of a frozen program: signals at any moment of its start, two at once, a disk that is full."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from app.core.paths import SAMPLE_PICTURE, SAMPLE_QUESTION
from tests.e2e.program import ROOT
from tests.e2e.test_window_process import wait_for, window_words
from tests.frozen.installed import SYSTEM_PATH, after_mounting, start_options
from tests.frozen.test_surroundings import PICTURE_ANSWER, PICTURE_WORDS, VIDEO_ANSWER, VIDEO_WORDS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.program import Program
    from tests.frozen.installed import Installed

DELAYS_S = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8, 1.2)


def came_too_early(errors: bytes) -> bool:
    """Whether Ctrl-C came in the hundredths of a second before the program's beginning has made itself deaf to it."""
    lines = (ROOT / "packaging" / "app_bundle" / "program_start.py").read_text(encoding="utf-8").splitlines()
    deaf = next(number for number, line in enumerate(lines, 1) if "SIG_DFL" in line)
    begun = [int(number) for number in re.findall(rb'File "program_start\.py", line (\d+)', errors)]
    return b"KeyboardInterrupt" in errors and b'File "app/' not in errors and max(begun, default=0) <= deaf


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_at_any_moment_of_the_start_ends_it_quietly(number: signal.Signals, program: Program) -> None:
    ends = set()
    for delay_s in DELAYS_S:
        with program.start("--profile", program.profile_dir, "--backend", "fake", "--model", program.model) as process:
            time.sleep(delay_s)
            process.send_signal(number)
            out, errors = process.communicate(timeout=60)
        if number is signal.SIGINT and came_too_early(errors):
            continue
        ends.add(process.returncode)
        assert process.returncode in {-number, 0, 130}, (delay_s, errors)
        assert (out, errors) == (b"", b""), delay_s
    assert ends & {-number, 130}, "one came before there was a window"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_at_any_moment_of_an_answer_ends_it_quietly(number: signal.Signals, program: Program) -> None:
    for delay_s in DELAYS_S:
        words = ("--profile", program.profile_dir, "ask", "--model", "demo", *PICTURE_WORDS, "--quiet")
        with program.start(*words) as process:
            time.sleep(delay_s)
            process.send_signal(number)
            out, errors = process.communicate(timeout=60)
        if number is signal.SIGINT and came_too_early(errors):
            continue
        assert process.returncode in {-number, 0, 130}, (delay_s, errors)
        assert errors == b"", delay_s
        assert out.decode() in PICTURE_ANSWER or PICTURE_ANSWER.startswith(out.decode().rstrip()), delay_s


def test_two_answer_at_once_over_one_profile(program: Program) -> None:
    words = ("--profile", program.profile_dir, "ask", "--model", "demo")
    with program.start(*words, *PICTURE_WORDS) as one, program.start(*words, *VIDEO_WORDS) as other:
        answers = [process.communicate(timeout=120)[0].decode() for process in (one, other)]
    assert (one.returncode, other.returncode) == (0, 0)
    assert answers == [PICTURE_ANSWER, VIDEO_ANSWER]


def test_two_windows_are_open_at_once(program: Program, picture: Path, tmp_path: Path) -> None:
    traces = [tmp_path / "one.json", tmp_path / "two.json"]
    words = window_words(program, picture)
    places = words.index("trace.json")
    starts = [program.start(*words[:places], trace, *words[places + 1 :]) for trace in traces]
    for process, trace in zip(starts, traces, strict=True):
        with process:
            wait_for("model_ready", trace, process)
            process.send_signal(signal.SIGTERM)
            out, errors = process.communicate(timeout=60)
        assert (process.returncode, out, errors) == (0, b"", b"")
    settings = program.profile_dir / "settings.json"
    assert not settings.exists() or json.loads(settings.read_text())


def filled(disk: Path) -> list[str]:
    """Words before a command for which a disk of sixteen kilobytes lies there, full of something else."""
    full = shlex.quote(str(disk / "full"))
    return after_mounting(
        f"mount -t tmpfs -o size=16k none {shlex.quote(str(disk))} && head -c 16384 /dev/zero > {full}"
    )


@pytest.mark.parametrize("name", ["answer.json", "answer.md", "answer.txt"])
def test_a_full_disk_does_not_cost_the_answer(installed: Installed, tmp_path: Path, name: str) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    words = [*filled(disk), str(installed.file), "--profile", str(tmp_path / "profile")]
    words += ["ask", str(SAMPLE_PICTURE), "-p", SAMPLE_QUESTION, "--temperature", "0", "-o", str(disk / name)]
    options = start_options(variables={"PATH": SYSTEM_PATH})
    done = subprocess.run(words, timeout=120, capture_output=True, text=True, check=False, **options)
    assert (done.returncode, done.stdout) == (1, PICTURE_ANSWER), done.stderr
    assert f"“{name}”" in done.stderr
    assert "The answer stands on standard output." in done.stderr
    assert "Traceback" not in done.stderr


def test_a_disk_that_is_full_from_the_beginning_keeps_no_log_but_answers(installed: Installed, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    words = [*filled(disk), str(installed.file), "ask", *map(str, PICTURE_WORDS)]
    variables = {"PATH": SYSTEM_PATH, "HOME": str(disk), "TMPDIR": str(disk)}
    options = start_options(variables=variables)
    done = subprocess.run(words, timeout=120, capture_output=True, text=True, check=False, **options)
    assert (done.returncode, done.stdout) == (0, PICTURE_ANSWER), done.stderr
    assert "Traceback" not in done.stderr
