"""The question while an input method is composing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtWidgets import QApplication

from tests.gui.keys_and_clicks import CONTROL, PLAIN, press
from tests.gui.window_driver import SLOW

if TYPE_CHECKING:
    from tests.gui.window_driver import OpenWindow, WindowDriver


def compose(driver: WindowDriver, preedit: str, commit: str = "") -> None:
    event = QInputMethodEvent(preedit, [])
    event.setCommitString(commit)
    QApplication.sendEvent(driver.prompt, event)


def test_no_key_of_a_composition_does_anything(open_window: OpenWindow) -> None:
    driver = open_window(SLOW)
    driver.wait_for_model()
    ask_first = driver.action("askAction")
    driver.prompt.setFocus()
    driver.ask("First?")
    driver.wait(lambda: "One two" in driver.result.toPlainText())
    compose(driver, "zhe")
    for key, keys in (
        (Qt.Key.Key_Return, CONTROL),
        (Qt.Key.Key_Enter, CONTROL),
        (Qt.Key.Key_Return, PLAIN),
        (Qt.Key.Key_Escape, PLAIN),
        (Qt.Key.Key_Up, PLAIN),
        (Qt.Key.Key_Down, PLAIN),
        (Qt.Key.Key_Tab, PLAIN),
        (Qt.Key.Key_N, CONTROL),
        (Qt.Key.Key_R, CONTROL),
    ):
        press(key, keys)
        assert driver.prompt.hasFocus()
        assert driver.prompt.toPlainText() == ""
    assert driver.desk.conversation.open_turn is not None
    assert driver.questions == ["First?"]
    assert not ask_first.isEnabled()
    compose(driver, "", "这")
    press(Qt.Key.Key_Return)
    assert driver.prompt.toPlainText() == "这\n"
    press(Qt.Key.Key_Escape)
    driver.wait_for_answer()
    press(Qt.Key.Key_Return, CONTROL)
    assert driver.questions == ["First?", "这"]


def test_a_task_is_not_chosen_in_the_middle_of_a_word(open_window: OpenWindow) -> None:
    driver = open_window(question="Hello ")
    driver.prompt.setFocus()
    compose(driver, "zhe")
    driver.parts.prompt.chips.preset_chosen.emit(driver.parts.prompt.chips.presets()[0])
    assert driver.prompt.toPlainText() == "Hello "
    compose(driver, "")
    driver.parts.prompt.chips.preset_chosen.emit(driver.parts.prompt.chips.presets()[0])
    assert driver.prompt.toPlainText() == "Describe this image."


def test_losing_the_keyboard_ends_a_composition(open_window: OpenWindow) -> None:
    driver = open_window(question="Hello")
    driver.wait_for_model()
    driver.prompt.setFocus()
    compose(driver, "zhe")
    assert not driver.ask_button.isEnabled()
    driver.result.setFocus()
    assert driver.ask_button.isEnabled()
    driver.prompt.setFocus()
    press(Qt.Key.Key_Return, CONTROL)
    assert len(driver.desk.conversation.turns) == 1
