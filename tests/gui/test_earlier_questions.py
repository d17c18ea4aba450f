"""Earlier questions: looked up, kept for the next start and forgotten."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.core.question_history import KeptQuestions, write_questions
from app.gui.window_content import WindowContent
from tests.gui.keys_and_clicks import CONTROL, SHIFT, press
from tests.gui.window_driver import ask

if TYPE_CHECKING:
    from pathlib import Path

    from app.core.paths import Profile
    from tests.gui.window_driver import OpenWindow


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
    assert driver.questions == ["First?", "First?"]
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
