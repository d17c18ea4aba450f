"""The pictures at hand as a column: thumbnail, name, what each costs and whether the model has seen it."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QImage, QKeySequence, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QLabel, QListView, QVBoxLayout, QWidget

from app.gui.caption import Caption
from app.gui.look import BODY_PX, sized
from app.gui.pixels import pixmap_within
from app.gui.shell import TRAY_WIDTH_PX
from app.gui.tray_delegate import THUMBNAIL, TrayDelegate, TrayRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QKeyEvent

    Index = QModelIndex | QPersistentModelIndex


@dataclass(slots=True)
class _Shown:
    row: TrayRow
    image: QImage | None = None
    pixmap: QPixmap | None = None


class TrayModel(QAbstractListModel):
    """The rows of the tray; thumbnails are scaled when they are first painted."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._shown: list[_Shown] = []

    def rowCount(self, parent: Index | None = None) -> int:
        """How many pictures there are."""
        return len(self._shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The row for the delegate and for assistive technology."""
        if not index.isValid() or index.row() >= len(self._shown):
            return None
        shown = self._shown[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return shown.row.name
        if role == Qt.ItemDataRole.UserRole:
            return shown.row
        if role == Qt.ItemDataRole.ToolTipRole:  # Qt would take a name with tags in it for HTML
            words = (shown.row.name, shown.row.cost, shown.row.state)
            return "<p>" + "<br>".join(escape(word) for word in words) + "</p>"
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            return f"{shown.row.name}\n{shown.row.cost}\n{shown.row.state}"
        return None

    def thumbnail(self, position: int, device_ratio: float) -> QPixmap | None:
        """The picture in small, once it is open."""
        shown = self._shown[position]
        if shown.image is None:
            return None
        if shown.pixmap is None or shown.pixmap.devicePixelRatio() != device_ratio:
            shown.pixmap = pixmap_within(shown.image, QSizeF(THUMBNAIL), device_ratio)
        return shown.pixmap

    def set_rows(self, rows: Sequence[TrayRow]) -> None:
        """Shows these rows; thumbnails of pictures that stay are kept."""
        old = {shown.row.medium_id: shown for shown in self._shown}
        new = [
            _Shown(row, old[row.medium_id].image, old[row.medium_id].pixmap) if row.medium_id in old else _Shown(row)
            for row in rows
        ]
        if [shown.row.medium_id for shown in new] == [shown.row.medium_id for shown in self._shown]:
            self._shown = new
            if new:
                self.dataChanged.emit(self.index(0), self.index(len(new) - 1))
            return
        self.beginResetModel()
        self._shown = new
        self.endResetModel()

    def set_thumbnail(self, medium_id: str, image: QImage) -> None:
        """Shows a picture in small."""
        position = self.position(medium_id)
        if position is not None:
            self._shown[position].image = image
            self._shown[position].pixmap = None
            self.dataChanged.emit(self.index(position), self.index(position))

    def image(self, medium_id: str) -> QImage | None:
        """The picture that a thumbnail is made of."""
        return next((shown.image for shown in self._shown if shown.row.medium_id == medium_id), None)

    def position(self, medium_id: str) -> int | None:
        """Where a picture stands."""
        return next((place for place, shown in enumerate(self._shown) if shown.row.medium_id == medium_id), None)

    def medium_id(self, position: int) -> str | None:
        """Which picture stands there."""
        return self._shown[position].row.medium_id if 0 <= position < len(self._shown) else None


class _TrayView(QListView):
    removal_wanted = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Delete) or event.key() == Qt.Key.Key_Backspace:
            self.removal_wanted.emit()
            return
        super().keyPressEvent(event)


class MediaTray(QWidget):
    """Header, list and a hint."""

    medium_selected = Signal(str)
    """Carries the medium's id, or an empty text when none is selected."""
    removal_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumWidth(150)
        self._model = TrayModel(self)
        self._title = QLabel(self.tr("Media"))
        self._title.setFont(sized(self._title.font(), BODY_PX, self._title.font().Weight.DemiBold))
        self._count = Caption()
        self.view = _TrayView()
        self.view.setObjectName("mediaTray")
        self.view.setAccessibleName(self.tr("Pictures"))
        self.view.setModel(self._model)
        self.view.setItemDelegate(TrayDelegate(self._model, self.view))
        self.view.setFrameShape(QListView.Shape.NoFrame)
        self.view.viewport().setAutoFillBackground(False)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.view.setUniformItemSizes(True)
        self._nothing = Caption(self.tr("Nothing here yet."))
        self._hint = Caption(self.tr("Drop pictures or a folder anywhere, or paste one."))
        self._hint.setWordWrap(True)
        header = QHBoxLayout()
        header.addWidget(self._title)
        header.addStretch(1)
        header.addWidget(self._count)
        header.setContentsMargins(12, 8, 12, 4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(header)
        layout.addWidget(self._nothing)
        layout.addWidget(self.view, 1)
        layout.addWidget(self._hint)
        for caption in (self._nothing, self._hint):
            caption.setContentsMargins(12, 4, 12, 4)
        layout.addSpacing(4)
        self.view.selectionModel().currentChanged.connect(self._on_view_current_changed)
        self.view.removal_wanted.connect(self.removal_wanted)

    def sizeHint(self) -> QSize:
        """The width the layout starts with."""
        return QSize(TRAY_WIDTH_PX, 400)

    @property
    def selected_id(self) -> str | None:
        """The picture that is being looked at."""
        return self._model.medium_id(self.view.currentIndex().row())

    def show_rows(self, rows: Sequence[TrayRow]) -> None:
        """Shows the pictures."""
        selected = self.selected_id
        self._model.set_rows(rows)
        self._count.setText(str(len(rows)) if rows else "")
        self._nothing.setVisible(not rows)
        if selected is not None:
            self.select(selected)

    def show_thumbnail(self, medium_id: str, image: QImage) -> None:
        """Shows a picture in small."""
        self._model.set_thumbnail(medium_id, image)

    def thumbnail(self, medium_id: str) -> QImage | None:
        """The picture in small, once it is open."""
        return self._model.image(medium_id)

    def select(self, medium_id: str) -> None:
        """Selects a picture, if it is here."""
        position = self._model.position(medium_id)
        if position is not None:
            self.view.setCurrentIndex(self._model.index(position))

    def step(self, by: int) -> None:
        """Selects the next or previous picture, round the ends."""
        count = self._model.rowCount()
        if count:
            self.view.setCurrentIndex(self._model.index((self.view.currentIndex().row() + by) % count))

    def _on_view_current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        self.medium_selected.emit(self._model.medium_id(current.row()) or "")
