"""Finds what is wrong with where a window's widgets stand: one over another, one beyond its place, text that is cut."""

from __future__ import annotations

import re
from html import unescape
from itertools import combinations
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QPoint, QRect, Qt
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QLineEdit,
    QSplitter,
    QSplitterHandle,
    QStackedWidget,
    QWidget,
)

from tests.gui.cut_text import cut_texts

if TYPE_CHECKING:
    from collections.abc import Iterator

_OWN_PARTS = "qt_"
"""How Qt names the parts that its own widgets are made of."""
_QUOTED = re.compile(r"'([^']{8,})'")
_ROUNDING_PX = 1
_CANVAS = "pictureCanvas"
"""What is said about a picture floats over it."""


def layout_faults(window: QWidget) -> list[str]:
    """Everything that is wrong, as lines that name the widgets."""
    settle()
    return [*overlaps(window), *squeezed(window), *_cut_for_good(window)]


def settle() -> None:
    """Lets every layout that is due be done."""
    for _ in range(4):
        QCoreApplication.processEvents()


def _cut_for_good(window: QWidget) -> list[str]:
    """Text that is cut and stands nowhere whole; of figures it is enough that their tool tip has all of them."""
    parts = window.findChildren(QWidget)  # also what is hidden: it may be laid out anew, and shorten its words, unseen
    tips = " ".join(f"{unescape(widget.toolTip())} {widget.accessibleDescription()}" for widget in parts)
    return [line for line in cut_texts(window) if not any(words in tips for words in _QUOTED.findall(line)[:1])]


def overlaps(window: QWidget) -> list[str]:
    """Siblings that stand over one another, except what is meant to float: those that let the mouse through."""
    told = []
    for parent in (window, *window.findChildren(QWidget)):
        if _is_seen(parent, window) and not isinstance(parent, (QStackedWidget, QAbstractScrollArea)):
            for first, second in combinations(_placed_children(parent), 2):
                common = first.geometry() & second.geometry()
                is_floating = first.objectName() == _CANVAS or second.objectName() == _CANVAS
                if not common.isEmpty() and not is_floating:
                    told.append(f"{_name(first)} and {_name(second)} share {common.width()}×{common.height()} px")
    return told


def squeezed(window: QWidget) -> list[str]:
    """Widgets with less room than they can do with."""
    told = []
    for widget in window.findChildren(QWidget):
        if not _is_seen(widget, window) or _is_part_of_qt(widget):
            continue
        if widget.layout() is not None or isinstance(widget, (QSplitter, QAbstractScrollArea)):
            continue  # these have widgets of their own that are looked at, or scroll
        least = widget.minimumSizeHint().expandedTo(widget.minimumSize())
        if widget.height() < min(least.height(), widget.maximumHeight()) - _ROUNDING_PX:
            told.append(f"{_name(widget)} is {widget.height()} px high and needs {least.height()}")
    return told


def _placed_children(parent: QWidget) -> Iterator[QWidget]:
    for child in parent.children():
        if not isinstance(child, QWidget) or child.isWindow() or not child.isVisible() or _is_part_of_qt(child):
            continue
        if not child.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents):
            yield child


def _is_seen(widget: QWidget, window: QWidget) -> bool:
    return widget.isVisible() and widget.window() is window


def _is_part_of_qt(widget: QWidget) -> bool:
    is_named = widget.objectName().startswith(_OWN_PARTS)
    return is_named or isinstance(widget, QSplitterHandle) or isinstance(widget.parent(), QLineEdit)


def _name(widget: QWidget) -> str:
    words = getattr(widget, "text", str)() if callable(getattr(widget, "text", None)) else ""
    where = widget.mapTo(widget.window(), QPoint(0, 0)) if not widget.isWindow() else QPoint(0, 0)
    place = QRect(where, widget.size())
    name = " ".join(part for part in (type(widget).__name__, widget.objectName(), repr(words) if words else "") if part)
    return f"{name} at {place.x()},{place.y()} {place.width()}×{place.height()}"
