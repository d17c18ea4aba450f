"""The window comes back as it was left, and comes back sane where that cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QByteArray, QSettings, QSize
from PySide6.QtWidgets import QApplication

from app.gui.look import apply_look, is_dark
from app.gui.shell import MainWindow
from app.gui.window_shape import WindowShape, read_shape, write_shape
from tests.gui.window_driver import with_model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from app.core.paths import Profile
    from tests.gui.window_driver import OpenWindow


@pytest.fixture
def stored(tmp_path: Path) -> QSettings:
    return QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def _system_look(qapp: QApplication) -> Iterator[None]:
    yield
    apply_look(qapp, "system")


@pytest.mark.parametrize(
    "shape",
    [
        WindowShape(),
        WindowShape(300, 500, 260, is_tray_wanted=True, is_settings_open=True),
        WindowShape(150, None, None, is_tray_wanted=False),
    ],
)
def test_a_shape_is_read_as_it_was_written(stored: QSettings, shape: WindowShape) -> None:
    write_shape(stored, WindowShape(222, 333, 444, is_tray_wanted=False, is_settings_open=True))
    write_shape(stored, shape)
    stored.sync()
    again = QSettings(stored.fileName(), QSettings.Format.IniFormat)
    assert read_shape(again) == shape


@pytest.mark.parametrize(
    "damage", ["", "-4", "wide", "1e3", "99999999999999999999", "0", "٣٠٠", "@ByteArray(no)", "1, 2"]
)
def test_damage_counts_as_nothing(stored: QSettings, damage: str) -> None:
    stored.sync()
    keys = ("trayWidth", "conversationWidth", "conversationHeight", "tray", "settings")
    lines = "\n".join(f"{key}={damage}" for key in keys)
    path = stored.fileName()
    with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123 - Qt gives a text
        file.write(f"[General]\n{lines}\n")
    assert read_shape(QSettings(path, QSettings.Format.IniFormat)) == WindowShape()


def test_widths_and_what_was_open_come_back(open_window: OpenWindow) -> None:
    driver = open_window()
    driver.window.resize(1400, 800)
    driver.parts.columns.moveSplitter(300, 1)
    driver.parts.work.moveSplitter(driver.parts.work.width() - 520, 1)
    tray_px, conversation_px = driver.parts.columns.sizes()[0], driver.parts.work.sizes()[1]
    assert abs(tray_px - 300) <= 2
    assert abs(conversation_px - 520) <= 2
    driver.action("settingsAction").trigger()
    driver.window.resize(700, 600)
    driver.close()
    again = open_window()
    assert again.window.size() == QSize(700, 600)
    again.window.resize(1400, 800)  # larger than the screen of a test without one
    again.wait(lambda: abs(again.parts.columns.sizes()[0] - tray_px) <= 1)
    again.wait(lambda: abs(again.parts.work.sizes()[1] - conversation_px) <= 1)
    again.wait(lambda: again.content.settings.is_open)
    assert again.action("settingsAction").isChecked()
    again.action("settingsAction").trigger()
    again.close()
    assert not open_window().content.settings.is_open


def test_the_height_below_the_picture_has_its_own_memory(open_window: OpenWindow) -> None:
    driver = open_window()
    driver.window.resize(700, 800)
    driver.wait(lambda: driver.parts.work.height() > 500)
    driver.parts.work.moveSplitter(200, 1)
    height_px = driver.parts.work.sizes()[1]
    driver.window.resize(1400, 800)
    driver.window.resize(700, 800)
    driver.wait(lambda: abs(driver.parts.work.sizes()[1] - height_px) <= 2)


def test_a_folded_tray_stays_folded(open_window: OpenWindow) -> None:
    driver = open_window()
    assert driver.parts.tray.isVisible()
    driver.action("showTrayAction").trigger()
    driver.close()
    again = open_window()
    assert not again.parts.tray.isVisible()
    assert not again.action("showTrayAction").isChecked()
    again.action("showTrayAction").trigger()
    assert again.parts.tray.width() > 100


def test_a_large_window_comes_back_large(open_window: OpenWindow) -> None:
    driver = open_window()
    driver.window.showMaximized()
    driver.close()
    again = open_window()
    assert again.window.isMaximized()
    again.window.showFullScreen()
    again.close()
    third = open_window()
    assert third.window.isFullScreen()
    assert third.action("fullScreenAction").isChecked()


def test_a_screen_that_is_gone_leaves_the_window_in_sight(
    open_window: OpenWindow, qapp: QApplication, profile: Profile
) -> None:
    elsewhere = MainWindow(profile.window_file, lambda: pytest.fail("nothing is built"))
    elsewhere.setGeometry(6000, 4000, 900, 700)
    geometry = elsewhere.saveGeometry()
    elsewhere.deleteLater()
    assert isinstance(geometry, QByteArray)
    stored = QSettings(str(profile.window_file), QSettings.Format.IniFormat)
    stored.setValue("geometry", geometry)
    stored.sync()
    driver = open_window()
    screen = qapp.primaryScreen().availableGeometry()
    assert screen.intersects(driver.window.geometry())
    assert screen.contains(driver.window.geometry().topLeft())


@pytest.mark.usefixtures("_system_look")
def test_the_first_moment_already_has_the_chosen_appearance(
    open_window: OpenWindow, checkpoint_dir: Path, qapp: QApplication, profile: Profile
) -> None:
    driver = open_window(settings=with_model(checkpoint_dir, appearance="dark"))
    assert is_dark(qapp.palette())
    driver.close()
    shell = MainWindow(profile.window_file, lambda: pytest.fail("nothing is built"))
    assert shell.stored().value("appearance") == "dark"
    shell.deleteLater()
