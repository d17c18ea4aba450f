"""The sheet of models as a person uses it: found, chosen, downloaded, removed; by keys alone, and never slow."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QMessageBox, QPushButton

from app.core.checkpoint import DEMO_MODEL_ID
from app.core.errors import EngineError, UserError
from app.core.models.catalogue import Catalogue, read_catalogue
from app.core.models.download_state import DownloadState
from app.core.models.repository import Repository, RepositoryFile
from app.gui.models.row_buttons import action_words
from app.gui.models.row_words import row_details
from app.gui.tray import file_showing
from tests.gui.heartbeat import Heartbeat, calmest
from tests.gui.models_scripted import ScriptedDownloads, ScriptedModels, installed
from tests.gui.models_shown import OTHER, WANTED, here
from tests.gui.window_driver import SLOW, type_into, with_model

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from app.gui.models.models_sheet import ModelsSheet
    from tests.gui.window_driver import OpenWindow, WindowDriver

SMALLEST = "mlx-community/Qwen3-VL-2B-Instruct-4bit"


def opened(driver: WindowDriver) -> ModelsSheet:
    """The sheet, opened if need be, with all that is to be known."""
    driver.wait_for_model()
    models = driver.desk.models
    driver.wait(lambda: models.is_looked_at and all(models.fit_of(model.model_id) for model in models.installed))
    if not driver.content.models.is_open:
        driver.action("modelsAction").trigger()
    sheet = driver.content.models.sheet
    assert sheet.isVisible()
    return sheet


def names(sheet: ModelsSheet) -> list[str]:
    return [row.name for row in sheet.list.rows]


def press_primary(sheet: ModelsSheet, model_id: str) -> None:
    """Clicks the button of a row."""
    sheet.list.choose(model_id)
    QCoreApplication.processEvents()
    buttons = sheet.list.buttons_of(model_id)
    assert buttons is not None
    QTest.mouseClick(buttons.primary, Qt.MouseButton.LeftButton)


def choose_in_menu(sheet: ModelsSheet, model_id: str, words: str) -> None:
    """Chooses in the menu of a row."""
    sheet.list.choose(model_id)
    QCoreApplication.processEvents()
    buttons = sheet.list.buttons_of(model_id)
    assert buttons is not None
    buttons.open_menu(QPoint(10, 10))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    entry = next(action for action in menu.actions() if action.text().startswith(words))
    menu.setActiveAction(entry)
    QTest.keyClick(menu, Qt.Key.Key_Return)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def test_the_sheet_is_made_at_its_first_use_and_opens_by_key_and_pill(open_window: OpenWindow) -> None:
    driver = open_window(models=here())
    driver.wait_for_model()
    assert driver.window.findChild(QPushButton, "modelsSheet") is None
    keys = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(driver.prompt, Qt.Key.Key_L, keys)
    sheet = driver.content.models.sheet
    assert sheet.isVisible()
    assert driver.action("modelsAction").isChecked()
    assert sheet.search.hasFocus()
    QTest.keyClick(sheet.search, Qt.Key.Key_Escape)
    assert not sheet.isVisible()
    assert not driver.action("modelsAction").isChecked()
    assert driver.prompt.hasFocus()
    for is_open in (True, False):
        QTest.mouseClick(driver.parts.model_status, Qt.MouseButton.LeftButton)
        assert sheet.isVisible() == is_open


def test_segments_search_and_order(open_window: OpenWindow) -> None:
    driver = open_window(models=here())
    sheet = opened(driver)
    assert sheet.segments.value == "installed"
    assert names(sheet)[:2] == ["Qwen3-VL 2B Instruct, 4-bit", "Demo model"]
    sheet.sorting.setCurrentIndex(sheet.sorting.findData("size"))
    assert names(sheet)[0] == "Demo model"
    sizes = [row.size_bytes for row in sheet.list.rows]
    assert sizes == sorted(sizes)
    sheet.segments.choose("recommended")
    best = driver.desk.models.recommended
    assert best is not None
    assert sheet.list.rows[0].repository_id == best.model_id
    assert {row.fit for row in sheet.list.rows} == {"fits"}
    sheet.segments.choose("all")
    marks = [row.fit for row in sheet.list.rows]
    assert {"fits", "tight", "too_large"} == set(marks)
    assert marks == sorted(marks, key=lambda mark: ("fits", "tight", "too_large").index(str(mark)))
    sheet.sorting.setCurrentIndex(sheet.sorting.findData("name"))
    assert names(sheet) == sorted(names(sheet), key=str.casefold)
    QTest.keyClicks(sheet.search, "thinking 32B")
    assert names(sheet)
    assert all("32B Thinking" in name for name in names(sheet))
    QTest.keyClicks(sheet.search, "no such thing")
    assert names(sheet) == []
    assert "no such thing" in sheet.nothing.text()
    assert sheet.nothing.isVisible()
    QTest.keyClick(sheet.search, Qt.Key.Key_Escape)
    assert sheet.search.text() == ""
    assert sheet.isVisible()
    sheet.segments.choose("installed")
    assert sheet.sorting.currentData() == "size", "each segment keeps its order"


def test_estimates_are_said_as_such_until_the_hub_has_told(open_window: OpenWindow) -> None:
    store, downloads = here(), ScriptedDownloads()
    driver = open_window(models=store, downloads=downloads)
    sheet = opened(driver)
    sheet.segments.choose("all")

    def row_words() -> str:
        return next(row_details(row) for row in sheet.list.rows if row.repository_id == OTHER)

    assert "Download about 6 GB" in row_words()
    downloads.tell(DownloadState(OTHER, "downloading", 0, 6_170_000_000))
    driver.wait(lambda: "Download 6.2 GB" in row_words())
    downloads.tell(DownloadState(OTHER, "paused", 0, 6_160_000_000, revision="b" * 40))
    driver.wait(lambda: store.sizes == {OTHER: ("b" * 40, 6_160_000_000)})
    downloads.tell(DownloadState(OTHER, "cancelled"))
    driver.wait(lambda: driver.desk.models.state_of(OTHER) is None)
    driver.wait(lambda: "Download 6.2 GB" in row_words())


def test_a_model_that_the_runtime_does_not_read_cannot_be_used(open_window: OpenWindow, tmp_path: Path) -> None:
    foreign = replace(installed("a/b", tmp_path), runtimes=("transformers",))
    driver = open_window(models=ScriptedModels(here=(foreign,)))
    sheet = opened(driver)
    QCoreApplication.processEvents()
    buttons = sheet.list.buttons_of("a/b")
    assert buttons is not None
    assert not buttons.primary.isEnabled()
    assert "does not read" in buttons.primary.accessibleDescription()
    assert "In a form that is not read here" in row_details(sheet.list.rows[0])


def test_what_is_known_of_the_machine_reaches_the_sheet_while_it_is_open(open_window: OpenWindow) -> None:
    store = here()
    store.is_open.clear()
    driver = open_window(models=store)
    driver.wait_for_model()
    driver.action("modelsAction").trigger()
    sheet = driver.content.models.sheet
    assert sheet.nothing.text() == "Looking for models…"
    store.is_open.set()
    driver.wait(lambda: bool(sheet.list.rows))


def test_a_model_is_downloaded_paused_gone_on_with_and_cancelled(open_window: OpenWindow) -> None:
    store, downloads = here(), ScriptedDownloads()
    driver = open_window(models=store, downloads=downloads)
    sheet = opened(driver)
    sheet.segments.choose("recommended")
    press_primary(sheet, WANTED)
    assert downloads.calls[-1] == ("start", WANTED)
    downloads.tell(DownloadState(WANTED, "downloading", 10, 100, 5.0, 18.0))
    driver.wait(lambda: driver.desk.models.state_of(WANTED) is not None)
    press_primary(sheet, WANTED)
    assert downloads.calls[-1] == ("pause", WANTED)
    downloads.tell(DownloadState(WANTED, "paused", 10, 100))
    driver.wait(lambda: next(row for row in sheet.list.rows if row.repository_id == WANTED).actions[0] == "resume")
    press_primary(sheet, WANTED)
    assert downloads.calls[-1] == ("start", WANTED)
    error = UserError("The connection broke off.", "Try again.").said
    downloads.tell(DownloadState(WANTED, "failed", 10, 100, error=error))
    driver.wait(lambda: next(row for row in sheet.list.rows if row.repository_id == WANTED).actions[0] == "retry")
    choose_in_menu(sheet, WANTED, "Cancel Download")
    assert downloads.calls[-1] == ("cancel", WANTED)
    downloads.tell(DownloadState(WANTED, "cancelled"))
    driver.wait(lambda: next(row for row in sheet.list.rows if row.repository_id == WANTED).actions == ("download",))
    sheet.segments.choose("installed")
    assert WANTED not in [row.repository_id for row in sheet.list.rows]


def test_a_row_at_the_lists_foot_stays_in_sight_when_it_begins_to_tell_of_its_download(
    open_window: OpenWindow,
) -> None:
    driver = open_window(models=here(), downloads=(downloads := ScriptedDownloads()))
    sheet = opened(driver)
    sheet.segments.choose("all")
    rows = sheet.list.rows
    place = len(rows) // 2
    sheet.list.choose(rows[place].model_id)
    driver.wait(lambda: sheet.list.buttons_of(rows[place].model_id) is not None)
    bar, index = sheet.list.verticalScrollBar(), sheet.list.currentIndex()
    bar.setValue(bar.value() + sheet.list.visualRect(index).bottom() - sheet.list.viewport().height() + 1)
    before_px = sheet.list.visualRect(index).height()
    downloads.tell(DownloadState(rows[place].repository_id, "downloading", 10, 100, bytes_per_s=1.0))
    driver.wait(lambda: sheet.list.visualRect(index).height() > before_px)
    assert sheet.list.visualRect(index).bottom() < sheet.list.viewport().height()


def test_a_download_that_is_done_can_be_used(open_window: OpenWindow, checkpoint_dir: Path) -> None:
    store, downloads = here(), ScriptedDownloads()
    driver = open_window(models=store, downloads=downloads)
    sheet = opened(driver)
    store.here = (*store.here, installed(str(checkpoint_dir.with_name("other")), checkpoint_dir))
    downloads.tell(DownloadState(WANTED, "done", 100, 100))
    driver.wait(lambda: len(sheet.list.rows) == 5)
    press_primary(sheet, DEMO_MODEL_ID)
    assert driver.desk.settings.model == DEMO_MODEL_ID
    driver.wait(lambda: next(row for row in sheet.list.rows if row.is_in_use).model_id == DEMO_MODEL_ID)


def test_a_chosen_model_that_is_not_in_memory_can_be_loaded(open_window: OpenWindow, checkpoint_dir: Path) -> None:
    model_id = str(checkpoint_dir)
    driver = open_window(models=ScriptedModels(here=(installed(model_id, checkpoint_dir),)))
    sheet = opened(driver)
    assert sheet.list.rows[0].actions == ("reveal", "remove")
    driver.desk.unload()
    driver.wait(lambda: sheet.list.rows[0].actions[0] == "load")
    press_primary(sheet, model_id)
    driver.wait_for_model()
    driver.wait(lambda: sheet.list.rows[0].actions == ("reveal", "remove"))


def test_offline_nothing_can_be_downloaded_and_the_reason_is_said(
    open_window: OpenWindow, checkpoint_dir: Path
) -> None:
    downloads = ScriptedDownloads()
    driver = open_window(models=here(), downloads=downloads, settings=with_model(checkpoint_dir, is_offline=True))
    sheet = opened(driver)
    assert sheet.offline.isVisible()
    sheet.segments.choose("recommended")
    sheet.list.choose(WANTED)
    QCoreApplication.processEvents()
    buttons = sheet.list.buttons_of(WANTED)
    assert buttons is not None
    assert not buttons.primary.isEnabled()
    assert "nothing is downloaded" in buttons.primary.accessibleDescription()
    QTest.keyClick(sheet.list, Qt.Key.Key_Return)
    assert downloads.calls == []
    driver.desk.change_settings(with_model(checkpoint_dir))
    QCoreApplication.processEvents()
    assert not sheet.offline.isVisible()
    assert buttons.primary.isEnabled()


def box_of(driver: WindowDriver) -> QMessageBox:
    driver.wait(lambda: driver.window.findChild(QMessageBox) is not None)
    box = driver.window.findChild(QMessageBox)
    assert box is not None
    return box


def test_what_cannot_be_asked_for_is_said_whether_the_sheet_is_open_or_not(
    open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    downloads = ScriptedDownloads()
    driver = open_window(models=here(), downloads=downloads)
    driver.wait(lambda: bool(downloads.calls))

    def refuse(_model_id: str, _revision: str | None = None) -> None:
        raise EngineError("The program is closing.")

    monkeypatch.setattr(downloads, "start", refuse)
    driver.desk.models.download(WANTED)
    assert "The program is closing." in driver.parts.notice.text


def test_removing_says_what_it_frees_and_is_asked_first(open_window: OpenWindow) -> None:
    store = here()
    driver = open_window(models=store)
    sheet = opened(driver)
    sheet.list.choose(SMALLEST)
    for key in (Qt.Key.Key_Escape, Qt.Key.Key_Return):
        QTest.keyClick(sheet.list, Qt.Key.Key_Delete)
        box = box_of(driver)
        assert "4.3 GB" in box.informativeText()
        assert "Hugging Face cache" in box.informativeText()
        QTest.keyClick(box, key)
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        assert len(store.here) == 4
    choose_in_menu(sheet, SMALLEST, "Remove…")
    agree = box_of(driver).findChild(QPushButton, "removeModelButton")
    assert agree is not None
    agree.click()
    driver.wait(lambda: len(sheet.list.rows) == 3)
    assert SMALLEST not in [model.model_id for model in store.here]


def test_the_model_in_use_is_not_removed(open_window: OpenWindow, checkpoint_dir: Path) -> None:
    model_id = str(checkpoint_dir)
    driver = open_window(models=ScriptedModels(here=(installed(model_id, checkpoint_dir),)))
    sheet = opened(driver)
    sheet.list.choose(model_id)
    QTest.keyClick(sheet.list, Qt.Key.Key_Delete)
    driver.wait(lambda: driver.desk.models.is_looked_at)
    assert driver.window.findChild(QMessageBox) is None
    buttons = sheet.list.buttons_of(model_id)
    assert buttons is not None
    buttons.open_menu(QPoint(10, 10))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    entry = next(action for action in menu.actions() if action.data() == "remove")
    assert not entry.isEnabled()
    assert "in use" in entry.text()
    menu.close()


def test_a_removal_that_fails_says_why(open_window: OpenWindow) -> None:
    store = here()
    driver = open_window(models=store)
    sheet = opened(driver)
    store.fault = UserError("It is held by another program.", "Close that first.")
    sheet.list.choose(SMALLEST)
    QTest.keyClick(sheet.list, Qt.Key.Key_Delete)
    agree = box_of(driver).findChild(QPushButton, "removeModelButton")
    assert agree is not None
    agree.click()
    driver.wait(lambda: "held by another program" in driver.parts.notice.text)
    assert len(sheet.list.rows) == 4


def test_files_are_shown(open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[tuple[Path, ...]] = []

    def show(files: Sequence[Path]) -> bool:
        shown.append(tuple(files))
        return False

    monkeypatch.setattr(file_showing, "show_files", show)
    driver = open_window(models=ScriptedModels(here=(installed("a/b", tmp_path),)))
    sheet = opened(driver)
    choose_in_menu(sheet, "a/b", action_words("reveal"))
    assert shown == [(tmp_path,)]
    assert "cannot be shown" in driver.parts.notice.text


def test_a_folder_is_used_and_listed_from_now_on(open_window: OpenWindow, checkpoint_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "linked").symlink_to(checkpoint_dir)
    driver = open_window(settings=with_model(checkpoint_dir, model=DEMO_MODEL_ID), models=here())
    sheet = opened(driver)
    for way, wanted in (("linked", str(checkpoint_dir)), (".", str(checkpoint_dir))):
        sheet.folder_action.trigger()
        dialog = driver.window.findChild(QFileDialog)
        assert dialog is not None
        dialog.fileSelected.emit(str(tmp_path / way))
        dialog.close()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        assert driver.desk.settings.model == wanted
    assert driver.desk.settings.model_folders == (checkpoint_dir, tmp_path)
    driver.wait_for_model()


def test_another_repository_is_looked_up_and_downloaded(open_window: OpenWindow) -> None:
    store, downloads = here(), ScriptedDownloads()
    files = (RepositoryFile("model.safetensors", 3_200_000_000, "", ""),)
    store.repositories["me/mine"] = Repository("me/mine", "a" * 40, files, {})
    driver = open_window(models=store, downloads=downloads)
    sheet = opened(driver)
    sheet.repository_action.trigger()
    line = sheet.other_model
    assert line.name.hasFocus()
    type_into(line.name, "me/none")
    driver.wait(line.fault.isVisible)
    assert "There is no repository me/none." in line.fault.text()
    type_into(line.name, "me/mine")
    driver.wait(lambda: not line.isVisible())
    assert sheet.segments.value == "all"
    assert sheet.list.current_id == "me/mine"
    QTest.keyClick(sheet.list, Qt.Key.Key_Return)
    assert downloads.calls[-1] == ("start", "me/mine")


def test_a_person_with_a_keyboard_alone_gets_everywhere(open_window: OpenWindow) -> None:
    downloads = ScriptedDownloads()
    driver = open_window(models=here(), downloads=downloads)
    sheet = opened(driver)
    QTest.keyClick(sheet.search, Qt.Key.Key_Down)
    assert sheet.list.hasFocus()
    assert sheet.list.currentIndex().row() == 0
    QTest.keyClick(sheet.list, Qt.Key.Key_Up)
    assert sheet.search.hasFocus()
    for _ in range(8):
        QTest.keyClick(driver.window.windowHandle(), Qt.Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
        if QApplication.focusWidget() not in (sheet.search, sheet.list):
            break
    focus = QApplication.focusWidget()
    assert focus is not None
    assert sheet.segments.isAncestorOf(focus)
    for _ in range(2):
        QTest.keyClick(driver.window.windowHandle(), Qt.Key.Key_Right)
    assert sheet.segments.value == "all"
    sheet.search.setFocus()
    QTest.keyClicks(sheet.search, "8b instruct 4-bit")
    QTest.keyClick(sheet.search, Qt.Key.Key_Return)
    assert sheet.list.current_id == OTHER
    QTest.keyClick(sheet.list, Qt.Key.Key_Return)
    assert downloads.calls[-1] == ("start", OTHER)


def test_the_answer_is_seen_once_something_is_asked(open_window: OpenWindow) -> None:
    driver = open_window(SLOW, models=here())
    sheet = opened(driver)
    driver.ask("What is this?")
    assert not sheet.isVisible()
    assert not driver.action("modelsAction").isChecked()
    driver.action("modelsAction").trigger()
    assert sheet.isVisible()
    driver.wait(lambda: len(driver.desk.conversation.turns[-1].answer) > 100)
    assert sheet.isVisible(), "it may be looked at while an answer comes"
    QTest.keyClick(sheet.search, Qt.Key.Key_Escape)
    assert driver.desk.conversation.open_turn is not None
    driver.stop_button.click()
    driver.wait_for_answer()


def test_a_bad_catalogue_of_a_persons_own_costs_its_rows_only(open_window: OpenWindow) -> None:
    store = here()
    fault = UserError("The catalogue “catalogue.toml” is damaged.", "Correct the file, or remove it.").said
    store.offered = Catalogue(store.offered.models, (fault, fault, fault))
    driver = open_window(models=store)
    sheet = opened(driver)
    assert "is damaged. Correct the file, or remove it. … and 2 more" in sheet.fault.text()
    assert sheet.list.rows


def test_two_hundred_models_open_and_are_searched_without_a_stall(open_window: OpenWindow, tmp_path: Path) -> None:
    now = datetime.now(timezone.utc)
    many = tuple(
        installed(f"somebody/Qwen3-VL-4B-tuned-{days}", tmp_path / str(days), 10**9 + days, now - timedelta(days))
        for days in range(200)
    )

    def attempt() -> list[str]:
        downloads = ScriptedDownloads()
        driver = open_window(models=ScriptedModels(offered=read_catalogue(), here=many), downloads=downloads)
        driver.wait_for_model()
        driver.wait(lambda: driver.desk.models.fit_of(many[-1].model_id) is not None)
        driver.wait(lambda: not driver.desk._imports._thread.is_alive())  # type: ignore[union-attr]
        with Heartbeat() as heartbeat:
            driver.action("modelsAction").trigger()
            sheet = driver.content.models.sheet
            driver.qtbot.wait(50)
            sheet.segments.choose("all")
            driver.qtbot.wait(50)
            for letter in "tuned 7":
                QTest.keyClicks(sheet.search, letter)
                driver.qtbot.wait(5)
            sheet.search.clear()
            for number in range(20):
                driver.desk._bridge.post(DownloadState(WANTED, "downloading", number, 100, 5.0, 18.0))
                driver.qtbot.wait(5)
            bar = sheet.list.verticalScrollBar()
            for _ in range(10):
                bar.setValue(bar.value() + bar.pageStep())
                driver.qtbot.wait(5)
        driver.close()
        assert heartbeat.beats > 20
        return heartbeat.own_stalls

    assert calmest(attempt) == ""
