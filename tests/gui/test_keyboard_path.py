"""From an empty window to an exported answer without a pointer, and the keyboard is seen at each step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QWidget

from app.backends.fake_backend import FakeScript
from tests.gui.conftest import draw
from tests.gui.focus_seen import focused, is_seen, press, ring_pixels
from tests.gui.keys_and_clicks import CONTROL, SHIFT

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.gui.window_driver import OpenWindow, WindowDriver

LONG = "A long answer goes on and on.\n\n" * 80


def type_words(driver: WindowDriver, words: str) -> None:
    """Types as the window system does."""
    QTest.keyClicks(focused(), words)
    assert driver.window.isActiveWindow()


def go_to(driver: WindowDriver, widget: QWidget) -> None:
    """Presses F6 until this part has the keyboard."""
    for _ in range(8):
        press(driver, Qt.Key.Key_F6)
        if focused() is widget:
            break
    assert widget.hasFocus()
    assert is_seen(driver)


def test_the_whole_path_without_a_pointer(
    open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = draw(tmp_path / "one.png"), draw(tmp_path / "two.png", 200, 100)
    driver = open_window(FakeScript(answers=(LONG, "A short one.")))
    driver.wait_for_model()

    # Open two pictures; the dialog is the system's, and has keys of its own
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(first), str(second)], ""))
    press(driver, Qt.Key.Key_O, CONTROL)
    driver.wait_for_pictures(2)

    # Reach the tray, look at each, select only the second
    go_to(driver, driver.parts.tray.view)
    press(driver, Qt.Key.Key_Home)
    press(driver, Qt.Key.Key_Down)
    assert is_seen(driver)
    last_id = driver.desk.pictures.media[1].medium_id
    driver.wait(lambda: driver.desk.pictures.selected_ids == {last_id})

    # Ask
    go_to(driver, driver.prompt)
    type_words(driver, "What is this?")
    press(driver, Qt.Key.Key_Return, CONTROL)
    driver.wait_for_answer()
    assert [source.name for source in driver.desk.conversation.turns[0].question.sources] == ["two.png"]

    # Read, scroll, copy
    go_to(driver, driver.result)
    bar = driver.result.verticalScrollBar()
    press(driver, Qt.Key.Key_Home, CONTROL)
    driver.wait(lambda: bar.value() == 0)
    press(driver, Qt.Key.Key_PageDown)
    driver.wait(lambda: bar.value() > 0)
    press(driver, Qt.Key.Key_A, CONTROL)
    press(driver, Qt.Key.Key_C, CONTROL)
    assert "A long answer goes on and on." in QGuiApplication.clipboard().text()

    # Change the question and ask it anew
    press(driver, Qt.Key.Key_E, CONTROL | SHIFT)
    driver.wait(driver.prompt.hasFocus)
    assert driver.prompt.toPlainText() == "What is this?"
    press(driver, Qt.Key.Key_End, CONTROL)
    type_words(driver, " Briefly.")
    press(driver, Qt.Key.Key_Return, CONTROL)
    assert driver.wait_for_answer() == "A short one."
    assert [turn.question.text for turn in driver.desk.conversation.turns] == ["What is this? Briefly."]

    # Export
    file = tmp_path / "answer.md"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(file), ""))
    press(driver, Qt.Key.Key_S, CONTROL)
    driver.wait(file.exists)
    assert "A short one." in file.read_text(encoding="utf-8")

    go_through_the_settings_and_close(driver)


def go_through_the_settings_and_close(driver: WindowDriver) -> None:
    """Opens the settings, walks through them, goes back, and closes the window."""
    press(driver, Qt.Key.Key_Comma, CONTROL)
    driver.wait(lambda: driver.content.settings.is_open)
    panel = driver.content.settings.panel
    assert panel.isAncestorOf(focused())
    for _ in range(4):
        press(driver, Qt.Key.Key_Tab)
        assert panel.isAncestorOf(focused())
        assert is_seen(driver)
    press(driver, Qt.Key.Key_Comma, CONTROL)
    driver.wait(lambda: not driver.content.settings.is_open)

    closed: list[bool] = []
    driver.window.closing.connect(lambda: closed.append(True))
    press(driver, Qt.Key.Key_Q, CONTROL)
    assert closed == [True]


def test_pasting_and_the_command_list_are_enough_too(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window(FakeScript(answers=("Four colours.",)))
    driver.wait_for_model()
    driver.prompt.setFocus()
    copied = QGuiApplication.clipboard()
    copied.setImage(QImage(str(draw(tmp_path / "one.png"))))
    press(driver, Qt.Key.Key_V, CONTROL)
    driver.wait_for_pictures(1)
    type_words(driver, "What is this?")
    press(driver, Qt.Key.Key_K, CONTROL)
    type_words(driver, "ask")
    press(driver, Qt.Key.Key_Return)
    assert driver.wait_for_answer() == "Four colours."
    press(driver, Qt.Key.Key_K, CONTROL)
    type_words(driver, "copy last answer")
    press(driver, Qt.Key.Key_Return)
    assert copied.text() == "Four colours."
    press(driver, Qt.Key.Key_K, CONTROL)
    type_words(driver, "remove all")
    press(driver, Qt.Key.Key_Return)
    assert driver.names == []


def link_area(driver: WindowDriver) -> QRect:
    """Where the link is that has the keyboard."""
    cursor = driver.result.textCursor()
    last = driver.result.cursorRect(cursor)
    cursor.setPosition(cursor.anchor())
    area = driver.result.cursorRect(cursor).united(last)
    return area.translated(driver.result.viewport().mapTo(driver.window, QPoint()))


def test_what_stands_under_an_answer_is_reached_by_tab(open_window: OpenWindow, picture: Path) -> None:
    driver = open_window(FakeScript(answers=("Four colours.",)), files=(picture,))
    driver.wait_for_pictures(1)
    driver.wait_for_model()
    driver.ask("What is this?")
    driver.wait_for_answer()
    go_to(driver, driver.result)
    links: list[str] = []
    for _ in range(8):
        press(driver, Qt.Key.Key_Tab)
        if not driver.result.hasFocus():
            break
        cursor = driver.result.textCursor()
        links.append(cursor.charFormat().anchorHref().partition(":")[0])
        driver.wait(lambda: ring_pixels(driver, link_area(driver)) >= link_area(driver).width())
    assert {"copy", "retry", "edit", "copy-question"} <= set(links)
    go_to(driver, driver.result)
    for _ in range(8):
        press(driver, Qt.Key.Key_Tab)
        if driver.result.textCursor().charFormat().anchorHref().startswith("copy:"):
            break
    press(driver, Qt.Key.Key_Return)
    assert QGuiApplication.clipboard().text() == "Four colours."


def test_the_window_closes_by_the_key_that_windows_close_by(open_window: OpenWindow) -> None:
    driver = open_window(question="unsent")
    driver.prompt.setFocus()
    closed: list[bool] = []
    driver.window.closing.connect(lambda: closed.append(True))
    press(driver, Qt.Key.Key_W, CONTROL)
    assert closed == [True]
