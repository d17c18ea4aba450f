"""The settings of a driven window: opened, read and chosen in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox, QScrollArea

from app.core.settings import ModelSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.gui.settings.settings_panel import SettingsPanel
    from app.gui.shell import MainWindow
    from tests.gui.window_driver import WindowDriver


def opened(driver: WindowDriver) -> SettingsPanel:
    """The settings, opened if need be."""
    driver.wait_for_model()
    if not driver.content.settings.is_open:
        driver.action("settingsAction").trigger()
    panel = driver.settings
    assert panel.isVisible()
    return panel


def own(driver: WindowDriver) -> ModelSettings:
    """The settings of the model in use."""
    return driver.desk.settings.own


def choose(box: QComboBox, index: int) -> None:
    """Chooses as a person, which setting the index alone does not tell."""
    box.setCurrentIndex(index)
    box.activated.emit(index)


def show_place(folder: str) -> Callable[[MainWindow], None]:
    """Shows where models are kept; a folder is typed there, which is looked at beside the main thread."""

    def finish(window: MainWindow) -> None:
        window.content.commands.show_settings(True)
        program = window.content.settings.panel.program
        if folder:
            program.model_place.edit.setText(folder)
            program.model_place.finish()
        scroll = window.findChild(QScrollArea, "settingsScroll")
        assert scroll is not None
        scroll.ensureWidgetVisible(program.model_folders, 0, 40)

    return finish
