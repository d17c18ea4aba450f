"""Times in an answer are links that take the viewer there."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QGuiApplication, QHelpEvent, QKeySequence, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTextBrowser, QToolTip

from app.core.clips import ClipSource
from app.gui.answers.time_links import TimeLink, time_link_at
from app.gui.answers.wide_table import WideTable
from app.gui.look import link_text
from tests.clips_made import noise_clip
from tests.gui.answers_shown import ended, frame, settle, show, turn

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from app.core.conversation import AskedTurn
    from app.gui.answers.result_view import ResultView

pytestmark = pytest.mark.usefixtures("qtbot")
TIMELINE = """## Timeline

| time | event |
|---|---|
| 0:00 – 0:06 | An orange circle enters |
| 0:06 – 0:09 | It slows |
| 0:09 – | It leaves |

It was **0:05** – `0:07` at <12.3 seconds>, see [0:08](https://a.b) and https://a.b/0:09 or $0:10$; not at 7:30.

```json
[{"start": 3.0, "end": "00:05.5", "event": "at 0:01"}]
```

```python
x = "0:11"
```
"""


def about_clip(answer: str, *, duration_s: float = 14.0, question: str = "What happens, and when?") -> AskedTurn:
    asked = turn(answer=answer, question=question)
    sources = (ClipSource("roll.mp4"),)
    asked = replace(asked, question=replace(asked.question, sources=sources))
    return replace(asked, media=(noise_clip(1, (0.0, duration_s)),))


def show_turn(view: ResultView, asked: AskedTurn) -> None:
    view.show_turn(asked)
    frame(view)
    settle(view)


def links(view: QTextBrowser) -> list[tuple[str, TimeLink]]:
    """The times that are links, with their words, from top to bottom."""
    found: list[tuple[str, TimeLink]] = []
    block = view.document().begin()
    while block.isValid():
        at = block.begin()
        last = ""
        while not at.atEnd():
            fragment = at.fragment()
            address = fragment.charFormat().anchorHref()
            moment = time_link_at(address)
            if moment is not None and address == last:
                found[-1] = (found[-1][0] + fragment.text(), moment)
            elif moment is not None:
                found.append((fragment.text(), moment))
            last = address
            at += 1
        block = block.next()
    return found


def test_times_in_words_tables_and_json_are_links(view: ResultView) -> None:
    show_turn(view, ended(about_clip(TIMELINE)))
    assert [(words, moment.start_s, moment.end_s) for words, moment in links(view)] == [
        ("0:00 – 0:06", 0, 6),
        ("0:06 – 0:09", 6, 9),
        ("0:09", 9, None),
        ("0:05 – 0:07", 5, 7),
        ("<12.3 seconds>", 12.3, None),
        ("3.0", 3, 5.5),
        ("00:05.5", 5.5, None),
        ("0:01", 1, None),
    ]
    assert {moment.request_id for _, moment in links(view)} == {"1"}


def test_a_link_of_the_answer_stays_what_it_is(view: ResultView) -> None:
    show_turn(view, ended(about_clip("See [0:08](https://a.b) and https://a.b/0:09.")))
    cursor = view.document().find("0:08")
    assert cursor.charFormat().anchorHref().startswith("link:")
    assert links(view) == []


def test_without_a_video_nothing_is_a_link(view: ResultView) -> None:
    show(view, TIMELINE, is_whole=True)
    assert links(view) == []


def test_a_follow_up_knows_the_clip_that_was_shown_before(view: ResultView) -> None:
    show_turn(view, ended(about_clip("That.")))
    show_turn(view, ended(turn("2", "At 0:05 and at 7:30.")))
    assert links(view) == [("0:05", TimeLink("2", 5))]
    view.show_turns([ended(turn("2", "At 0:05 and at 7:30."))])
    settle(view)
    assert links(view) == []


def test_links_come_while_the_answer_is_written(view: ResultView) -> None:
    for end in range(1, len(TIMELINE) + 1, 3):
        view.show_turn(about_clip(TIMELINE[:end]))
        frame(view)
    show_turn(view, ended(about_clip(TIMELINE)))
    assert len(links(view)) == 8


def test_the_named_video_goes_with_the_link(view: ResultView) -> None:
    answer = "Video 2 begins. In Video 1 it falls at 0:03. At 0:04 in video 2.\n\n"
    answer += "| clip | time |\n|--|--|\n| Video 2 | 0:05 |"
    show_turn(view, ended(about_clip(answer)))
    assert [(moment.start_s, moment.clip_number) for _, moment in links(view)] == [(3, 1), (4, 2), (5, 2)]


def test_numbers_under_a_head_that_says_so_are_links(view: ResultView) -> None:
    show_turn(view, ended(about_clip("| Start (s) | n |\n|--|--|\n| 3.5 | 4.5 |")))
    assert [(words, moment.start_s) for words, moment in links(view)] == [("3.5", 3.5)]


def test_a_click_asks_for_the_moment(view: ResultView, qtbot: QtBot) -> None:
    show_turn(view, ended(about_clip("It slows at 0:06 – 0:09.")))
    cursor = view.document().find("0:06")
    with qtbot.waitSignal(view.time_wanted) as asked:
        QTest.mouseClick(
            view.viewport(), Qt.MouseButton.LeftButton, pos=view.cursorRect(cursor).center() - QPoint(4, 0)
        )
    assert asked.args == [TimeLink("1", 6, 9)]


def test_the_keyboard_reaches_every_time(view: ResultView, qtbot: QtBot) -> None:
    show_turn(view, ended(about_clip("At 0:03 it falls, **0:06** – 0:09 it lies.")))
    view.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(view.hasFocus)
    met = []
    for _ in range(6):
        QTest.keyClick(view, Qt.Key.Key_Tab)
        met.append(view.textCursor().selectedText().replace("\u00a0", " "))
    assert met == ["Copy question", "Edit", "0:03", "0:06 – 0:09", "Copy", "Ask again"]
    for _ in range(2):
        QTest.keyClick(view, Qt.Key.Key_Backtab)
    with qtbot.waitSignal(view.time_wanted) as asked:
        QTest.keyClick(view, Qt.Key.Key_Return)
    assert asked.args == [TimeLink("1", 6, 9)]


def test_the_ring_lies_around_a_link_on_two_lines(view: ResultView, qtbot: QtBot) -> None:
    view.resize(260, 400)
    show_turn(view, ended(about_clip("A few words before it happens: 0:06 – 0:09 it lies.")))
    view.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(view.hasFocus)
    for width in range(200, 300, 4):
        view.resize(width, 400)
        cursor = view.document().find("0:06 – 0:09")
        first, last = (QTextCursor(view.document()) for _ in range(2))
        first.setPosition(cursor.selectionStart())
        last.setPosition(cursor.selectionEnd())
        if view.cursorRect(first).top() != view.cursorRect(last).top():
            break
    else:
        pytest.fail("the link never wraps")
    before = view.grab().toImage()
    for _ in range(3):
        QTest.keyClick(view, Qt.Key.Key_Tab)
    assert view.textCursor().selectedText() == "0:06 – 0:09"
    assert len(view.link_areas()) == 2
    after = view.grab().toImage()
    for area in view.link_areas():
        edge = area.topLeft().toPoint() + QPoint(round(area.width() / 2), 0)
        ratio = before.devicePixelRatio()
        near = [(edge + QPoint(0, dy)) * ratio for dy in (-2, -1, 0, 1)]
        assert any(before.pixel(at) != after.pixel(at) for at in near)


def test_times_are_told_apart_by_the_accent_colour(view: ResultView) -> None:
    show_turn(view, ended(about_clip("It falls at 0:06.")))
    letters = view.document().find("0:06").charFormat()
    assert letters.foreground().color() == link_text(view.palette())
    assert not letters.fontUnderline()


def test_the_pointer_is_told_where_the_link_leads(view: ResultView) -> None:
    show_turn(view, ended(about_clip("It lies at 0:06 – 0:09.")))
    place = view.cursorRect(view.document().find("0:06")).center() - QPoint(4, 0)
    event = QHelpEvent(QEvent.Type.ToolTip, place, view.viewport().mapToGlobal(place))
    QApplication.sendEvent(view.viewport(), event)
    assert "Show 0:06 – 0:09 of the video" in QToolTip.text()
    QToolTip.hideText()


def test_what_is_copied_knows_no_links(view: ResultView) -> None:
    show_turn(view, ended(about_clip(TIMELINE)))
    view.selectAll()
    QTest.keySequence(view, QKeySequence(QKeySequence.StandardKey.Copy))
    copied = QGuiApplication.clipboard().mimeData()
    assert TIMELINE.strip() in copied.text()
    assert "moment:" not in copied.text() + copied.html()


@pytest.mark.parametrize(
    ("first", "last", "copied"),
    [
        ("It was", "seconds>", "It was **0:05** – `0:07` at <12.3 seconds>"),
        ("0:05 – 0", "0:05 – 0", "**0:05** – `0`"),
        ("0:00", "0:06", "0:00 – 0:06"),
        ('[{"start"', 'at 0:01"}]', '[{"start": 3.0, "end": "00:05.5", "event": "at 0:01"}]'),
    ],
)
def test_parts_are_copied_as_they_were_written(view: ResultView, first: str, last: str, copied: str) -> None:
    show_turn(view, ended(about_clip(TIMELINE)))
    text = view.toPlainText()
    start = text.index(first)
    cursor = view.textCursor()
    cursor.setPosition(start)
    cursor.setPosition(text.index(last, start) + len(last), QTextCursor.MoveMode.KeepAnchor)
    view.setTextCursor(cursor)
    assert view.createMimeDataFromSelection().text() == copied


def test_a_wide_table_holds_links_too(view: ResultView, qtbot: QtBot) -> None:
    head = "| time | a | b | c |\n|---|---|---|---|\n"
    show_turn(view, ended(about_clip(head + "| 0:03 |" + " a cell of many words that are long |" * 3)))
    (table,) = (table for table in view.findChildren(WideTable) if table.isVisible())
    assert [words for words, _ in links(table)] == ["0:03"]
    cursor = table.document().find("0:03")
    place = table.cursorRect(cursor).center() - QPoint(4, 0)
    event = QHelpEvent(QEvent.Type.ToolTip, place, table.viewport().mapToGlobal(place))
    QApplication.sendEvent(table.viewport(), event)
    assert "Show 0:03 of the video" in QToolTip.text()
    QToolTip.hideText()
    with qtbot.waitSignal(view.time_wanted) as asked:
        QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert asked.args == [TimeLink("1", 3)]


@pytest.mark.parametrize("piece", ["0:12 ", "0:12-", "(3 s, ", '"start": 3, ', "`0:12`", "| 0:01 "])
def test_a_frame_with_very_many_times_is_short(view: ResultView, piece: str) -> None:
    answer = piece * (20_000 // len(piece))
    worst = 0.0
    for end in range(2_000, len(answer), 2_000):
        view.show_turn(about_clip(answer[:end]))
        began = time.thread_time()
        frame(view)
        worst = max(worst, time.thread_time() - began)
    assert worst < 0.5


def test_people_who_listen_are_told_which_time_has_the_keyboard(
    view: ResultView, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    monkeypatch.setattr("app.gui.answers.answer_drag.announce", lambda _widget, text: heard.append(text))
    wide = "\n\n| time | a | b | c |\n|---|---|---|---|\n| 0:03 |" + " a cell of many words that are long |" * 3
    show_turn(view, ended(about_clip("At 0:02." + wide)))
    view.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(view.hasFocus)
    for _ in range(7):
        focused = QApplication.focusWidget()
        assert focused is not None
        QTest.keyClick(focused, Qt.Key.Key_Tab)
    assert heard[2] == "0:02, link"
    assert heard[-1] == "0:03, link"
