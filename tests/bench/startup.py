"""How soon the window is on screen, against the least that Python with PySide6 can do: an empty main window.

Both are started in turn with warm caches; times run from just before the process is made. What is printed: when the
window's frame is shown, when its content is painted, the same for the empty window, and the ratio of medians. A frozen
program is given by its file; its size is printed too.

    python -m tests.bench.startup [--runs 15] [--platform offscreen|xcb|cocoa] [--program dist/viewfinder/viewfinder]
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EMPTY_WINDOW = """
import time
from PySide6.QtWidgets import QApplication, QMainWindow
application = QApplication([])
window = QMainWindow()
window.resize(1280, 820)
window.show()
print(time.monotonic())
"""
ROOT = Path(__file__).resolve().parents[2]
_LIMIT_S = 60.0


def empty_window_ms(environment: dict[str, str]) -> float:
    """Milliseconds until an empty window is shown."""
    began_s = time.monotonic()
    words = [sys.executable, "-c", EMPTY_WINDOW]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=_LIMIT_S, check=True)
    return (float(done.stdout) - began_s) * 1000


def program_ms(program: list[str], environment: dict[str, str], folder: Path) -> dict[str, float]:
    """Milliseconds until each milestone of the start of the program that these words begin."""
    trace = folder / "trace.json"
    trace.unlink(missing_ok=True)
    words = [*program, "--backend", "fake", "--profile", str(folder / "profile")]
    process = subprocess.Popen([*words, "--startup-trace", str(trace)], cwd=ROOT, env=environment)
    began_s = time.monotonic()
    milestones: dict[str, float] = {}
    try:
        while "first_paint" not in milestones and time.monotonic() - began_s < _LIMIT_S:
            time.sleep(0.05)
            milestones = json.loads(trace.read_text())["milestones_ms"] if trace.exists() else {}
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(_LIMIT_S)
    return milestones


def size_mb(folder: Path) -> float:
    """All its files together, in megabytes of a million bytes."""
    return sum(file.lstat().st_size for file in folder.rglob("*") if file.is_file() and not file.is_symlink()) / 1e6


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--platform", default="offscreen" if sys.platform == "linux" else "")
    parser.add_argument("--program", type=Path)
    options = parser.parse_args()
    program = [sys.executable, "-m", "app"] if options.program is None else [str(options.program.absolute())]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    if options.platform:
        environment["QT_QPA_PLATFORM"] = options.platform
    empty: list[float] = []
    shown: list[float] = []
    painted: list[float] = []
    with tempfile.TemporaryDirectory() as place:
        for run in range(options.runs + 1):
            milestones = program_ms(program, environment, Path(place))
            if run:  # the first warms the caches
                empty.append(empty_window_ms(environment))
                shown.append(milestones["window_shown"])
                painted.append(milestones["first_paint"])
    if options.program is not None:
        print(f"size                 {size_mb(options.program.absolute().parent):.0f} MB")
    base = statistics.median(empty)
    for name, values in (("empty window shown", empty), ("frame shown", shown), ("content painted", painted)):
        median = statistics.median(values)
        print(f"{name:20} median {median:6.0f} ms  least {min(values):6.0f} ms  ratio {median / base:.2f}")


if __name__ == "__main__":
    main()
