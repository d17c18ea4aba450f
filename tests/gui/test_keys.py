"""The window by keyboard alone, and an input method that is left in peace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app.gui.actions import WindowState, action_rows
from tests.gui.keys_and_clicks import CONTROL, press
from tests.gui.window_driver import SLOW

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gui.window_driver import OpenWindow


def test_ask_stop_follow_up_and_begin_anew_by_keyboard_alone(open_window: OpenWindow, picture: Path) -> None:
    driver = open_window(SLOW, files=(picture,))
    driver.wait_for_pictures(1)
    driver.wait_for_model()
    assert driver.prompt.hasFocus()
    QTest.keyClicks(driver.prompt, "What is this?")
    press(Qt.Key.Key_Return)
    QTest.keyClicks(driver.prompt, "And that?")
    assert driver.prompt.toPlainText() == "What is this?\nAnd that?"
    press(Qt.Key.Key_Return, CONTROL)
    driver.wait(lambda: "One two" in driver.result.toPlainText())
    press(Qt.Key.Key_Escape)
    driver.wait_for_answer()
    assert driver.desk.conversation.turns[0].outcome == "cancelled"
    assert driver.desk.conversation.turns[0].question.text == "What is this?\nAnd that?"
    assert driver.prompt.hasFocus()
    QTest.keyClicks(driver.prompt, "Go on.")
    press(Qt.Key.Key_Enter, CONTROL)
    driver.wait(lambda: len(driver.desk.conversation.turns) == 2)
    press(Qt.Key.Key_Escape)
    driver.wait_for_answer()
    press(Qt.Key.Key_N, CONTROL)
    assert not driver.desk.conversation.turns


def test_nothing_is_asked_without_words_or_twice(open_window: OpenWindow) -> None:
    driver = open_window(SLOW)
    driver.wait_for_model()
    press(Qt.Key.Key_Return, CONTROL)
    QTest.keyClicks(driver.prompt, "   ")
    press(Qt.Key.Key_Return, CONTROL)
    assert not driver.desk.conversation.turns
    QTest.keyClicks(driver.prompt, "Go.")
    press(Qt.Key.Key_Return, CONTROL)
    QTest.keyClicks(driver.prompt, "Again.")
    press(Qt.Key.Key_Return, CONTROL)
    assert len(driver.desk.conversation.turns) == 1
    assert driver.prompt.toPlainText() == "Again."


def test_keys_of_an_input_method_send_and_stop_nothing(open_window: OpenWindow) -> None:
    driver = open_window(SLOW)
    driver.wait_for_model()
    QTest.keyClicks(driver.prompt, "What is ")
    QApplication.sendEvent(driver.prompt, QInputMethodEvent("zhe", []))
    assert not driver.ask_button.isEnabled()
    press(Qt.Key.Key_Return, CONTROL)
    driver.content.asking.on_ask()
    assert not driver.desk.conversation.turns
    commit = QInputMethodEvent("", [])
    commit.setCommitString("这")
    QApplication.sendEvent(driver.prompt, commit)
    assert driver.prompt.toPlainText() == "What is 这"
    assert driver.ask_button.isEnabled()
    press(Qt.Key.Key_Return, CONTROL)
    assert len(driver.desk.conversation.turns) == 1
    QApplication.sendEvent(driver.prompt, QInputMethodEvent("ni", []))
    press(Qt.Key.Key_Escape)
    assert driver.desk.conversation.open_turn is not None
    QApplication.sendEvent(driver.prompt, QInputMethodEvent("", []))
    press(Qt.Key.Key_Escape)
    driver.wait_for_answer()


def test_tab_leads_through_every_part_and_back(open_window: OpenWindow, picture: Path) -> None:
    driver = open_window(files=(picture,), question="What?")
    driver.wait_for_pictures(1)
    driver.wait_for_model()
    driver.prompt.setFocus()
    met: list[str] = []
    for _ in range(30):
        press(Qt.Key.Key_Tab)
        focus = QApplication.focusWidget()
        assert focus is not None
        met.append(focus.objectName())
        if focus is driver.prompt:
            break
    assert met[-1] == "promptEdit"
    assert {"askButton", "mediaTray", "pictureCanvas", "zoomInButton", "resultView"} <= set(met)
    assert met.index("mediaTray") < met.index("resultView")


def test_every_control_has_a_name_for_those_who_do_not_see_it(open_window: OpenWindow, picture: Path) -> None:
    driver = open_window(files=(picture,))
    driver.wait_for_pictures(1)
    nameless = [
        f"{type(widget).__name__} {widget.objectName()}"
        for widget in driver.window.findChildren(QWidget)
        if widget.window() is driver.window
        and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and not widget.objectName().startswith("qt_")
        and not (widget.accessibleName() or getattr(widget, "text", str)())
    ]
    assert nameless == []


def test_ids_and_shortcuts_are_unique() -> None:
    rows = action_rows()
    ids = [row.action_id for row in rows]
    assert len(set(ids)) == len(ids)
    keys = [str(key) for row in rows for key in row.shortcuts]
    assert len(set(keys)) == len(keys)
    required = {"exportMarkdownAction", "exportJsonAction", "newConversationAction", "settingsAction", "askAction"}
    assert required <= set(ids)


def test_what_can_be_used_when() -> None:
    def usable(state: WindowState) -> set[str]:
        return {row.action_id for row in action_rows() if row.enabled_when(state)}

    nothing = usable(WindowState())
    assert {"openAction", "pasteAction", "quitAction"} <= nothing
    assert nothing & {"askAction", "stopAction", "exportJsonAction", "newConversationAction"} == set()
    asking = usable(WindowState(has_model=True, has_question=True, is_answering=True, has_turns=True, has_answer=True))
    assert asking & {"askAction", "exportMarkdownAction", "exportJsonAction"} == set()
    assert {"stopAction", "newConversationAction"} <= asking
    assert "askAction" in usable(WindowState(has_model=True, has_question=True))
    assert "askAction" not in usable(WindowState(has_model=True, has_question=True, is_composing=True))
