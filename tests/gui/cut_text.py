"""Finds text that a window does not show whole."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QMenuBar,
    QPlainTextEdit,
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QTabBar,
    QToolBar,
    QToolButton,
    QWidget,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Words: TypeAlias = tuple[str, int, int]
    """A text, how many pixels it needs, and how many there are."""

_CARET_PX = 4


def cut_texts(window: QWidget) -> list[str]:
    """What the window's widgets and its own painting cut, as lines that name the widget and the text."""
    told = []
    for widget in window.findChildren(QWidget):
        if widget.isVisibleTo(window) and widget.window() is window.window():
            told += [f"{type(widget).__name__} {widget.objectName()}: {fault}" for fault in _faults(widget)]
    window.grab()  # what is hidden is laid out only now, and may measure words as if it painted them
    with noted_elisions() as elided:
        window.grab()
    return told + [f"painted: {text!r} as {shown!r}" for text, shown in elided]


@contextmanager
def noted_elisions() -> Iterator[list[tuple[str, str]]]:
    """Notes what painting shortens within; names of files, shortened in their middle, may be."""
    elided: list[tuple[str, str]] = []
    real = QFontMetrics.elidedText

    def note(self: QFontMetrics, text: str, mode: Qt.TextElideMode, width: int, flags: int = 0) -> str:
        shown = real(self, text, mode, width, flags)
        if shown != text and mode != Qt.TextElideMode.ElideMiddle:
            elided.append((text, shown))
        return shown

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QFontMetrics, "elidedText", note)
        yield elided


def _faults(widget: QWidget) -> Iterator[str]:
    words = list(_words(widget))
    for text, needed, there in words:
        if needed > there:
            yield f"{text!r} needs {needed} px of {there}"
    if any(text for text, _, _ in words):
        outside = _outside(widget)
        if outside:
            yield f"{words[0][0]!r} reaches {outside}"


def _words(widget: QWidget) -> Iterator[Words]:
    for kind, words_of in _KINDS.items():
        if isinstance(widget, kind):
            yield from words_of(widget)


def _label_words(label: QLabel) -> Iterator[Words]:
    if label.text() and label.wordWrap():
        yield label.text(), label.heightForWidth(label.width()), label.height()
    elif label.text() and not _shortens_itself(label):  # what it shortens is noted when it paints
        yield label.text(), label.sizeHint().width(), label.width()


def _shortens_itself(label: QLabel) -> bool:
    return label.sizePolicy().horizontalPolicy() == QSizePolicy.Policy.Ignored or label.minimumSizeHint().width() == 0


def _button_words(button: QAbstractButton) -> Iterator[Words]:
    if button.text():
        yield button.text(), button.sizeHint().width(), button.width()


def _box_words(box: QComboBox) -> Iterator[Words]:
    option = QStyleOptionComboBox()
    box.initStyleOption(option)
    part = QStyle.SubControl.SC_ComboBoxEditField
    field = box.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, box)
    for index in range(box.count()):
        yield box.itemText(index), box.fontMetrics().horizontalAdvance(box.itemText(index)), field.width()


def _line_words(line: QLineEdit) -> Iterator[Words]:
    """Of a line that a person writes only what stands there before they do."""
    text = line.displayText() if isinstance(line.parent(), QAbstractSpinBox) or line.isReadOnly() else ""
    text = text or line.placeholderText()
    if text:
        yield text, line.fontMetrics().horizontalAdvance(text) + _CARET_PX, line.contentsRect().width()


def _page_words(page: QPlainTextEdit) -> Iterator[Words]:
    room = page.viewport().rect().adjusted(_CARET_PX, _CARET_PX, -_CARET_PX, -_CARET_PX)
    needed = page.fontMetrics().boundingRect(room, int(Qt.TextFlag.TextWordWrap.value), page.placeholderText())
    yield page.placeholderText(), needed.height(), room.height()


def _menu_words(bar: QMenuBar) -> Iterator[Words]:
    for action in bar.actions() if not bar.isNativeMenuBar() else ():
        yield action.text(), bar.actionGeometry(action).right(), bar.width()


def _toolbar_words(bar: QToolBar) -> Iterator[Words]:
    """Its buttons that had no room are behind a button of Qt's own."""
    more = bar.findChild(QToolButton, "qt_toolbar_ext_button")
    if more is not None and more.isVisible():
        yield "»", bar.sizeHint().width(), bar.width()


def _tab_words(tabs: QTabBar) -> Iterator[Words]:
    for index in range(tabs.count()):
        yield tabs.tabText(index), tabs.tabSizeHint(index).width(), tabs.tabRect(index).width()


_KINDS: dict[type[QWidget], Callable[[Any], Iterator[Words]]] = {
    QLabel: _label_words,
    QAbstractButton: _button_words,
    QComboBox: _box_words,
    QLineEdit: _line_words,
    QPlainTextEdit: _page_words,
    QMenuBar: _menu_words,
    QToolBar: _toolbar_words,
    QTabBar: _tab_words,
}


def _outside(widget: QWidget) -> str:
    """Which widget around it a widget reaches out of; a scroll area may be scrolled up and down."""
    ancestor = widget.parentWidget()
    may_scroll = False
    while ancestor is not None and not widget.isWindow():
        place = QRect(widget.mapTo(ancestor, QPoint(0, 0)), widget.size())
        is_wide_enough = place.left() >= 0 and place.right() < ancestor.width()
        is_high_enough = may_scroll or (place.top() >= 0 and place.bottom() < ancestor.height())
        may_scroll = may_scroll or isinstance(ancestor.parentWidget(), QAbstractScrollArea)
        if not is_wide_enough or not (is_high_enough or may_scroll):
            return f"out of {type(ancestor).__name__} {ancestor.objectName()} of {ancestor.width()}×{ancestor.height()}"
        if ancestor.isWindow():
            break
        ancestor = ancestor.parentWidget()
    return ""
