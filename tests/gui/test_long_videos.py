"""A video that one pass cannot hold: its parts come along, are stopped and gone on with, and have one answer."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QGuiApplication, QTextCursor
from PySide6.QtTest import QTest

from app.backends.fake_backend import FakeScript
from app.core.settings import Settings
from app.exporters.json_export import read_result_file
from app.gui.answers.turn_foot import COPY, GO_ON, PARTS
from app.gui.questions.cost_caption import CostCaption
from app.gui.video_words import video_lines
from tests.clips_made import numbered, write_video

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gui.window_driver import OpenWindow, WindowDriver

LONG = FakeScript(answers=("one " * 40, "two " * 40, "three " * 40, "All in all it moves."), piece_delay_s=0.01)


@pytest.fixture
def settings(checkpoint_dir: Path, tmp_path: Path) -> Settings:
    """A model that takes fifty of the smallest frames at once."""
    folder = tmp_path / "Qwen3-VL-Small"
    shutil.copytree(checkpoint_dir, folder)
    limits = {"size": {"shortest_edge": 1024, "longest_edge": 50 * 1024}}
    (folder / "video_preprocessor_config.json").write_text(json.dumps(limits), encoding="utf-8")
    return Settings(model=str(folder))


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A minute, two frames a second: three parts of twenty seconds."""
    file = tmp_path / "minute.mp4"
    write_video(file, numbered(120), rate=2)
    return file


def opened(open_window: OpenWindow, script: FakeScript, film: Path, settings: Settings) -> WindowDriver:
    driver = open_window(script, files=(film,), settings=settings)
    driver.wait_for_model()
    driver.wait_for_pictures(1)
    return driver


def shown(driver: WindowDriver) -> str:
    driver.wait(lambda: driver.parts.result.is_settled)
    return driver.result.toPlainText().replace("\u00a0", " ").replace("\u2060", "")


def anchors(driver: WindowDriver) -> set[str]:
    """Where the links and commands of the conversation lead, without their values."""
    found = set()
    cursor = QTextCursor(driver.result.document())
    while not cursor.atEnd():
        cursor.movePosition(QTextCursor.MoveOperation.NextCharacter)
        found.add(cursor.charFormat().anchorHref().partition(":")[0])
    return found - {""}


def click(driver: WindowDriver, command: str) -> None:
    turn = driver.desk.conversation.turns[-1]
    driver.result.anchorClicked.emit(QUrl(f"{command}:{turn.request_id}"))


def test_the_parts_are_told_before_asking(open_window: OpenWindow, film: Path, settings: Settings) -> None:
    driver = opened(open_window, LONG, film, settings)
    caption = driver.child(CostCaption, "costCaption")
    driver.wait(lambda: "It is looked at in 3 parts, one after another." in caption.toolTip())
    assert "in 3 parts" in driver.parts.prompt.cost_text
    row = driver.parts.tray.view.model().index(0, 0).data(Qt.ItemDataRole.UserRole)
    assert row.cost == "118 frames · 64 tok"  # short enough for the tray
    assert any("in 3 parts" in line for line in row.details)
    assert "would be too many" not in caption.toolTip()
    medium = driver.desk.pictures.media[0]
    plan = driver.desk.next_question().plan(medium)
    assert plan is not None
    assert 110 < len(plan.frame_times_s) <= 120
    assert driver.desk.next_question().use.total_tokens < plan.tokens + plan.time_tokens


def test_parts_come_one_after_another_and_then_one_answer(
    open_window: OpenWindow, film: Path, settings: Settings
) -> None:
    driver = opened(open_window, LONG, film, settings)
    driver.ask("What happens?")
    driver.wait(lambda: "two two" in driver.result.toPlainText())
    text = shown(driver)
    assert "Part 1 of 3 · 0:00 – 0:20" in text
    assert "Part 2 of 3 · 0:18 – 0:40" in text
    assert "Part 3 of 3" not in text
    answer = driver.wait_for_answer()
    assert answer.startswith("All in all it moves.")
    text = shown(driver)
    assert "Part 1 of 3" not in text
    assert text.index("All in all it moves.") < text.index("Timeline") < text.index("0:38 – 1:00")
    assert {"moment", PARTS, COPY} <= anchors(driver)
    assert GO_ON not in anchors(driver)


def test_parts_can_be_shown_below_the_answer(open_window: OpenWindow, film: Path, settings: Settings) -> None:
    driver = opened(open_window, FakeScript(answers=("one", "two", "three", "All.")), film, settings)
    driver.ask("What happens?")
    driver.wait_for_answer()
    assert "Show parts" in shown(driver)
    click(driver, PARTS)
    text = shown(driver)
    assert text.index("All.") < text.index("Part 1 of 3 · 0:00 – 0:20") < text.index("Part 3 of 3") < text.index("Hide")
    click(driver, PARTS)
    assert "Part 1 of 3" not in shown(driver)


def test_a_stopped_answer_keeps_its_parts_and_goes_on(open_window: OpenWindow, film: Path, settings: Settings) -> None:
    driver = opened(open_window, LONG, film, settings)
    driver.ask("What happens?")
    driver.wait(lambda: "two two" in driver.result.toPlainText())
    driver.stop_button.click()
    driver.wait(lambda: driver.desk.conversation.open_turn is None)
    text = shown(driver)
    assert "one one" in text
    assert "This part was stopped." in text
    assert "Stopped: 1 of 3 parts are answered." in text
    assert "Continue" in text
    click(driver, COPY)
    assert "one one" in QGuiApplication.clipboard().text()
    asked = len(driver.backend.seen)
    (before,) = driver.desk.conversation.turns
    assert driver.action("goOnAction").isEnabled()
    driver.action("goOnAction").trigger()
    driver.wait(lambda: len(driver.desk.conversation.turns) == 1 and driver.desk.conversation.turns[0] != before)
    driver.wait_for_answer()
    (after,) = driver.desk.conversation.turns
    assert after.outcome == "done"
    assert after.segments[0] == before.segments[0]
    assert len(driver.backend.seen) - asked == 3
    assert after.created_at == before.created_at
    assert "Continue" not in shown(driver)
    assert not driver.action("goOnAction").isEnabled()


def test_a_stopped_answer_goes_on_from_its_foot(open_window: OpenWindow, film: Path, settings: Settings) -> None:
    driver = opened(open_window, LONG, film, settings)
    driver.ask("What happens?")
    driver.wait(lambda: "two two" in driver.result.toPlainText())
    driver.stop_button.click()
    driver.wait(lambda: driver.desk.conversation.open_turn is None)
    click(driver, GO_ON)
    driver.wait(lambda: driver.desk.conversation.turns[-1].outcome == "done")
    assert driver.desk.conversation.turns[-1].segments[0].answer.startswith("one one")


def test_parts_that_are_done_can_be_saved_while_the_others_are_asked_about(
    open_window: OpenWindow, film: Path, settings: Settings, tmp_path: Path
) -> None:
    driver = opened(open_window, LONG, film, settings)
    action = driver.action("exportJsonAction")
    driver.ask("What happens?")
    driver.wait(lambda: "one one" in driver.result.toPlainText())
    assert not action.isEnabled()
    driver.wait(lambda: "two two" in driver.result.toPlainText())
    assert action.isEnabled()
    for format_id, name in (("json", "part.json"), ("markdown", "part.md")):
        assert driver.content.commands.save_to(format_id, tmp_path / name)
    assert driver.desk.conversation.open_turn is not None
    result = read_result_file(tmp_path / "part.json")
    (turn,) = result.turns
    assert turn.outcome == "cancelled"
    assert [(part.outcome, part.answer[:7]) for part in turn.segments] == [("done", "one one"), (None, ""), (None, "")]
    text = (tmp_path / "part.md").read_text(encoding="utf-8")
    assert "one one" in text
    assert "two two" not in text
    driver.desk.stop()
    driver.wait_for_answer()


def test_how_far_it_is_and_what_is_told_later(open_window: OpenWindow, film: Path, settings: Settings) -> None:
    driver = opened(open_window, LONG, film, settings)
    driver.ask("What happens?")
    plan = driver.desk.next_question().plan(driver.desk.pictures.media[0])
    assert plan is not None
    assert len(plan.parts) == 3, "what the tray says does not change while the answer comes"
    driver.wait(lambda: "two two" in driver.result.toPlainText())
    turn = driver.desk.conversation.turns[-1]
    assert turn.fraction is not None
    assert 1 / 3 < turn.fraction < 2 / 3
    driver.wait_for_answer()
    lines = video_lines(driver.desk.pictures.media[0], driver.desk.next_question())
    assert lines[-1] == "Later questions tell the model what was said of it; its frames are not shown again."
    assert "It is looked at in 3 parts, one after another." in lines[-2]


def test_a_stopped_answer_can_be_asked_about(open_window: OpenWindow, film: Path, settings: Settings) -> None:
    driver = opened(open_window, LONG, film, settings)
    driver.ask("What happens?")
    driver.wait(lambda: "two two" in driver.result.toPlainText())
    QTest.qWait(0)
    driver.desk.stop()
    driver.wait(lambda: driver.desk.conversation.open_turn is None)
    driver.ask("And then?")
    driver.wait(lambda: len(driver.desk.conversation.turns) == 2)
    driver.wait_for_answer()
    first, second = driver.backend.seen[-1].turns
    assert first.media == second.media == ()
    assert "one one" in first.answer
    result = driver.desk.result()
    assert result is not None
    assert [len(turn.segments) for turn in result.turns] == [3, 0]


def test_times_in_the_timeline_lead_to_the_video(open_window: OpenWindow, film: Path, settings: Settings) -> None:
    driver = opened(open_window, FakeScript(answers=("one", "0:30: a step", "three", "All.")), film, settings)
    driver.ask("What happens?")
    driver.wait_for_answer()
    assert "0:30" in shown(driver)
    cursor = driver.result.document().find("0:30")
    if cursor.isNull():  # the table lies in a widget of its own when it is too wide
        pytest.fail(driver.result.document().toPlainText())
    anchor = cursor.charFormat().anchorHref()
    assert anchor.startswith("moment:30.0")
    driver.result.anchorClicked.emit(QUrl(anchor))
    driver.wait(lambda: driver.child(type(driver.parts.viewer), driver.parts.viewer.objectName()).is_video)
