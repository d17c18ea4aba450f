"""Errors where they happen: with a next step, folded when many, closed by key, and copied without names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPlainTextEdit, QPushButton

from app.backends.fake_backend import FakeScript
from app.core.errors import ErrorText, Sentence
from app.gui import notice as notice_module
from app.gui.answers.turn_foot import REPORT
from app.gui.report_dialog import ReportDialog

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gui.window_driver import OpenWindow, WindowDriver


def refuse(driver: WindowDriver, tmp_path: Path, *names: str) -> None:
    files = []
    for name in names:
        files.append(tmp_path / name)
        files[-1].write_text("no picture at all", encoding="utf-8")
    driver.drop(*files)
    driver.wait(lambda: all(name[:8] in driver.refusals for name in names[:1]))


def test_a_refusal_is_said_at_the_picture_with_a_next_step(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window()
    refuse(driver, tmp_path, "notes.png")
    notice = driver.parts.media_notice
    (error,) = notice.errors
    assert notice.text == f"⚠ {error.text} {error.hint}"
    assert error.hint
    assert notice.accessibleDescription() == notice.text
    assert not notice.retry_button.isVisible()
    assert not driver.parts.notice.isVisible()


def test_many_refusals_fold_and_unfold(open_window: OpenWindow) -> None:
    driver = open_window()
    notice = driver.parts.media_notice
    notice.show_errors([ErrorText(Sentence("{name} is gone.", name=f"file {number}")) for number in range(15)])
    assert notice.text.count("⚠") == 3
    assert "… and 12 more" in notice.text
    driver.wait(lambda: notice.height() < 150)
    folded = notice.height()
    QTest.mouseClick(notice.more_button, Qt.MouseButton.LeftButton)
    assert notice.text.count("⚠") == 15
    assert "more" not in notice.text
    driver.wait(lambda: notice.height() > folded)
    assert notice.height() < driver.window.height() // 2
    QTest.mouseClick(notice.more_button, Qt.MouseButton.LeftButton)
    assert "… and 12 more" in notice.text
    notice.clear()
    notice.show_errors([ErrorText("One.")])
    assert not notice.more_button.isVisible()


@pytest.mark.parametrize("name", ["x" * 240 + ".png", "many words in a name " * 11 + ".png", "图" * 80 + ".png"])
def test_a_long_name_does_not_push_the_columns(name: str, open_window: OpenWindow) -> None:
    driver = open_window()
    driver.window.resize(900, 620)
    driver.wait(lambda: sum(driver.parts.work.sizes()) > 890)
    widths = driver.parts.work.sizes()
    error = ErrorText(Sentence("“{name}” is no picture.", name=name), Sentence("Look at {name}.", name=name))
    for notice in (driver.parts.media_notice, driver.parts.notice):
        notice.show_error(error)
    QCoreApplication.processEvents()
    assert driver.parts.work.sizes() == widths
    shown = driver.parts.notice.text
    assert name not in shown
    assert f"{name[:4]}" in shown
    assert ".png” is no picture." in shown
    assert driver.parts.notice.errors == (error,)


def test_a_sentence_without_spaces_is_said_whole(open_window: OpenWindow) -> None:
    driver = open_window()
    driver.parts.notice.show_error(
        ErrorText("请输入“demo”、模型文件夹，或者输入模型仓库的完整名称，例如下面的这一个。")
    )
    assert "…" not in driver.parts.notice.text


@pytest.mark.parametrize("place", ["notice", "prompt"])
def test_esc_closes_it_wherever_the_keyboard_is(place: str, open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window()
    refuse(driver, tmp_path, "notes.png")
    notice = driver.parts.media_notice
    focus = notice.report_button if place == "notice" else driver.prompt
    focus.setFocus()
    QTest.keyClick(focus, Qt.Key.Key_Escape)
    assert not notice.isVisible()
    assert notice.errors == ()


def test_esc_stops_an_answer_before_it_closes_anything(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window(FakeScript(answers=("One two three. " * 600,), piece_delay_s=0.02))
    refuse(driver, tmp_path, "notes.png")
    driver.ask("Count.")
    driver.wait(lambda: "One two" in driver.result.toPlainText())
    driver.prompt.setFocus()
    QTest.keyClick(driver.prompt, Qt.Key.Key_Escape)
    driver.wait_for_answer()
    assert driver.desk.conversation.turns[0].outcome == "cancelled"
    assert driver.parts.media_notice.isVisible()
    driver.wait(lambda: not driver.action("stopAction").isEnabled())
    QTest.keyClick(driver.prompt, Qt.Key.Key_Escape)
    assert not driver.parts.media_notice.isVisible()


def test_errors_are_announced_once_and_together(open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[tuple[str, bool]] = []

    def note(_widget: object, text: str, *, is_urgent: bool = False) -> None:
        said.append((text, is_urgent))

    monkeypatch.setattr(notice_module, "announce", note)
    driver = open_window()
    error = ErrorText("It is gone.", "Look for it.")
    driver.parts.notice.show_errors([error])
    driver.parts.notice.show_errors([error])
    driver.wait(lambda: bool(said))
    assert said == [("It is gone. Look for it.", True)]
    for number in range(5):
        driver.parts.notice.show_errors([ErrorText(f"{number} is gone.")])
    driver.wait(lambda: len(said) == 2)
    assert said[1] == ("0 is gone. 1 is gone. 2 is gone. … and 2 more", True)
    driver.parts.notice.show_errors([ErrorText("Nobody hears this.")])
    driver.parts.notice.clear()
    driver.parts.notice.show_errors([ErrorText("This is heard.")])
    driver.wait(lambda: len(said) == 3)
    assert said[2] == ("This is heard.", True)


def test_a_model_that_fails_is_said_with_the_way_to_try_again(open_window: OpenWindow) -> None:
    driver = open_window(FakeScript(fails_to_load=True))
    driver.wait(driver.parts.notice.isVisible)
    driver.backend.script = FakeScript()
    QTest.mouseClick(driver.parts.notice.retry_button, Qt.MouseButton.LeftButton)
    driver.wait_for_model()
    assert not driver.parts.notice.isVisible()


def test_the_report_at_an_error_tells_no_names_and_no_questions(open_window: OpenWindow, tmp_path: Path) -> None:
    name = "Anna’s secret “party”.png"
    driver = open_window()
    refuse(driver, tmp_path, name)
    driver.ask("Who is Anna?")
    driver.wait_for_answer()
    QTest.mouseClick(driver.parts.media_notice.report_button, Qt.MouseButton.LeftButton)
    report = QGuiApplication.clipboard().text()
    assert "‹name›" in report
    assert "versions and machine" in report
    assert "a line of the log" in report
    for private in ("Anna", "secret", "party", str(tmp_path)):
        assert private not in report
    assert "without file names" in driver.window.statusBar().currentMessage()


@pytest.mark.allows_log
def test_the_report_of_a_failed_question_has_its_trace(open_window: OpenWindow) -> None:
    driver = open_window(FakeScript(fails_after_pieces=0))
    driver.ask("Who is Anna?")
    driver.wait_for_answer()
    turn = driver.desk.conversation.turns[-1]
    driver.parts.result.command_wanted.emit(REPORT, turn.request_id)
    report = QGuiApplication.clipboard().text()
    assert 'File "app/engine/engine.py", line ' in report
    assert "RuntimeError" in report
    assert "Anna" not in report


def test_the_dialog_shows_what_will_be_copied_and_names_only_when_asked(
    open_window: OpenWindow, tmp_path: Path
) -> None:
    driver = open_window()
    refuse(driver, tmp_path, "Anna.png")
    driver.action("copyReportAction").trigger()
    dialog = driver.child(ReportDialog, "reportDialog")
    preview = dialog.findChild(QPlainTextEdit)
    assert preview is not None
    assert not dialog.with_names.isChecked()
    assert "Anna" not in preview.toPlainText()
    QTest.keyClick(dialog.with_names, Qt.Key.Key_Space)
    assert "Anna.png" in preview.toPlainText()
    shown = preview.toPlainText()
    copy = next(button for button in dialog.findChildren(QPushButton) if button.text() == "Copy")
    QTest.mouseClick(copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == shown
    assert not dialog.isVisible()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def test_a_notice_that_goes_takes_the_keyboard_from_nothing_else(open_window: OpenWindow) -> None:
    driver = open_window()
    notice = driver.parts.notice
    notice.show_error(ErrorText("One."))
    notice.report_button.setFocus()
    driver.prompt.setFocus()
    notice.clear()
    assert driver.prompt.hasFocus()
