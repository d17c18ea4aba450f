"""How answers are shown: as they grow, without losing the reader's place, and without loading anything."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QImage, QPalette, QTextCursor, QTextDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from app.gui.answers.answer_look import code_ground, kind_of
from app.gui.answers.link_dialog import LinkDialog
from app.gui.answers.result_view import ResultView
from app.gui.answers.sealed_document import SealedDocument
from tests.gui.answers_shown import ended, frame, settle, show, turn
from tests.gui.conftest import draw

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtGui import QTextCharFormat
    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.usefixtures("qtbot")
RICH = """# Three shapes

| shape | where |
|---|---|
| red circle | top left |

The **blue square** is *largest*, see `bbox_2d`.

1. one

2. two

   more of two

- bullet
  - inner

```python
def f():

    return 1
```

> a quoted line

Done 完成。"""


def stream(view: ResultView, text: str, piece_chars: int = 7) -> None:
    for end in range(piece_chars, len(text) + piece_chars, piece_chars):
        show(view, text[:end])


def letters_of(document: QTextDocument) -> list[tuple[str, QTextCharFormat]]:
    found = []
    block = document.begin()
    while block.isValid():
        iterator = block.begin()
        while not iterator.atEnd():
            found.append((iterator.fragment().text(), iterator.fragment().charFormat()))
            iterator += 1
        block = block.next()
    return found


def anchors_in(document: QTextDocument) -> list[str]:
    return [style.anchorHref() for _, style in letters_of(document) if style.isAnchor()]


def kinds_in(document: QTextDocument) -> list[str]:
    return [kind_of(document.findBlockByNumber(number)) for number in range(document.blockCount())]


def objects_in(document: QTextDocument) -> list[str]:
    """What Qt would ask the document to load or draw: there is nothing of the kind, whatever an answer says."""
    return [
        text for text, style in letters_of(document) if style.isImageFormat() or style.objectType() or "\ufffc" in text
    ]


def untrusted(address: str) -> str:
    return (
        f"![a cat]({address}) and <img src='{address}'> and [a link]({address})\n\n"
        f"<iframe src='{address}'></iframe><style>@import url({address});</style>\n\n"
        f"| a |\n|---|\n| ![in a table]({address}) |\n\n- ![in a list]({address})\n\n"
        f"![by reference][ref]\n\n[ref]: {address}\n"
    )


def test_nothing_in_an_answer_is_loaded(view: ResultView, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    local = draw(tmp_path / "secret.png", 300, 200)
    asked_for: list[str] = []
    for kind in (ResultView, SealedDocument):
        monkeypatch.setattr(kind, "loadResource", lambda _self, _kind, url: asked_for.append(str(url)))
    addresses = [
        QUrl.fromLocalFile(str(local)).toString(),
        str(local),
        quote(str(local)),
        "http://127.0.0.1:9/x.png",
        "https://example.com/x.png",
        "//example.com/x.png",
        "data:image/png;base64,iVBORw0KGgo=",
        "qrc:/x.png",
    ]
    text = "\n\n".join(untrusted(address) for address in addresses)
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    stream(view, text, 97)
    show(view, text, is_whole=True)
    image = view.grab()
    assert not image.isNull()
    assert asked_for == []
    assert opened == []
    assert objects_in(view.document()) == []
    assert {address.partition(":")[0] for address in anchors_in(view.document())} == {
        "link",
        "copy",
        "retry",
        "copy-question",
        "edit",
    }
    shown = view.toPlainText()
    assert "[a cat]" in shown
    assert "<img src='http://127.0.0.1:9/x.png'>" in shown


def test_a_document_loads_no_file_even_where_a_picture_stands_in_it(view: ResultView, tmp_path: Path) -> None:
    local = draw(tmp_path / "secret.png")
    address = QUrl.fromLocalFile(str(local))
    for document in (view.document(), SealedDocument(view, view.font())):
        found = document.resource(QTextDocument.ResourceType.ImageResource.value, address)
        assert not found
        assert not isinstance(found, QImage)


def test_a_link_in_an_answer_cannot_give_the_windows_commands(view: ResultView) -> None:
    given: list[tuple[str, str]] = []
    view.command_wanted.connect(lambda command, request_id: given.append((command, request_id)))
    view.show_turn(turn())
    show(view, "[press me](retry:1) [me too](copy-code:1)", is_whole=True)
    assert anchors_in(view.document()) == ["copy-question:1", "edit:1", "link:0", "link:1", "copy:1", "retry:1"]
    view.anchorClicked.emit(QUrl("file:///etc/passwd"))
    view.anchorClicked.emit(QUrl("link:77"))
    view.anchorClicked.emit(QUrl("copy:1"))
    view.anchorClicked.emit(QUrl("edit:1"))
    assert given == [("copy", "1"), ("edit", "1")]


def click(view: ResultView, words: str) -> None:
    start = view.toPlainText().index(words)
    cursor = view.textCursor()
    cursor.setPosition(start + 1)
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.cursorRect(cursor).center())


def test_a_link_is_opened_only_after_its_address_was_shown(
    view: ResultView, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    show(view, "See [the page](https://example.com/a?b=1) for more.", is_whole=True)
    click(view, "the page")
    dialog = view.window().findChild(LinkDialog)
    assert dialog is not None
    assert opened == []
    assert dialog.shown.toPlainText() == "https://example.com/a?b=1"
    button = dialog.findChild(QPushButton, "openAddressButton")
    assert button is not None
    button.click()
    assert opened == ["https://example.com/a?b=1"]
    qtbot.waitUntil(lambda: view.window().findChild(LinkDialog) is None)


def test_the_host_that_is_shown_is_the_one_that_is_opened(view: ResultView, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(
        QDesktopServices,
        "openUrl",
        lambda url: opened.append(url.toString(QUrl.ComponentFormattingOption.FullyEncoded)),
    )
    show(view, "See [the page](https://faß.аpple.example/x).", is_whole=True)
    click(view, "the page")
    dialog = view.window().findChild(LinkDialog)
    assert dialog is not None
    assert dialog.shown.toPlainText() == "https://xn--fa-hia.xn--pple-43d.example/x"
    button = dialog.findChild(QPushButton, "openAddressButton")
    assert button is not None
    button.click()
    assert opened == [dialog.shown.toPlainText()]


@pytest.mark.parametrize("address", ["file:///etc/passwd", "javascript:alert(1)", "ftp://x.org", "retry:1"])
def test_an_address_of_another_kind_is_only_copied(
    view: ResultView, qtbot: QtBot, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    show(view, f"See [the page]({address}).", is_whole=True)
    click(view, "the page")
    dialog = view.window().findChild(LinkDialog)
    assert dialog is not None
    assert dialog.shown.toPlainText() == address
    assert dialog.findChild(QPushButton, "openAddressButton") is None
    button = dialog.findChild(QPushButton, "copyAddressButton")
    assert button is not None
    button.click()
    assert QGuiApplication.clipboard().text() == address
    assert opened == []
    qtbot.waitUntil(lambda: view.window().findChild(LinkDialog) is None)


def test_front_matter_is_words_like_all_others(view: ResultView) -> None:
    show(view, "---\ntitle: x\n---\nhello", is_whole=True)
    assert "title: x" in view.toPlainText()


@pytest.mark.parametrize("piece_chars", [1, 5, 64, 10_000])
def test_a_streamed_answer_ends_as_if_it_had_come_at_once(view: ResultView, piece_chars: int) -> None:
    stream(view, RICH, piece_chars)
    show(view, RICH, is_whole=True)
    streamed = view.toPlainText()
    view.show_turns([ended(turn(answer=RICH))])
    settle(view)
    assert view.toPlainText() == streamed
    assert "Three shapes" in streamed
    assert "Done 完成。" in streamed
    assert "**" not in streamed


def test_what_is_finished_is_not_set_again(view: ResultView) -> None:
    text = "First paragraph.\n\nSecond"
    show(view, text)
    changed_from: list[int] = []
    view.document().contentsChange.connect(lambda position, _removed, _added: changed_from.append(position))
    show(view, text + " paragraph grows.")
    assert min(changed_from) >= view.toPlainText().index("First paragraph.") + len("First paragraph.")


def test_a_selection_survives_streaming(view: ResultView) -> None:
    text = "A first paragraph to select.\n\nA second one, still"
    show(view, text)
    for words in ("first paragraph", "second one"):
        start = view.toPlainText().index(words)
        cursor = view.textCursor()
        cursor.setPosition(start)
        cursor.setPosition(start + len(words), QTextCursor.MoveMode.KeepAnchor)
        view.setTextCursor(cursor)
        text += " growing and growing" * 3
        show(view, text)
        assert view.textCursor().selectedText() == words
    show(view, text, is_whole=True)
    assert view.textCursor().selectedText() == "second one"


def test_the_view_follows_only_from_the_bottom(view: ResultView) -> None:
    text = "A line of words.\n\n" * 40
    show(view, text)
    bar = view.verticalScrollBar()
    assert bar.maximum() > 0
    assert bar.value() == bar.maximum()
    bar.setValue(50)
    for _ in range(5):
        text += "Another line.\n\n"
        show(view, text)
        assert bar.value() == 50
    show(view, text, is_whole=True)
    assert bar.value() == 50
    bar.setValue(bar.maximum())
    view.show_turn(turn("2", answer="More.\n\n" * 20))
    frame(view)
    assert bar.value() == bar.maximum()


def test_old_colours_are_not_kept_when_the_system_turns_dark(view: ResultView) -> None:
    view.show_turns([ended(turn(answer=RICH))])
    settle(view)
    before = view.toPlainText()
    dark = QPalette("#222226")
    view.setPalette(dark)
    settle(view)
    assert view.toPlainText() == before
    cursor = QTextCursor(view.document())
    cursor.movePosition(QTextCursor.MoveOperation.End)
    cursor.movePosition(QTextCursor.MoveOperation.StartOfBlock)
    cursor.movePosition(QTextCursor.MoveOperation.Right)
    assert cursor.charFormat().foreground().color().lightness() > 128


@given(st.text(alphabet=st.characters(codec="utf-16", exclude_categories=[]), max_size=80))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
def test_any_words_can_be_shown(view: ResultView, text: str) -> None:
    view.show_turns([ended(turn(answer=text))])
    settle(view)
    assert objects_in(view.document()) == []


def test_a_look_that_changed_before_the_first_question_is_taken(view: ResultView) -> None:
    palette = QPalette(view.palette())
    palette.setColor(QPalette.ColorRole.Base, Qt.GlobalColor.black)
    palette.setColor(QPalette.ColorRole.Text, Qt.GlobalColor.white)
    view.setPalette(palette)
    show(view, "See `code`.", is_whole=True)
    style = next(style for letters, style in letters_of(view.document()) if letters == "code")
    assert style.background().color() == code_ground(palette)


@pytest.mark.parametrize("last", ["---", "- a\n-"])
def test_an_answer_keeps_an_end_that_has_no_words(view: ResultView, last: str) -> None:
    show(view, f"Words.\n\n{last}\n\nMore.", is_whole=True)
    kinds = kinds_in(view.document())
    view.show_turns([])
    show(view, f"Words.\n\n{last}", is_whole=True)
    assert kinds_in(view.document()) == [*kinds[:-2], kinds[-1]]


def test_another_width_lays_a_long_conversation_out_few_times(view: ResultView) -> None:
    asked = ("short?", "a question of so many words that it takes more than a single line of its bubble " * 2)
    view.show_turns([ended(turn(str(number), "Words.", asked[number % 2])) for number in range(40)])
    settle(view)
    changes: list[int] = []
    view.document().contentsChange.connect(lambda position, _removed, _added: changes.append(position))
    view.resize(view.width() + 160, view.height())
    assert 0 < len(changes) <= 2


def test_a_table_keeps_its_distance_from_code_before_it(qtbot: QtBot) -> None:
    view = ResultView()
    qtbot.addWidget(view)
    view.resize(412, 600)
    show(view, "```python\nx = 1\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n", is_whole=True)
    document = view.document()
    layout = document.documentLayout()
    line = document.find("x = 1")
    code = layout.blockBoundingRect(line.block())
    table = layout.blockBoundingRect(document.find("a", line).block())
    assert table.top() - code.bottom() > 16, "the ground of code goes on below its last line"
