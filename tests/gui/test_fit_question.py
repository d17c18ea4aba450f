"""A model that is too large for the machine is loaded only when the person says so."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from app.core.models.catalogue import read_catalogue
from app.core.settings import Settings
from app.gui import checkpoint_search
from app.gui.models import fit_question
from tests.gui.layout_checks import layout_faults
from tests.gui.models_scripted import GIB, ScriptedModels
from tests.gui.window_driver import ask

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gui.window_driver import OpenWindow, WindowDriver


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> ScriptedModels:
    """A machine that gives next to nothing, until a test gives more."""
    models = ScriptedModels(offered=read_catalogue())
    models.gives = replace(models.gives, usable_bytes=GIB // 4)
    monkeypatch.setattr(checkpoint_search, "machine_memory", lambda _runtime: models.gives)
    return models


@pytest.fixture
def settings(random_checkpoint_dir: Path) -> Settings:
    """Of a small model: but the runtime alone needs more than the machine gives."""
    return Settings(model=str(random_checkpoint_dir))


@pytest.fixture
def driver(open_window: OpenWindow, store: ScriptedModels, settings: Settings) -> WindowDriver:
    driver = open_window(settings=settings, models=store)
    driver.wait(lambda: driver.desk.model.doubt is not None)
    return driver


def question(driver: WindowDriver) -> str:
    return driver.parts.fit_question.text


def test_nothing_is_loaded_before_the_person_has_said_so(driver: WindowDriver, random_checkpoint_dir: Path) -> None:
    name = random_checkpoint_dir.name
    assert question(driver).startswith(f"{name} is too large for this computer. It needs about ")
    assert "and this computer has 256.0 MB of its 16 GB for a model." in question(driver)
    assert "the system may end the program" in question(driver)
    assert not driver.backend.is_loaded
    assert "Not loaded" in driver.model_text
    driver.prompt.setPlainText("What is this?")
    assert not driver.ask_button.isEnabled()
    assert driver.ask_button.toolTip() == "<p>Say first whether the model is to be loaded.</p>"
    assert not driver.desk.ask("What is this?")
    assert not driver.desk.conversation.turns
    assert layout_faults(driver.window) == []


def test_what_would_fit_is_named_as_soon_as_that_is_known(
    open_window: OpenWindow, store: ScriptedModels, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = store.gives
    monkeypatch.setattr(checkpoint_search, "machine_memory", lambda _runtime: small)
    store.gives = replace(small, usable_bytes=12 * GIB)
    driver = open_window(settings=settings, models=store)
    driver.wait(lambda: "Qwen3-VL 8B Instruct, 4-bit would fit." in question(driver))


def test_load_anyway_loads_it_and_is_not_asked_again(driver: WindowDriver) -> None:
    driver.parts.fit_question.load_button.click()
    driver.wait_for_model()
    assert driver.desk.model.checkpoint is not None
    assert driver.desk.model.checkpoint.is_size_accepted
    assert question(driver) == ""
    ask(driver, "What is this?")
    driver.action("unloadAction").trigger()
    ask(driver, "And this?")
    assert len(driver.desk.conversation.turns) == 2
    driver.desk.find_model()
    driver.wait_for_model()
    assert question(driver) == ""


def test_another_model_ends_the_question(driver: WindowDriver, checkpoint_dir: Path, store: ScriptedModels) -> None:
    store.gives = replace(store.gives, usable_bytes=12 * GIB)
    driver.desk.change_settings(replace(driver.desk.settings, model=str(checkpoint_dir)))
    driver.wait_for_model()
    assert question(driver) == ""


def test_the_model_before_is_gone_while_the_question_stands(
    open_window: OpenWindow, store: ScriptedModels, settings: Settings, checkpoint_dir: Path
) -> None:
    driver = open_window(models=store, settings=replace(settings, model=str(checkpoint_dir)))
    driver.wait_for_model()  # its folder does not tell how large it is
    driver.desk.change_settings(settings)
    driver.wait(lambda: bool(question(driver)))
    driver.wait(lambda: not driver.backend.is_loaded)
    assert "Not loaded" in driver.model_text


def test_a_model_that_is_not_found_leaves_none_in_memory(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window()
    driver.wait_for_model()
    driver.desk.change_settings(replace(driver.desk.settings, model=str(tmp_path / "nothing")))
    driver.wait(lambda: driver.desk.model.stage == "failed")
    driver.wait(lambda: not driver.backend.is_loaded)


def test_listeners_hear_the_question_at_once(
    open_window: OpenWindow, store: ScriptedModels, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[tuple[str, bool]] = []
    monkeypatch.setattr(fit_question, "announce", lambda _widget, words, *, is_urgent: heard.append((words, is_urgent)))
    driver = open_window(settings=settings, models=store)
    driver.wait(lambda: driver.desk.model.doubt is not None)
    assert heard == [(question(driver), True)]


@pytest.mark.parametrize("size", [(640, 480), (1000, 600), (1280, 820)])
@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_nothing_of_the_question_is_cut_at_any_size(
    open_window: OpenWindow, store: ScriptedModels, settings: Settings, size: tuple[int, int], language: str
) -> None:
    driver = open_window(settings=replace(settings, language=language), models=store)  # type: ignore[arg-type]
    driver.window.resize(*size)
    driver.wait(lambda: bool(question(driver)))
    assert layout_faults(driver.window) == []
