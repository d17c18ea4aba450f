from __future__ import annotations

import json
import os
import re
import signal
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from tests.e2e.chosen_program import frozen_program, installed_runtimes
from tests.e2e.program import NEEDS_SIGNALS

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from tests.e2e.program import Program

ANSWER = "You asked “What is this?” and showed 红色 [1] #a%20 b.png (640 x 480).\n"


def test_the_answer_goes_to_stdout_and_the_figures_to_stderr(program: Program, picture: Path) -> None:
    done = program.ask(picture.name, "-p", "What is this?")
    assert done.returncode == 0
    assert done.stdout == ANSWER
    lines = done.stderr.splitlines()
    assert lines[0] == "empty-model (fp32), fake 1, no device"
    assert lines[1] == f"Image 1: {picture.name}, 640 x 480, seen at 640 x 480, 300 tokens"
    assert re.fullmatch(
        r"done · 303 prompt tokens \(300 for pictures\) · \d+ answer tokens · first token after [\d.]+ s"
        r" · [\d.]+ tokens/s · seed \d+",
        lines[2],
    )
    assert len(lines) == 3


def test_the_budget_decides_what_a_picture_costs(program: Program, picture: Path) -> None:
    done = program.ask(picture.name, "-p", "x", "--max-image-tokens", "100")
    assert "640 x 480, seen at 352 x 256, 88 tokens" in done.stderr


def test_a_question_needs_no_picture(program: Program) -> None:
    done = program.ask("-p", "Hello?", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "You asked “Hello?” and showed nothing.\n", "")


def test_the_question_may_come_from_standard_input(program: Program) -> None:
    done = program.ask("-p", "-", "--quiet", stdin="这是什么?\n")
    assert (done.returncode, done.stdout) == (0, "You asked “这是什么?” and showed nothing.\n")
    done = program.ask("-p", "-", stdin=b"\xff\xfe\x00")
    assert (done.returncode, done.stderr) == (3, "viewfinder: The question on standard input is not UTF-8 text.\n")
    done = program.ask("-p", "-", stdin="  \n")
    assert done.returncode == 2
    assert done.stderr.startswith("viewfinder: The question is empty.")


@pytest.mark.parametrize(
    "variables",
    [{"LANG": "C"}, {"LC_ALL": "C"}, {"LC_ALL": "POSIX", "PYTHONUTF8": "0"}, {"PYTHONIOENCODING": "latin-1"}],
    ids=str,
)
def test_a_chinese_answer_survives_every_locale(variables: dict[str, str], program: Program, picture: Path) -> None:
    done = program.with_variables(**variables).ask(picture.name, "-p", "What is this?")
    assert (done.returncode, done.stdout) == (0, ANSWER)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing.png", "does not exist"),
        ("folder", "is a folder"),
        ("empty.png", "empty.png"),
        ("text.jpg", "text.jpg"),
        ("cut.jpg", "cut.jpg"),
    ],
)
def test_an_input_that_cannot_be_read_ends_with_3(name: str, words: str, program: Program, picture: Path) -> None:
    (program.folder / "folder").mkdir()
    (program.folder / "empty.png").touch()
    (program.folder / "text.jpg").write_text("not a picture at all")
    whole = program.folder / "whole.jpg"
    Image.effect_noise((300, 300), 90).save(whole)
    (program.folder / "cut.jpg").write_bytes(whole.read_bytes()[:9000])
    done = program.ask(picture.name, name, "-p", "x")
    assert done.returncode == 3
    assert done.stdout == ""
    error = done.stderr.splitlines()[-1]
    assert error.startswith("viewfinder: ")
    assert words in error
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["ask"], "There is no question."),
        (["ask", "-p", " "], "The question is empty."),
        (["ask", "-p", "x", "--temperature", "hot"], "invalid float value"),
        (["ask", "-p", "x", "-o", "missing/answer.md"], "There is no folder"),
        (["--nonsense"], "unrecognized arguments"),
    ],
)
def test_a_usage_error_ends_with_2(words: list[str], sentence: str, program: Program) -> None:
    done = program.run(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr


def test_a_model_that_is_not_there_ends_with_4(program: Program) -> None:
    done = program.ask("-p", "x", "--model", "no-such-model")
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith("viewfinder: There is no model “no-such-model”.")
    done = program.ask("-p", "x", "--backend", "abacus")
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith("viewfinder: There is no backend “abacus”. Choose one of auto, ")


@pytest.mark.skipif("transformers" in installed_runtimes(), reason="PyTorch is installed here")
def test_a_backend_that_is_not_installed_ends_with_4(program: Program) -> None:
    done = program.ask("-p", "x", "--backend", "transformers")
    assert (done.returncode, done.stdout) == (4, "")
    words = "torch not installed; pip install 'viewfinder["
    assert (words if frozen_program() is None else "The backend transformers is not part of this app") in done.stderr
    assert ("pip" in done.stderr) == (frozen_program() is None)


def test_quantising_where_the_backend_cannot_ends_with_4(program: Program) -> None:
    done = program.ask("-p", "x", "--quantize", "4bit")
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith("viewfinder: The fake backend takes weights as they are stored. Choose a model that")
    done = program.ask("-p", "x", "--quantize", "3bit")
    assert (done.returncode, done.stdout) == (2, "")
    assert "8bit" in done.stderr


def test_a_model_that_does_not_load_ends_with_4(program: Program) -> None:
    done = program.scripted(fails_to_load=True).ask("-p", "x")
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == "viewfinder: The fake model does not load. Its script says so.\n"


def test_a_fault_in_the_middle_keeps_what_came(program: Program) -> None:
    done = program.scripted(answers=["one two three four"], fails_after_pieces=1).ask("-p", "x", "-o", "out.txt")
    assert (done.returncode, done.stdout) == (4, "one two \n")
    sentence = "viewfinder: Something went wrong inside the program. Try again; the log has the details.\n"
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert (program.folder / "out.txt").read_text() == "one two \n"
    log = (program.profile_dir / "logs" / "viewfinder.log").read_text()
    assert re.search(r'fake_backend\.py", line \d+, in _steps', log)


def test_the_token_limit_is_told(program: Program) -> None:
    done = program.scripted(answers=["one two three four"]).ask("-p", "x", "--max-tokens", "1")
    assert (done.returncode, done.stdout) == (0, "one two \n")
    assert "stopped at the token limit" in done.stderr


def _wait_for(process: subprocess.Popen[bytes], text: bytes) -> bytes:
    assert process.stdout is not None
    came = b""
    while text not in came:
        piece = os.read(process.stdout.fileno(), 4096)
        assert piece, "the program ended too early"
        came += piece
    return came


@NEEDS_SIGNALS
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_the_answer_with_130_and_keeps_what_came(number: signal.Signals, program: Program) -> None:
    slow = program.scripted(answers=["word " * 1000], piece_bytes=5, piece_delay_s=0.05)
    with slow.start_asking("-p", "x", "-o", "out.md") as process:
        came = _wait_for(process, b"word word ")
        process.send_signal(number)
        rest, errors = process.communicate(timeout=30)
    answer = (came + rest).decode()
    assert process.returncode == 130
    assert set(answer.split()) == {"word"}
    assert answer.endswith("\n")
    assert "interrupted · 1 prompt tokens" in errors.decode()
    assert "Traceback" not in errors.decode()
    assert "word word" in (program.folder / "out.md").read_text()


@NEEDS_SIGNALS
def test_an_interrupt_ends_a_load(program: Program) -> None:
    with program.scripted(load_delay_s=60).start_asking("-p", "x") as process:
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=30)
    assert (process.returncode, out, errors) == (130, b"", b"")


@NEEDS_SIGNALS
@pytest.mark.parametrize("words", [("-o", "out.json"), ("-o", "out.md"), ("-o", "out.txt"), ("--format", "json")])
def test_an_interrupt_before_there_is_an_answer_leaves_the_earlier_file(
    words: tuple[str, str], program: Program
) -> None:
    (program.folder / words[1]).write_text("earlier")
    with program.scripted(load_delay_s=60).start_asking("-p", "x", "--startup-trace", "trace", *words) as process:
        deadline = time.monotonic() + 30
        while not (program.folder / "trace").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(1.0)
        process.send_signal(signal.SIGTERM)
        out, errors = process.communicate(timeout=30)
    assert (process.returncode, out, errors) == (130, b"", b"")
    assert (program.folder / words[1]).read_text() == "earlier"


@NEEDS_SIGNALS
def test_an_interrupt_while_the_prompt_is_read_leaves_the_earlier_file(program: Program) -> None:
    (program.folder / "out.md").write_text("earlier")
    slow = program.scripted(prefill_delay_s=60)
    with slow.start_asking("-p", "x", "-o", "out.md") as process:
        assert process.stderr is not None
        assert b"fake 1" in process.stderr.readline()
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, b"")
    assert b"interrupted" in errors
    assert (program.folder / "out.md").read_text() == "earlier"


@NEEDS_SIGNALS
def test_the_second_interrupt_ends_at_once(program: Program) -> None:
    deaf = program.scripted(answers=["word " * 1000], piece_bytes=5, piece_delay_s=0.05, ignores_stop=True)
    with deaf.start_asking("-p", "x") as process:
        _wait_for(process, b"word ")
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        assert process.poll() is None
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert time.monotonic() - began < 2
    assert b"Traceback" not in errors


def test_a_reader_that_goes_away_ends_it_quietly(program: Program) -> None:
    slow = program.scripted(answers=["word\n" * 1000], piece_bytes=5, piece_delay_s=0.01)
    with slow.start_asking("-p", "x", "--quiet") as process:
        _wait_for(process, b"word\n")
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        errors = process.stderr.read()
        assert process.wait(timeout=30) == 0
    assert errors == b""


def test_a_reader_that_goes_away_does_not_cost_the_file(program: Program) -> None:
    slow = program.scripted(answers=["word\n" * 30], piece_bytes=5, piece_delay_s=0.01)
    with slow.start_asking("-p", "x", "--quiet", "-o", "out.txt") as process:
        _wait_for(process, b"word\n")
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(timeout=30) == 0
    assert (program.folder / "out.txt").read_text() == "word\n" * 30


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")  # noqa: PTH110 - a device, not a path
def test_a_full_disk_behind_stdout_is_said(program: Program) -> None:
    with open("/dev/full", "wb") as full, program.start_asking("-p", "x", "--quiet", stdout=full) as process:  # noqa: PTH123
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert b"The answer cannot be written to standard output: No space left on device." in errors


@pytest.mark.skipif(sys.platform == "win32", reason="no terminals as on POSIX")
def test_on_a_terminal_progress_is_rewritten_in_place_and_escapes_do_not_pass(program: Program) -> None:
    import pty

    main, terminal = pty.openpty()
    hostile = program.scripted(answers=["\x1b]0;owned\x07red\nblue"], load_delay_s=0.1, prefill_delay_s=0.05)
    with hostile.start_asking("-p", "x", stdout=terminal, stderr=terminal) as process:
        os.close(terminal)
        shown = b""
        with suppress(OSError):  # the terminal's other end is closed
            while piece := os.read(main, 4096):
                shown += piece
        assert process.wait(timeout=30) == 0
    os.close(main)
    text = shown.decode()
    assert "\r\x1b[KReading the weights 50% ..." in text
    assert "\r\x1b[KReading the prompt: 1 of 1 tokens ..." in text
    assert "\x1b]0;" not in text
    assert "owned�red\r\nblue\r\n" in text


def test_settings_stand_in_for_what_is_not_given(program: Program) -> None:
    program.profile_dir.mkdir()
    settings = {"version": 1, "model": str(program.model), "backend": "fake", "sampling": {"seed": 11}}
    (program.profile_dir / "settings.json").write_text(json.dumps(settings))
    done = program.run("ask", "-p", "x", "--profile", program.profile_dir)
    assert done.returncode == 0
    assert done.stderr.splitlines()[-1].endswith("seed 11")


def test_the_startup_trace_is_there_even_when_killed_midway(program: Program) -> None:
    with program.scripted(load_delay_s=60).start_asking("-p", "x", "--startup-trace", "trace.json") as process:
        file = program.folder / "trace.json"
        deadline = time.monotonic() + 30
        while not file.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        process.kill()
    assert list(json.loads(file.read_text())["milestones_ms"]) == ["imports_done"]
    done = program.scripted().ask("-p", "x", "--startup-trace", "trace.json")
    assert done.returncode == 0
    trace = json.loads(file.read_text())
    assert list(trace["milestones_ms"]) == ["imports_done", "runtime_imported", "model_ready"]
    assert 0 < trace["milestones_ms"]["imports_done"] <= trace["milestones_ms"]["model_ready"] < 60_000


@pytest.mark.source_only("asks Python what it imported; tests/frozen looks at what is in the process's memory")
def test_the_command_line_loads_neither_qt_nor_a_runtime(program: Program, picture: Path) -> None:
    done = program.with_variables(PYTHONPROFILEIMPORTTIME="1").ask(picture.name, "-p", "x")
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "app" in loaded
    assert loaded.isdisjoint({"PySide6", "shiboken6", "mlx", "mlx_vlm", "torch", "transformers"})


def test_doctor_says_what_is_here(program: Program) -> None:
    done = program.run("doctor", "--profile", program.profile_dir)
    assert (done.returncode, done.stderr) == (0, "")
    for word in (
        "Viewfinder",
        "Python",
        "Memory",
        "Demo model",
        "Backends",
        "fake",
        "mlx",
        "numpy",
        "transformers",
    ):
        assert word in done.stdout
    done = program.run("--profile", program.profile_dir, "doctor", "--json")
    findings = json.loads(done.stdout)
    assert findings["memory_bytes"] > 0
    assert {backend["name"] for backend in findings["backends"]} >= {"mlx", "fake"}
    assert findings["log_file"].startswith(str(program.profile_dir))


def test_a_display_that_does_not_answer_is_no_crash(program: Program) -> None:
    if "QT_QPA_PLATFORM" not in os.environ or os.uname().sysname != "Linux":
        pytest.skip("only Linux can be without a display")
    done = program.with_variables(QT_QPA_PLATFORM="no-such").run("--profile", program.profile_dir)
    assert (done.returncode, done.stdout) == (1, "")
    first, *others = done.stderr.splitlines()
    assert first.startswith("viewfinder: No display answers, so no window can open. “viewfinder ask FILE...")
    assert any("no-such" in line for line in others), "what Qt says is what helps to find out why"
    assert not any(word in done.stderr for word in ("Aborted", "Fatal", "Traceback", "File "))


def test_without_a_display_the_window_says_so(program: Program) -> None:
    if "QT_QPA_PLATFORM" not in os.environ or sys.platform != "linux":
        pytest.skip("only Linux can be without a display")
    blind = program.with_variables(QT_QPA_PLATFORM="", DISPLAY="", WAYLAND_DISPLAY="")
    done = blind.run("--profile", program.profile_dir)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("viewfinder: There is no display here, so no window can open.")
