"""Help > Licences: found from the menu and from About, read without a stall, without a mouse, in both languages."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QPlainTextEdit, QPushButton

from app.core.settings import Settings
from app.gui.answers.link_dialog import LinkDialog
from app.gui.licences import licences_window, reading
from app.gui.licences.licences_window import LicencesWindow
from tests.gui.cut_text import cut_texts
from tests.gui.heartbeat import Heartbeat, calmest
from tests.gui.test_accessible import faults

if TYPE_CHECKING:
    from pathlib import Path

    from app.core.settings import Language
    from tests.gui.window_driver import OpenWindow, WindowDriver

NO_TABLES = pytest.mark.skipif(sys.platform == "win32", reason="no bundle is made there: no table has its libraries")


def opened(driver: WindowDriver) -> LicencesWindow:
    driver.action("licencesAction").trigger()
    return shown(driver)


def shown(driver: WindowDriver) -> LicencesWindow:
    window = driver.child(LicencesWindow, "licencesWindow")
    driver.wait(lambda: bool(window.list.names))
    return window


def choose(window: LicencesWindow, name: str) -> None:
    place = window.list.names.index(name)
    window.list.setCurrentIndex(window.list.model().index(place, 0))


def test_the_first_text_says_what_holds_for_the_whole(open_window: OpenWindow) -> None:
    window = opened(open_window())
    assert window.list.names[0] == "Viewfinder"
    assert "GNU General Public License, version 3" in window.text.toPlainText()
    assert "Apache License" in window.text.toPlainText()


def test_the_lines_of_a_licence_are_not_broken_once_more(open_window: OpenWindow) -> None:
    window = opened(open_window())
    window.resize(window.whole_size())
    window.text.setPlainText("\n".join(["0" * 88, "licence " * 11] * 200))
    QApplication.processEvents()
    lines = [window.text.document().findBlockByNumber(number).lineCount() for number in range(20)]
    assert lines == [1] * 20


def test_the_about_box_leads_there(open_window: OpenWindow) -> None:
    driver = open_window()
    driver.action("aboutAction").trigger()
    driver.child(QPushButton, "aboutLicencesButton").click()
    assert shown(driver).isVisible()
    assert not any(box.isVisible() for box in driver.window.findChildren(QMessageBox))


@pytest.mark.parametrize(
    ("is_frozen", "licence"),
    [(False, "Licence: Apache License 2.0"), (True, "Licence: GPL-3.0-or-later (Viewfinder: Apache-2.0)")],
)
def test_the_about_box_names_the_licence_of_what_was_passed_on(
    open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch, is_frozen: bool, licence: str
) -> None:
    driver = open_window()
    monkeypatch.setattr(sys, "frozen", is_frozen, raising=False)
    driver.action("aboutAction").trigger()
    about = driver.child(QMessageBox, "aboutBox")
    assert licence in about.informativeText().splitlines()
    assert not about.iconPixmap().isNull(), "the program's icon stands beside it"


@NO_TABLES
def test_a_part_stands_with_its_licence_and_whose_it_is(open_window: OpenWindow) -> None:
    window = opened(open_window())
    choose(window, "x264")
    assert window.name.text().startswith("x264 ")
    assert window.licence.text() == "GPL-2.0-or-later · with av"
    text = window.text.toPlainText()
    assert "x264 project" in text
    assert "GNU GENERAL PUBLIC LICENSE" in text


@NO_TABLES
def test_names_and_licences_are_found(open_window: OpenWindow) -> None:
    window = opened(open_window())
    window.filter.setText("gpl-2.0 AV")
    assert set(window.list.names) >= {"x264", "x265", "GMP"}
    assert "Opus" not in window.list.names
    window.filter.setText("no such thing")
    assert window.list.names == ()
    assert "no such thing" in window.state.text()
    assert window.text.toPlainText() == ""
    assert not window.home.isVisible()
    window.filter.clear()
    assert "Opus" in window.list.names
    assert "no such thing" not in window.state.text()


@NO_TABLES
def test_what_is_looked_at_stays_so_when_others_are_found_too(open_window: OpenWindow) -> None:
    window = opened(open_window())
    window.filter.setText("x26")
    choose(window, "x265")
    window.filter.setText("x2")
    assert window.name.text().startswith("x265")


@NO_TABLES
def test_everything_is_reached_without_a_mouse(open_window: OpenWindow) -> None:
    driver = open_window()
    window = opened(driver)
    driver.wait(lambda: QApplication.focusWidget() is window.filter)
    QTest.keyClicks(window.filter, "opus")
    QTest.keyClick(window.filter, Qt.Key.Key_Down)
    assert QApplication.focusWidget() is window.list
    assert window.name.text().startswith("Opus")
    met = []
    for _ in range(10):
        focused = QApplication.focusWidget()
        assert focused is not None
        QTest.keyClick(focused, Qt.Key.Key_Tab)
        met.append(QApplication.focusWidget())
    assert {window.home, window.sources, window.text, window.save, window.filter} <= set(met)
    QTest.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.focusWidget() is window.filter
    QTest.keyClick(window.filter, Qt.Key.Key_Escape)
    assert not window.isVisible()
    driver.action("licencesAction").trigger()
    assert window.isVisible()
    assert window.filter.selectedText() == "opus"


@NO_TABLES
def test_an_address_is_shown_before_it_is_opened(open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    went: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: went.append(url.toString()))
    window = opened(open_window())
    choose(window, "LAME")
    window.sources.click()
    dialog = window.findChild(LinkDialog)
    assert dialog is not None
    shown_address = dialog.findChild(QPlainTextEdit, "linkAddress")
    assert shown_address is not None
    assert shown_address.toPlainText().endswith("lame-3.100.tar.gz")
    assert went == []
    opening = dialog.findChild(QPushButton, "openAddressButton")
    assert opening is not None
    opening.click()
    assert went == [shown_address.toPlainText()]


def test_everything_is_saved_as_one_text(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window()
    window = opened(driver)
    window.save.click()
    dialog = window.findChild(QFileDialog)
    assert dialog is not None
    assert dialog.acceptMode() == QFileDialog.AcceptMode.AcceptSave
    file = tmp_path / "all.txt"
    dialog.fileSelected.emit(str(file))
    dialog.reject()
    driver.wait(lambda: "all.txt" in window.state.text())
    text = file.read_text(encoding="utf-8")
    assert all(f"\n  {name}" in text for name in window.list.names)


def test_a_file_that_cannot_be_saved_is_told(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window()
    window = opened(driver)
    window.reading.save(tmp_path / "missing" / "all.txt")
    driver.wait(window.fault.isVisible)
    assert "does not exist" in window.fault.text()
    window.reading.save(tmp_path / "all.txt")
    driver.wait(lambda: not window.fault.isVisible())


def test_what_cannot_be_read_is_told(open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OSError("gone")

    monkeypatch.setattr(reading, "inside_here", fail)
    driver = open_window()
    driver.action("licencesAction").trigger()
    window = driver.child(LicencesWindow, "licencesWindow")
    driver.wait(window.fault.isVisible)
    assert window.state.text() == "What is inside could not be read."
    assert not window.save.isEnabled()


def test_the_bundle_says_that_it_is_under_the_gpl_as_a_whole(
    open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(licences_window, "is_bundled", lambda: True)
    window = opened(open_window())
    assert "GNU General Public License, version 3 or later" in window.state.text()


def test_opening_and_going_through_all_texts_stalls_nothing(open_window: OpenWindow) -> None:
    def look() -> list[str]:
        driver = open_window()
        driver.wait_for_model()
        with Heartbeat() as heartbeat:
            window = opened(driver)
            for place in range(window.list.model().rowCount()):
                window.list.setCurrentIndex(window.list.model().index(place, 0))
                QCoreApplication.processEvents()
            window.filter.setText("gpl")
            QCoreApplication.processEvents()
        driver.close()
        return heartbeat.own_stalls

    assert calmest(look) == ""


def test_closing_the_program_meanwhile_leaves_no_thread(open_window: OpenWindow) -> None:
    driver = open_window()
    driver.action("licencesAction").trigger()
    assert any(thread.name == "licences" for thread in threading.enumerate())
    driver.close()
    assert not any(thread.name == "licences" for thread in threading.enumerate())


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_nothing_is_cut_and_everything_has_a_name(open_window: OpenWindow, language: Language) -> None:
    window = opened(open_window(settings=Settings(language=language)))
    assert window.windowTitle() == {"zh_CN": "许可证", "en": "Licences"}[language]
    choose(window, "numpy")
    assert faults(window) == []
    for size in ((920, 620), (640, 480)):
        window.resize(*size)
        for _ in range(3):
            QCoreApplication.processEvents()
        assert cut_texts(window) == []
