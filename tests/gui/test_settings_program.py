"""The program's own settings: appearance, language, folders and what is remembered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel

from app.gui.language import language_for
from tests.gui.settings_shown import opened

if TYPE_CHECKING:
    from app.core.settings import Appearance
    from tests.gui.window_driver import OpenWindow, WindowDriver


def test_appearance_and_language_are_told_at_once(open_window: OpenWindow) -> None:
    driver = open_window()
    panel = opened(driver)
    panel.program.appearance.setFocus()
    told: list[str] = []
    for _ in range(2):
        QTest.keyClick(panel.program.appearance, Qt.Key.Key_Down)
        told.append(driver.desk.settings.appearance)
    assert told == ["light", "dark"]
    QTest.keyClick(panel.program.language, Qt.Key.Key_End)
    assert driver.desk.settings.language == "zh_CN"
    driver.follow()
    driver.wait(lambda: bool(driver.saved) and driver.saved[-1].language == "zh_CN")
    program = driver.content.settings.panel.program
    QTest.keyClick(program.appearance, Qt.Key.Key_Home)
    QTest.keyClick(program.language, Qt.Key.Key_Home)
    assert (driver.desk.settings.appearance, driver.desk.settings.language) == ("system", "system")
    if language_for("system") != "zh_CN":
        driver.follow()


def test_the_folder_for_exports_is_chosen_and_forgotten(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window()
    program = opened(driver).program
    assert not program.forget_export_folder.isVisible()
    program.choose_export_folder.click()
    dialog = driver.settings.findChild(QFileDialog)
    assert dialog is not None
    dialog.selectFile(str(tmp_path))
    dialog.fileSelected.emit(str(tmp_path))
    dialog.reject()
    assert driver.desk.settings.export_dir == tmp_path
    assert program.export_folder.text().replace("\u200b", "") == str(tmp_path)
    program.forget_export_folder.click()
    assert driver.desk.settings.export_dir is None


def test_folders_with_models_are_added_and_left_out(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window()
    folders = opened(driver).program.model_folders
    assert not folders.rows
    for name in ("one", "two", "one"):
        (tmp_path / name).mkdir(exist_ok=True)
        QTest.keyClick(folders.add, Qt.Key.Key_Space)
        dialog = next(one for one in driver.settings.findChildren(QFileDialog) if one.isVisible())
        dialog.fileSelected.emit(str(tmp_path / name))
        dialog.reject()
    assert list(driver.desk.settings.model_folders) == [tmp_path / "two", tmp_path / "one"]
    assert [row.leave_out.accessibleName() for row in folders.rows] == [
        f"Leave out {tmp_path / name}" for name in ("two", "one")
    ]
    QTest.keyClick(folders.rows[0].leave_out, Qt.Key.Key_Space)
    assert list(driver.desk.settings.model_folders) == [tmp_path / "one"]
    assert folders.add.hasFocus(), "the keyboard is not lost"
    driver.wait(lambda: bool(driver.saved) and list(driver.saved[-1].model_folders) == [tmp_path / "one"])


def test_a_long_folder_goes_on_in_the_next_line(open_window: OpenWindow) -> None:
    driver = open_window()
    years = Path("/", *(str(year) for year in range(1990, 2026)))  # Unicode breaks no line between a slash and a digit
    driver.desk.change_settings(replace(driver.desk.settings, export_dir=years))
    driver.content.commands.show_settings(True)
    label = driver.settings.program.export_folder
    room = QRect(0, 0, 200, 10_000)
    assert label.fontMetrics().boundingRect(room, Qt.TextFlag.TextWordWrap, label.text()).width() <= 200
    assert label.toolTip().count(str(years)) == 1


def test_the_programs_folders_are_shown(open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = open_window()
    program = opened(driver).program
    shown: list[str] = []

    def show(url: QUrl) -> bool:
        shown.append(url.toLocalFile())
        return True

    monkeypatch.setattr(QDesktopServices, "openUrl", show)
    data_dir = driver.launch.profile.data_dir
    program.show_log_folder.click()
    assert "cannot be shown" in program.folder_fault.text(), "it is not there yet"
    data_dir.mkdir(parents=True, exist_ok=True)
    program.show_data_folder.click()
    assert shown == [str(data_dir)]
    assert not program.folder_fault.isVisible()


def test_what_is_remembered_is_the_persons_choice(open_window: OpenWindow) -> None:
    driver = open_window()
    program = opened(driver).program
    assert program.is_history_kept.isChecked()
    label = next(label for label in driver.settings.findChildren(QLabel) if label.buddy() is program.is_history_kept)
    QTest.mouseClick(label, Qt.MouseButton.LeftButton)
    assert not driver.desk.settings.is_history_kept


def test_the_wheel_is_left_to_the_panel_unless_a_list_has_the_keyboard(open_window: OpenWindow) -> None:
    driver = open_window()
    box = opened(driver).program.appearance

    def turn() -> bool:
        point = QPointF(box.rect().center())
        wheel = QWheelEvent(
            point,
            box.mapToGlobal(point),
            QPoint(0, 0),
            QPoint(0, -120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(box, wheel)
        return wheel.isAccepted()

    assert not turn()
    assert box.currentData() == "system"
    box.setFocus()
    assert turn()
    assert box.currentData() == "light"
    show_appearance(driver, "system")


def show_appearance(driver: WindowDriver, appearance: Appearance) -> None:
    driver.desk.change_settings(replace(driver.desk.settings, appearance=appearance))
