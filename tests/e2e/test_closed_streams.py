"""Standard streams that are closed, full or no longer read."""

from __future__ import annotations

import os
import shlex
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.program import Program

NEEDS_FULL = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")  # noqa: PTH110


def run_in_shell(program: Program, words: list[str], redirections: str) -> subprocess.CompletedProcess[str]:
    line = shlex.join(program.command("--profile", program.profile_dir, *words))
    return subprocess.run(
        ["/bin/bash", "-o", "pipefail", "-c", f"{line} {redirections}"],
        cwd=program.folder,
        env={**program.environment(), "PYTHONUNBUFFERED": ""},  # unbuffered, argparse drops what cannot be written
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def asking(program: Program, *words: str) -> list[str]:
    return ["ask", "--backend", "fake", "--model", str(program.model), "-p", "x", *words]


@pytest.mark.parametrize("redirections", [">&-", "2>&-", ">&- 2>&-", ">&- 2>&- <&-"])
def test_an_answer_needs_no_open_stream(redirections: str, program: Program) -> None:
    done = run_in_shell(program, asking(program, "-o", "out.txt"), redirections)
    answer = "You asked “x” and showed nothing.\n"
    assert done.returncode == 0, done.stderr
    assert done.stdout == ("" if ">&-" in redirections.split() else answer)
    assert "wrong" not in done.stderr
    assert "Warning" not in done.stderr
    assert (program.folder / "out.txt").read_text(encoding="utf-8") == answer
    log = (program.profile_dir / "logs" / "viewfinder.log").read_text(encoding="utf-8")
    assert "CRITICAL" not in log
    assert "You asked" not in log, "a file opened in a stream's place gets what was meant for the stream"


@pytest.mark.parametrize("redirections", [">&-", "2>&-", ">&- 2>&-"])
@pytest.mark.parametrize(("words", "code"), [("doctor", 0), ("--help", 0), ("--version", 0), ("ask", 2), ("--no", 2)])
def test_every_command_ends_as_it_would(words: str, code: int, redirections: str, program: Program) -> None:
    done = run_in_shell(program, words.split(), redirections)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert "Warning" not in done.stderr
    assert not (code and done.stdout)


@pytest.mark.parametrize("words", ["doctor", "doctor --json", "--help", "ask --help", "--version", "ask --dry-run"])
def test_a_reader_that_does_not_read_is_no_fault(words: str, program: Program) -> None:
    done = run_in_shell(program, words.split(), "| true")
    assert (done.returncode, done.stderr) == (0, "")


@NEEDS_FULL
@pytest.mark.parametrize("words", ["doctor", "doctor --json", "--help", "--version", "ask --dry-run"])
def test_a_full_disk_behind_stdout_is_said_by_every_command(words: str, program: Program) -> None:
    done = run_in_shell(program, words.split(), "> /dev/full")
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["viewfinder: Standard output cannot be written: No space left on device."]


@NEEDS_FULL
def test_a_full_disk_behind_stderr_does_not_cost_the_answer(program: Program) -> None:
    done = run_in_shell(program, asking(program), "2> /dev/full")
    assert (done.returncode, done.stdout) == (0, "You asked “x” and showed nothing.\n")
