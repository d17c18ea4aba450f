"""Earlier questions: changed, asked again and copied."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from app.backends.fake_backend import FakeScript
from app.core.sampling import Sampling
from app.core.settings import ModelSettings
from app.gui.answers.turn_foot import COPY_QUESTION, EDIT
from tests.gui.conftest import draw
from tests.gui.keys_and_clicks import CONTROL, press
from tests.gui.window_driver import SLOW, ask

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gui.window_driver import OpenWindow, WindowDriver


def command(driver: WindowDriver, words: str, turn: int) -> None:
    driver.parts.result.command_wanted.emit(words, driver.desk.conversation.turns[turn].request_id)


def is_editing(driver: WindowDriver) -> bool:
    return driver.child(QPushButton, "cancelEditButton").isVisible()


# Changing an earlier question


def test_an_earlier_question_is_changed_and_what_followed_is_replaced(open_window: OpenWindow) -> None:
    driver = open_window(FakeScript(answers=("A cat.", "A dog.", "A cow.", "A hen.")))
    ask(driver, "One?", "Two?", "Three?")
    driver.prompt.setFocus()
    QTest.keyClicks(driver.prompt, "my draft")
    command(driver, EDIT, 1)
    assert is_editing(driver)
    assert driver.prompt.hasFocus()
    assert driver.prompt.toPlainText() == "Two?"
    QTest.keyClicks(driver.prompt, " Really?")
    press(Qt.Key.Key_Return, CONTROL)
    assert driver.wait_for_answer() == "A hen."
    assert driver.questions == ["One?", "Two? Really?"]
    assert [turn.answer for turn in driver.backend.seen[-1].turns] == ["A cat.", ""]
    assert "Three?" not in driver.result.toPlainText()
    assert not is_editing(driver)
    assert driver.prompt.toPlainText() == "my draft"


@pytest.mark.parametrize("way", ["Esc", "Cancel"])
def test_a_change_that_is_given_up_leaves_everything(way: str, open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window(files=(draw(tmp_path / "a.png"), draw(tmp_path / "b.png", 320, 320)))
    driver.wait_for_pictures(2)
    driver.wait_for_model()
    tray = driver.parts.tray
    first, second = (medium.medium_id for medium in driver.desk.pictures.media)
    tray.select([first])
    driver.wait(lambda: driver.parts.prompt.cost_text.startswith("1 picture · 77 tokens"))
    cost_of_first = driver.parts.prompt.cost_text
    ask(driver, "One?")
    tray.select([second])
    driver.prompt.setFocus()
    QTest.keyClicks(driver.prompt, "my draft")
    driver.wait(lambda: driver.parts.prompt.cost_text.startswith("1 picture"))
    cost, turns = driver.parts.prompt.cost_text, driver.desk.conversation.turns
    command(driver, EDIT, 0)
    assert tray.selected_ids == (first,)
    driver.wait(lambda: driver.parts.prompt.cost_text == cost_of_first)
    if way == "Esc":
        press(Qt.Key.Key_Escape)
    else:
        driver.child(QPushButton, "cancelEditButton").click()
    assert not is_editing(driver)
    assert driver.prompt.toPlainText() == "my draft"
    assert driver.prompt.hasFocus()
    assert tray.selected_ids == (second,)
    assert driver.desk.conversation.turns == turns
    driver.wait(lambda: driver.parts.prompt.cost_text == cost)


@pytest.mark.parametrize("is_other_done", [False, True])
def test_a_change_that_is_given_up_takes_its_pictures_out_of_the_tray_again(
    is_other_done: bool, open_window: OpenWindow, tmp_path: Path
) -> None:
    driver = open_window(files=(draw(tmp_path / "a.png"),))
    driver.wait_for_pictures(1)
    ask(driver, "One?")
    driver.action("removeAllPicturesAction").trigger()
    command(driver, EDIT, 0)
    assert driver.names == ["a.png"]
    command(driver, EDIT, 0)
    assert driver.names == ["a.png"]
    if is_other_done:
        driver.drop(draw(tmp_path / "b.png", 320, 320))
        driver.wait_for_pictures(2)
    driver.child(QPushButton, "cancelEditButton").click()
    assert driver.names == (["a.png", "b.png"] if is_other_done else [])
    driver.wait(lambda: driver.parts.tray.view.model().rowCount() == len(driver.names))


def test_a_changed_question_is_about_what_is_selected_then(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window(files=(draw(tmp_path / "a.png"), draw(tmp_path / "b.png", 320, 320)))
    driver.wait_for_pictures(2)
    driver.wait_for_model()
    first, second = (medium.medium_id for medium in driver.desk.pictures.media)
    driver.parts.tray.select([first])
    ask(driver, "One?")
    driver.desk.pictures.remove([first])
    command(driver, EDIT, 0)
    driver.wait_for_pictures(2)
    assert driver.names == ["b.png", "a.png"]
    assert [driver.desk.pictures.get(name) for name in driver.parts.tray.selected_ids] == [
        driver.desk.pictures.media[1]
    ]
    driver.parts.tray.select([second])
    driver.wait(driver.ask_button.isEnabled)
    press(Qt.Key.Key_Return, CONTROL)
    driver.wait_for_answer()
    assert [[picture.name for picture in turn.pictures] for turn in driver.backend.seen[-1].turns] == [["b.png"]]


def test_a_changed_follow_up_brings_no_picture_that_was_selected_since(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window(files=(draw(tmp_path / "a.png"),))
    driver.wait_for_pictures(1)
    ask(driver, "One?", "Two?")
    driver.drop(draw(tmp_path / "b.png", 320, 320))
    driver.wait_for_pictures(2)
    command(driver, EDIT, 1)
    press(Qt.Key.Key_Return, CONTROL)
    driver.wait_for_answer()
    assert [len(turn.pictures) for turn in driver.backend.seen[-1].turns] == [1, 0]


def test_a_changed_question_without_pictures_stays_without(open_window: OpenWindow, picture: Path) -> None:
    driver = open_window()
    ask(driver, "One?")
    driver.drop(picture)
    driver.wait_for_pictures(1)
    command(driver, EDIT, 0)
    press(Qt.Key.Key_Return, CONTROL)
    driver.wait_for_answer()
    assert [len(turn.pictures) for turn in driver.backend.seen[-1].turns] == [0]


def test_changing_a_question_while_a_later_answer_streams_stops_that(open_window: OpenWindow) -> None:
    driver = open_window(replace(SLOW, answers=("First.", *SLOW.answers, "Anew.")))
    ask(driver, "One?")
    driver.ask("Two?")
    driver.wait(lambda: "One two" in driver.result.toPlainText())
    command(driver, EDIT, 0)
    driver.wait_for_answer()
    assert driver.desk.conversation.turns[1].outcome == "cancelled"
    assert is_editing(driver)
    press(Qt.Key.Key_Return, CONTROL)
    assert driver.wait_for_answer() == "Anew."
    assert driver.questions == ["One?"]


def test_the_question_that_is_being_answered_is_changed_by_its_link(open_window: OpenWindow) -> None:
    driver = open_window(replace(SLOW, answers=(*SLOW.answers, "Anew.")))
    driver.ask("One?")
    driver.wait(lambda: "One two" in driver.result.toPlainText())
    view = driver.result
    driver.wait(lambda: view.document().find("Edit").hasSelection())
    found = view.document().find("Edit")
    found.setPosition(found.selectionStart() + 1)
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.cursorRect(found).center())
    assert is_editing(driver)
    driver.wait_for_answer()
    QTest.keyClicks(driver.prompt, " Really?")
    press(Qt.Key.Key_Return, CONTROL)
    assert driver.wait_for_answer() == "Anew."
    assert driver.questions == ["One? Really?"]


def test_escape_gives_up_a_change_before_it_stops_an_answer(open_window: OpenWindow) -> None:
    driver = open_window(replace(SLOW, answers=("First.", *SLOW.answers)))
    ask(driver, "One?")
    driver.ask("Two?")
    driver.wait(lambda: "One two" in driver.result.toPlainText())
    driver.prompt.setFocus()
    command(driver, EDIT, 0)
    press(Qt.Key.Key_Escape)
    assert not is_editing(driver)
    driver.wait_for_answer()
    driver.ask("Three?")
    driver.wait(lambda: bool(driver.desk.conversation.turns[-1].answer))
    driver.prompt.setFocus()
    press(Qt.Key.Key_Escape)
    driver.wait_for_answer()
    assert [turn.outcome for turn in driver.desk.conversation.turns] == ["done", "cancelled", "cancelled"]


def test_escape_closes_the_list_of_commands_before_anything_else(open_window: OpenWindow) -> None:
    driver = open_window(SLOW)
    driver.wait_for_model()
    driver.prompt.setFocus()
    driver.ask("One?")
    driver.wait(lambda: "One two" in driver.result.toPlainText())
    driver.prompt.setFocus()
    press(Qt.Key.Key_K, CONTROL)
    driver.wait(lambda: QApplication.focusWidget() is not driver.prompt)
    press(Qt.Key.Key_Escape)
    driver.wait(driver.prompt.hasFocus)
    turn = driver.desk.conversation.open_turn
    assert turn is not None
    press(Qt.Key.Key_Escape)
    driver.wait_for_answer()


def test_a_changed_question_that_cannot_be_asked_stays_to_be_changed(open_window: OpenWindow) -> None:
    driver = open_window()
    ask(driver, "One?", "Two?")
    turns = driver.desk.conversation.turns
    driver.desk.change_settings(driver.desk.settings.with_own(ModelSettings(Sampling(temperature=99.0))))
    command(driver, EDIT, 0)
    press(Qt.Key.Key_Return, CONTROL)
    assert "The temperature is 99." in driver.parts.notice.text
    assert driver.desk.conversation.turns == turns
    assert is_editing(driver)
    assert driver.prompt.toPlainText() == "One?"
    assert "Two?" in driver.result.toPlainText()


def test_a_new_conversation_ends_a_change_and_keeps_the_words(open_window: OpenWindow) -> None:
    driver = open_window()
    ask(driver, "One?")
    driver.action("editQuestionAction").trigger()
    driver.action("newConversationAction").trigger()
    assert not is_editing(driver)
    assert driver.prompt.toPlainText() == "One?"
    ask(driver, "Anew?")
    assert driver.questions == ["Anew?"]


def test_the_draft_outlives_a_change_that_is_under_way_at_the_end(open_window: OpenWindow) -> None:
    driver = open_window()
    ask(driver, "One?")
    driver.prompt.setPlainText("my draft")
    driver.action("editQuestionAction").trigger()
    driver.close()
    assert open_window().prompt.toPlainText() == "my draft"


# Commands


def test_questions_are_copied_and_the_last_is_asked_again(open_window: OpenWindow) -> None:
    driver = open_window(FakeScript(answers=("A cat.", "A dog.", "A cow.")))
    ask(driver, "One?", "Two?")
    command(driver, COPY_QUESTION, 0)
    assert QGuiApplication.clipboard().text() == "One?"
    assert driver.window.statusBar().currentMessage() == "Copied."
    driver.action("copyQuestionAction").trigger()
    assert QGuiApplication.clipboard().text() == "Two?"
    driver.action("askAgainAction").trigger()
    assert driver.wait_for_answer() == "A cow."
    assert driver.questions == ["One?", "Two?"]
