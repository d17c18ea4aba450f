"""Opens the settings in the place of the answers: made at the first use, and connected with the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from app.core.conversation import AskedTurn
    from app.core.paths import Profile
    from app.core.settings import Settings
    from app.gui.desk import Desk
    from app.gui.settings.settings_panel import SettingsPanel
    from app.gui.window_parts import WindowParts

_LET_GO_S = 0.5
"""For which the window waits for the keychain or a server; what takes longer ends with the process."""


class SettingsOpening(QObject):
    """Shows and hides the settings, and takes what is changed there to the desk. Thread: main.

    Args:
        window: What dialogs open over.
        desk: Takes the settings.
        parts: Where the panel stands.
        profile: The folders that the panel shows.
    """

    opened = Signal(bool)
    """Carries whether the settings are open now."""
    adapter_wanted = Signal(object)
    """Carries the folder of the adapter that the person wants on the model, or None to take it off."""
    models_wanted = Signal()
    """The person wants to see the models."""
    forgetting_wanted = Signal()
    """The person wants the earlier questions gone."""

    def __init__(self, window: QWidget, desk: Desk, parts: WindowParts, profile: Profile) -> None:
        super().__init__(window)
        self._window = window
        self._desk = desk
        self._parts = parts
        self._profile = profile
        self._panel: SettingsPanel | None = None

    @property
    def is_open(self) -> bool:
        """Whether the settings are seen."""
        return self._panel is not None and self._parts.pages.currentWidget() is self._panel

    @property
    def panel(self) -> SettingsPanel:
        """The panel, made now if it was not yet."""
        if self._panel is None:
            from app.gui.settings.settings_panel import SettingsPanel  # noqa: PLC0415 - rarely used, so not at the start

            self._panel = SettingsPanel(self._desk.settings, self._profile)
            self._parts.pages.addWidget(self._panel)
            self._panel.settings_changed.connect(self._on_panel_settings_changed)
            self._panel.close_wanted.connect(self.close)
            self._panel.model.models_wanted.connect(self.models_wanted)
            self._panel.adapter.folder_chosen.connect(self.adapter_wanted)
            self._panel.program.forgetting_wanted.connect(self.forgetting_wanted)
            self._desk.settings_changed.connect(self._show_settings)
            self._desk.model_changed.connect(self._show_checkpoint)
            self._desk.turn_changed.connect(self._on_desk_turn_changed)
            self._show_checkpoint()
            seeds = [turn.sampling.seed for turn in self._desk.conversation.turns]
            self._panel.answers.show_drawn_seed(seeds[-1] if seeds else None)
        return self._panel

    def show(self, is_wanted: bool) -> None:
        """Opens or closes the settings."""
        was_open = self.is_open
        if is_wanted != was_open:
            if is_wanted:
                self.panel.show_settings(self._desk.settings)
                self.panel.downloads.look_again()
                self.panel.program.model_place.look_again()
                self._parts.pages.setCurrentWidget(self.panel)
                self.panel.done.setFocus()
            else:
                self._leave(self._parts.result)
        self.opened.emit(self.is_open)
        if was_open and not is_wanted:
            self._parts.prompt.edit.setFocus()

    def give_place_to(self, page: QWidget) -> None:
        """Lets another page stand in its place."""
        if self.is_open:
            self._leave(page)
            self.opened.emit(False)
        self._parts.pages.setCurrentWidget(page)

    def _leave(self, page: QWidget) -> None:
        self.finish()
        self.panel.answers.show_again()
        self.panel.downloads.show_again()
        self.panel.program.model_place.show_again()
        self._parts.pages.setCurrentWidget(page)

    def finish(self) -> None:
        """Takes what is typed in a field that still has the keyboard."""
        if self._panel is not None and self.is_open:
            self._panel.answers.finish()
            self._panel.downloads.finish()
            self._panel.program.model_place.finish()

    def close(self) -> None:
        """Goes back to the conversation."""
        self.show(False)

    def let_go(self) -> None:
        """Ends what the panel has under way: the window closes."""
        if self._panel is not None:
            self._panel.downloads.errands.close(_LET_GO_S)

    def _show_settings(self) -> None:
        self.panel.show_settings(self._desk.settings)

    def _show_checkpoint(self) -> None:
        self.panel.show_checkpoint(self._desk.model.checkpoint)

    def _on_desk_turn_changed(self, turn: AskedTurn) -> None:
        if turn.sampling.seed is not None:
            self.panel.answers.show_drawn_seed(turn.sampling.seed)

    def _on_panel_settings_changed(self, settings: Settings) -> None:
        self._desk.change_settings(settings)
