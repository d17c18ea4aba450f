"""Sizes and colours of the window, all drawn from the system's font and palette.

So light and dark, high contrast and larger letters are all right. Sizes are written as they are at the platform's usual
font size, and grow with it.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from PySide6.QtGui import QBrush, QColor, QFont, QFontDatabase, QFontInfo, QGuiApplication, QPainter, QPalette, QPen
from PySide6.QtWidgets import QApplication

from app.gui.contrast import SIGN_RATIO, contrast, mixed, readable
from app.gui.palettes import DARK, LIGHT, filled

if TYPE_CHECKING:
    from PySide6.QtCore import QRectF

BODY_PX = 13
SMALL_PX = 11
HEADING_PX = 14
TITLE_PX = 20
RADIUS_PX = 8
BUBBLE_RADIUS_PX = 10
FOCUS_RING_PX = 2
STATE_GREEN = QColor("#2b8a3e")
STATE_AMBER = QColor("#b45309")
STATE_RED = QColor("#c92a2a")
_DARK_BELOW = 128
_LEAST_SCALE, _MOST_SCALE = 0.7, 3.0
_SELECTED_SHARE = 0.22
_OWN_PALETTE = "viewfinderOwnPalette"
_APPEARANCE = "viewfinderAppearance"
_Role = QPalette.ColorRole


# Sizes


def scaled_px(design_px: float) -> int:
    """A size of the design at the font size that the person has set in the system."""
    return max(1, round(design_px * _body_px() / BODY_PX))


def sized(font: QFont, design_px: float, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The font at another size of the design, scaled with the system's font."""
    other = QFont(font)
    other.setPixelSize(scaled_px(design_px))
    other.setWeight(weight)
    return other


def _body_px() -> float:
    font = QGuiApplication.font()
    return float(font.pixelSize()) if font.pixelSize() > 0 else float(QFontInfo(font).pixelSize())


def system_body_px(font: QFont, dots_per_inch: float) -> int:
    """The size of body text for a system font: 13 px at the platform's usual size, larger or smaller with it."""
    if font.pixelSize() > 0:
        points = font.pixelSize() * 72 / dots_per_inch
    else:
        points = font.pointSizeF() * dots_per_inch / _usual_dots_per_inch()
    scale = points / _usual_points()
    return round(BODY_PX * min(_MOST_SCALE, max(_LEAST_SCALE, scale)))


def _usual_dots_per_inch() -> float:
    return 72.0 if sys.platform == "darwin" else 96.0


def _usual_points() -> float:
    """The size of the interface's font where nobody has changed it."""
    if sys.platform == "darwin":
        return 13.0
    desktop = os.environ.get("XDG_CURRENT_DESKTOP", "").upper()
    if any(name in desktop for name in ("GNOME", "UNITY", "PANTHEON", "CINNAMON", "MATE", "BUDGIE")):
        return 11.0
    return 10.0 if desktop else 9.0


# Colours


def is_contrast_wanted() -> bool:
    """Whether the person asked the system for more contrast."""
    hints = QGuiApplication.styleHints()
    if not hasattr(hints, "accessibility"):  # Qt 6.9
        return False
    from PySide6.QtCore import Qt  # noqa: PLC0415 - its hundred kinds take as long as the rest of the first frame

    return hints.accessibility().contrastPreference() == Qt.ContrastPreference.HighContrast


def is_dark(palette: QPalette) -> bool:
    """Whether the palette is a dark one."""
    return palette.color(_Role.Window).lightness() < _DARK_BELOW


def _between_window_and_text(palette: QPalette, share: float) -> QColor:
    return mixed(palette.color(_Role.Window), palette.color(_Role.WindowText), share)


def grounds(palette: QPalette) -> tuple[QColor, ...]:
    """All that text of every kind may stand on."""
    return (palette.color(_Role.Window), palette.color(_Role.Base), button_ground(palette))


def dim_text(palette: QPalette) -> QColor:
    """For figures and captions."""
    share = 0.9 if is_contrast_wanted() else 0.66
    return readable(_between_window_and_text(palette, share), (*grounds(palette), selected_ground(palette)))


def link_text(palette: QPalette) -> QColor:
    """For links and commands in the text: the accent, as near as it can be read."""
    return readable(palette.color(_Role.Accent), grounds(palette))


def state_colour(colour: QColor, palette: QPalette) -> QColor:
    """A state's colour for words and dots, lighter on dark ground; a word always goes with it."""
    return readable(colour.lighter(165) if is_dark(palette) else colour, grounds(palette))


def focus_ring(palette: QPalette) -> QColor:
    """Around what has the keyboard."""
    behind = (*grounds(palette), canvas(palette), selected_ground(palette))
    return readable(palette.color(_Role.Accent), behind, SIGN_RATIO)


def selected_ground(palette: QPalette) -> QColor:
    """Behind a selected row."""
    return mixed(palette.color(_Role.Window), palette.color(_Role.Highlight), _SELECTED_SHARE)


def hairline(palette: QPalette) -> QColor:
    """For lines of one pixel between areas."""
    return _between_window_and_text(palette, 0.55 if is_contrast_wanted() else 0.14)


def bubble(palette: QPalette) -> QColor:
    """Behind a question, on the answers' background."""
    return mixed(palette.color(_Role.Base), palette.color(_Role.Text), 0.14 if is_dark(palette) else 0.09)


def canvas(palette: QPalette) -> QColor:
    """Behind pictures: neutral grey without a tint, so that their colours read true."""
    level = palette.color(_Role.Window).lightness()
    level = round(level * 0.55) if is_dark(palette) else round(level * 0.945)
    return QColor(level, level, level)


def button_ground(palette: QPalette) -> QColor:
    """Behind the words of a button."""
    return mixed(palette.color(_Role.Base), palette.color(_Role.Window), 0.5 if is_dark(palette) else 0.0)


def accent_text(palette: QPalette) -> QColor:
    """The words of the one next step."""
    accent = palette.color(_Role.Accent)
    text = palette.color(_Role.HighlightedText)
    return text if contrast(text, accent) >= SIGN_RATIO else readable(text, (accent,))


def accent_ground(palette: QPalette) -> QColor:
    """Behind these words: the accent, as near as they can be read on it."""
    return readable(palette.color(_Role.Accent), (accent_text(palette),))


def tip_text(palette: QPalette) -> QColor:
    """The words of a tool tip."""
    return readable(palette.color(_Role.ToolTipText), (palette.color(_Role.ToolTipBase),))


def placeholder_text(palette: QPalette) -> QColor:
    """For what a field says while it is empty."""
    return readable(mixed(palette.color(_Role.Base), palette.color(_Role.Text), 0.5), (palette.color(_Role.Base),))


def paint_focus_ring(painter: QPainter, area: QRectF, palette: QPalette, radius_px: float = RADIUS_PX) -> None:
    """Paints the ring inside the edge of an area."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QBrush())
    painter.setPen(QPen(focus_ring(palette), FOCUS_RING_PX))
    inset = FOCUS_RING_PX / 2
    painter.drawRoundedRect(area.adjusted(inset, inset, -inset, -inset), radius_px, radius_px)
    painter.restore()


# The application


def apply_look(application: QApplication, appearance: str | None = None) -> None:
    """Makes letters, colours and controls as the system and the person want them.

    Called again whenever the system's font or palette changes. On macOS controls and font stay the system's own.

    Args:
        application: The application.
        appearance: ``system``, ``light`` or ``dark``; None for the one chosen before.
    """
    apply_ground(application, appearance)
    if sys.platform == "darwin":
        return
    sheet = _sheet(application.palette())
    if application.styleSheet() != sheet:
        application.setStyleSheet(sheet)


def apply_ground(application: QApplication, appearance: str | None = None) -> None:
    """Makes letters and colours so, and leaves the controls: enough for a window without any."""
    if appearance is not None and appearance != (application.property(_APPEARANCE) or "system"):
        application.setProperty(_APPEARANCE, appearance)
        _ask_for_scheme(application, appearance)
    _fill_palette(application)
    if sys.platform == "darwin":
        return
    screen = application.primaryScreen()
    system_font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    body_px = system_body_px(system_font, screen.logicalDotsPerInchY() if screen is not None else 96.0)
    if application.property("viewfinderBodyPx") != body_px:
        application.setProperty("viewfinderBodyPx", body_px)
        font = QFont(system_font)
        font.setPixelSize(body_px)
        application.setFont(font)


def _ask_for_scheme(application: QApplication, appearance: str) -> None:
    """Asks the platform for light or dark; where it has only one of them, the palette is made here."""
    from PySide6.QtCore import Qt  # noqa: PLC0415 - not needed by those who want what the system is

    schemes = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}
    application.setProperty(_OWN_PALETTE, "")
    application.setPalette(QPalette())
    application.styleHints().setColorScheme(schemes.get(appearance, Qt.ColorScheme.Unknown))
    if appearance in schemes and is_dark(application.palette()) != (appearance == "dark"):
        application.setProperty(_OWN_PALETTE, appearance)


def _fill_palette(application: QApplication) -> None:
    """Sets what the system's palette leaves too faint to read, or the whole palette where the system has none."""
    own = application.property(_OWN_PALETTE)
    now = application.palette()
    wanted = filled(DARK if own == "dark" else LIGHT) if own else QPalette(now)
    wanted.setColor(_Role.PlaceholderText, placeholder_text(wanted))
    wanted.setColor(_Role.Link, link_text(wanted))
    if any(wanted.color(role) != now.color(role) for role in (_Role.Window, _Role.PlaceholderText, _Role.Link)):
        application.setPalette(wanted)


def _sheet(palette: QPalette) -> str:
    line = _between_window_and_text(palette, 0.6 if is_contrast_wanted() else 0.2).name()
    ground = button_ground(palette)
    base = ground.name()
    field = palette.color(_Role.Base).name()
    over = mixed(ground, palette.color(_Role.WindowText), 0.06)
    down = mixed(ground, palette.color(_Role.WindowText), 0.14)
    text = readable(palette.color(_Role.ButtonText), (ground, over, down)).name()
    off = _between_window_and_text(palette, 0.45).name()
    accent = accent_ground(palette)
    words = accent_text(palette)
    fault = state_colour(STATE_RED, palette).name()
    over_accent = readable(accent.darker(110), (words,))
    tip_base = palette.color(_Role.ToolTipBase)
    handle = readable(_between_window_and_text(palette, 0.4), grounds(palette), SIGN_RATIO).name()
    handle_over = _between_window_and_text(palette, 0.65).name()
    controls = 'QPushButton, QToolButton#modelStatus, QToolButton[isButton="true"]'
    next_step = 'QPushButton#askButton, QPushButton[isNextStep="true"]'
    fields = 'QLineEdit, QComboBox[isChoice="true"]'
    return f"""/* {scaled_px(BODY_PX)} px */
{_each(controls, "")} {{
    border: 1px solid {line}; border-radius: {RADIUS_PX}px; background: {base}; color: {text}; padding: 5px 12px;
}}
{_each(controls, ":hover")} {{ background: {over.name()}; }}
{_each(controls, ":pressed")}, {_each(controls, ":checked")} {{ background: {down.name()}; }}
{_each(controls, ":disabled")} {{ color: {off}; background: transparent; }}
{_each(controls, ":focus")} {{ border-color: {accent.name()}; }}
QToolButton[isButton="true"]::menu-indicator, QPushButton::menu-indicator {{ image: none; }}
{_each(next_step, "")} {{
    border-color: {accent.name()}; background: {accent.name()}; color: {words.name()}; font-weight: 600;
}}
{_each(next_step, ":hover")}, {_each(next_step, ":focus")} {{ background: {over_accent.name()}; }}
{_each(next_step, ":disabled")} {{ border-color: {line}; background: transparent; color: {off}; }}
QPlainTextEdit {{ border: 1px solid {line}; border-radius: {RADIUS_PX}px; padding: 4px; background: {field}; }}
QPlainTextEdit:focus {{ border-color: {accent.name()}; }}
{_each(fields, "")} {{ border: 1px solid {line}; border-radius: 5px; padding: 3px 6px; background: {field}; }}
{_each(fields, ":focus")} {{ border-color: {accent.name()}; }}
QComboBox[isChoice="true"]::drop-down {{ border: none; width: {scaled_px(20)}px; }}
QLineEdit[isFaulty="true"] {{ border-color: {fault}; }}
QToolBar {{ border: none; border-bottom: 1px solid {line}; spacing: 8px; padding: 4px 10px; }}
QStatusBar {{ border-top: 1px solid {line}; }}
QStatusBar::item {{ border: none; }}
QToolTip {{
    border: 1px solid {line}; padding: 4px 6px; background: {tip_base.name()}; color: {tip_text(palette).name()};
}}
QScrollBar {{ background: transparent; border: none; margin: 0; }}
QScrollBar:vertical {{ width: 12px; }}
QScrollBar:horizontal {{ height: 12px; }}
QScrollBar::handle {{ background: {handle}; border-radius: 3px; margin: 3px; }}
QScrollBar::handle:vertical {{ min-height: 28px; }}
QScrollBar::handle:horizontal {{ min-width: 28px; }}
QScrollBar::handle:hover, QScrollBar::handle:pressed {{ background: {handle_over}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
"""


def _each(controls: str, state: str) -> str:
    return ", ".join(f"{control}{state}" for control in controls.split(", "))
