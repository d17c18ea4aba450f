"""The commands on a video, as rows of the table of actions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

if TYPE_CHECKING:
    from app.gui.actions import ActionRow


def video_rows(row: type[ActionRow]) -> tuple[ActionRow, ...]:
    """The menu “Video”. I and O are the keys of every program that cuts videos; a field keeps them for its text."""
    translate = QCoreApplication.translate
    menu = translate("Actions", "Vi&deo")
    rows: tuple[ActionRow, ...] = (
        row("previousFrameAction", menu, translate("Actions", "&Previous Frame"), ("Alt+Left",)),
        row("nextFrameAction", menu, translate("Actions", "&Next Frame"), ("Alt+Right",)),
        row("rangeInAction", menu, translate("Actions", "&Begin the Range Here"), ("I",), starts_group=True),
        row("rangeOutAction", menu, translate("Actions", "&End the Range Here"), ("O",)),
        row("clearRangeAction", menu, translate("Actions", "Take the &Whole Video"), ("Alt+X",)),
        row(
            "takeFrameAction",
            menu,
            translate("Actions", "&Take Out This Frame as a Picture"),
            ("Ctrl+Shift+T",),
            starts_group=True,
        ),
    )
    no_video = translate("Actions", "No video is looked at")
    rows = tuple(replace(one, enabled_when=lambda state: state.has_video, needs=no_video) for one in rows)
    no_range = translate("Actions", "The whole video is taken already")
    return tuple(
        replace(one, enabled_when=lambda state: state.has_range, needs=no_range)
        if one.action_id == "clearRangeAction"
        else one
        for one in rows
    )
