"""Paints one picture of the tray."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QCoreApplication, QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.gui.look import BODY_PX, RADIUS_PX, SMALL_PX, canvas, dim_text, hairline, sized
from app.gui.wording import number, short_size_text

if TYPE_CHECKING:
    from PySide6.QtCore import QObject
    from PySide6.QtGui import QPixmap

    from app.core.shelf import Cost, Medium

THUMBNAIL = QSize(52, 44)
_ROW_HEIGHT_PX = 68
_SIDE_PX = 12
_SELECTED_ALPHA = 0.22


@dataclass(frozen=True, slots=True)
class TrayRow:
    """What one row says.

    Attributes:
        medium_id: Which picture.
        name: Its name.
        cost: Such as ``704 tokens · 1024×704``.
        state: Such as ``seen whole · asked about``.
    """

    medium_id: str
    name: str
    cost: str
    state: str


def tray_row(medium: Medium, cost: Cost | None, *, is_sent: bool) -> TrayRow:
    """The row of a picture; without a cost it is still being opened."""
    translate = QCoreApplication.translate
    name = medium.source.name
    if cost is None:
        return TrayRow(medium.medium_id, name, translate("MediaTray", "Opening…"), "")
    state = [translate("MediaTray", "reduced") if cost.is_reduced else translate("MediaTray", "seen whole")]
    if is_sent:
        state.append(translate("MediaTray", "sent"))
    tokens = translate("MediaTray", "{0} tok").format(number(cost.tokens))
    size = short_size_text(medium.width_px, medium.height_px)
    return TrayRow(medium.medium_id, name, f"{tokens} · {size}", " · ".join(state))


class Thumbnails(Protocol):
    """Gives a picture in small."""

    def thumbnail(self, position: int, device_ratio: float) -> QPixmap | None:
        """The picture at this place, or None while it is being opened."""
        ...


class TrayDelegate(QStyledItemDelegate):
    """Thumbnail on the left, three lines on the right."""

    def __init__(self, thumbnails: Thumbnails, parent: QObject) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Every row is as high as every other."""
        return QSize(120, _ROW_HEIGHT_PX)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paints the row in the system's colours."""
        row = index.data(Qt.ItemDataRole.UserRole)
        if not isinstance(row, TrayRow):
            return
        area: QRect = option.rect
        palette: QPalette = option.palette
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        card = QRectF(area).adjusted(_SIDE_PX - 4, 2, -(_SIDE_PX - 4), -2)
        if state & QStyle.StateFlag.State_Selected:
            ground = QColor(palette.color(QPalette.ColorRole.Highlight))
            ground.setAlphaF(_SELECTED_ALPHA)
            path = QPainterPath()
            path.addRoundedRect(card, RADIUS_PX, RADIUS_PX)
            painter.fillPath(path, ground)
        box = QRectF(card.left() + 6, card.top() + (card.height() - THUMBNAIL.height()) / 2, 0, 0)
        box.setSize(QRectF(0, 0, THUMBNAIL.width(), THUMBNAIL.height()).size())
        self._paint_thumbnail(painter, box, index.row(), palette)
        text = QRectF(box.right() + 8, card.top(), card.right() - box.right() - 14, card.height())
        self._paint_text(painter, text, row, palette)
        painter.restore()

    def _paint_thumbnail(self, painter: QPainter, box: QRectF, position: int, palette: QPalette) -> None:
        device = painter.device()
        pixmap = self._thumbnails.thumbnail(position, device.devicePixelRatioF() if device is not None else 1.0)
        if pixmap is None or pixmap.isNull():
            painter.fillRect(box, canvas(palette))
            return
        size = pixmap.deviceIndependentSize()
        left, top = box.center().x() - size.width() / 2, box.center().y() - size.height() / 2
        corner = QPointF(round(left), round(top))
        painter.drawPixmap(corner, pixmap)
        painter.setPen(hairline(palette))
        painter.drawRect(QRectF(corner, size).adjusted(0.5, 0.5, -0.5, -0.5))

    @staticmethod
    def _paint_text(painter: QPainter, area: QRectF, row: TrayRow, palette: QPalette) -> None:
        lines = (
            (row.name, BODY_PX, palette.color(QPalette.ColorRole.WindowText), Qt.TextElideMode.ElideMiddle),
            (row.cost, SMALL_PX, dim_text(palette), Qt.TextElideMode.ElideRight),
            (row.state, SMALL_PX, dim_text(palette), Qt.TextElideMode.ElideRight),
        )
        top = area.top() + 8
        for text, pixels, colour, elide in lines:
            painter.setFont(sized(painter.font(), pixels))
            metrics = painter.fontMetrics()
            painter.setPen(colour)
            line = QRectF(area.left(), top, area.width(), metrics.height())
            flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(line, flags, metrics.elidedText(text, elide, int(area.width())))
            top += metrics.height() + 1
