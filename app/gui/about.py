"""What this program is, and what it is made of."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from PySide6 import __version__ as pyside_version
from PySide6.QtCore import QCoreApplication, QSize, Qt, qVersion
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QMessageBox

from app import __version__
from app.core.bundled import is_bundled
from app.core.paths import WINDOW_ICON
from app.gui.look import scaled_px

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

_ICON_PX = 64
_LICENCE = "Apache License 2.0"
_LICENCE_WITH_ALL_INSIDE = "GPL-3.0-or-later (Viewfinder: Apache-2.0)"
"""Of the bundle as a whole, which carries libraries under the GPL: see resources/licences/terms.txt."""


def show_about(window: QWidget, show_licences: Callable[[], None]) -> None:
    """Opens the box; it closes with Return or Esc.

    Args:
        window: What it stands over.
        show_licences: A bound method that shows the licences of everything inside.
    """
    translate = QCoreApplication.translate
    box = QMessageBox(window)
    box.setObjectName("aboutBox")
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setWindowTitle(translate("About", "About Viewfinder"))
    size = QSize(scaled_px(_ICON_PX), scaled_px(_ICON_PX))
    box.setIconPixmap(QIcon(str(WINDOW_ICON)).pixmap(size, window.devicePixelRatio()))
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(f"Viewfinder {__version__}")
    said = (
        translate("About", "Answers questions about pictures and videos with Qwen3-VL on your own computer."),
        "",
        translate("About", "Licence: {0}").format(_LICENCE_WITH_ALL_INSIDE if is_bundled() else _LICENCE),
        f"Python {platform.python_version()}, Qt {qVersion()}, PySide {pyside_version} (LGPL 3)",
    )
    box.setInformativeText("\n".join(said))
    box.setStandardButtons(QMessageBox.StandardButton.Close)
    licences = box.addButton(translate("About", "Licences…"), QMessageBox.ButtonRole.ActionRole)
    licences.setObjectName("aboutLicencesButton")
    licences.clicked.connect(show_licences)
    box.setDefaultButton(QMessageBox.StandardButton.Close)
    box.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    box.open()
