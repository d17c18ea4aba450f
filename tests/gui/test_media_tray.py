"""The tray by mouse and keyboard: another order, away and back again, dragged out, its menu."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, cast

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QContextMenuEvent,
    QDrag,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QGuiApplication,
    QImage,
    QPainter,
    QPalette,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QListView, QMenu

from app.backends.fake_backend import FakeScript
from app.core.clips import ClipSource
from app.core.errors import ErrorText
from app.core.events import ViewFailed, ViewOpened
from app.core.pictures import Bitmap, PictureSource
from app.gui.look import scaled_px
from app.gui.tray import file_showing
from app.gui.tray.offered import TRAY_KIND, comes_as_text, may_be_offered
from app.gui.tray.pictures_at_hand import PicturesAtHand
from app.gui.tray.tray_delegate import TrayDelegate, TrayRow, thumbnail_size
from tests.gui.conftest import draw
from tests.gui.heartbeat import Heartbeat, calmest
from tests.gui.keys_and_clicks import CONTROL, SHIFT
from tests.gui.tray_rows import click, files, labels, selected_rows, tray_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from app.core.launch import AnswerEngine
    from app.gui.tray.intake import TakenIn
    from tests.gui.window_driver import OpenWindow, WindowDriver

ALT_SHIFT = Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier


def opened(open_window: OpenWindow, folder: Path, count: int) -> WindowDriver:
    driver = open_window(files=tuple(files(folder, count)))
    driver.wait_for_pictures(count)
    driver.wait(lambda: tray_of(driver).model().rowCount() == count)
    return driver


def stems(driver: WindowDriver) -> str:
    return "".join(name.removesuffix(".png") for name in driver.names)


def dragged(driver: WindowDriver, rows: Sequence[int]) -> QMimeData:
    model = tray_of(driver).model()
    mime = model.mimeData([model.index(row, 0) for row in rows])
    assert isinstance(mime, QMimeData)
    return mime


def drop_at(driver: WindowDriver, mime: QMimeData, row: int, *, is_below: bool = False) -> bool:
    """Drops on the upper or lower half of a row; tells whether it was taken."""
    view = tray_of(driver)
    rect = view.visualRect(view.model().index(row, 0))
    point = QPointF(rect.center() + QPoint(0, rect.height() // 4 * (1 if is_below else -1)))
    keys, button, action = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton, Qt.DropAction.CopyAction
    enter = QDragEnterEvent(point.toPoint(), action, mime, button, keys)
    QApplication.sendEvent(view.viewport(), enter)
    QApplication.sendEvent(view.viewport(), QDragMoveEvent(point.toPoint(), action, mime, button, keys))
    drop = QDropEvent(point, action, mime, button, keys)
    QApplication.sendEvent(view.viewport(), drop)
    return enter.isAccepted() and drop.isAccepted() and drop.dropAction() == Qt.DropAction.CopyAction


@pytest.mark.parametrize(
    ("rows", "at", "is_below", "order"),
    [
        ([0], 2, True, "12034"),
        ([4], 0, False, "40123"),
        ([1, 3], 0, False, "13024"),
        ([0, 1], 4, True, "23401"),
        ([2], 2, True, "01234"),
    ],
)
def test_rows_are_dragged_to_another_place(
    rows: list[int], at: int, is_below: bool, order: str, open_window: OpenWindow, tmp_path: Path
) -> None:
    driver = opened(open_window, tmp_path, 5)
    click(driver, rows[0])
    for row in rows[1:]:
        click(driver, row, CONTROL)
    before = driver.parts.tray.selected_ids
    assert drop_at(driver, dragged(driver, rows), at, is_below=is_below)
    assert stems(driver) == order
    driver.wait(lambda: driver.parts.tray.selected_ids == before)
    assert [stem for stem, label in zip(order, labels(driver), strict=True) if label] == [str(row) for row in rows]


def test_a_dragged_row_gives_its_file_to_others_and_nothing_to_the_rest_of_the_window(
    open_window: OpenWindow, tmp_path: Path
) -> None:
    driver = opened(open_window, tmp_path, 2)
    mime = dragged(driver, [0, 1])
    assert [url.toLocalFile() for url in mime.urls()] == [str(tmp_path / "0.png"), str(tmp_path / "1.png")]
    assert tray_of(driver).model().supportedDragActions() == Qt.DropAction.CopyAction
    assert not may_be_offered(mime)
    assert not comes_as_text(mime)
    assert not driver.drop(mime=mime)
    assert not driver.drop(mime=mime, on=driver.parts.prompt.edit.viewport())
    assert driver.prompt.toPlainText() == ""
    assert mime.hasFormat(TRAY_KIND)


def test_a_drag_shows_a_small_picture_and_lets_others_only_copy(
    open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = opened(open_window, tmp_path, 3)
    begun: list[tuple[Qt.DropAction, int, int]] = []

    def note(drag: QDrag, actions: Qt.DropAction) -> Qt.DropAction:
        begun.append((actions, len(drag.mimeData().urls()), drag.pixmap().width()))
        return Qt.DropAction.IgnoreAction

    monkeypatch.setattr(QDrag, "exec", note)
    view = tray_of(driver)
    click(driver, 0)
    click(driver, 1, SHIFT)
    start = view.visualRect(view.model().index(0, 0)).center()
    QTest.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(view.viewport(), start + QPoint(10, 10))
    QTest.mouseMove(view.viewport(), start + QPoint(40, 40))
    QTest.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=start + QPoint(40, 40))
    assert begun == [(Qt.DropAction.CopyAction, 2, thumbnail_size().width())]
    assert stems(driver) == "012"


def test_a_pasted_picture_is_dragged_out_as_a_picture(open_window: OpenWindow) -> None:
    driver = open_window()
    image = QImage(30, 20, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    QGuiApplication.clipboard().setImage(image)
    driver.action("pasteAction").trigger()
    driver.wait_for_pictures(1)
    driver.wait(lambda: tray_of(driver).model().rowCount() == 1)
    mime = dragged(driver, [0])
    assert not mime.hasUrls()
    assert QImage.fromData(mime.data("image/png")).size() == image.size()
    assert not driver.action("showPictureFileAction").isEnabled()


def test_copied_rows_are_files_that_can_be_pasted(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = opened(open_window, tmp_path, 3)
    click(driver, 0)
    click(driver, 2, CONTROL)
    tray_of(driver).setFocus()
    QTest.keyClick(tray_of(driver), Qt.Key.Key_C, CONTROL)
    copied = QGuiApplication.clipboard().mimeData()
    assert [url.toLocalFile() for url in copied.urls()] == [str(tmp_path / "0.png"), str(tmp_path / "2.png")]
    driver.prompt.setFocus()
    driver.prompt.paste()
    driver.wait(lambda: "2 of these are here already." in driver.window.statusBar().currentMessage())
    assert driver.prompt.toPlainText() == ""
    assert stems(driver) == "012"


def test_rows_are_moved_by_keys(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = opened(open_window, tmp_path, 4)
    click(driver, 1)
    click(driver, 2, SHIFT)
    tray_of(driver).setFocus()
    QTest.keyClick(tray_of(driver), Qt.Key.Key_Up, ALT_SHIFT)
    assert stems(driver) == "1203"
    assert selected_rows(driver) == [0, 1]
    QTest.keyClick(tray_of(driver), Qt.Key.Key_Up, ALT_SHIFT)
    assert stems(driver) == "1203"
    for _ in range(3):
        QTest.keyClick(tray_of(driver), Qt.Key.Key_Down, ALT_SHIFT)
    assert stems(driver) == "0312"
    assert selected_rows(driver) == [2, 3]


def test_space_takes_a_row_into_the_selection_and_out_of_it(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = opened(open_window, tmp_path, 3)
    click(driver, 0)
    tray_of(driver).setFocus()
    QTest.keyClick(tray_of(driver), Qt.Key.Key_Down, CONTROL)
    QTest.keyClick(tray_of(driver), Qt.Key.Key_Down, CONTROL)
    assert selected_rows(driver) == [0]
    QTest.keyClick(tray_of(driver), Qt.Key.Key_Space)
    assert selected_rows(driver) == [0, 2]
    QTest.keyClick(tray_of(driver), Qt.Key.Key_Space)
    assert selected_rows(driver) == [0]


def test_what_was_done_is_undone_and_done_again_from_the_tray(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = opened(open_window, tmp_path, 3)
    view = tray_of(driver)
    click(driver, 1)
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Up, ALT_SHIFT)
    QTest.keyClick(view, Qt.Key.Key_A, CONTROL)
    QTest.keyClick(view, Qt.Key.Key_Backspace)
    driver.wait(lambda: stems(driver) == "" and driver.parts.viewer.is_empty)
    QTest.keyClick(view, Qt.Key.Key_Z, CONTROL)
    assert stems(driver) == "102"
    assert selected_rows(driver) == [0, 1, 2]
    driver.wait(lambda: driver.parts.tray.thumbnail(driver.desk.pictures.media[2].medium_id) is not None)
    QTest.keyClick(view, Qt.Key.Key_Z, CONTROL)
    assert stems(driver) == "012"
    QTest.keyClick(view, Qt.Key.Key_Z, CONTROL)
    assert stems(driver) == ""
    for after in ("012", "102", ""):
        driver.action("redoAction").trigger()
        assert stems(driver) == after


def test_the_menu_says_what_would_be_undone(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = opened(open_window, tmp_path, 3)
    undo, redo = driver.action("undoAction"), driver.action("redoAction")

    def said() -> tuple[str, str]:
        driver.window.content.usual.show_what_can_be_edited()
        return undo.text().replace("&", ""), redo.text().replace("&", "")

    tray_of(driver).setFocus()
    assert said() == ("Undo Add 3 Items", "Redo")
    click(driver, 1)
    driver.action("removePictureAction").trigger()
    assert said() == ("Undo Remove Item", "Redo")
    undo.trigger()
    assert said() == ("Undo Add 3 Items", "Redo Remove Item")
    driver.prompt.setFocus()
    QTest.keyClicks(driver.prompt, "words")
    assert said() == ("Undo", "Redo Remove Item")


def test_undo_in_the_question_box_leaves_the_pictures(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = opened(open_window, tmp_path, 2)
    driver.prompt.setFocus()
    QTest.keyClicks(driver.prompt, "words")
    for _ in range(4):
        QTest.keyClick(driver.prompt, Qt.Key.Key_Z, CONTROL)
    assert driver.prompt.toPlainText() == ""
    assert stems(driver) == "01"


def test_a_picture_known_to_the_model_is_known_when_it_comes_back(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = opened(open_window, tmp_path, 1)
    driver.ask("What?")
    driver.wait_for_answer()
    tray_of(driver).setFocus()
    QTest.keyClick(tray_of(driver), Qt.Key.Key_Delete)
    driver.wait(lambda: stems(driver) == "")
    QTest.keyClick(tray_of(driver), Qt.Key.Key_Z, CONTROL)
    driver.wait(lambda: labels(driver) == ["Image 1"])
    model = tray_of(driver).model()
    driver.wait(lambda: "sent whole" in str(model.index(0, 0).data(Qt.ItemDataRole.AccessibleDescriptionRole)))


def test_the_menu_of_a_row(open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[tuple[Path, ...]] = []

    def show_files(paths: Sequence[Path]) -> bool:
        shown.append(tuple(paths))
        return False

    monkeypatch.setattr(file_showing, "show_files", show_files)
    driver = opened(open_window, tmp_path, 2)
    view = tray_of(driver)
    click(driver, 1)
    place = view.visualRect(view.model().index(1, 0)).center()
    for reason in (QContextMenuEvent.Reason.Mouse, QContextMenuEvent.Reason.Keyboard):
        event = QContextMenuEvent(reason, place, view.viewport().mapToGlobal(place))
        QApplication.sendEvent(view.viewport(), event)
        menu = driver.child(QMenu, "trayMenu")
        driver.wait(menu.isVisible)
        texts = [action.text().replace("&", "") for action in menu.actions() if action.text()]
        assert texts == [
            "Show in Finder" if sys.platform == "darwin" else "Show in Folder",
            "Copy Path",
            "Move Item Up",
            "Move Item Down",
            "Select All",
            "Remove Item",
            "Remove All Items",
        ]
        menu.close()
        driver.wait(lambda: driver.window.findChild(QMenu, "trayMenu") is None)
    driver.action("copyPicturePathAction").trigger()
    assert QGuiApplication.clipboard().text() == str(tmp_path / "1.png")
    driver.action("showPictureFileAction").trigger()
    assert shown == [(tmp_path / "1.png",)]
    assert f"The folder {tmp_path} cannot be shown here." in driver.parts.media_notice.errors[0].text


def test_a_row_tells_all_to_those_who_do_not_see_it(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window(files=(draw(tmp_path / "图 a.png", 1600, 1200), draw(tmp_path / "b.png")))
    driver.wait_for_pictures(2)
    click(driver, 0)
    model = tray_of(driver).model()

    def told(row: int) -> tuple[object, object]:
        index = model.index(row, 0)
        roles = (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.AccessibleDescriptionRole)
        return index.data(roles[0]), index.data(roles[1])

    driver.wait(lambda: told(0) == ("图 a.png", "1,230 tok · 1600×1200\nreduced to 1312×960\nImage 1"))
    driver.wait(lambda: told(1) == ("b.png", "77 tok · 160×96\nseen whole"))


class _Engine:
    """Notes what is to be opened and opens nothing."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def view(self, view_id: str, _source: PictureSource, _max_pixels: int) -> None:
        self.asked.append(view_id)

    def look(self, view_id: str, _source: PictureSource, _max_pixels: int) -> None:
        self.asked.append(view_id)

    def forget_view(self, view_id: str) -> None:
        self.asked.append(f"forget {view_id}")


def test_thumbnails_in_sight_come_first(qapp: QApplication, tmp_path: Path) -> None:
    found: list[TakenIn] = []
    pictures = PicturesAtHand(found.append, qapp)
    engine = _Engine()
    pictures.start(cast("AnswerEngine", engine))
    ids = pictures.add_sources([PictureSource(f"{number}.png", tmp_path / f"{number}.png") for number in range(9)])
    assert engine.asked == [f"small:{ids[0]}", f"small:{ids[1]}"]
    pictures.note_in_sight([ids[1], ids[6], ids[7]])
    for medium_id in (ids[0], ids[1], ids[6], ids[7]):
        pictures.take(ViewFailed(f"small:{medium_id}", ErrorText("No.")))
    assert engine.asked[2:] == [f"small:{medium_id}" for medium_id in (ids[6], ids[7], ids[2], ids[3])]
    pictures.deleteLater()


def test_pictures_do_not_wait_for_videos(qapp: QApplication, tmp_path: Path) -> None:
    pictures = PicturesAtHand(lambda _found: None, qapp)
    engine = _Engine()
    pictures.start(cast("AnswerEngine", engine))
    clips = pictures.add_sources([ClipSource(f"{number}.mp4", tmp_path / f"{number}.mp4") for number in range(3)])
    assert engine.asked == [f"small:{clips[0]}"]
    first, second = pictures.add_sources(
        [PictureSource(f"{number}.png", tmp_path / f"{number}.png") for number in range(2)]
    )
    assert engine.asked[1:] == [f"small:{first}"]
    pictures.take(ViewFailed(f"small:{first}", ErrorText("No.")))
    assert engine.asked[2:] == [f"small:{second}"]
    pictures.take(ViewFailed(f"small:{second}", ErrorText("No.")))
    assert engine.asked[3:] == []
    pictures.remove([clips[1]])
    pictures.take(ViewFailed(f"small:{clips[0]}", ErrorText("No.")))
    assert engine.asked[3:] == [f"small:{clips[2]}"]
    pictures.remove([clips[2]])
    assert engine.asked[4:] == [f"forget small:{clips[2]}"]
    pictures.undo()
    assert engine.asked[5:] == [f"small:{clips[2]}"]
    pictures.deleteLater()


@pytest.mark.parametrize("order", ["look first", "thumbnail first"])
@pytest.mark.parametrize("has_thumbnail", [True, False])
def test_only_a_picture_without_a_thumbnail_leaves_and_it_is_said_once(
    order: str, has_thumbnail: bool, qapp: QApplication, tmp_path: Path
) -> None:
    pictures = PicturesAtHand(lambda _found: None, qapp)
    pictures.start(cast("AnswerEngine", _Engine()))
    (medium_id,) = pictures.add_sources([PictureSource("a.png", tmp_path / "a.png")])
    refused: list[tuple[ErrorText, ...]] = []
    unsharp: list[str] = []
    pictures.refused.connect(refused.append)
    pictures.no_more_pixels.connect(unsharp.append)
    pictures.look_at(medium_id, 10)
    small = ViewOpened(f"small:{medium_id}", Bitmap(2, 1, bytes(6), 20, 10))
    events = [
        ViewFailed(f"look:{medium_id}", ErrorText("Too large.")),
        small if has_thumbnail else ViewFailed(f"small:{medium_id}", ErrorText("Damaged.")),
    ]
    for event in events if order == "look first" else reversed(events):
        pictures.take(event)
    assert refused == [(ErrorText("Too large." if has_thumbnail else "Damaged."),)]
    assert [medium.medium_id for medium in pictures.media] == ([medium_id] if has_thumbnail else [])
    assert unsharp == ([medium_id] if has_thumbnail else [])
    pictures.deleteLater()


def test_the_tray_tells_what_is_in_sight(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = opened(open_window, tmp_path, 40)
    seen: list[tuple[str, ...]] = []
    driver.parts.tray.in_sight_changed.connect(seen.append)
    tray_of(driver).scrollToBottom()
    ids = [medium.medium_id for medium in driver.desk.pictures.media]
    driver.wait(lambda: bool(seen) and seen[-1][-1] == ids[-1])
    assert 3 < len(seen[-1]) < 20
    assert list(seen[-1]) == ids[-len(seen[-1]) :]


def test_the_hint_leaves_a_low_tray_to_the_pictures(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = opened(open_window, tmp_path, 1)
    driver.window.resize(1200, 800)
    hint = driver.parts.tray.drop_hint
    driver.wait(hint.isVisible)
    assert "Drop files or a folder" in hint.accessibleName()
    driver.action("showTrayAction").setChecked(True)
    driver.window.resize(1100, 480)
    view = driver.child(QListView, "mediaTray")
    driver.wait(lambda: view.height() > 150)


def test_five_hundred_rows_are_chosen_removed_and_brought_back_without_a_stall(
    open_window: OpenWindow, tmp_path: Path
) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    content = draw(tmp_path / "one.png").read_bytes()
    for number in range(500):
        (folder / f"{number}.png").write_bytes(content)
    driver = open_window()
    driver.drop(folder)
    driver.qtbot.waitUntil(lambda: len(driver.desk.pictures.media) == 500, timeout=30_000)
    driver.qtbot.waitUntil(lambda: all(medium.is_opened for medium in driver.desk.pictures.media), timeout=60_000)
    pictures, view = driver.desk.pictures, tray_of(driver)
    order = driver.names
    view.setFocus()

    def change() -> list[str]:
        with Heartbeat() as heartbeat:
            QTest.keyClick(view, Qt.Key.Key_A, CONTROL)
            driver.wait(lambda: len(pictures.selected_ids) == 500)
            driver.parts.tray.select([medium.medium_id for medium in pictures.media][::2])
            driver.wait(lambda: len(pictures.selected_ids) == 250)
            QTest.keyClick(view, Qt.Key.Key_Delete)
            driver.wait(lambda: view.model().rowCount() == 250)
            QTest.keyClick(view, Qt.Key.Key_Z, CONTROL)
            driver.wait(lambda: view.model().rowCount() == 500)
            driver.qtbot.wait(50)
        assert driver.names == order
        return heartbeat.own_stalls

    assert not calmest(change)


def test_a_name_with_line_ends_or_at_the_longest_stays_in_its_line(open_window: OpenWindow, tmp_path: Path) -> None:
    odd, long = draw(tmp_path / "two\nlines\udcff.png"), draw(tmp_path / f"{'x' * 240}.png")
    driver = open_window(FakeScript(answers=("Both.",)), files=(odd, long))
    driver.wait_for_pictures(2)
    index = tray_of(driver).model().index(0, 0)
    assert index.data(Qt.ItemDataRole.DisplayRole) == "two\ufffdlines\ufffd.png"
    driver.ask("Which?")
    driver.wait_for_answer()
    assert "two\ufffdlines\ufffd.png" in driver.result.toPlainText()
    menu = driver.content.actions_by_id.menu_of("clearRecentAction")
    menu.aboutToShow.emit()
    words = [action.text() for action in menu.actions() if action.data()]
    assert min(words) == "two\ufffdlines\ufffd.png"
    assert menu.sizeHint().width() < driver.window.minimumWidth()


@pytest.mark.usefixtures("qapp")
def test_letters_of_other_fonts_do_not_cut_those_beside_them() -> None:
    def beginning(name: str) -> QImage:
        image = QImage(200, 68, QImage.Format.Format_RGB32)
        image.fill(Qt.GlobalColor.white)
        painter = QPainter(image)
        TrayDelegate._paint_text(painter, QRectF(0, 0, 200, 68), TrayRow("1", name, "", "", "", ""), QPalette())
        painter.end()
        return image.copy(0, 0, scaled_px(13), 68)

    assert beginning("pg \u56fe \u0627\u0644\u0635\u0648\u0631\u0629") == beginning("pg")
