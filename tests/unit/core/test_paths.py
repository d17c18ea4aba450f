from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

import pytest

from app.core.errors import UserError
from app.core.paths import default_profile, profile_at


def test_a_profile_is_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert profile_at(Path("~/kept")) == profile_at(tmp_path / "kept")
    assert profile_at(tmp_path).settings_file == tmp_path.resolve() / "settings.json"


def test_a_home_of_nobody_is_a_clear_error() -> None:
    with pytest.raises(UserError, match="~nouserx of the profile cannot be found"):
        profile_at(Path("~nouserx"))


def test_links_in_a_circle_are_no_fault(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert profile_at(tmp_path / "a").data_dir.parent == tmp_path.resolve()


@pytest.mark.skipif(sys.platform in {"darwin", "win32"}, reason="the XDG folders")
def test_without_a_home_the_xdg_folders_suffice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> NoReturn:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", fail)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert default_profile().data_dir == tmp_path / "data" / "viewfinder"
    monkeypatch.delenv("XDG_STATE_HOME")
    with pytest.raises(UserError, match=r"no home folder .* --profile DIR"):
        default_profile()


def test_on_a_mac_data_and_logs_lie_where_macos_keeps_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    profile = default_profile()
    library = tmp_path / "Library"
    logs = (profile.log_file, profile.crash_file)
    assert {file.parent for file in logs} == {library / "Logs" / "Viewfinder"}
    files = [
        getattr(profile, name) for name in dir(profile) if name.endswith("_file") and getattr(profile, name) not in logs
    ]
    assert len(files) >= 8
    assert {file.parent for file in files} == {library / "Application Support" / "Viewfinder"}
