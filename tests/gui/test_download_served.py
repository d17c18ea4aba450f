"""A model that comes from a server while the demo answers, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QApplication, QPushButton

from app.backends.fake_backend import FakeScript
from app.core.models.catalogue import read_catalogue
from app.core.models.library import installed_models
from app.core.settings import Settings
from app.engine.downloads import Downloads
from tests.gui.models_scripted import ScriptedModels
from tests.gui.window_driver import SLOW
from tests.hub_server import Fault
from tests.served_model import access_to
from tests.sharded_demo import sharded_demo

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from app.core.launch import DownloadSink
    from app.core.models.library import InstalledModel
    from tests.gui.window_driver import OpenWindow, WindowDriver
    from tests.hub_server import HubServer

ID = "house/demo"
DEMO = Settings(model="demo")


class Disk(ScriptedModels):
    """Finds what truly is in the cache."""

    def installed(self, settings: Settings) -> tuple[InstalledModel, ...]:
        return installed_models(settings.model_folders)


@dataclass
class Served:
    """Real downloads from the server of tests."""

    hub: HubServer
    record_file: Path

    def made_for(self, sink: DownloadSink, _settings: Callable[[], Settings]) -> Downloads:
        return Downloads(lambda: access_to(self.hub), sink, self.record_file)


@pytest.fixture
def served(hub: HubServer, tmp_path: Path) -> Served:
    hub.add(ID, sharded_demo())
    return Served(hub, tmp_path / "downloads.json")


def opened(open_window: OpenWindow, script: FakeScript, served: Served) -> WindowDriver:
    store = Disk(offered=read_catalogue())
    driver = open_window(script, settings=DEMO, models=store, downloads=served)  # type: ignore[arg-type]
    driver.wait_for_model()
    driver.wait(driver.parts.first_model.isVisible)
    return driver


def percent(driver: WindowDriver) -> int:
    state = driver.desk.models.state_of(ID)
    return 100 * state.done_bytes // state.total_bytes if state is not None and state.total_bytes else 0


def test_it_comes_while_the_demo_answers_and_is_offered(open_window: OpenWindow, served: Served) -> None:
    served.hub.fault("*.safetensors", Fault(bytes_per_s=3_000_000), times=1_000, where="any")
    driver = opened(open_window, SLOW, served)
    driver.ask("Go on and on.")
    driver.wait(lambda: bool(driver.desk.conversation.turns[-1].answer))
    driver.desk.models.download(ID)
    for least in (5, 30):
        driver.wait(lambda least=least: percent(driver) >= least)  # type: ignore[misc]
        assert driver.parts.download_status.text().startswith("Download ")
        seen = len(driver.desk.conversation.turns[-1].answer)
        driver.wait(lambda seen=seen: len(driver.desk.conversation.turns[-1].answer) > seen)  # type: ignore[misc]
    assert driver.desk.conversation.open_turn is not None
    assert 0 < percent(driver) < 100
    status = driver.parts.download_status
    driver.wait(lambda: status.text() == "Use demo now")
    assert driver.desk.conversation.open_turn is not None
    driver.stop_button.click()
    driver.wait_for_answer()
    status.click()
    driver.wait(lambda: button("beginAnewButton") is not None)
    found = button("beginAnewButton")
    assert found is not None
    found.click()
    driver.wait(lambda: driver.desk.settings.model == ID)
    driver.wait_for_model()
    assert not driver.desk.conversation.turns
    assert not driver.parts.first_model.isVisible()


def test_where_nothing_was_asked_it_answers_by_itself(open_window: OpenWindow, served: Served) -> None:
    driver = opened(open_window, FakeScript(answers=("Yes.",)), served)
    driver.desk.models.download(ID)
    driver.wait(lambda: driver.desk.settings.model == ID)
    driver.wait_for_model()
    driver.ask("What is this?")
    assert driver.wait_for_answer() == "Yes."
    assert driver.desk.model.checkpoint is not None
    assert driver.desk.model.checkpoint.model_id == ID
    assert not driver.parts.first_model.isVisible()
    assert driver.parts.download_status.isHidden()


def button(name: str) -> QPushButton | None:
    for window in QApplication.topLevelWidgets():
        found = window.findChild(QPushButton, name)
        if found is not None and found.isVisible():
            return found
    return None
