"""What people's keys, files and names must not do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QListView

from tests.gui.conftest import draw

if TYPE_CHECKING:
    from pathlib import Path

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
