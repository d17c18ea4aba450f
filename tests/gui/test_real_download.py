"""The window with real downloads from a server: they go on while it answers, and at the next start."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

import pytest
from PySide6.QtWidgets import QPushButton

from app.backends.fake_backend import FakeScript
from app.core.models.access import hub_access
from app.core.models.store import LocalModels
from app.core.settings import Settings
from app.engine.downloads import Downloads
from tests.gui.models_scripted import ScriptedDownloads, ScriptedModels
from tests.gui.window_driver import ask
from tests.hub_server import Fault
from tests.sharded_demo import sharded_demo

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.core.launch import DownloadSink
    from app.core.paths import Profile
    from tests.gui.window_driver import OpenWindow, WindowDriver
    from tests.hub_server import HubServer

ID = "house/demo"


class RealDownloads:
    """Downloads as the program makes them."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile

    def made_for(self, sink: DownloadSink, now: Callable[[], Settings]) -> Downloads:
        return Downloads(lambda: hub_access(now()), sink, self._profile.downloads_file)


@pytest.fixture
def open_real(open_window: OpenWindow, hub: HubServer, profile: Profile) -> Callable[[], WindowDriver]:
    hub.add(ID, sharded_demo())
    hub.fault("*.safetensors", Fault(bytes_per_s=900_000), times=math.inf, where="store")

    def open_it() -> WindowDriver:
        driver = open_window(
            FakeScript(answers=("Yes.",) * 9),
            settings=Settings(model="demo", hub_endpoint=hub.url),
            models=cast("ScriptedModels", LocalModels(profile, "fake")),
            downloads=cast("ScriptedDownloads", RealDownloads(profile)),
        )
        driver.wait_for_model()
        driver.wait(lambda: driver.desk.models.is_looked_at)
        return driver

    return open_it


def is_under_way(driver: WindowDriver, least_bytes: int) -> bool:
    state = driver.desk.models.state_of(ID)
    return state is not None and state.stage == "downloading" and state.done_bytes >= least_bytes


def test_the_demo_answers_meanwhile_and_what_has_come_is_used(open_real: Callable[[], WindowDriver]) -> None:
    driver = open_real()
    models = driver.desk.models
    models.download(ID)
    driver.wait(lambda: is_under_way(driver, 200_000))
    ask(driver, "Is it there?")
    assert is_under_way(driver, 200_000)
    assert driver.parts.download_status.isVisible()
    driver.wait(lambda: models.installed_as(ID) is not None)
    assert models.state_of(ID) is None
    models.use(ID)
    driver.child(QPushButton, "beginAnewButton").click()
    driver.wait(lambda: ID.split("/")[1] in driver.model_text)
    ask(driver, "And now?")


def test_a_window_that_is_closed_leaves_it_to_the_next_one(open_real: Callable[[], WindowDriver]) -> None:
    first = open_real()
    first.desk.models.download(ID)
    first.wait(lambda: is_under_way(first, 400_000))
    first.close()
    second = open_real()
    second.wait(lambda: is_under_way(second, 400_000))
    second.desk.models.pause(ID)
    second.wait(lambda: (state := second.desk.models.state_of(ID)) is not None and state.stage == "paused")
    second.close()
    third = open_real()
    third.wait(lambda: third.desk.models.state_of(ID) is not None)
    state = third.desk.models.state_of(ID)
    assert state is not None
    assert state.stage == "paused"
    third.desk.models.resume(ID)
    third.wait(lambda: third.desk.models.installed_as(ID) is not None)
