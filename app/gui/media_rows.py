"""The commands on pictures and videos and on how they are looked at, as rows of the table of actions."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

if TYPE_CHECKING:
    from app.gui.actions import ActionRow


def picture_rows(row: type[ActionRow], menu: str) -> tuple[ActionRow, ...]:
    """What is done with what is selected in the tray."""
    translate = QCoreApplication.translate
    nothing_selected = translate("Actions", "Nothing is selected")
    no_file = translate("Actions", "What is selected has no file")
    in_folder = translate("Actions", "Show in &Folder")
    if sys.platform == "darwin":
        in_folder = translate("Actions", "Show in &Finder")
    return (
        row(
            "movePictureUpAction",
            menu,
            translate("Actions", "&Move Item Up"),
            ("Alt+Shift+Up",),
            lambda state: state.has_selection,
            starts_group=True,
            needs=nothing_selected,
        ),
        row(
            "movePictureDownAction",
            menu,
            translate("Actions", "Move Item Do&wn"),
            ("Alt+Shift+Down",),
            lambda state: state.has_selection,
            needs=nothing_selected,
        ),
        row(
            "showPictureFileAction",
            menu,
            in_folder,
            (),
            lambda state: state.has_selected_file,
            starts_group=True,
            needs=no_file,
        ),
        row(
            "copyPicturePathAction",
            menu,
            translate("Actions", "Copy Pat&h"),
            ("Ctrl+Alt+C",),
            lambda state: state.has_selected_file,
            needs=no_file,
        ),
    )


def viewing_rows(row: type[ActionRow], menu: str) -> tuple[ActionRow, ...]:
    """How a picture is looked at; nothing here changes the picture."""
    translate = QCoreApplication.translate
    rows = (
        row("zoomInAction", menu, translate("Actions", "Zoom &In"), ("Ctrl++", "Ctrl+="), starts_group=True),
        row("zoomOutAction", menu, translate("Actions", "Zoom &Out"), ("Ctrl+-",)),
        row("zoomFitAction", menu, translate("Actions", "Zoom to Fi&t"), ("Ctrl+0", "Ctrl+9")),
        row("actualSizeAction", menu, translate("Actions", "Actual &Size"), ("Ctrl+1",)),
        row("rotateLeftAction", menu, translate("Actions", "Rotate &Left"), ("Ctrl+L",), starts_group=True),
        row("rotateRightAction", menu, translate("Actions", "Rotate Ri&ght"), ("Ctrl+R",)),
    )
    needs = translate("Actions", "Nothing here")
    return tuple(replace(one, enabled_when=lambda state: state.media_count > 0, needs=needs) for one in rows)
