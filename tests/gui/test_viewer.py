"""The viewer: what wheel, touchpad, touch, mouse and keys do, and what is then really painted."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QLocale, QPoint, QPointF, Qt
from PySide6.QtGui import (
    QDrag,
    QGuiApplication,
    QImage,
    QInputDevice,
    QNativeGestureEvent,
    QPointingDevice,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton, QWidget

from app.gui.viewer.picture_canvas import PictureCanvas
from tests.gui.conftest import draw
from tests.gui.keys_and_clicks import ALT, CONTROL, LEFT, PLAIN
from tests.gui.viewer_pixels import NOISE, images_of, is_same, painted, painted_picture, source_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

    from app.gui.viewer.framing import Framing
    from tests.gui.window_driver import OpenWindow, WindowDriver

ROOT = Path(__file__).resolve().parents[2]
BLOCK = NOISE[:20, :20].repeat(40, 0).repeat(40, 1)
"""800 × 800 pixels of squares of one colour each."""


@pytest.fixture
def canvas(qtbot: QtBot) -> Iterator[PictureCanvas]:
    """A canvas of 400 × 300 with a picture of 700 × 500."""
    QLocale.setDefault(QLocale("en_US"))
    widget = PictureCanvas()
    qtbot.addWidget(widget)
    widget.resize(400, 300)
    widget.show()
    widget.show_picture(images_of(NOISE), 0)
    yield widget
    widget.close()


def framing(canvas: PictureCanvas) -> Framing:
    assert canvas.framing is not None
    return canvas.framing


def scale(canvas: PictureCanvas) -> float:
    return framing(canvas).shown_scale


def wheel(
    canvas: PictureCanvas,
    at: tuple[int, int],
    angle: tuple[int, int],
    *,
    pixels: tuple[int, int] = (0, 0),
    keys: Qt.KeyboardModifier = PLAIN,
    phase: Qt.ScrollPhase = Qt.ScrollPhase.NoScrollPhase,
) -> None:
    here = QPointF(*at)
    event = QWheelEvent(
        here,
        QPointF(canvas.mapToGlobal(here)),
        QPoint(*pixels),
        QPoint(*angle),
        Qt.MouseButton.NoButton,
        keys,
        phase,
        False,
    )
    QApplication.sendEvent(canvas, event)
    assert event.isAccepted()


def native(canvas: PictureCanvas, kind: Qt.NativeGestureType, value: float, at: tuple[int, int]) -> None:
    here = QPointF(*at)
    device = QPointingDevice.primaryPointingDevice()
    event = QNativeGestureEvent(kind, device, 2, here, here, QPointF(canvas.mapToGlobal(here)), value, QPointF(), 0)
    QApplication.sendEvent(canvas, event)


def drag(canvas: PictureCanvas, start: tuple[int, int], end: tuple[int, int], keys: object = PLAIN) -> None:
    assert isinstance(keys, Qt.KeyboardModifier)
    QTest.mousePress(canvas, LEFT, keys, QPoint(*start))
    for step in (1, 2, 3):
        x = start[0] + (end[0] - start[0]) * step // 3
        y = start[1] + (end[1] - start[1]) * step // 3
        QTest.mouseMove(canvas, QPoint(x, y))
    QTest.mouseRelease(canvas, LEFT, keys, QPoint(*end))


# What is painted


@pytest.mark.parametrize("ratio", ["1", "1.25", "1.5", "2", "3"])
def test_pixels_are_painted_as_they_are_on_every_screen(ratio: str) -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": ratio}
    words = [sys.executable, "-m", "tests.gui.viewer_pixels"]
    done = subprocess.run(words, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert (done.returncode, done.stdout.split("\n")) == (0, [str(float(ratio)), ""])


def test_a_large_picture_is_fitted_without_a_jagged_edge(canvas: PictureCanvas) -> None:
    canvas.show_picture(images_of(BLOCK), 0)
    part, _ = painted_picture(canvas)
    assert part.shape == (300, 300, 3)
    middles = (np.arange(20) * 15 + 7).astype(int)
    assert np.abs(part[middles][:, middles].astype(int) - BLOCK[20::40, 20::40].astype(int)).max() <= 2
    assert np.abs(part.mean(axis=(0, 1)) - BLOCK.mean(axis=(0, 1))).max() < 2


def test_what_is_shown_smaller_is_an_average_of_all_its_pixels(canvas: PictureCanvas) -> None:
    noise = np.random.default_rng(7).integers(0, 255, (1200, 1600, 3), np.uint8)
    canvas.show_picture(images_of(noise), 0)
    assert scale(canvas) == 0.25
    part = painted_picture(canvas)[0].astype(float)
    wanted = noise.reshape(300, 4, 400, 4, 3).mean(axis=(1, 3))
    assert np.abs(part - wanted).max() <= 3


@pytest.mark.parametrize("enlarged", [1.7, 3.0, 3.9])
def test_an_enlarged_picture_has_no_seams(enlarged: float, canvas: PictureCanvas) -> None:
    wave = 127.5 + 127.5 * np.sin(np.arange(700) / 2)
    canvas.resize(1000, 700)
    canvas.show_picture(images_of(np.broadcast_to(wave[None, :, None], (500, 700, 3)).astype(np.uint8)), 0)
    canvas._frame(framing(canvas).scaled(enlarged))
    part, (left, _) = painted_picture(canvas)
    across = framing(canvas).size[0] / 700
    places = (np.arange(left, left + part.shape[1]) + 0.5) / across - 0.5
    wanted = np.interp(places, np.arange(700), wave.astype(np.uint8))
    assert np.abs(part[5, :, 0] - wanted).max() <= 4
    assert (part == part[5]).all()


def test_a_fitted_picture_follows_the_window(canvas: PictureCanvas) -> None:
    assert framing(canvas).size == (400, 286)
    canvas.resize(200, 300)
    assert framing(canvas).size == (200, 143)
    everything = painted(canvas)
    ground = everything[5, 5]
    assert (everything[:70] == ground).all()
    assert not (everything[100] == ground).all()


def test_a_smaller_window_keeps_what_is_in_the_middle(canvas: PictureCanvas) -> None:
    canvas.zoom_to_actual_size()
    drag(canvas, (200, 150), (150, 130))
    middle = framing(canvas).point_at(200, 150)
    canvas.resize(300, 200)
    assert framing(canvas).point_at(150, 100) == middle
    assert is_same(NOISE, canvas)


def test_a_thumbnail_stands_in_for_the_picture_until_it_is_there(canvas: PictureCanvas) -> None:
    canvas.show_picture(images_of(NOISE, 5_000), 0)
    wanted: list[bool] = []
    canvas.more_pixels_wanted.connect(lambda: wanted.append(True))
    canvas.zoom_to_actual_size()
    assert wanted
    corner = framing(canvas).corner
    assert not is_same(NOISE, canvas)
    canvas.show_sharper(images_of(NOISE))
    assert framing(canvas).corner == corner
    assert is_same(NOISE, canvas)
    wanted.clear()
    canvas.zoom_in()
    assert framing(canvas).shown_scale > 1
    assert not wanted  # all of its pixels are here


def test_the_first_frame_shows_all_of_it_and_the_next_ones_sharper(qtbot: QtBot, canvas: PictureCanvas) -> None:
    canvas.resize(1600, 1200)
    QApplication.processEvents()
    canvas.show_picture(images_of(BLOCK), 0)
    image = QImage(1600, 1200, QImage.Format.Format_RGB888)
    canvas.render(image)
    assert not canvas.is_settled
    lightness = [image.pixelColor(x, y).getRgb() for x in range(210, 1400, 60) for y in range(10, 1200, 60)]
    assert len(set(lightness)) > 300
    qtbot.waitUntil(lambda: canvas.is_settled)


def test_another_screens_resolution_is_followed(canvas: PictureCanvas, monkeypatch: pytest.MonkeyPatch) -> None:
    assert framing(canvas).size == (400, 286)
    monkeypatch.setattr(canvas, "devicePixelRatioF", lambda: 2.0)
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.DevicePixelRatioChange))
    assert framing(canvas).size == (800, 571)
    canvas.zoom_to_actual_size()
    monkeypatch.setattr(canvas, "devicePixelRatioF", lambda: 1.0)
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.DevicePixelRatioChange))
    assert scale(canvas) == 1


# Wheel and touchpad


def test_a_mouse_wheel_zooms_at_the_pointer(canvas: PictureCanvas) -> None:
    wheel(canvas, (100, 100), (0, 120))
    before, first = framing(canvas).point_at(100, 100), scale(canvas)
    assert first == pytest.approx(400 / 700 * 1.2)
    for _ in range(4):
        wheel(canvas, (100, 100), (0, 120))
    assert scale(canvas) == pytest.approx(first * 1.2**4)
    assert framing(canvas).point_at(100, 100) == pytest.approx(before, abs=1.5)
    wheel(canvas, (100, 100), (0, -60))
    assert scale(canvas) == pytest.approx(first * 1.2**3.5)


def test_zoom_has_limits(canvas: PictureCanvas) -> None:
    for _ in range(60):
        wheel(canvas, (300, 100), (0, 120))
    assert scale(canvas) == 32
    for _ in range(60):
        wheel(canvas, (300, 100), (0, -120))
    assert framing(canvas).is_fitted
    assert framing(canvas).size == (400, 286)


def test_two_fingers_pan_and_zoom_with_control(canvas: PictureCanvas) -> None:
    canvas.zoom_to_actual_size()
    left, top = framing(canvas).corner
    wheel(canvas, (10, 10), (0, 400), pixels=(-30, 20), phase=Qt.ScrollPhase.ScrollUpdate)
    assert framing(canvas).corner == (left - 30, top + 20)
    assert scale(canvas) == 1
    assert is_same(NOISE, canvas)
    wheel(canvas, (10, 10), (0, 120), pixels=(0, 12), keys=CONTROL, phase=Qt.ScrollPhase.ScrollUpdate)
    assert scale(canvas) == pytest.approx(1.2)


def test_two_fingers_move_nothing_while_all_is_seen(canvas: PictureCanvas) -> None:
    corner = framing(canvas).corner
    wheel(canvas, (10, 10), (0, 400), pixels=(-30, 20), phase=Qt.ScrollPhase.ScrollUpdate)
    assert framing(canvas).is_fitted
    assert framing(canvas).corner == corner


def test_a_touchpad_without_pixels_pans_too(canvas: PictureCanvas) -> None:
    canvas.zoom_to_actual_size()
    left, top = framing(canvas).corner
    wheel(canvas, (10, 10), (-120, 60), phase=Qt.ScrollPhase.ScrollUpdate)
    assert framing(canvas).corner == (left - 64, top + 32)


def test_a_pinch_zooms_at_the_fingers(canvas: PictureCanvas) -> None:
    native(canvas, Qt.NativeGestureType.ZoomNativeGesture, 1.0, (100, 100))
    first, point = scale(canvas), framing(canvas).point_at(100, 100)
    assert first == pytest.approx(2 * 400 / 700)
    native(canvas, Qt.NativeGestureType.ZoomNativeGesture, 0.25, (100, 100))
    assert scale(canvas) == pytest.approx(first * 1.25)
    assert framing(canvas).point_at(100, 100) == pytest.approx(point, abs=1)
    native(canvas, Qt.NativeGestureType.ZoomNativeGesture, -0.9, (100, 100))
    assert framing(canvas).is_fitted


def test_a_double_tap_goes_to_actual_size_and_back(canvas: PictureCanvas) -> None:
    native(canvas, Qt.NativeGestureType.SmartZoomNativeGesture, 1.0, (100, 100))
    assert scale(canvas) == 1
    native(canvas, Qt.NativeGestureType.SmartZoomNativeGesture, 0.0, (100, 100))
    assert framing(canvas).is_fitted


@pytest.mark.skipif(sys.platform == "darwin", reason="a Mac has no touch screen")
def test_two_fingers_on_a_touch_screen_zoom(canvas: PictureCanvas) -> None:
    device = QTest.createTouchDevice(QInputDevice.DeviceType.TouchScreen)
    first = scale(canvas)
    places = [(150, 250), (140, 260), (120, 280), (100, 300), (80, 320), (60, 340)]
    touch = QTest.touchEvent(canvas, device)
    touch.press(0, QPoint(places[0][0], 150)).press(1, QPoint(places[0][1], 150))
    touch.commit()
    for left, right in places[1:]:
        touch = QTest.touchEvent(canvas, device)
        touch.move(0, QPoint(left, 150)).move(1, QPoint(right, 150))
        touch.commit()
    touch = QTest.touchEvent(canvas, device)
    touch.release(0, QPoint(60, 150)).release(1, QPoint(340, 150))
    touch.commit()
    assert scale(canvas) > first * 1.8


# Mouse


def test_dragging_pans_as_far_as_there_is_picture(canvas: PictureCanvas) -> None:
    canvas.zoom_to_actual_size()
    assert canvas.cursor().shape() == Qt.CursorShape.OpenHandCursor
    left, top = framing(canvas).corner
    drag(canvas, (200, 150), (230, 140))
    assert framing(canvas).corner == (left + 30, top - 10)
    assert is_same(NOISE, canvas)
    drag(canvas, (10, 10), (390, 290))
    drag(canvas, (10, 10), (390, 290))
    assert framing(canvas).corner == (0, 0)
    drag(canvas, (200, 150), (190, 150))
    assert framing(canvas).corner == (-10, 0)


def test_the_hand_closes_while_it_pans(canvas: PictureCanvas) -> None:
    assert canvas.cursor().shape() == Qt.CursorShape.ArrowCursor
    canvas.zoom_to_actual_size()
    QTest.mousePress(canvas, LEFT, PLAIN, QPoint(9, 9))
    assert canvas.cursor().shape() == Qt.CursorShape.ClosedHandCursor
    QTest.mouseRelease(canvas, LEFT, PLAIN, QPoint(9, 9))
    assert canvas.cursor().shape() == Qt.CursorShape.OpenHandCursor


def test_a_double_click_goes_to_actual_size_there_and_back(canvas: PictureCanvas) -> None:
    point = framing(canvas).point_at(300, 200)
    QTest.mouseDClick(canvas, LEFT, PLAIN, QPoint(300, 200))
    assert scale(canvas) == 1
    assert framing(canvas).point_at(300, 200) == pytest.approx(point, abs=1)
    QTest.mouseDClick(canvas, LEFT, PLAIN, QPoint(300, 200))
    assert framing(canvas).is_fitted


def test_a_drag_takes_the_picture_out_when_all_is_seen_or_with_alt(canvas: PictureCanvas) -> None:
    taken: list[bool] = []
    canvas.drag_out_wanted.connect(lambda: taken.append(True))
    drag(canvas, (200, 3), (200, 2))
    assert taken == []
    drag(canvas, (200, 3), (260, 6))  # beside the picture
    assert taken == []
    drag(canvas, (200, 150), (240, 170))
    assert taken == [True]
    canvas.zoom_to_actual_size()
    corner = framing(canvas).corner
    drag(canvas, (200, 150), (240, 170))
    assert taken == [True]
    assert framing(canvas).corner != corner
    corner = framing(canvas).corner
    drag(canvas, (200, 150), (240, 170), ALT)
    assert taken == [True, True]
    assert framing(canvas).corner == corner


# Keys


def test_keys_zoom_and_pan(canvas: PictureCanvas) -> None:
    QTest.keyClick(canvas, Qt.Key.Key_1)
    assert scale(canvas) == 1
    left, top = framing(canvas).corner
    for key, x, y in (
        (Qt.Key.Key_Right, -64, 0),
        (Qt.Key.Key_Down, 0, -64),
        (Qt.Key.Key_Left, 64, 0),
        (Qt.Key.Key_Up, 0, 64),
    ):
        QTest.keyClick(canvas, key)
        left, top = left + x, top + y
        assert framing(canvas).corner == (left, top)
    QTest.keyClick(canvas, Qt.Key.Key_PageDown)
    assert framing(canvas).corner[1] == -200
    QTest.keyClick(canvas, Qt.Key.Key_Plus)
    assert scale(canvas) == pytest.approx(2**0.5)
    QTest.keyClick(canvas, Qt.Key.Key_Equal)
    assert scale(canvas) == pytest.approx(2)
    QTest.keyClick(canvas, Qt.Key.Key_Minus)
    QTest.keyClick(canvas, Qt.Key.Key_Minus)
    assert scale(canvas) == pytest.approx(1)
    QTest.keyClick(canvas, Qt.Key.Key_0)
    assert framing(canvas).is_fitted


def test_arrows_lead_to_other_pictures_while_all_is_seen(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = three(open_window, tmp_path)
    driver.parts.tray.select([driver.desk.pictures.media[0].medium_id])
    names = []
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Left):
        QTest.keyClick(driver.parts.viewer.canvas, key)
        medium = driver.parts.viewer.medium
        assert medium is not None
        names.append(medium.source.name)
    assert names == ["1.png", "2.png", "1.png"]


@pytest.mark.parametrize(("by", "has_ring"), [("tab", True), ("click", False)])
def test_the_keyboards_focus_is_seen_and_a_click_draws_no_ring(by: str, has_ring: bool, canvas: PictureCanvas) -> None:
    canvas.activateWindow()
    canvas.clearFocus()
    without = painted(canvas)
    if by == "tab":
        canvas.setFocus(Qt.FocusReason.TabFocusReason)
    else:
        QTest.mouseClick(canvas, LEFT, PLAIN, QPoint(200, 150))
        canvas.setFocus(Qt.FocusReason.MouseFocusReason)
    assert canvas.hasFocus()
    assert bool((painted(canvas)[:5] != without[:5]).any()) == has_ring


# In the window


def three(open_window: OpenWindow, folder: Path) -> WindowDriver:
    driver = open_window(files=tuple(draw(folder / f"{number}.png", 300 + number, 200) for number in range(3)))
    driver.wait_for_pictures(3)
    driver.wait(lambda: driver.parts.viewer.canvas.images is not None)
    return driver


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
    QTest.mouseDClick(canvas, LEFT, PLAIN, QPoint(3, 3))
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


# Handed to other programs


def test_copy_gives_the_file_and_the_picture(open_window: OpenWindow, picture: Path) -> None:
    driver = open_window(files=(picture,))
    driver.wait_for_pictures(1)
    canvas = driver.parts.viewer.canvas
    driver.wait(lambda: canvas.images is not None and canvas.images.largest_scale == 1)
    canvas.turn(1)
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_C, CONTROL)
    mime = QGuiApplication.clipboard().mimeData()
    assert [url.toLocalFile() for url in mime.urls()] == [str(picture)]
    image = mime.imageData()
    assert isinstance(image, QImage)
    assert image.convertToFormat(QImage.Format.Format_RGB32) == QImage(str(picture)).convertToFormat(
        QImage.Format.Format_RGB32
    )
    QGuiApplication.clipboard().clear()
    driver.action("copyPictureAction").trigger()
    assert QGuiApplication.clipboard().mimeData().hasImage()


def test_a_pasted_picture_is_copied_as_an_image_and_dragged_as_a_file_of_its_name(
    open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = open_window()
    driver.desk.pictures.add_sources([source_of(NOISE, "Pasted picture 1.png")])
    driver.wait_for_pictures(1)
    driver.wait(lambda: driver.parts.viewer.picture() is not None)
    driver.action("copyPictureAction").trigger()
    copied = QGuiApplication.clipboard().mimeData()
    assert (copied.hasImage(), copied.urls()) == (True, [])
    files: list[Path] = []
    images: list[bool] = []

    def note(self: QDrag, _actions: Qt.DropAction, _default: Qt.DropAction) -> Qt.DropAction:
        files.extend(Path(url.toLocalFile()) for url in self.mimeData().urls())
        images.append(self.mimeData().hasImage())
        return Qt.DropAction.IgnoreAction

    monkeypatch.setattr("app.gui.viewer.picture_out.QDrag.exec", note)
    canvas = driver.parts.viewer.canvas
    for _ in range(2):
        drag(canvas, (200, 150), (260, 150))
    first, second = files
    assert (first, images) == (second, [True, True])
    assert first.name == "Pasted picture 1.png"
    image = QImage(str(first))
    assert (image.width(), image.height()) == (700, 500)
    driver.close()
    assert not first.exists()


def test_dragging_the_picture_out_offers_a_copy_of_the_file(
    open_window: OpenWindow, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = open_window(files=(picture,))
    driver.wait_for_pictures(1)
    driver.wait(lambda: driver.parts.viewer.picture() is not None)
    offered: list[tuple[list[str], Qt.DropAction, bool, bool]] = []

    def taken_back(self: QDrag, actions: Qt.DropAction, _default: Qt.DropAction) -> Qt.DropAction:
        files = [url.toLocalFile() for url in self.mimeData().urls()]
        offered.append((files, actions, driver.drop(mime=self.mimeData()), self.pixmap().isNull()))
        return Qt.DropAction.IgnoreAction

    monkeypatch.setattr("app.gui.viewer.picture_out.QDrag.exec", taken_back)
    canvas = driver.parts.viewer.canvas
    middle = canvas.picture_rect().center()
    drag(canvas, (middle.x(), middle.y()), (middle.x() + 60, middle.y()))
    assert offered == [([str(picture)], Qt.DropAction.CopyAction, False, False)]
    assert driver.names == [picture.name]
    assert picture.is_file()
