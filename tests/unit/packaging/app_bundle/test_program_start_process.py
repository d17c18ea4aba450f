"""The start of the bundled program as a process of its own: Ctrl-C, faults, and what stands in the program's place."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
START = ROOT / "packaging" / "app_bundle" / "program_start.py"
SLOW_TO_IMPORT = """
import signal, sys, time
assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
print("importing", flush=True)
if "wait" in sys.argv:
    time.sleep(600)


def main():
    print(signal.getsignal(signal.SIGINT) is signal.default_int_handler, flush=True)
    return 7
"""


@pytest.fixture
def played(tmp_path: Path) -> dict[str, str]:
    """The environment in which a slow app.entry stands in the place of the program's."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__init__.py").touch()
    (tmp_path / "app" / "entry.py").write_text(SLOW_TO_IMPORT)
    return {"PYTHONPATH": str(tmp_path)}


def test_ctrl_c_before_the_program_is_there_ends_it_without_a_word(played: dict[str, str]) -> None:
    command = [sys.executable, str(START), "wait"]
    with subprocess.Popen(command, env=played, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "importing\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (-signal.SIGINT, "")


def test_from_then_on_the_program_hears_it(played: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, str(START)], env=played, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (7, "importing\nTrue\n", "")


def test_the_program_itself_starts_from_it() -> None:
    done = subprocess.run(
        [sys.executable, str(START), "--version"],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.startswith("viewfinder ")


def test_a_fault_of_the_program_is_told_of_once_and_not_by_the_loader_too(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__init__.py").touch()
    (tmp_path / "app" / "entry.py").write_text(
        "import sys\n"
        "sys.excepthook = lambda kind, error, trace: print('told of', error, trace is not None)\n"
        "def main():\n    raise LookupError('nothing there')\n"
    )
    start = f"import runpy; runpy.run_path({str(START)!r}, run_name='__main__')"
    loader = f"try:\n    {start}\nexcept Exception:\n    print('Failed to execute script')\n    raise"
    done = subprocess.run(
        [sys.executable, "-c", loader], cwd=tmp_path, env={}, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, "told of nothing there True\n", "")
