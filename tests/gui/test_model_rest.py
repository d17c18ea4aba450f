"""A model goes by command, after minutes without a question, and when memory is short; the next question brings it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QKeySequence

from app.backends.fake_backend import FakeScript
from app.core.events import MemoryUsed
from app.core.machine import MachineMemory
from app.core.settings import Settings
from app.engine.memory_pressure import PressureWatch
from app.gui.models import model_rest, status_line
from app.gui.models.memory_words import memory_in_use_text
from tests.clips_made import numbered, write_video
from tests.gui.window_driver import SLOW, ask, with_model

if TYPE_CHECKING:
    from tests.gui.window_driver import OpenWindow, WindowDriver

GB = 1 << 30
LARGE = FakeScript(answers=("Yes.",), held_bytes=3 * GB)
PARTS = FakeScript(answers=("one " * 40,), piece_delay_s=0.01, held_bytes=3 * GB)
NOTE = "The next question loads the model again."


def asked_from_the_menu(driver: WindowDriver) -> None:
    driver.action("unloadAction").trigger()


def is_unloaded(driver: WindowDriver) -> bool:
    return driver.desk.model.stage == "none" and not driver.backend.is_loaded


def test_a_command_unloads_and_the_next_question_loads_again(open_window: OpenWindow) -> None:
    driver = open_window(LARGE)
    driver.wait_for_model()
    ask(driver, "One?")
    action = driver.action("unloadAction")
    assert action.isEnabled()
    assert action.shortcut() == QKeySequence("Ctrl+Alt+U")
    action.trigger()
    driver.wait(lambda: is_unloaded(driver))
    assert "Not loaded" in driver.model_text
    assert driver.parts.runtime.text() == "Not loaded"
    assert driver.parts.note.text() == f"Unloaded. {NOTE}"
    assert not action.isEnabled()
    assert driver.questions == ["One?"]
    driver.prompt.setPlainText("Two?")
    assert driver.ask_button.isEnabled()
    driver.ask_button.click()
    assert driver.wait_for_answer() == "Yes."
    assert driver.questions == ["One?", "Two?"]
    assert driver.desk.model.stage == "ready"
    assert driver.parts.note.text() == ""
    assert action.isEnabled()


def test_listeners_hear_once_why_it_was_unloaded(open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    monkeypatch.setattr(status_line, "announce", lambda _widget, words: heard.append(words))
    driver = open_window(LARGE)
    driver.wait_for_model()
    driver.desk.unload("pressure")
    driver.desk.model_changed.emit()
    assert heard == [f"Unloaded because memory was short. {NOTE}"]
    ask(driver, "One?")
    driver.desk.unload("pressure")
    assert len(heard) == 2


def test_what_memory_is_in_use_is_told_live(open_window: OpenWindow) -> None:
    driver = open_window(LARGE)
    driver.wait_for_model()
    driver.wait(lambda: driver.desk.memory_used is not None and driver.desk.memory_used.model_bytes == 3 * GB)
    assert driver.parts.memory.text().startswith("Memory 0.")
    assert driver.parts.memory.text().endswith(" GB")
    asked_from_the_menu(driver)
    driver.wait(lambda: driver.desk.memory_used is not None and driver.desk.memory_used.model_bytes == 0)


@pytest.mark.parametrize(
    ("machine", "words"),
    [
        (MachineMemory("metal", 12 * GB, 16 * GB, "Apple M2"), "Memory 3.4 of 16 GB"),
        (MachineMemory("ram", 20 * GB, 24 * GB), "Memory 3.4 of 24 GB"),
        (MachineMemory("cuda", 70 * GB, 80 * GB, "NVIDIA H100"), "GPU memory 2.5 of 80 GB"),
        (MachineMemory("ram", 0, 0), "Memory 3.4 GB"),
        (None, "Memory 3.4 GB"),
    ],
)
def test_memory_is_that_which_the_model_lives_in(machine: MachineMemory | None, words: str) -> None:
    assert memory_in_use_text(MemoryUsed(int(3.4 * GB), int(2.5 * GB)), machine) == words


def test_a_model_at_work_is_not_unloaded(open_window: OpenWindow) -> None:
    driver = open_window(SLOW)
    driver.wait_for_model()
    driver.ask("Go on and on.")
    driver.wait(lambda: bool(driver.desk.conversation.turns[-1].answer))
    assert not driver.action("unloadAction").isEnabled()
    for why in ("asked", "idle", "pressure"):
        driver.desk.unload(why)
    assert driver.desk.model.stage == "ready"
    driver.stop_button.click()
    driver.wait_for_answer()
    driver.wait(driver.action("unloadAction").isEnabled)


def test_a_model_that_loads_is_not_unloaded(open_window: OpenWindow) -> None:
    driver = open_window(FakeScript(load_delay_s=0.3))
    driver.wait(lambda: driver.desk.model.stage == "loading")
    driver.desk.unload("pressure")
    assert driver.desk.model.stage == "loading"
    driver.wait_for_model()


@pytest.fixture
def _short_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_rest, "_MS_PER_MINUTE", 20)


@pytest.mark.usefixtures("_short_minutes")
def test_minutes_without_a_question_unload(open_window: OpenWindow, checkpoint_dir: Path) -> None:
    driver = open_window(LARGE, settings=with_model(checkpoint_dir, unload_after_min=5))
    driver.wait(lambda: driver.desk.model.unloaded == "idle")
    assert driver.parts.note.text() == (
        "Unloaded after 5 minutes without a question. The next one loads the model again."
    )
    ask(driver, "Still there?")
    driver.wait(lambda: driver.desk.model.unloaded == "idle")


@pytest.mark.usefixtures("_short_minutes")
def test_minutes_of_an_answer_do_not_count(open_window: OpenWindow, checkpoint_dir: Path) -> None:
    script = replace(SLOW, answers=("One two three four five. " * 12,))
    driver = open_window(script, settings=with_model(checkpoint_dir, unload_after_min=1))
    driver.ask("How long?")  # loads again if need be
    answer = driver.wait_for_answer()
    assert answer == script.answers[0]
    assert driver.desk.conversation.turns[-1].outcome == "done"
    driver.wait(lambda: driver.desk.model.unloaded == "idle")


@pytest.mark.usefixtures("_short_minutes")
def test_never_is_never_and_another_choice_counts_from_the_last_answer(
    open_window: OpenWindow, checkpoint_dir: Path
) -> None:
    driver = open_window(LARGE, settings=with_model(checkpoint_dir, unload_after_min=None))
    driver.wait_for_model()
    driver.qtbot.wait(150)
    assert driver.desk.model.stage == "ready"
    driver.content.commands.show_settings(True)
    box = driver.settings.program.unload_after
    assert box.currentText() == "Never"
    box.setCurrentIndex(box.findData(5))
    assert driver.desk.settings.unload_after_min == 5
    driver.wait(lambda: driver.desk.model.unloaded == "idle")
    assert [box.itemData(index) for index in range(box.count())] == [None, 5, 15, 30, 60]


def test_minutes_of_a_file_that_are_no_choice_stay(open_window: OpenWindow, checkpoint_dir: Path) -> None:
    driver = open_window(settings=with_model(checkpoint_dir, unload_after_min=7))
    driver.content.commands.show_settings(True)
    assert driver.settings.program.unload_after.currentText() == "After 7 minutes"
    assert driver.desk.settings.unload_after_min == 7


class System:
    """Is short of memory when a test wants it to be."""

    def __init__(self) -> None:
        self.is_short = False
        self.times = 0

    def __call__(self) -> bool:
        self.times += 1
        return self.is_short


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> System:
    system = System()
    monkeypatch.setattr(model_rest, "PressureWatch", partial(PressureWatch, is_short=system, every_s=0.001))
    monkeypatch.setattr(model_rest, "QUIET_MS", 1)
    return system


def test_a_system_short_of_memory_gets_it_back(open_window: OpenWindow, system: System) -> None:
    driver = open_window(LARGE)
    driver.wait_for_model()
    ask(driver, "One?")
    driver.wait(lambda: system.times > 2)
    assert driver.desk.model.stage == "ready"
    system.is_short = True
    driver.wait(lambda: is_unloaded(driver))
    assert driver.parts.note.text() == f"Unloaded because memory was short. {NOTE}"
    times = system.times
    driver.qtbot.wait(50)
    assert system.times <= times + 1
    system.is_short = False
    ask(driver, "Two?")
    driver.wait(lambda: system.times > times + 2)
    assert driver.desk.model.stage == "ready"


def test_a_small_model_stays_however_short_memory_is(open_window: OpenWindow, system: System) -> None:
    system.is_short = True
    driver = open_window(replace(LARGE, held_bytes=30_000_000))
    driver.wait_for_model()
    ask(driver, "One?")
    driver.qtbot.wait(50)
    assert system.times == 0
    assert driver.desk.model.stage == "ready"


def test_the_system_is_not_asked_during_an_answer_nor_the_model_unloaded(
    open_window: OpenWindow, system: System
) -> None:
    driver = open_window(replace(SLOW, held_bytes=3 * GB))
    driver.wait_for_model()
    driver.ask("Go on and on.")
    driver.wait(lambda: bool(driver.desk.conversation.turns[-1].answer))
    system.is_short = True
    times = system.times
    driver.qtbot.wait(50)
    assert system.times <= times + 1
    assert driver.desk.model.stage == "ready"
    assert driver.desk.conversation.open_turn is not None
    driver.stop_button.click()
    driver.wait(lambda: driver.desk.model.unloaded == "pressure")


def test_between_the_parts_of_a_long_video_the_model_stays(
    open_window: OpenWindow, system: System, checkpoint_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_rest, "_MS_PER_MINUTE", 1)
    folder = tmp_path / "Qwen3-VL-Small"
    shutil.copytree(checkpoint_dir, folder)
    limits = {"size": {"shortest_edge": 1024, "longest_edge": 50 * 1024}}
    (folder / "video_preprocessor_config.json").write_text(json.dumps(limits), encoding="utf-8")
    film = tmp_path / "minute.mp4"
    write_video(film, numbered(120), rate=2)
    driver = open_window(PARTS, files=(film,), settings=Settings(model=str(folder), unload_after_min=1))
    driver.wait_for_pictures(1)
    system.is_short = True
    driver.ask("What happens?")
    driver.wait_for_answer()
    turn = driver.desk.conversation.turns[-1]
    assert turn.outcome == "done"
    assert [segment.outcome for segment in turn.segments] == ["done"] * 3
    driver.wait(lambda: driver.desk.model.unloaded in {"idle", "pressure"})


def test_the_window_closes_while_the_system_is_watched(open_window: OpenWindow, system: System) -> None:
    driver = open_window(LARGE)
    driver.wait_for_model()
    driver.wait(lambda: system.times > 0)
    driver.close()
    QCoreApplication.processEvents()
    assert driver.desk.rest.watch.close(0)
