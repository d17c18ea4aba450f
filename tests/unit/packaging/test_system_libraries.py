from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import system_libraries
from system_libraries import (
    FONTS,
    PACKAGE_OF_LIBRARY,
    apt_packages,
    install_line,
    missing_libraries,
    window_obstacle,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_what_cannot_be_loaded_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "dejavu").mkdir()
    (tmp_path / "dejavu" / "Sans.TTF").touch()
    monkeypatch.setattr(system_libraries, "_FONT_FOLDERS", (tmp_path,))
    assert missing_libraries(lambda library: library != "libEGL.so.1") == ("libEGL.so.1",)
    assert missing_libraries(lambda _: True) == ()


def test_a_machine_without_fonts_gets_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(system_libraries, "_FONT_FOLDERS", (tmp_path, tmp_path / "missing"))
    assert missing_libraries(lambda _: True) == (FONTS,)
    assert apt_packages([FONTS]) == ("fonts-dejavu-core",)


def test_each_package_is_named_once() -> None:
    assert apt_packages(["libgthread-2.0.so.0", "libglib-2.0.so.0", "libEGL.so.1"]) == ("libegl1", "libglib2.0-0")
    assert apt_packages(PACKAGE_OF_LIBRARY)
    assert install_line(["libegl1"]).endswith("install -y --no-install-recommends libegl1")


def test_as_a_command_it_names_what_is_missing() -> None:
    command = [sys.executable, str(Path(system_libraries.__file__))]
    done = subprocess.run(command, env={**os.environ, "PATH": ""}, capture_output=True, text=True, check=True)
    named = done.stdout.split()
    assert {"xvfb", "xdotool"} <= set(named) <= {*apt_packages([*PACKAGE_OF_LIBRARY, FONTS]), "xvfb", "xdotool"}


def test_a_library_that_does_not_exist_cannot_be_loaded() -> None:
    assert not system_libraries._can_load("libno-such-thing.so.0")


@pytest.fixture
def sockets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A folder in which an X server listens as display 7 and a Wayland compositor as wayland-0."""
    answers = system_libraries._answers
    monkeypatch.setattr(system_libraries, "_X_SOCKETS", tmp_path)
    monkeypatch.setattr(
        system_libraries, "_answers", lambda family, address: family == socket.AF_UNIX and answers(family, address)
    )
    servers = []
    for name in ("X7", "wayland-0"):
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(tmp_path / name))
        server.listen()
        servers.append(server)
    (tmp_path / "X8").touch()  # as a server that crashed leaves it
    yield tmp_path
    for server in servers:
        server.close()


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "there is no display"),
        ({"DISPLAY": ":7"}, None),
        ({"DISPLAY": ":7.0"}, None),
        ({"DISPLAY": "unix:7"}, None),
        ({"DISPLAY": "unix:9"}, "nothing answers at DISPLAY=unix:9"),
        ({"DISPLAY": ":8"}, "nothing answers at DISPLAY=:8"),
        ({"DISPLAY": ":9"}, "nothing answers at DISPLAY=:9"),
        ({"DISPLAY": "localhost:9.0"}, "nothing answers at DISPLAY=localhost:9.0"),
        ({"DISPLAY": "far.example:0"}, "tried"),
        ({"DISPLAY": "nonsense"}, "tried"),
        ({"WAYLAND_DISPLAY": "wayland-0"}, None),
        ({"WAYLAND_DISPLAY": "wayland-1"}, "nothing answers at WAYLAND_DISPLAY=wayland-1"),
        ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":7"}, None),
        ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":9"}, "tried"),
        ({"WAYLAND_DISPLAY": "wayland-1", "DISPLAY": ":7"}, "tried"),
        (
            {"WAYLAND_DISPLAY": "wayland-1", "DISPLAY": ":9"},
            "nothing answers at WAYLAND_DISPLAY=wayland-1 or DISPLAY=:9",
        ),
        ({"WAYLAND_DISPLAY": "wayland-1", "DISPLAY": ":7", "QT_QPA_PLATFORM": "xcb"}, None),
        ({"WAYLAND_DISPLAY": "wayland-0", "QT_QPA_PLATFORM": "xcb"}, "there is no display"),
        ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":7", "QT_QPA_PLATFORM": "wayland;xcb"}, None),
        ({"DISPLAY": ":7", "QT_QPA_PLATFORM": "offscreen"}, "QT_QPA_PLATFORM=offscreen shows no window"),
        ({"QT_QPA_PLATFORM": "minimal:x"}, "QT_QPA_PLATFORM=minimal:x shows no window"),
        ({"QT_QPA_PLATFORM": "vnc:size=800x600"}, "tried"),
    ],
)
@pytest.mark.parametrize("is_qt_willing", [True, False])
def test_a_display_counts_when_something_answers_there(
    variables: dict[str, str], expected: str | None, *, is_qt_willing: bool, sockets: Path
) -> None:
    tried: list[bool] = []

    def opens_window() -> bool:
        tried.append(True)
        return is_qt_willing

    variables = {"XDG_RUNTIME_DIR": str(sockets), **variables}
    obstacle = window_obstacle("linux", variables, opens_window, must_try=False)
    assert bool(tried) == (expected == "tried")
    if expected == "tried":
        assert (obstacle is None) == is_qt_willing
        assert is_qt_willing or str(obstacle).startswith("Qt cannot open one at ")
    else:
        assert obstacle == expected


@pytest.mark.usefixtures("sockets")
def test_a_display_that_answers_is_not_enough_when_in_doubt() -> None:
    assert window_obstacle("linux", {"DISPLAY": ":7"}, lambda: True, must_try=True) is None
    assert (
        window_obstacle("linux", {"DISPLAY": ":7"}, lambda: False, must_try=True) == "Qt cannot open one at DISPLAY=:7"
    )


@pytest.mark.skipif(sys.platform != "linux", reason="abstract sockets are Linux's")
def test_an_x_server_may_listen_without_a_file(sockets: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0{sockets / 'X9'}")
        server.listen()
        assert window_obstacle("linux", {"DISPLAY": ":9"}, pytest.fail, must_try=False) is None


def test_a_port_that_is_open_may_be_a_tunnel_without_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_libraries, "_answers", lambda family, _: family == socket.AF_INET6)
    for display in ("localhost:10.0", ":9"):
        assert window_obstacle("linux", {"DISPLAY": display}, lambda: False, must_try=False) is not None
        assert window_obstacle("linux", {"DISPLAY": display}, lambda: True, must_try=False) is None


def test_a_mac_has_a_display_unless_it_is_far_away() -> None:
    assert window_obstacle("darwin", {}, pytest.fail, must_try=True) is None
    assert window_obstacle("win32", {}, pytest.fail, must_try=True) is None
    assert window_obstacle("darwin", {"SSH_CONNECTION": "10.0.0.1"}, pytest.fail, must_try=True)
    assert window_obstacle("darwin", {"QT_QPA_PLATFORM": "offscreen"}, pytest.fail, must_try=True)
