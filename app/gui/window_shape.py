"""How the window's inside is arranged, from one start to the next: widths, what is folded away, what is open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtCore import QSettings

_TRAY = (150, 900)
_CONVERSATION = (300, 2400)
_CONVERSATION_HEIGHT = (120, 2400)
_TRAY_WORDS = {"shown": True, "hidden": False}


@dataclass(slots=True)
class WindowShape:
    """What a person arranged; None where nothing was.

    Attributes:
        tray_px: The tray's width.
        conversation_px: The conversation's width beside the picture.
        conversation_height_px: Its height below the picture, in a narrow window.
        is_tray_wanted: Whether the tray is shown, whatever the window's width.
        is_settings_open: Whether the settings were open.
    """

    tray_px: int | None = None
    conversation_px: int | None = None
    conversation_height_px: int | None = None
    is_tray_wanted: bool | None = None
    is_settings_open: bool = False


def read_shape(stored: QSettings) -> WindowShape:
    """What is stored; whatever is damaged counts as not stored."""
    return WindowShape(
        _size(stored, "trayWidth", _TRAY),
        _size(stored, "conversationWidth", _CONVERSATION),
        _size(stored, "conversationHeight", _CONVERSATION_HEIGHT),
        _TRAY_WORDS.get(str(stored.value("tray", ""))),
        str(stored.value("settings", "")) == "open",
    )


def write_shape(stored: QSettings, shape: WindowShape) -> None:
    """Stores it; what is as the program has it is left out."""
    tray = {True: "shown", False: "hidden", None: None}[shape.is_tray_wanted]
    values = {
        "trayWidth": shape.tray_px,
        "conversationWidth": shape.conversation_px,
        "conversationHeight": shape.conversation_height_px,
        "tray": tray,
        "settings": "open" if shape.is_settings_open else None,
    }
    for key, value in values.items():
        if value is None:
            stored.remove(key)
        else:
            stored.setValue(key, value)


def _size(stored: QSettings, key: str, bounds: tuple[int, int]) -> int | None:
    text = str(stored.value(key, ""))
    if not (text.isascii() and text.isdecimal()):
        return None
    low, high = bounds
    return int(text) if len(text) <= len(str(high)) and low <= int(text) <= high else None
