"""The line under a video that shows any of its frames, with the range that is asked about and the frames taken."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING, Literal, TypeAlias

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPalette, QPen
from PySide6.QtWidgets import QAbstractSlider, QSizePolicy

from app.core.footage import clock_text
from app.gui.contrast import SIGN_RATIO, mixed, readable
from app.gui.focus_ring import NOT_BY_MOUSE, PAINTS_OWN_FOCUS
from app.gui.look import canvas, focus_ring, is_contrast_wanted, paint_focus_ring, scaled_px

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPaintEvent, QWheelEvent

    from app.core.footage import Footage

    Held: TypeAlias = Literal["", "position", "first", "last"]

_HEIGHT_PX = 32
_SIDE_PX = 16
_TRACK_PX = 4
_KNOB_PX = 13
_GRIP_PX, _GRIP_HEIGHT_PX = 7, 20
_GRIP_OUTSIDE_PX, _GRIP_INSIDE_PX = 14, 3
_TICK_PX = 4
_TICK_APART_PX = 2.0
_MOMENT_PX = 12
_NOTCH = 120


def scrubber_height_px() -> int:
    """High enough to be hit easily."""
    return scaled_px(_HEIGHT_PX)


class Scrubber(QAbstractSlider):
    """Its value is the index of the frame that is shown; places on the line are times, as players have them.

    The grips of the range stand outside of it, so that they can be told from the position even where both are at one
    place.
    """

    frame_wanted = Signal(int)
    """Carries the index of the frame that the person wants to see."""
    range_wanted = Signal(object, object)
    """Carries the first and the last frame of the range; None where it begins or ends with the video."""
    let_go = Signal()
    """The mouse button is up again."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("scrubber")
        self.setAccessibleName(self.tr("Position in the video"))
        self.setOrientation(Qt.Orientation.Horizontal)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setProperty(PAINTS_OWN_FOCUS, True)
        self.setMouseTracking(True)
        self._footage: Footage | None = None
        self._first: int | None = None
        self._last: int | None = None
        self._sampled: tuple[int, ...] = ()
        self._moment: tuple[float, float] | None = None
        self._held: Held = ""
        self._over: Held = ""
        self._grabbed_at_px = 0.0
        self._turned = 0
        self._is_being_shown = False
        self._is_ring_wanted = False
        self.valueChanged.connect(self._on_self_value_changed)

    # What is shown

    @property
    def held(self) -> Held:
        """What of it the mouse holds."""
        return self._held

    @property
    def range_frames(self) -> tuple[int | None, int | None]:
        """The first and the last frame of the range; None where it begins or ends with the video."""
        return self._first, self._last

    @property
    def sampled(self) -> tuple[int, ...]:
        """The marked frames, by index."""
        return self._sampled

    @property
    def moment(self) -> tuple[float, float] | None:
        """The marked time, from and to in seconds."""
        return self._moment

    def show_footage(self, footage: Footage | None) -> None:
        """Takes another video: nothing is marked on it yet."""
        self._footage = footage
        self._first = self._last = self._moment = None
        self._sampled = ()
        self._held = ""
        self._is_being_shown = True
        self.setRange(0, len(footage.times_s) - 1 if footage is not None else 0)
        self.setValue(0)
        self._is_being_shown = False
        self._describe()
        self.update()

    def show_frame(self, index: int) -> None:
        """Shows which frame is seen."""
        self._is_being_shown = True
        self.setValue(index)
        self._is_being_shown = False
        self._describe()
        self.update()

    def show_range(self, first: int | None, last: int | None) -> None:
        """Shows the range that is asked about; what the person is dragging stays with the mouse."""
        if self._held not in ("first", "last") and (first, last) != (self._first, self._last):
            self._first, self._last = first, last
            self.update()

    def show_sampled(self, indices: Sequence[int]) -> None:
        """Marks the frames that the model will see."""
        if tuple(indices) != self._sampled:
            self._sampled = tuple(indices)
            self.update()

    def show_moment(self, moment: tuple[float, float] | None) -> None:
        """Marks a time that somebody spoke of, from and to in seconds; it is no range."""
        if moment != self._moment:
            self._moment = moment
            self.update()

    def _describe(self) -> None:
        if self._footage is None:
            self.setAccessibleDescription("")
            return
        time_s = self._footage.times_s[self.value()]
        words = self.tr("{0} of {1}. Left and Right show the next frames, with Shift a second further.")
        self.setAccessibleDescription(words.format(clock_text(time_s, 1), clock_text(self._footage.end_s)))

    # Places

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(scaled_px(200), scrubber_height_px())

    def minimumSizeHint(self) -> QSize:
        """Narrow windows have it too."""
        return QSize(scaled_px(60), scrubber_height_px())

    def x_of(self, time_s: float) -> float:
        """Where a time lies, in logical pixels."""
        if self._footage is None or self._footage.end_s <= 0:
            return float(_SIDE_PX)
        share = min(1.0, max(0.0, time_s / self._footage.end_s))
        return _SIDE_PX + share * (self.width() - 2 * _SIDE_PX)

    def frame_at(self, x: float) -> int:
        """The frame that is shown at the time that lies there."""
        if self._footage is None:
            return 0
        share = (x - _SIDE_PX) / max(1, self.width() - 2 * _SIDE_PX)
        return self._footage.frame_at(min(1.0, max(0.0, share)) * self._footage.end_s)

    def _x_of_frame(self, index: int) -> float:
        return self.x_of(self._footage.times_s[index]) if self._footage is not None else 0.0

    def _edges(self) -> tuple[float, float]:
        """Where the range begins and ends."""
        if self._footage is None:
            return 0.0, 0.0
        begin = self._footage.times_s[self._first] if self._first is not None else 0.0
        end = self._footage.times_s[self._last] if self._last is not None else self._footage.end_s
        return self.x_of(begin), self.x_of(end)

    def _at(self, x: float) -> Held:
        begin, end = self._edges()
        if begin - _GRIP_OUTSIDE_PX <= x <= begin - _GRIP_INSIDE_PX:
            return "first"
        if end + _GRIP_INSIDE_PX <= x <= end + _GRIP_OUTSIDE_PX:
            return "last"
        return "position"

    # Mouse and wheel

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Takes a grip of the range, or shows the frame at this place."""
        if event.button() != Qt.MouseButton.LeftButton or self._footage is None:
            super().mousePressEvent(event)
            return
        x = event.position().x()
        self._held = self._at(x)
        self.setSliderDown(True)
        begin, end = self._edges()
        self._grabbed_at_px = {"first": x - begin, "last": x - end}.get(self._held, 0.0)
        if self._held == "position":
            self.setValue(self.frame_at(x))
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Takes along what is held, or shows what could be."""
        x = event.position().x()
        if self._footage is None:
            return
        if not self._held:
            self._show_over(self._at(x))
            return
        frame = self.frame_at(x - self._grabbed_at_px)
        if self._held == "first":
            frame = min(frame, self._last_frame - 1)
            self._want_range(frame or None, self._last)
        elif self._held == "last":
            frame = max(frame, self._first_frame + 1)
            self._want_range(self._first, frame if frame < self.maximum() else None)
        self.setValue(max(0, frame))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Lets go."""
        if event.button() == Qt.MouseButton.LeftButton and self._held:
            self._held = ""
            self.setSliderDown(False)
            self.update()
            self.let_go.emit()

    def leaveEvent(self, event: object) -> None:
        """Nothing is under the pointer any more."""
        self._show_over("")

    def wheelEvent(self, event: QWheelEvent) -> None:
        """One frame for each notch; a touchpad's smaller turns are added up."""
        event.accept()
        angle = event.angleDelta()
        self._turned += -angle.y() if abs(angle.y()) >= abs(angle.x()) else -angle.x()
        steps = int(self._turned / _NOTCH)
        self._turned -= steps * _NOTCH
        if steps:
            self.step(steps)

    def _show_over(self, over: Held) -> None:
        if over != self._over:
            self._over = over
            is_grip = over in ("first", "last")
            self.setCursor(Qt.CursorShape.SizeHorCursor if is_grip else Qt.CursorShape.ArrowCursor)
            self.update()

    @property
    def _first_frame(self) -> int:
        return self._first if self._first is not None else 0

    @property
    def _last_frame(self) -> int:
        return self._last if self._last is not None else self.maximum()

    def _want_range(self, first: int | None, last: int | None) -> None:
        if (first, last) != (self._first, self._last):
            self._first, self._last = first, last
            self.update()
            self.range_wanted.emit(first, last)

    # Keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Frames, seconds, ends, and with the page keys the frames that the model will see."""
        if not self.take_key(event):
            super(QAbstractSlider, self).keyPressEvent(event)

    def take_key(self, event: QKeyEvent) -> bool:
        """Goes where a key leads; tells whether it leads anywhere."""
        if self._footage is None:
            return False
        keys = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        key = Qt.Key(event.key())
        by = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(key)
        if by is not None and keys == Qt.KeyboardModifier.ShiftModifier:
            self.step_seconds(by)
        elif keys != Qt.KeyboardModifier.NoModifier:
            return False
        elif by is not None:
            self.step(by)
        elif key == Qt.Key.Key_Home:
            self.setValue(0)
        elif key == Qt.Key.Key_End:
            self.setValue(self.maximum())
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self.step_sampled(-1 if key == Qt.Key.Key_PageUp else 1)
        else:
            return False
        return True

    def step(self, by: int) -> None:
        """So many frames on, or back."""
        self.setValue(self.value() + by)

    def step_seconds(self, seconds: float) -> None:
        """So many seconds on, or back; but always to another frame."""
        if self._footage is not None:
            frame = self._footage.frame_at(self._footage.times_s[self.value()] + seconds)
            self.setValue(frame if frame != self.value() else self.value() + (1 if seconds > 0 else -1))

    def step_sampled(self, by: int) -> None:
        """To the next frame that the model will see, or the one before."""
        sampled, here = self._sampled, self.value()
        place = bisect.bisect_right(sampled, here) if by > 0 else bisect.bisect_left(sampled, here) - 1
        if 0 <= place < len(sampled):
            self.setValue(sampled[place])

    def _on_self_value_changed(self, index: int) -> None:
        self._describe()
        if not self._is_being_shown:
            self.frame_wanted.emit(index)

    # Painting

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Shows where the keys go, unless it was clicked."""
        self._is_ring_wanted = event.reason() in NOT_BY_MOUSE
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Takes the ring away."""
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the line, the range, the marks, the grips and the position."""
        if self._footage is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        ground = canvas(palette)
        text = palette.color(QPalette.ColorRole.WindowText)
        accent = focus_ring(palette)
        begin, end = self._edges()
        middle = self.height() / 2
        line = QRectF(_SIDE_PX, middle - _TRACK_PX / 2, self.width() - 2 * _SIDE_PX, _TRACK_PX)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(mixed(ground, text, 0.45 if is_contrast_wanted() else 0.16))
        painter.drawRoundedRect(line, _TRACK_PX / 2, _TRACK_PX / 2)
        if self._moment is not None:
            self._paint_moment(painter, middle, mixed(ground, accent, 0.45))
        taken = readable(mixed(ground, text, 0.5), (ground,), SIGN_RATIO)
        painter.setBrush(taken)
        painter.drawRoundedRect(QRectF(begin, line.top(), end - begin, _TRACK_PX), _TRACK_PX / 2, _TRACK_PX / 2)
        self._paint_ticks(painter, line.bottom() + 3, taken)
        for kind, edge, side in (("first", begin, -1), ("last", end, 1)):
            is_lit = kind in (self._held, self._over if not self._held else "")
            self._paint_grip(painter, edge, side, middle, text if is_lit else taken, ground)
        self._paint_knob(painter, self._x_of_frame(self.value()), middle, accent, ground)
        if self.hasFocus() and self._is_ring_wanted:
            paint_focus_ring(painter, QRectF(self.rect()), palette)
        painter.end()

    def _paint_moment(self, painter: QPainter, middle: float, colour: QColor) -> None:
        assert self._moment is not None  # noqa: S101 - see paintEvent
        left, right = self.x_of(self._moment[0]), self.x_of(self._moment[1])
        if right - left < _MOMENT_PX / 2:
            left, right = (left + right) / 2 - _MOMENT_PX / 4, (left + right) / 2 + _MOMENT_PX / 4
        painter.setBrush(colour)
        painter.drawRoundedRect(QRectF(left, middle - _MOMENT_PX / 2, right - left, _MOMENT_PX), 3, 3)

    def _paint_ticks(self, painter: QPainter, top: float, colour: QColor) -> None:
        """Small marks; where they would run into one another only some of them."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(colour, 1))
        step = max(1, round(len(self._sampled) * _TICK_APART_PX / max(1, self.width())))
        before = -_TICK_APART_PX
        for index in self._sampled[::step]:
            x = self._x_of_frame(index)
            if x - before >= _TICK_APART_PX:
                painter.drawLine(QPointF(round(x), top), QPointF(round(x), top + _TICK_PX - 1))
                before = x
        painter.restore()

    @staticmethod
    def _paint_grip(painter: QPainter, edge: float, side: int, middle: float, colour: QColor, ground: QColor) -> None:
        """A bar outside the range with a notch that points into it."""
        left = edge - _GRIP_PX if side < 0 else edge
        bar = QRectF(left + side * 2, middle - _GRIP_HEIGHT_PX / 2, _GRIP_PX, _GRIP_HEIGHT_PX)
        path = QPainterPath()
        path.addRoundedRect(bar, 2.5, 2.5)
        painter.setPen(QPen(ground, 1))
        painter.setBrush(colour)
        painter.drawPath(path)
        painter.setPen(QPen(ground, 1.4))
        centre, arm = bar.center(), 2.2
        point = QPointF(centre.x() - side * arm / 2, centre.y())
        back = side * arm
        painter.drawPolyline([point + QPointF(back, -2 * arm), point, point + QPointF(back, 2 * arm)])

    def _paint_knob(self, painter: QPainter, x: float, middle: float, accent: QColor, ground: QColor) -> None:
        painter.setPen(QPen(ground, 2))
        painter.setBrush(accent)
        side = _KNOB_PX + (2 if self._held == "position" else 0)
        painter.drawEllipse(QPointF(x, middle), side / 2, side / 2)
