"""The commands on a video, as rows of the table of actions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

if TYPE_CHECKING:
    from app.gui.actions import ActionRow


def video_rows(row: type[ActionRow]) -> tuple[ActionRow, ...]:
    """The menu “Video”. I and O are the keys of every program that cuts videos; a field keeps them for its text."""
    translate = QCoreApplication.translate
    menu = translate("Actions", "Vi&deo")
    no_video = translate("Actions", "No video is looked at")
    video_row = partial(row, enabled_when=lambda state: state.has_video, needs=no_video)
    return (
        video_row("previousFrameAction", menu, translate("Actions", "&Previous Frame"), ("Alt+Left",)),
        video_row("nextFrameAction", menu, translate("Actions", "&Next Frame"), ("Alt+Right",)),
        video_row("rangeInAction", menu, translate("Actions", "&Begin the Range Here"), ("I",), starts_group=True),
        video_row("rangeOutAction", menu, translate("Actions", "&End the Range Here"), ("O",)),
        row(
            "clearRangeAction",
            menu,
            translate("Actions", "Take the &Whole Video"),
            ("Alt+X",),
            lambda state: state.has_range,
            needs=translate("Actions", "The whole video is taken already"),
        ),
        video_row(
            "takeFrameAction",
            menu,
            translate("Actions", "&Take Out This Frame as a Picture"),
            ("Ctrl+Shift+T",),
            starts_group=True,
        ),
    )
