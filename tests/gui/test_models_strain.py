"""What goes wrong around models, and what comes in an order that nobody expects, is said and leaves nothing askew."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.backends.fake_backend import FakeScript
from app.core.errors import EngineError, ErrorText
from app.core.models.catalogue import read_catalogue
from app.core.models.download_state import DownloadState
from app.core.models.repository import Repository, RepositoryFile
from app.core.settings import Settings
from tests.gui.layout_checks import layout_faults, settle
from tests.gui.model_states import ask_first
from tests.gui.models_scripted import ScriptedDownloads, ScriptedModels, installed
from tests.gui.models_shown import TYPED, here
from tests.gui.test_models_window import opened
from tests.gui.window_driver import ask, type_into

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from app.core.launch import DownloadSink, ModelDownloads
    from app.core.machine import MachineMemory
    from app.core.models.download_state import DownloadStage
    from tests.gui.window_driver import OpenWindow, WindowDriver

DEMO = Settings(model="demo")
WANTED = "mlx-community/Qwen3-VL-8B-Instruct-4bit"
GB = 1_000_000_000
ON_ITS_WAY = DownloadState(WANTED, "downloading", 2 * GB, 5 * GB, 12_000_000, 190.0, "a" * 40)
_HEADING_PX = 8
"""A title's letters need so much more than those of what takes its place."""
_LEAST_VIEWER_PX = 110
FAULT = ErrorText("The server is out of reach.", "Check the connection, then try again.")


def without_a_model(
    open_window: OpenWindow, tmp_path: Path, downloads: ScriptedDownloads | None = None
) -> WindowDriver:
    """A window at its first start, with the first model offered."""
    store = ScriptedModels(offered=read_catalogue(), here=(installed("demo", tmp_path),))
    driver = open_window(FakeScript(answers=("Yes.",)), settings=DEMO, models=store, downloads=downloads)
    driver.wait_for_model()
    wait_for_offer(driver)
    return driver


def wait_for_offer(driver: WindowDriver) -> None:
    driver.wait(lambda: driver.parts.first_model.isVisible() and driver.desk.models.recommended is not None)


def wait_for_stage(driver: WindowDriver, stage: str) -> None:
    driver.wait(lambda: (state := driver.desk.models.state_of(WANTED)) is not None and state.stage == stage)


def test_the_sheets_head_stays_where_it_is_when_nothing_is_found(open_window: OpenWindow) -> None:
    driver = open_window(models=here())
    sheet = opened(driver)
    settle()
    before = (sheet.segments.geometry(), sheet.search.geometry())
    QTest.keyClicks(sheet.search, "no such thing")
    settle()
    assert sheet.nothing.isVisible()
    assert (sheet.segments.geometry(), sheet.search.geometry()) == before


def test_without_anything_that_downloads_each_try_says_why(open_window: OpenWindow, tmp_path: Path) -> None:
    class Missing(ScriptedDownloads):
        is_there = False

        def made_for(self, sink: DownloadSink, settings: Callable[[], Settings]) -> ModelDownloads:
            if not self.is_there:
                raise EngineError(FAULT.text, FAULT.hint)
            return super().made_for(sink, settings)

    downloads = Missing()
    driver = without_a_model(open_window, tmp_path, downloads)
    for _ in range(2):
        driver.wait(lambda: FAULT.text in driver.parts.notice.text)
        driver.parts.notice.clear()
        driver.parts.first_model.download_button.click()
    driver.wait(lambda: FAULT.text in driver.parts.notice.text)
    downloads.is_there = True
    driver.parts.first_model.download_button.click()
    driver.wait(lambda: ("start", WANTED) in downloads.calls)
    assert downloads.calls.count(("start", WANTED)) == 1


def test_a_model_that_was_used_is_not_offered_once_more(
    open_window: OpenWindow, tmp_path: Path, checkpoint_dir: Path
) -> None:
    downloads = ScriptedDownloads()
    driver = without_a_model(open_window, tmp_path, downloads)
    ask(driver, "Is it there?")
    downloads.tell(replace(ON_ITS_WAY, stage="done", done_bytes=5 * GB))
    status = driver.parts.download_status
    driver.wait(lambda: status.offered_id == WANTED)
    driver.desk.begin_new_conversation()
    driver.desk.change_settings(replace(driver.desk.settings, model=WANTED))
    assert status.isHidden()
    driver.desk.change_settings(replace(driver.desk.settings, model=str(checkpoint_dir)))
    assert status.isHidden()


def test_a_folder_without_a_model_says_so(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window(models=here())
    opened(driver)
    (tmp_path / "holiday").mkdir()
    driver.content.models._on_folder_selected(str(tmp_path / "holiday"))
    driver.wait(lambda: "holiday" in driver.parts.notice.text)
    assert driver.desk.settings.model_folders == ()


def test_what_was_looked_up_has_the_keyboard(open_window: OpenWindow) -> None:
    store = here()
    files = (RepositoryFile("model.safetensors", 3 * GB, "", ""),)
    store.repositories[TYPED] = Repository(TYPED, "a" * 40, files, {})
    driver = open_window(models=store)
    sheet = opened(driver)
    driver.window.activateWindow()
    sheet.repository_action.trigger()
    type_into(sheet.other_model.name, TYPED)
    driver.wait(sheet.other_model.isHidden)
    assert sheet.list.current_id == TYPED
    driver.wait(sheet.list.hasFocus)


def test_a_closed_line_gives_the_keyboard_back_to_the_sheet(open_window: OpenWindow) -> None:
    driver = open_window(models=here())
    sheet = opened(driver)
    driver.window.activateWindow()
    sheet.repository_action.trigger()
    driver.wait(sheet.other_model.name.hasFocus)
    QTest.keyClick(sheet.other_model.name, Qt.Key.Key_Escape)
    assert sheet.isVisible()
    driver.wait(sheet.search.hasFocus)


def test_a_failure_moves_nothing_in_the_smallest_window(open_window: OpenWindow, tmp_path: Path) -> None:
    downloads = ScriptedDownloads()
    driver = without_a_model(open_window, tmp_path, downloads)
    driver.window.resize(640, 480)
    driver.wait(lambda: driver.parts.viewer.width() < 650)
    settle()
    viewer_px = driver.parts.viewer.height()
    assert viewer_px > _LEAST_VIEWER_PX
    stages: tuple[DownloadStage, ...] = ("downloading", "paused", "failed", "downloading", "failed")
    for stage in stages:
        error = FAULT if stage == "failed" else None
        downloads.tell(replace(ON_ITS_WAY, stage=stage, error=error))
        wait_for_stage(driver, stage)
        assert layout_faults(driver.window) == []
        assert abs(driver.parts.viewer.height() - viewer_px) <= _HEADING_PX, stage


def test_a_failure_of_an_earlier_start_leaves_the_viewer_its_room(open_window: OpenWindow, tmp_path: Path) -> None:
    heights: list[int] = []
    for left in ((), (replace(ON_ITS_WAY, stage="failed", error=FAULT),)):
        store = ScriptedModels(offered=read_catalogue(), here=(installed("demo", tmp_path),))
        driver = open_window(settings=DEMO, models=store, downloads=ScriptedDownloads(*left))
        driver.window.resize(640, 480)
        driver.wait_for_model()
        wait_for_offer(driver)
        settle()
        heights.append(driver.parts.viewer.height())
        driver.close()
    assert abs(heights[0] - heights[1]) <= _HEADING_PX


def test_the_status_line_leads_to_the_download_also_where_the_sheet_is_open(
    open_window: OpenWindow, tmp_path: Path
) -> None:
    downloads = ScriptedDownloads()
    driver = without_a_model(open_window, tmp_path, downloads)
    downloads.tell(ON_ITS_WAY)
    wait_for_stage(driver, "downloading")
    for _ in range(2):
        driver.parts.download_status.click()
        assert driver.content.models.is_open


def test_the_status_line_says_that_the_server_is_waited_for(open_window: OpenWindow, tmp_path: Path) -> None:
    downloads = ScriptedDownloads()
    driver = without_a_model(open_window, tmp_path, downloads)
    downloads.tell(replace(ON_ITS_WAY, bytes_per_s=0.0, left_s=None, waits_s=8.0))
    driver.wait(lambda: driver.parts.download_status.text() == "Download 40 % · waiting for the server")
    assert driver.parts.first_model.text.splitlines()[1] == "Downloading · 2.0 GB of 5.0 GB · next attempt in 8 s"


def test_a_search_says_where_else_there_are_some(open_window: OpenWindow) -> None:
    driver = open_window(models=here())
    sheet = opened(driver)
    QTest.keyClicks(sheet.search, "32b thinking")
    there = sheet.nothing.text()
    sheet.segments.choose("all")
    count = len(sheet.list.rows)
    assert count > 1
    assert there == f"No model here is called “32b thinking”. “All” has some: {count}."


def test_delete_on_the_model_in_use_says_why_it_stays(open_window: OpenWindow) -> None:
    store = here()
    in_use = store.here[1].model_id
    driver = open_window(models=store)
    sheet = opened(driver)
    sheet.show_models(in_use, is_out=False)
    driver.desk.settings = replace(driver.desk.settings, model=in_use)
    sheet.list.choose(in_use)
    QTest.keyClick(sheet.list, Qt.Key.Key_Delete)
    assert driver.window.statusBar().currentMessage() == "It is in use: use another model first."


def test_a_start_offline_goes_on_with_downloads_once_there_is_a_way(open_window: OpenWindow) -> None:
    downloads = ScriptedDownloads(replace(ON_ITS_WAY, stage="paused"))
    driver = open_window(models=here(), downloads=downloads, settings=replace(DEMO, is_offline=True))
    wait_for_stage(driver, "paused")
    assert downloads.calls == []
    driver.desk.change_settings(replace(driver.desk.settings, is_offline=False))
    assert downloads.calls == [("go on",)]
    driver.desk.change_settings(replace(driver.desk.settings, hub_endpoint="https://mirror.example"))
    assert downloads.calls == [("go on",)], "what is paused now was paused by the person"


def test_rows_are_named_in_the_persons_language_and_found_by_either_name(open_window: OpenWindow) -> None:
    driver = open_window(models=here(), settings=replace(DEMO, language="zh_CN"))
    driver.wait_for_model()
    driver.wait(lambda: driver.desk.models.recommended is not None)
    driver.content.models.show(True, "all")
    sheet = driver.content.models.sheet
    for words in ("8B Instruct，4 位", "8B Instruct, 4-bit"):
        sheet.search.setText(words)
        assert "Qwen3-VL 8B Instruct，4 位" in [row.name for row in sheet.list.rows]


def test_what_goes_with_the_keyboard_gives_it_to_the_question(open_window: OpenWindow, tmp_path: Path) -> None:
    downloads = ScriptedDownloads()
    driver = without_a_model(open_window, tmp_path, downloads)
    driver.window.activateWindow()
    page, status = driver.parts.first_model, driver.parts.download_status
    downloads.tell(ON_ITS_WAY)
    wait_for_stage(driver, "downloading")
    page.pause_button.setFocus()
    driver.wait(page.pause_button.hasFocus)
    driver.desk.settings = replace(driver.desk.settings, model=WANTED)  # as when another way led to a real model
    store = driver.models
    assert isinstance(store, ScriptedModels)
    store.here = (*store.here, installed(WANTED, tmp_path / "real"))
    driver.desk.models.refresh()
    driver.wait(page.isHidden)
    driver.wait(driver.prompt.hasFocus)
    status.setFocus(Qt.FocusReason.TabFocusReason)
    driver.wait(status.hasFocus)
    downloads.tell(replace(ON_ITS_WAY, stage="cancelled"))
    driver.wait(status.isHidden)
    driver.wait(driver.prompt.hasFocus)
    ask_first(driver.window)
    question = driver.parts.fit_question
    question.load_button.setFocus()
    driver.wait(question.load_button.hasFocus)
    question.load_button.click()
    driver.wait(question.isHidden)
    driver.wait(driver.prompt.hasFocus)


def test_a_machine_that_cannot_be_looked_at_is_not_looked_at_for_ever(open_window: OpenWindow, tmp_path: Path) -> None:
    class Hidden(ScriptedModels):
        is_hidden = True

        def memory(self) -> MachineMemory:
            if self.is_hidden:
                raise OSError("nobody tells")
            return super().memory()

    store = Hidden(offered=read_catalogue(), here=(installed("demo", tmp_path),))
    driver = open_window(settings=DEMO, models=store)
    driver.wait_for_model()
    page = driver.parts.first_model
    driver.wait(lambda: "What this computer can run could not be found out." in page.text)
    store.is_hidden = False
    page.all_button.click()
    driver.wait(lambda: driver.desk.models.recommended is not None)
    driver.content.models.show(False)
    assert "This computer has 16 GB of memory." in page.text
