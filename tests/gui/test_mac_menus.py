"""Menus as macOS wants them: what Qt moves into the application's menu, keys, words. Played on other systems."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QMenuBar, QWidget

from app.gui.actions import Actions, action_rows, plain_text
from app.gui.language import speak

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gui.window_driver import OpenWindow

Role = QAction.MenuRole
MOVED = {
    "aboutAction": Role.AboutRole,
    "settingsAction": Role.PreferencesRole,
    "quitAction": Role.QuitRole,
    "quickActionAction": Role.ApplicationSpecificRole,
}
"""Qt puts these into the application's menu, between which AppKit has Services, Hide and Show All."""
EDITING = ("cutAction", "copyAction", "pasteAction", "selectAllAction")
RESERVED = (
    *("Ctrl+H", "Ctrl+Alt+H", "Ctrl+Tab", "Ctrl+Space", "Ctrl+`", "Meta+Ctrl+Q", "Ctrl+Alt+Esc", "Ctrl+Alt+D"),
    *("Ctrl+Shift+3", "Ctrl+Shift+4", "Ctrl+Shift+5", "Ctrl+Shift+Q", "Ctrl+Alt+Space", "Meta+Up", "Meta+Down"),
)
"""Keys that macOS has for itself; Ctrl stands for Cmd and Meta for Control."""


@pytest.fixture
def bar(request: pytest.FixtureRequest) -> Iterator[QMenuBar]:
    """The menus alone, on a Mac."""
    for name in ("qapp", "mac"):
        request.getfixturevalue(name)
    window = QWidget()
    bar = QMenuBar(window)
    Actions(window, bar, {row.action_id: lambda *_: None for row in action_rows()})
    yield bar
    shiboken6.delete(window)


@pytest.fixture
def in_chinese(qapp: QApplication) -> Iterator[None]:
    speak(qapp, "zh_CN")
    yield
    speak(qapp, "en")


def menus_of(bar: QMenuBar) -> list[QMenu]:
    menus = [entry.menu() for entry in bar.actions()]
    return [menu for menu in menus if isinstance(menu, QMenu)]


def actions_of(bar: QMenuBar) -> dict[str, QAction]:
    found = (action for menu in menus_of(bar) for action in menu.actions())
    return {action.objectName(): action for action in found if action.objectName()}


def test_what_belongs_into_the_applications_menu_goes_there(bar: QMenuBar) -> None:
    actions = actions_of(bar)
    roles = {name: action.menuRole() for name, action in actions.items()}
    assert {name: roles.pop(name) for name in MOVED} == MOVED
    assert {name: roles.pop(name) for name in EDITING} == dict.fromkeys(EDITING, Role.TextHeuristicRole)
    assert set(roles.values()) == {Role.NoRole}, "Qt guesses nothing from the other words"
    assert not actions["settingsAction"].isCheckable()


def test_each_menu_keeps_something_when_these_are_gone(bar: QMenuBar) -> None:
    menus = menus_of(bar)
    left = [[a for a in menu.actions() if not a.isSeparator() and a.objectName() not in MOVED] for menu in menus]
    assert all(left)
    assert [menu.title() for menu in menus][-2:] == ["&Window", "&Help"], "as in every Mac program"


def test_the_usual_keys(bar: QMenuBar) -> None:
    keys = {name: action.shortcut().toString() for name, action in actions_of(bar).items()}
    usual = {
        "openAction": "Ctrl+O",
        "closeWindowAction": "Ctrl+W",
        "quitAction": "Ctrl+Q",
        "settingsAction": "Ctrl+,",
        "minimiseAction": "Ctrl+M",
        "undoAction": "Ctrl+Z",
        "cutAction": "Ctrl+X",
        "copyAction": "Ctrl+C",
        "pasteAction": "Ctrl+V",
        "selectAllAction": "Ctrl+A",
    }
    assert {name: keys[name] for name in usual} == usual
    (full_screen,) = (row for row in action_rows() if row.action_id == "fullScreenAction")
    assert full_screen.shortcuts == (QKeySequence.StandardKey.FullScreen,), "Control-Cmd-F there"


@pytest.mark.usefixtures("mac")
def test_full_screen_is_in_the_menu_once_by_appkit_and_still_a_command(open_window: OpenWindow) -> None:
    driver = open_window()
    action = driver.action("fullScreenAction")
    assert action not in driver.content.actions_by_id.menu_of("fullScreenAction").actions()
    assert action in driver.window.actions(), "so that its keys work"
    assert "fullScreenAction" in [command.command_id for command in driver.content.actions_by_id.commands()]
    action.trigger()
    assert driver.window.isFullScreen()
    action.trigger()
    assert not driver.window.isFullScreen()


def test_no_key_of_the_system_is_taken() -> None:
    taken = {
        QKeySequence(key).toString()
        for row in action_rows()
        for key in row.shortcuts
        if not isinstance(key, QKeySequence.StandardKey)
    }
    assert taken.isdisjoint(QKeySequence(key).toString() for key in RESERVED)


def seen_by_qt(text: str) -> str:
    """What Qt's plugin for macOS compares with the words below: it drops the mark of the key, not the brackets."""
    return text.replace("&", "")


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_panels_of_the_system_know_the_editing_commands(request: pytest.FixtureRequest, language: str) -> None:
    if language != "en":
        request.getfixturevalue("in_chinese")
    actions = actions_of(request.getfixturevalue("bar"))
    words = {name: seen_by_qt(actions[name].text()) for name in EDITING}
    translate = QCoreApplication.translate
    expected = ("Cut", "Copy", "Paste", "Select All")
    assert list(words.values()) == [translate("QCocoaMenuItem", word) for word in expected]


def test_finder_is_named(bar: QMenuBar) -> None:
    actions = actions_of(bar)
    assert plain_text(actions["showPictureFileAction"].text()) == "Show in Finder"
    assert plain_text(actions["showLogsAction"].text()) == "Show Logs in Finder"


def test_elsewhere_there_is_no_quick_action_and_settings_have_a_tick() -> None:
    if sys.platform == "darwin":
        pytest.skip("not elsewhere")
    rows = {row.action_id: row for row in action_rows()}
    assert "quickActionAction" not in rows
    assert "minimiseAction" not in rows
    assert rows["settingsAction"].is_checkable


@pytest.mark.usefixtures("mac")
def test_settings_open_and_close_without_a_tick(open_window: OpenWindow) -> None:
    driver = open_window()
    for _ in range(2):
        driver.action("settingsAction").trigger()
        assert driver.content.settings.is_open, "the menu only ever opens them"
    QTest.keyClick(driver.settings, Qt.Key.Key_Escape)
    driver.wait(lambda: not driver.content.settings.is_open)


@pytest.mark.usefixtures("mac")
def test_the_window_menu_minimises_and_zooms(open_window: OpenWindow) -> None:
    driver = open_window()
    driver.action("zoomWindowAction").trigger()
    assert driver.window.isMaximized()
    driver.action("zoomWindowAction").trigger()
    assert not driver.window.isMaximized()
    driver.action("minimiseAction").trigger()
    assert driver.window.isMinimized()
