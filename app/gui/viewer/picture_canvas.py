"""The picture on a neutral ground: zoomed at the pointer, panned, turned, by wheel, pinch, drag and keys."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QMargins, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QInputDevice, QKeyEvent, QKeySequence, QNativeGestureEvent, QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QGestureEvent, QLabel, QPinchGesture, QSizePolicy

from app.gui.focus_ring import NOT_BY_MOUSE, PAINTS_OWN_FOCUS
from app.gui.look import canvas, paint_focus_ring
from app.gui.viewer.framing import Area, Framing, wheel_factor
from app.gui.viewer.picture_tiles import LevelImages, Tiles

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QFocusEvent, QMouseEvent, QPaintEvent, QResizeEvent, QWheelEvent

    from app.gui.viewer.picture_tiles import Strip

MAX_ENLARGEMENT = 3.0
"""Of a small picture that is fitted, in logical pixels: an icon is not blown up over the whole window."""
_TILE_BUDGET_S = 0.008
_STRIPS_AT_ONCE = 2
_LEAVE_MS = 4
_STEP_PX = 64
_PAGE_SHARE = 0.9
_FULL_FROM = 1.01
_ARROWS = {
    Qt.Key.Key_Left: (1, 0),
    Qt.Key.Key_Right: (-1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}
_PAGES = {Qt.Key.Key_PageUp: 1, Qt.Key.Key_PageDown: -1}


class PictureCanvas(QLabel):
    """Shows one picture, fitted or zoomed. Zooming and turning change only what is seen, never the picture.

    A label with a picture is what Qt tells assistive technology to be a graphic; all painting is done here.
    """

    framing_changed = Signal()
    more_pixels_wanted = Signal()
    """It is zoomed in further than the pixels that are here, and the picture has more."""
    step_wanted = Signal(int)
    """Arrow keys where there is nothing to pan: the picture before (-1) or after (1)."""
    copy_wanted = Signal()
    drag_out_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("pictureCanvas")
        self.setProperty(PAINTS_OWN_FOCUS, True)
        self.setPixmap(QPixmap(1, 1))
        self.setMinimumSize(1, 1)
        self.setAccessibleName(self.tr("Picture"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        if sys.platform != "darwin":  # there a touchpad's pinch comes as a native gesture, and would count twice
            self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
            self.grabGesture(Qt.GestureType.PinchGesture)
        self.take_key: Callable[[QKeyEvent], bool] = lambda _event: False
        """Takes keys that lead through a video, where nothing is to pan; tells whether it took one."""
        self._tiles = Tiles()
        self._images: LevelImages | None = None
        self._framing: Framing | None = None
        self._margins = QMargins()
        self._pressed_at: QPointF | None = None
        self._is_panning = False
        self._is_ring_wanted = False
        self._is_complete = True
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(0)
        self._rest.timeout.connect(self.update)
        self._leaving: list[Strip] = []
        self._leave = QTimer(self)
        self._leave.setInterval(_LEAVE_MS)
        self._leave.timeout.connect(self._on_leave_timeout)

    # What is shown

    @property
    def images(self) -> LevelImages | None:
        """The picture's levels that are here."""
        return self._images

    @property
    def framing(self) -> Framing | None:
        """How the picture lies here; None without a picture."""
        return self._framing

    @property
    def is_settled(self) -> bool:
        """Whether all that is seen has been painted as sharp as the pixels that are here allow."""
        return self._is_complete and not self._rest.isActive()

    def show_picture(self, images: LevelImages | None, quarter_turns: int) -> None:
        """Shows another picture, fitted."""
        self._take(images)
        self._framing = None
        self._pressed_at, self._is_panning = None, False
        if images is not None:
            area, greatest_fit = self._area()
            self._framing = Framing(images.width_px, images.height_px, area, greatest_fit).turned(quarter_turns)
        self._on_framed()

    def show_sharper(self, images: LevelImages) -> None:
        """Shows the same picture with other pixels, where it is."""
        framing = self._framing
        if framing is None:
            self.show_picture(images, 0)
            return
        self._take(images)
        width, height = images.width_px, images.height_px
        if framing.quarter_turns % 2:
            width, height = height, width
        if (width, height) != (framing.width_px, framing.height_px):
            area, greatest_fit = self._area()
            framing = Framing(width, height, area, greatest_fit, framing.quarter_turns)
        self._frame(framing)

    def set_margins(self, margins: QMargins) -> None:
        """Keeps what lies over the edges off a fitted picture."""
        if margins != self._margins:
            self._margins = margins
            self._refit()

    def _take(self, images: LevelImages | None) -> None:
        if self._images is not None:
            self._leaving += self._images.take_strips()
            self._leave.start()
        self._images = images
        self._tiles.show(images)

    def _on_leave_timeout(self) -> None:
        """Gives back a little: all of a large picture at once can take the system a tenth of a second."""
        del self._leaving[-_STRIPS_AT_ONCE:]
        if not self._leaving:
            self._leave.stop()

    def _area(self) -> tuple[Area, float]:
        ratio = self.devicePixelRatioF()
        free = QRectF(self.rect().marginsRemoved(self._margins))
        width, height = max(1.0, free.width() * ratio), max(1.0, free.height() * ratio)
        return Area(free.left() * ratio, free.top() * ratio, width, height), MAX_ENLARGEMENT * ratio

    def _refit(self) -> None:
        if self._framing is not None:
            self._frame(self._framing.in_area(*self._area()))

    def _frame(self, framing: Framing) -> None:
        self._framing = framing
        self._on_framed()

    def _on_framed(self) -> None:
        self._show_cursor()
        self.update()
        self.framing_changed.emit()
        images, framing = self._images, self._framing
        if images is None or framing is None or images.largest_scale >= 1:
            return
        if framing.shown_scale > images.largest_scale * _FULL_FROM:
            self.more_pixels_wanted.emit()

    # Commands

    def zoom_in(self) -> None:
        """To the next larger usual scale."""
        if self._framing is not None:
            self._frame(self._framing.stepped(1))

    def zoom_out(self) -> None:
        """To the next smaller usual scale."""
        if self._framing is not None:
            self._frame(self._framing.stepped(-1))

    def zoom_to_fit(self) -> None:
        """All of it, whatever the window's size."""
        if self._framing is not None:
            self._frame(self._framing.fitted())

    def zoom_to_actual_size(self, at: tuple[float, float] | None = None) -> None:
        """One pixel of the picture for each of the screen's."""
        if self._framing is not None:
            self._frame(self._framing.scaled(1.0, at))

    def turn(self, quarter_turns: int) -> None:
        """Turns to the right, or to the left with a negative number; only for the eye."""
        if self._framing is not None:
            self._frame(self._framing.turned(quarter_turns))

    def _zoom_by(self, factor: float, at: QPointF) -> None:
        if self._framing is not None and factor > 0:
            self._frame(self._framing.scaled(self._framing.shown_scale * factor, self._on_screen(at)))

    def _pan_by(self, x: float, y: float) -> None:
        ratio = self.devicePixelRatioF()
        if self._framing is not None:
            self._frame(self._framing.panned(x * ratio, y * ratio))

    def _toggle(self, at: QPointF) -> None:
        if self._framing is not None and not self._framing.is_fitted:
            self.zoom_to_fit()
        else:
            self.zoom_to_actual_size(self._on_screen(at))

    def _on_screen(self, at: QPointF) -> tuple[float, float]:
        ratio = self.devicePixelRatioF()
        return at.x() * ratio, at.y() * ratio

    @property
    def _can_pan(self) -> bool:
        return self._framing is not None and self._framing.can_pan

    # Wheel, touchpad, touch

    def wheelEvent(self, event: QWheelEvent) -> None:
        """A mouse's wheel zooms at the pointer; two fingers on a touchpad pan, and zoom with Ctrl or Command."""
        event.accept()
        angle, pixels = event.angleDelta(), event.pixelDelta()
        is_zooming = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if is_zooming or not _is_by_fingers(event):
            if angle.y():
                self._zoom_by(wheel_factor(angle.y()), event.position())
            elif angle.x():
                self._pan_by(angle.x() * _STEP_PX / 120, 0)
        elif not pixels.isNull():
            self._pan_by(pixels.x(), pixels.y())
        else:
            self._pan_by(angle.x() * _STEP_PX / 120, angle.y() * _STEP_PX / 120)

    def event(self, event: QEvent) -> bool:
        """Also takes pinches, other screens, and keys that are shortcuts elsewhere."""
        if isinstance(event, QNativeGestureEvent):
            return self._take_native_gesture(event)
        if isinstance(event, QGestureEvent):
            return self._take_gesture(event)
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._refit()
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and event.matches(QKeySequence.StandardKey.Copy)
        ):
            event.accept()
            return True
        return super().event(event)

    def _take_native_gesture(self, event: QNativeGestureEvent) -> bool:
        kind = event.gestureType()
        if kind == Qt.NativeGestureType.ZoomNativeGesture:
            self._zoom_by(1.0 + event.value(), event.position())
        elif kind == Qt.NativeGestureType.SmartZoomNativeGesture:
            self._toggle(event.position())
        else:
            return super().event(event)
        event.accept()
        return True

    def _take_gesture(self, event: QGestureEvent) -> bool:
        pinch = event.gesture(Qt.GestureType.PinchGesture)
        if not isinstance(pinch, QPinchGesture):
            return super().event(event)
        self._pressed_at, self._is_panning = None, False
        at = QPointF(self.mapFromGlobal(pinch.centerPoint().toPoint()))
        if pinch.changeFlags() & QPinchGesture.ChangeFlag.ScaleFactorChanged:
            self._zoom_by(pinch.scaleFactor(), at)
        moved = pinch.centerPoint() - pinch.lastCenterPoint()
        self._pan_by(moved.x(), moved.y())
        event.accept(pinch)
        return True

    # Mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begins what becomes a pan, or a drag of the picture out of the window."""
        if event.button() != Qt.MouseButton.LeftButton or self._framing is None:
            super().mousePressEvent(event)
            return
        is_taking_out = not self._can_pan or bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        self._is_panning = not is_taking_out
        is_on_picture = self.picture_rect().contains(event.position().toPoint())
        self._pressed_at = event.position() if self._is_panning or is_on_picture else None
        self._show_cursor()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pans, or hands the picture out once the mouse has moved far enough."""
        if self._pressed_at is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        moved = event.position() - self._pressed_at
        if self._is_panning:
            self._pressed_at = event.position()
            self._pan_by(moved.x(), moved.y())
        elif moved.manhattanLength() >= QApplication.startDragDistance():
            self._pressed_at = None
            self.drag_out_wanted.emit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Ends a pan."""
        self._pressed_at, self._is_panning = None, False
        self._show_cursor()
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """From all of it to 100 % at the pointer, and back."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._toggle(event.position())

    def _show_cursor(self) -> None:
        if self._is_panning:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif self._can_pan:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self.unsetCursor()

    # Keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Zooms with + - 0 1, pans with arrows and pages; arrows lead to other pictures where nothing is to pan."""
        key = Qt.Key(event.key())
        shortcuts = {
            Qt.Key.Key_Plus: self.zoom_in,
            Qt.Key.Key_Equal: self.zoom_in,
            Qt.Key.Key_Minus: self.zoom_out,
            Qt.Key.Key_0: self.zoom_to_fit,
            Qt.Key.Key_1: self.zoom_to_actual_size,
        }
        others = event.modifiers() & ~(Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier)
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_wanted.emit()
        elif others != Qt.KeyboardModifier.NoModifier:
            super().keyPressEvent(event)
        elif key in shortcuts:
            shortcuts[key]()
        elif not self._can_pan and self.take_key(event):
            event.accept()
        elif key in _ARROWS:
            x, y = _ARROWS[key]
            if self._can_pan:
                self._pan_by(x * _STEP_PX, y * _STEP_PX)
            else:
                self.step_wanted.emit(-(x + y))
        elif key in _PAGES and self._can_pan:
            self._pan_by(0, _PAGES[key] * self.height() * _PAGE_SHARE)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Shows where the keys go, unless it was clicked."""
        self._is_ring_wanted = event.reason() in NOT_BY_MOUSE
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Takes the ring away."""
        super().focusOutEvent(event)
        self.update()

    # Painting

    def picture_rect(self) -> QRect:
        """Where the picture lies, in logical pixels."""
        if self._framing is None:
            return QRect()
        ratio = self.devicePixelRatioF()
        left, top = self._framing.corner
        width, height = self._framing.size
        return QRectF(left / ratio, top / ratio, width / ratio, height / ratio).toAlignedRect()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fits again, or keeps what is in the middle there."""
        super().resizeEvent(event)
        self._refit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints what is seen; what is not ready yet comes sharper with the next frames."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), canvas(self.palette()))
        if self._framing is not None:
            ratio = self.devicePixelRatioF()
            seen = QRect(0, 0, math.ceil(self.width() * ratio), math.ceil(self.height() * ratio))
            painter.save()
            painter.scale(1 / ratio, 1 / ratio)
            self._is_complete = self._tiles.paint(painter, self._framing, seen, _TILE_BUDGET_S)
            painter.restore()
            if not self._is_complete:
                self._rest.start()
        if self.hasFocus() and self._is_ring_wanted:
            paint_focus_ring(painter, QRectF(self.rect()).adjusted(2, 2, -2, -2), self.palette())
        painter.end()


def _is_by_fingers(event: QWheelEvent) -> bool:
    """Whether this scrolling comes from a touchpad and not from a wheel with notches."""
    is_touchpad = event.device().type() == QInputDevice.DeviceType.TouchPad
    return is_touchpad or not event.pixelDelta().isNull() or event.phase() != Qt.ScrollPhase.NoScrollPhase
