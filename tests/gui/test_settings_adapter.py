"""The adapter in the settings: chosen, said, taken off; the model is loaded anew each time."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QMessageBox

from app.core.checkpoint import DEMO_MODEL_ID
from app.core.errors import ErrorText
from app.core.paths import DEMO_MODEL_DIR
from app.core.settings import ModelSettings, Settings
from app.exporters.json_export import render
from tests.adapters_made import linear_layers, random_matrices, write_peft
from tests.gui.settings_shown import opened, own

if TYPE_CHECKING:
    from pathlib import Path

    from app.gui.settings.settings_panel import SettingsPanel
    from tests.gui.window_driver import OpenWindow, WindowDriver


@pytest.fixture
def lora(tmp_path: Path) -> Path:
    layers = linear_layers(DEMO_MODEL_DIR, "q_proj", "up_proj")
    return write_peft(tmp_path / "receipts", random_matrices(layers), base_model_name_or_path="house/other-8B")


@pytest.fixture
def driver(open_window: OpenWindow) -> WindowDriver:
    return open_window(settings=Settings(model=DEMO_MODEL_ID))


def choose_folder(panel: SettingsPanel, folder: Path) -> None:
    QTest.keyClick(panel.adapter.choose, Qt.Key.Key_Space)
    dialog = next(one for one in panel.findChildren(QFileDialog) if one.isVisible())
    dialog.fileSelected.emit(str(folder))
    dialog.reject()


def test_an_adapter_is_chosen_and_taken_off(driver: WindowDriver, lora: Path) -> None:
    driver.window.resize(1280, 820)
    panel = opened(driver)
    assert panel.adapter.name.text() == "None"
    assert not panel.adapter.take_off.isVisible()
    choose_folder(panel, lora)
    assert own(driver) == ModelSettings(adapter=lora)
    driver.wait(lambda: driver.desk.model.stage == "ready")
    ready = driver.desk.model.ready
    assert ready is not None
    assert ready.checkpoint.adapter is not None
    assert ready.checkpoint.adapter.folder == lora
    assert panel.adapter.name.text() == "receipts"
    assert str(lora) in panel.adapter.name.toolTip()
    assert panel.adapter.about.text() == "Rank 4, on q_proj, up_proj. It says it was made for house/other-8B."
    assert "Demo model + receipts" in driver.content.parts.model_status.accessibleName()
    driver.wait(lambda: bool(driver.saved) and driver.saved[-1].own.adapter == lora)
    QTest.keyClick(panel.adapter.take_off, Qt.Key.Key_Space)
    assert driver.window.focusWidget() is panel.adapter.choose
    assert own(driver) == ModelSettings()
    driver.wait(lambda: driver.desk.model.stage == "ready")
    ready = driver.desk.model.ready
    assert ready is not None
    assert ready.checkpoint.adapter is None
    assert not panel.adapter.about.isVisible()


def test_a_folder_that_is_no_adapter_is_said_and_taken_off_again(driver: WindowDriver, tmp_path: Path) -> None:
    panel = opened(driver)
    choose_folder(panel, tmp_path)
    driver.wait(lambda: driver.desk.model.stage == "failed")
    notice = driver.parts.notice
    assert notice.isVisible()
    assert notice.errors[-1].text.startswith(f"The folder {tmp_path} holds no adapter")
    assert panel.adapter.name.text() == tmp_path.name
    QTest.keyClick(panel.adapter.take_off, Qt.Key.Key_Space)
    driver.wait(lambda: driver.desk.model.stage == "ready")
    assert not notice.isVisible()


def test_each_model_keeps_its_own_adapter(driver: WindowDriver, checkpoint_dir: Path, lora: Path) -> None:
    panel = opened(driver)
    choose_folder(panel, lora)
    driver.wait(lambda: driver.desk.model.stage == "ready")
    driver.desk.change_settings(replace(driver.desk.settings, model=str(checkpoint_dir)))
    driver.wait(lambda: driver.desk.model.stage == "ready")
    assert panel.adapter.name.text() == "None"
    assert driver.desk.settings.of(DEMO_MODEL_ID).adapter == lora


def test_another_adapter_begins_a_new_conversation_only_when_the_person_agrees(
    driver: WindowDriver, lora: Path
) -> None:
    panel = opened(driver)
    driver.ask("Hello?")
    driver.wait_for_answer()
    for button, is_agreed in (("Cancel", False), ("Begin Anew", True)):
        choose_folder(panel, lora)
        box = next(one for one in driver.window.findChildren(QMessageBox) if one.isVisible())
        assert "Another adapter, or none, begins a new conversation." in box.text()
        next(one for one in box.buttons() if one.text().replace("&", "") == button).click()
        assert (own(driver).adapter == lora) == is_agreed
        assert bool(driver.desk.conversation.turns) != is_agreed
    assert panel.adapter.name.text() == "receipts"


def test_what_is_exported_names_the_adapter_that_answered(driver: WindowDriver, lora: Path) -> None:
    choose_folder(opened(driver), lora)
    driver.wait(lambda: driver.desk.model.stage == "ready")
    driver.ask("Hello?")
    driver.wait_for_answer()
    result = driver.desk.result()
    assert result is not None
    recorded = json.loads(render(result))["model"]["adapter"]
    assert (recorded["name"], recorded["path"]) == ("receipts", str(lora))


def test_a_report_tells_of_the_adapter_but_not_its_name(driver: WindowDriver, lora: Path) -> None:
    choose_folder(opened(driver), lora)
    driver.wait(lambda: driver.desk.model.stage == "ready")
    report = driver.desk.report(ErrorText("The adapter “receipts” is damaged.", "Look into receipts."))
    assert "Adapter      peft, rank 4, q_proj, up_proj" in report
    assert "receipts" not in report
