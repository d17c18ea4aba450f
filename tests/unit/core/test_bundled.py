from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import app
from app.core.bundled import (
    bundle_path,
    is_bundled,
    own_arguments,
    own_command,
    own_qt_plugins,
    own_working_dir,
    restore_environment,
    speak_utf8,
)


def test_from_source_it_is_not_bundled() -> None:
    assert not is_bundled()


def test_a_frozen_program_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", "/Applications/Viewfinder.app/Contents/MacOS/Viewfinder")
    assert is_bundled()
    assert own_command() == ["/Applications/Viewfinder.app/Contents/MacOS/Viewfinder"]


@pytest.mark.parametrize(
    ("executable", "shown"),
    [
        ("/Applications/Viewfinder.app/Contents/MacOS/Viewfinder", "/Applications/Viewfinder.app"),
        ("/home/ada/Old.app things/viewfinder/viewfinder", "/home/ada/Old.app things/viewfinder"),
        ("/opt/viewfinder/viewfinder", "/opt/viewfinder"),
    ],
)
def test_a_person_sees_the_app_or_the_folder(executable: str, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", executable)
    assert bundle_path() == Path(shown)


def test_the_program_can_start_itself_anew() -> None:
    done = subprocess.run(
        [*own_command(), "--version"], cwd=own_working_dir(), capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == f"viewfinder {app.__version__}\n"


def test_the_number_that_macos_adds_is_no_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["-psn_0_12345", "a picture.png", "-p", "-psn"]
    assert own_arguments(words) == words
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert own_arguments(words) == words[1:]


@pytest.mark.parametrize("before", [None, "/opt/lib"])
def test_other_programs_do_not_look_for_their_libraries_in_the_bundle(
    before: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/viewfinder/_internal")
    monkeypatch.delenv("LD_LIBRARY_PATH_ORIG", raising=False)
    if before is not None:
        monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", before)
    restore_environment()
    assert os.environ["LD_LIBRARY_PATH"] == "/opt/viewfinder/_internal", "from source nobody has changed it"
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    restore_environment()
    assert os.environ.get("LD_LIBRARY_PATH") == before
    assert "LD_LIBRARY_PATH_ORIG" not in os.environ


def test_the_program_started_anew_begins_as_this_one_did(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setenv("_PYI_ARCHIVE_FILE", "/opt/viewfinder/viewfinder")
    monkeypatch.setenv("_PYI_PARENT_PROCESS_LEVEL", "1")
    restore_environment()
    assert not [name for name in os.environ if name.startswith("_PYI_")]


def test_the_bundled_qt_begins_with_its_own_plugins_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = {"QT_PLUGIN_PATH": "/usr/lib/qt6/plugins", "QT_QPA_PLATFORM_PLUGIN_PATH": "/opt/conda/plugins"}
    for name, value in theirs.items():
        monkeypatch.setenv(name, value)

    def seen() -> dict[str, str]:
        return {name: os.environ[name] for name in theirs if name in os.environ}

    with own_qt_plugins():
        assert seen() == theirs, "a Qt that came with the desktop needs them"
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    with own_qt_plugins():
        assert seen() == {"QT_PLUGIN_PATH": str(own_working_dir() / "PySide6" / "Qt" / "plugins")}
    assert seen() == theirs, "programs that are started later need them"


def test_nothing_else_asks_whether_it_is_bundled() -> None:
    asking = [
        file.name
        for file in Path(app.__file__).parent.rglob("*.py")
        for word in ("frozen", "_MEIPASS")
        if f'"{word}"' in file.read_text(encoding="utf-8") or f"sys.{word}" in file.read_text(encoding="utf-8")
    ]
    assert asking == ["bundled.py"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has locales by such names")
@pytest.mark.parametrize(
    ("given", "becomes"),
    [
        ({}, "C.UTF-8"),
        ({"LANG": "C"}, "C.UTF-8"),
        ({"LC_CTYPE": "POSIX", "LANG": "de_DE.UTF-8"}, "C.UTF-8"),
        ({"LANG": "de_DE.UTF-8"}, None),
        ({"LC_ALL": "C"}, None),
    ],
)
@pytest.mark.parametrize("is_bundled", [True, False])
def test_the_bundled_program_has_the_locale_that_python_has_elsewhere(
    given: dict[str, str], becomes: str | None, is_bundled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "frozen", is_bundled, raising=False)
    speak_utf8()
    assert os.environ.get("LC_CTYPE") == (becomes if is_bundled and becomes else given.get("LC_CTYPE"))
