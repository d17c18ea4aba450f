"""The model in the settings: named or chosen, its own settings, and what becomes of the conversation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QMessageBox, QPushButton

from app.core.checkpoint import DEMO_MODEL_ID
from app.core.settings import ModelSettings, Settings
from tests.gui.settings_shown import choose, name_model, opened, own
from tests.gui.window_driver import type_into

if TYPE_CHECKING:
    from tests.gui.window_driver import OpenWindow, WindowDriver


def test_a_chosen_folder_is_the_same_model_by_whatever_way_one_goes_there(
    open_window: OpenWindow, checkpoint_dir: Path, tmp_path: Path
) -> None:
    (tmp_path / "linked").symlink_to(checkpoint_dir)
    driver = open_window(settings=Settings())
    panel = opened(driver)
    choose(panel.model.kind, 1)
    dialog = panel.findChild(QFileDialog)
    assert dialog is not None
    dialog.setDirectory(str(tmp_path))
    dialog.selectFile("linked")
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    assert driver.desk.settings.model == str(checkpoint_dir)
    driver.wait_for_model()


def test_each_model_keeps_its_own(open_window: OpenWindow, checkpoint_dir: Path) -> None:
    settings = Settings(model=str(checkpoint_dir), models={DEMO_MODEL_ID: ModelSettings(system="Demo.")})
    driver = open_window(settings=settings)
    panel = opened(driver)
    type_into(panel.answers.fields["temperature"].edit, "0.25")
    QTest.keyClicks(panel.system, "Real.")
    choose(panel.model.kind, 0)
    assert driver.desk.settings.model == DEMO_MODEL_ID
    assert panel.system.toPlainText() == "Demo."
    driver.wait(lambda: driver.desk.model.stage == "ready")
    assert own(driver).sampling is None
    name_model(panel, str(checkpoint_dir))
    driver.wait(lambda: driver.desk.model.stage == "ready")
    assert panel.system.toPlainText() == "Real."
    assert panel.answers.fields["temperature"].edit.text() == "0.25"
    assert driver.desk.settings.models[DEMO_MODEL_ID] == ModelSettings(system="Demo.")


def test_a_half_typed_model_survives_another_change(open_window: OpenWindow) -> None:
    driver = open_window()
    panel = opened(driver)
    before = driver.desk.settings.model
    choose(panel.model.kind, 2)
    type_into(panel.model.name, "Qwen/Qwen3-VL-", then=None)
    type_into(panel.answers.fields["temperature"].edit, "0.25")
    assert panel.model.name.text() == "Qwen/Qwen3-VL-"
    assert "Not in use yet" in panel.model.note.text()
    assert driver.desk.settings.model == before


def test_a_folder_that_is_not_chosen_leaves_the_model(open_window: OpenWindow) -> None:
    driver = open_window(settings=Settings())
    panel = opened(driver)
    choose(panel.model.kind, 1)
    dialog = panel.findChild(QFileDialog)
    assert dialog is not None
    dialog.reject()
    assert panel.model.kind.currentIndex() == 0
    assert not panel.model.name.isVisible()


def question(driver: WindowDriver) -> QMessageBox:
    box = driver.window.findChild(QMessageBox)
    assert box is not None
    assert box.isVisible()
    return box


def test_another_model_begins_a_new_conversation_only_when_the_person_agrees(open_window: OpenWindow) -> None:
    driver = open_window()
    driver.ask("Hello?")
    driver.wait_for_answer()
    panel = opened(driver)
    before = driver.desk.settings
    for key in (Qt.Key.Key_Escape, Qt.Key.Key_Return):  # a second Return must not throw the conversation away
        choose(panel.model.kind, 0)
        QTest.keyClick(question(driver), key)
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        assert driver.desk.settings == before
    assert len(driver.desk.conversation.turns) == 1
    assert panel.model.kind.currentIndex() == 1
    choose(panel.model.kind, 0)
    begin = question(driver).findChild(QPushButton, "beginAnewButton")
    assert begin is not None
    QTest.mouseClick(begin, Qt.MouseButton.LeftButton)
    assert driver.desk.settings.model == DEMO_MODEL_ID
    assert not driver.desk.conversation.turns


def test_the_window_may_close_under_that_question(open_window: OpenWindow) -> None:
    driver = open_window()
    driver.ask("Hello?")
    driver.wait_for_answer()
    choose(opened(driver).model.kind, 0)
    assert question(driver)
    driver.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert not shiboken6.isValid(driver.window)
