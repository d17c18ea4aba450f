"""What a control says about itself: to the pointer that rests on it, and to a screen reader."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget


def tip(*lines: str) -> str:
    """A tool tip of these lines: Qt would take a name with tags in it for HTML, and would not wrap what has none."""
    words = "<br>".join(escape(line).replace("\n", "<br>") for line in lines if line)
    return f"<p>{words}</p>" if words else ""


def describe(control: QWidget, words: str) -> None:
    """Gives a control its description, as a tool tip and for those who do not see it."""
    if control.accessibleDescription() != words:
        control.setAccessibleDescription(words)
    if control.toolTip() != tip(words):
        control.setToolTip(tip(words))
