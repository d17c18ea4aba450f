"""The commands on the model, as rows of the table of actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

if TYPE_CHECKING:
    from app.gui.actions import ActionRow


def model_commands(row: type[ActionRow], menu: str) -> tuple[ActionRow, ...]:
    """A group of a menu: the list of all models, and what is done with the one in hand."""
    translate = QCoreApplication.translate
    return (
        row(
            "modelsAction",
            menu,
            translate("Actions", "&Models"),
            ("Ctrl+Shift+L",),
            is_checkable=True,
            starts_group=True,
        ),
        row(
            "stopLoadingAction",
            menu,
            translate("Actions", "Stop &Loading the Model"),
            (),
            lambda state: state.is_loading,
        ),
        row(
            "unloadAction",
            menu,
            translate("Actions", "&Unload the Model"),
            ("Ctrl+Alt+U",),
            lambda state: state.can_unload,
            needs=translate("Actions", "No model is loaded, or it is at work"),
        ),
    )
