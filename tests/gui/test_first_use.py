"""From no model to a real one: the first-run page, the download in the status line, the switch when it has come."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QProgressBar

from app.backends.fake_backend import FakeScript
from app.core.errors import ErrorText
from app.core.machine import MachineMemory
from app.core.models.catalogue import Catalogue, read_catalogue
from app.core.models.download_state import DownloadState
from app.core.settings import Settings
from app.gui.models import first_use
from tests.gui.layout_checks import layout_faults
from tests.gui.model_states import ask_first
from tests.gui.models_scripted import GIB, ScriptedDownloads, ScriptedModels, installed
from tests.gui.window_driver import SLOW, ask
from tests.whole_model import cached, write_whole_model

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gui.window_driver import OpenWindow, WindowDriver

DEMO = Settings(model="demo")
WANTED = "mlx-community/Qwen3-VL-8B-Instruct-4bit"
"""What is recommended on a Mac with 16 GB."""
NAME = "Qwen3-VL 8B Instruct, 4-bit"
GB = 1_000_000_000
ON_ITS_WAY = DownloadState(WANTED, "downloading", 2 * GB, 5 * GB, 12_000_000, 190.0, "a" * 40)
FAULT = ErrorText("The server is out of reach.", "Check the connection, then try again.")


@pytest.fixture
def store(tmp_path: Path) -> ScriptedModels:
    return ScriptedModels(offered=read_catalogue(), here=(installed("demo", tmp_path),))


@pytest.fixture
def downloads() -> ScriptedDownloads:
    return ScriptedDownloads()


@pytest.fixture
def driver(open_window: OpenWindow, store: ScriptedModels, downloads: ScriptedDownloads) -> WindowDriver:
    driver = open_window(FakeScript(answers=("Yes.",)), settings=DEMO, models=store, downloads=downloads)
    driver.wait_for_model()
    driver.wait(lambda: driver.parts.first_model.isVisible() and driver.desk.models.recommended is not None)
    return driver


def is_offered(driver: WindowDriver) -> bool:
    return driver.parts.first_model.isVisible()


def told(driver: WindowDriver, downloads: ScriptedDownloads, state: DownloadState) -> None:
    downloads.tell(state)
    wanted = None if state.stage == "cancelled" else state
    driver.wait(lambda: driver.desk.models.state_of(state.model_id) == wanted)


def test_who_has_no_model_is_offered_the_one_that_goes_best(driver: WindowDriver) -> None:
    page = driver.parts.first_model
    words = page.text
    assert words.startswith("Get a real model\nThis computer has 16 GB of memory. ")
    assert f"<b>{NAME}</b> fits well. " in words
    assert words.endswith("Until then the demo model answers, about coloured shapes and short numbers only.")
    assert page.download_button.text().startswith("Download about ")
    assert page.download_button.text().endswith(" GB")
    assert [button.isVisible() for button in (page.all_button, page.pause_button, page.cancel_button)] == [
        True,
        False,
        False,
    ]
    assert driver.parts.download_status.isHidden()
    assert layout_faults(driver.window) == []


def test_one_click_downloads_it_while_the_demo_stays(driver: WindowDriver, downloads: ScriptedDownloads) -> None:
    page = driver.parts.first_model
    page.download_button.click()
    driver.wait(lambda: downloads.calls[-1:] == [("start", WANTED)])
    told(driver, downloads, ON_ITS_WAY)
    assert f"Getting {NAME}" in page.text
    assert "Downloading · 2.0 GB of 5.0 GB · 12.0 MB/s · 3 min left" in page.text
    bar = page.findChild(QProgressBar)
    assert bar is not None
    assert bar.value() == 400
    assert not page.download_button.isVisible()
    page.pause_button.click()
    driver.wait(lambda: downloads.calls[-1:] == [("pause", WANTED)])
    assert layout_faults(driver.window) == []
    assert driver.desk.model.stage == "ready"


def test_a_paused_download_goes_on_where_it_was(driver: WindowDriver, downloads: ScriptedDownloads) -> None:
    page = driver.parts.first_model
    told(driver, downloads, replace(ON_ITS_WAY, stage="paused"))
    assert page.download_button.text() == "Resume"
    assert "Paused · 2.0 GB of 5.0 GB" in page.text
    assert not page.pause_button.isVisible()
    page.download_button.click()
    driver.wait(lambda: downloads.calls[-1:] == [("start", WANTED)])
    page.cancel_button.click()
    driver.wait(lambda: downloads.calls[-1:] == [("cancel", WANTED)])
    told(driver, downloads, DownloadState(WANTED, "cancelled"))
    assert page.text.startswith("Get a real model")
    assert page.download_button.text() == "Download 5.0 GB"  # as the server has told meanwhile


def test_a_failed_download_says_why_and_can_be_tried_again(driver: WindowDriver, downloads: ScriptedDownloads) -> None:
    page = driver.parts.first_model
    told(driver, downloads, replace(ON_ITS_WAY, stage="failed", error=FAULT))
    assert "⚠ The server is out of reach. Check the connection, then try again." in page.text
    assert page.download_button.text() == "Try again"
    assert driver.parts.download_status.text() == "Download failed"
    page.download_button.click()
    driver.wait(lambda: downloads.calls[-1:] == [("start", WANTED)])
    assert layout_faults(driver.window) == []


def test_the_keyboard_stays_on_the_page_as_its_buttons_change(
    driver: WindowDriver, downloads: ScriptedDownloads
) -> None:
    page = driver.parts.first_model
    driver.window.activateWindow()
    page.download_button.setFocus()
    QTest.keyClick(page.download_button, Qt.Key.Key_Space)
    told(driver, downloads, ON_ITS_WAY)
    driver.wait(page.pause_button.hasFocus)
    QTest.keyClick(page.pause_button, Qt.Key.Key_Space)
    told(driver, downloads, replace(ON_ITS_WAY, stage="paused"))
    driver.wait(page.download_button.hasFocus)


def test_the_page_leads_to_all_models_and_the_status_line_to_the_download(
    driver: WindowDriver, downloads: ScriptedDownloads
) -> None:
    driver.parts.first_model.all_button.click()
    sheet = driver.content.models.sheet
    assert sheet.isVisible()
    assert sheet.segments.value == "all"
    told(driver, downloads, replace(ON_ITS_WAY, model_id="house/typed-by-hand"))
    for is_open in (True, False):
        driver.content.models.show(is_open)
        driver.parts.download_status.click()
        assert sheet.isVisible()
        assert "house/typed-by-hand" in [row.model_id for row in sheet.list.rows[:1]]


def test_a_doubted_model_leads_to_all_that_fit(driver: WindowDriver) -> None:
    ask_first(driver.window)
    driver.parts.fit_question.other_button.click()
    sheet = driver.content.models.sheet
    assert sheet.segments.value == "recommended"
    assert {row.fit for row in sheet.list.rows} == {"fits"}


def test_the_status_line_says_how_far_it_is_and_no_more(driver: WindowDriver, downloads: ScriptedDownloads) -> None:
    status = driver.parts.download_status
    for state, words in (
        (DownloadState(WANTED, "checking"), "Download"),
        (ON_ITS_WAY, "Download 40 % · 3 min left"),
        (replace(ON_ITS_WAY, done_bytes=5 * GB - 1, stage="verifying", left_s=None), "Download 99 %"),
        (replace(ON_ITS_WAY, waits_s=5.0), "Download 40 % · waiting for the server"),
        (replace(ON_ITS_WAY, stage="paused"), "Download paused at 40 %"),
        (DownloadState(WANTED, "paused"), "Download paused"),
    ):
        told(driver, downloads, state)
        assert status.text() == words
        assert status.isVisible()
        assert NAME in status.accessibleDescription()
    told(driver, downloads, ON_ITS_WAY)
    told(driver, downloads, DownloadState("some/other", "failed", 1, 2, error=FAULT))
    assert status.text() == "Download 40 % · 3 min left, 1 more"
    told(driver, downloads, DownloadState(WANTED, "cancelled"))
    assert status.text() == "Download failed"
    told(driver, downloads, DownloadState("some/other", "cancelled"))
    assert status.isHidden()


def test_listeners_hear_of_the_start_the_end_and_a_failure_alone(
    driver: WindowDriver, downloads: ScriptedDownloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    monkeypatch.setattr(first_use, "announce", lambda _widget, words: heard.append(words))
    for done in range(20):
        told(driver, downloads, replace(ON_ITS_WAY, done_bytes=done * GB // 4))
    told(driver, downloads, replace(ON_ITS_WAY, stage="paused"))
    told(driver, downloads, ON_ITS_WAY)
    assert heard == [f"The download of {NAME} begins."]
    told(driver, downloads, replace(ON_ITS_WAY, stage="failed", error=FAULT))
    told(driver, downloads, ON_ITS_WAY)
    assert heard[1:] == [
        f"The download of {NAME} failed. The server is out of reach. Check the connection, then try again.",
        f"The download of {NAME} begins.",
    ]


@pytest.fixture
def _has_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wanted model lies in the cache."""
    files = write_whole_model(tmp_path / "files")
    monkeypatch.setattr("app.core.models.hub_cache.hub_cache_dir", lambda: tmp_path / "hub")
    monkeypatch.setattr("app.core.checkpoint.hub_cache_dir", lambda: tmp_path / "hub", raising=False)
    cached(tmp_path / "hub", WANTED, files, "a" * 40)


@pytest.mark.usefixtures("_has_come")
def test_a_model_that_has_come_answers_by_itself_where_nothing_was_asked(
    driver: WindowDriver, store: ScriptedModels, downloads: ScriptedDownloads, tmp_path: Path
) -> None:
    driver.prompt.setPlainText("What is this?")
    told(driver, downloads, ON_ITS_WAY)
    store.here = (*store.here, installed(WANTED, tmp_path / "files"))
    downloads.tell(replace(ON_ITS_WAY, stage="done", done_bytes=5 * GB))
    driver.wait(lambda: driver.desk.settings.model == WANTED)
    driver.wait(lambda: driver.desk.model.stage == "ready" and not is_offered(driver))
    assert "Qwen3-VL-8B-Instruct-4bit" in driver.model_text
    assert driver.parts.download_status.isHidden()
    assert driver.prompt.toPlainText() == "What is this?"
    ask(driver, "And this?")
    driver.action("newConversationAction").trigger()
    assert not is_offered(driver)


def test_in_a_conversation_it_is_offered_and_nothing_is_switched(
    driver: WindowDriver,
    store: ScriptedModels,
    downloads: ScriptedDownloads,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told(driver, downloads, ON_ITS_WAY)
    ask(driver, "What is this?")
    assert not is_offered(driver)
    assert driver.parts.download_status.text() == "Download 40 % · 3 min left"
    store.here = (*store.here, installed(WANTED, tmp_path))
    downloads.tell(replace(ON_ITS_WAY, stage="done", done_bytes=5 * GB))
    status = driver.parts.download_status
    driver.wait(lambda: status.text() == f"Use {NAME} now")
    assert driver.desk.settings.model == "demo"
    wanted: list[str] = []
    monkeypatch.setattr(driver.desk.models, "use", wanted.append)
    status.click()
    assert wanted == [WANTED]
    driver.action("newConversationAction").trigger()
    assert not is_offered(driver)
    driver.desk.models.removed.emit(WANTED, 5 * GB)
    assert status.isHidden()


def test_a_download_goes_on_while_the_demo_answers(
    open_window: OpenWindow, store: ScriptedModels, downloads: ScriptedDownloads
) -> None:
    driver = open_window(SLOW, settings=DEMO, models=store, downloads=downloads)
    driver.wait_for_model()
    driver.ask("Go on and on.")
    driver.wait(lambda: bool(driver.desk.conversation.turns[-1].answer))
    for percent in (10, 20, 30):
        seen = len(driver.desk.conversation.turns[-1].answer)
        told(driver, downloads, replace(ON_ITS_WAY, done_bytes=percent * 5 * GB // 100))
        assert driver.parts.download_status.text() == f"Download {percent} % · 3 min left"
        driver.wait(lambda seen=seen: len(driver.desk.conversation.turns[-1].answer) > seen)  # type: ignore[misc]
    assert driver.desk.conversation.open_turn is not None
    driver.stop_button.click()
    driver.wait_for_answer()


def test_who_has_a_real_model_is_offered_none(open_window: OpenWindow, store: ScriptedModels, tmp_path: Path) -> None:
    store.here = (*store.here, installed(WANTED, tmp_path))
    driver = open_window(settings=DEMO, models=store)
    driver.wait_for_model()
    driver.wait(lambda: driver.desk.models.is_looked_at)
    assert not is_offered(driver)


def test_who_uses_a_model_that_no_list_knows_is_offered_none(open_window: OpenWindow, store: ScriptedModels) -> None:
    driver = open_window(models=store)
    driver.wait_for_model()
    driver.wait(lambda: driver.desk.models.is_looked_at)
    assert not is_offered(driver)


def test_nothing_is_offered_before_anybody_has_looked(open_window: OpenWindow, store: ScriptedModels) -> None:
    store.is_open.clear()
    driver = open_window(settings=DEMO, models=store)
    driver.wait_for_model()
    assert not is_offered(driver)
    store.is_open.set()
    driver.wait(lambda: is_offered(driver))


def test_the_settings_take_the_pages_place(driver: WindowDriver) -> None:
    driver.content.commands.show_settings(True)
    assert not is_offered(driver)
    driver.content.commands.show_settings(False)
    assert is_offered(driver)


def test_offline_is_said_and_nothing_can_be_downloaded(driver: WindowDriver) -> None:
    driver.desk.change_settings(replace(driver.desk.settings, is_offline=True))
    page = driver.parts.first_model
    assert not page.download_button.isEnabled()
    assert page.text.endswith("The settings say to work offline. Change that to download a model.")
    driver.desk.change_settings(replace(driver.desk.settings, is_offline=False))
    assert page.download_button.isEnabled()


@pytest.mark.parametrize("offered", [Catalogue(()), None])
def test_where_no_model_fits_that_is_said(
    open_window: OpenWindow, store: ScriptedModels, offered: Catalogue | None
) -> None:
    store.offered = store.offered if offered is None else offered
    store.gives = replace(store.gives, usable_bytes=GIB // 4, total_bytes=2 * GIB)
    driver = open_window(settings=DEMO, models=store)
    driver.wait(lambda: is_offered(driver) and driver.desk.models.memory is not None)
    page = driver.parts.first_model
    assert "No model of the list fits it well." in page.text
    assert not page.download_button.isVisible()
    assert page.all_button.isVisible()


@pytest.mark.parametrize("size", [(640, 480), (700, 800), (1000, 600), (1280, 820)])
@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_nothing_of_the_page_is_cut_at_any_size(
    open_window: OpenWindow,
    store: ScriptedModels,
    downloads: ScriptedDownloads,
    size: tuple[int, int],
    language: str,
) -> None:
    driver = open_window(settings=replace(DEMO, language=language), models=store, downloads=downloads)  # type: ignore[arg-type]
    driver.wait_for_model()
    driver.window.resize(*size)
    driver.wait(lambda: is_offered(driver) and driver.desk.models.recommended is not None)
    assert layout_faults(driver.window) == []
    for state in (ON_ITS_WAY, replace(ON_ITS_WAY, stage="failed", error=FAULT)):
        told(driver, downloads, state)
        assert layout_faults(driver.window) == []


def test_a_gpu_is_called_by_its_name(open_window: OpenWindow, store: ScriptedModels) -> None:
    store.gives = replace(store.gives, kind="cuda", name="NVIDIA H100 <80GB>", total_bytes=80 * GIB)
    driver = open_window(settings=DEMO, models=store)
    driver.wait(lambda: is_offered(driver) and driver.desk.models.memory is not None)
    assert "NVIDIA H100 &lt;80GB&gt; has 80 GB of memory." in driver.parts.first_model.text
    assert isinstance(store.gives, MachineMemory)
