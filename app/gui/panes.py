"""The parts of the window that F6 leads through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget

if TYPE_CHECKING:
    from app.gui.window_parts import WindowParts


def step_pane(parts: WindowParts, by: int) -> None:
    """Gives the keyboard to the next or previous part that is on screen, round the ends."""
    panes: list[tuple[QWidget, QWidget | None]] = [
        (parts.tray, parts.tray.view),
        (parts.viewer, _first_control(parts.viewer)),
        (parts.pages, parts.result if parts.result.isVisible() else _first_control(parts.pages)),
        (parts.prompt, parts.prompt.edit),
    ]
    reached = [(pane, control) for pane, control in panes if pane.isVisible() and control is not None]
    if not reached:
        return
    focus = QApplication.focusWidget()
    here = next(
        (place for place, (pane, _) in enumerate(reached) if focus is not None and _holds(pane, focus)),
        -1 if by > 0 else 0,
    )
    _, control = reached[(here + by) % len(reached)]
    if control is not None:
        control.setFocus(Qt.FocusReason.ShortcutFocusReason)


def _holds(pane: QWidget, widget: QWidget) -> bool:
    return pane is widget or pane.isAncestorOf(widget)


def _first_control(pane: QWidget) -> QWidget | None:
    """The pane itself, or the first in it that takes the keyboard."""
    for widget in (pane, *pane.findChildren(QWidget)):
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible() and widget.isEnabled():
            return widget
    return None
