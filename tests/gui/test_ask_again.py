"""Earlier questions: looked up, changed, asked again, copied, kept for the next start and forgotten."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from app.backends.fake_backend import FakeScript
from app.core.question_history import KeptQuestions, write_questions
from app.core.sampling import Sampling
from app.core.settings import ModelSettings
from app.gui.answers.turn_foot import COPY_QUESTION, EDIT
from app.gui.window_content import WindowContent
from tests.gui.conftest import draw
from tests.gui.keys_and_clicks import CONTROL, PLAIN, SHIFT, press
from tests.gui.window_driver import SLOW

if TYPE_CHECKING:
    from pathlib import Path

    from app.core.paths import Profile
    from tests.gui.window_driver import OpenWindow, WindowDriver


def ask(driver: WindowDriver, *questions: str) -> None:
    for question in questions:
        driver.ask(question)
        driver.wait_for_answer()


def questions(driver: WindowDriver) -> list[str]:
    return [turn.question.text for turn in driver.desk.conversation.turns]


def command(driver: WindowDriver, words: str, turn: int) -> None:
    driver.parts.result.command_wanted.emit(words, driver.desk.conversation.turns[turn].request_id)


def is_editing(driver: WindowDriver) -> bool:
    return driver.child(QPushButton, "cancelEditButton").isVisible()


def kept(profile: Profile) -> dict[str, object]:
    value = json.loads(profile.questions_file.read_text(encoding="utf-8"))
    assert isinstance(value, dict)
    return value


# Looking up


def test_up_and_down_go_through_earlier_questions_and_back_to_the_draft(open_window: OpenWindow) -> None:
    driver = open_window()
    ask(driver, "First?", "Second?\nIn two lines.")
    driver.prompt.setFocus()
    QTest.keyClicks(driver.prompt, "half a")
    press(Qt.Key.Key_Up)
    assert driver.prompt.toPlainText() == "Second?\nIn two lines."
    press(Qt.Key.Key_Down)
    assert driver.prompt.textCursor().blockNumber() == 1
    press(Qt.Key.Key_Up)
    press(Qt.Key.Key_Up)
    assert driver.prompt.toPlainText() == "First?"
    press(Qt.Key.Key_Up)
    assert driver.prompt.toPlainText() == "First?"
    press(Qt.Key.Key_Down)
    assert driver.prompt.toPlainText() == "Second?\nIn two lines."
    assert driver.prompt.textCursor().atEnd()
    press(Qt.Key.Key_Down)
    assert driver.prompt.toPlainText() == "half a"
    press(Qt.Key.Key_Down)
    assert driver.prompt.toPlainText() == "half a"


def test_the_lines_that_are_seen_count_where_a_line_is_wrapped(open_window: OpenWindow) -> None:
    driver = open_window()
    ask(driver, "First?")
    driver.prompt.setFocus()
    long = "many words and more of them " * 6
    QTest.keyClicks(driver.prompt, long)
    assert driver.prompt.document().blockCount() == 1
    lines = driver.prompt.document().firstBlock().layout().lineCount()
    assert lines > 2
    for _ in range(lines - 1):
        press(Qt.Key.Key_Up)
        assert driver.prompt.toPlainText() == long
    press(Qt.Key.Key_Up)
    assert driver.prompt.toPlainText() == "First?"
    press(Qt.Key.Key_Up, SHIFT)
    assert driver.prompt.toPlainText() == "First?"
    press(Qt.Key.Key_Down)
    assert driver.prompt.toPlainText() == long


def test_a_draft_comes_back_after_an_earlier_question_was_asked_again(open_window: OpenWindow) -> None:
    driver = open_window()
    ask(driver, "First?")
    driver.prompt.setFocus()
    QTest.keyClicks(driver.prompt, "half a")
    press(Qt.Key.Key_Up)
    press(Qt.Key.Key_Return, CONTROL)
    driver.wait_for_answer()
    assert questions(driver) == ["First?", "First?"]
    assert driver.prompt.toPlainText() == "half a"


# Kept for the next start


def test_questions_and_the_draft_are_there_at_the_next_start(open_window: OpenWindow, profile: Profile) -> None:
    driver = open_window()
    ask(driver, "First?", "第二个？")
    driver.choose(driver.parts.prompt.chips.more, "Count")
    QTest.keyClicks(driver.prompt, "cats")
    driver.close()
    assert kept(profile)["questions"] == ["First?", "第二个？"]
    again = open_window()
    assert again.prompt.toPlainText() == "How many cats are there?"
    assert again.parts.prompt.chips.more.isChecked()
    again.prompt.setFocus()
    press(Qt.Key.Key_Up)
    assert again.prompt.toPlainText() == "第二个？"
    press(Qt.Key.Key_Down)
    again.wait_for_model()
    press(Qt.Key.Key_Return, CONTROL)
    again.wait_for_answer()
    assert again.backend.seen[-1].sampling.temperature == 0.0
    again.close()
    assert kept(profile)["questions"] == ["First?", "第二个？", "How many cats are there?"]
    assert kept(profile)["draft"] == {"text": "", "preset": ""}


def test_a_question_of_the_command_line_stands_before_the_draft(open_window: OpenWindow) -> None:
    driver = open_window()
    driver.prompt.setPlainText("my draft")
    driver.close()
    again = open_window(question="Asked there.")
    assert again.prompt.toPlainText() == "Asked there."
    again.prompt.setFocus()
    press(Qt.Key.Key_Up)
    assert again.prompt.toPlainText() == "my draft"
    press(Qt.Key.Key_Down)
    again.close()
    assert open_window().prompt.toPlainText() == "my draft"


def test_what_is_typed_while_the_window_opens_is_kept(open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    start = WindowContent.start

    def start_late(content: WindowContent) -> None:
        if not content.desk.is_started:
            content.parts.prompt.edit.insertPlainText("Typed at once.")
        start(content)

    with monkeypatch.context() as patch:
        patch.setattr(WindowContent, "start", start_late)
        driver = open_window()
    assert driver.prompt.toPlainText() == "Typed at once."
    driver.close()
    assert open_window().prompt.toPlainText() == "Typed at once."


def test_a_question_is_kept_even_when_the_program_ends_badly(open_window: OpenWindow, profile: Profile) -> None:
    driver = open_window()
    ask(driver, "First?")
    driver.wait(profile.questions_file.exists)
    assert kept(profile)["questions"] == ["First?"]


def test_the_end_waits_for_what_is_being_written(
    open_window: OpenWindow, profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_slowly(file: Path, kept: KeptQuestions) -> None:
        time.sleep(0.3)
        write_questions(file, kept)

    monkeypatch.setattr("app.gui.questions.question_keeper.write_questions", write_slowly)
    driver = open_window()
    driver.prompt.setPlainText("my draft")
    driver.close()
    assert kept(profile)["draft"] == {"text": "my draft", "preset": ""}


def test_nothing_is_kept_when_the_person_says_so(open_window: OpenWindow, profile: Profile) -> None:
    driver = open_window()
    ask(driver, "Before.")
    driver.prompt.setPlainText("old draft")
    driver.close()
    driver = open_window()
    driver.desk.change_settings(replace(driver.desk.settings, is_history_kept=False))
    ask(driver, "In private.")
    driver.prompt.setPlainText("private draft")
    driver.prompt.setFocus()
    press(Qt.Key.Key_Up)
    assert driver.prompt.toPlainText() == "In private."
    press(Qt.Key.Key_Down)
    driver.close()
    assert kept(profile)["questions"] == ["Before."]
    assert "rivate" not in profile.questions_file.read_text(encoding="utf-8")
    assert "draft" not in kept(profile)["draft"].__str__()


def test_earlier_questions_are_forgotten(open_window: OpenWindow, profile: Profile) -> None:
    driver = open_window()
    ask(driver, "First?")
    driver.wait(profile.questions_file.exists)
    driver.prompt.setPlainText("my words")
    driver.action("forgetQuestionsAction").trigger()
    driver.wait(lambda: not profile.questions_file.exists())
    driver.prompt.setFocus()
    press(Qt.Key.Key_Up)
    assert driver.prompt.toPlainText() == "my words"
    ask(driver, "Second?")
    driver.close()
    assert kept(profile)["questions"] == ["Second?"]


@pytest.mark.allows_log
def test_a_damaged_file_is_kept_aside_and_the_window_opens(open_window: OpenWindow, profile: Profile) -> None:
    profile.data_dir.mkdir(parents=True, exist_ok=True)
    profile.questions_file.write_text("{", encoding="utf-8")
    driver = open_window()
    ask(driver, "First?")
    driver.close()
    assert kept(profile)["questions"] == ["First?"]
    assert profile.questions_file.with_name("questions.json.bad").read_text(encoding="utf-8") == "{"


@pytest.mark.allows_log
def test_a_profile_that_cannot_be_written_disturbs_nobody(
    open_window: OpenWindow, profile: Profile, caplog: pytest.LogCaptureFixture
) -> None:
    driver = open_window()
    profile.questions_file.mkdir(parents=True)
    ask(driver, "A secret?")
    driver.close()
    assert "questions.json" in caplog.text
    assert "secret" not in caplog.text


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
    assert questions(driver) == ["One?", "Two? Really?"]
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
    assert questions(driver) == ["One?"]


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
    assert questions(driver) == ["One? Really?"]


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
    assert questions(driver) == ["Anew?"]


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
    assert questions(driver) == ["One?", "Two?"]


# The input method


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
    assert questions(driver) == ["First?"]
    assert not ask_first.isEnabled()
    compose(driver, "", "这")
    press(Qt.Key.Key_Return)
    assert driver.prompt.toPlainText() == "这\n"
    press(Qt.Key.Key_Escape)
    driver.wait_for_answer()
    press(Qt.Key.Key_Return, CONTROL)
    assert questions(driver) == ["First?", "这"]


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
