"""Downloads stop when the person goes offline, and go on by the way that the settings say now."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from app.core.models import access
from app.core.models.download_state import DownloadState
from tests.gui.models_scripted import ScriptedDownloads

if TYPE_CHECKING:
    from tests.gui.window_driver import OpenWindow, WindowDriver


def choose(driver: WindowDriver, **changes: Any) -> None:
    driver.desk.change_settings(replace(driver.desk.settings, **changes))


def tell(driver: WindowDriver, downloads: ScriptedDownloads, *states: DownloadState) -> None:
    for state in states:
        downloads.tell(state)
        driver.wait(lambda state=state: driver.desk.models.state_of(state.model_id) == state)  # type: ignore[misc]


def started(open_window: OpenWindow) -> tuple[WindowDriver, ScriptedDownloads]:
    """One download under way, one that the person paused, one that failed."""
    downloads = ScriptedDownloads()
    driver = open_window(downloads=downloads)
    driver.wait(lambda: ("go on",) in downloads.calls)
    downloads.calls.clear()
    tell(
        driver,
        downloads,
        DownloadState("a/moving", "downloading", 1, 9),
        DownloadState("a/paused", "paused", 1, 9),
        DownloadState("a/failed", "failed", 1, 9),
    )
    return driver, downloads


def test_offline_stops_downloads_and_online_goes_on_with_them(open_window: OpenWindow) -> None:
    driver, downloads = started(open_window)
    choose(driver, is_offline=True)
    assert downloads.calls == [("interrupt", "a/moving")]
    tell(driver, downloads, DownloadState("a/moving", "paused", 1, 9))
    choose(driver, appearance="dark")
    assert downloads.calls == [("interrupt", "a/moving")]
    choose(driver, is_offline=False)
    assert downloads.calls == [("interrupt", "a/moving"), ("start", "a/moving")]
    choose(driver, appearance="system")


def test_another_mirror_is_taken_at_once(open_window: OpenWindow) -> None:
    driver, downloads = started(open_window)
    choose(driver, hub_endpoint="https://mirror.example")
    assert downloads.calls == [("interrupt", "a/moving")]
    tell(driver, downloads, DownloadState("a/moving", "paused", 1, 9))
    driver.wait(lambda: downloads.calls == [("interrupt", "a/moving"), ("start", "a/moving")])
    tell(driver, downloads, DownloadState("a/moving", "downloading", 2, 9), DownloadState("a/moving", "paused", 2, 9))
    assert len(downloads.calls) == 2, "now it was the person who paused it"


def test_what_ended_meanwhile_is_not_begun_anew(open_window: OpenWindow) -> None:
    driver, downloads = started(open_window)
    choose(driver, is_offline=True)
    tell(driver, downloads, DownloadState("a/moving", "failed", 1, 9))
    choose(driver, is_offline=False)
    assert downloads.calls == [("interrupt", "a/moving")]


def test_the_environments_word_counts_as_the_persons_own(
    open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "is_offline_by_environment", lambda: True)
    downloads = ScriptedDownloads(DownloadState("a/left", "paused", 1, 9))
    driver = open_window(downloads=downloads)
    driver.wait(lambda: driver.desk.models.state_of("a/left") is not None)
    assert driver.desk.models.is_offline
    assert downloads.calls == []
