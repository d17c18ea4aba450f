"""How long a conversation may become, chosen in the settings and fitted to the machine otherwise."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from app.core.checkpoint import DEMO_MODEL_ID
from app.core.machine import MachineMemory
from app.core.settings import ModelSettings, Settings
from app.gui import checkpoint_search
from tests.gui.settings_shown import choose, opened, own

if TYPE_CHECKING:
    from tests.gui.window_driver import OpenWindow, WindowDriver


def context_now(driver: WindowDriver) -> int:
    return driver.desk.next_question().use.context_tokens


def test_a_context_that_is_chosen_holds_at_once_and_is_kept(open_window: OpenWindow) -> None:
    driver = open_window(settings=Settings(model=DEMO_MODEL_ID).with_own(ModelSettings(context_tokens=3_000)))
    panel = opened(driver)
    assert context_now(driver) == 3_000
    assert panel.context.currentText() == "3,000 tokens"
    choose(panel.context, 0)
    driver.wait(lambda: context_now(driver) == 4_096)
    driver.wait(lambda: panel.context.currentText() == "Auto (4,096)")
    driver.wait(lambda: bool(driver.saved) and driver.saved[-1].own.context_tokens is None)
    choose(panel.context, panel.context.findData(4_096))
    driver.wait(lambda: bool(driver.saved) and driver.saved[-1].own.context_tokens == 4_096)
    driver.wait(lambda: driver.desk.model.ready is not None)
    assert driver.desk.model.ready is not None
    assert driver.desk.model.ready.checkpoint.has_chosen_context


def test_where_memory_is_short_conversations_are_shorter(
    open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint_search, "machine_memory", lambda _: MachineMemory("ram", 1, 1))
    driver = open_window(settings=Settings(model=DEMO_MODEL_ID))
    panel = opened(driver)
    assert context_now(driver) == 2_048
    assert panel.context.currentText() == "Auto (2,048)"


def test_a_length_that_is_not_on_the_list_is_shown_too(open_window: OpenWindow) -> None:
    driver = open_window(settings=Settings(model=DEMO_MODEL_ID))
    panel = opened(driver)
    panel.show_settings(driver.desk.settings.with_own(replace(own(driver), context_tokens=5_000)))
    assert panel.context.currentData() == 5_000
    assert panel.context.currentText() == "5,000 tokens"
    panel.show_settings(driver.desk.settings.with_own(replace(own(driver), context_tokens=None)))
    assert panel.context.currentData() is None
    assert panel.context.findData(5_000) == -1
