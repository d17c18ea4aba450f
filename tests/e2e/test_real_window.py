"""The window on a real X server: files dragged over from another process, the question typed, the answer exported."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from tests.e2e.test_window_process import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.e2e.program import Program

NEEDED = ("Xvfb", "xdotool")
MISSING = [name for name in NEEDED if shutil.which(name) is None]
pytestmark = pytest.mark.skipif(
    bool(MISSING), reason=f"{' and '.join(MISSING)} not installed; test.py does it for root"
)

SOURCE_FILE = Path(__file__).with_name("drag_source.py")
TARGET_FILE = Path(__file__).with_name("drop_target.py")
SOURCE_AT = (1300, 100)
WINDOW_MIDDLE = (560, 400)
FIRST_ROW = (110, 135)
LIMIT_S = 60.0


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    reader, writer = os.pipe()
    command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1440x900x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[writer], stderr=subprocess.DEVNULL)
    os.close(writer)
    with os.fdopen(reader) as stream:
        number = stream.readline().strip()
    yield f":{number}"
    server.terminate()
    server.wait(10)


class Hands:
    """A mouse and a keyboard."""

    def __init__(self, display: str) -> None:
        self.environment = {**os.environ, "DISPLAY": display}

    def do(self, *words: str | int) -> str:
        command = ["xdotool", *map(str, words)]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=30, check=True)
        return done.stdout

    def drag(self, start: tuple[int, int], end: tuple[int, int], steps: int = 12) -> None:
        self.do("mousemove", *start)
        self.do("mousedown", 1)
        for step in range(1, steps + 1):
            place = [round(a + (b - a) * step / steps) for a, b in zip(start, end, strict=True)]
            self.do("mousemove", *place)
            time.sleep(0.03)  # another process answers each move; a hand is no faster
        self.do("mouseup", 1)


@contextlib.contextmanager
def killed_at_end(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    with process:
        try:
            yield process
        finally:
            process.kill()


def until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def test_files_dragged_from_another_process_are_asked_about_and_exported(
    program: Program, display: str, tmp_path: Path
) -> None:
    files = [tmp_path / "red 红.png", tmp_path / "blue.png"]
    for file, colour in zip(files, ("red", "blue"), strict=True):
        Image.new("RGB", (320, 240), colour).save(file)
    program = program.scripted(answers=["A red and a blue picture."]).with_variables(
        DISPLAY=display, QT_QPA_PLATFORM="xcb", XDG_CURRENT_DESKTOP="", QT_QPA_PLATFORMTHEME=""
    )
    trace = tmp_path / "trace.json"
    hands = Hands(display)
    words: list[str | Path] = ["--profile", program.profile_dir, "--startup-trace", trace]
    words += ["--backend", "fake", "--model", program.model]
    source_words = [sys.executable, SOURCE_FILE, *SOURCE_AT, *files]
    with (
        killed_at_end(program.start(*words)) as window,
        killed_at_end(
            subprocess.Popen(list(map(str, source_words)), env=program.environment(), stdout=subprocess.PIPE)
        ) as source,
    ):
        assert source.stdout is not None
        assert source.stdout.readline() == b"shown\n"
        wait_for("model_ready", trace, window)
        hands.drag((SOURCE_AT[0] + 60, SOURCE_AT[1] + 40), WINDOW_MIDDLE)
        assert source.stdout.readline() == b"CopyAction\n", "the window did not take the drop"
        recent = program.profile_dir / "recent.json"
        until(lambda: recent.exists() and "blue.png" in recent.read_text(encoding="utf-8"), "nothing was dropped")
        window_id = hands.do("search", "--sync", "--onlyvisible", "--name", "Viewfinder").split()[0]
        hands.do("windowfocus", "--sync", window_id)
        hands.do("type", "--delay", "20", "What is in these?")
        hands.do("key", "ctrl+Return")
        exported = tmp_path / "answer.json"
        until(lambda: _export(hands, window_id, exported), "the answer was not exported")
        hands.do("windowfocus", "--sync", window_id)
        hands.do("key", "ctrl+q")
        _, errors = window.communicate(timeout=30)
    assert (window.returncode, errors) == (0, b"")
    turn = json.loads(exported.read_text(encoding="utf-8"))["turns"][0]
    assert turn["question"] == "What is in these?"
    assert turn["answer"] == "A red and a blue picture."
    assert [medium["name"] for medium in turn["media"]] == [file.name for file in files]


def _export(hands: Hands, window_id: str, file: Path) -> bool:
    """Saves by the dialog's keys; before the answer is there the command does nothing."""
    hands.do("windowfocus", "--sync", window_id)
    hands.do("key", "ctrl+shift+s")
    time.sleep(1.0)
    dialogs = subprocess.run(
        ["xdotool", "search", "--onlyvisible", "--name", "^Export$"],
        env=hands.environment,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split()
    if not dialogs:
        return False
    hands.do("windowfocus", "--sync", dialogs[0])
    hands.do("key", "ctrl+a")
    hands.do("type", "--delay", "20", str(file))
    hands.do("key", "Return")
    time.sleep(0.5)
    return file.exists()


@pytest.mark.parametrize("start", [WINDOW_MIDDLE, FIRST_ROW], ids=["viewer", "tray"])
def test_the_picture_is_dragged_out_of_the_window_as_a_copy(
    start: tuple[int, int], program: Program, display: str, tmp_path: Path
) -> None:
    file = tmp_path / "red 红.png"
    Image.new("RGB", (320, 240), "red").save(file)
    program = program.scripted(answers=["A red picture."]).with_variables(
        DISPLAY=display, QT_QPA_PLATFORM="xcb", XDG_CURRENT_DESKTOP="", QT_QPA_PLATFORMTHEME=""
    )
    trace = tmp_path / "trace.json"
    hands = Hands(display)
    words: list[str | Path] = ["--profile", program.profile_dir, "--startup-trace", trace]
    words += ["--backend", "fake", "--model", program.model, file]
    target_words = [sys.executable, str(TARGET_FILE), *map(str, SOURCE_AT)]
    with (
        killed_at_end(program.start(*words)) as window,
        killed_at_end(subprocess.Popen(target_words, env=program.environment(), stdout=subprocess.PIPE)) as target,
    ):
        assert target.stdout is not None
        assert target.stdout.readline() == b"shown\n"
        wait_for("model_ready", trace, window)
        dropped: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        reading = threading.Thread(target=lambda: dropped.put(target.stdout.readline()))  # type: ignore[union-attr]
        reading.start()
        deadline = time.monotonic() + LIMIT_S
        while dropped.empty():  # until the picture is there, a drag has nothing to take
            assert time.monotonic() < deadline, "nothing arrived"
            hands.drag(start, (SOURCE_AT[0] + 60, SOURCE_AT[1] + 40))
            time.sleep(0.5)
        reading.join()
        assert dropped.get().decode() == f"CopyAction {[str(file)]}\n"
        window_id = hands.do("search", "--sync", "--onlyvisible", "--name", "Viewfinder").split()[0]
        hands.do("windowfocus", "--sync", window_id)
        hands.do("key", "ctrl+q")
        _, errors = window.communicate(timeout=30)
    assert (window.returncode, errors) == (0, b"")
    assert file.is_file()
