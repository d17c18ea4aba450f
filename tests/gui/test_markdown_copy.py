"""What is copied out of a conversation is Markdown."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtGui import QDrag, QGuiApplication, QKeySequence, QTextCursor
from PySide6.QtTest import QTest

from app.gui.answers.answer_look import CAPTION, CODE_LABEL, FOOT, GAP, kind_of
from app.gui.answers.markdown_copy import markdown_of
from tests.gui.answers_shown import ended, settle, show, turn

if TYPE_CHECKING:
    from app.gui.answers.result_view import ResultView

pytestmark = pytest.mark.usefixtures("qtbot")
RICH = """## Three shapes

The **blue square** is *largest*, see `bbox_2d` and [the page](https://example.com/a_b).

1. one
2. two **bold** words
   - inner
   - other

- [x] done

> quoted *words*

```python
def f():
    return "`"
```

| shape | where |
| --- | ---: |
| red **circle** | top |
| blue | left |

So $x^2 + y_i$ is it.

$$
\\frac{1}{2}
$$

Done 完成。"""


def select(view: ResultView, first: str, last: str = "") -> None:
    text = view.toPlainText()
    start = text.index(first)
    end = text.index(last or first, start) + len(last or first)
    cursor = view.textCursor()
    cursor.setPosition(start)
    cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
    view.setTextCursor(cursor)


def copied(view: ResultView) -> tuple[str, str]:
    """What Copy puts on the clipboard: Markdown, and plain text."""
    QTest.keySequence(view, QKeySequence(QKeySequence.StandardKey.Copy))
    mime = QGuiApplication.clipboard().mimeData()
    return bytes(mime.data("text/markdown").data()).decode(), mime.text()


@pytest.fixture
def shown(view: ResultView) -> ResultView:
    view.show_turns([ended(turn(answer=RICH))])
    settle(view)
    view.setFocus()
    return view


def test_a_whole_answer_is_copied_as_the_model_wrote_it(shown: ResultView) -> None:
    select(shown, "Three shapes", "完成。")
    markdown, plain = copied(shown)
    assert markdown == RICH
    assert plain == RICH


def test_everything_is_copied_with_the_questions(view: ResultView) -> None:
    view.show_turns([ended(turn("1", RICH)), ended(turn("2", "Second *answer*.", "And\nthat?"))])
    settle(view)
    view.setFocus()
    view.selectAll()
    markdown, _ = copied(view)
    assert markdown == f"What is this?\n\n{RICH}\n\nAnd\nthat?\n\nSecond *answer*."


@pytest.mark.parametrize(
    ("first", "last", "markdown"),
    [
        ("square", "", "**square**"),
        ("blue square is largest", "", "**blue square** is *largest*"),
        ("square is lar", "", "**square** is *lar*"),
        ("bbox_2d", "", "`bbox_2d`"),
        ("page", "", "[page](https://example.com/a_b)"),
        ("shapes", "see", "## Three shapes\n\nThe **blue square** is *largest*, see"),
        ("one", "inner", "1. one\n2. two **bold** words\n   - inner"),
        ("inner", "other", "- inner\n- other"),
        ("other", "done", "2. - other\n- [x] done"),
        ("done", "quoted", "- [x] done\n\n> quoted"),
        ("quoted", "return", "> quoted *words*\n\n```python\ndef f():\n    return\n```"),
        ("red circle", "blue", "| shape | where |\n| --- | ---: |\n| red **circle** | top |\n| blue | left |"),
        ("Done", "", "Done"),
    ],
)
def test_a_part_is_well_formed_alone(shown: ResultView, first: str, last: str, markdown: str) -> None:
    if first == "shapes":
        select(shown, "Three shapes", last)
    else:
        select(shown, first, last)
    assert copied(shown)[0] == markdown


def test_a_touched_formula_is_copied_as_latex(shown: ResultView) -> None:
    select(shown, "² + y")
    assert copied(shown)[0] == "$x^2 + y_i$"
    select(shown, "1/2")
    assert "\\frac{1}{2}" in copied(shown)[0]


def test_lines_of_one_program_are_plain_code_and_fenced_markdown(shown: ResultView) -> None:
    select(shown, "def f():\n    return")
    markdown, plain = copied(shown)
    assert plain == "def f():\n    return"
    assert markdown == "```python\ndef f():\n    return\n```"


def test_words_without_marks_stay_as_they_are_in_plain_text(view: ResultView) -> None:
    show(view, "Is 5 * 3 [or] more? Yes.", is_whole=True)
    view.setFocus()
    select(view, "5 * 3 [or]")
    markdown, plain = copied(view)
    assert plain == "5 * 3 [or]"
    assert markdown == r"5 \* 3 \[or\]"


def test_what_was_cut_while_it_streamed_is_copied_whole(view: ResultView) -> None:
    words = " ".join(f"word{number}" for number in range(900))
    code = "\n".join(f"line {number} of it" for number in range(150)) + "\n" + "x" * 7_000
    text = f"{words}\n\n```\n{code}\n```\n\nend"
    show(view, text, is_whole=True)
    view.setFocus()
    select(view, "ord0", "end")
    assert copied(view)[0] == f"ord0{text[5:]}"
    select(view, "line 0 of it", "line 149 of it")
    assert copied(view)[1] == "\n".join(code.split("\n")[:150])


def test_a_program_is_copied_by_its_own_command(shown: ResultView) -> None:
    select(shown, "python   Copy")
    cursor = shown.textCursor()
    cursor.setPosition(cursor.selectionEnd() - 2)
    shown.ensureCursorVisible()
    shown.setTextCursor(cursor)
    QTest.mouseClick(shown.viewport(), Qt.MouseButton.LeftButton, pos=shown.cursorRect(cursor).center())
    assert QGuiApplication.clipboard().text() == 'def f():\n    return "`"'


def test_a_program_is_copied_by_the_keyboard(shown: ResultView) -> None:
    met = []
    for _ in range(12):
        QTest.keyClick(shown, Qt.Key.Key_Tab)
        met.append(shown.textCursor().selectedText())
        if met[-1] == "Copy" and met[-2:] != ["Copy", "Copy"] and "the page" in met:
            break
    QTest.keyClick(shown, Qt.Key.Key_Return)
    assert QGuiApplication.clipboard().text() == 'def f():\n    return "`"'


@pytest.mark.qt_log_ignore("Mouse event .MouseRelease. not accepted")
def test_an_answer_is_dragged_out_by_its_copy_link(shown: ResultView, monkeypatch: pytest.MonkeyPatch) -> None:
    dragged: list[QMimeData] = []

    def remember(drag: QDrag, *_actions: Qt.DropAction) -> Qt.DropAction:
        copy = QMimeData()
        copy.setText(drag.mimeData().text())
        copy.setData("text/markdown", drag.mimeData().data("text/markdown"))
        dragged.append(copy)
        return Qt.DropAction.CopyAction

    monkeypatch.setattr(QDrag, "exec", remember)
    text = shown.toPlainText()
    cursor = shown.textCursor()
    cursor.setPosition(text.rindex("Copy") + 1)
    shown.setTextCursor(cursor)
    shown.ensureCursorVisible()
    place = shown.cursorRect(cursor).center()
    QTest.mousePress(shown.viewport(), Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseMove(shown.viewport(), place + QPoint(3, 0))
    QTest.mouseMove(shown.viewport(), place + QPoint(60, 40))
    QTest.mouseRelease(shown.viewport(), Qt.MouseButton.LeftButton, pos=place + QPoint(60, 40))
    assert [mime.text() for mime in dragged] == [RICH]
    assert bytes(dragged[0].data("text/markdown").data()).decode() == RICH


def shown_words(view: ResultView, start: int, end: int) -> str:
    """The words of an answer between two places, without spaces and without what the window adds."""
    words = []
    block = view.document().findBlock(start)
    while block.isValid() and block.position() < end:
        if kind_of(block) not in {CAPTION, CODE_LABEL, FOOT, GAP}:
            words.append(block.text()[max(0, start - block.position()) : end - block.position()])
        block = block.next()
    return "".join("".join(words).split())


def test_any_part_reads_the_same_when_it_is_shown_again(view: ResultView) -> None:
    """Tables come in whole rows and formulas whole, and are tested above."""
    text = (
        RICH.split("| shape", maxsplit=1)[0]
        + "1. ten\n\n   more *of **both*** it\n\n> > - deep `x|y`\n>\n> back\n\n"
        + "~~old~~ end."
    )
    view.show_turns([ended(turn(answer=text))])
    settle(view)
    writer, end = view._shown[0].writer, view._shown[0].answer_end
    assert writer is not None
    numbers = random.Random(7)
    parts = []
    for length in [3, 12, 40, 120, 300] * 16:
        cursor = view.textCursor()
        cursor.setPosition(numbers.randrange(writer.start, end - 3))
        cursor.setPosition(min(end, cursor.anchor() + length), QTextCursor.MoveMode.KeepAnchor)
        kinds = {kind_of(view.document().findBlock(place)) for place in (cursor.anchor(), cursor.position())}
        if CODE_LABEL not in kinds:
            wanted = shown_words(view, cursor.anchor(), cursor.position())
            parts.append((wanted, markdown_of(cursor, view.whole_answers())))
    assert len(parts) > 60
    for wanted, markdown in parts:
        view.show_turns([ended(turn(answer=markdown))])
        settle(view)
        shown = view._shown[0]
        assert shown.writer is not None
        assert shown_words(view, shown.writer.start, shown.answer_end) == wanted, markdown


def test_a_part_behind_letters_of_two_units_is_copied_as_it_was_selected(view: ResultView) -> None:
    show(view, "😀 𝒳 one **two 😀 three** four\n\n```\nx = '😀😀' + y\nz\n```", is_whole=True)
    for selected, markdown in (("one two", "one **two**"), ("😀 three f", "**😀 three** f"), ("+ y", "```\n+ y\n```")):
        cursor = view.document().find(selected)
        assert cursor.selectedText() == selected
        assert markdown_of(cursor) == markdown


def test_a_row_that_reads_like_the_header_is_copied_too(view: ResultView) -> None:
    rows = ["| a | b |", *(f"| {number} | x |" for number in range(11)), "| a | b |"]
    table = "\n".join(["| a | b |", "| --- | --- |", *rows])
    show(view, f"before\n\n{table}\n\nafter", is_whole=True)
    select(view, "before", "after")
    assert markdown_of(view.textCursor()) == f"before\n\n{table}\n\nafter"
