"""What the Edit menu does to the field or text that has the keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QLineEdit, QPlainTextEdit, QTextEdit, QWidget

if TYPE_CHECKING:
    from PySide6.QtCore import QObject

Field: TypeAlias = QLineEdit | QPlainTextEdit | QTextEdit


def focused_field() -> Field | None:
    """The field or text that has the keyboard."""
    return field_in(QApplication.focusWidget())


def field_in(widget: QWidget | None) -> Field | None:
    """The field or text that this widget is, or that it has inside."""
    if isinstance(widget, (QLineEdit, QPlainTextEdit, QTextEdit)):
        return widget
    if isinstance(widget, QAbstractSpinBox) or (isinstance(widget, QComboBox) and widget.isEditable()):
        return widget.findChild(QLineEdit)
    return None


def can_type(widget: QObject) -> bool:
    """Whether letters can be typed into it."""
    field = field_in(widget) if isinstance(widget, QWidget) else None
    return field is not None and not field.isReadOnly()


def can_undo(field: Field | None) -> bool:
    """Whether there is something to take back in this field."""
    if isinstance(field, QLineEdit):
        return field.isUndoAvailable()
    return field is not None and not field.isReadOnly() and field.document().isUndoAvailable()


def can_redo(field: Field | None) -> bool:
    """Whether something that was taken back can be done again."""
    if isinstance(field, QLineEdit):
        return field.isRedoAvailable()
    return field is not None and not field.isReadOnly() and field.document().isRedoAvailable()


def can_copy(field: Field | None) -> bool:
    """Whether something is selected."""
    if isinstance(field, QLineEdit):
        return field.hasSelectedText() and field.echoMode() == QLineEdit.EchoMode.Normal
    return field is not None and field.textCursor().hasSelection()


def can_cut(field: Field | None) -> bool:
    """Whether something is selected that may be taken away."""
    return can_copy(field) and field is not None and not field.isReadOnly()
