from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from app.cli import doctor
from app.cli.arguments import DoctorOptions, read_arguments
from app.cli.doctor import examine, run_doctor
from app.core.machine import MachineMemory
from app.core.settings import Settings, write_settings
from tests.keychain import keychain_in_place

if TYPE_CHECKING:
    from app.core.paths import Profile

SECRET = "hf_verysecret"


def said(profile: Profile, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    options = read_arguments(["doctor", *words])
    assert isinstance(options, DoctorOptions)
    assert run_doctor(options, profile) == 0
    return capsys.readouterr().out


def test_how_models_would_be_downloaded_is_told_without_secrets(
    profile: Profile, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setenv("TRANSFORMERS_OFFLINE", "0")
    settings = Settings(hub_endpoint="https://mirror.example", hub_proxy="http://me:word@proxy.example:1")
    write_settings(profile.settings_file, settings)
    with keychain_in_place() as keychain:
        assert ", no token; into" in said(profile, capsys)
        keychain.kept["Viewfinder", "mirror.example"] = SECRET
        text = said(profile, capsys)
        assert "Downloads    mirror.example, proxy proxy.example:1, token in the keychain; into" in text
        told = said(profile, capsys, "--json")
        assert json.loads(told)["hub"]["token"] == "keychain"
        assert SECRET not in text + told
        assert "word" not in text + told
        assert examine(profile).hub.token == "", "a report asks no keychain"
    monkeypatch.setenv("HF_TOKEN", SECRET)
    text = said(profile, capsys)
    assert "token from HF_TOKEN" in text
    assert SECRET not in text


@pytest.mark.parametrize(("variable", "word"), [("1", "offline (HF_HUB_OFFLINE)"), ("0", "offline (settings)")])
def test_who_says_to_stay_offline_is_told(
    profile: Profile, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, variable: str, word: str
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", variable)
    monkeypatch.setenv("TRANSFORMERS_OFFLINE", variable)
    monkeypatch.setenv("HF_ENDPOINT", "https://me:word@other.example/hub/")
    write_settings(profile.settings_file, Settings(is_offline=True))
    text = said(profile, capsys)
    assert f"Downloads    other.example/hub, {word}" in text
    assert "word@" not in text


@pytest.mark.parametrize(
    ("memory", "words"),
    [
        (
            MachineMemory("metal", 16 * 2**30, 24 * 2**30, "Apple M2"),
            "For models   16.0 GB of Metal's working set (Apple M2)",
        ),
        (
            MachineMemory("cuda", 10 << 30, 10 << 30, "NVIDIA X", "transformers"),
            "For models   10.0 GB on the GPU (NVIDIA X)",
        ),
        (MachineMemory("ram", 10 << 30, 10 << 30), "For models   10.0 GB of memory\n"),
        (MachineMemory("ram", 0, 0), "For models   unknown\n"),
    ],
)
def test_what_a_model_may_take_is_told(
    profile: Profile,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    memory: MachineMemory,
    words: str,
) -> None:
    monkeypatch.setattr(doctor, "machine_memory", lambda _: memory)
    assert words in said(profile, capsys)
    told = json.loads(said(profile, capsys, "--json"))["model_memory"]
    assert (told["kind"], told["usable_bytes"]) == (memory.kind, memory.usable_bytes)
    assert examine(profile).model_memory is None, "a report asks no driver"
