"""Everything that people drop and paste, as browsers, file managers and office programs really hand it over."""

from __future__ import annotations

import base64
import os
import sys
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QByteArray, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication

from tests.drawn_pictures import corners_image, encoded
from tests.gui.conftest import draw

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from PySide6.QtWidgets import QWidget

    from tests.gui.window_driver import OpenWindow, WindowDriver

PNG = encoded(corners_image(), "PNG")
JPEG = encoded(corners_image(), "JPEG")
WEB = "https://example.com/pictures/a%20cat.png?size=large"
DATA_ADDRESS = "data:image/png;base64," + base64.b64encode(PNG).decode()


def mime_of(
    *,
    urls: Sequence[str] = (),
    text: str = "",
    html: str = "",
    png: bytes = b"",
    link: str = "",
    named: Mapping[str, bytes] | None = None,
) -> QMimeData:
    """Drag data; `link` is text/x-moz-url as browsers write it, `named` the files that some hand over with it."""
    mime = QMimeData()
    if urls:
        mime.setUrls([QUrl(address) for address in urls])
    if text:
        mime.setText(text)
    if html:
        mime.setHtml(html)
    if png:
        mime.setData("image/png", QByteArray(png))
    for name, content in (named or {}).items():
        mime.setData(f'application/octet-stream;name="{name}"', QByteArray(content))
    if link:
        mime.setData("text/x-moz-url", QByteArray(f"{link}\nA title".encode("utf-16-le")))
    return mime


def hover(driver: WindowDriver, mime: QMimeData, *, on: QWidget | None = None) -> str:
    """Drags this over the window and gives what is said; the mouse leaves again."""
    zone = driver.parts.drop_zone
    target = on or zone
    keys, button, action = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton, Qt.DropAction.CopyAction
    QApplication.sendEvent(target, QDragEnterEvent(QPoint(20, 20), action, mime, button, keys))
    move = QDragMoveEvent(QPoint(30, 30), action, mime, button, keys)
    QApplication.sendEvent(target, move)
    said = zone.hint
    assert move.isAccepted() == bool(said)
    QApplication.sendEvent(target, QDragLeaveEvent())
    assert zone.hint == ""
    return said


def drop_on_prompt(driver: WindowDriver, mime: QMimeData) -> None:
    """Drops on the question box as Qt does: what it refuses goes on to the window."""
    viewport = driver.parts.prompt.edit.viewport()
    keys, button, action = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton, Qt.DropAction.CopyAction
    enter = QDragEnterEvent(QPoint(5, 5), action, mime, button, keys)
    QApplication.sendEvent(viewport, enter)
    QApplication.sendEvent(viewport, QDropEvent(QPointF(5, 5), action, mime, button, keys))


def copy_to_clipboard(mime: QMimeData) -> None:
    owned = QMimeData()  # the clipboard destroys what it holds
    for kind in mime.formats():
        owned.setData(kind, mime.data(kind))
    QGuiApplication.clipboard().setMimeData(owned)


def paste(driver: WindowDriver, mime: QMimeData) -> None:
    copy_to_clipboard(mime)
    driver.prompt.setFocus()
    driver.prompt.paste()


def png_file(folder: Path, name: str = "kept.png") -> Path:
    folder.mkdir(exist_ok=True)
    return draw(folder / name)


TAKEN: dict[str, tuple[Callable[[Path], QMimeData], list[str]]] = {
    "picture of a page, with its data": (
        lambda _: mime_of(urls=[WEB], html=f'<img src="{WEB}">', text=WEB, png=PNG),
        ["a cat.png"],
    ),
    "picture of a page, its data only": (lambda _: mime_of(png=PNG), ["Pasted picture 1.png"]),
    "picture of a page, with its file": (
        lambda _: mime_of(urls=[WEB], text=WEB, named={"the cat.png": PNG}),
        ["the cat.png"],
    ),
    "picture of a page that is a file": (lambda file: mime_of(urls=[file.as_uri()], png=PNG), ["kept.png"]),
    "link to a file": (lambda file: mime_of(link=file.as_uri()), ["kept.png"]),
    "link to a file with the machine's name": (
        lambda file: mime_of(urls=[f"file://localhost{file}"]),
        ["kept.png"],
    ),
    "page that shows a file": (
        lambda file: mime_of(html=f"<p>x<IMG alt='a>b' SRC='{file.as_uri()}'></p>"),
        ["kept.png"],
    ),
    "page that holds a picture": (lambda _: mime_of(html=f'<img src="{DATA_ADDRESS}">'), ["Pasted picture 1.png"]),
    "address that holds a picture": (lambda _: mime_of(urls=[DATA_ADDRESS]), ["Pasted picture 1.png"]),
    "words that hold a picture": (lambda _: mime_of(text=DATA_ADDRESS), ["Pasted picture 1.png"]),
    "path in words": (lambda file: mime_of(text=f"{file}\n"), ["kept.png"]),
    "address of a file in words": (lambda file: mime_of(text=file.as_uri()), ["kept.png"]),
    "the same file twice": (lambda file: mime_of(urls=[file.as_uri(), file.as_uri()]), ["kept.png"]),
}


@pytest.mark.parametrize("case", TAKEN)
def test_a_drop_is_taken(case: str, open_window: OpenWindow, tmp_path: Path) -> None:
    make, names = TAKEN[case]
    mime = make(png_file(tmp_path))
    driver = open_window()
    assert driver.drop(mime=mime)
    driver.wait_for_pictures(len(names))
    assert driver.names == names
    assert driver.refusals == ""


def test_qt_picture_data_is_taken(open_window: OpenWindow) -> None:
    image = QImage(40, 30, QImage.Format.Format_ARGB32)
    image.fill(QColor("#2255cc"))
    mime = QMimeData()
    mime.setImageData(image)
    driver = open_window()
    assert driver.drop(mime=mime)
    driver.wait_for_pictures(1)
    medium = driver.desk.pictures.media[0]
    assert (medium.source.name, medium.width_px, medium.height_px) == ("Pasted picture 1.png", 40, 30)


def test_files_are_taken_and_addresses_beside_them_refused(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window()
    other = "https://example.com/dog.png"
    driver.drop(mime=mime_of(urls=[WEB, png_file(tmp_path).as_uri(), other]))
    driver.wait_for_pictures(1)
    assert driver.names == ["kept.png"]
    assert "2 web addresses were left out" in driver.refusals


@pytest.mark.parametrize(
    ("mime", "said"),
    [
        (mime_of(urls=[WEB], html=f'<img src="{WEB}">', text=WEB), "“https://example.com/pictures/a cat.png"),
        (mime_of(link="https://example.com/cat.png"), "“https://example.com/cat.png” is a web address"),
        (mime_of(urls=["ftp://example.com/cat.png"]), "ftp://example.com/cat.png"),
        (mime_of(urls=["https://example.com/a.png", "https://example.com/b.png"]), "2 web addresses"),
    ],
)
def test_an_address_without_data_is_refused_while_it_hovers_and_when_dropped(
    mime: QMimeData, said: str, open_window: OpenWindow
) -> None:
    driver = open_window()
    assert hover(driver, mime) == "Web addresses are not opened Save it as a file first, then drop the file."
    assert driver.drop(mime=mime)
    driver.wait(lambda: said in driver.refusals)
    assert "Save it as a file first" in driver.refusals
    assert driver.names == []


def test_a_mixed_drop_keeps_what_is_usable_and_says_the_rest(open_window: OpenWindow, tmp_path: Path) -> None:
    good = png_file(tmp_path / "Holiday", "one.png")
    png_file(tmp_path / "Holiday", "two.png")
    (tmp_path / "Holiday" / "loop.png").symlink_to(tmp_path / "Holiday" / "loop.png")
    (tmp_path / "bare").mkdir()
    (tmp_path / "empty.png").touch()
    (tmp_path / "words.png").write_text("only words")
    secret = png_file(tmp_path, "secret.png")
    strange = png_file(tmp_path, "图 with  spaces\nand lines #1?.png")
    secret.chmod(0)
    driver = open_window()
    driver.drop(good.parent, strange, tmp_path / "bare", tmp_path / "empty.png", tmp_path / "words.png", secret)
    is_root = sys.platform == "win32" or os.geteuid() == 0  # to whom every file opens
    driver.wait_for_pictures(4 if is_root else 3)
    driver.wait(lambda: "… and" in driver.refusals or driver.refusals.count("⚠") == 3)
    assert driver.names[:3] == ["one.png", "two.png", strange.name]
    errors = " ".join(error.text for error in driver.parts.media_notice.errors)
    assert all(name in errors for name in ("“bare”", "“empty.png”", "“words.png”"))
    assert is_root or "“secret.png”" in errors


def test_a_picture_under_another_ending_is_taken(open_window: OpenWindow, tmp_path: Path) -> None:
    file = tmp_path / "picture.txt"
    file.write_bytes(PNG)
    driver = open_window()
    assert hover(driver, mime_of(urls=[file.as_uri()])) == "Add “picture.txt” if it is a picture or a video"
    driver.drop(file)
    driver.wait_for_pictures(1)


def test_a_file_edited_since_is_another_picture(open_window: OpenWindow, tmp_path: Path) -> None:
    file = draw(tmp_path / "kept.png", 160, 96)
    driver = open_window()
    driver.drop(file)
    driver.wait_for_pictures(1)
    driver.ask("What?")
    driver.wait_for_answer()
    driver.drop(file)
    driver.wait(lambda: "already" in driver.window.statusBar().currentMessage())
    draw(file, 96, 160)
    driver.drop(file)
    driver.wait(lambda: driver.parts.viewer.caption.startswith("96×160"))
    assert driver.names == ["kept.png"]
    driver.ask("And now?")
    driver.wait_for_answer()
    shown = [[picture.source_width_px for picture in turn.pictures] for turn in driver.backend.seen[-1].turns]
    assert shown == [[160], [96]]


def test_the_hint_says_what_a_drop_would_do(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window()
    files = [png_file(tmp_path / "Holiday", f"{number}.png").as_uri() for number in range(3)]
    (tmp_path / "other").mkdir()
    holiday, other = (tmp_path / "Holiday").as_uri(), (tmp_path / "other").as_uri()
    (tmp_path / "notes.txt").write_text("words")
    (tmp_path / "none.png").touch()
    clips = []
    for number in range(2):
        (tmp_path / f"{number}.MP4").write_bytes(b"video")
        clips.append((tmp_path / f"{number}.MP4").as_uri())
    notes, none, gone = ((tmp_path / name).as_uri() for name in ("notes.txt", "none.png", "gone.png"))
    said = {
        "Add “0.png”": files[:1],
        "Add 3 pictures": files,
        "Add “0.MP4”": clips[:1],
        "Add 2 videos": clips,
        "Add 5 files": [*files, *clips],
        "Add the pictures and videos in “Holiday”": [holiday],
        "Add the pictures and videos in 2 folders": [holiday, other],
        "Add the files and what is in the folders": [holiday, files[0]],
        "Add the pictures and videos among 2 files": [files[0], notes],
        "“none.png” is empty": [none],
        "“gone.png” cannot be found": [gone],
        "None of these files can be used": [gone, none],
        "Add 21 items": [f"{notes}{number}" for number in range(21)],
    }
    assert {words: hover(driver, mime_of(urls=urls)) for words, urls in said.items()} == {
        words: words for words in said
    }
    assert hover(driver, mime_of(png=PNG, urls=[WEB])) == "Add the picture"
    assert hover(driver, mime_of(png=PNG), on=driver.window) == "Add the picture"
    two = f'<img src="{DATA_ADDRESS}"><img src="{DATA_ADDRESS}x">'
    assert hover(driver, mime_of(html=two)) == "Add 2 pictures"
    for words in ("only words", "/etc", "/no/picture.txt", "see /a.png"):
        assert hover(driver, mime_of(text=words)) == ""


def test_a_hovering_picture_is_not_decoded(open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    mime = mime_of(png=PNG)
    mime.setImageData(QImage(4, 4, QImage.Format.Format_RGB32))
    monkeypatch.setattr(QMimeData, "imageData", lambda _mime: pytest.fail("decoded while it hovers"))
    assert hover(open_window(), mime) == "Add the picture"


SPREADSHEET = mime_of(text="Name\tAge\nAda\t36", html="<table><tr><td>Ada</td></tr></table>", png=PNG)
LETTER = mime_of(text="See the cat below.", html=f'<p>See<img src="{DATA_ADDRESS}"></p>', png=PNG)
WORDS: dict[str, tuple[QMimeData, str]] = {
    "cells": (SPREADSHEET, "Name\tAge\nAda\t36"),
    "letter": (LETTER, "See the cat below."),
    "link": (mime_of(urls=["https://example.com/a"], text="https://example.com/a"), "https://example.com/a"),
    "bare link": (mime_of(urls=["https://example.com/a"]), "https://example.com/a"),
    "path": (mime_of(text="/home/me/cat.png"), "/home/me/cat.png"),
    "page": (mime_of(html="<b>bold</b> words", text="bold words"), "bold words"),
}


@pytest.mark.parametrize("case", WORDS)
def test_words_are_pasted_as_words(case: str, open_window: OpenWindow) -> None:
    mime, words = WORDS[case]
    driver = open_window()
    paste(driver, mime)
    assert driver.prompt.toPlainText() == words
    assert not driver.desk.pictures.is_taking_in
    assert driver.refusals == ""


@pytest.mark.parametrize(
    "mime",
    [
        mime_of(png=PNG),
        mime_of(png=PNG, text="cat.png"),
        mime_of(png=PNG, text=WEB, html=f'<img src="{WEB}">'),
        mime_of(png=PNG, urls=[WEB]),
        mime_of(text=DATA_ADDRESS),
    ],
)
def test_pictures_are_pasted_as_pictures(mime: QMimeData, open_window: OpenWindow) -> None:
    driver = open_window()
    paste(driver, mime)
    driver.wait_for_pictures(1)
    assert driver.prompt.toPlainText() == ""


def test_copied_files_are_pasted_as_pictures(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window()
    file = png_file(tmp_path)
    paste(driver, mime_of(urls=[file.as_uri()], text=file.name, png=JPEG))
    driver.wait_for_pictures(1)
    assert driver.names == ["kept.png"]
    assert driver.prompt.toPlainText() == ""


def test_words_are_dropped_into_the_question(open_window: OpenWindow) -> None:
    driver = open_window()
    drop_on_prompt(driver, mime_of(text="What is "))
    assert driver.prompt.toPlainText() == "What is "
    drop_on_prompt(driver, SPREADSHEET)
    assert "Ada" in driver.prompt.toPlainText()


@pytest.mark.parametrize("mime", [mime_of(urls=[WEB]), mime_of(png=PNG), mime_of(urls=["file:///a.png"])])
def test_the_question_box_leaves_pictures_and_addresses_to_the_window(mime: QMimeData, open_window: OpenWindow) -> None:
    driver = open_window()
    enter = QDragEnterEvent(
        QPoint(5, 5), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    driver.parts.prompt.edit.dragEnterEvent(enter)
    assert not enter.isAccepted()
    assert driver.prompt.toPlainText() == ""


def test_the_same_picture_pasted_twice_is_here_once(open_window: OpenWindow) -> None:
    driver = open_window()
    paste(driver, mime_of(png=PNG))
    driver.wait_for_pictures(1)
    paste(driver, mime_of(png=PNG))
    driver.wait(lambda: driver.window.statusBar().currentMessage() != "")
    assert driver.names == ["Pasted picture 1.png"]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "HEIF", "AVIF", "TIFF", "GIF", "BMP"])
def test_pasted_data_is_named_and_given_away_as_what_it_is(kind: str, open_window: OpenWindow) -> None:
    data = encoded(corners_image(), kind)
    names = {"JPEG": "jpg", "HEIF": "heic", "TIFF": "tif"}
    mime = QMimeData()
    mime.setData(f"image/{'heic' if kind == 'HEIF' else kind.lower()}", QByteArray(data))
    driver = open_window()
    assert driver.drop(mime=mime)
    driver.wait_for_pictures(1)
    assert driver.names == [f"Pasted picture 1.{names.get(kind, kind.lower())}"]
    driver.wait(lambda: driver.parts.tray.view.model().rowCount() == 1)
    given = driver.parts.tray.selected_files_or_picture()
    assert [bytes(given.data(form).data()) for form in given.formats()] == [data]
    assert given.formats() == mime.formats()


def test_damaged_picture_data_is_refused(open_window: OpenWindow) -> None:
    driver = open_window()
    driver.drop(mime=mime_of(urls=["data:image/png;base64,@@@"]))
    driver.wait(lambda: "“Pasted picture 1”" in driver.refusals)
    assert driver.names == []


def menu_paste(driver: WindowDriver, mime: QMimeData, focus: QWidget) -> None:
    """The menu's command, with the keyboard at this part of the window."""
    focus.setFocus()
    copy_to_clipboard(mime)
    driver.action("pasteAction").trigger()


def test_the_menu_pastes_pictures_in_the_tray_and_words_in_a_field(open_window: OpenWindow) -> None:
    driver = open_window()
    tray = driver.parts.tray.view
    menu_paste(driver, mime_of(text="Ada\t36", png=PNG), driver.prompt)
    assert driver.prompt.toPlainText() == "Ada\t36"
    assert not driver.desk.pictures.is_taking_in
    menu_paste(driver, mime_of(text="Ada\t36", png=PNG), tray)
    driver.wait_for_pictures(1)
    driver.prompt.setPlainText("")
    menu_paste(driver, mime_of(urls=["https://example.com/a"], text="https://example.com/a"), tray)
    assert driver.prompt.toPlainText() == "https://example.com/a"
    assert driver.refusals == ""
    driver.prompt.setPlainText("")
    menu_paste(driver, mime_of(text="only words"), tray)
    assert driver.prompt.toPlainText() == "only words"


def test_a_picture_pasted_while_a_setting_is_typed_comes_into_the_tray(open_window: OpenWindow) -> None:
    driver = open_window()
    driver.action("settingsAction").trigger()
    field = driver.settings.system
    field.setFocus()
    menu_paste(driver, mime_of(text="Be brief.", png=PNG), field)
    assert field.toPlainText() == "Be brief."
    menu_paste(driver, mime_of(png=PNG), field)
    driver.wait_for_pictures(1)
    assert field.toPlainText() == "Be brief."
