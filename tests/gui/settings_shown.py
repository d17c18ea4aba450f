"""The settings of a driven window: opened, read and chosen in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox

from app.core.settings import ModelSettings

if TYPE_CHECKING:
    from app.gui.settings.settings_panel import SettingsPanel
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
