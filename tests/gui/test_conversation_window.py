"""Asking, streaming, stopping, following up, failing: through the real engine with the fake backend."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtGui import QGuiApplication

from app.backends.fake_backend import FakeScript
from app.core.errors import ErrorText
from app.core.sampling import GREEDY, Sampling
from app.core.settings import ModelSettings, Settings
from app.gui.answers.turn_foot import COPY, REPORT, RETRY
from tests.gui.conftest import draw
from tests.gui.window_driver import SLOW, type_into

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gui.window_driver import OpenWindow, WindowDriver


def wait_for_words(driver: WindowDriver) -> None:
    driver.wait(lambda: "One two" in driver.result.toPlainText())


def test_what_the_program_was_started_with_is_ready(open_window: OpenWindow, picture: Path) -> None:
    driver = open_window(files=(picture,), question="Describe this image.")
    driver.wait_for_pictures(1)
    driver.wait_for_model()
    assert driver.prompt.toPlainText() == "Describe this image."
    assert driver.ask_button.isEnabled()
    assert driver.model_text.split() == ["Qwen3-VL-Fake", "·", "bf16", "Ready"]


def test_an_answer_streams_in_and_its_figures_stand_under_it(open_window: OpenWindow, picture: Path) -> None:
    driver = open_window(files=(picture,))
    driver.wait_for_pictures(1)
    driver.ask("What is this?")
    assert driver.prompt.toPlainText() == ""
    answer = driver.wait_for_answer()
    shown = driver.result.toPlainText()
    assert answer == "You asked “What is this?” and showed four colours.png (352 x 224)."
    assert shown.index("What is this?") < shown.index("shown: four colours.png") < shown.index(answer)
    assert "80 tokens in" in shown
    seed = driver.desk.conversation.turns[-1].sampling.seed
    assert f"drawn with {seed}." in driver.settings.answers.seed_note.text()


def test_of_many_pictures_the_first_are_named(open_window: OpenWindow, tmp_path: Path) -> None:
    files = tuple(draw(tmp_path / f"{name}.png", 40 + place, 40) for place, name in enumerate("abcdefghijkl"))
    driver = open_window(FakeScript(answers=("Letters.",)), files=files)
    driver.wait_for_pictures(12)
    driver.parts.tray.view.selectAll()
    driver.ask("What are these?")
    driver.wait_for_answer()
    shown = driver.result.toPlainText()
    assert "shown: a.png, b.png, c.png, d.png, e.png, f.png, g.png and 5 more" in shown
    assert "h.png" not in shown
    assert len(driver.backend.seen[-1].turns[0].pictures) == 12


def test_follow_ups_tell_the_turns_before_and_show_only_new_pictures(open_window: OpenWindow, picture: Path) -> None:
    driver = open_window(FakeScript(answers=("A cat.", "A dog.")), files=(picture,))
    driver.wait_for_pictures(1)
    driver.ask("What is this?")
    driver.wait_for_answer()
    driver.ask("And now?")
    driver.wait_for_answer()
    first, second = driver.backend.seen
    assert [len(turn.pictures) for turn in second.turns] == [1, 0]
    assert second.turns[0].answer == "A cat."
    assert first.turns[0].pictures == second.turns[0].pictures
    shown = driver.result.toPlainText()
    assert shown.index("A cat.") < shown.index("And now?") < shown.index("A dog.")
    assert shown.count("shown:") == 1


def test_a_stop_keeps_what_is_there_and_the_next_question_works(open_window: OpenWindow) -> None:
    driver = open_window(SLOW)
    driver.ask("Count.")
    wait_for_words(driver)
    assert not driver.ask_button.isVisible()
    assert driver.stop_button.isVisible()
    driver.stop_button.click()
    answer = driver.wait_for_answer()
    assert driver.desk.conversation.turns[-1].outcome == "cancelled"
    assert "Stopped." in driver.result.toPlainText()
    driver.ask("Go on.")
    driver.wait(lambda: bool(driver.desk.conversation.turns[-1].answer))
    driver.action("stopAction").trigger()
    driver.wait_for_answer()
    assert driver.backend.seen[1].turns[0].answer == answer


def test_a_stop_before_the_first_word_leaves_the_picture_for_the_next_question(
    open_window: OpenWindow, picture: Path
) -> None:
    driver = open_window(FakeScript(prefill_delay_s=0.5), files=(picture,))
    driver.wait_for_pictures(1)
    driver.wait_for_model()
    driver.ask("What?")
    driver.wait(lambda: driver.desk.conversation.turns[-1].phase == "reading_prompt")
    driver.stop_button.click()
    driver.wait_for_answer()
    driver.ask("What then?")
    assert "four colours.png" in driver.wait_for_answer()
    assert len(driver.backend.seen[1].turns) == 1


def test_the_limit_is_said_in_words(open_window: OpenWindow, checkpoint_dir: Path) -> None:
    sampling = Settings(model=str(checkpoint_dir)).own.sampling or GREEDY
    script = FakeScript(answers=("word " * 40,))
    driver = open_window(script)
    type_into(driver.settings.answers.fields["max_tokens"].edit, "2")
    driver.ask("Go.")
    driver.wait_for_answer()
    assert "Ended at the limit of 2 tokens." in driver.result.toPlainText()
    assert sampling.max_tokens != 2


def test_a_question_asked_while_loading_waits_and_says_so(open_window: OpenWindow) -> None:
    driver = open_window(FakeScript(load_delay_s=1.0))
    driver.ask("Hello?")
    driver.wait(lambda: "Waiting until the model is loaded…" in driver.result.toPlainText())
    driver.wait(lambda: "Reading the weights 50 %" in driver.model_text)
    assert driver.wait_for_answer().startswith("You asked “Hello?”")
    assert "Waiting until" not in driver.result.toPlainText()


def test_loading_is_stopped_and_asking_loads_again(open_window: OpenWindow) -> None:
    driver = open_window(FakeScript(load_delay_s=1.0))
    driver.wait(lambda: "Reading the weights" in driver.model_text)
    assert driver.parts.stop_loading.isVisible()
    driver.parts.stop_loading.click()
    driver.wait(lambda: "Not loaded" in driver.model_text)
    assert not driver.parts.stop_loading.isVisible()
    driver.backend.script = FakeScript()
    driver.ask("Hello?")
    assert driver.wait_for_answer().startswith("You asked “Hello?”")


def test_a_model_that_cannot_be_loaded_says_why_and_how_to_go_on(open_window: OpenWindow) -> None:
    driver = open_window(FakeScript(fails_to_load=True))
    driver.wait(lambda: "The fake model does not load. Its script says so." in driver.parts.notice.text)
    assert "Cannot be used" in driver.model_text
    driver.backend.script = FakeScript()
    driver.parts.notice.retry_button.click()
    driver.wait_for_model()
    assert driver.parts.notice.text == ""


def test_a_model_that_is_ready_takes_back_its_own_error_alone(open_window: OpenWindow) -> None:
    driver = open_window(FakeScript(fails_to_load=True))
    driver.wait(lambda: driver.desk.model.stage == "failed")
    driver.backend.script = FakeScript()
    driver.parts.notice.show_error(ErrorText("The disk is full."))
    driver.desk.find_model()
    driver.wait_for_model()
    assert "The disk is full." in driver.parts.notice.text


def test_a_model_that_is_not_here_is_said_to_be_missing(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window(settings=Settings(model=str(tmp_path)))
    driver.wait(lambda: "has no config.json" in driver.parts.notice.text)
    driver.prompt.setPlainText("Hello?")
    assert not driver.ask_button.isEnabled()
    assert driver.prompt.toPlainText() == "Hello?"


@pytest.mark.allows_log
def test_a_failed_question_stays_with_its_reason_and_is_tried_again(open_window: OpenWindow, picture: Path) -> None:
    driver = open_window(FakeScript(answers=("Fine.",), fails_after_pieces=0), files=(picture,))
    driver.wait_for_pictures(1)
    driver.ask("What is this?")
    driver.wait_for_answer()
    shown = driver.result.toPlainText()
    assert "⚠ Something went wrong inside the program." in shown
    assert "Try again" in shown
    assert driver.prompt.toPlainText() == "What is this?"
    failed = driver.desk.conversation.turns[-1].request_id
    driver.parts.result.command_wanted.emit(REPORT, failed)
    report = QGuiApplication.clipboard().text()
    assert "RuntimeError" in report
    assert (
        "\n\nversions and machine\nModel        ‹name›, bf16, ready\nRuns on      fake 1, no device, 0 bytes\n"
        in report
    )
    assert "In hand      1 pictures, 0 videos, 1 questions\n\nLast log lines\na line of the log\n" in report
    assert "four colours" not in report
    assert "What is this?" not in report
    driver.backend.script = FakeScript(answers=("Fine.",))
    driver.parts.result.command_wanted.emit(RETRY, failed)
    assert driver.wait_for_answer() == "Fine."
    assert driver.prompt.toPlainText() == ""
    assert driver.result.toPlainText().count("What is this?") == 1
    assert len(driver.backend.seen[-1].turns[-1].pictures) == 1


@pytest.mark.allows_log
def test_an_older_question_is_asked_again_in_its_place(open_window: OpenWindow, picture: Path) -> None:
    driver = open_window(FakeScript(answers=("Fine.",), fails_after_pieces=0), files=(picture,))
    driver.wait_for_pictures(1)
    driver.ask("What is this?")
    driver.wait_for_answer()
    driver.backend.script = FakeScript()
    for text in ("And this?", "Sure?"):
        driver.ask(text)
        driver.wait_for_answer()
    driver.prompt.setPlainText("half a question")
    driver.parts.result.command_wanted.emit(RETRY, driver.desk.conversation.turns[0].request_id)
    driver.wait_for_answer()
    assert [turn.question.text for turn in driver.desk.conversation.turns] == ["What is this?"]
    assert len(driver.backend.seen[-1].turns[-1].pictures) == 1
    assert "Sure?" not in driver.result.toPlainText()
    assert driver.prompt.toPlainText() == "half a question"


def test_asking_again_while_a_later_answer_streams_stops_that(open_window: OpenWindow) -> None:
    driver = open_window(replace(SLOW, answers=("First.", "One two three. " * 4000, "Anew.")))
    driver.ask("One?")
    driver.wait_for_answer()
    driver.ask("Two?")
    wait_for_words(driver)
    streaming = driver.desk.conversation.turns[1].request_id
    driver.parts.result.command_wanted.emit(RETRY, driver.desk.conversation.turns[0].request_id)
    assert driver.wait_for_answer() == "Anew."
    assert driver.desk.conversation.get(streaming) is None
    assert "One two" not in driver.result.toPlainText()


def test_a_question_that_cannot_be_asked_again_leaves_everything(open_window: OpenWindow) -> None:
    driver = open_window(FakeScript(answers=("First.", "Second.")))
    for text in ("One?", "Two?"):
        driver.ask(text)
        driver.wait_for_answer()
    before = driver.desk.conversation.turns
    driver.desk.change_settings(driver.desk.settings.with_own(ModelSettings(Sampling(temperature=99.0))))
    driver.parts.result.command_wanted.emit(RETRY, before[0].request_id)
    assert driver.desk.conversation.turns == before
    assert "The temperature is 99." in driver.parts.notice.text
    assert "Two?" in driver.result.toPlainText()


def test_an_answer_is_copied_as_the_model_wrote_it(open_window: OpenWindow) -> None:
    driver = open_window(FakeScript(answers=("A **bold** word.",)))
    driver.ask("Say.")
    driver.wait_for_answer()
    assert "A bold word." in driver.result.toPlainText()
    driver.parts.result.command_wanted.emit(COPY, driver.desk.conversation.turns[-1].request_id)
    assert QGuiApplication.clipboard().text() == "A **bold** word."
    QGuiApplication.clipboard().clear()
    driver.action("copyAnswerAction").trigger()
    assert QGuiApplication.clipboard().text() == "A **bold** word."


def test_a_new_conversation_keeps_the_pictures_and_tells_nothing_of_before(
    open_window: OpenWindow, picture: Path
) -> None:
    driver = open_window(files=(picture,))
    driver.wait_for_pictures(1)
    driver.ask("One?")
    driver.wait_for_answer()
    driver.action("newConversationAction").trigger()
    assert driver.result.toPlainText() == ""
    assert driver.names == ["four colours.png"]
    driver.ask("Two?")
    driver.wait_for_answer()
    assert [turn.question for turn in driver.backend.seen[-1].turns] == ["Two?"]
    assert len(driver.backend.seen[-1].turns[0].pictures) == 1


def test_a_new_conversation_during_an_answer_stops_it(open_window: OpenWindow) -> None:
    driver = open_window(SLOW)
    driver.ask("Count.")
    wait_for_words(driver)
    driver.action("newConversationAction").trigger()
    driver.ask("Again.")
    wait_for_words(driver)
    assert "Count." not in driver.result.toPlainText()


def test_closing_while_busy_is_quick_and_leaves_nothing(open_window: OpenWindow, picture: Path) -> None:
    threads = threading.active_count()
    driver = open_window(SLOW, files=(picture,))
    driver.ask("Count.")
    wait_for_words(driver)
    driver.close()
    assert threading.active_count() == threads


def test_closing_while_loading_is_quick(open_window: OpenWindow) -> None:
    threads = threading.active_count()
    driver = open_window(FakeScript(load_delay_s=30))
    driver.wait(lambda: "Starting the runtime" in driver.model_text)
    driver.close()
    assert threading.active_count() == threads


def test_the_engine_is_made_only_once_the_window_is_on_screen(open_window: OpenWindow) -> None:
    driver = open_window()
    assert driver.milestones == ["first_paint"]
    assert driver.window.isVisible()
