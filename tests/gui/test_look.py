"""Sizes that grow with the system's font, and colours that can be read on whatever they stand on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication, QLabel

from app.gui import look
from app.gui.answers.answer_look import code_ground
from app.gui.answers.code_colours import MEANINGS, meaning_colour
from app.gui.caption import Caption
from app.gui.contrast import SIGN_RATIO, TEXT_RATIO, contrast, readable
from app.gui.palettes import DARK, LIGHT, filled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.gui.window_driver import OpenWindow

Role = QPalette.ColorRole


def made(window: str, text: str, base: str, button: str, accent: str, on_accent: str) -> QPalette:
    """A palette with these colours."""
    palette = QPalette()
    for roles, name in (
        ((Role.Window, Role.AlternateBase), window),
        ((Role.WindowText, Role.Text, Role.ButtonText), text),
        ((Role.Base,), base),
        ((Role.Button,), button),
        ((Role.Accent, Role.Highlight), accent),
        ((Role.HighlightedText,), on_accent),
    ):
        for role in roles:
            palette.setColor(role, QColor(name))
    return palette


PALETTES = {
    "own light": filled(LIGHT),
    "own dark": filled(DARK),
    "fusion light": made("#efefef", "#000000", "#ffffff", "#efefef", "#308cc6", "#ffffff"),
    "fusion dark": made("#323232", "#f0f0f0", "#242424", "#323232", "#308cc6", "#f0f0f0"),
    "mac light": made("#ececec", "#262626", "#ffffff", "#ffffff", "#007aff", "#ffffff"),
    "mac dark": made("#323232", "#dfdfdf", "#1e1e1e", "#323232", "#007aff", "#ffffff"),
    "mac yellow": made("#ececec", "#262626", "#ffffff", "#ffffff", "#ffc600", "#ffffff"),
    "gnome light": made("#fafafb", "#2f2f32", "#ffffff", "#e6e6e6", "#3584e4", "#ffffff"),
    "gnome dark": made("#222226", "#ffffff", "#1d1d20", "#3a3a3d", "#3584e4", "#ffffff"),
    "high contrast dark": made("#000000", "#ffffff", "#000000", "#000000", "#1aebff", "#000000"),
    "high contrast light": made("#ffffff", "#000000", "#ffffff", "#ffffff", "#37006e", "#ffffff"),
    "high contrast green": made("#000000", "#ffff00", "#000000", "#000000", "#008000", "#ffffff"),
}


def pairs(palette: QPalette) -> list[tuple[str, QColor, QColor, float]]:
    """Every colour that the look gives out for words and signs, on everything that it may stand on."""
    window, base = palette.color(Role.Window), palette.color(Role.Base)
    selected = look.selected_ground(palette)
    found = [
        ("text on the window", palette.color(Role.WindowText), window, TEXT_RATIO),
        ("text on a field", palette.color(Role.Text), base, TEXT_RATIO),
        ("text on a question", palette.color(Role.Text), look.bubble(palette), TEXT_RATIO),
        ("text on the selection", palette.color(Role.WindowText), selected, TEXT_RATIO),
        ("dim text on the selection", look.dim_text(palette), selected, TEXT_RATIO),
        ("next step", look.accent_text(palette), look.accent_ground(palette), TEXT_RATIO),
        ("tool tip", look.tip_text(palette), palette.color(Role.ToolTipBase), TEXT_RATIO),
        ("placeholder", look.placeholder_text(palette), base, TEXT_RATIO),
        ("placeholder of the palette", filled_by_the_look(palette), base, TEXT_RATIO),
        ("ring on the canvas", look.focus_ring(palette), look.canvas(palette), SIGN_RATIO),
        ("ring on the selection", look.focus_ring(palette), selected, SIGN_RATIO),
    ]
    code = code_ground(palette)
    found += [(f"{kind} in code", meaning_colour(kind, palette), code, TEXT_RATIO) for kind in MEANINGS]
    states = {"green": look.STATE_GREEN, "amber": look.STATE_AMBER, "red": look.STATE_RED}
    for place, ground in (("window", window), ("field", base), ("button", look.button_ground(palette))):
        found += [
            (f"dim on {place}", look.dim_text(palette), ground, TEXT_RATIO),
            (f"link on {place}", look.link_text(palette), ground, TEXT_RATIO),
            (f"ring on {place}", look.focus_ring(palette), ground, SIGN_RATIO),
        ]
        found += [
            (f"{name} on {place}", look.state_colour(colour, palette), ground, TEXT_RATIO)
            for name, colour in states.items()
        ]
    return found


def filled_by_the_look(palette: QPalette) -> QColor:
    """The placeholder that fields show once the look was applied to this palette."""
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    before = application.palette()
    application.setPalette(palette)
    look.apply_look(application)
    shown = application.palette().color(Role.PlaceholderText)
    application.setPalette(QPalette())
    look.apply_look(application)
    assert application.palette().color(Role.Window) == before.color(Role.Window)
    return shown


@pytest.mark.parametrize("name", PALETTES)
@pytest.mark.usefixtures("qapp")
def test_every_colour_can_be_read_where_it_stands(name: str) -> None:
    missed = [
        f"{words}: {colour.name()} on {ground.name()} has {contrast(colour, ground):.2f} of {ratio}"
        for words, colour, ground, ratio in pairs(PALETTES[name])
        if contrast(colour, ground) < ratio
    ]
    assert missed == []


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast(QColor("black"), QColor("white")) == pytest.approx(21)
    assert contrast(QColor("#777777"), QColor("white")) == pytest.approx(4.48, abs=0.005)
    assert contrast(QColor("white"), QColor("#777777")) == pytest.approx(4.48, abs=0.005)
    assert contrast(QColor("red"), QColor("red")) == pytest.approx(1)


@pytest.mark.usefixtures("qapp")
def test_more_contrast_is_given_to_those_who_ask_the_system_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for palette in (PALETTES["own light"], PALETTES["own dark"]):
        window = palette.color(Role.Window)
        dim, line = look.dim_text(palette), look.hairline(palette)
        with monkeypatch.context() as patch:
            patch.setattr(look, "is_contrast_wanted", lambda: True)
            assert contrast(look.dim_text(palette), window) > contrast(dim, window) + 1
            assert contrast(look.hairline(palette), window) >= SIGN_RATIO > contrast(line, window)


def test_a_colour_that_can_be_read_stays() -> None:
    white = QColor("white")
    assert readable(QColor("#0a4a9a"), (white,)) == QColor("#0a4a9a")
    assert readable(QColor("#ffff00"), (white,)) != QColor("#ffff00")
    grey = QColor("#808080")
    assert readable(QColor("#ff0000"), (white, QColor("black"), grey), 7.0) in (QColor("black"), white)


@pytest.mark.parametrize(
    ("desktop", "points", "body_px"),
    [("", 9, 13), ("", 13, 19), ("", 18, 26), ("GNOME", 11, 13), ("ubuntu:GNOME", 13.75, 16), ("KDE", 10, 13)],
)
def test_body_text_is_13_px_at_the_usual_size_and_grows_with_the_system(
    monkeypatch: pytest.MonkeyPatch, desktop: str, points: float, body_px: int
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CURRENT_DESKTOP", desktop)
    font = QFont()
    font.setPointSizeF(points)
    assert look.system_body_px(font, 96.0) == body_px


def test_on_a_mac_the_usual_size_is_13_points(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    font = QFont()
    font.setPointSizeF(13)
    assert look.system_body_px(font, 72.0) == 13


@pytest.fixture
def system_font(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[float], None]]:
    """Sets the size of the system's font, in points, as a person does in the system's settings."""
    monkeypatch.delenv("XDG_CURRENT_DESKTOP", raising=False)
    plain = QFont()

    def set_size(points: float) -> None:
        font = QFont(plain)
        font.setPointSizeF(points)
        monkeypatch.setattr(QFontDatabase, "systemFont", lambda _kind: font)
        look.apply_look(qapp)

    yield set_size
    monkeypatch.undo()
    look.apply_look(qapp)


def test_the_open_window_grows_with_the_system_font(
    open_window: OpenWindow, system_font: Callable[[float], None]
) -> None:
    system_font(9)
    driver = open_window()
    driver.window.resize(1600, 1400)
    privacy = driver.parts.privacy
    assert privacy.font().pixelSize() == 11
    before = driver.prompt.height()
    system_font(18)
    assert privacy.font().pixelSize() == 22
    assert driver.prompt.fontInfo().pixelSize() == 26
    assert driver.prompt.height() > 1.5 * before
    captions = [caption for caption in driver.window.findChildren(QLabel) if isinstance(caption, Caption)]
    assert len(captions) > 3
    assert {caption.font().pixelSize() for caption in captions} <= {22, 26, 28, 40}
    system_font(9)
    assert privacy.font().pixelSize() == 11
    assert driver.prompt.height() == before


def test_appearance_is_taken_while_running_and_given_back_to_the_system(
    open_window: OpenWindow, qapp: QApplication
) -> None:
    driver = open_window()
    caption = driver.parts.privacy

    def shown() -> QColor:
        return driver.window.grab().toImage().pixelColor(3, driver.window.height() - 3)

    look.apply_look(qapp, "dark")
    dark = qapp.palette()
    assert look.is_dark(dark)
    assert shown().lightness() < 100
    assert caption.palette().color(Role.WindowText) == look.dim_text(dark)
    look.apply_look(qapp, "light")
    assert not look.is_dark(qapp.palette())
    assert shown().lightness() > 150
    look.apply_look(qapp, "dark")
    look.apply_look(qapp, "system")
    assert not look.is_dark(qapp.palette())
    assert caption.palette().color(Role.WindowText) == look.dim_text(qapp.palette())


def test_the_dot_of_the_model_follows_too(open_window: OpenWindow, qapp: QApplication) -> None:
    driver = open_window()
    driver.wait_for_model()

    def shown() -> QColor:
        icon = driver.parts.model_status.icon()
        return icon.pixmap(icon.actualSize(icon.availableSizes()[0])).toImage().pixelColor(5, 5)

    assert shown() == look.state_colour(look.STATE_GREEN, qapp.palette())
    look.apply_look(qapp, "dark")
    driver.wait(lambda: shown() == look.state_colour(look.STATE_GREEN, qapp.palette()))
    look.apply_look(qapp, "system")


def test_the_window_follows_a_system_that_turns_dark(open_window: OpenWindow, qapp: QApplication) -> None:
    driver = open_window()
    caption = driver.parts.privacy
    sheet = qapp.styleSheet()
    qapp.setPalette(PALETTES["gnome dark"])
    driver.wait(lambda: qapp.styleSheet() != sheet)
    assert caption.palette().color(Role.WindowText) == look.dim_text(qapp.palette())
    qapp.setPalette(QPalette())
    look.apply_look(qapp)
    assert qapp.styleSheet() == sheet
