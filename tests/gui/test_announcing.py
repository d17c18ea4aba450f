"""What people hear who listen to the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QLabel

from app.gui.announcing import announce

if TYPE_CHECKING:
    from PySide6.QtGui import QAccessibleAnnouncementEvent
    from pytestqt.qtbot import QtBot


@pytest.mark.parametrize(
    ("is_active", "text", "count"), [(True, "An answer", 1), (False, "An answer", 0), (True, "", 0)]
)
def test_words_are_said_politely_where_somebody_listens(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, is_active: bool, text: str, count: int
) -> None:
    heard: list[tuple[str, str]] = []

    def hear(event: QAccessibleAnnouncementEvent) -> None:
        heard.append((event.message(), event.politeness().name))

    monkeypatch.setattr(QAccessible, "isActive", lambda: is_active)
    monkeypatch.setattr(QAccessible, "updateAccessibility", hear)
    label = QLabel()
    qtbot.addWidget(label)
    announce(label, text)
    announce(label, text, is_urgent=True)
    assert heard == [("An answer", "Polite"), ("An answer", "Assertive")] * count
