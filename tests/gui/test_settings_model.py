"""The model in the settings: its own settings, and what becomes of the conversation when another is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox, QPushButton

from app.core.checkpoint import DEMO_MODEL_ID
from app.core.settings import ModelSettings, Settings
from tests.gui.settings_shown import opened, own
from tests.gui.window_driver import type_into

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gui.window_driver import OpenWindow, WindowDriver


def test_each_model_keeps_its_own(open_window: OpenWindow, checkpoint_dir: Path) -> None:
    settings = Settings(model=str(checkpoint_dir), models={DEMO_MODEL_ID: ModelSettings(system="Demo.")})
    driver = open_window(settings=settings)
    panel = opened(driver)
    type_into(panel.answers.fields["temperature"].edit, "0.25")
    QTest.keyClicks(panel.system, "Real.")
    driver.desk.models.use(DEMO_MODEL_ID)
    assert driver.desk.settings.model == DEMO_MODEL_ID
    assert panel.system.toPlainText() == "Demo."
    driver.wait(lambda: driver.desk.model.stage == "ready")
    assert own(driver).sampling is None
    driver.desk.models.use(str(checkpoint_dir))
    driver.wait(lambda: driver.desk.model.stage == "ready")
    assert panel.system.toPlainText() == "Real."
    assert panel.answers.fields["temperature"].edit.text() == "0.25"
    assert driver.desk.settings.models[DEMO_MODEL_ID] == ModelSettings(system="Demo.")


def test_the_settings_name_the_model_and_lead_to_the_others_and_back(
    open_window: OpenWindow, checkpoint_dir: Path
) -> None:
    driver = open_window()
    driver.window.resize(1280, 820)
    panel = opened(driver)
    assert panel.model.name.toolTip().removeprefix("<p>").removesuffix("</p>") == str(checkpoint_dir)
    assert not panel.model.note.isVisible()
    type_into(panel.answers.fields["temperature"].edit, "0.25", then=None)
    QTest.mouseClick(panel.model.choose, Qt.MouseButton.LeftButton)
    assert driver.content.models.is_open
    assert getattr(own(driver).sampling, "temperature", None) == 0.25, "what is typed is taken"
    assert not driver.action("settingsAction").isChecked()
    driver.content.models.sheet.done.click()
    assert driver.content.settings.is_open
    assert driver.action("settingsAction").isChecked()
    driver.desk.models.use(DEMO_MODEL_ID)
    assert panel.model.name.text() == "Demo model"
    assert panel.model.note.isVisible()


def question(driver: WindowDriver) -> QMessageBox:
    box = driver.window.findChild(QMessageBox)
    assert box is not None
    assert box.isVisible()
    return box


def test_another_model_begins_a_new_conversation_only_when_the_person_agrees(open_window: OpenWindow) -> None:
    driver = open_window()
    driver.ask("Hello?")
    driver.wait_for_answer()
    before = driver.desk.settings
    for key in (Qt.Key.Key_Escape, Qt.Key.Key_Return):  # a second Return must not throw the conversation away
        driver.desk.models.use(DEMO_MODEL_ID)
        QTest.keyClick(question(driver), key)
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        assert driver.desk.settings == before
    assert len(driver.desk.conversation.turns) == 1
    driver.desk.models.use(DEMO_MODEL_ID)
    begin = question(driver).findChild(QPushButton, "beginAnewButton")
    assert begin is not None
    QTest.mouseClick(begin, Qt.MouseButton.LeftButton)
    assert driver.desk.settings.model == DEMO_MODEL_ID
    assert not driver.desk.conversation.turns


def test_the_window_may_close_under_that_question(open_window: OpenWindow) -> None:
    driver = open_window()
    driver.ask("Hello?")
    driver.wait_for_answer()
    driver.desk.models.use(DEMO_MODEL_ID)
    assert question(driver)
    driver.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert not shiboken6.isValid(driver.window)
