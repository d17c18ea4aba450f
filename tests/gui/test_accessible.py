"""What assistive technology finds in the window: every control has a name, a role and a description, in every state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QListView,
    QProgressBar,
    QSplitterHandle,
    QWidget,
)

from app.backends.fake_backend import FakeScript
from app.core.settings import Settings
from app.gui import model_status
from app.gui.viewer.frames_choice import FramesChoice
from tests.gui.conftest import draw
from tests.gui.models_shown import STATES as MODELS_STATES
from tests.gui.models_shown import models_for, show_models
from tests.gui.video_hands import is_quiet, make_clip, open_clip
from tests.gui.window_driver import SLOW

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.gui.window_driver import OpenWindow, WindowDriver

BROKEN = FakeScript(answers=("One two",), fails_after_pieces=1)
KINDS = (QAbstractButton, QComboBox, QAbstractSpinBox, QLineEdit, QAbstractItemView, QProgressBar)
WRONG_ROLES = (QAccessible.Role.NoRole, QAccessible.Role.Client, QAccessible.Role.Pane, QAccessible.Role.Grouping)


def interface(widget: QWidget) -> QAccessibleInterface:
    found = QAccessible.queryAccessibleInterface(widget)
    assert found is not None
    return found


def is_control(widget: QWidget) -> bool:
    """Whether a person can do something with it; parts that Qt itself makes of a control belong to the control."""
    if isinstance(widget, QSplitterHandle) or widget.objectName().startswith("qt_"):
        return False
    parent = widget.parentWidget()
    if isinstance(parent, (QAbstractSpinBox, QComboBox, QLineEdit)):
        return False
    if isinstance(parent, QAbstractScrollArea) and not isinstance(widget, QAbstractButton):
        return False  # viewports and scroll bars
    return isinstance(widget, KINDS) or bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)


def faults(window: QWidget) -> list[str]:
    """What is missing of the controls that are seen now."""
    found = []
    for widget in window.findChildren(QWidget):
        if not widget.isVisible() or not is_control(widget):
            continue
        access = interface(widget)
        what = f"{type(widget).__name__} {widget.objectName()} “{access.text(QAccessible.Text.Name)}”"
        name = widget.accessibleName() if isinstance(widget, QComboBox) else access.text(QAccessible.Text.Name)
        if not name.strip():  # of a box of choices Qt gives the choice as the name
            found.append(f"{what}: no name")
        if access.role() in WRONG_ROLES:
            found.append(f"{what}: role {access.role().name}")
        if not access.text(QAccessible.Text.Description).strip():
            found.append(f"{what}: no description")
    return found


def empty(driver: WindowDriver) -> None:
    driver.wait_for_model()


def with_pictures(driver: WindowDriver) -> None:
    folder = driver.launch.profile.data_dir.parent
    driver.drop(draw(folder / "one.png"), draw(folder / "two.png"))
    driver.wait_for_pictures(2)
    driver.wait_for_model()


def with_settings(driver: WindowDriver) -> None:
    with_pictures(driver)
    driver.action("settingsAction").trigger()


def answering(driver: WindowDriver) -> None:
    with_pictures(driver)
    driver.ask("What is this?")
    driver.wait(lambda: "One two" in driver.result.toPlainText())


def answered(driver: WindowDriver) -> None:
    with_pictures(driver)
    driver.ask("What is this?")
    driver.wait_for_answer()


def refused(driver: WindowDriver) -> None:
    with_pictures(driver)
    driver.window.content.open_path(driver.launch.profile.data_dir / "missing.png")
    driver.wait(lambda: bool(driver.refusals))


def listing_commands(driver: WindowDriver) -> None:
    with_pictures(driver)
    QTest.keyClick(driver.prompt, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)


def with_video(driver: WindowDriver) -> None:
    driver.wait_for_model()
    foot = open_clip(driver, make_clip(driver.launch.profile.data_dir.parent / "numbers.mp4"))
    foot.scrubber.setValue(20)
    foot.begin_here()
    driver.wait(lambda: is_quiet(driver))
    assert foot.strip.isVisible()
    assert foot.scrubber.isVisible()


def choosing_frames(driver: WindowDriver) -> None:
    with_video(driver)
    driver.parts.viewer.foot.frames_pill.click()
    choice = driver.window.findChild(FramesChoice)
    assert choice is not None
    assert choice.isVisible()


@pytest.mark.parametrize(
    ("state", "script"),
    [
        (with_video, FakeScript()),
        (choosing_frames, FakeScript()),
        (empty, FakeScript()),
        (with_pictures, FakeScript()),
        (with_settings, FakeScript()),
        (answering, SLOW),
        (answered, FakeScript(answers=("A **cat**.\n\n```json\n{}\n```\n\n| a |\n|---|\n| b |",))),
        (answered, BROKEN),
        (refused, FakeScript()),
        (listing_commands, FakeScript()),
    ],
)
def test_every_control_has_name_role_and_description(
    open_window: OpenWindow, state: Callable[[WindowDriver], None], script: FakeScript
) -> None:
    driver = open_window(script)
    state(driver)
    assert faults(driver.window) == []


@pytest.mark.parametrize("state", MODELS_STATES)
def test_every_control_of_the_models_has_name_role_and_description(open_window: OpenWindow, state: str) -> None:
    store, downloads = models_for(state)
    driver = open_window(models=store, downloads=downloads)
    driver.wait_for_model()
    show_models(state)(driver.window)
    assert faults(driver.window) == []


def test_models_speak(open_window: OpenWindow) -> None:
    store, downloads = models_for("failed")
    driver = open_window(models=store, downloads=downloads)
    show_models("failed")(driver.window)
    row = interface(driver.child(QListView, "modelList")).child(0)
    assert row.role() == QAccessible.Role.ListItem
    assert row.text(QAccessible.Text.Name) == "Qwen3-VL 4B Instruct, 4-bit, Download failed · 1.2 GB of 3.1 GB"
    told = row.text(QAccessible.Text.Description)
    assert "✓ Fits · Download 3.1 GB · needs 4.5 GB of memory." in told
    assert "The disk became full" in told
    assert "Free some room" in told


def test_names_with_tags_stay_words_in_every_tool_tip(open_window: OpenWindow, tmp_path: Path) -> None:
    name = "<img src=x><b>bold"
    driver = open_window(settings=Settings(model=str(tmp_path / name), export_dir=tmp_path / name))
    driver.drop(draw(tmp_path / f"{name}.png"))
    driver.wait_for_pictures(1)
    driver.wait(lambda: driver.desk.model.stage == "failed")
    driver.action("settingsAction").trigger()
    tips = [widget.toolTip() for widget in driver.window.findChildren(QWidget)]
    assert [tip for tip in tips if "<img" in tip or "<b>" in tip] == []
    assert len([tip for tip in tips if "&lt;img src=x&gt;" in tip]) >= 2
    assert "<img" in driver.parts.model_status.accessibleDescription()


def test_the_model_tells_when_it_is_ready_or_cannot_be_used(
    open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    monkeypatch.setattr(model_status, "announce", lambda _widget, text: heard.append(text))
    open_window().wait_for_model()
    assert heard == ["Model: Qwen3-VL-Fake · bf16, Ready"]
    heard.clear()
    failing = open_window(FakeScript(fails_to_load=True))
    failing.wait(lambda: failing.desk.model.stage == "failed")
    assert [words.rpartition(", ")[2] for words in heard] == ["Cannot be used"]


def test_pictures_in_the_tray_speak(open_window: OpenWindow, picture: Path) -> None:
    driver = open_window(files=(picture,))
    driver.wait_for_pictures(1)
    row = interface(driver.child(QListView, "mediaTray")).child(0)
    assert row.role() == QAccessible.Role.ListItem
    assert picture.name in row.text(QAccessible.Text.Name)
    driver.wait(lambda: "160×96" in row.text(QAccessible.Text.Description))


def test_a_control_without_words_would_be_found(open_window: OpenWindow) -> None:
    driver = open_window()
    driver.ask_button.setAccessibleName("")
    driver.ask_button.setText("")
    driver.ask_button.setAccessibleDescription("")
    driver.ask_button.setToolTip("")
    assert [fault.rpartition(": ")[2] for fault in faults(driver.window)][-2:] == ["no name", "no description"]
