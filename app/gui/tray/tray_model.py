"""The tray's rows for Qt: made when they are painted, so that five hundred pictures cost no more than ten."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QAbstractListModel,
    QByteArray,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSizeF,
    Qt,
    QUrl,
)

from app.gui.tray.offered import TRAY_KIND, kind_of
from app.gui.tray.tray_delegate import TrayRow, thumbnail_size, tray_row
from app.gui.viewer.pixels import pixmap_within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QImage, QPixmap

    from app.core.next_question import NextQuestion
    from app.core.shelf import Medium

    Index = QModelIndex | QPersistentModelIndex


class TrayModel(QAbstractListModel):
    """The pictures in order; thumbnails are scaled when they are first painted."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._ids: list[str] = []
        self._places: dict[str, int] = {}
        self._media: dict[str, Medium] = {}
        self._question: NextQuestion | None = None
        self._images: dict[str, QImage] = {}
        self._pixmaps: dict[str, QPixmap] = {}
        self._drawn_for = (0.0, QSizeF())

    def rowCount(self, parent: Index | None = None) -> int:
        """How many pictures there are."""
        return len(self._ids) if parent is None or not parent.isValid() else 0

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The row for the delegate and for assistive technology."""
        row = self.row(index.row()) if index.isValid() else None
        if row is None:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return row.name
        if role == Qt.ItemDataRole.UserRole:
            return row
        if role == Qt.ItemDataRole.ToolTipRole:  # Qt would take a name with tags in it for HTML
            return "<p>" + "<br>".join(escape(line) for line in row.lines) + "</p>"
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            return "\n".join(row.lines[1:])
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Rows can be selected and dragged."""
        usual = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemNeverHasChildren
        return usual | Qt.ItemFlag.ItemIsDragEnabled if index.isValid() else Qt.ItemFlag.NoItemFlags

    def supportedDragActions(self) -> Qt.DropAction:
        """Whoever takes a row gets a copy: the file stays where it is."""
        return Qt.DropAction.CopyAction

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """The files of rows that are dragged, and the rows themselves for this tray."""
        ids = [self._ids[place] for place in sorted(index.row() for index in indexes)]
        mime = QMimeData()
        mime.setData(TRAY_KIND, QByteArray("\n".join(ids).encode()))
        paths = [self._media[medium_id].source.path for medium_id in ids]
        urls = [QUrl.fromLocalFile(str(path)) for path in paths if path is not None]
        if urls:
            mime.setUrls(urls)
        elif len(ids) == 1:  # a pasted picture has no file to give
            data = self._media[ids[0]].source.data or b""
            mime.setData(kind_of(data) or "image/png", QByteArray(data))
        return mime

    def row(self, place: int) -> TrayRow | None:
        """What the row at this place says."""
        medium = self._media.get(self.medium_id(place) or "")
        return tray_row(medium, self._question) if medium is not None and self._question is not None else None

    def thumbnail(self, place: int, device_ratio: float) -> QPixmap | None:
        """The picture in small, once it is open."""
        medium_id = self.medium_id(place) or ""
        image = self._images.get(medium_id)
        if image is None:
            return None
        pixmap = self._pixmaps.get(medium_id)
        size = QSizeF(thumbnail_size())
        if (device_ratio, size) != self._drawn_for:
            self._drawn_for = (device_ratio, size)
            self._pixmaps.clear()
            pixmap = None
        if pixmap is None:
            pixmap = self._pixmaps[medium_id] = pixmap_within(image, size, device_ratio)
        return pixmap

    def show_question(self, question: NextQuestion) -> None:
        """Shows these pictures; selection and thumbnails of those that stay are kept."""
        self._question = question
        self._media = {medium.medium_id: medium for medium in question.media}
        wanted = list(self._media)
        if wanted != self._ids:
            kept = [medium_id for medium_id in wanted if medium_id in self._places]
            self._arrange([*kept, *(medium_id for medium_id in self._ids if medium_id not in self._media)])
            self._remove_from(len(kept))
            self._append([medium_id for medium_id in wanted if medium_id not in self._places])
            self._arrange(wanted)
        if wanted:
            self.dataChanged.emit(self.index(0), self.index(len(wanted) - 1))

    def _remove_from(self, place: int) -> None:
        """Takes away all rows from this place on: one step, however many and wherever they stood."""
        gone = self._ids[place:]
        if gone:
            self.beginRemoveRows(QModelIndex(), place, len(self._ids) - 1)
            for medium_id in gone:
                self._images.pop(medium_id, None)
                self._pixmaps.pop(medium_id, None)
            self._set_ids(self._ids[:place])
            self.endRemoveRows()

    def _append(self, added: Sequence[str]) -> None:
        if added:
            self.beginInsertRows(QModelIndex(), len(self._ids), len(self._ids) + len(added) - 1)
            self._set_ids([*self._ids, *added])
            self.endInsertRows()

    def _arrange(self, wanted: list[str]) -> None:
        if wanted == self._ids:
            return
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        ids = [self._ids[index.row()] for index in before]
        self._set_ids(wanted)
        self.changePersistentIndexList(before, [self.index(self._places[medium_id]) for medium_id in ids])
        self.layoutChanged.emit()

    def _set_ids(self, ids: list[str]) -> None:
        self._ids = ids
        self._places = {medium_id: place for place, medium_id in enumerate(ids)}

    def set_thumbnail(self, medium_id: str, image: QImage) -> None:
        """Shows a picture in small."""
        place = self._places.get(medium_id)
        if place is not None:
            self._images[medium_id] = image
            self._pixmaps.pop(medium_id, None)
            self.dataChanged.emit(self.index(place), self.index(place))

    def image(self, medium_id: str) -> QImage | None:
        """The picture that a thumbnail is made of."""
        return self._images.get(medium_id)

    def place(self, medium_id: str) -> int | None:
        """Where a picture stands."""
        return self._places.get(medium_id)

    def medium_id(self, place: int) -> str | None:
        """Which picture stands there."""
        return self._ids[place] if 0 <= place < len(self._ids) else None
