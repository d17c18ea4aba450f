from __future__ import annotations

import importlib
import logging
from typing import TYPE_CHECKING

import keyring
import pytest
from keyring.backends.chainer import ChainerBackend

from app.core.errors import UserError, describe_error
from app.core.models.access import HUB_ADDRESS, HubAccess, hub_access
from app.core.models.hub_token import can_keep_token, find_token, forget_token, keep_token, token_place
from app.core.settings import Settings
from tests.keychain import Keychain, keychain_in_place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SECRET = "hf_verysecret"
MIRROR = "https://mirror.example"
ACTS: tuple[Callable[[], None], ...] = (
    lambda: keep_token(HUB_ADDRESS, SECRET),
    lambda: forget_token(HUB_ADDRESS),
)


@pytest.fixture(autouse=True)
def keychain() -> Iterator[Keychain]:
    with keychain_in_place() as one:
        yield one


@pytest.fixture(autouse=True)
def token_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    return tmp_path / "token"


def test_a_token_is_kept_found_and_forgotten(keychain: Keychain) -> None:
    assert can_keep_token()
    assert (token_place(HUB_ADDRESS), find_token(HUB_ADDRESS)) == ("", None)
    keep_token(HUB_ADDRESS, f"  {SECRET}\n")
    assert keychain.kept == {("Viewfinder", "huggingface.co"): SECRET}
    assert (token_place(HUB_ADDRESS), find_token(HUB_ADDRESS)) == ("keychain", SECRET)
    forget_token(HUB_ADDRESS)
    forget_token(HUB_ADDRESS)
    assert not keychain.kept
    assert find_token(HUB_ADDRESS) is None


def test_a_token_is_for_one_address_alone() -> None:
    keep_token(HUB_ADDRESS, SECRET)
    assert find_token(MIRROR) is None
    keep_token(MIRROR, "hf_another")
    assert (find_token(MIRROR), find_token(HUB_ADDRESS)) == ("hf_another", SECRET)


def test_the_librarys_own_places_count_after_the_keychain(token_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token_file.write_text("hf_of_file\n", encoding="utf-8")
    assert (token_place(HUB_ADDRESS), find_token(HUB_ADDRESS)) == ("file", "hf_of_file")
    monkeypatch.setenv("HUGGING_FACE_HUB_TOKEN", "hf_old_name")
    assert (token_place(HUB_ADDRESS), find_token(HUB_ADDRESS)) == ("environment", "hf_old_name")
    monkeypatch.setenv("HF_TOKEN", "hf_of_environment")
    assert find_token(HUB_ADDRESS) == "hf_of_environment"
    keep_token(HUB_ADDRESS, SECRET)
    assert (token_place(HUB_ADDRESS), find_token(HUB_ADDRESS)) == ("keychain", SECRET)
    forget_token(HUB_ADDRESS)
    monkeypatch.setenv("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")
    assert find_token(HUB_ADDRESS) is None


@pytest.mark.parametrize("text", ["", "  ", "two words", "hf_ünïcode", "hf_line\nbreak", "x" * 2001, "abc"])
def test_what_cannot_be_a_token_is_not_kept(keychain: Keychain, text: str) -> None:
    with pytest.raises(UserError, match="cannot be a token"):
        keep_token(HUB_ADDRESS, text)
    assert not keychain.kept


def test_a_token_that_would_break_a_request_is_not_used(
    keychain: Keychain, token_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keychain.kept["Viewfinder", "huggingface.co"] = "hf_line\r\nX-Evil: 1"
    monkeypatch.setenv("HF_TOKEN", "hf_of environment")
    token_file.write_bytes(b"\xff\xfe")
    assert (token_place(HUB_ADDRESS), find_token(HUB_ADDRESS)) == ("", None)


def test_a_locked_keychain_is_told_without_the_token(keychain: Keychain, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    keychain.is_locked = True
    for act in ACTS:
        with pytest.raises(UserError, match="keychain stays shut") as caught:
            act()
        told = describe_error(caught.value)
        assert SECRET not in f"{told} {told.detail} {told.trace} {caught.value!r} {caught.value.__cause__!r}"
        assert caught.value.__suppress_context__
    assert find_token(HUB_ADDRESS) is None
    assert SECRET not in caplog.text


@pytest.mark.parametrize("name", ["fail", "null", "chain", "broken"])
def test_a_machine_without_a_keychain_is_told_what_to_do(
    token_file: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    nothing = {kind: importlib.import_module(f"keyring.backends.{kind}").Keyring() for kind in ("fail", "null")}
    monkeypatch.setattr(ChainerBackend, "backends", tuple(nothing.values()))

    def none() -> object:
        if name == "broken":
            raise RuntimeError("no D-Bus here")
        return nothing.get(name) or ChainerBackend()  # type: ignore[no-untyped-call]

    monkeypatch.setattr(keyring, "get_keyring", none)
    token_file.write_text("hf_of_file", encoding="utf-8")
    assert not can_keep_token()
    for act in ACTS:
        with pytest.raises(UserError, match="no keychain") as caught:
            act()
        assert "hf auth login" in caught.value.said.hint
    assert find_token(HUB_ADDRESS) == "hf_of_file"


def test_a_keyring_in_a_file_is_no_keychain(monkeypatch: pytest.MonkeyPatch) -> None:
    in_file = type("PlaintextKeyring", (Keychain,), {"__module__": "keyrings.alt.file"})
    monkeypatch.setattr(keyring, "get_keyring", in_file)
    assert not can_keep_token()


def test_the_settings_say_how_the_hub_is_reached(keychain: Keychain, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_token(MIRROR, SECRET)
    settings = Settings(hub_endpoint=MIRROR, hub_proxy="http://proxy:1")
    assert hub_access(settings) == HubAccess(MIRROR, "http://proxy:1", is_offline=True), (
        "HF_HUB_OFFLINE is set in tests"
    )
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    assert hub_access(settings) == HubAccess(MIRROR, "http://proxy:1", token=SECRET)
    keychain.is_locked = True
    assert hub_access(Settings(is_offline=True)) == HubAccess(is_offline=True)
