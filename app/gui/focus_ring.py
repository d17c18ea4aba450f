"""Shows which part of the window has the keyboard: a ring around what was reached by a key."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import shiboken6
from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QGuiApplication, QPainter, QRegion
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QMenuBar,
    QPlainTextEdit,
    QScrollArea,
    QToolButton,
    QWidget,
)

from app.gui.look import FOCUS_RING_PX, RADIUS_PX, paint_focus_ring

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

PAINTS_OWN_FOCUS = "paintsOwnFocus"
"""Property of what paints the ring itself, such as a list around one of its rows."""
HAS_KEYBOARD = "hasKeyboard"
"""Property of what was reached by a key, as long as it has the keyboard."""
NOT_BY_MOUSE = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
    Qt.FocusReason.OtherFocusReason,
)
"""Why something has the keyboard, where it was not clicked."""
_OUTSIDE_PX = FOCUS_RING_PX + 1
_MOVES = frozenset((QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide))
_RINGED_BY_MACOS = (QAbstractButton, QLineEdit, QComboBox, QAbstractSpinBox, QPlainTextEdit)


class FocusRing(QWidget):
    """Lies over the window and follows the keyboard; a click shows no ring, as a person knows where they clicked."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("focusRing")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._window = window
        self._target: QWidget | None = None
        self._left: QWidget | None = None
        self._watched: list[QWidget] = []
        self.hide()
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._on_application_focus_changed)

    @property
    def target(self) -> QWidget | None:
        """What the ring is around, or what paints one itself."""
        return self._target

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follows what the ring is around, and all that it stands in."""
        if event.type() in _MOVES:
            self._place()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the ring."""
        painter = QPainter(self)
        paint_focus_ring(painter, QRectF(self.rect()), self.palette(), RADIUS_PX)
        painter.end()

    def _on_application_focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        had_ring, self._left = self._target or self._left, None
        self._let_go()
        if new is None:
            self._left = had_ring  # another window is in front: the ring is back when this one is
            return
        if new.window() is not self._window:
            return
        is_by_key = self._window.testAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange)
        self._window.setAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange, False)
        is_clicked = QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton
        if (is_by_key or had_ring is not None) and not is_clicked:
            self._surround(new)

    def _surround(self, target: QWidget) -> None:
        self._target = target
        target.setProperty(HAS_KEYBOARD, True)
        if isinstance(target, QAbstractItemView):
            target.viewport().update()
        step: QWidget | None = target
        while step is not None:
            if isinstance(step, QScrollArea):  # it does so itself only where Tab comes from inside it
                step.ensureWidgetVisible(target)
            step.installEventFilter(self)
            self._watched.append(step)
            step = None if step is self._window else step.parentWidget()
        self._place()

    def _let_go(self) -> None:
        for widget in self._watched:
            if shiboken6.isValid(widget):  # it may be going just now, and lose the keyboard by that
                widget.removeEventFilter(self)
        self._watched = []
        if self._target is not None and shiboken6.isValid(self._target):
            self._target.setProperty(HAS_KEYBOARD, False)
            if isinstance(self._target, QAbstractItemView):
                self._target.viewport().update()
        self._target = None
        self.hide()

    def _place(self) -> None:
        target = self._target
        if target is None or not target.isVisible() or _rings_itself(target):
            self.hide()
            return
        area = _area_in(target, self._window)
        if area.isEmpty():
            self.hide()
            return
        self.setGeometry(area)
        whole = QRect(QPoint(), area.size())
        inner = whole.adjusted(RADIUS_PX, RADIUS_PX, -RADIUS_PX, -RADIUS_PX)
        self.setMask(QRegion(whole) - QRegion(inner))
        self.raise_()
        self.show()


def _rings_itself(target: QWidget) -> bool:
    if target.property(PAINTS_OWN_FOCUS):
        return target.currentIndex().isValid() if isinstance(target, QAbstractItemView) else True
    if isinstance(target, QMenuBar):
        return True
    if sys.platform == "darwin":
        is_drawn_here = isinstance(target, QToolButton)
        return isinstance(target, _RINGED_BY_MACOS) and not is_drawn_here
    return False


def _area_in(target: QWidget, window: QWidget) -> QRect:
    """Around a control, inside the edge of a pane; no more of it than is scrolled into sight."""
    area = QRect(target.mapTo(window, QPoint()), target.size())
    is_pane = isinstance(target, QAbstractScrollArea) and not isinstance(target, QPlainTextEdit)
    if not is_pane:
        area = area.adjusted(-_OUTSIDE_PX, -_OUTSIDE_PX, _OUTSIDE_PX, _OUTSIDE_PX)
    step = target.parentWidget()
    while step is not None and step is not window:
        around = step.parentWidget()
        if isinstance(around, QAbstractScrollArea) and around.viewport() is step:
            area = area.intersected(QRect(step.mapTo(window, QPoint()), step.size()))
        step = around
    return area.intersected(window.rect())
