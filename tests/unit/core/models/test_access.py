from __future__ import annotations

import os

import pytest

from app.core.models.access import HUB_ADDRESS, HubAccess, is_offline_by_environment, set_bad_endpoint_aside
from app.core.models.hub_requests import proxy_of
from app.core.models.repository import repository_named

SECRET = "hf_secret"


def test_a_secret_is_in_no_printed_form() -> None:
    access = HubAccess("https://mirror.example", "http://me:word@proxy:1", token=SECRET)
    assert SECRET not in f"{access!r} {access} {[access]}"
    assert "word" not in repr(access)


@pytest.mark.parametrize(
    ("setting", "variable", "address"),
    [
        ("", None, HUB_ADDRESS),
        ("", "", HUB_ADDRESS),
        ("", "https://other.example/", "https://other.example"),
        ("", "other.example", "https://other.example"),
        ("", "https://me:word@other.example/hub", "https://other.example/hub"),
        ("https://mirror.example/hub/", "https://other.example", "https://mirror.example/hub"),
    ],
)
def test_the_setting_goes_over_the_variable(
    monkeypatch: pytest.MonkeyPatch, setting: str, variable: str | None, address: str
) -> None:
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    if variable is not None:
        monkeypatch.setenv("HF_ENDPOINT", variable)
    assert HubAccess(setting).address == address


def test_an_endpoint_that_the_librarys_import_fails_over_is_set_aside_and_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example")
    monkeypatch.delenv("VIEWFINDER_HF_ENDPOINT_SET_ASIDE", raising=False)
    set_bad_endpoint_aside()
    assert os.environ["HF_ENDPOINT"] == "https://mirror.example"
    monkeypatch.setenv("HF_ENDPOINT", "http://[::1")
    monkeypatch.setenv("VIEWFINDER_HF_ENDPOINT_SET_ASIDE", "")
    set_bad_endpoint_aside()
    assert "HF_ENDPOINT" not in os.environ
    access = HubAccess(token=SECRET)
    assert (access.address, access.is_address, access.may_send_token) == ("http://[::1", False, False)
    assert proxy_of(access) == ""
    assert repository_named("house/tiny", access) == ("house/tiny", None)


@pytest.mark.parametrize(
    ("hub", "transformers", "is_offline"),
    [("1", "", True), ("yes", "", True), ("", "TRUE", True), ("0", "1", False), ("", "", False)],
)
def test_the_librarys_own_variables_forbid_connections(
    monkeypatch: pytest.MonkeyPatch, hub: str, transformers: str, is_offline: bool
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", hub)
    monkeypatch.setenv("TRANSFORMERS_OFFLINE", transformers)
    assert is_offline_by_environment() is is_offline
