"""Esc, which means something else in a part of the window than in the rest."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent


def is_escape_kept(event: QEvent) -> bool:
    """Keeps Esc from being a key of the menus; the part's own `keyPressEvent` gets it then.

    For the first line of a widget's `event`, which has nothing more to do where this is true.
    """
    is_key = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
    if is_key and event.type() == QEvent.Type.ShortcutOverride:
        event.accept()
        return True
    return False
