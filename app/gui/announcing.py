"""Says what was done: in the status line, and to people who listen to the window instead of looking at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMainWindow, QWidget

_SAID_MS = 5000


def tell(window: QMainWindow, words: str, part: QWidget | None = None, *, for_ms: int = _SAID_MS) -> None:
    """Says this in the status line for a while, and to people who listen as of a part of the window. Thread: main."""
    window.statusBar().showMessage(words, for_ms)
    announce(window if part is None else part, words)


def announce(widget: QWidget, text: str, *, is_urgent: bool = False) -> None:
    """Has a screen reader say this: when it has said what it is saying, or at once where it is urgent.

    Costs nothing where nobody listens. Thread: main.

    Args:
        widget: The part of the window that it is about.
        text: What is said.
        is_urgent: Whether it may break into what is being said.
    """
    if not text or not QAccessible.isActive():
        return
    event = QAccessibleAnnouncementEvent(widget, text)
    kind = QAccessible.AnnouncementPoliteness
    event.setPoliteness(kind.Assertive if is_urgent else kind.Polite)
    QAccessible.updateAccessibility(event)
