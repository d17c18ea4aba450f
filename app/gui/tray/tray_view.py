"""The list of the tray: its keys, dragging rows within it and out of the window, and which rows are in sight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelectionModel, QPoint, QPointF, QRect, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import QDrag, QKeySequence, QPainter, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QListView

from app.gui.focus_ring import HAS_KEYBOARD
from app.gui.look import FOCUS_RING_PX, canvas, focus_ring
from app.gui.row_menu import row_menu_place
from app.gui.tag import paint_tag
from app.gui.tray.offered import TRAY_KIND
from app.gui.tray.tray_delegate import thumbnail_size
from app.gui.tray.tray_model import TrayModel
from app.gui.wording import number

if TYPE_CHECKING:
    from PySide6.QtGui import (
        QContextMenuEvent,
        QDragEnterEvent,
        QDragLeaveEvent,
        QDragMoveEvent,
        QDropEvent,
        QKeyEvent,
        QMouseEvent,
        QPaintEvent,
    )
    from PySide6.QtWidgets import QWidget

_LINE_INSET_PX = 12


class TrayView(QListView):
    """Rows can be selected like files everywhere, and dragged to another place or to another program."""

    removal_wanted = Signal()
    menu_wanted = Signal(QPoint)
    """Carries where on the screen."""
    move_wanted = Signal(object, int)
    """Carries a tuple of ids and the place before which they are to stand."""
    rows_in_sight = Signal(int, int)
    """Carries the first and the last of them."""

    def __init__(self) -> None:
        super().__init__()
        self._drop_place: int | None = None
        self._in_sight = (-1, -1)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.viewport().setAutoFillBackground(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setDragEnabled(True)
        self.setDropIndicatorShown(False)
        self.viewport().setAcceptDrops(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete removes, Space takes a row into the selection or out of it; the row that keys act on shows a ring."""
        self.setProperty(HAS_KEYBOARD, True)
        if event.matches(QKeySequence.StandardKey.Delete) or event.key() == Qt.Key.Key_Backspace:
            self.removal_wanted.emit()
        elif event.key() == Qt.Key.Key_Space and self.currentIndex().isValid():
            self.selectionModel().select(self.currentIndex(), QItemSelectionModel.SelectionFlag.Toggle)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Whoever clicks knows where."""
        self.setProperty(HAS_KEYBOARD, False)
        super().mousePressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Opens the menu where the mouse is, or at the row that the keyboard is on."""
        _, place = row_menu_place(self, event)
        self.menu_wanted.emit(place)

    def startDrag(self, _supported: Qt.DropAction) -> None:
        """Drags the selected rows as a small picture, beside the pointer so that it hides no place to drop at."""
        model = self.model()
        rows = sorted(index.row() for index in self.selectedIndexes())
        if not rows or not isinstance(model, TrayModel):
            return
        drag = QDrag(self)
        drag.setMimeData(model.mimeData([model.index(row) for row in rows]))
        pixmap = _drag_picture(model.thumbnail(rows[0], self.devicePixelRatioF()), len(rows), self)
        drag.setPixmap(pixmap)
        drag.setHotSpot(QPoint(-_LINE_INSET_PX, -_LINE_INSET_PX))
        drag.exec(Qt.DropAction.CopyAction)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Takes rows of this tray; everything else is for the window."""
        event.setAccepted(event.mimeData().hasFormat(TRAY_KIND))

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Shows where the rows would go."""
        if not event.mimeData().hasFormat(TRAY_KIND):
            event.ignore()
            return
        place = event.position().toPoint()
        if not self.autoScrollMargin() < place.y() < self.viewport().height() - self.autoScrollMargin():
            self.startAutoScroll()
        self._show_drop_place(self._place_at(place))
        event.accept()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Shows nothing any more."""
        self.stopAutoScroll()
        self._show_drop_place(None)

    def dropEvent(self, event: QDropEvent) -> None:
        """Puts the rows there. They are moved here, not by the drag: other programs may only copy."""
        self.stopAutoScroll()
        self._show_drop_place(None)
        if not event.mimeData().hasFormat(TRAY_KIND):
            event.ignore()
            return
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        ids = bytes(event.mimeData().data(TRAY_KIND).data()).decode().split()
        self.move_wanted.emit(tuple(ids), self._place_at(event.position().toPoint()))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the rows, where dragged ones would go, and tells which can be seen."""
        super().paintEvent(event)
        if self._drop_place is not None:
            painter = QPainter(self.viewport())
            painter.fillRect(self._drop_line(self._drop_place), focus_ring(self.palette()))
            painter.end()
        last = self.indexAt(QPoint(_LINE_INSET_PX, self.viewport().height() - 1)).row()
        in_sight = (self.indexAt(QPoint(_LINE_INSET_PX, 0)).row(), last if last >= 0 else self.model().rowCount() - 1)
        if in_sight != self._in_sight:
            self._in_sight = in_sight
            self.rows_in_sight.emit(*in_sight)

    def _place_at(self, point: QPoint) -> int:
        index = self.indexAt(QPoint(_LINE_INSET_PX, point.y()))
        if not index.isValid():
            return self.model().rowCount() if point.y() > 0 else 0
        return index.row() + (1 if point.y() > self.visualRect(index).center().y() else 0)

    def _show_drop_place(self, place: int | None) -> None:
        if place != self._drop_place:
            self._drop_place = place
            self.viewport().update()

    def _drop_line(self, place: int) -> QRect:
        model = self.model()
        if place < model.rowCount():
            top = self.visualRect(model.index(place, 0)).top()
        else:
            top = self.visualRect(model.index(model.rowCount() - 1, 0)).bottom()
        top = min(max(0, top - FOCUS_RING_PX // 2), self.viewport().height() - FOCUS_RING_PX)
        return QRect(_LINE_INSET_PX, top, self.viewport().width() - 2 * _LINE_INSET_PX, FOCUS_RING_PX)


def _drag_picture(thumbnail: QPixmap | None, count: int, widget: QWidget) -> QPixmap:
    """The first of the dragged pictures in small, with their number when there are more."""
    ratio = widget.devicePixelRatioF()
    pixmap = QPixmap(thumbnail_size() * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(canvas(widget.palette()))
    painter = QPainter(pixmap)
    area = QRectF(QPointF(), QSizeF(thumbnail_size()))
    if thumbnail is not None:
        size = thumbnail.deviceIndependentSize()
        painter.drawPixmap(area.center() - QPointF(size.width(), size.height()) / 2, thumbnail)
    if count > 1:
        paint_tag(painter, area, number(count), widget.font())
    painter.end()
    return pixmap
