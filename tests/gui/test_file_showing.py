"""Files are shown where they lie, in the system's file manager."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QProcess, QUrl
from PySide6.QtGui import QDesktopServices

from app.gui.tray.file_showing import show_files

if TYPE_CHECKING:
    from pathlib import Path

HAS_BUS = all(map(shutil.which, ("dbus-run-session", "dbus-daemon")))


@pytest.mark.skipif(sys.platform == "darwin" or not HAS_BUS, reason="needs a session bus of its own")
def test_the_file_manager_on_the_bus_selects_the_files(tmp_path: Path) -> None:
    files = [tmp_path / "图 a.png", tmp_path / "b.png"]
    command = ["dbus-run-session", "--", sys.executable, "-m", "tests.gui.file_manager_try", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [file.as_uri() for file in files]


def test_without_one_the_folder_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []

    def open_url(url: QUrl) -> bool:
        opened.append(url.toLocalFile())
        return True

    def start(program: str, words: list[str]) -> tuple[bool, int]:
        opened.append((program, words))
        return True, 1

    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.setattr("app.gui.tray.file_showing._ask_file_manager", lambda _files: False)
    monkeypatch.setattr(QDesktopServices, "openUrl", open_url)
    monkeypatch.setattr(QProcess, "startDetached", start)
    for platform in ("linux", "darwin"):
        monkeypatch.setattr(sys, "platform", platform)
        assert show_files([tmp_path / "a.png"])
    assert opened == [str(tmp_path), ("/usr/bin/open", ["-R", str(tmp_path / "a.png")])]
