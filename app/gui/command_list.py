"""The list of all commands over the window: a few letters, Return, done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shiboken6
from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QKeyEvent, QKeySequence, QPainter, QPainterPath, QPalette, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.gui.announcing import announce
from app.gui.caption import Caption
from app.gui.command_search import Command, found
from app.gui.look import (
    BODY_PX,
    RADIUS_PX,
    SMALL_PX,
    dim_text,
    hairline,
    scaled_px,
    selected_ground,
    sized,
)

if TYPE_CHECKING:
    from PySide6.QtGui import QAction, QPaintEvent

    from app.gui.actions import Actions
    from app.gui.recent_files import RecentUse

    Index = QModelIndex | QPersistentModelIndex

_WIDTH_PX = 560
_TOP_PX = 72
_MARGIN_PX = 24
_ROW_PX = 34
_MOST_ROWS = 9
_PADDING_PX = 12
_ACTION_ROLE = Qt.ItemDataRole.UserRole


class _Rows(QAbstractListModel):
    """The commands that are listed now."""

    def __init__(self, actions: Actions, parent: QObject) -> None:
        super().__init__(parent)
        self._actions = actions
        self._commands: list[Command] = []

    def set_commands(self, commands: list[Command]) -> None:
        self.beginResetModel()
        self._commands = commands
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self._commands)

    def action(self, index: Index) -> QAction | None:
        if not index.isValid() or index.row() >= len(self._commands):
            return None
        return self._actions[self._commands[index.row()].command_id]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        action = self.action(index)
        if action is None:
            return None
        command = self._commands[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return command.text
        if role == _ACTION_ROLE:
            return action
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(command, action)
        return None

    def _spoken(self, command: Command, action: QAction) -> str:
        parts = [command.text, command.menu]
        if action.isCheckable():
            parts.append(self.tr("on") if action.isChecked() else self.tr("off"))
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        if keys:
            parts.append(keys)
        if not action.isEnabled():
            parts.append(self._actions.why_not(command.command_id) or self.tr("not available now"))
        return ", ".join(parts)


class _RowPainter(QStyledItemDelegate):
    """The command on the left, its keys on the right; what cannot be used now is dim and says why."""

    def __init__(self, actions: Actions, parent: QObject) -> None:
        super().__init__(parent)
        self._actions = actions

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, scaled_px(_ROW_PX))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        action = index.data(_ACTION_ROLE)
        area: QRect = option.rect
        palette: QPalette = option.palette
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        row = QRectF(area).adjusted(4, 1, -4, -1)
        if state & QStyle.StateFlag.State_Selected:
            path = QPainterPath()
            path.addRoundedRect(row, RADIUS_PX, RADIUS_PX)
            painter.fillPath(path, selected_ground(palette))
        inner = row.adjusted(_PADDING_PX, 0, -_PADDING_PX, 0)
        left = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        is_usable = action.isEnabled()
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        aside = keys if is_usable else self._actions.why_not(action.objectName()) or keys
        painter.setFont(sized(option.font, SMALL_PX))
        painter.setPen(dim_text(palette))
        aside = painter.fontMetrics().elidedText(aside, Qt.TextElideMode.ElideRight, int(inner.width() * 0.6))
        aside_width = painter.fontMetrics().horizontalAdvance(aside)
        painter.drawText(inner, right, aside)
        painter.setFont(sized(option.font, BODY_PX))
        painter.setPen(palette.color(QPalette.ColorRole.WindowText) if is_usable else dim_text(palette))
        text = ("✓ " if action.isChecked() else "") + str(index.data())
        room = int(inner.width() - aside_width - _PADDING_PX)
        painter.drawText(inner, left, painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room))
        painter.restore()


class CommandList(QFrame):
    """Opens over the window; a click beside it, Esc, or a command closes it.

    Args:
        window: What it lies over.
        actions: The commands.
        recent: What was used last.
    """

    opening = Signal()
    """While what had the keyboard still has it."""
    closing = Signal()

    def __init__(self, window: QWidget, actions: Actions, recent: RecentUse) -> None:
        super().__init__(window)
        self.setObjectName("commandList")
        self.setAccessibleName(self.tr("Commands"))
        self._window = window
        self._actions = actions
        self._recent = recent
        self._came_from: QWidget | None = None
        self.field = QLineEdit()
        self.field.setObjectName("commandField")
        self.field.setPlaceholderText(self.tr("Type a command…"))
        self.field.setAccessibleName(self.tr("Search the commands"))
        self.field.setAccessibleDescription(self.tr("Up and Down choose, Return does it, Esc closes."))
        self.field.setClearButtonEnabled(True)
        self.field.setFrame(False)
        self.field.installEventFilter(self)
        self._rows = _Rows(actions, self)
        self.view = QListView()
        self.view.setObjectName("commandRows")
        self.view.setAccessibleName(self.tr("Commands that fit"))
        self.view.setAccessibleDescription(self.tr("Those that cannot be used now say why."))
        self.view.setModel(self._rows)
        self.view.setItemDelegate(_RowPainter(actions, self.view))
        self.view.setFrameShape(QFrame.Shape.NoFrame)
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view.setUniformItemSizes(True)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.view.viewport().setAutoFillBackground(False)
        self._nothing = Caption(self.tr("No command fits these words."))
        self._nothing.setContentsMargins(_PADDING_PX, 4, _PADDING_PX, 8)
        self._layout = layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(4)
        layout.addWidget(self.field)
        layout.addWidget(self.view)
        layout.addWidget(self._nothing)
        self.field.textChanged.connect(self._on_field_text_changed)
        self.view.clicked.connect(self._on_view_clicked)
        self.view.selectionModel().currentChanged.connect(self._on_view_current_changed)
        self.hide()

    def toggle(self) -> None:
        """Opens or closes it."""
        if self.isVisible():
            self._close()
        else:
            self._open()

    def _open(self) -> None:
        self.opening.emit()
        self._came_from = QApplication.focusWidget()
        self.field.clear()
        self._list("")
        self._window.installEventFilter(self)
        self._place()
        self.raise_()
        self.show()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _close(self) -> None:
        self._window.removeEventFilter(self)
        was_here = self.field.hasFocus()
        came_from, self._came_from = self._came_from, None
        self.hide()
        self.closing.emit()
        if was_here and came_from is not None and shiboken6.isValid(came_from):
            came_from.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _list(self, query: str) -> None:
        shown = found(self._actions.commands(), query, self._recent.commands)
        self._rows.set_commands(shown)
        self._nothing.setVisible(not shown)
        self.view.setVisible(bool(shown))
        if shown:
            self.view.setCurrentIndex(self._rows.index(0))
            self.view.scrollToTop()
        else:
            announce(self.field, self._nothing.text())
        self._place()

    def _place(self) -> None:
        width = min(scaled_px(_WIDTH_PX), self._window.width() - 2 * _MARGIN_PX)
        top = min(scaled_px(_TOP_PX), self._window.height() // 8)
        rows = min(_MOST_ROWS, max(1, self._rows.rowCount()))
        row_px = scaled_px(_ROW_PX)
        room = self._window.height() - top - self.field.sizeHint().height() - 2 * _MARGIN_PX
        self.view.setFixedHeight(max(row_px, min(rows * row_px, room)))
        self._layout.activate()
        self.setGeometry((self._window.width() - width) // 2, top, width, self._layout.sizeHint().height())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Moves through the rows from the field; closes when the keyboard goes elsewhere; follows the window."""
        if watched is self._window and event.type() == QEvent.Type.Resize:
            self._place()
        if watched is not self.field:
            return False
        if event.type() == QEvent.Type.FocusOut and self.isVisible():
            if QApplication.activePopupWidget() is None and self._window.isActiveWindow():
                self._came_from = None
                self._close()
        elif event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            return self._keep_key(event)
        elif event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._take_key(event)
        return False

    @staticmethod
    def _keep_key(event: QKeyEvent) -> bool:
        """Keeps Esc from stopping an answer, and Return from asking, while the list is open."""
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()
            return True
        return False

    def _take_key(self, event: QKeyEvent) -> bool:
        key = event.key()
        steps = {
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_PageDown: _MOST_ROWS - 1,
            Qt.Key.Key_PageUp: 1 - _MOST_ROWS,
        }
        if key == Qt.Key.Key_Escape:
            self._close()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._do(self.view.currentIndex())
        elif key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            pass  # the list is closed by Esc or a command, not left by accident
        elif key in steps and self._rows.rowCount():
            self._step(steps[Qt.Key(key)])
        else:
            return False
        return True

    def _step(self, by: int) -> None:
        last = self._rows.rowCount() - 1
        row = self.view.currentIndex().row() + by
        if abs(by) == 1:
            row %= last + 1
        self.view.setCurrentIndex(self._rows.index(max(0, min(last, row))))

    def _do(self, index: QModelIndex) -> None:
        action = self._rows.action(index)
        if action is None:
            return
        if not action.isEnabled():
            announce(self.field, str(index.data(Qt.ItemDataRole.AccessibleTextRole)), is_urgent=True)
            return
        self._close()
        self._recent.add_command(action.objectName())
        action.trigger()

    def _on_field_text_changed(self, text: str) -> None:
        self._list(text)

    def _on_view_clicked(self, index: QModelIndex) -> None:
        self._do(index)

    def _on_view_current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if current.isValid():
            announce(self.field, str(current.data(Qt.ItemDataRole.AccessibleTextRole)))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints a card with a hairline."""
        palette = self.palette()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(hairline(palette), 1))
        painter.setBrush(QColor(palette.color(QPalette.ColorRole.Window)))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS_PX, RADIUS_PX)
        painter.end()
