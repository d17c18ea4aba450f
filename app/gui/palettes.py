"""A light and a dark palette, for systems that cannot give the one that the person chose."""

from __future__ import annotations

from PySide6.QtGui import QColor, QPalette

from app.gui.contrast import mixed

_Role = QPalette.ColorRole

LIGHT = {
    _Role.Window: "#f0f0f2",
    _Role.WindowText: "#1d1d1f",
    _Role.Base: "#ffffff",
    _Role.AlternateBase: "#f5f5f7",
    _Role.Text: "#1d1d1f",
    _Role.Button: "#f5f5f7",
    _Role.ButtonText: "#1d1d1f",
    _Role.BrightText: "#ffffff",
    _Role.Highlight: "#0a64d8",
    _Role.HighlightedText: "#ffffff",
    _Role.Accent: "#0a64d8",
    _Role.ToolTipBase: "#ffffff",
    _Role.ToolTipText: "#1d1d1f",
    _Role.Light: "#ffffff",
    _Role.Midlight: "#e6e6ea",
    _Role.Mid: "#bcbcc2",
    _Role.Dark: "#a0a0a8",
    _Role.Shadow: "#70707a",
}
DARK = {
    _Role.Window: "#26262b",
    _Role.WindowText: "#ececf0",
    _Role.Base: "#1f1f22",
    _Role.AlternateBase: "#2a2a2e",
    _Role.Text: "#ececf0",
    _Role.Button: "#333338",
    _Role.ButtonText: "#ececf0",
    _Role.BrightText: "#ffffff",
    _Role.Highlight: "#3a8bff",
    _Role.HighlightedText: "#ffffff",
    _Role.Accent: "#3a8bff",
    _Role.ToolTipBase: "#333338",
    _Role.ToolTipText: "#ececf0",
    _Role.Light: "#46464c",
    _Role.Midlight: "#3a3a3f",
    _Role.Mid: "#4a4a50",
    _Role.Dark: "#151518",
    _Role.Shadow: "#0c0c0e",
}
_OFF = (_Role.WindowText, _Role.Text, _Role.ButtonText)
_OFF_SHARE = 0.45


def filled(colours: dict[QPalette.ColorRole, str]) -> QPalette:
    """A palette of these colours; what is disabled is fainter."""
    palette = QPalette()
    for role, name in colours.items():
        palette.setColor(role, QColor(name))
    for role in _OFF:
        faint = mixed(QColor(colours[_Role.Window]), QColor(colours[role]), _OFF_SHARE)
        palette.setColor(QPalette.ColorGroup.Disabled, role, faint)
    return palette
