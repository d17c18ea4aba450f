"""“Take a Screenshot”, with a program on the path that takes the picture as the system's own would."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt

from app.gui.tray.screenshot import find_means
from tests.gui.conftest import draw

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gui.window_driver import OpenWindow, WindowDriver

PROGRAM = "screencapture" if sys.platform == "darwin" else "maim"
NO_MEANS = "This system offers no way to take a picture of the screen."
TOOLS = {tool: shutil.which(tool) or "" for tool in ("dbus-run-session", "dbus-daemon", "gdbus")}
WAITS = "while [ ! -e {folder}/go ]; do sleep 0.02; done\n"


def install(folder: Path, script: str, name: str = PROGRAM) -> Path:
    """Puts a program on the path that does this; ``$file`` is where the picture is to go."""
    programs = folder / "bin"
    programs.mkdir(exist_ok=True)
    program = programs / name
    program.write_text(f'#!/bin/sh\nfor file; do :; done\necho "$@" > {folder}/arguments\n{script}')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


@pytest.fixture(autouse=True)
def _own_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "tools").mkdir()
    for tool in ("sh", "cp", "sleep", "touch"):
        found = shutil.which(tool)
        assert found is not None, tool
        (tmp_path / "tools" / tool).symlink_to(found)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{tmp_path}/tools")
    monkeypatch.setenv("DISPLAY", ":99")
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)


def take(driver: WindowDriver) -> None:
    driver.wait(driver.action("screenshotAction").isEnabled)
    driver.action("screenshotAction").trigger()


def is_minimised(driver: WindowDriver) -> bool:
    return bool(driver.window.windowState() & Qt.WindowState.WindowMinimized)


def test_a_screenshot_comes_into_the_tray_and_leaves_no_file(open_window: OpenWindow, tmp_path: Path) -> None:
    draw(tmp_path / "screen.png", 200, 100)
    install(tmp_path, WAITS.format(folder=tmp_path) + f"cp {tmp_path}/screen.png $file")
    driver = open_window()
    take(driver)
    assert is_minimised(driver)
    driver.wait((tmp_path / "arguments").exists)
    (tmp_path / "go").touch()
    driver.wait_for_pictures(1)
    assert not is_minimised(driver)
    (medium,) = driver.desk.pictures.media
    assert medium.source.name.startswith("Screenshot 2")
    assert medium.source.data == (tmp_path / "screen.png").read_bytes()
    assert driver.parts.tray.selected_ids == (medium.medium_id,)
    file = tmp_path / (tmp_path / "arguments").read_text().split()[-1]
    assert not file.parent.exists()


@pytest.mark.parametrize("script", ["exit 0", "exit 1", "touch $file"])
def test_giving_up_changes_nothing(script: str, open_window: OpenWindow, tmp_path: Path) -> None:
    install(tmp_path, script)
    driver = open_window()
    take(driver)
    driver.wait((tmp_path / "arguments").exists)
    driver.wait(lambda: not is_minimised(driver))
    assert driver.names == []
    assert driver.refusals == ""
    assert not driver.desk.pictures.is_taking_in


def test_a_system_that_forbids_it_is_named(open_window: OpenWindow, tmp_path: Path) -> None:
    install(tmp_path, "echo 'no permission to record the screen' >&2; exit 1")
    driver = open_window()
    take(driver)
    driver.wait(lambda: "does not allow" in driver.refusals)
    assert not is_minimised(driver)


def test_one_at_a_time(open_window: OpenWindow, tmp_path: Path) -> None:
    install(tmp_path, f"echo x >> {tmp_path}/count\n" + WAITS.format(folder=tmp_path))
    driver = open_window()
    take(driver)
    take(driver)
    driver.wait((tmp_path / "count").exists)
    take(driver)
    (tmp_path / "go").touch()
    driver.wait(lambda: not is_minimised(driver))
    assert (tmp_path / "count").read_text() == "x\n"


def test_it_is_not_offered_where_the_system_has_no_means(open_window: OpenWindow) -> None:
    driver = open_window()
    driver.wait_for_model()
    assert not driver.action("screenshotAction").isVisible()
    assert not driver.action("screenshotAction").isEnabled()


def test_a_program_that_is_gone_meanwhile_is_said(open_window: OpenWindow, tmp_path: Path) -> None:
    program = install(tmp_path, "exit 0")
    driver = open_window()
    driver.wait(driver.action("screenshotAction").isEnabled)
    program.unlink()
    take(driver)
    driver.wait(lambda: "no way to take a picture" in driver.refusals)
    assert not is_minimised(driver)


def test_closing_the_window_ends_a_choice(open_window: OpenWindow, tmp_path: Path) -> None:
    install(tmp_path, "exec sleep 60")
    driver = open_window()
    take(driver)
    driver.wait((tmp_path / "arguments").exists)
    driver.close()
    file = tmp_path / (tmp_path / "arguments").read_text().split()[-1]
    driver.wait(lambda: not file.parent.exists())


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has one means")
@pytest.mark.parametrize(
    ("programs", "variables", "expected"),
    [
        (("gnome-screenshot", "maim"), {}, "gnome-screenshot"),
        (("spectacle",), {}, "spectacle"),
        (("grim", "slurp"), {"WAYLAND_DISPLAY": "wayland-0"}, "sh"),
        (("grim", "slurp"), {}, None),
        (("grim",), {"WAYLAND_DISPLAY": "wayland-0"}, None),
        (("import",), {}, "import"),
        (("maim", "import"), {"DISPLAY": ""}, None),
    ],
)
def test_the_means_of_desktops(
    programs: tuple[str, ...],
    variables: dict[str, str],
    expected: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for program in programs:
        install(tmp_path, "exit 0", program)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    means = find_means()
    assert (means.command[0] if means is not None else None) == expected


@pytest.mark.skipif(not all(TOOLS.values()), reason="needs a session bus of its own")
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("taken", {"offered": True, "minimised": True, "back": True, "kept": "{file}"}),
        ("given_up", {"offered": True, "minimised": True, "back": True}),
        ("refused", {"offered": True, "minimised": True, "back": True, "failed": NO_MEANS}),
        ("none", {"offered": False, "minimised": False, "back": True, "failed": NO_MEANS}),
    ],
)
def test_the_desktop_portal_is_asked_where_there_is_one(
    answer: str, expected: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = draw(tmp_path / "Screenshot from Monday.png")
    for tool in ("dbus-run-session", "dbus-daemon", "gdbus"):
        (tmp_path / "tools" / tool).symlink_to(TOOLS[tool])
    monkeypatch.delenv("DISPLAY")
    command = ["dbus-run-session", "--", sys.executable, "-m", "tests.gui.portal_try", answer]
    done = subprocess.run(
        [*command, str(file)] if answer == "taken" else command, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        name: str(file) if value == "{file}" else value for name, value in expected.items()
    }
