"""The list of what is inside: a name with its version, and the licence below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPainterPath, QPalette
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.gui.describing import tip
from app.gui.look import (
    BODY_PX,
    RADIUS_PX,
    SMALL_PX,
    dim_text,
    paint_focus_ring,
    selected_ground,
    sized,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.core.licences.inside import Part
    from app.gui.licences.reading import ReadPart

    Index = QModelIndex | QPersistentModelIndex

_CARD_PX, _SIDE_PX, _EDGE_PX, _GAP_PX = 4, 8, 6, 8
_MUCH_PX = 10_000
_PART_ROLE = Qt.ItemDataRole.UserRole


class PartList(QListView):
    """Shows parts, and which of them is looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("licenceList")
        self._rows = _Rows(self)
        self.setModel(self._rows)
        self.setItemDelegate(_RowPainter(self))
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def show_parts(self, parts: Sequence[ReadPart]) -> None:
        """Lists these; the one that was looked at stays so where it is among them, else it is the first."""
        before = self.current
        self._rows.show_parts(parts)
        place = next((place for place, part in enumerate(parts) if part is before), 0)
        if parts:
            self.setCurrentIndex(self._rows.index(place))

    @property
    def current(self) -> ReadPart | None:
        """The one that is looked at."""
        place = self.currentIndex().row()
        return self._rows.parts[place] if 0 <= place < len(self._rows.parts) else None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of those that are listed."""
        return tuple(read.part.name for read in self._rows.parts)

    def part_at(self, index: Index) -> Part:
        """The part of a row."""
        return self._rows.parts[index.row()].part

    def licence_words(self, part: Part) -> str:
        """The second line of a row."""
        licence = part.licence or self.tr("see its text")
        return self.tr("{0} · with {1}").format(licence, part.carrier) if part.carrier else licence


class _Rows(QAbstractListModel):
    def __init__(self, view: PartList) -> None:
        super().__init__(view)
        self._view = view
        self.parts: tuple[ReadPart, ...] = ()

    def show_parts(self, parts: Sequence[ReadPart]) -> None:
        self.beginResetModel()
        self.parts = tuple(parts)
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.parts)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self.parts):
            return None
        part = self.parts[index.row()].part
        if role == Qt.ItemDataRole.DisplayRole:
            return part.name
        words = f"{part.name} {part.version}".strip(), self._view.licence_words(part)
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(*words)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(words)
        return None


class _RowPainter(QStyledItemDelegate):
    def __init__(self, view: PartList) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        width_px = self._view.viewport().width()
        licence = self._licence_area(QRect(0, 0, width_px, 0), option, index)
        return QSize(width_px, round(licence.bottom()) + _EDGE_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        part = self._view.part_at(index)
        area: QRect = option.rect
        palette: QPalette = option.palette
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        card = QRectF(area).adjusted(_CARD_PX, 1, -_CARD_PX, -1)
        if state & QStyle.StateFlag.State_Selected:
            path = QPainterPath()
            path.addRoundedRect(card, RADIUS_PX, RADIUS_PX)
            painter.fillPath(path, selected_ground(palette))
        if state & QStyle.StateFlag.State_HasFocus:
            paint_focus_ring(painter, card, palette)
        lower = self._licence_area(area, option, index)
        upper = QRectF(lower.left(), area.top() + _EDGE_PX, lower.width(), lower.top() - area.top() - _EDGE_PX)
        left = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        elide = Qt.TextElideMode.ElideRight
        painter.setFont(sized(option.font, BODY_PX))
        painter.setPen(palette.color(QPalette.ColorRole.Text))
        name = painter.fontMetrics().elidedText(part.name, elide, int(upper.width()))
        painter.drawText(upper, left, name)
        upper.setLeft(upper.left() + painter.fontMetrics().horizontalAdvance(name) + _GAP_PX)
        painter.setFont(sized(option.font, SMALL_PX))
        painter.setPen(dim_text(palette))
        painter.drawText(upper, left, painter.fontMetrics().elidedText(part.version, elide, int(upper.width())))
        painter.drawText(lower, Qt.TextFlag.TextWordWrap, self._view.licence_words(part))
        painter.restore()

    def _licence_area(self, area: QRect, option: QStyleOptionViewItem, index: Index) -> QRectF:
        """Where the licence stands, below the name, in as many lines as it needs."""
        side_px = _CARD_PX + _SIDE_PX
        top_px = area.top() + _EDGE_PX + QFontMetricsF(sized(option.font, BODY_PX)).lineSpacing()
        room = QRectF(area.left() + side_px, top_px, area.width() - 2 * side_px, _MUCH_PX)
        words = self._view.licence_words(self._view.part_at(index))
        metrics = QFontMetricsF(sized(option.font, SMALL_PX))
        room.setHeight(metrics.boundingRect(room, Qt.TextFlag.TextWordWrap, words).height())
        return room
