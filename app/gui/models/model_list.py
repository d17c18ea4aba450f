"""The list of models: its rows are painted, their buttons are real and stand in the rows that are in sight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QApplication, QListView

from app.gui.describing import tip
from app.gui.focus_ring import HAS_KEYBOARD, PAINTS_OWN_FOCUS
from app.gui.models.model_delegate import ROW_ROLE, ModelDelegate
from app.gui.models.row_buttons import RowButtons
from app.gui.models.row_words import row_details, row_text
from app.gui.row_menu import row_menu_place

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QResizeEvent

    from app.gui.models.model_rows import ModelRow

    Index = QModelIndex | QPersistentModelIndex

_AT_ONCE = 30


class _Rows(QAbstractListModel):
    """The rows that are listed now."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.rows: tuple[ModelRow, ...] = ()

    def show_rows(self, rows: Sequence[ModelRow]) -> tuple[tuple[ModelRow, ModelRow], ...] | None:
        """Lists these; gives what changed, before and now, or None where others stand there now or elsewhere."""
        if [row.model_id for row in self.rows] != [row.model_id for row in rows]:
            self.beginResetModel()
            self.rows = tuple(rows)
            self.endResetModel()
            return None
        pairs = tuple(zip(self.rows, rows, strict=True))
        self.rows = tuple(before if before == now else now for before, now in pairs)
        for place, (before, now) in enumerate(pairs):
            if before != now:
                self.dataChanged.emit(self.index(place), self.index(place))
        return tuple((before, now) for before, now in pairs if before != now)

    def rowCount(self, parent: Index | None = None) -> int:
        """How many."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """A row's name, its value, and its words."""
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row = self.rows[index.row()]
        if role == ROW_ROLE:
            return row
        words: dict[int, Callable[[ModelRow], str]] = {
            Qt.ItemDataRole.DisplayRole: lambda row: row.name,
            Qt.ItemDataRole.AccessibleTextRole: row_text,
            Qt.ItemDataRole.AccessibleDescriptionRole: row_details,
            Qt.ItemDataRole.ToolTipRole: _row_tip,
        }
        return words[role](row) if role in words else None


def _row_tip(row: ModelRow) -> str:
    return tip(row.model_id, str(row.installed.folder) if row.installed is not None else "")


class ModelList(QListView):
    """Return does a row's next step, Delete removes its model, the menu key shows all that can be done with it."""

    action_wanted = Signal(str, str)
    """Carries a model's id and the action."""
    left_upwards = Signal()
    """Up was pressed in the first row."""

    def __init__(self) -> None:
        super().__init__()
        self._model = _Rows(self)
        self._delegate = ModelDelegate(self)
        self._buttons: list[RowButtons] = []
        self._is_offline = False
        self._is_placing = False
        self.setObjectName("modelList")
        self.setProperty(PAINTS_OWN_FOCUS, True)
        self.setAccessibleName(self.tr("Models"))
        self.setAccessibleDescription(
            self.tr("Return does what the button of a row says; the menu key shows all that can be done with it.")
        )
        self.setModel(self._model)
        self.setItemDelegate(self._delegate)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.viewport().setAutoFillBackground(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setLayoutMode(QListView.LayoutMode.Batched)
        self.setBatchSize(_AT_ONCE)
        self.setMouseTracking(False)
        self._measure_buttons()
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)

    @property
    def rows(self) -> tuple[ModelRow, ...]:
        """Those that are listed."""
        return self._model.rows

    @property
    def current_id(self) -> str:
        """The model that keys act on; empty without one."""
        row = self.currentIndex().data(ROW_ROLE)
        return row.model_id if row is not None else ""

    def buttons_of(self, model_id: str) -> RowButtons | None:
        """The buttons of a row that is in sight."""
        return next((one for one in self._buttons if not one.isHidden() and one.model_id == model_id), None)

    def show_rows(self, rows: Sequence[ModelRow], *, is_offline: bool) -> None:
        """Lists these rows; the one that keys act on stays the same model."""
        self._is_offline = is_offline
        current_id = self.current_id
        changed = self._model.show_rows(rows)
        if changed is None:
            self.choose(current_id)
        elif any(self._height_px(before) != self._height_px(now) for before, now in changed):
            self._lay_out_anew()
        else:
            self._place_buttons()

    def _lay_out_anew(self) -> None:
        """The row that keys act on stays in sight, if it was: one that begins to be downloaded becomes higher."""
        current = self.currentIndex()
        was_in_sight = current.isValid() and self.viewport().rect().intersects(self.visualRect(current))
        if not was_in_sight:
            self.scheduleDelayedItemsLayout()
            return
        self.setLayoutMode(QListView.LayoutMode.SinglePass)  # else it would be scrolled by where rows stood before
        self.doItemsLayout()
        self.setLayoutMode(QListView.LayoutMode.Batched)
        self.scrollTo(current)

    def choose(self, model_id: str) -> None:
        """Has the keys act on this model; on none where it is not listed."""
        for place, row in enumerate(self._model.rows):
            if row.model_id == model_id:
                self.setCurrentIndex(self._model.index(place))
                return

    def _height_px(self, row: ModelRow) -> int:
        return self._delegate.layout_of(row, self.viewport().width(), self.font()).height_px

    # Keys and the pointer

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Does what can be done with a row; Up leaves the first one."""
        self.setProperty(HAS_KEYBOARD, True)
        index = self.currentIndex()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and index.isValid():
            self.scrollTo(index)
            self._place_buttons()
            buttons = self.buttons_of(self.current_id)
            if buttons is not None:
                buttons.do_first()
        elif (
            event.matches(QKeySequence.StandardKey.Delete) or event.key() == Qt.Key.Key_Backspace
        ) and self.current_id:
            self.action_wanted.emit(self.current_id, "remove")
        elif event.key() == Qt.Key.Key_Up and index.row() <= 0:
            self.left_upwards.emit()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Whoever clicks knows where."""
        self.setProperty(HAS_KEYBOARD, False)
        super().mousePressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Opens the menu of the row under the pointer, or of the one that the keyboard is on."""
        index, place = row_menu_place(self, event)
        if index.isValid():
            self.setCurrentIndex(index)
            self._place_buttons()
            buttons = self.buttons_of(self.current_id)
            if buttons is not None:
                buttons.open_menu(place)

    # The buttons

    def updateGeometries(self) -> None:
        """Follows the rows, wherever they were laid out."""
        super().updateGeometries()
        if hasattr(self, "_buttons") and not self._is_placing:
            self._place_buttons()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lays the rows out at the new width."""
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self.scheduleDelayedItemsLayout()

    def changeEvent(self, event: QEvent) -> None:
        """Lays the rows out anew when the letters grow."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and hasattr(self, "_buttons"):
            self._measure_buttons()
            self._delegate.forget()
            self.scheduleDelayedItemsLayout()

    def _measure_buttons(self) -> None:
        if not self._buttons:
            self._add_buttons()
        self._delegate.sizes = self._buttons[0].measured()
        for buttons in self._buttons:
            buttons.take_sizes(self._delegate.sizes)

    def _add_buttons(self) -> RowButtons:
        buttons = RowButtons(self.viewport())
        buttons.take_sizes(self._delegate.sizes)
        buttons.hide()
        buttons.action_wanted.connect(self.action_wanted)
        self._buttons.append(buttons)
        return buttons

    def _place_buttons(self) -> None:
        """Those of a row stay its own as long as it is in sight: they may have the keyboard."""
        self._is_placing = True  # asking where a row stands may have the rows laid out
        in_sight = self._rows_in_sight()
        self._is_placing = False
        free = [one for one in self._buttons if one.model_id not in in_sight or one.isHidden()]
        kept = {one.model_id: one for one in self._buttons if one not in free}
        for model_id, (row, place) in in_sight.items():
            buttons = kept.get(model_id) or (free.pop() if free else self._add_buttons())
            buttons.show_row(row, is_offline=self._is_offline)
            layout = self._delegate.layout_of(row, self.viewport().width(), self.font())
            buttons.setGeometry(layout.buttons.translated(place))
            buttons.show()
        for buttons in free:
            if not buttons.isHidden():
                self._let_go_of_keyboard(buttons)
                buttons.hide()

    def _let_go_of_keyboard(self, buttons: RowButtons) -> None:
        """The list itself has it when a row with it leaves."""
        focus = QApplication.focusWidget()
        if focus is not None and buttons.isAncestorOf(focus):
            self.setFocus()

    def _on_scrolled(self) -> None:
        self._place_buttons()

    def _rows_in_sight(self) -> dict[str, tuple[ModelRow, QPoint]]:
        found: dict[str, tuple[ModelRow, QPoint]] = {}
        rows = self._model.rows
        first = self.indexAt(QPoint(1, 0)).row() if rows else -1
        for place in range(max(0, first), len(rows)):
            area = self.visualRect(self._model.index(place))
            if area.top() >= self.viewport().height():
                break
            if area.isValid() and area.bottom() >= 0:
                found[rows[place].model_id] = (rows[place], area.topLeft())
        return found
