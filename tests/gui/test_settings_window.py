"""The settings as a person uses them: typed, tabbed, clicked; kept for each model; explained where they are wrong."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QLocale, QPoint, QPointF, QRect, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QMessageBox,
    QPlainTextEdit,
    QPushButton,
    QWidget,
)

from app.backends.fake_backend import FakeScript
from app.core.checkpoint import DEMO_MODEL_ID
from app.core.sampling import RANGES, Sampling
from app.core.settings import ModelSettings, Settings
from app.gui.language import language_for
from app.gui.settings import number_field
from tests.gui.window_driver import type_into

if TYPE_CHECKING:
    from app.core.settings import Appearance
    from app.gui.settings.settings_panel import SettingsPanel
    from tests.gui.window_driver import OpenWindow, WindowDriver


def opened(driver: WindowDriver) -> SettingsPanel:
    driver.wait_for_model()
    if not driver.content.settings.is_open:
        driver.action("settingsAction").trigger()
    panel = driver.settings
    assert panel.isVisible()
    return panel


def own(driver: WindowDriver) -> ModelSettings:
    return driver.desk.settings.own


def test_the_panel_is_made_at_its_first_use_alone(open_window: OpenWindow) -> None:
    driver = open_window()
    driver.wait_for_model()
    assert driver.window.findChild(QWidget, "settingsPanel") is None
    QTest.keyClick(driver.prompt, Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
    assert driver.child(QWidget, "settingsPanel").isVisible()


def test_settings_go_with_the_next_question_and_are_kept(open_window: OpenWindow) -> None:
    driver = open_window()
    panel = opened(driver)
    type_into(panel.answers.fields["temperature"].edit, "0.25")
    panel.answers.is_seed_pinned.click()
    type_into(panel.answers.seed.edit, "77")
    QTest.keyClicks(panel.system, "Be brief.")
    driver.ask("Hello?")
    driver.wait_for_answer()
    request = driver.backend.seen[-1]
    assert (request.sampling.temperature, request.sampling.seed, request.system) == (0.25, 77, "Be brief.")
    driver.wait(lambda: bool(driver.saved))
    assert driver.saved[-1].own.sampling == request.sampling
    assert driver.saved[-1].own.system == "Be brief."
    assert not driver.content.settings.is_open, "the answer is seen"


def test_reset_goes_back_to_what_the_makers_suggest_whatever_was_typed(open_window: OpenWindow) -> None:
    driver = open_window()
    panel = opened(driver)
    field, seed = panel.answers.fields["temperature"], panel.answers.seed
    assert not panel.answers.reset.isEnabled()
    assert field.caption.text() == "The model’s own: 0.7"
    type_into(field.edit, "0.25")
    assert field.caption.text() == "● Changed; the model’s own is 0.7"
    panel.answers.is_seed_pinned.click()
    type_into(seed.edit, "77")
    type_into(panel.answers.fields["top_k"].edit, "many", then=Qt.Key.Key_Tab)
    assert panel.answers.fields["top_k"].fault.isVisible()
    panel.answers.reset.click()
    assert own(driver).sampling is None
    assert field.edit.text() == "0.7"
    assert panel.answers.fields["top_k"].edit.text() == "20"
    assert not panel.answers.fields["top_k"].fault.isVisible()
    assert not panel.answers.is_seed_pinned.isChecked()
    panel.answers.is_seed_pinned.click()
    assert seed.edit.text() == "0"


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("temperature", "7", "Temperature goes from 0 to 5. The last good value, 0.7, stays."),
        ("temperature", "-1", "Temperature goes from 0 to 5. The last good value, 0.7, stays."),
        ("temperature", "warm", "Temperature is a number from 0 to 5. The last good value, 0.7, stays."),
        ("temperature", "nan", "Temperature is a number from 0 to 5. The last good value, 0.7, stays."),
        ("temperature", "1e999", "Temperature is a number from 0 to 5. The last good value, 0.7, stays."),
        ("temperature", "0_1", "Temperature is a number from 0 to 5. The last good value, 0.7, stays."),
        ("temperature", "9" * 5000, "Temperature is a number from 0 to 5. The last good value, 0.7, stays."),
        ("top_k", "1.5", "Top-k is a whole number from 0 to 1000000. The last good value, 20, stays."),
        ("max_tokens", "0", "goes from 1 to 262144. The last good value, 1024, stays."),
        ("presence_penalty", "3", "Presence penalty goes from -2 to 2. The last good value, 1.5, stays."),
    ],
)
def test_what_is_out_of_range_is_explained_and_changes_nothing(
    name: str, typed: str, said: str, open_window: OpenWindow
) -> None:
    driver = open_window()
    panel = opened(driver)
    field = panel.answers.fields[name]
    if len(typed) < 10:
        type_into(field.edit, typed, then=None)
    else:
        QApplication.clipboard().setText(typed)
        field.edit.setFocus()
        field.edit.selectAll()
        QTest.keyClick(field.edit, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    driver.wait(field.fault.isVisible)
    assert field.fault.text().startswith("⚠ ")
    assert field.fault.text().endswith(said)
    assert said in field.edit.accessibleDescription()
    assert own(driver).sampling is None
    assert field.edit.text() == typed, "what was typed can be corrected"
    type_into(panel.answers.fields["top_p"].edit, "0.5")
    assert own(driver).sampling == replace(Sampling(), top_p=0.5)
    assert field.edit.text() == typed
    good = "3" if name == "max_tokens" else "1"
    type_into(field.edit, good)
    assert not field.fault.isVisible()
    assert getattr(own(driver).sampling, name) == float(good)


@pytest.mark.parametrize("typed", ["abc", "-1", "4294967296", "1.5", ""])
def test_a_seed_that_is_none_is_explained(typed: str, open_window: OpenWindow) -> None:
    driver = open_window()
    panel = opened(driver)
    panel.answers.is_seed_pinned.click()
    seed = panel.answers.seed
    type_into(seed.edit, "12")
    type_into(seed.edit, typed, then=Qt.Key.Key_Tab)
    assert "from 0 to 4294967295. The last good value, 12, stays." in seed.fault.text()
    sampling = own(driver).sampling
    assert sampling is not None
    assert sampling.seed == 12


def test_what_is_wrong_is_announced_once(open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(number_field, "announce", lambda _widget, text: said.append(text))
    field = opened(open_window()).answers.fields["temperature"]
    type_into(field.edit, "7")
    type_into(field.edit, "8", then=Qt.Key.Key_Tab)
    assert said == ["Temperature goes from 0 to 5. The last good value, 0.7, stays."]


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


def test_the_last_drawn_seed_is_shown_and_can_be_used_always(open_window: OpenWindow) -> None:
    driver = open_window()
    driver.ask("Hello?")
    driver.wait_for_answer()
    drawn = driver.desk.conversation.turns[0].sampling.seed
    panel = opened(driver)
    assert panel.answers.seed_note.text() == f"The last answer was drawn with {drawn}."
    QTest.mouseClick(panel.answers.use_last_seed, Qt.MouseButton.LeftButton)
    assert panel.answers.is_seed_pinned.isChecked()
    assert panel.answers.seed.edit.text() == str(drawn)
    driver.ask("Again?")
    driver.wait_for_answer()
    assert driver.backend.seen[-1].sampling.seed == drawn


def test_what_is_still_being_typed_goes_with_the_question(open_window: OpenWindow) -> None:
    driver = open_window(question="Hello?")
    field = opened(driver).answers.fields["temperature"]
    type_into(field.edit, "1.5", then=None)
    QTest.keyClick(field.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    driver.wait_for_answer()
    assert driver.backend.seen[-1].sampling.temperature == 1.5


def test_an_empty_field_stands_for_the_models_own(open_window: OpenWindow) -> None:
    driver = open_window()
    field = opened(driver).answers.fields["temperature"]
    type_into(field.edit, "1.5")
    assert field.edit.placeholderText() == "0.7"
    type_into(field.edit, "", then=Qt.Key.Key_Tab)
    assert own(driver).sampling is None
    assert field.edit.text() == "0.7"


def test_arrow_keys_step_within_the_range(open_window: OpenWindow) -> None:
    driver = open_window()
    field = opened(driver).answers.fields["temperature"]
    field.edit.setFocus()
    QTest.keyClick(field.edit, Qt.Key.Key_Up)
    assert field.edit.text() == "0.8"
    for _ in range(2):
        QTest.keyClick(field.edit, Qt.Key.Key_PageDown)
    assert field.edit.text() == "0"
    assert getattr(own(driver).sampling, "temperature", None) == 0
    assert not field.fault.isVisible()


def test_numbers_are_read_as_the_persons_language_writes_them(open_window: OpenWindow) -> None:
    driver = open_window()
    before = QLocale()
    QLocale.setDefault(QLocale("de_DE"))
    try:
        panel = opened(driver)
        field = panel.answers.fields["temperature"]
        assert field.edit.text() == "0,7"
        type_into(field.edit, "1,25")
        assert getattr(own(driver).sampling, "temperature", None) == 1.25
        type_into(field.edit, "0.5")
        assert getattr(own(driver).sampling, "temperature", None) == 0.5
        type_into(panel.answers.fields["max_tokens"].edit, "2048")
        assert getattr(own(driver).sampling, "max_tokens", None) == 2048
    finally:
        QLocale.setDefault(before)


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


def choose(box: QComboBox, index: int) -> None:
    box.setCurrentIndex(index)
    box.activated.emit(index)


def name_model(panel: SettingsPanel, name: str) -> None:
    choose(panel.model.kind, 2)
    type_into(panel.model.name, name)


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


def test_appearance_and_language_are_told_at_once(open_window: OpenWindow) -> None:
    driver = open_window()
    panel = opened(driver)
    panel.program.appearance.setFocus()
    told: list[str] = []
    for _ in range(2):
        QTest.keyClick(panel.program.appearance, Qt.Key.Key_Down)
        told.append(driver.desk.settings.appearance)
    assert told == ["light", "dark"]
    QTest.keyClick(panel.program.language, Qt.Key.Key_End)
    assert driver.desk.settings.language == "zh_CN"
    driver.follow()
    driver.wait(lambda: bool(driver.saved) and driver.saved[-1].language == "zh_CN")
    program = driver.content.settings.panel.program
    QTest.keyClick(program.appearance, Qt.Key.Key_Home)
    QTest.keyClick(program.language, Qt.Key.Key_Home)
    assert (driver.desk.settings.appearance, driver.desk.settings.language) == ("system", "system")
    if language_for("system") != "zh_CN":
        driver.follow()


def test_the_folder_for_exports_is_chosen_and_forgotten(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window()
    program = opened(driver).program
    assert not program.forget_export_folder.isVisible()
    program.choose_export_folder.click()
    dialog = driver.settings.findChild(QFileDialog)
    assert dialog is not None
    dialog.selectFile(str(tmp_path))
    dialog.fileSelected.emit(str(tmp_path))
    dialog.reject()
    assert driver.desk.settings.export_dir == tmp_path
    assert program.export_folder.text().replace("\u200b", "") == str(tmp_path)
    program.forget_export_folder.click()
    assert driver.desk.settings.export_dir is None


def test_a_long_folder_goes_on_in_the_next_line(open_window: OpenWindow) -> None:
    driver = open_window()
    years = Path("/", *(str(year) for year in range(1990, 2026)))  # Unicode breaks no line between a slash and a digit
    driver.desk.change_settings(replace(driver.desk.settings, export_dir=years))
    driver.content.commands.show_settings(True)
    label = driver.settings.program.export_folder
    room = QRect(0, 0, 200, 10_000)
    assert label.fontMetrics().boundingRect(room, Qt.TextFlag.TextWordWrap, label.text()).width() <= 200
    assert label.toolTip().count(str(years)) == 1


def test_the_programs_folders_are_shown(open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = open_window()
    program = opened(driver).program
    shown: list[str] = []

    def show(url: QUrl) -> bool:
        shown.append(url.toLocalFile())
        return True

    monkeypatch.setattr(QDesktopServices, "openUrl", show)
    data_dir = driver.launch.profile.data_dir
    program.show_log_folder.click()
    assert "cannot be shown" in program.folder_fault.text(), "it is not there yet"
    data_dir.mkdir(parents=True, exist_ok=True)
    program.show_data_folder.click()
    assert shown == [str(data_dir)]
    assert not program.folder_fault.isVisible()


def test_what_is_remembered_is_the_persons_choice(open_window: OpenWindow) -> None:
    driver = open_window()
    program = opened(driver).program
    assert program.is_history_kept.isChecked()
    label = next(label for label in driver.settings.findChildren(QLabel) if label.buddy() is program.is_history_kept)
    QTest.mouseClick(label, Qt.MouseButton.LeftButton)
    assert not driver.desk.settings.is_history_kept


@pytest.mark.parametrize("way", ["escape", "button", "shortcut"])
def test_it_closes_and_the_question_box_has_the_keyboard_again(way: str, open_window: OpenWindow) -> None:
    driver = open_window()
    panel = opened(driver)
    field = panel.answers.fields["temperature"]
    field.edit.setFocus()
    if way == "escape":
        QTest.keyClick(field.edit, Qt.Key.Key_Escape)
    elif way == "button":
        QTest.mouseClick(panel.done, Qt.MouseButton.LeftButton)
    else:
        QTest.keyClick(field.edit, Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
    assert not panel.isVisible()
    assert driver.prompt.hasFocus()
    assert not driver.action("settingsAction").isChecked()
    assert not driver.parts.prompt.settings_button.isChecked()


def test_the_wheel_is_left_to_the_panel_unless_a_list_has_the_keyboard(open_window: OpenWindow) -> None:
    driver = open_window()
    box = opened(driver).program.appearance

    def turn() -> bool:
        point = QPointF(box.rect().center())
        wheel = QWheelEvent(
            point,
            box.mapToGlobal(point),
            QPoint(0, 0),
            QPoint(0, -120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(box, wheel)
        return wheel.isAccepted()

    assert not turn()
    assert box.currentData() == "system"
    box.setFocus()
    assert turn()
    assert box.currentData() == "light"
    show_appearance(driver, "system")


def show_appearance(driver: WindowDriver, appearance: Appearance) -> None:
    driver.desk.change_settings(replace(driver.desk.settings, appearance=appearance))


def test_a_low_window_gives_the_settings_all_its_height(open_window: OpenWindow) -> None:
    driver = open_window()
    driver.window.resize(640, 480)
    panel = opened(driver)
    driver.wait(lambda: panel.height() > 300)
    assert not driver.parts.viewer_column.isVisible()
    assert not driver.parts.prompt.isVisible()
    QTest.keyClick(panel.done, Qt.Key.Key_Escape)
    assert driver.parts.prompt.isVisible()
    assert driver.parts.viewer_column.isVisible()
    assert driver.prompt.hasFocus()


def test_esc_in_the_settings_closes_them_and_leaves_the_answer_alone(open_window: OpenWindow) -> None:
    driver = open_window(FakeScript(answers=("word " * 400,), piece_delay_s=0.01))
    driver.wait_for_model()
    driver.ask("Hello?")
    driver.wait(lambda: bool(driver.desk.conversation.turns[-1].answer))
    panel = opened(driver)
    panel.done.setFocus()
    QTest.keyClick(panel.done, Qt.Key.Key_Escape)
    assert not panel.isVisible()
    assert driver.desk.conversation.open_turn is not None
    QTest.keyClick(driver.prompt, Qt.Key.Key_Escape)
    driver.wait_for_answer()
    assert driver.desk.conversation.turns[-1].outcome == "cancelled"


def test_every_field_is_labelled_described_and_reached_in_order(open_window: OpenWindow) -> None:
    driver = open_window()
    driver.ask("Hello?")
    driver.wait_for_answer()
    panel = opened(driver)
    panel.answers.is_seed_pinned.click()
    type_into(panel.answers.fields["temperature"].edit, "0.25")
    choose(panel.model.kind, 2)
    fields = (QLineEdit, QComboBox, QCheckBox, QPlainTextEdit)
    labels = {label.buddy() for label in panel.findChildren(QLabel)}
    for field in panel.findChildren(QWidget):
        if isinstance(field, (*fields, QPushButton)) and field.isVisible():
            assert field.accessibleName() or getattr(field, "text", str)(), field
        if isinstance(field, fields) and field.isVisible() and field not in (panel.model.kind, panel.model.name):
            assert field in labels
            assert field.toolTip() or field.accessibleDescription() or isinstance(field, (QComboBox, QCheckBox))
    panel.done.setFocus()
    seen: list[QWidget] = []
    while (focus := QApplication.focusWidget()) is not None and focus not in seen and panel.isAncestorOf(focus):
        seen.append(focus)
        QTest.keyClick(focus, Qt.Key.Key_Tab)
    tops = [widget.mapTo(panel, widget.rect().topLeft()).y() for widget in seen]
    wanted = [
        widget
        for widget in panel.findChildren(QWidget)
        if widget.isVisible() and widget.isEnabled() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    ]
    if sys.platform != "darwin":  # where the system decides what Tab reaches
        assert {id(widget) for widget in wanted} == {id(widget) for widget in seen}
    body = [widget.mapTo(panel.model.window(), widget.rect().topLeft()).y() for widget in seen[1:]]
    assert len(tops) > 15
    assert body == sorted(body)


def test_the_limits_shown_are_those_of_the_core() -> None:
    assert RANGES["temperature"].high == 5
    for name, allowed in RANGES.items():
        assert allowed.low in allowed
        assert allowed.high in allowed
        assert getattr(Sampling(), name) is None or getattr(Sampling(), name) in allowed
