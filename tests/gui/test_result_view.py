"""How answers are shown: as they grow, without losing the reader's place, and without loading anything."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QUrl
from PySide6.QtGui import QImage, QPalette, QTextCursor, QTextDocument

from app.core.conversation import AskedTurn
from app.core.events import Figures
from app.core.requests import Question
from app.core.sampling import GREEDY
from app.core.vision import PixelLimits
from app.gui.answer_writer import AnswerWriter
from app.gui.markdown_tail import finished_end
from app.gui.result_view import ResultView
from app.gui.sealed_markdown import SealedDocument, rendered
from tests.gui.conftest import draw

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("qtbot")
NOW = datetime(2026, 1, 2, tzinfo=timezone.utc)
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


def turn(request_id: str = "1", answer: str = "", question: str = "What is this?") -> AskedTurn:
    asked = Question(request_id, question, PixelLimits(), GREEDY)
    return AskedTurn(asked, None, NOW, GREEDY, phase="answering" if answer else "waiting", answer=answer)


def ended(asked: AskedTurn) -> AskedTurn:
    return replace(asked, phase="ended", outcome="done", figures=Figures(10, 0, 5, 0.5, 1.0, 31.0))


@pytest.fixture
def view() -> Iterator[ResultView]:
    view = ResultView()
    view.resize(400, 300)
    view.show()
    yield view
    view.close()
    view.deleteLater()


def stream(view: ResultView, text: str, piece_chars: int = 7) -> None:
    for end in range(piece_chars, len(text) + piece_chars, piece_chars):
        view.show_turn(turn(answer=text[:end]))
        view._on_frame_timeout()


def pictures_in(document: QTextDocument) -> list[str]:
    found = []
    block = document.begin()
    while block.isValid():
        iterator = block.begin()
        while not iterator.atEnd():
            style = iterator.fragment().charFormat()
            if style.isImageFormat() or style.anchorHref():
                found.append(style.toImageFormat().name() or style.anchorHref())
            iterator += 1
        block = block.next()
    return found


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
    stream(view, text, 97)
    view.show_turn(ended(turn(answer=text)))
    image = view.grab()
    assert not image.isNull()
    assert asked_for == []
    assert [name for name in pictures_in(view.document()) if not name.startswith("copy:")] == []
    shown = view.toPlainText()
    assert "[a cat]" in shown
    assert "a link (https://example.com/x.png)" in shown
    assert "<img src='http://127.0.0.1:9/x.png'>" in shown


def test_a_document_loads_no_file_even_where_a_picture_stands_in_it(view: ResultView, tmp_path: Path) -> None:
    local = draw(tmp_path / "secret.png")
    address = QUrl.fromLocalFile(str(local))
    for document in (view.document(), SealedDocument()):
        found = document.resource(QTextDocument.ResourceType.ImageResource.value, address)
        assert not found
        assert not isinstance(found, QImage)


def test_a_link_in_an_answer_cannot_give_the_windows_commands(view: ResultView) -> None:
    given: list[tuple[str, str]] = []
    view.command_wanted.connect(lambda command, request_id: given.append((command, request_id)))
    view.show_turn(turn())
    view.show_turn(ended(turn(answer="[press me](retry:1)")))
    assert pictures_in(view.document()) == ["copy:1"]
    view.anchorClicked.emit(QUrl("file:///etc/passwd"))
    view.anchorClicked.emit(QUrl("copy:1"))
    assert given == [("copy", "1")]


def test_front_matter_is_words_like_all_others() -> None:
    document = rendered("---\ntitle: x\n---\nhello", SealedDocument().defaultFont(), QPalette())
    assert "title: x" in document.toPlainText()


@pytest.mark.parametrize("piece_chars", [1, 5, 64, 10_000])
def test_a_streamed_answer_ends_as_if_it_had_come_at_once(view: ResultView, piece_chars: int) -> None:
    stream(view, RICH, piece_chars)
    view.show_turn(ended(turn(answer=RICH)))
    streamed = view.toPlainText()
    view.show_turns([ended(turn(answer=RICH))])
    assert view.toPlainText() == streamed
    assert "Three shapes" in streamed
    assert "Done 完成。" in streamed
    assert "**" not in streamed


def test_what_is_finished_is_not_set_again(view: ResultView) -> None:
    text = "First paragraph.\n\nSecond"
    view.show_turn(turn(answer=text))
    view._on_frame_timeout()
    changed_from: list[int] = []
    view.document().contentsChange.connect(lambda position, _removed, _added: changed_from.append(position))
    view.show_turn(turn(answer=text + " paragraph grows."))
    view._on_frame_timeout()
    assert min(changed_from) > view.toPlainText().index("First paragraph.") + len("First paragraph.")


def test_a_selection_survives_streaming(view: ResultView) -> None:
    text = "A first paragraph to select.\n\nA second one, still"
    view.show_turn(turn(answer=text))
    view._on_frame_timeout()
    for words in ("first paragraph", "second one"):
        start = view.toPlainText().index(words)
        cursor = view.textCursor()
        cursor.setPosition(start)
        cursor.setPosition(start + len(words), QTextCursor.MoveMode.KeepAnchor)
        view.setTextCursor(cursor)
        text += " growing and growing" * 3
        view.show_turn(turn(answer=text))
        view._on_frame_timeout()
        assert view.textCursor().selectedText() == words
    view.show_turn(ended(turn(answer=text)))
    assert view.textCursor().selectedText() == "second one"


def test_the_view_follows_only_from_the_bottom(view: ResultView) -> None:
    text = "A line of words.\n\n" * 40
    view.show_turn(turn(answer=text))
    view._on_frame_timeout()
    bar = view.verticalScrollBar()
    assert bar.maximum() > 0
    assert bar.value() == bar.maximum()
    bar.setValue(50)
    for _ in range(5):
        text += "Another line.\n\n"
        view.show_turn(turn(answer=text))
        view._on_frame_timeout()
        assert bar.value() == 50
    view.show_turn(ended(turn(answer=text)))
    assert bar.value() == 50
    bar.setValue(bar.maximum())
    view.show_turn(turn("2", answer="More.\n\n" * 20))
    view._on_frame_timeout()
    assert bar.value() == bar.maximum()


def test_twenty_thousand_tokens_stay_smooth(view: ResultView) -> None:
    paragraph = "Some **words** of an answer that is long, with `code` and more of them. " * 6
    text = "\n\n".join([paragraph, "- one\n- two\n- three"] * 105)
    assert len(text) > 45_000
    began = time.perf_counter()
    for end in range(0, len(text), 180):
        view.show_turn(turn(answer=text[: end + 180]))
        view._on_frame_timeout()
    view.show_turn(ended(turn(answer=text)))
    assert text.count("`code`") == view.toPlainText().count("code")
    assert time.perf_counter() - began < 30, "a bound for a busy machine; quadratic work takes minutes"


def test_one_block_without_end_is_set_in_proportion_to_its_length(view: ResultView) -> None:
    text = "```json\n" + '{"bbox_2d": [1, 2, 3, 4], "label": "a shape"},\n' * 800
    renderings = 0
    writer = AnswerWriter(view.document(), view.font(), view.palette())
    set_tail = writer._set_tail

    def counting(cursor: QTextCursor, tail: str) -> None:
        nonlocal renderings
        renderings += 1
        set_tail(cursor, tail)

    writer._set_tail = counting  # type: ignore[method-assign,assignment]
    for end in range(0, len(text), 60):
        writer.write(text[: end + 60])
    assert len(text) > 35_000
    assert renderings < 60
    writer.finish(text + "```\n")
    assert view.toPlainText().strip().startswith('{"bbox_2d"')
    assert "```" not in view.toPlainText()


def test_old_colours_are_not_kept_when_the_system_turns_dark(view: ResultView) -> None:
    view.show_turns([ended(turn(answer=RICH))])
    before = view.toPlainText()
    dark = QPalette("#222226")
    view.setPalette(dark)
    assert view.toPlainText() == before
    cursor = QTextCursor(view.document())
    cursor.movePosition(QTextCursor.MoveOperation.End)
    cursor.movePosition(QTextCursor.MoveOperation.StartOfBlock)
    cursor.movePosition(QTextCursor.MoveOperation.Right)
    assert cursor.charFormat().foreground().color().lightness() > 128


def test_finished_ends_are_where_nothing_can_change_any_more() -> None:
    assert finished_end("one\n\ntwo", 0) == 5
    assert finished_end("one\n\n", 0) == 0
    assert finished_end("- one\n\n  more", 0) == 0
    assert finished_end("```\na\n\nb\n", 0) == 0
    assert finished_end("```\na\n\nb\n```\n\nc", 0) == len("```\na\n\nb\n```\n\n")
    assert finished_end("~~~\n```\n\nx\n~~~\n\nc", 0) == len("~~~\n```\n\nx\n~~~\n\n")
    assert finished_end("one\n\ntwo\n\nthree", 5) == 10


@given(st.text(alphabet="a `~\n-*|1.>#", max_size=60), st.integers(0, 60))
def test_a_finished_end_never_moves_back(text: str, cut: int) -> None:
    early = finished_end(text[:cut], 0)
    assert finished_end(text, 0) >= early
    assert finished_end(text, early) == finished_end(text, 0)


@given(st.text(max_size=80))
def test_any_words_can_be_shown(text: str) -> None:
    document = rendered(text, SealedDocument().defaultFont(), QPalette())
    assert pictures_in(document) == []
