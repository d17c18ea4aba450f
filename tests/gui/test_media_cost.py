"""What a question costs is said before it is asked: each picture, all together, against what the model can take."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QFontMetricsF, QPalette

from app.backends.fake_backend import FakeScript
from app.core.settings import Settings
from app.gui.look import SMALL_PX, sized
from app.gui.questions.cost_caption import CostCaption
from app.gui.tray.tray_delegate import TrayDelegate
from tests.gui.conftest import draw
from tests.gui.keys_and_clicks import CONTROL
from tests.gui.tray_rows import click, tray_of
from tests.whole_model import write_whole_model

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gui.window_driver import OpenWindow, WindowDriver


def choose_budget(driver: WindowDriver, tokens: int | None) -> None:
    driver.parts.prompt.budget.budget_chosen.emit(tokens)


def described(driver: WindowDriver, row: int) -> str:
    model = tray_of(driver).model()
    return str(model.index(row, 0).data(Qt.ItemDataRole.AccessibleDescriptionRole))


@pytest.fixture
def small_model(tmp_path: Path, checkpoint_dir: Path) -> Path:
    """A model that can take 4,000 tokens."""
    config = json.loads((checkpoint_dir / "config.json").read_text())
    config["text_config"] = {"max_position_embeddings": 4000}
    return write_whole_model(tmp_path / "small model", config)


def opened(open_window: OpenWindow, model: Path, folder: Path, count: int) -> WindowDriver:
    files = tuple(draw(folder / f"{number}.png", 1600, 1200) for number in range(count))
    driver = open_window(FakeScript(answers=("Fine.",)), files=files, settings=Settings(model=str(model)))
    driver.wait_for_model()
    driver.wait_for_pictures(count)
    choose_budget(driver, 1280)
    return driver


def cost(driver: WindowDriver) -> str:
    return driver.parts.prompt.cost_text


def colour(driver: WindowDriver) -> str:
    return driver.child(CostCaption, "costCaption").palette().color(QPalette.ColorRole.WindowText).name()


def test_the_budget_changes_every_cost_at_once(open_window: OpenWindow, checkpoint_dir: Path, tmp_path: Path) -> None:
    driver = opened(open_window, checkpoint_dir, tmp_path, 2)
    driver.wait(lambda: cost(driver) == "2 pictures · 2,460 tokens of 262,144")
    choose_budget(driver, 256)
    driver.wait(lambda: cost(driver) == "2 pictures · 468 tokens of 262,144")
    assert described(driver, 1) == "234 tok · 1600×1200\nreduced to 576×416\nImage 2"
    assert driver.parts.viewer.caption == "1600×1200 reduced to 576×416 · 234 tokens · 2 selected"
    choose_budget(driver, None)
    driver.wait(lambda: cost(driver) == "2 pictures · 3,800 tokens of 262,144")
    assert described(driver, 0) == "1,900 tok · 1600×1200\nseen whole\nImage 1"


def test_the_selection_decides_the_cost(open_window: OpenWindow, checkpoint_dir: Path, tmp_path: Path) -> None:
    driver = opened(open_window, checkpoint_dir, tmp_path, 3)
    click(driver, 2)
    driver.wait(lambda: cost(driver) == "1 picture · 1,230 tokens of 262,144")
    click(driver, 0, CONTROL)
    driver.wait(lambda: cost(driver) == "2 pictures · 2,460 tokens of 262,144")


def test_the_conversation_so_far_is_counted(open_window: OpenWindow, checkpoint_dir: Path, tmp_path: Path) -> None:
    driver = opened(open_window, checkpoint_dir, tmp_path, 2)
    click(driver, 0)
    driver.ask("What is this?")
    driver.wait_for_answer()
    figures = driver.desk.conversation.turns[-1].figures
    held = figures.prompt_tokens + figures.answer_tokens
    assert held > 1230
    driver.wait(lambda: cost(driver) == f"{held:,} tokens of 262,144")
    click(driver, 1)
    driver.wait(lambda: cost(driver) == f"1 picture · +1,230 · {held + 1230:,} tokens of 262,144")


def test_little_room_is_marked_by_sign_and_colour(open_window: OpenWindow, small_model: Path, tmp_path: Path) -> None:
    driver = opened(open_window, small_model, tmp_path, 3)
    click(driver, 0)
    driver.wait(lambda: cost(driver) == "1 picture · 1,230 tokens of 4,000")
    usual = colour(driver)
    click(driver, 1, CONTROL)
    driver.wait(lambda: "2,460" in cost(driver))
    assert colour(driver) == usual
    click(driver, 2, CONTROL)
    driver.wait(lambda: cost(driver) == "⚠ 3 pictures · 3,690 tokens of 4,000")
    assert colour(driver) != usual
    assert driver.parts.prompt.fault_text == ""
    assert "Little room" in driver.child(CostCaption, "costCaption").toolTip()
    driver.ask("What?")
    driver.wait_for_answer()


def test_too_much_is_refused_with_what_to_lower(open_window: OpenWindow, small_model: Path, tmp_path: Path) -> None:
    driver = opened(open_window, small_model, tmp_path, 4)
    driver.prompt.setPlainText("What?")
    driver.wait(lambda: cost(driver) == "⚠ 4 pictures · 4,920 tokens of 4,000")
    assert driver.parts.prompt.fault_text == (
        "⚠ This is more than the model can take: 4,920 tokens of 4,000. "
        "Choose a smaller budget or select fewer pictures."
    )
    assert not driver.ask_button.isEnabled()
    assert not driver.action("askAction").isEnabled()
    choose_budget(driver, 256)
    driver.wait(driver.ask_button.isEnabled)
    assert cost(driver) == "4 pictures · 936 tokens of 4,000"
    assert driver.parts.prompt.fault_text == ""
    driver.ask_button.click()
    driver.wait_for_answer()
    choose_budget(driver, 1280)
    driver.drop(*(draw(tmp_path / f"more {number}.png", 1600, 1200) for number in range(3)))
    driver.wait(lambda: "begin a new conversation" in driver.parts.prompt.fault_text)


def test_where_there_is_little_room_the_size_is_short_not_cut(
    open_window: OpenWindow, checkpoint_dir: Path, tmp_path: Path
) -> None:
    driver = opened(open_window, checkpoint_dir, tmp_path, 2)
    driver.wait(lambda: "1,230 tok" in described(driver, 0))
    view = tray_of(driver)
    row = view.model().index(0, 0).data(Qt.ItemDataRole.UserRole)
    assert (row.cost, row.short_cost) == ("1,230 tok · 1600×1200", "1,230 tok · 1.9 MP")
    wide = QFontMetricsF(sized(view.font(), SMALL_PX)).horizontalAdvance(row.cost)
    assert [TrayDelegate.cost_within(row, view.font(), width) for width in (wide + 1, wide - 1)] == [
        row.cost,
        row.short_cost,
    ]
    assert (row.state, row.short_state) == ("reduced to 1312×960", "1312×960")


def test_costs_are_shown_while_one_picture_after_another_is_opened(
    open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = open_window()
    driver.wait_for_model()
    shown: list[object] = []
    monkeypatch.setattr(driver.parts.tray, "show_question", shown.append)
    opening = QTimer(driver.window)
    opening.timeout.connect(driver.desk.pictures.changed)
    opening.start(1)
    driver.wait(lambda: len(shown) >= 5)
    opening.stop()
