"""The frames of a video that the model will see, side by side with their times."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    QStringListModel,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyledItemDelegate, QStyleOptionViewItem

from app.core.footage import clock_text
from app.gui.contrast import mixed
from app.gui.focus_ring import HAS_KEYBOARD, PAINTS_OWN_FOCUS
from app.gui.look import FOCUS_RING_PX, canvas, focus_ring, hairline, scaled_px
from app.gui.tag import paint_tag
from app.gui.viewer.video_words import place_of
from app.gui.wording import number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtGui import QImage, QMouseEvent, QResizeEvent, QShowEvent, QWheelEvent

    Index = QModelIndex | QPersistentModelIndex

_PICTURE_HEIGHT_PX = 56
_LEAST_WIDTH_PX, _MOST_WIDTH_PX = 44, 112
_RING_PX = 3
"""Around each picture: the outline of the one that is shown, and a little air."""
_GAP_PX = 3
_BAR_PX = 12
_RADIUS_PX = 5
_CLOSE_S = 1.0
_SETTLED_MS = 60
_NOTCH_PX = 80


def strip_height_px() -> int:
    """Of the pictures, what is around them and the scroll bar."""
    return scaled_px(_PICTURE_HEIGHT_PX) + 2 * _RING_PX + _BAR_PX


class FrameModel(QStringListModel):
    """The sampled frames in order, by their times and their indices among the video's frames.

    Qt asks for the number of rows once for each row: that of its own model costs nothing, however long the video is.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.times_s: tuple[float, ...] = ()
        self.indices: tuple[int, ...] = ()

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Frames can be chosen, and nothing else."""
        usual = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemNeverHasChildren
        return usual if index.isValid() else Qt.ItemFlag.NoItemFlags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """What a frame is called."""
        if not index.isValid() or not 0 <= index.row() < len(self.times_s):
            return None
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            time = clock_text(self.times_s[index.row()], 1)
            return self.tr("Frame {0} of {1}, {2}").format(number(index.row() + 1), number(len(self.times_s)), time)
        if role == Qt.ItemDataRole.DisplayRole:
            return self.label(index.row())
        return None

    def label(self, place: int) -> str:
        """The time that stands on a frame: with tenths where whole seconds would not tell the frames apart."""
        return clock_text(self.times_s[place], 1 if self._are_close else 0)

    @property
    def _are_close(self) -> bool:
        count = len(self.times_s)
        return count > 1 and (self.times_s[-1] - self.times_s[0]) / (count - 1) < _CLOSE_S

    def show(self, times_s: Sequence[float], indices: Sequence[int]) -> None:
        """Takes other frames; as many as before stay in their places."""
        before, after = self.rowCount(), len(times_s)
        self.times_s, self.indices = tuple(times_s), tuple(indices)
        if after < before:
            self.removeRows(after, before - after)
        elif after > before:
            self.insertRows(before, after - before)
        if after:
            self.dataChanged.emit(self.index(0), self.index(after - 1))


class FrameStrip(QListView):
    """Only what is in sight is wanted; hundreds of frames cost no more than ten."""

    frame_wanted = Signal(int)
    """Carries the index, among the video's frames, of the one that the person wants to see."""
    in_sight_changed = Signal()
    """Other frames than before can be seen, and have been for a moment."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("frameStrip")
        self.setAccessibleName(self.tr("Frames that the model sees"))
        self.setAccessibleDescription(self.tr("Left and Right go from one to the next."))
        self.setProperty(PAINTS_OWN_FOCUS, True)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setUniformItemSizes(True)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.viewport().setAutoFillBackground(False)
        self.image: Callable[[int], QImage | None] = lambda _index: None
        """Gives the small picture of a frame by its index among the video's frames; None while it is not open."""
        self.frames = FrameModel(self)
        self._aspect = 16 / 9
        self._shown_place: int | None = None
        self.setModel(self.frames)
        self.setItemDelegate(_FrameDelegate(self))
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLED_MS)
        self._settle.timeout.connect(self.in_sight_changed)
        self.horizontalScrollBar().valueChanged.connect(self._on_scrolled)

    # What is shown

    @property
    def picture_size(self) -> QSize:
        """Of each frame, in logical pixels; very wide and very narrow ones are shown with room around them."""
        height = scaled_px(_PICTURE_HEIGHT_PX)
        width = min(scaled_px(_MOST_WIDTH_PX), max(scaled_px(_LEAST_WIDTH_PX), round(height * self._aspect)))
        return QSize(width, height)

    @property
    def shown_place(self) -> int | None:
        """Which of them is the one that is looked at."""
        return self._shown_place

    def wanted(self, around: int) -> list[int]:
        """The indices, among the video's frames, of those in sight, and then of so many on either side of them."""
        indices = self.frames.indices
        left, pitch = self.horizontalScrollBar().value(), self.pitch_px
        first, last = max(0, left // pitch), (left + self.viewport().width()) // pitch
        near = (*indices[last + 1 : last + 1 + around], *reversed(indices[max(0, first - around) : first]))
        return list(dict.fromkeys((*indices[first : last + 1], *near)))

    @property
    def pitch_px(self) -> int:
        """From one frame to the next."""
        return self.picture_size.width() + 2 * _RING_PX + _GAP_PX

    def show_frames(self, times_s: Sequence[float], indices: Sequence[int], aspect: float) -> None:
        """Shows these frames of a video whose width is `aspect` times its height."""
        is_other = tuple(times_s) != self.frames.times_s or tuple(indices) != self.frames.indices
        if aspect != self._aspect:
            self._aspect = aspect
            self.scheduleDelayedItemsLayout()
            self._settle.start()
        if is_other:
            self._shown_place = None
            self.frames.show(times_s, indices)
            self._settle.start()

    def show_frame(self, index: int) -> None:
        """Outlines a frame if it is one of these, and brings it, or the one before it, into sight."""
        indices = self.frames.indices
        place = place_of(indices, index)
        nearest = place if place is not None else max(0, bisect.bisect_right(indices, index) - 1)
        if place != self._shown_place:
            self._shown_place = place
            self.viewport().update()
        if indices and self.currentIndex().row() != nearest:
            self.setCurrentIndex(self.frames.index(nearest))

    def show_image(self, index: int) -> None:
        """Paints a frame anew whose small picture has come."""
        indices = self.frames.indices
        for place in range(bisect.bisect_left(indices, index), bisect.bisect_right(indices, index)):
            self.update(self.frames.index(place))

    def _on_scrolled(self) -> None:
        self._settle.start()

    # Sizes

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(scaled_px(300), strip_height_px())

    def minimumSizeHint(self) -> QSize:
        """Narrow windows have it too."""
        return QSize(scaled_px(60), strip_height_px())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Others may be in sight now."""
        super().resizeEvent(event)
        self._settle.start()

    def showEvent(self, event: QShowEvent) -> None:
        """What came while it was hidden is in sight only now."""
        super().showEvent(event)
        self._settle.start()

    # Keys, mouse and wheel

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Goes to another frame and shows it; the frame that keys act on shows a ring."""
        self.setProperty(HAS_KEYBOARD, True)
        before = self.currentIndex()
        super().keyPressEvent(event)
        is_chosen = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
        if self.currentIndex() != before or is_chosen:
            self._want(self.currentIndex())

    def keyboardSearch(self, search: str) -> None:
        """Letters find nothing here."""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Shows the frame that is clicked, so that the menu of the other button is about it too."""
        self.setProperty(HAS_KEYBOARD, False)
        super().mousePressEvent(event)
        self._want(self.indexAt(event.position().toPoint()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scrolls to the side, whichever way the wheel turns."""
        event.accept()
        pixels, angle = event.pixelDelta(), event.angleDelta()
        if not pixels.isNull():
            moved = pixels.x() if abs(pixels.x()) >= abs(pixels.y()) else pixels.y()
        else:
            moved = round((angle.x() or angle.y()) * _NOTCH_PX / 120)
        bar = self.horizontalScrollBar()
        bar.setValue(bar.value() - moved)

    def _want(self, index: QModelIndex) -> None:
        if index.isValid():
            self.frame_wanted.emit(self.frames.indices[index.row()])


class _FrameDelegate(QStyledItemDelegate):
    """Paints one frame: its picture, its time, and the outline of the one that is looked at."""

    def __init__(self, strip: FrameStrip) -> None:
        super().__init__(strip)
        self._strip = strip

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Every frame is as wide as every other."""
        size = self._strip.picture_size
        return QSize(self._strip.pitch_px, size.height() + 2 * _RING_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paints it."""
        strip, palette = self._strip, self._strip.palette()
        area: QRect = option.rect
        size = strip.picture_size
        box = QRectF(QRect(area.topLeft() + QPoint(_RING_PX, _RING_PX), size))
        is_shown = index.row() == strip.shown_place
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        path = QPainterPath()
        path.addRoundedRect(box, _RADIUS_PX, _RADIUS_PX)
        painter.fillPath(path, mixed(canvas(palette), palette.color(palette.ColorRole.WindowText), 0.06))
        image = strip.image(strip.frames.indices[index.row()])
        if image is not None and not image.isNull():
            painter.save()
            painter.setClipPath(path)
            painter.drawImage(_within(box, image.width() / image.height()), image)
            painter.restore()
        painter.setPen(QPen(hairline(palette), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), _RADIUS_PX, _RADIUS_PX)
        paint_tag(painter, box.adjusted(2, 0, -2, -2), strip.frames.label(index.row()), strip.font(), "start")
        has_keyboard = strip.hasFocus() and strip.property(HAS_KEYBOARD) and index == strip.currentIndex()
        if is_shown or has_keyboard:
            ring = box.adjusted(-1.5, -1.5, 1.5, 1.5)
            painter.setPen(QPen(focus_ring(palette), FOCUS_RING_PX))
            painter.drawRoundedRect(ring, _RADIUS_PX + 1.5, _RADIUS_PX + 1.5)
        if has_keyboard:
            painter.setPen(QPen(canvas(palette), 1))
            painter.drawRoundedRect(box, _RADIUS_PX, _RADIUS_PX)
        painter.restore()


def _within(box: QRectF, aspect: float) -> QRectF:
    """All of a picture inside the box."""
    width = min(box.width(), box.height() * aspect)
    height = min(box.height(), width / aspect)
    if box.width() - width < 1:  # which rounding made
        width = box.width()
    if box.height() - height < 1:
        height = box.height()
    return QRectF(box.center().x() - width / 2, box.center().y() - height / 2, width, height)
