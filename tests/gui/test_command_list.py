"""The list of all commands, and the menus it is made from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QListView, QMenu, QWidget

from app.backends.fake_backend import FakeScript
from app.core.recent import read_recent
from app.gui import command_list
from app.gui.actions import action_rows
from app.gui.command_search import Command, found
from tests.gui.conftest import draw
from tests.gui.keys_and_clicks import CONTROL, press

if TYPE_CHECKING:
    from app.core.paths import Profile
    from tests.gui.window_driver import OpenWindow, WindowDriver

COMMANDS = (
    Command("open", "Open Pictures…", "File"),
    Command("export", "Export as Markdown…", "File"),
    Command("copy", "Copy Last Answer", "Conversation"),
    Command("remove", "Remove Picture", "Edit"),
    Command("chinese", "导出为 Markdown…", "文件"),
)


def rows(driver: WindowDriver) -> list[str]:
    model = driver.child(QListView, "commandRows").model()
    return [str(model.index(row, 0).data()) for row in range(model.rowCount())]


def in_menus(menu: QMenu) -> list[QAction]:
    here = [action for action in menu.actions() if action.menu() is None and not action.isSeparator()]
    below = [action.menu() for action in menu.actions()]
    return here + [action for part in below if isinstance(part, QMenu) for action in in_menus(part)]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("exp", "export"),
        ("markdown export", "export"),
        ("answer", "copy"),
        ("EDIT pict", "remove"),
        ("rmv", "remove"),
        ("导出", "chinese"),
    ],
)
def test_words_find_commands_in_the_language_that_is_shown(query: str, first: str) -> None:
    assert found(COMMANDS, query, ())[0].command_id == first


def test_every_word_must_fit_and_nothing_may_be_found() -> None:
    assert found(COMMANDS, "copy markdown", ()) == []
    assert found(COMMANDS, "zzz", ()) == []


def test_what_was_used_last_stands_first_among_equals() -> None:
    assert [command.command_id for command in found(COMMANDS, "", ("remove", "copy"))][:2] == ["remove", "copy"]
    assert found(COMMANDS, "open", ("remove",))[0].command_id == "open"


def test_every_command_is_in_the_menus_and_in_the_list(open_window: OpenWindow) -> None:
    driver = open_window()
    wanted = {row.action_id for row in action_rows()}
    bar = driver.window.menuBar()
    menus = [action.menu() for action in bar.actions()]
    in_bar = {action.objectName() for menu in menus if isinstance(menu, QMenu) for action in in_menus(menu)}
    assert in_bar == wanted
    press(Qt.Key.Key_K, CONTROL)
    model = driver.child(QListView, "commandRows").model()
    listed = {model.index(row, 0).data(Qt.ItemDataRole.UserRole).objectName() for row in range(model.rowCount())}
    assert listed == wanted
    assert all("&" not in words for words in rows(driver))


def test_a_few_letters_and_return_do_it(open_window: OpenWindow, profile: Profile) -> None:
    driver = open_window()
    driver.prompt.setFocus()
    QTest.keyClicks(driver.prompt, "Words before and after")
    press(Qt.Key.Key_Home)
    press(Qt.Key.Key_K, CONTROL)
    field = driver.child(QLineEdit, "commandField")
    assert field.hasFocus()
    assert driver.prompt.toPlainText() == "Words before and after"
    QTest.keyClicks(field, "show med")
    assert rows(driver)[0] == "Show Media"
    was_shown = driver.parts.tray.isVisible()
    press(Qt.Key.Key_Return)
    assert not field.isVisible()
    assert driver.prompt.hasFocus()
    assert driver.parts.tray.isVisible() != was_shown
    press(Qt.Key.Key_K, CONTROL)
    assert rows(driver)[0] == "Show Media"
    assert field.text() == ""
    press(Qt.Key.Key_Escape)
    assert driver.prompt.hasFocus()
    driver.close()
    assert read_recent(profile.recent_file).commands == ("showTrayAction",)


def test_what_cannot_be_used_says_why_and_does_nothing(
    open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    monkeypatch.setattr(command_list, "announce", lambda _widget, text, **_: heard.append(text))
    driver = open_window()
    press(Qt.Key.Key_K, CONTROL)
    field = driver.child(QLineEdit, "commandField")
    QTest.keyClicks(field, "export as json")
    assert rows(driver)[0] == "Export as JSON…"
    press(Qt.Key.Key_Return)
    assert field.isVisible()
    assert "No answer yet" in heard[-1]
    field.clear()
    QTest.keyClicks(field, "qqqq")
    assert rows(driver) == []
    assert heard[-1] == "No command fits these words."
    press(Qt.Key.Key_Return)
    assert field.isVisible()


def test_esc_closes_the_list_and_stops_no_answer(open_window: OpenWindow) -> None:
    driver = open_window(FakeScript(answers=("One two three. " * 600,), piece_delay_s=0.02))
    driver.wait_for_model()
    driver.ask("Go on.")
    driver.wait(lambda: "One two" in driver.result.toPlainText())
    driver.prompt.setFocus()
    press(Qt.Key.Key_K, CONTROL)
    press(Qt.Key.Key_Escape)
    assert not driver.child(QLineEdit, "commandField").isVisible()
    turn = driver.desk.conversation.open_turn
    assert turn is not None
    press(Qt.Key.Key_K, CONTROL)
    QTest.keyClicks(driver.child(QLineEdit, "commandField"), "stop")
    assert rows(driver)[0] == "Stop"
    press(Qt.Key.Key_Return)
    driver.wait_for_answer()
    assert driver.desk.conversation.turns[-1].outcome == "cancelled"


def test_up_and_down_go_round_the_list_and_are_told(open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    monkeypatch.setattr(command_list, "announce", lambda _widget, text, **_: heard.append(text))
    driver = open_window()
    press(Qt.Key.Key_K, CONTROL)
    view = driver.child(QListView, "commandRows")
    last = view.model().rowCount() - 1
    press(Qt.Key.Key_Up)
    assert view.currentIndex().row() == last
    press(Qt.Key.Key_Down)
    press(Qt.Key.Key_Down)
    assert view.currentIndex().row() == 1
    assert heard[-1].startswith(rows(driver)[1])
    assert "Ctrl+Shift+O" in heard[-1]


def test_the_list_stays_inside_a_small_window(open_window: OpenWindow) -> None:
    driver = open_window()
    driver.window.resize(640, 480)
    press(Qt.Key.Key_K, CONTROL)
    shown = driver.child(QListView, "commandRows").parentWidget()
    assert shown is not None
    assert driver.window.rect().contains(shown.geometry())
    driver.window.resize(1300, 900)
    assert driver.window.rect().contains(shown.geometry())
    assert abs(shown.geometry().center().x() - driver.window.rect().center().x()) <= 1


def test_a_click_elsewhere_closes_the_list_and_keeps_the_keyboard_there(open_window: OpenWindow) -> None:
    driver = open_window()
    press(Qt.Key.Key_K, CONTROL)
    driver.prompt.setFocus(Qt.FocusReason.MouseFocusReason)
    assert not driver.child(QLineEdit, "commandField").isVisible()
    assert driver.prompt.hasFocus()


def test_no_two_commands_share_a_key() -> None:
    taken: dict[str, str] = {}
    for row in action_rows():
        for shortcut in row.shortcuts:
            bindings = (
                QKeySequence.keyBindings(shortcut)
                if isinstance(shortcut, QKeySequence.StandardKey)
                else [QKeySequence(shortcut)]
            )
            for keys in bindings:
                text = keys.toString()
                assert taken.setdefault(text, row.action_id) == row.action_id, f"{text}: {taken[text]}, {row.action_id}"
    assert taken["Ctrl+K"] == "commandListAction"
    assert "fullScreenAction" in taken.values()


def test_keys_of_the_menu_leave_a_text_field_its_own(open_window: OpenWindow) -> None:
    driver = open_window(question="one two")
    driver.prompt.setFocus()
    press(Qt.Key.Key_A, CONTROL)
    press(Qt.Key.Key_X, CONTROL)
    assert driver.prompt.toPlainText() == ""
    press(Qt.Key.Key_Z, CONTROL)
    assert driver.prompt.toPlainText() == "one two"
    press(Qt.Key.Key_Z, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    assert driver.prompt.toPlainText() == ""
    press(Qt.Key.Key_V, CONTROL)
    assert driver.prompt.toPlainText() == "one two"


def test_the_edit_menu_works_on_the_focused_field(open_window: OpenWindow) -> None:
    driver = open_window(question="one two")
    driver.prompt.setFocus()
    menu = driver.action("undoAction").parent()
    assert menu is driver.window
    edit = next(action.menu() for action in driver.window.menuBar().actions() if action.text() == "&Edit")
    assert isinstance(edit, QMenu)
    edit.aboutToShow.emit()
    usable = {name: driver.action(f"{name}Action").isEnabled() for name in ("undo", "redo", "cut", "copy", "selectAll")}
    assert usable == {"undo": False, "redo": False, "cut": False, "copy": False, "selectAll": True}
    edit.aboutToHide.emit()
    driver.action("selectAllAction").trigger()
    edit.aboutToShow.emit()
    assert driver.action("copyAction").isEnabled()
    edit.aboutToHide.emit()
    driver.action("cutAction").trigger()
    assert driver.prompt.toPlainText() == ""
    driver.action("undoAction").trigger()
    assert driver.prompt.toPlainText() == "one two"
    driver.action("redoAction").trigger()
    assert driver.prompt.toPlainText() == ""
    driver.action("pasteAction").trigger()
    assert driver.prompt.toPlainText() == "one two"


def test_the_edit_menu_copies_the_picture_that_has_the_keyboard(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window()
    edit = driver.content.actions_by_id.menu_of("copyAction")
    driver.parts.viewer.canvas.setFocus()
    edit.aboutToShow.emit()
    assert not driver.action("copyAction").isEnabled()
    edit.aboutToHide.emit()
    driver.drop(draw(tmp_path / "one.png"))
    driver.wait(lambda: driver.parts.viewer.picture() is not None)
    driver.parts.viewer.canvas.setFocus()
    edit.aboutToShow.emit()
    assert driver.action("copyAction").isEnabled()
    edit.aboutToHide.emit()
    driver.action("copyAction").trigger()
    assert "“one.png” is on the clipboard" in driver.window.statusBar().currentMessage()


def test_files_are_opened_again_from_the_menu_and_forgotten_when_asked(
    open_window: OpenWindow, tmp_path: Path, profile: Profile
) -> None:
    first, second = draw(tmp_path / "one & two.png"), draw(tmp_path / "three.png")
    driver = open_window(files=(first,))
    driver.wait_for_pictures(1)
    driver.window.content.open_path(second)
    driver.wait_for_pictures(2)
    driver.close()
    assert read_recent(profile.recent_file).paths == (second, first)
    again = open_window()
    menu = again.window.content.actions_by_id.menu_of("clearRecentAction")
    menu.aboutToShow.emit()
    shown = [action for action in menu.actions() if not action.isSeparator()]
    assert [action.text() for action in shown] == ["three.png", "one && two.png", "&Clear Recent Files"]
    shown[1].trigger()
    again.wait_for_pictures(1)
    assert again.names == ["one & two.png"]
    again.action("clearRecentAction").trigger()
    assert read_recent(profile.recent_file).paths == ()
    menu.aboutToShow.emit()
    assert len([action for action in menu.actions() if not action.isSeparator()]) == 1


def test_a_file_named_from_where_the_program_was_started_is_found_from_elsewhere(
    open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = draw(tmp_path / "near.png")
    monkeypatch.chdir(tmp_path)
    driver = open_window(files=(Path("near.png"),))
    driver.wait_for_pictures(1)
    assert driver.content.usual.recent.paths == (file,)


def test_full_screen_is_ticked_however_it_began(open_window: OpenWindow) -> None:
    driver = open_window()
    action = driver.action("fullScreenAction")
    action.trigger()
    assert driver.window.isFullScreen()
    driver.window.showNormal()
    driver.wait(lambda: not action.isChecked())
    driver.window.showFullScreen()
    driver.wait(action.isChecked)
    action.trigger()
    assert not driver.window.isFullScreen()


def test_keys_and_versions_can_be_looked_up(open_window: OpenWindow) -> None:
    driver = open_window()
    for name, words in (("shortcutsAction", "Ctrl+K"), ("aboutAction", "Apache License")):
        driver.action(name).trigger()
        dialogs = [widget for widget in QApplication.topLevelWidgets() if widget.isVisible() and widget.isModal()]
        assert len(dialogs) == 1
        said = " ".join(
            getattr(part, "toPlainText", getattr(part, "text", str))() for part in dialogs[0].findChildren(QWidget)
        )
        assert words in said
        QTest.keyClick(dialogs[0], Qt.Key.Key_Escape)
        assert not dialogs[0].isVisible()
