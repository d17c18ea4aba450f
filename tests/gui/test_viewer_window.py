"""The viewer in its window: commands, the pills on the picture, and that nothing of it changes a question."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton, QWidget

from tests.gui.conftest import draw
from tests.gui.keys_and_clicks import CONTROL, PLAIN
from tests.gui.viewer_hands import double_click, framing, scale, three
from tests.gui.viewer_pixels import NOISE, source_of

if TYPE_CHECKING:
    from tests.gui.window_driver import OpenWindow, WindowDriver


def button(driver: WindowDriver, name: str) -> QToolButton:
    return driver.child(QToolButton, name)


def test_shortcuts_and_menu_do_the_same_from_anywhere(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = three(open_window, tmp_path)
    canvas = driver.parts.viewer.canvas
    driver.prompt.setFocus()
    QTest.keyClick(driver.prompt, Qt.Key.Key_1, CONTROL)
    assert scale(canvas) == 1
    QTest.keyClick(driver.prompt, Qt.Key.Key_Equal, CONTROL)
    assert scale(canvas) == pytest.approx(2**0.5)
    QTest.keyClick(driver.prompt, Qt.Key.Key_Minus, CONTROL)
    QTest.keyClick(driver.prompt, Qt.Key.Key_R, CONTROL)
    assert (framing(canvas).quarter_turns, scale(canvas)) == (1, 1)
    QTest.keyClick(driver.prompt, Qt.Key.Key_L, CONTROL)
    QTest.keyClick(driver.prompt, Qt.Key.Key_L, CONTROL)
    assert framing(canvas).quarter_turns == 3
    QTest.keyClick(driver.prompt, Qt.Key.Key_0, CONTROL)
    assert framing(canvas).is_fitted
    assert driver.prompt.toPlainText() == ""


def test_nothing_is_zoomed_without_a_picture(open_window: OpenWindow) -> None:
    driver = open_window()
    for name in ("zoomIn", "zoomOut", "zoomFit", "actualSize", "rotateLeft", "rotateRight", "copyPicture"):
        assert not driver.action(f"{name}Action").isEnabled()


def test_the_zoom_pill_shows_and_changes_the_zoom(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = three(open_window, tmp_path)
    canvas = driver.parts.viewer.canvas
    shown = button(driver, "actualSizeButton")
    assert button(driver, "zoomFitButton").isChecked()
    assert shown.text() == f"{round(scale(canvas) * 100)} %"
    shown.click()
    assert (shown.text(), shown.accessibleName()) == ("100 %", "Actual size; shown at 100 %")
    assert not button(driver, "zoomFitButton").isChecked()
    button(driver, "zoomInButton").click()
    assert shown.text() == "141 %"
    button(driver, "zoomOutButton").click()
    assert shown.text() == "100 %"
    assert not button(driver, "zoomOutButton").isEnabled()
    for _ in range(2):  # a second click keeps it pressed
        button(driver, "zoomFitButton").click()
        assert button(driver, "zoomFitButton").isChecked()
        assert framing(canvas).is_fitted
    button(driver, "rotateRightButton").click()
    assert framing(canvas).quarter_turns == 1
    assert "Shown at" in canvas.accessibleDescription()
    assert "Turned by 90 degrees" in canvas.accessibleDescription()
    button(driver, "rotateLeftButton").click()
    assert framing(canvas).quarter_turns == 0


def test_buttons_say_their_keys_and_that_turning_changes_no_file(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = three(open_window, tmp_path)
    assert "Ctrl++" in button(driver, "zoomInButton").toolTip()
    assert "the file, and what the model sees of it, stay as they are" in button(driver, "rotateLeftButton").toolTip()
    assert all(button(driver, name).accessibleName() for name in ("zoomInButton", "zoomFitButton", "rotateLeftButton"))


def test_zoom_begins_anew_with_each_picture_and_turns_are_remembered(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = three(open_window, tmp_path)
    canvas = driver.parts.viewer.canvas
    first, second = (medium.medium_id for medium in driver.desk.pictures.media[:2])
    driver.parts.tray.select([first])
    canvas.turn(1)
    canvas.zoom_to_actual_size()
    driver.parts.tray.select([second])
    assert framing(canvas).is_fitted
    assert framing(canvas).quarter_turns == 0
    driver.parts.tray.select([first])
    assert framing(canvas).is_fitted
    assert framing(canvas).quarter_turns == 1
    driver.wait(lambda: canvas.images is not None and canvas.images.largest_scale == 1)
    assert framing(canvas).quarter_turns == 1


def test_looking_again_at_the_same_picture_keeps_the_zoom(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = three(open_window, tmp_path)
    canvas = driver.parts.viewer.canvas
    canvas.zoom_to_actual_size()
    double_click(canvas, QPoint(3, 3))
    canvas.zoom_to_actual_size()
    more = draw(tmp_path / "more.png")
    chosen = driver.desk.pictures.media[0].medium_id
    driver.parts.tray.select([chosen])
    canvas.zoom_to_actual_size()
    driver.desk.pictures.remove([driver.desk.pictures.media[2].medium_id])
    driver.wait_for_pictures(2)
    driver.desk.pictures.add_sources([source_of(NOISE, more.name)])
    driver.wait_for_pictures(3)
    driver.window.content.viewing.look_at(chosen)
    assert driver.parts.viewer.medium is not None
    assert driver.parts.viewer.medium.medium_id == chosen
    assert scale(canvas) == 1


def test_turning_and_zooming_change_nothing_of_what_is_asked(open_window: OpenWindow, picture: Path) -> None:
    driver = open_window(files=(picture,))
    driver.wait_for_pictures(1)
    driver.wait_for_model()
    content = picture.read_bytes()
    driver.ask("What is this?")
    driver.wait_for_answer()
    driver.desk.begin_new_conversation()
    for _ in range(3):
        driver.action("rotateRightAction").trigger()
        driver.action("zoomInAction").trigger()
    driver.ask("What is this?")
    driver.wait(lambda: len(driver.backend.seen) == 2)
    driver.wait_for_answer()
    straight, turned = (request.turns[0].pictures[0] for request in driver.backend.seen)
    assert turned.rgb == straight.rgb
    assert (turned.digest, turned.sha256) == (straight.digest, straight.sha256)
    assert picture.read_bytes() == content


@pytest.mark.parametrize("size", [(640, 480), (720, 480), (900, 620), (1280, 820)])
def test_the_pills_never_overlap(size: tuple[int, int], open_window: OpenWindow, tmp_path: Path) -> None:
    driver = three(open_window, tmp_path)
    driver.window.resize(*size)
    QApplication.processEvents()
    viewer = driver.parts.viewer
    for name, detail in (("", ""), ("12000×8400", "reduced to 1312×960 · 1,230 tokens · 12 selected · and far more")):
        viewer.show_caption(name, detail)
        for width in (viewer.width(), 200, 260, 340, 420, 560):
            viewer.resize(width, viewer.height())
            caption, pill = viewer._caption_pill, viewer.zoom_pill
            assert not caption.isVisible() or caption.geometry().right() < pill.x()
            assert pill.geometry().right() <= viewer.width()
            shown = [one for one in pill.buttons if one.isVisibleTo(pill)]
            assert {"zoomInButton", "zoomOutButton", "zoomFitButton"} <= {one.objectName() for one in shown}
            pill.ensurePolished()
            QApplication.processEvents()
            assert all(one.width() >= one.sizeHint().width() for one in shown)


def test_a_fitted_picture_lies_clear_of_the_pills(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = three(open_window, tmp_path)
    viewer = driver.parts.viewer
    for size in ((1280, 820), (640, 480)):
        driver.window.resize(*size)
        QApplication.processEvents()
        here = viewer.canvas.picture_rect()
        for pill in (viewer._caption_pill, viewer.zoom_pill):
            assert not pill.geometry().intersects(here)


def test_the_menu_on_the_picture_has_its_commands(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = three(open_window, tmp_path)
    canvas = driver.parts.viewer.canvas
    assert canvas.contextMenuPolicy() == Qt.ContextMenuPolicy.ActionsContextMenu
    wanted = {"copyPictureAction", "zoomInAction", "zoomOutAction", "zoomFitAction", "actualSizeAction"}
    assert wanted | {"rotateLeftAction", "rotateRightAction"} == {action.objectName() for action in canvas.actions()}
    canvas.actions()[0].trigger()
    assert QGuiApplication.clipboard().mimeData().hasImage()


def test_a_wheel_over_the_pills_zooms_too(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = three(open_window, tmp_path)
    viewer = driver.parts.viewer
    before = scale(viewer.canvas)
    for number, pill in enumerate((viewer._caption_pill, viewer.zoom_pill, viewer.zoom_pill.zoom_in)):
        place = QPointF(pill.mapTo(driver.window, pill.rect().center()))
        QTest.wheelEvent(driver.window.windowHandle(), place, QPoint(0, 120), QPoint(), PLAIN)
        assert scale(viewer.canvas) == pytest.approx(before * 1.2 ** (number + 1))


def test_the_ring_of_the_keyboard_is_drawn_once(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = three(open_window, tmp_path)
    driver.window.activateWindow()
    driver.parts.tray.view.setFocus()
    names = set()
    for _ in range(8):
        focus = QApplication.focusWidget()
        assert focus is not None
        QTest.keyClick(focus, Qt.Key.Key_Tab)
        focus = QApplication.focusWidget()
        assert focus is not None
        if driver.parts.viewer.isAncestorOf(focus):
            names.add(focus.objectName())
            assert not driver.child(QWidget, "focusRing").isVisible()
    assert {"pictureCanvas", "zoomInButton", "zoomFitButton", "rotateRightButton"} <= names
