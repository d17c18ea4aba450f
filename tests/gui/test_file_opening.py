"""Files from the Dock, from Finder and from “Open With”, as Qt hands them to the application on a Mac."""

from __future__ import annotations

import sys
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QUrl
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication, QDialog

from app.gui import shell
from app.gui.file_opening import FileOpening
from app.gui.shell import MainWindow, run_window
from tests.gui.conftest import draw
from tests.gui.test_language import choose_language
from tests.gui.window_driver import WAIT_MS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from tests.gui.window_driver import OpenWindow


@pytest.fixture
def opening(qapp: QApplication) -> Iterator[FileOpening]:
    """What takes the files, as in the running program."""
    made = FileOpening(qapp)
    yield made
    qapp.removeEventFilter(made)
    shiboken6.delete(made)


def post(*what: Path | QUrl) -> None:
    """Has the system open these, one after the other."""
    application = QApplication.instance()
    assert application is not None
    for one in what:
        event = QFileOpenEvent(one) if isinstance(one, QUrl) else QFileOpenEvent(str(one))
        QCoreApplication.postEvent(application, event)


def test_files_opened_together_are_added_as_one(open_window: OpenWindow, opening: FileOpening, tmp_path: Path) -> None:
    driver = open_window()
    opening.serve(driver.window)
    paths = [draw(tmp_path / f"{number}.png") for number in range(120)]
    post(*paths, *paths[:3])
    driver.wait_for_pictures(120)
    assert driver.names == [path.name for path in paths]
    driver.action("undoAction").trigger()
    assert driver.names == [], "it was one step"


def test_names_with_spaces_and_accents_and_folders_and_videos(
    open_window: OpenWindow, opening: FileOpening, tmp_path: Path, clip: Path
) -> None:
    folder = tmp_path / "Bilder 100% #1?"
    folder.mkdir()
    inside = draw(folder / unicodedata.normalize("NFD", "Übergröße & Äpfel.png"))
    beside = draw(tmp_path / "a b  +c;d%20e.png")
    driver = open_window()
    opening.serve(driver.window)
    post(folder, QUrl.fromLocalFile(str(beside)), clip)
    driver.wait_for_pictures(3)
    assert [medium.source.path for medium in driver.desk.pictures.media] == [inside, beside, clip]
    assert driver.refusals == ""


def test_what_is_no_file_of_this_machine_is_refused_in_words(
    open_window: OpenWindow, opening: FileOpening, picture: Path, tmp_path: Path
) -> None:
    driver = open_window()
    opening.serve(driver.window)
    post(QUrl("https://example.org/cat.png"), picture, tmp_path / "gone.png", QUrl())
    driver.wait_for_pictures(1)
    driver.wait(lambda: "does not fetch anything from the web" in driver.refusals)
    driver.wait(lambda: "gone.png" in driver.refusals)


def test_files_that_come_before_the_window_wait_for_it(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole way of a start, the event loop being the test's."""
    given, *opened = (draw(tmp_path / f"{number}.png") for number in range(3))
    driver = open_window()
    launch = replace(driver.launch, files=(given,))
    driver.close()
    was_built: list[bool] = []
    names: list[str] = []

    def run(*_: object) -> int:
        (window,) = [
            widget
            for widget in QApplication.topLevelWidgets()
            if isinstance(widget, MainWindow) and shiboken6.isValid(widget) and widget.isVisible()
        ]
        post(*opened)
        QCoreApplication.sendPostedEvents(QApplication.instance(), QEvent.Type.FileOpen.value)
        was_built.append(window._content is not None)
        qtbot.waitUntil(lambda: window.is_started and len(window.content.desk.pictures.media) == 3, timeout=WAIT_MS)
        names.extend(medium.source.name for medium in window.content.desk.pictures.media)
        window.close()
        return 7

    monkeypatch.setattr(QApplication, "exec", run)
    assert run_window(launch.profile.window_file, lambda: launch, lambda _: None, lambda _: 1) == 7
    assert was_built == [False]
    assert names == ["0.png", "1.png", "2.png"], "those of the command line come first"
    application = QApplication.instance()
    assert application is not None
    for left in application.findChildren(FileOpening):
        shiboken6.delete(left)


def test_what_stands_on_the_command_line_is_not_opened_once_more(
    open_window: OpenWindow, opening: FileOpening, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = draw(tmp_path / "Grün.png")
    other = draw(tmp_path / "other.png")
    script = tmp_path / "viewfinder"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "orig_argv", ["python3", str(script), "Grün.png", "-p", "What is this?"])
    post(tmp_path / unicodedata.normalize("NFD", "Grün.png"), script, other)
    QCoreApplication.sendPostedEvents(QApplication.instance(), QEvent.Type.FileOpen.value)
    driver = open_window(files=(given,))
    opening.serve(driver.window)
    driver.wait_for_pictures(2)
    assert driver.names == ["Grün.png", "other.png"]
    assert driver.refusals == ""
    post(script)  # now somebody means it
    driver.wait(lambda: "viewfinder" in driver.refusals)


def test_a_dialog_does_not_keep_them_out(open_window: OpenWindow, opening: FileOpening, picture: Path) -> None:
    driver = open_window()
    opening.serve(driver.window)
    dialog = QDialog(driver.window)
    dialog.open()
    assert QApplication.activeModalWidget() is dialog
    post(picture)
    driver.wait_for_pictures(1)
    assert dialog.isVisible()
    dialog.close()


def test_the_window_comes_out_of_the_dock_for_them(
    open_window: OpenWindow, opening: FileOpening, picture: Path
) -> None:
    driver = open_window()
    opening.serve(driver.window)
    driver.window.showMaximized()
    driver.window.showMinimized()
    assert driver.window.isMinimized()
    post(picture)
    driver.wait_for_pictures(1)
    assert not driver.window.isMinimized()
    assert driver.window.isMaximized(), "as large as it was"


def test_the_window_that_takes_anothers_place_takes_its_files(
    open_window: OpenWindow, opening: FileOpening, tmp_path: Path
) -> None:
    before, between, after = (draw(tmp_path / f"{name}.png") for name in ("before", "between", "after"))
    driver = open_window()
    opening.serve(driver.window)
    post(before)
    driver.wait_for_pictures(1)
    post(between)
    QCoreApplication.sendPostedEvents(QApplication.instance(), QEvent.Type.FileOpen.value)
    choose_language(driver, "zh_CN")
    driver.wait_for_pictures(2)
    post(after)
    driver.wait_for_pictures(3)
    assert driver.names == ["before.png", "between.png", "after.png"]


def test_a_file_that_comes_too_late_opens_no_window(
    open_window: OpenWindow, opening: FileOpening, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = open_window()
    opening.serve(driver.window)
    built: list[object] = []
    monkeypatch.setattr(shell.MainWindow, "build", built.append)
    post(picture)
    QCoreApplication.sendPostedEvents(QApplication.instance(), QEvent.Type.FileOpen.value)
    assert opening._timer.isActive()
    driver.close()
    post(picture)
    QCoreApplication.sendPostedEvents(QApplication.instance(), QEvent.Type.FileOpen.value)
    driver.wait(lambda: not opening._timer.isActive())
    assert built == []
    assert not [window for window in QApplication.topLevelWidgets() if window.isVisible()]


def test_a_window_closed_before_its_content_was_made_stays_empty(
    qtbot: QtBot, opening: FileOpening, picture: Path, tmp_path: Path
) -> None:
    built: list[str] = []

    def make_launch() -> object:
        built.append("launch")
        raise AssertionError

    window = MainWindow(tmp_path / "window.ini", make_launch)  # type: ignore[arg-type]
    qtbot.addWidget(window)
    opening.serve(window)
    post(picture)
    QCoreApplication.sendPostedEvents(QApplication.instance(), QEvent.Type.FileOpen.value)
    window.close()
    qtbot.waitUntil(lambda: not opening._timer.isActive(), timeout=WAIT_MS)
    assert built == []
