"""The viewer: what wheel, touchpad, touch, mouse and keys do."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QInputDevice
from PySide6.QtTest import QTest

from app.gui.viewer.picture_canvas import PictureCanvas
from tests.gui.keys_and_clicks import ALT, CONTROL, LEFT, PLAIN
from tests.gui.viewer_hands import double_click, drag, framing, native, scale, three, wheel
from tests.gui.viewer_pixels import NOISE, is_same, painted

if TYPE_CHECKING:
    from tests.gui.window_driver import OpenWindow

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
    double_click(canvas, QPoint(300, 200))
    assert scale(canvas) == 1
    assert framing(canvas).point_at(300, 200) == pytest.approx(point, abs=1)
    double_click(canvas, QPoint(300, 200))
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
