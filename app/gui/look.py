"""Sizes and colours of the window, all drawn from the system's palette so that light and dark are both right."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from PySide6.QtGui import QColor, QFont, QPalette

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

BODY_PX = 13
SMALL_PX = 11
HEADING_PX = 14
TITLE_PX = 20
RADIUS_PX = 8
BUBBLE_RADIUS_PX = 10
STATE_GREEN = QColor("#2b8a3e")
STATE_AMBER = QColor("#b45309")
STATE_RED = QColor("#c92a2a")
_DARK_BELOW = 128


def is_dark(palette: QPalette) -> bool:
    """Whether the palette is a dark one."""
    return palette.color(QPalette.ColorRole.Window).lightness() < _DARK_BELOW


def mixed(first: QColor, second: QColor, share: float) -> QColor:
    """`share` of the second colour in the first."""
    return QColor.fromRgbF(
        first.redF() + (second.redF() - first.redF()) * share,
        first.greenF() + (second.greenF() - first.greenF()) * share,
        first.blueF() + (second.blueF() - first.blueF()) * share,
    )


def _between_window_and_text(palette: QPalette, share: float) -> QColor:
    window = palette.color(QPalette.ColorRole.Window)
    return mixed(window, palette.color(QPalette.ColorRole.WindowText), share)


def dim_text(palette: QPalette) -> QColor:
    """For figures and captions; still 4.5:1 against the window."""
    return _between_window_and_text(palette, 0.66)


def hairline(palette: QPalette) -> QColor:
    """For lines of one pixel between areas."""
    return _between_window_and_text(palette, 0.14)


def bubble(palette: QPalette) -> QColor:
    """Behind a question, on the answers' background."""
    base = palette.color(QPalette.ColorRole.Base)
    return mixed(base, palette.color(QPalette.ColorRole.Text), 0.14 if is_dark(palette) else 0.09)


def canvas(palette: QPalette) -> QColor:
    """Behind pictures: neutral grey without a tint, so that their colours read true."""
    level = palette.color(QPalette.ColorRole.Window).lightness()
    level = round(level * 0.55) if is_dark(palette) else round(level * 0.945)
    return QColor(level, level, level)


def state_colour(colour: QColor, palette: QPalette) -> QColor:
    """A state's colour, lighter on dark ground; a word always goes with it."""
    return colour.lighter(165) if is_dark(palette) else colour


def sized(font: QFont, pixels: int, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The font at another size."""
    other = QFont(font)
    other.setPixelSize(pixels)
    other.setWeight(weight)
    return other


def apply_look(application: QApplication) -> None:
    """Sets the body size and rounds the controls, except on macOS, where the system's own are kept.

    Called again when the palette changes.
    """
    if sys.platform == "darwin":
        return
    if application.font().pixelSize() != BODY_PX:
        application.setFont(sized(application.font(), BODY_PX))
    sheet = _sheet(application.palette())
    if application.styleSheet() != sheet:
        application.setStyleSheet(sheet)


def _sheet(palette: QPalette) -> str:
    role = QPalette.ColorRole
    line = _between_window_and_text(palette, 0.2).name()
    base = mixed(palette.color(role.Base), palette.color(role.Window), 0.5 if is_dark(palette) else 0.0).name()
    field = palette.color(role.Base).name()
    text = palette.color(role.ButtonText).name()
    over = mixed(QColor(base), palette.color(role.WindowText), 0.06).name()
    down = mixed(QColor(base), palette.color(role.WindowText), 0.14).name()
    off = _between_window_and_text(palette, 0.45).name()
    accent = palette.color(role.Accent)
    accent_text = palette.color(role.HighlightedText).name()
    controls = 'QPushButton, QToolButton#modelStatus, QToolButton[isButton="true"]'
    return f"""
{_each(controls, "")} {{
    border: 1px solid {line}; border-radius: {RADIUS_PX}px; background: {base}; color: {text}; padding: 5px 12px;
}}
{_each(controls, ":hover")} {{ background: {over}; }}
{_each(controls, ":pressed")}, {_each(controls, ":checked")} {{ background: {down}; }}
{_each(controls, ":disabled")} {{ color: {off}; background: transparent; }}
{_each(controls, ":focus")} {{ border-color: {accent.name()}; }}
QToolButton[isButton="true"]::menu-indicator {{ image: none; }}
QPushButton#askButton {{
    border-color: {accent.name()}; background: {accent.name()}; color: {accent_text}; font-weight: 600;
}}
QPushButton#askButton:hover, QPushButton#askButton:focus {{ background: {accent.darker(110).name()}; }}
QPushButton#askButton:disabled {{ border-color: {line}; background: transparent; color: {off}; }}
QPlainTextEdit {{ border: 1px solid {line}; border-radius: {RADIUS_PX}px; padding: 4px; background: {field}; }}
QPlainTextEdit:focus {{ border-color: {accent.name()}; }}
QToolBar {{ border: none; border-bottom: 1px solid {line}; spacing: 8px; padding: 4px 10px; }}
QStatusBar {{ border-top: 1px solid {line}; }}
QStatusBar::item {{ border: none; }}
"""


def _each(controls: str, state: str) -> str:
    return ", ".join(f"{control}{state}" for control in controls.split(", "))
