"""Where models are kept, typed and chosen in the settings."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from app.core.models.download_state import DownloadState
from app.core.models.hub_cache import chosen_place, hubs_own_place
from app.core.settings import Settings
from tests.gui.models_scripted import ScriptedDownloads
from tests.gui.settings_shown import opened
from tests.gui.window_driver import type_into

if TYPE_CHECKING:
    from app.gui.settings.model_place import ModelPlace
    from tests.gui.window_driver import OpenWindow, WindowDriver


def shown(driver: WindowDriver) -> ModelPlace:
    """The field, the folder having been looked at."""
    place = opened(driver).program.model_place
    driver.wait(lambda: bool(place.edit.own))
    return place


def test_a_folder_is_typed_chosen_and_left(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window()
    place = shown(driver)
    assert place.edit.text() == ""
    own = str(hubs_own_place())
    assert place.edit.own == own
    assert own in place.edit.toolTip()
    begins, _, ends = place.edit.placeholderText().partition("…")
    assert begins
    assert own.startswith(begins)
    assert own.endswith(ends), "what has no room is left out in the middle"
    (tmp_path / "hf" / "hub").mkdir(parents=True)
    type_into(place.edit, str(tmp_path / "hf"), then=Qt.Key.Key_Tab)
    driver.wait(lambda: driver.desk.settings.models_dir == tmp_path / "hf" / "hub")
    assert place.edit.text() == str(tmp_path / "hf" / "hub")
    assert chosen_place() == tmp_path / "hf" / "hub"
    driver.wait(lambda: bool(driver.saved) and driver.saved[-1].models_dir == tmp_path / "hf" / "hub")

    place.choose.click()
    dialog = next(one for one in driver.settings.findChildren(QFileDialog) if one.isVisible())
    dialog.fileSelected.emit(str(tmp_path))
    dialog.reject()
    driver.wait(lambda: driver.desk.settings.models_dir == tmp_path)

    type_into(place.edit, "", then=Qt.Key.Key_Return)
    driver.wait(lambda: driver.desk.settings.models_dir is None)
    assert chosen_place() is None


def test_models_are_looked_for_there_at_once(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window()
    driver.wait(lambda: driver.desk.models.is_looked_at)
    looks: list[bool] = []
    driver.desk.models.looked.connect(lambda: looks.append(True))
    driver.desk.change_settings(replace(driver.desk.settings, models_dir=tmp_path))
    driver.wait(lambda: bool(looks))


def test_what_is_wrong_with_a_folder_is_said_and_the_last_one_stays(
    open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = open_window()
    place = shown(driver)
    (tmp_path / "file").write_text("")
    (tmp_path / "locked").mkdir()
    really_may = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "locked" and really_may(path, mode))
    for name, said in (("gone", "is missing"), ("file", "is not a folder"), ("locked", "may not be written")):
        type_into(place.edit, str(tmp_path / name), then=Qt.Key.Key_Tab)
        driver.wait(lambda said=said: said in place.fault.text())  # type: ignore[misc]
        assert said in place.edit.accessibleDescription()
        assert driver.desk.settings.models_dir is None
        place.edit.setFocus()
    driver.content.settings.close()
    assert shown(driver).edit.text() == ""
    assert place.fault.isHidden()


def test_a_disk_that_is_gone_is_said_until_it_is_back(open_window: OpenWindow, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    driver = open_window(settings=Settings(models_dir=disk))
    assert chosen_place() == disk
    place = shown(driver)
    driver.wait(place.fault.isVisible)
    assert "is missing" in place.fault.text()
    assert place.edit.text() == str(disk)
    assert driver.desk.settings.models_dir == disk
    disk.mkdir()
    driver.content.settings.close()
    opened(driver)
    driver.wait(place.fault.isHidden)


def test_what_comes_to_the_old_place_is_not_put_to_use(open_window: OpenWindow, tmp_path: Path) -> None:
    downloads = ScriptedDownloads()
    driver = open_window(downloads=downloads)
    driver.wait_for_model()
    moving = DownloadState("a/moving", "downloading", 1, 9)
    downloads.tell(moving)
    driver.wait(lambda: driver.desk.models.state_of("a/moving") == moving)
    driver.desk.change_settings(replace(driver.desk.settings, models_dir=tmp_path))
    model = driver.desk.settings.model
    downloads.tell(replace(moving, stage="done"))
    driver.wait(lambda: driver.desk.models.state_of("a/moving") is None)
    assert driver.desk.settings.model == model
    assert driver.desk.arrived_id == ""
