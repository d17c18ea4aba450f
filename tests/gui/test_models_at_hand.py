"""What the window knows about models: looked for on other threads, downloads followed, removals done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.errors import ErrorText, UserError
from app.core.models.download_state import DownloadState
from tests.gui.models_scripted import ScriptedDownloads, ScriptedModels, installed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gui.window_driver import OpenWindow

WANTED = "mlx-community/Qwen3-VL-4B-Instruct-4bit"


def test_nothing_is_asked_on_the_main_thread(open_window: OpenWindow, tmp_path: Path) -> None:
    store = ScriptedModels(here=(installed("demo", tmp_path), installed(WANTED, tmp_path / "here")))
    driver = open_window(models=store)
    models = driver.desk.models
    driver.wait(lambda: models.is_looked_at)
    assert [model.model_id for model in models.installed] == ["demo", WANTED]
    assert models.memory == store.gives
    models.measure_removal(models.installed[1])
    models.look_up("Qwen/Nothing")
    driver.wait(lambda: {"model-size", "repository-look"} <= set(store.threads))
    assert "MainThread" not in store.threads


def test_a_download_is_followed_and_what_has_come_is_looked_for(open_window: OpenWindow, tmp_path: Path) -> None:
    store, downloads = ScriptedModels(), ScriptedDownloads(DownloadState("left/over", "paused", 5, 10))
    driver = open_window(models=store, downloads=downloads)
    models = driver.desk.models
    models.download(WANTED)
    driver.wait(lambda: models.is_looked_at and bool(downloads.calls))
    assert models.state_of("left/over") == DownloadState("left/over", "paused", 5, 10)
    models.pause(WANTED)
    models.resume("left/over")
    models.cancel("left/over")
    assert downloads.calls == [
        ("go on",),
        ("start", WANTED),
        ("pause", WANTED),
        ("start", "left/over"),
        ("cancel", "left/over"),
    ]
    seen: list[DownloadState] = []
    models.download_changed.connect(seen.append)
    downloads.tell(DownloadState(WANTED, "downloading", 1, 10, revision="a" * 40))
    driver.wait(lambda: bool(seen))
    assert [state.model_id for state in models.downloads] == ["left/over", WANTED]
    downloads.tell(DownloadState("left/over", "cancelled"))
    driver.wait(lambda: models.state_of("left/over") is None)
    downloads.tell(DownloadState(WANTED, "paused", 4, 10, revision="a" * 40))
    driver.wait(lambda: seen[-1].stage == "paused")
    models.resume(WANTED)
    assert downloads.calls[-1] == ("start", WANTED)
    store.here = (installed(WANTED, tmp_path),)
    downloads.tell(DownloadState(WANTED, "done", 10, 10))
    driver.wait(lambda: models.installed_as(WANTED) is not None)
    assert models.state_of(WANTED) is None
    driver.close()
    assert downloads.is_closed


def test_a_model_is_removed_or_the_reason_is_told(open_window: OpenWindow, tmp_path: Path) -> None:
    store = ScriptedModels(here=(installed(WANTED, tmp_path),), freed_bytes=5_000_000_000)
    driver = open_window(models=store)
    models = driver.desk.models
    driver.wait(lambda: models.is_looked_at)
    told: list[object] = []
    for signal in (models.removal_measured, models.removed):
        signal.connect(lambda model_id, freed: told.append((model_id, freed)))
    models.failed.connect(told.append)
    models.measure_removal(models.installed[0])
    driver.wait(lambda: told == [(WANTED, 5_000_000_000)])
    store.fault = UserError("It is held by another program.", "Close that first.")
    models.remove(models.installed[0], None)
    driver.wait(lambda: len(told) == 2)
    assert isinstance(told[1], ErrorText)
    assert told[1].text == "It is held by another program."
    assert models.installed
    store.fault = None
    models.remove(models.installed[0], None)
    driver.wait(lambda: told[2:] == [(WANTED, 5_000_000_000)])
    assert models.installed == ()


def test_only_the_newest_question_to_the_hub_is_answered(open_window: OpenWindow) -> None:
    driver = open_window(models=(store := ScriptedModels()))
    models = driver.desk.models
    driver.wait(lambda: models.is_looked_at)
    told: list[str] = []
    models.looked_up.connect(lambda event: told.append(event.model_id))
    store.is_open.clear()
    models.look_up("first/one")
    models.look_up("second/one")
    store.is_open.set()
    driver.wait(lambda: bool(told))
    assert told == ["second/one"]
