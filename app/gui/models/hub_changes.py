"""Interrupts downloads when the person goes offline or changes the way to the Hub, and goes on by the new way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.core.models.download_state import ENDED
from app.gui.bridge import assert_main_thread

if TYPE_CHECKING:
    from app.core.models.download_state import DownloadState
    from app.core.settings import Settings
    from app.gui.desk import Desk


class HubChanges(QObject):
    """What was under way goes on by itself once there is a way again; what the person paused stays. Thread: main.

    Args:
        desk: Has the settings and the downloads.
        parent: What owns it.
    """

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._way = _way_of(desk.settings)
        self._interrupted: set[str] = set()
        desk.settings_changed.connect(self._on_desk_settings_changed)
        desk.models.download_changed.connect(self._on_models_download_changed)

    def _on_desk_settings_changed(self) -> None:
        assert_main_thread()
        way = _way_of(self._desk.settings)
        if way == self._way:
            return
        self._way = way
        states = self._desk.models.downloads
        for state in states:
            if state.stage not in (*ENDED, "paused"):
                self._interrupted.add(state.model_id)
                self._desk.models.interrupt(state.model_id)
        for state in states:
            self._go_on(state)
        if not self._desk.models.is_offline:
            self._desk.models.go_on()

    def _on_models_download_changed(self, state: DownloadState) -> None:
        assert_main_thread()
        if state.stage in ENDED:
            self._interrupted.discard(state.model_id)
        else:
            self._go_on(state)

    def _go_on(self, state: DownloadState) -> None:
        is_due = state.stage == "paused" and state.model_id in self._interrupted
        if is_due and not self._desk.models.is_offline:
            self._interrupted.discard(state.model_id)
            self._desk.models.resume(state.model_id)


def _way_of(settings: Settings) -> tuple[str, str, bool]:
    return settings.hub_endpoint, settings.hub_proxy, settings.is_offline
