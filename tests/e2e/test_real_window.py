"""The window on a real X server: files dragged over from another process, the question typed, the answer exported."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from tests.e2e.real_display import NEEDS_DISPLAY, Hands, export_answer, killed_at_end, quit_by_keys, until
from tests.e2e.test_window_process import wait_for

if TYPE_CHECKING:
    from tests.e2e.program import Program

pytestmark = NEEDS_DISPLAY

SOURCE_FILE = Path(__file__).with_name("drag_source.py")
TARGET_FILE = Path(__file__).with_name("drop_target.py")
SOURCE_AT = (1300, 100)
WINDOW_MIDDLE = (560, 400)
FIRST_ROW = (110, 135)
LIMIT_S = 60.0


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
        until(lambda: export_answer(hands, window_id, exported), "the answer was not exported")
        _, errors = quit_by_keys(hands, window_id, window)
    assert (window.returncode, errors) == (0, b"")
    turn = json.loads(exported.read_text(encoding="utf-8"))["turns"][0]
    assert turn["question"] == "What is in these?"
    assert turn["answer"] == "A red and a blue picture."
    assert [medium["name"] for medium in turn["media"]] == [file.name for file in files]


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
        _, errors = quit_by_keys(hands, window_id, window)
    assert (window.returncode, errors) == (0, b"")
    assert file.is_file()
