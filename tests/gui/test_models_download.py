"""From a repository's name to an answer of its model, through the real downloads and a server on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtTest import QTest

from app.core.models.store import LocalModels
from app.engine.downloads import Downloads
from tests.gui.models_scripted import ScriptedDownloads
from tests.gui.window_driver import type_into, with_model
from tests.hub_server import Fault
from tests.served_model import access_to
from tests.sharded_demo import sharded_demo

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from app.core.launch import DownloadSink, ModelDownloads
    from app.core.paths import Profile
    from app.core.settings import Settings
    from tests.gui.window_driver import OpenWindow
    from tests.hub_server import HubServer

REPOSITORY = "house/tiny"


class RealDownloads(ScriptedDownloads):
    """The program's own, from the server of the test."""

    def __init__(self, hub: HubServer, profile: Profile) -> None:
        super().__init__()
        self._hub = hub
        self._profile = profile

    def made_for(self, sink: DownloadSink, _settings: Callable[[], Settings]) -> ModelDownloads:
        return Downloads(lambda: access_to(self._hub), sink, self._profile.downloads_file)


def test_a_repository_is_looked_up_downloaded_through_a_fault_and_answers(
    open_window: OpenWindow, hub: HubServer, profile: Profile, checkpoint_dir: Path
) -> None:
    hub.add(REPOSITORY, sharded_demo())
    settings = with_model(checkpoint_dir, hub_endpoint=hub.url)
    store = LocalModels(profile, "mlx")
    driver = open_window(models=store, downloads=RealDownloads(hub, profile), settings=settings)
    driver.wait_for_model()
    driver.action("modelsAction").trigger()
    sheet, models = driver.content.models.sheet, driver.desk.models
    driver.wait(lambda: models.is_looked_at and models.recommended is not None)
    assert [row.model_id for row in sheet.list.rows] == ["demo"]
    sheet.repository_action.trigger()
    type_into(sheet.other_model.name, f"{hub.url}/{REPOSITORY}")
    driver.wait(lambda: sheet.list.current_id == REPOSITORY)
    hub.fault("*model-00003*", Fault(status=404), times=1, where="any")
    QTest.keyClick(sheet.list, Qt.Key.Key_Return)
    driver.wait(lambda: (state := models.state_of(REPOSITORY)) is not None and state.stage == "failed")
    QCoreApplication.processEvents()
    row = next(row for row in sheet.list.rows if row.repository_id == REPOSITORY)
    assert row.state is not None
    assert row.state.error is not None
    assert row.actions[0] == "retry"
    QTest.keyClick(sheet.list, Qt.Key.Key_Return)
    driver.wait(lambda: models.installed_as(REPOSITORY) is not None)
    sheet.segments.choose("installed")
    assert [row.model_id for row in sheet.list.rows] == ["demo", REPOSITORY]
    sheet.list.choose(REPOSITORY)
    QCoreApplication.processEvents()
    QTest.keyClick(sheet.list, Qt.Key.Key_Return)
    driver.wait(lambda: driver.desk.settings.model == REPOSITORY)
    driver.wait_for_model()
    driver.ask("What is this?")
    assert driver.wait_for_answer()
    assert not sheet.isVisible()
