"""The state of the licences, for pictures of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.gui.licences.licences_window import LicencesWindow
from tests.gui.spinning import spin

if TYPE_CHECKING:
    from app.gui.shell import MainWindow

_LIMIT_S = 60.0


def show_licences(window: MainWindow) -> None:
    """The licences, at a part that another one carries where the system's tables know any."""
    window.content.actions_by_id["licencesAction"].trigger()
    licences = window.findChild(LicencesWindow)
    assert licences is not None
    spin(lambda: bool(licences.list.names), _LIMIT_S)
    place = licences.list.names.index("x264" if "x264" in licences.list.names else "numpy")
    licences.list.setCurrentIndex(licences.list.model().index(place, 0))
    licences.list.setFocus()
