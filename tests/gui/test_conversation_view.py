"""Reading a conversation: scrolling, the keyboard, tables that scroll, text from right to left, listening to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QHelpEvent, QTextCursor, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QToolButton, QToolTip, QVBoxLayout, QWidget

from app.gui.answers import turn_writer
from app.gui.answers.answer_look import CODE, Role, kind_of, text_property
from app.gui.answers.answer_speech import AnswerSpeech
from app.gui.answers.result_menu import make_menu
from app.gui.answers.wide_table import WideTable
from tests.gui.answers_shown import ended, frame, settle, show, turn

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from app.gui.answers.result_view import ResultView

pytestmark = pytest.mark.usefixtures("qtbot")
LONG = "A line of words.\n\n" * 60
WIDE = "| a | b | c | d |\n|---|---|---|---|\n" + "|" + " a cell of many words that are long |" * 4 + "\n"


def end_button(view: ResultView) -> QToolButton:
    found = view.findChild(QToolButton, "newTextButton")
    assert found is not None
    return found


def wide_tables(view: ResultView) -> list[WideTable]:
    return [table for table in view.findChildren(WideTable) if table.isVisible()]


def line_of(view: ResultView, words: str) -> tuple[float, float]:
    """Where the first line of the block with these words begins and ends."""
    cursor = view.document().find(words)
    assert not cursor.isNull(), words
    block = cursor.block()
    rect = block.layout().lineAt(0).naturalTextRect()
    left = view.document().documentLayout().blockBoundingRect(block).left() + rect.left()
    return left, left + rect.width()


def select(view: ResultView, words: str) -> None:
    view.setTextCursor(view.document().find(words))


def test_new_text_below_is_offered_to_who_reads_further_up(view: ResultView) -> None:
    show(view, LONG)
    bar = view.verticalScrollBar()
    assert not end_button(view).isVisible()
    bar.setValue(40)
    show(view, LONG + "More.")
    assert bar.value() == 40
    assert end_button(view).isVisible()
    QTest.mouseClick(end_button(view), Qt.MouseButton.LeftButton)
    assert bar.value() == bar.maximum()
    assert not end_button(view).isVisible()
    show(view, LONG + "More.\n\nAnd more." * 9)
    assert bar.value() == bar.maximum()


def test_nothing_moves_while_a_selection_is_held(view: ResultView) -> None:
    show(view, LONG + "Words to hold.")
    bar = view.verticalScrollBar()
    select(view, "Words to hold.")
    place = bar.value()
    show(view, LONG + "Words to hold.\n\n" + LONG)
    assert bar.value() == place
    assert view.textCursor().selectedText() == "Words to hold."
    assert end_button(view).isVisible()


def test_keys_scroll_and_go_through_links_and_out_again(view: ResultView, qtbot: QtBot) -> None:
    show(view, f"[one](https://a.b) and [two](https://c.d)\n\n{LONG}", is_whole=True)
    bar = view.verticalScrollBar()
    view.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(view.hasFocus)
    bar.setValue(0)
    QTest.keyClick(view, Qt.Key.Key_Down)
    after_arrow = bar.value()
    assert after_arrow > 0
    QTest.keyClick(view, Qt.Key.Key_PageDown)
    assert bar.value() > after_arrow + 50
    QTest.keyClick(view, Qt.Key.Key_PageUp)
    QTest.keyClick(view, Qt.Key.Key_Up)
    assert bar.value() == 0
    QTest.keyClick(view, Qt.Key.Key_End)
    assert bar.value() == bar.maximum()
    met: list[str] = []
    for _ in range(6):
        QTest.keyClick(view, Qt.Key.Key_Tab)
        met.append(view.textCursor().selectedText().replace("\u00a0", " "))
    assert met == ["Copy question", "Edit", "one", "two", "Copy", "Ask again"]
    QTest.keyClick(view, Qt.Key.Key_Tab)
    assert not view.textCursor().hasSelection()


def test_a_wide_table_scrolls_by_itself(view: ResultView) -> None:
    show(view, f"Before.\n\n{WIDE}\nAfter.\n\n{LONG}", is_whole=True)
    (table,) = wide_tables(view)
    bar = table.horizontalScrollBar()
    view.verticalScrollBar().setValue(0)
    assert bar.maximum() > 0
    assert bar.value() == 0
    assert table.width() <= view.viewport().width()
    assert view.horizontalScrollBar().maximum() == 0
    _, before = line_of(view, "Before.")
    assert before > 0
    QTest.keyClick(table, Qt.Key.Key_Right)
    assert bar.value() > 0
    wheel(table, QPoint(-240, 0))
    sideways = bar.value()
    assert sideways > 0
    down = view.verticalScrollBar().value()
    wheel(table, QPoint(0, -240))
    assert bar.value() == sideways
    assert view.verticalScrollBar().value() > down
    scrolled = view.verticalScrollBar().value()
    QTest.keyClick(table, Qt.Key.Key_Down)
    assert view.verticalScrollBar().value() > scrolled


def test_wide_tables_are_reached_by_the_keyboard(view: ResultView, qtbot: QtBot) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    layout = QVBoxLayout(holder)
    before, after = QLineEdit(), QLineEdit()
    for widget in (before, view, after):
        layout.addWidget(widget)
    holder.resize(420, 500)
    holder.show()
    show(view, f"{WIDE}\nBetween.\n\n{WIDE}\nAfter.", is_whole=True)
    first, second = wide_tables(view)
    before.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(before.hasFocus)
    met: list[QWidget] = []
    for _ in range(12):
        focus = QApplication.focusWidget()
        assert focus is not None
        if focus not in met:
            met.append(focus)
        QTest.keyClick(focus, Qt.Key.Key_Tab)
    assert met[:5] == [before, view, first, second, after]
    view.setParent(None)


def wheel(table: WideTable, turned: QPoint) -> None:
    place = QPointF(20, 10)
    event = QWheelEvent(
        place,
        table.viewport().mapToGlobal(place),
        QPoint(),
        turned,
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(table.viewport(), event)


def test_a_wide_table_is_copied_as_markdown(view: ResultView) -> None:
    show(view, f"Before.\n\n{WIDE}\nAfter.", is_whole=True)
    (table,) = wide_tables(view)
    table.selectAll()
    table.copy()
    assert QGuiApplication.clipboard().text().count("| a cell of many words that are long ") == 4
    cursor = view.document().find("Before.")
    cursor.setPosition(view.document().find("After.").position(), QTextCursor.MoveMode.KeepAnchor)
    view.setTextCursor(cursor)
    view.copy()
    copied = QGuiApplication.clipboard().text()
    assert "| a cell of many words that are long " in copied
    assert copied.startswith("Before.")
    assert copied.endswith("After.")


def test_a_table_stands_in_the_text_again_when_there_is_room(view: ResultView, qtbot: QtBot) -> None:
    view.show_turns([ended(turn(answer=f"{WIDE}\nAfter."))])
    settle(view)
    assert len(wide_tables(view)) == 1
    view.resize(900, 300)
    qtbot.waitUntil(lambda: not wide_tables(view))
    assert "a cell of many words" in view.toPlainText()
    view.resize(400, 300)
    qtbot.waitUntil(lambda: len(wide_tables(view)) == 1)


def test_a_table_that_grows_in_a_narrower_window_stays_where_it_began(view: ResultView, qtbot: QtBot) -> None:
    rows = "|" + " a cell of many words that are long |" * 4 + "\n"
    view.resize(900, 300)
    show(view, WIDE + rows * 14)
    question = view.document().begin().blockFormat()
    view.resize(400, 300)
    show(view, WIDE + rows * 41)
    assert view.document().begin().blockFormat().lineHeight() == question.lineHeight()
    qtbot.waitUntil(lambda: len(wide_tables(view)) == 1)
    settle(view)
    (table,) = wide_tables(view)
    assert table.toPlainText().count("a cell of") == 4 * 42


def test_long_lines_of_code_never_widen_the_text(view: ResultView) -> None:
    show(view, f"```\n{'x' * 900}\n{'word ' * 200}\n```\n\n`{'y' * 500}`\n\n{'z' * 700}", is_whole=True)
    assert view.document().idealWidth() <= view.viewport().width()
    assert view.horizontalScrollBar().maximum() == 0


def test_right_to_left_text_stands_at_the_right(view: ResultView) -> None:
    arabic, hebrew, question = "هذه فقرة", "עברית ראשון", "ما هذا؟"
    view.show_turns([ended(turn("1", f"{arabic}\n\n- {hebrew}\n\nEnglish words.", question))])
    settle(view)
    edge = view.viewport().width() - 16
    assert line_of(view, arabic)[1] == pytest.approx(edge, abs=3)
    assert line_of(view, hebrew)[1] == pytest.approx(edge - 22, abs=3)
    assert line_of(view, "English")[0] == pytest.approx(16, abs=3)
    assert line_of(view, question)[1] == pytest.approx(edge - 13, abs=4)


def test_a_formula_reads_as_text(view: ResultView) -> None:
    show(view, r"It costs $5, and $x^2 \le \frac{1}{2}$ holds.", is_whole=True)
    assert "It costs $5, and x² ≤ 1/2 holds." in view.toPlainText()


def test_a_program_has_its_language_and_colours(view: ResultView) -> None:
    show(view, "```python\ndef f(): return 1\n```", is_whole=True)
    assert "python   Copy" in view.toPlainText()
    block = view.document().find("def").block()
    assert kind_of(block) == CODE
    assert text_property(block.blockFormat(), Role.LANGUAGE) == "python"
    colours = set()
    iterator = block.begin()
    while not iterator.atEnd():
        colours.add(iterator.fragment().charFormat().foreground().color().name())
        iterator += 1
    assert len(colours) >= 3


def test_links_whose_addresses_come_at_the_end_are_links(view: ResultView) -> None:
    text = "See [the page][1] and\n\n- [another][two]\n\n" + LONG + "[1]: https://a.b/c\n[two]: https://d.e\n\nEnd."
    for end in range(40, len(text), 40):
        show(view, text[:end])
    show(view, text, is_whole=True)
    view.selectAll()
    addresses = [view.document().find(words).charFormat().property(Role.ADDRESS.value) for words in ("page", "another")]
    assert addresses == ["https://a.b/c", "https://d.e"]
    assert view.toPlainText().count("A line of words.") == 60
    assert "[1]" not in view.toPlainText()


def test_the_menu_offers_copies(view: ResultView) -> None:
    show(view, "Some *words*.\n\n```\ncode\n```", is_whole=True)
    select(view, "words")
    menu = make_menu(view, view.document().find("code").position())
    rows = {action.text(): action for action in menu.actions() if action.text()}
    assert list(rows) == ["Copy", "Copy as Markdown", "Copy Code", "Copy Whole Answer", "Select All"]
    for row, text in (
        ("Copy as Markdown", "*words*"),
        ("Copy Code", "code"),
        ("Copy Whole Answer", "Some *words*.\n\n```\ncode\n```"),
    ):
        rows[row].trigger()
        assert QGuiApplication.clipboard().text() == text
    rows["Select All"].trigger()
    assert view.textCursor().hasSelection()
    menu.deleteLater()


def test_the_menu_opens_from_the_keyboard(view: ResultView, qtbot: QtBot) -> None:
    show(view, "Some words.", is_whole=True)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(5, 5), view.mapToGlobal(QPoint(5, 5)))
    QApplication.sendEvent(view.viewport(), event)
    qtbot.waitUntil(lambda: any(menu.isVisible() for menu in view.findChildren(QMenu)))
    for menu in view.findChildren(QMenu):
        menu.close()


def test_listeners_hear_sentences_and_the_end(view: ResultView, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    monkeypatch.setattr(turn_writer, "announce", lambda _widget, text: heard.append(text) if text else None)
    clock = [0.0]
    monkeypatch.setattr("app.gui.answers.turn_writer.time.monotonic", lambda: clock[0])
    text = "The **first** sentence. The second one is here. A third"
    for end in range(5, len(text) + 1, 5):
        clock[0] += 0.5
        show(view, text[:end])
    assert heard[0] == "The first sentence."
    assert len(heard) == 2
    show(view, text, is_whole=True)
    assert " ".join(heard) == "The first sentence. The second one is here. A third End of the answer."
    view.show_turns([ended(turn(answer=text))])
    settle(view)
    assert len(heard) == 3


def test_listeners_hear_which_command_has_the_keyboard(view: ResultView, monkeypatch: pytest.MonkeyPatch) -> None:
    show(view, "[one](https://a.b)\n\n```\ncode\n```", is_whole=True)
    heard: list[str] = []
    monkeypatch.setattr("app.gui.answers.answer_drag.announce", lambda _widget, text: heard.append(text))
    view.setFocus(Qt.FocusReason.TabFocusReason)
    for _ in range(6):
        QTest.keyClick(view, Qt.Key.Key_Tab)
    assert heard == [
        "Copy question, button",
        "Edit the question, button",
        "one, link",
        "Copy the code, button",
        "Copy the answer, button",
        "Ask again, button",
    ]


def test_speech_waits_between_sentences() -> None:
    speech = AnswerSpeech()
    assert speech.due("One. Two", 0.0) == "One."
    assert speech.due("One. Two. Three. Fo", 1.0) == ""
    assert speech.due("One. Two. Three. Fo", 3.5) == "Two. Three."
    assert speech.rest("One. Two. Three. Four", 3.6) == "Four"
    assert speech.rest("One. Two. Three. Four", 3.7) == ""


def test_commands_stand_under_questions_and_answers(view: ResultView) -> None:
    given: list[tuple[str, str]] = []
    view.command_wanted.connect(lambda command, request_id: given.append((command, request_id)))
    show(view, "Words.", is_whole=True)
    for words in ("Copy question", "Edit", "Ask again"):
        cursor = view.document().find(words)
        cursor.setPosition(cursor.selectionStart() + 2)
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.cursorRect(cursor).center())
    assert given == [("copy-question", "1"), ("edit", "1"), ("retry", "1")]


def test_frames_come_less_often_where_they_cost_more(view: ResultView, monkeypatch: pytest.MonkeyPatch) -> None:
    show(view, "Words.")
    assert view._frame.interval() >= 40
    now = [0.0]

    def slow() -> float:
        now[0] += 0.05
        return now[0]

    monkeypatch.setattr("app.gui.answers.result_view.time.thread_time", slow)
    view.show_turn(turn(answer="Words and more."))
    view._frame.stop()
    view._on_frame_timeout()
    assert view._frame.interval() > 200
    monkeypatch.undo()
    frame(view)


def test_a_question_stays_one_block_whatever_is_in_it(view: ResultView) -> None:
    view.show_turns([ended(turn("1", "Yes.", "a\u2029b\ufdd0c\ufffcd\re"))])
    settle(view)
    assert view.document().firstBlock().text() == "a\ufffdb\ufffdc\ufffdd e"


def test_a_bubble_is_no_wider_than_its_words(view: ResultView) -> None:
    question = "A question that is so long that it needs more than only one line in a narrow view."
    view.show_turns([ended(turn("1", "Yes.", question)), ended(turn("2", "No.", "Short?"))])
    settle(view)
    for width in (400, 520, 380):
        view.resize(width, 300)
        edge = view.viewport().width() - 16 - 13
        assert line_of(view, "Short?")[1] == pytest.approx(edge, abs=4)
        block = view.document().find("A question").block()
        layout = block.layout()
        assert layout.lineCount() > 1
        widest = max(layout.lineAt(index).naturalTextWidth() for index in range(layout.lineCount()))
        rect = view.document().documentLayout().blockBoundingRect(block)
        assert rect.left() + layout.lineAt(0).x() + widest == pytest.approx(edge, abs=4)


def test_the_pointer_is_told_where_a_link_leads(view: ResultView, qtbot: QtBot) -> None:
    show(view, "See [here](https://example.com/<img>).", is_whole=True)
    cursor = view.document().find("here")
    cursor.setPosition(cursor.selectionStart() + 2)
    place = view.cursorRect(cursor).center()
    event = QHelpEvent(QEvent.Type.ToolTip, place, view.viewport().mapToGlobal(place))
    QApplication.sendEvent(view.viewport(), event)
    qtbot.waitUntil(lambda: "https://example.com/&lt;img&gt;" in QToolTip.text())
    QToolTip.hideText()
    qtbot.waitUntil(lambda: not QToolTip.isVisible())


def test_what_is_shown_never_shrinks_while_it_grows(view: ResultView) -> None:
    text = (
        "## Heading\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\nSome **bold** and `code` [link](https://a.b) words.\n\n"
        "- one\n- two\n  1. three\n\n```python\nx = 1\n```\n\n$$\n\\frac{1}{2}\n$$\n\n> quote\n\n---\n\nEnd *of* it."
    )
    height = 0.0
    for end in range(1, len(text) + 1):
        show(view, text[:end])
        assert view.document().size().height() >= height - 0.5, text[:end][-20:]
        height = view.document().size().height()
