"""Pictures come into the window: dropped, pasted, from folders; what is none is refused with a reason."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QByteArray, QMimeData, QUrl
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtWidgets import QLabel, QListView

from app.core.gathering import Gathered, gather
from app.core.pictures import PictureSource
from app.gui.tray import intake
from tests.drawn_pictures import corners_image, encoded
from tests.gui.conftest import draw
from tests.gui.window_driver import WAIT_MS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gui.window_driver import OpenWindow, WindowDriver


def row_texts(driver: WindowDriver) -> list[str]:
    model = driver.child(QListView, "mediaTray").model()
    return [str(model.index(row, 0).data(0x0003)) for row in range(model.rowCount())]  # the tool tip has all lines


def test_a_dropped_picture_is_shown_with_its_cost(open_window: OpenWindow, picture: Path) -> None:
    driver = open_window()
    assert driver.parts.viewer.is_empty
    assert driver.drop(picture)
    driver.wait_for_pictures(1)
    driver.wait(lambda: "tokens" in driver.parts.viewer.caption)
    assert driver.parts.viewer.caption == "160×96 seen whole · 77 tokens"
    assert row_texts(driver) == ["<p>four colours.png<br>77 tok · 160×96<br>seen whole<br>Image 1</p>"]
    assert driver.prompt.placeholderText() == "Ask about what you see…"


@pytest.mark.parametrize("place", ["window", "prompt", "result", "tray", "viewer", "toolbar", "status"])
def test_a_drop_anywhere_on_the_window_counts(place: str, open_window: OpenWindow, picture: Path) -> None:
    driver = open_window(question="Words stay.")
    places = {
        "window": driver.window,
        "prompt": driver.prompt.viewport(),
        "result": driver.result.viewport(),
        "tray": driver.child(QListView, "mediaTray").viewport(),
        "viewer": driver.parts.viewer,
        "toolbar": driver.parts.model_status,
        "status": driver.window.statusBar(),
    }
    assert driver.drop(picture, on=places[place])
    driver.wait_for_pictures(1)
    assert driver.prompt.toPlainText() == "Words stay."


def test_many_files_keep_their_order_and_none_comes_twice(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window()
    files = [draw(tmp_path / f"{number}.png") for number in range(30)]
    assert driver.drop(*files)
    driver.wait_for_pictures(30)
    assert driver.drop(files[3], files[4])
    here = driver.desk.pictures.media
    driver.wait(lambda: driver.parts.tray.selected_ids == (here[3].medium_id, here[4].medium_id))
    assert driver.names == [file.name for file in files]
    assert driver.window.statusBar().currentMessage() == "2 of these are here already."


def test_a_folder_stands_for_its_pictures(open_window: OpenWindow, tmp_path: Path) -> None:
    folder = tmp_path / "照片 of a trip"
    folder.mkdir()
    draw(folder / "10.png")
    draw(folder / "2.png")
    (folder / "notes.txt").write_text("no picture")
    driver = open_window()
    driver.drop(folder)
    driver.wait_for_pictures(2)
    assert driver.names == ["2.png", "10.png"]
    assert driver.refusals == ""


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("notes.txt", b"only words", "“notes.txt”"),
        ("empty.jpg", b"", "“empty.jpg”"),
        ("cut.png", b"\x89PNG", "“cut.png”"),
    ],
)
def test_what_is_no_picture_is_refused_by_name_and_the_good_are_kept(
    name: str, content: bytes, reason: str, open_window: OpenWindow, tmp_path: Path, picture: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    driver = open_window()
    driver.drop(tmp_path / name, picture)
    driver.wait(lambda: reason in driver.refusals)
    driver.wait_for_pictures(1)
    assert driver.names == ["four colours.png"]
    driver.parts.media_notice.close_button.click()
    assert driver.refusals == ""


def test_a_missing_file_is_refused(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window()
    driver.drop(tmp_path / "gone.png")
    driver.wait(lambda: "“gone.png”" in driver.refusals)
    assert driver.names == []


def test_a_picture_of_impossible_shape_is_refused(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window()
    driver.drop(draw(tmp_path / "ribbon.png", 4020, 20))
    driver.wait(lambda: "“ribbon.png” is too long and thin" in driver.refusals)
    assert driver.names == []


def test_an_empty_folder_says_so(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window()
    (tmp_path / "empty").mkdir()
    driver.drop(tmp_path / "empty")
    driver.wait(lambda: "no pictures or videos in the folder “empty”" in driver.refusals)


def test_a_web_address_is_refused_and_not_fetched(open_window: OpenWindow) -> None:
    driver = open_window()
    mime = QMimeData()
    mime.setUrls([QUrl("https://example.com/cat.png")])
    assert driver.drop(mime=mime)
    driver.wait(lambda: "https://example.com/cat.png" in driver.refusals)
    assert "does not fetch" in driver.refusals
    assert driver.names == []


def test_a_picture_dragged_from_a_web_page_is_taken_from_its_data(open_window: OpenWindow) -> None:
    driver = open_window()
    mime = QMimeData()
    mime.setUrls([QUrl("https://example.com/cat.png")])
    mime.setData("image/png", QByteArray(encoded(corners_image(), "PNG")))
    driver.drop(mime=mime)
    driver.wait_for_pictures(1)
    assert driver.refusals == ""
    assert driver.names == ["cat.png"]


def test_dragged_words_are_not_taken_by_the_window(open_window: OpenWindow) -> None:
    driver = open_window()
    mime = QMimeData()
    mime.setText("only words")
    assert not driver.drop(mime=mime)


def test_a_pasted_picture_comes_into_the_tray_and_can_be_asked_about(open_window: OpenWindow) -> None:
    driver = open_window()
    image = QImage(64, 64, QImage.Format.Format_ARGB32)
    image.fill(QColor("#2255cc"))
    QGuiApplication.clipboard().setImage(image)
    driver.action("pasteAction").trigger()
    driver.wait_for_pictures(1)
    image.fill(QColor("#cc5522"))
    QGuiApplication.clipboard().setImage(image)
    driver.prompt.setFocus()
    driver.prompt.paste()
    driver.wait_for_pictures(2)
    assert driver.prompt.toPlainText() == ""
    driver.ask("What is this?")
    assert "Pasted picture" in driver.wait_for_answer()


def test_pasted_words_go_into_the_question(open_window: OpenWindow) -> None:
    driver = open_window()
    QGuiApplication.clipboard().setText("Describe this. https://example.com")
    driver.action("pasteAction").trigger()
    assert driver.prompt.toPlainText() == "Describe this. https://example.com"


def test_an_empty_clipboard_pastes_nothing(open_window: OpenWindow) -> None:
    driver = open_window()
    QGuiApplication.clipboard().clear()
    driver.action("pasteAction").trigger()
    assert driver.prompt.toPlainText() == ""
    assert driver.refusals == ""


def test_pictures_are_removed_one_or_all(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window(files=tuple(draw(tmp_path / f"{number}.png") for number in range(3)))
    driver.wait_for_pictures(3)
    driver.parts.tray.select([driver.desk.pictures.media[0].medium_id])
    driver.action("removePictureAction").trigger()
    driver.wait(lambda: driver.names == ["1.png", "2.png"])
    driver.wait(lambda: driver.action("removeAllPicturesAction").isEnabled())
    driver.action("removeAllPicturesAction").trigger()
    driver.wait(lambda: driver.parts.viewer.is_empty)


def test_the_picture_shown_follows_the_selection(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window(files=(draw(tmp_path / "a.png", 100, 50), draw(tmp_path / "b.png", 50, 100)))
    driver.wait_for_pictures(2)
    driver.wait(lambda: driver.parts.viewer.caption.endswith("2 selected"))
    driver.action("nextPictureAction").trigger()
    driver.wait(lambda: driver.parts.viewer.caption.startswith("50×100"))
    driver.action("nextPictureAction").trigger()
    driver.wait(lambda: driver.parts.viewer.caption.startswith("100×50"))


def test_encoded_data_is_kept_as_it_came(open_window: OpenWindow) -> None:
    data = encoded(corners_image(), "JPEG")
    mime = QMimeData()
    mime.setData("image/jpeg", QByteArray(data))
    driver = open_window()
    driver.drop(mime=mime)
    driver.wait_for_pictures(1)
    (medium,) = driver.desk.pictures.media
    assert medium.source == PictureSource("Pasted picture 1.jpg", data=data)
    driver.parts.tray.view.setFocus()
    driver.action("copyAction").trigger()
    assert QGuiApplication.clipboard().mimeData().data("image/jpeg").data() == data


def test_a_long_look_into_a_folder_is_said(
    open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go_on = threading.Event()

    def slow(paths: tuple[Path, ...]) -> Gathered:
        may_go_on.wait(WAIT_MS / 1000)
        return gather(paths)

    monkeypatch.setattr(intake, "gather", slow)
    driver = open_window(question="What?")
    driver.wait(driver.ask_button.isEnabled)
    driver.drop(draw(tmp_path / "far away.png"))
    said = next(label for label in driver.parts.tray.findChildren(QLabel) if "Looking for" in label.text())
    driver.wait(said.isVisible)
    assert not driver.ask_button.isEnabled()
    may_go_on.set()
    driver.wait_for_pictures(1)
    assert not said.isVisible()
    driver.wait(driver.ask_button.isEnabled)


def test_of_many_the_first_is_selected_and_that_is_said(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window()
    driver.drop(*(draw(tmp_path / f"{number}.png") for number in range(9)))
    driver.wait_for_pictures(9)
    driver.wait(lambda: "9 files came in. The first is selected;" in driver.window.statusBar().currentMessage())
    driver.drop(*(tmp_path / f"{number}.png" for number in range(9)))
    driver.wait(
        lambda: "9 of these are here already. The first is selected;" in driver.window.statusBar().currentMessage()
    )
