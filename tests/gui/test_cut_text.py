"""No text of the window is cut, in Chinese or English, at any size; where there is no Chinese font, boxes stand in."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from app.backends.fake_backend import FakeScript
from app.core.settings import Settings
from app.gui.caption import Caption
from app.gui.viewer.frames_choice import FramesChoice
from tests.gui.conftest import draw
from tests.gui.cut_text import cut_texts
from tests.gui.models_shown import STATES as MODELS_STATES
from tests.gui.models_shown import models_for, show_models
from tests.gui.video_hands import make_clip, open_clip
from tests.gui.window_driver import type_into, with_model

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from app.core.settings import Language
    from tests.gui.window_driver import OpenWindow, WindowDriver

SIZES = ((1280, 820), (900, 620), (640, 480))


def check(driver: WindowDriver, state: str) -> None:
    """Looks at every size; all that is cut is told together."""
    told = []
    for size in SIZES:
        driver.window.resize(*size)
        for _ in range(3):
            QCoreApplication.processEvents()
        told += [f"{state} at {size[0]}×{size[1]}: {line}" for line in cut_texts(driver.window)]
    assert told == []


@pytest.mark.parametrize("language", ["zh_CN", "en"])
@pytest.mark.parametrize(
    "state", ["empty", "media", "several", "answer", "settings", "fault", "refused", "task", "editing", "streaming"]
)
def test_nothing_is_cut(language: Language, state: str, open_window: OpenWindow, picture: Path, tmp_path: Path) -> None:
    script = FakeScript(answers=("It is red. " * 400,), piece_delay_s=0.02) if state == "streaming" else FakeScript()
    files: tuple[Path, ...] = () if state == "empty" else (picture,)
    if state == "several":
        files = tuple(draw(tmp_path / f"{number}.png", 2000, 1500) for number in range(3))
    driver = open_window(script, files=files, settings=Settings(language=language))
    driver.wait_for_model()
    driver.wait_for_pictures(len(files))
    if state in ("answer", "editing", "streaming"):
        driver.ask("What is this?")
        driver.wait(lambda: bool(driver.desk.conversation.turns and driver.desk.conversation.turns[-1].answer))
    if state in ("answer", "editing"):
        driver.wait_for_answer()
    if state == "editing":
        driver.content.asking.on_edit_question()
    if state == "task":
        driver.child(QToolButton, "taskChip_boxes").click()
    if state in ("settings", "fault"):
        driver.content.commands.show_settings(True)
    if state == "fault":
        type_into(driver.content.settings.panel.answers.fields["temperature"].edit, "99")
    if state == "refused":
        driver.content.open_path(Path(__file__))
        driver.wait(lambda: bool(driver.refusals))
    check(driver, state)
    if state == "streaming":
        driver.stop_button.click()
        driver.wait_for_answer()


@pytest.mark.parametrize("language", ["zh_CN", "en"])
@pytest.mark.parametrize("state", MODELS_STATES)
def test_nothing_is_cut_at_the_models(
    language: Language, state: str, open_window: OpenWindow, checkpoint_dir: Path
) -> None:
    store, downloads = models_for(state)
    driver = open_window(settings=with_model(checkpoint_dir, language=language), models=store, downloads=downloads)
    driver.wait_for_model()
    show_models(state)(driver.window)
    check(driver, f"models, {state}")


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_nothing_is_cut_at_a_video(language: Language, open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window(settings=Settings(language=language))
    driver.wait_for_model()
    foot = open_clip(driver, make_clip(tmp_path / "numbers.mp4"))
    check(driver, "video")
    foot.frames_pill.click()
    choice = driver.window.findChild(FramesChoice)
    assert choice is not None
    choice.by_count.click()
    assert cut_texts(choice) == []
    type_into(choice.count, "5")
    assert not choice.fault.isHidden()
    assert cut_texts(choice) == []
    choice.close()


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_nothing_is_cut_when_the_model_fails(language: Language, open_window: OpenWindow) -> None:
    settings = Settings(language=language)
    driver = open_window(FakeScript(fails_to_load=True), settings=settings)
    driver.wait(lambda: driver.desk.model.stage == "failed")
    check(driver, "model failed")


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_nothing_is_cut_while_the_model_loads(
    language: Language, open_window: OpenWindow, checkpoint_dir: Path
) -> None:
    long_named = checkpoint_dir.with_name("Qwen3-VL-30B-A3B-Instruct-MLX-4bit")
    if not long_named.exists():
        shutil.copytree(checkpoint_dir, long_named)
    driver = open_window(FakeScript(load_delay_s=30.0), settings=Settings(model=str(long_named), language=language))
    driver.wait(lambda: driver.desk.model.progress is not None)
    check(driver, "loading")


@pytest.mark.parametrize("language", ["zh_CN", "en"])
@pytest.mark.parametrize("action", ["commandListAction", "shortcutsAction", "aboutAction", "copyReportAction"])
def test_nothing_is_cut_in_what_opens_over_the_window(language: Language, action: str, open_window: OpenWindow) -> None:
    driver = open_window(settings=Settings(language=language))
    driver.wait_for_model()
    driver.action(action).trigger()
    for _ in range(3):
        QCoreApplication.processEvents()
    dialogs = [dialog for dialog in driver.window.findChildren(QDialog) if dialog.isVisible()]
    assert [line for opened in (driver.window, *dialogs) for line in cut_texts(opened)] == []
    for dialog in dialogs:
        dialog.reject()


def test_cut_text_is_found(qtbot: QtBot) -> None:
    """The check itself: a label and a button with too little room, a widget beyond the edge, a line too high."""
    window = QWidget()
    window.setWindowTitle("cut")
    window.resize(200, 100)
    label = QLabel("A label with many words", window)
    button = QPushButton("一个按钮", window)
    wrapped = QLabel("words " * 30, window)
    wrapped.setWordWrap(True)
    beyond = QLabel("x", window)
    for widget, place in ((label, (0, 0, 40, 20)), (button, (0, 20, 20, 24)), (wrapped, (0, 50, 100, 20))):
        widget.setGeometry(*place)
    beyond.setGeometry(195, 0, 20, 20)
    elided = Caption("A caption with many words", is_elided=True)
    elided.setParent(window)
    elided.setGeometry(100, 70, 40, 20)
    qtbot.addWidget(window)
    window.show()
    assert [line.split(" ")[0] for line in cut_texts(window)] == [
        "QLabel",
        "QPushButton",
        "QLabel",
        "QLabel",
        "painted:",
    ]


def test_whole_text_is_not_told(qtbot: QtBot) -> None:
    window = QWidget()
    layout = QHBoxLayout(window)
    for widget in (QLabel("A label"), QPushButton("一个按钮")):
        layout.addWidget(widget)
    qtbot.addWidget(window)
    window.show()
    assert cut_texts(window) == []
