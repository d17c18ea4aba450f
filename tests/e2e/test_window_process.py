from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import translations

from tests.e2e.chosen_program import frozen_program
from tests.e2e.program import NEEDS_SIGNALS, ROOT

if TYPE_CHECKING:
    from tests.e2e.program import Program


def milestones(file: Path) -> list[str]:
    return list(json.loads(file.read_text())["milestones_ms"]) if file.exists() else []


def wait_for(milestone: str, file: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while milestone not in milestones(file):
        assert process.poll() is None, "the window closed too early"
        assert time.monotonic() < deadline
        time.sleep(0.05)


def window_words(program: Program, picture: Path) -> list[str | Path]:
    words: list[str | Path] = ["--profile", program.profile_dir, "--startup-trace", "trace.json"]
    return [*words, "--backend", "fake", "--model", program.model, picture, "-p", "What is this?"]


@NEEDS_SIGNALS
def test_the_window_is_on_screen_before_the_runtime_is_imported(program: Program, picture: Path) -> None:
    trace = program.folder / "trace.json"
    with program.start(*window_words(program, picture)) as process:
        wait_for("model_ready", trace, process)
        process.send_signal(signal.SIGTERM)
        out, errors = process.communicate(timeout=30)
    assert (process.returncode, out, errors) == (0, b"", b"")
    reached = milestones(trace)
    assert reached[:2] == ["imports_done", "window_shown"]
    assert reached.index("first_paint") < reached.index("runtime_imported") < reached.index("model_ready")
    assert (
        not (program.profile_dir / "settings.json").exists()
        or "fake" not in (program.profile_dir / "settings.json").read_text()
    ), "what was said for one start is no setting"


@NEEDS_SIGNALS
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_closes_the_window_cleanly_also_while_a_model_loads(
    number: signal.Signals, program: Program, picture: Path
) -> None:
    with program.scripted(load_delay_s=60).start(*window_words(program, picture)) as process:
        wait_for("first_paint", program.folder / "trace.json", process)
        time.sleep(0.3)
        process.send_signal(number)
        out, errors = process.communicate(timeout=30)  # the model would take longer
    assert (process.returncode, out, errors) == (0, b"", b"")


@pytest.mark.source_only("puts a Qt of its own in the way; tests/frozen interrupts the start of the program itself")
def test_ctrl_c_while_qt_is_imported_ends_the_process_without_an_exception_inside_qt(program: Program) -> None:
    qt = program.folder / "imports" / "PySide6"
    qt.mkdir(parents=True)
    (qt / "__init__.py").write_text("import signal\nsignal.raise_signal(signal.SIGINT)\n")
    program = program.with_variables(PYTHONPATH=f"{qt.parent}{os.pathsep}{ROOT}")
    with program.start("--profile", program.profile_dir) as process:
        out, errors = process.communicate(timeout=30)
    assert (process.returncode, out, errors) == (-signal.SIGINT, b"", b"")


@NEEDS_SIGNALS
def test_closing_under_work_that_cannot_be_stopped_takes_no_longer_than_its_deadline(
    program: Program, picture: Path
) -> None:
    stubborn = program.scripted(load_delay_s=6, ignores_stop=True)  # two of its three pauses are still to come
    with stubborn.start(*window_words(program, picture)) as process:
        wait_for("runtime_imported", program.folder / "trace.json", process)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        out, errors = process.communicate(timeout=30)
    assert time.monotonic() - began < 11
    assert (process.returncode, out, errors) == (0, b"", b"")
    log = (program.profile_dir / "logs" / "viewfinder.log").read_text(encoding="utf-8")
    assert "The program ends under the threads: model" in log
    assert (program.profile_dir / "window.ini").exists(), "everything was saved before"


@NEEDS_SIGNALS
def test_the_window_speaks_the_language_of_the_settings(program: Program, picture: Path) -> None:
    if frozen_program() is None:  # a frozen program has brought its own
        translations.release(translations.stale_files(), Path(sys.executable).parent)
    program.profile_dir.mkdir()
    (program.profile_dir / "settings.json").write_text('{"language": "zh_CN"}')
    with program.start(*window_words(program, picture), "--debug") as process:
        wait_for("model_ready", program.folder / "trace.json", process)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, b"")
    log = (program.profile_dir / "logs" / "viewfinder.log").read_text(encoding="utf-8")
    assert "The window speaks zh_CN" in log
    assert "There is no translation" not in log


@NEEDS_SIGNALS
def test_a_window_without_a_backend_opens_all_the_same(program: Program) -> None:
    words: list[str | Path] = ["--profile", program.profile_dir, "--startup-trace", "trace.json", "--backend", "abacus"]
    with program.start(*words) as process:
        wait_for("first_paint", program.folder / "trace.json", process)
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, b"")


@NEEDS_SIGNALS
def test_a_crash_leaves_its_trace_in_the_log_folder(program: Program, picture: Path) -> None:
    with program.start(*window_words(program, picture)) as process:
        wait_for("first_paint", program.folder / "trace.json", process)
        process.send_signal(signal.SIGSEGV)
        process.communicate(timeout=30)
    assert process.returncode == -signal.SIGSEGV
    assert "Segmentation fault" in (program.profile_dir / "logs" / "crash.log").read_text()
    assert os.environ["QT_QPA_PLATFORM"], "this window was never on anybody's screen"
