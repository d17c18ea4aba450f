"""Logs in the file manager, the Quick Action in Finder, and where the program had better lie."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QProcess
from PySide6.QtGui import QIcon

from app.core import bundled
from app.core.quick_action import WORKFLOW_NAME, bundled_workflow, install, is_outdated
from app.gui import system_commands
from app.gui.tray import file_showing

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtWidgets import QApplication

    from tests.gui.window_driver import OpenWindow


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Programs that were started instead of being started."""
    commands: list[tuple[str, ...]] = []

    def start(program: str, words: list[str]) -> tuple[bool, int]:
        commands.append((program, *words))
        return True, 1

    monkeypatch.setattr(QProcess, "startDetached", start)
    return commands


def test_the_quick_action_is_put_into_finder_and_taken_away(
    mac: Path, open_window: OpenWindow, started: list[tuple[str, ...]]
) -> None:
    place = mac / "Library" / "Services" / WORKFLOW_NAME
    driver = open_window()
    action = driver.action("quickActionAction")
    assert not action.isChecked()
    action.trigger()
    assert place.is_dir()
    assert action.isChecked()
    assert "is in Finder's Quick Actions now" in driver.window.statusBar().currentMessage()
    action.trigger()
    assert not place.exists()
    assert not action.isChecked()
    assert "is gone from Finder's Quick Actions" in driver.window.statusBar().currentMessage()
    assert started == [("/System/Library/CoreServices/pbs", "-update")] * 2


def test_an_older_quick_action_is_ticked_and_renewed_at_the_start(mac: Path, open_window: OpenWindow) -> None:
    workflow = bundled_workflow()
    assert workflow is not None
    services = mac / "Library" / "Services"
    install(workflow, services)
    (services / WORKFLOW_NAME / "Contents" / "document.wflow").write_text(f"older: open -b {bundled.BUNDLE_ID}")
    assert is_outdated(workflow, services)
    assert open_window().action("quickActionAction").isChecked()
    assert not is_outdated(workflow, services)


def test_what_stands_in_the_way_is_said_and_the_tick_stays_off(
    mac: Path, open_window: OpenWindow, started: list[tuple[str, ...]]
) -> None:
    place = mac / "Library" / "Services" / WORKFLOW_NAME
    place.parent.mkdir(parents=True)
    place.write_text("mine")
    driver = open_window()
    action = driver.action("quickActionAction")
    action.trigger()
    assert "was not made by Viewfinder. Move it somewhere else" in driver.parts.notice.text
    assert not action.isChecked()
    assert started == []
    place.unlink()
    action.trigger()
    assert action.isChecked()
    assert driver.parts.notice.text == "", "what was in the way is not any more"


def test_logs_are_shown_where_they_lie(open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Path] = []

    def show(files: list[Path]) -> bool:
        shown.extend(files)
        return True

    monkeypatch.setattr(file_showing, "show_files", show)
    driver = open_window()
    profile = driver.launch.profile
    driver.action("showLogsAction").trigger()
    assert [error.text for error in driver.parts.notice.errors] == [
        f"The folder {profile.log_dir} cannot be shown here."
    ]
    profile.log_dir.mkdir(parents=True)
    profile.log_file.touch()
    driver.action("showLogsAction").trigger()
    assert shown == [profile.log_file]


def test_a_program_that_was_not_moved_says_so_once(open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_commands, "is_in_passing_place", lambda: True)
    driver = open_window()
    driver.wait(lambda: "not in the Applications folder yet" in driver.parts.notice.text)
    driver.close()
    assert open_window().parts.notice.text == ""


def test_the_window_has_the_programs_icon(open_window: OpenWindow, qapp: QApplication) -> None:
    qapp.setWindowIcon(QIcon())
    driver = open_window()
    driver.wait(lambda: not driver.window.windowIcon().isNull())
    assert not driver.window.windowIcon().pixmap(64, 64).isNull()
    qapp.setWindowIcon(QIcon())


def test_one_that_lies_well_says_nothing(open_window: OpenWindow) -> None:
    assert open_window().parts.notice.text == ""


@pytest.mark.parametrize(
    ("place", "is_read_only", "is_passing"),
    [
        ("/Applications/Viewfinder.app", False, False),
        ("/Volumes/Viewfinder/Viewfinder.app", True, True),
        ("/Volumes/My Disk/Applications/Viewfinder.app", False, False),
        ("/private/var/folders/x/T/AppTranslocation/0A-1B/d/Viewfinder.app", True, True),
        ("/Users/a/Volumes/Viewfinder.app", True, False),
    ],
)
def test_places_that_do_not_stay(
    monkeypatch: pytest.MonkeyPatch, place: str, is_read_only: bool, is_passing: bool
) -> None:
    class Disk:
        f_flag = os.ST_RDONLY if is_read_only else 0

    monkeypatch.setattr(sys, "executable", f"{place}/Contents/MacOS/Viewfinder")
    monkeypatch.setattr(os, "statvfs", lambda _: Disk)
    assert not bundled.is_in_passing_place()
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert not bundled.is_in_passing_place()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert bundled.is_in_passing_place() == is_passing


def test_a_disk_that_is_gone_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(sys, "executable", "/Volumes/Gone/Viewfinder.app/Contents/MacOS/Viewfinder")
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(os, "statvfs", gone)
    assert not bundled.is_in_passing_place()
