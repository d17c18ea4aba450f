"""The pictures at hand as a column: thumbnail, name, what each costs and whether the model has seen it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QMimeData, QModelIndex, QPoint, QSize, QTimer, Signal
from PySide6.QtGui import QFont, QImage
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.gui.caption import Caption
from app.gui.focus_ring import PAINTS_OWN_FOCUS
from app.gui.look import BODY_PX, scaled_px
from app.gui.shell import TRAY_WIDTH_PX
from app.gui.tray.drop_hint import DropHint
from app.gui.tray.offered import TRAY_KIND
from app.gui.tray.tray_delegate import TrayDelegate
from app.gui.tray.tray_model import TrayModel
from app.gui.tray.tray_view import TrayView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QResizeEvent

    from app.core.next_question import NextQuestion

_MOST_SELECTED_AT_ONCE = 8
_HINT_FROM_PX = 320
_LONG_MS = 300
_Flag = QItemSelectionModel.SelectionFlag


class MediaTray(QWidget):
    """Header, list and a hint."""

    medium_looked_at = Signal(str)
    """Carries the id of the picture to look at, or an empty text when there is none."""
    selection_changed = Signal(object)
    """Carries a tuple of the ids of the pictures that the next question is about."""
    removal_wanted = Signal()
    menu_wanted = Signal(QPoint)
    """Carries where on the screen."""
    move_wanted = Signal(object, int)
    """Carries a tuple of ids and the place before which they are to stand."""
    in_sight_changed = Signal(object)
    """Carries a tuple of the ids of the pictures that can be seen."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumWidth(150)
        self._model = TrayModel(self)
        self._is_refreshing = False
        self._taking_in = QTimer(self)
        self._taking_in.setSingleShot(True)
        self._taking_in.setInterval(_LONG_MS)
        self._taking_in.timeout.connect(self._on_taking_in_timeout)
        self._title = Caption(self.tr("Media"), BODY_PX, QFont.Weight.DemiBold, is_dim=False)
        self._count = Caption()
        self._before_added: tuple[frozenset[str], tuple[str, ...]] = (frozenset(), ())
        self.view = TrayView()
        self.view.setObjectName("mediaTray")
        self.view.setAccessibleName(self.tr("Pictures and videos"))
        self.view.setAccessibleDescription(self.tr("The next question is about the selected ones."))
        self.view.setProperty(PAINTS_OWN_FOCUS, True)
        self.view.setModel(self._model)
        self.view.setItemDelegate(TrayDelegate(self._model, self.view))
        self._nothing = Caption(self.tr("Nothing here yet."))
        self._nothing.setContentsMargins(12, 4, 12, 4)
        self._looking = Caption(self.tr("Looking for pictures and videos…"))
        self._looking.setContentsMargins(12, 4, 12, 4)
        self._looking.hide()
        self.drop_hint = DropHint()
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
        layout.addWidget(self._looking)
        layout.addWidget(self.drop_hint)
        self.view.selectionModel().currentChanged.connect(self._on_view_current_changed)
        self.view.selectionModel().selectionChanged.connect(self._on_view_selection_changed)
        self.view.removal_wanted.connect(self.removal_wanted)
        self.view.menu_wanted.connect(self.menu_wanted)
        self.view.move_wanted.connect(self.move_wanted)
        self.view.rows_in_sight.connect(self._on_view_rows_in_sight)

    def sizeHint(self) -> QSize:
        """The width the layout starts with."""
        return QSize(scaled_px(TRAY_WIDTH_PX), 400)

    @property
    def current_id(self) -> str | None:
        """The picture that is being looked at."""
        return self._model.medium_id(self.view.currentIndex().row())

    @property
    def selected_ids(self) -> tuple[str, ...]:
        """The pictures that the next question is about, from top to bottom."""
        found = (self._model.medium_id(place) for place in self._selected_places())
        return tuple(medium_id for medium_id in found if medium_id is not None)

    def show_question(self, question: NextQuestion) -> None:
        """Shows the pictures as they stand before the next question."""
        before, places = (self.current_id, self.selected_ids), self._selected_places()
        self._is_refreshing = True
        self._model.show_question(question)
        count = len(question.media)
        if places and count and not self.view.selectionModel().hasSelection():
            self._select_places(self._places_before_added() or [min(places[0], count - 1)])
        elif before[0] is not None and self._model.place(before[0]) is None and places and count:
            self._select_places(self._selected_places())
        self._is_refreshing = False
        self._count.setText(str(count) if count else "")
        self._nothing.setVisible(not count)
        if self.selected_ids != before[1]:
            self.selection_changed.emit(self.selected_ids)
        if self.current_id != before[0]:
            self.medium_looked_at.emit(self.current_id or "")

    def show_taking_in(self, *, is_taking_in: bool) -> None:
        """Says that more pictures are being looked for, when that takes long."""
        if not is_taking_in:
            self._taking_in.stop()
            self._looking.hide()
        elif not self._taking_in.isActive() and self._looking.isHidden():
            self._taking_in.start()

    def _on_taking_in_timeout(self) -> None:
        self._looking.show()

    def show_thumbnail(self, medium_id: str, image: QImage) -> None:
        """Shows a picture in small."""
        self._model.set_thumbnail(medium_id, image)

    def thumbnail(self, medium_id: str) -> QImage | None:
        """The picture in small, once it is open."""
        return self._model.image(medium_id)

    def select_added(self, medium_ids: Sequence[str]) -> bool:
        """Selects what was just added; of very many only the first, so that no question grows unseen.

        Returns:
            Whether all are selected.
        """
        before_added = (frozenset(medium_ids), self.selected_ids)
        are_few = len(medium_ids) <= _MOST_SELECTED_AT_ONCE
        self.select(medium_ids if are_few else medium_ids[:1])
        self._before_added = before_added
        return are_few

    def select(self, medium_ids: Sequence[str]) -> None:
        """Selects these pictures and looks at the first of them."""
        found = (self._model.place(medium_id) for medium_id in medium_ids)
        places = [place for place in found if place is not None]
        if places:
            self._select_places(places)
            self.view.scrollTo(self.view.currentIndex())

    def _places_before_added(self) -> list[int]:
        """Where the pictures stand that were selected before the last ones came, if none of these could be used."""
        added, selected = self._before_added
        if not added or any(self._model.place(medium_id) is not None for medium_id in added):
            return []
        found = (self._model.place(medium_id) for medium_id in selected)
        return [place for place in found if place is not None]

    def _selected_places(self) -> list[int]:
        ranges = self.view.selectionModel().selection()
        places = {place for rows in ranges for place in range(rows.top(), rows.bottom() + 1)}  # type: ignore[attr-defined]
        return sorted(places)

    def _select_places(self, places: Sequence[int]) -> None:
        selection = QItemSelection()
        first = last = min(places)
        for place in sorted(places):  # rows in a row are one range: Qt is slow with many
            if place > last + 1:
                selection.select(self._model.index(first), self._model.index(last))
                first = place
            last = place
        selection.select(self._model.index(first), self._model.index(last))
        self.view.selectionModel().setCurrentIndex(self._model.index(places[0]), _Flag.NoUpdate)
        self.view.selectionModel().select(selection, _Flag.ClearAndSelect)

    def selected_files_or_picture(self) -> QMimeData:
        """The selected pictures for the clipboard."""
        mime = self._model.mimeData([self._model.index(place) for place in self._selected_places()])
        mime.removeFormat(TRAY_KIND)
        return mime

    def show_current(self) -> None:
        """Scrolls to the picture that is being looked at."""
        self.view.scrollTo(self.view.currentIndex())

    def look_at(self, medium_id: str) -> None:
        """Looks at this one; it alone is selected then, unless it is among several that are."""
        place = self._model.place(medium_id)
        if place is None:
            return
        if place in self._selected_places():
            self.view.selectionModel().setCurrentIndex(self._model.index(place), _Flag.NoUpdate)
            self.show_current()
        else:
            self.select([medium_id])

    def step(self, by: int) -> None:
        """Selects the next or previous picture, round the ends; of several selected ones it only looks at the next."""
        count, current, selected = self._model.rowCount(), self.view.currentIndex().row(), self._selected_places()
        if len(selected) > 1 and current in selected:
            place = selected[(selected.index(current) + by) % len(selected)]
            self.view.selectionModel().setCurrentIndex(self._model.index(place), _Flag.NoUpdate)
            self.show_current()
        elif count:
            self.view.setCurrentIndex(self._model.index((current + by) % count))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leaves a low tray to the pictures."""
        super().resizeEvent(event)
        self.drop_hint.setVisible(self.height() >= scaled_px(_HINT_FROM_PX))

    def _on_view_rows_in_sight(self, first: int, last: int) -> None:
        ids = (self._model.medium_id(place) for place in range(max(0, first), last + 1))
        self.in_sight_changed.emit(tuple(medium_id for medium_id in ids if medium_id is not None))

    def _on_view_current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if not self._is_refreshing:
            self.medium_looked_at.emit(self._model.medium_id(current.row()) or "")

    def _on_view_selection_changed(self, _selected: QItemSelection, _deselected: QItemSelection) -> None:
        if not self._is_refreshing:
            self._before_added = (frozenset(), ())
            self.selection_changed.emit(self.selected_ids)
