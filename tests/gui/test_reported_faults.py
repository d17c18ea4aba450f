"""What people's keys, files and names must not do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QListView

from app.engine.engine import Engine
from tests.gui.conftest import draw

if TYPE_CHECKING:
    from pathlib import Path
    from typing import NoReturn

    from app.core.launch import EventSink
    from app.core.paths import Profile
    from tests.gui.window_driver import OpenWindow


def test_deleting_a_word_leaves_the_pictures(open_window: OpenWindow, picture: Path) -> None:
    driver = open_window(files=(picture,), question="hello world")
    driver.wait_for_pictures(1)
    driver.prompt.setFocus()
    for modifier in (Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier):
        QTest.keyClick(driver.prompt, Qt.Key.Key_Backspace, modifier | Qt.KeyboardModifier.ControlModifier)
    assert len(driver.desk.pictures.media) == 1


@pytest.mark.parametrize("geometry", ["abc", "1, 2", "@Size(1 2)", "@ByteArray(no)"])
def test_a_damaged_window_file_does_not_stop_the_start(
    open_window: OpenWindow, profile: Profile, geometry: str
) -> None:
    profile.data_dir.mkdir(parents=True, exist_ok=True)
    profile.window_file.write_text(f"[General]\ngeometry={geometry}\n", encoding="utf-8")
    assert open_window().window.isVisible()


def test_a_name_with_tags_is_shown_as_words(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window(files=(draw(tmp_path / "<b>bold<img src=x>.png"),))
    driver.wait_for_pictures(1)
    tray = driver.window.findChild(QListView, "mediaTray")
    assert isinstance(tray, QListView)
    tip = tray.model().index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert "&lt;img src=x&gt;" in tip
    assert "<img" not in tip


@pytest.mark.allows_log
def test_a_model_thread_that_breaks_down_is_said_however_often_it_is_tried(
    open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down() -> NoReturn:
        message = "no backend can be made"
        raise RuntimeError(message)

    def make_engine(_make_backend: object, sink: EventSink) -> Engine:
        return Engine(break_down, sink)

    monkeypatch.setattr("tests.gui.window_driver.Engine", make_engine)
    driver = open_window(question="What?")
    notice = driver.parts.notice
    driver.wait(lambda: driver.desk.model.stage == "failed" and notice.retry_button.isVisible())
    notice.retry_button.click()
    assert notice.isHidden()
    driver.wait(lambda: driver.desk.model.stage == "failed" and notice.retry_button.isVisible())
    driver.ask_button.click()
    assert notice.text
    assert driver.prompt.toPlainText() == "What?"
