"""The settings of downloads as a person uses them: ticked, typed, checked; a token kept and never shown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit

from app.core.models.access import HUB_ADDRESS
from tests.gui.settings_shown import opened
from tests.gui.window_driver import type_into
from tests.hub_server import GOOD_TOKEN
from tests.keychain import Keychain, keychain_in_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.gui.settings.download_settings import DownloadSettings
    from tests.gui.window_driver import OpenWindow, WindowDriver
    from tests.hub_server import HubServer

SECRET = "hf_verysecret"


@pytest.fixture
def keychain() -> Iterator[Keychain]:
    with keychain_in_place() as one:
        yield one


@pytest.fixture(autouse=True)
def _online(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setenv("TRANSFORMERS_OFFLINE", "0")


def shown(driver: WindowDriver) -> DownloadSettings:
    """The section, the token having been looked for."""
    downloads = opened(driver).downloads
    driver.wait(lambda: bool(downloads.token_state.text()))
    return downloads


def texts_of(driver: WindowDriver) -> str:
    """Everything that can be read in the settings, by eye or by a screen reader."""
    panel = driver.settings
    texts = [label.text() + label.toolTip() for label in panel.findChildren(QLabel)]
    texts += [edit.displayText() + edit.accessibleDescription() for edit in panel.findChildren(QLineEdit)]
    return " ".join(texts)


def test_offline_mirror_and_proxy_are_told_and_kept(open_window: OpenWindow) -> None:
    driver = open_window()
    downloads = shown(driver)
    type_into(downloads.mirror.edit, "hf-mirror.com/", then=Qt.Key.Key_Tab)
    assert downloads.mirror.edit.text() == "https://hf-mirror.com"
    assert driver.desk.settings.hub_endpoint == "https://hf-mirror.com"
    type_into(downloads.proxy.edit, "127.0.0.1:7890")
    assert driver.desk.settings.hub_proxy == "http://127.0.0.1:7890"
    QTest.keyClick(downloads.is_offline, Qt.Key.Key_Space)
    assert driver.desk.settings.is_offline
    assert not downloads.check.isEnabled()
    driver.wait(lambda: bool(driver.saved) and driver.saved[-1].is_offline)
    assert driver.saved[-1].hub_endpoint == "https://hf-mirror.com"
    type_into(downloads.mirror.edit, "")
    assert driver.desk.settings.hub_endpoint == ""
    assert downloads.mirror.edit.placeholderText() == HUB_ADDRESS


@pytest.mark.parametrize("typed", ["ftp://x", "two words", "https://", "https://me:word@mirror.example", "https://x?y"])
def test_what_is_no_mirror_is_said_and_the_last_good_one_stays(open_window: OpenWindow, typed: str) -> None:
    driver = open_window()
    downloads = shown(driver)
    type_into(downloads.mirror.edit, "https://good.example")
    type_into(downloads.mirror.edit, typed)
    assert downloads.mirror.fault.isVisible()
    assert downloads.mirror.edit.property("isFaulty")
    assert downloads.mirror.fault.text().removeprefix("⚠ ") in downloads.mirror.edit.accessibleDescription()
    assert driver.desk.settings.hub_endpoint == "https://good.example"
    downloads.check.click()
    assert downloads.mirror.edit.hasFocus()
    assert not downloads.check_result.isVisible()
    driver.action("settingsAction").trigger()
    driver.action("settingsAction").trigger()
    assert downloads.mirror.edit.text() == "https://good.example"
    assert not downloads.mirror.fault.isVisible()


def test_an_address_that_is_being_typed_is_taken_when_the_settings_close(open_window: OpenWindow) -> None:
    driver = open_window()
    downloads = shown(driver)
    downloads.proxy.edit.setFocus()
    QTest.keyClicks(downloads.proxy.edit, "socks://127.0.0.1:1080")
    driver.action("settingsAction").trigger()
    assert driver.desk.settings.hub_proxy == "socks5://127.0.0.1:1080"


def test_a_proxys_password_is_not_shown(open_window: OpenWindow) -> None:
    driver = open_window()
    downloads = shown(driver)
    type_into(downloads.proxy.edit, "http://me:word@proxy:1")
    assert driver.desk.settings.hub_proxy == "http://me:word@proxy:1"
    assert downloads.proxy.edit.text() == "http://me:•••@proxy:1"
    downloads.proxy.edit.setFocus()
    QTest.keyClick(downloads.proxy.edit, Qt.Key.Key_Return)
    assert driver.desk.settings.hub_proxy == "http://me:word@proxy:1"
    QTest.keyClicks(downloads.proxy.edit, "080")
    QTest.keyClick(downloads.proxy.edit, Qt.Key.Key_Return)
    assert driver.desk.settings.hub_proxy == "http://me:word@proxy:1080"
    assert downloads.proxy.edit.text() == "http://me:•••@proxy:1080"
    assert "word" not in repr(driver.desk.settings)


def test_the_check_asks_once_and_says_who_answers(open_window: OpenWindow, hub: HubServer, keychain: Keychain) -> None:
    driver = open_window()
    downloads = shown(driver)
    type_into(downloads.mirror.edit, hub.url)
    downloads.check.click()
    host = hub.url.removeprefix("http://")
    driver.wait(lambda: downloads.check_result.text() == f"{host} answers.")
    assert {one.method for one in hub.requests} == {"GET"}
    type_into(downloads.token, GOOD_TOKEN, then=Qt.Key.Key_Return)
    driver.wait(lambda: "A token for" in downloads.token_state.text())
    assert not downloads.check_result.isVisible(), "it was of another token"
    downloads.check.click()
    driver.wait(lambda: downloads.check_result.text() == f"{host} answers, and knows the token as friend’s.")
    keychain.kept["Viewfinder", host] = "hf_bad_one"
    downloads.check.click()
    driver.wait(lambda: "does not take the token" in downloads.check_fault.text())
    hub.stop()
    downloads.check.click()
    driver.wait(lambda: "cannot be reached" in downloads.check_fault.text())
    assert not downloads.check_result.isVisible()


def test_a_token_is_saved_and_forgotten_and_never_shown(open_window: OpenWindow, keychain: Keychain) -> None:
    driver = open_window()
    downloads = shown(driver)
    assert downloads.token.echoMode() == QLineEdit.EchoMode.Password
    assert downloads.token_state.text() == "None is kept for huggingface.co. Most models need none."
    assert not downloads.save_token.isEnabled()
    assert not downloads.forget_token.isEnabled()
    downloads.token.setFocus()
    QTest.keyClicks(downloads.token, SECRET)
    assert SECRET not in texts_of(driver)
    downloads.save_token.click()
    driver.wait(lambda: "A token for huggingface.co is kept" in downloads.token_state.text())
    assert keychain.kept == {("Viewfinder", "huggingface.co"): SECRET}
    assert downloads.token.text() == ""
    assert SECRET not in texts_of(driver)
    choose_offline = replace(driver.desk.settings, is_offline=True)
    driver.desk.change_settings(choose_offline)
    driver.wait(lambda: bool(driver.saved))
    kept = [file for file in driver.launch.profile.data_dir.rglob("*") if file.is_file()]
    assert SECRET not in repr(driver.saved)
    assert not [file for file in kept if SECRET.encode() in file.read_bytes()]
    downloads.forget_token.setFocus()
    QTest.keyClick(downloads.forget_token, Qt.Key.Key_Space)
    driver.wait(lambda: not keychain.kept and not downloads.forget_token.isEnabled())
    assert downloads.token.hasFocus(), "the keyboard is not lost"


def test_another_mirror_has_another_token(open_window: OpenWindow, keychain: Keychain) -> None:
    keychain.kept["Viewfinder", "huggingface.co"] = SECRET
    driver = open_window()
    downloads = shown(driver)
    assert "A token for huggingface.co" in downloads.token_state.text()
    type_into(downloads.mirror.edit, "https://mirror.example")
    driver.wait(lambda: "None is kept for mirror.example" in downloads.token_state.text())


def test_a_keychain_that_stays_shut_is_told_and_what_was_typed_stays(
    open_window: OpenWindow, keychain: Keychain
) -> None:
    driver = open_window()
    downloads = shown(driver)
    keychain.is_locked = True
    type_into(downloads.token, SECRET, then=Qt.Key.Key_Return)
    driver.wait(downloads.token_fault.isVisible)
    assert "keychain stays shut" in downloads.token_fault.text()
    assert downloads.token.text() == SECRET
    driver.action("settingsAction").trigger()
    driver.action("settingsAction").trigger()
    assert downloads.token.text() == ""


def test_without_a_keychain_the_librarys_own_ways_are_named(
    open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = open_window()
    downloads = shown(driver)
    assert not downloads.token.isVisible()
    assert not downloads.save_token.isVisible()
    assert "hf auth login" in downloads.token_state.text()
    driver.action("settingsAction").trigger()
    monkeypatch.setenv("HF_TOKEN", "hf_of_environment")
    driver.action("settingsAction").trigger()
    driver.wait(lambda: "HF_TOKEN is used" in downloads.token_state.text())
    assert "hf_of" not in texts_of(driver)


def test_the_systems_own_word_to_stay_offline_is_shown(
    open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    driver = open_window()
    downloads = shown(driver)
    assert not downloads.is_offline.isChecked()
    assert not downloads.check.isEnabled()
    assert "HF_HUB_OFFLINE is set" in texts_of(driver)


def test_the_window_does_not_wait_for_a_slow_server(open_window: OpenWindow, hub: HubServer) -> None:
    from tests.hub_server import Fault

    driver = open_window()
    downloads = shown(driver)
    hub.fault("/api/*", Fault(wait_s=60.0))
    driver.desk.change_settings(replace(driver.desk.settings, hub_endpoint=hub.url))
    downloads.check.click()
    driver.wait(lambda: bool(hub.seen("/api/*")))
    driver.close()
    hub.stop()
