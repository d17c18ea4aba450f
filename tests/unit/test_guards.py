"""The guards of tests/conftest.py catch what they are there for: tests that break them run in a pytest of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import packaging

CONFTEST = Path(__file__).parents[1] / "conftest.py"
ROOT = CONFTEST.parents[1]

BREAKING_TESTS = """
import logging, socket, threading, warnings

def test_thread():
    threading.Thread(target=threading.Event().wait, args=(60,), daemon=True, name="stray").start()

def test_thread_error():
    thread = threading.Thread(target=int, args=("x",)); thread.start(); thread.join()

def test_log():
    logging.getLogger("x").warning("oops")

def test_socket():
    try:
        socket.create_connection(("127.0.0.1", 9))
    except Exception:
        pass

def test_warning():
    warnings.warn("old")
"""
EXPECTED = (
    "ERROR test_case.py::test_thread - Failed: threads left alive: stray",
    "FAILED test_case.py::test_thread_error - pytest.PytestUnhandledThreadExceptionWarning",
    "ERROR test_case.py::test_log - Failed: unexpected log lines",
    "FAILED test_case.py::test_socket - conftest.NetworkUseError",
    "FAILED test_case.py::test_warning - UserWarning: old",
)


def test_each_guard_fails_a_test_that_breaks_it(tmp_path: Path) -> None:
    shutil.copy(CONFTEST, tmp_path)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "test_case.py").write_text(BREAKING_TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "--import-mode=prepend", "test_case.py"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "300"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    summary = done.stdout.partition("short test summary info")[2]
    assert [line for line in EXPECTED if line not in summary] == [], done.stdout


def test_our_packaging_folder_does_not_hide_the_library_of_that_name() -> None:
    assert packaging.__file__ is not None
    assert Path(packaging.__file__) == Path(
        str(metadata.distribution("packaging").locate_file("packaging/__init__.py"))
    )
