"""The settings as a person uses them: typed, tabbed, clicked; explained where they are wrong."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QWidget,
)

from app.backends.fake_backend import FakeBackend, FakeScript
from app.core.sampling import RANGES, Sampling
from app.gui.settings import fault_line, settings_panel
from tests.gui.settings_shown import choose, opened, own
from tests.gui.window_driver import type_into

if TYPE_CHECKING:
    from tests.gui.window_driver import OpenWindow


def test_weights_are_quantised_when_the_person_wants_it_and_the_model_is_loaded_anew(
    open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings_panel, "_can_quantise", lambda: True)
    monkeypatch.setattr(FakeBackend, "abilities", replace(FakeBackend.abilities, weight_bits=(8, 4)))
    driver = open_window()
    panel = opened(driver)
    assert panel.weights_row.isVisible()
    choose(panel.weights, 2)
    driver.wait(lambda: driver.desk.model.ready is not None and driver.desk.model.ready.checkpoint.weight_bits == 4)
    driver.wait(lambda: bool(driver.saved))
    assert driver.saved[-1].own.weight_bits == 4
    choose(panel.weights, 0)
    driver.wait(lambda: driver.desk.model.ready is not None and driver.desk.model.ready.checkpoint.weight_bits is None)


def test_where_nothing_can_be_quantised_only_a_choice_that_was_made_is_shown(
    open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings_panel, "_can_quantise", lambda: False)
    driver = open_window()
    panel = opened(driver)
    assert not panel.weights_row.isVisible()
    chosen = driver.desk.settings.with_own(replace(own(driver), weight_bits=8))
    panel.show_settings(chosen)
    assert panel.weights_row.isVisible()
    assert panel.weights.currentData() == 8


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
    monkeypatch.setattr(fault_line, "announce", lambda _widget, text: said.append(text))
    field = opened(open_window()).answers.fields["temperature"]
    type_into(field.edit, "7")
    type_into(field.edit, "8", then=Qt.Key.Key_Tab)
    assert said == ["Temperature goes from 0 to 5. The last good value, 0.7, stays."]


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
    fields = (QLineEdit, QComboBox, QCheckBox, QPlainTextEdit)
    labels = {label.buddy() for label in panel.findChildren(QLabel)}
    for field in panel.findChildren(QWidget):
        if isinstance(field, (*fields, QPushButton)) and field.isVisible():
            assert field.accessibleName() or getattr(field, "text", str)(), field
        if isinstance(field, fields) and field.isVisible():
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
