"""What the set-up does about the system's own libraries, and whether a window can be opened."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import setup_environment
from setup_commands import SetUpError
from setup_environment import prepare, program_arguments
from setup_stamp import read_stamp
from system_libraries import FONTS

from tests.unit.packaging.finished_environment import change_requirements, finished


class Became(BaseException):
    """Stands for the program that takes this process's place."""


@pytest.mark.parametrize("is_qt_willing", [True, False])
@pytest.mark.parametrize(
    ("is_root", "has_key", "missing"),
    [
        (False, True, ()),
        (False, True, (FONTS,)),
        (False, True, ("libEGL.so.1",)),
        (False, False, ()),
        (True, True, ()),
    ],
)
def test_with_a_display_that_answers_qt_is_tried_only_when_in_doubt(
    is_root: bool,
    has_key: bool,
    missing: tuple[str, ...],
    is_qt_willing: bool,
    environment: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    python = environment / "bin" / "python"
    python.write_text(f"#!/bin/sh\necho tried >>{environment}/tried\nexit {0 if is_qt_willing else 134}\n")
    monkeypatch.setattr("os.geteuid", lambda: 0 if is_root else 1000)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("system_libraries._answers", lambda *_: True)
    for name in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISPLAY", ":99")
    monkeypatch.setenv("XAUTHORITY", str(python if has_key else environment / "no key"))
    is_doubtful = is_root or not has_key or "libEGL.so.1" in missing
    obstacle = setup_environment._window_obstacle(missing)
    assert obstacle == ("Qt cannot open one at DISPLAY=:99" if is_doubtful and not is_qt_willing else None)
    assert (environment / "tried").exists() == is_doubtful


@pytest.mark.usefixtures("environment")
def test_with_a_display_where_nothing_answers_the_sample_is_asked_about_on_the_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    became: list[list[str]] = []

    def become(_: Path, words: list[str]) -> None:
        became.append(words)
        raise Became

    monkeypatch.setattr(setup_environment, "_become", become)
    monkeypatch.setattr(setup_environment, "prepare", lambda *_: ())
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("system_libraries._answers", lambda *_: False)
    for name in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISPLAY", ":99")
    for arguments in ([], ["doctor"]):
        with pytest.raises(Became):
            setup_environment.run_program(arguments)
    assert became == [program_arguments([], is_display_there=False), ["doctor"]]
    assert capsys.readouterr().err == (
        "No window, because nothing answers at DISPLAY=:99: asking about the sample picture on the command line.\n"
    )


class System:
    """A Debian system without some libraries; as root they can be installed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, is_root: bool) -> None:
        self.missing: tuple[str, ...] = ("libEGL.so.1", "libxcb-cursor.so.0")
        self.looks = 0
        self.ran: list[list[str]] = []
        self.is_online = True
        monkeypatch.setattr(setup_environment, "missing_libraries", self._look)
        monkeypatch.setattr(setup_environment, "run", self._run)
        monkeypatch.setattr("sys.platform", "linux")
        monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
        monkeypatch.setattr("os.geteuid", lambda: 0 if is_root else 1000)

    def _look(self) -> tuple[str, ...]:
        self.looks += 1
        return self.missing

    def _run(self, command: list[str], _: object) -> None:
        self.ran.append([Path(command[0]).name, *command[1:]])
        if "apt-get" in command[0] and not self.is_online:
            raise SetUpError("apt-get failed")
        if command[:2] == ["/usr/bin/apt-get", "install"]:
            self.missing = ()


PACKAGES = ["libegl1", "libxcb-cursor0"]


INSTALL_LINE = f"sudo apt-get install -y --no-install-recommends {' '.join(PACKAGES)}\n"


def test_root_installs_missing_system_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    system = System(monkeypatch, is_root=True)
    assert setup_environment._install_system_libraries(needs_venv=False) == ()
    assert system.ran == [
        ["apt-get", "update", "-q"],
        ["apt-get", "install", "-y", "-q", "--no-install-recommends", *PACKAGES],
    ]


def test_others_are_told_of_missing_system_libraries_until_they_are_there(
    environment: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    system = System(monkeypatch, is_root=False)
    change_requirements(environment)
    for _ in range(3):
        assert prepare(["mlx"]) == ("libEGL.so.1", "libxcb-cursor.so.0")
        assert INSTALL_LINE in capsys.readouterr().err
    assert all("pip" in command for command in system.ran)
    assert len(system.ran) == len(["pip itself", "the program"])
    system.missing = ("libEGL.so.1",)
    assert prepare(["mlx"]) == ("libEGL.so.1",)
    assert capsys.readouterr().err.endswith("--no-install-recommends libegl1\n")
    system.missing = ()
    assert prepare(["mlx"]) == ()
    capsys.readouterr()
    looks = system.looks
    assert prepare(["mlx"]) == ()
    assert (system.looks, capsys.readouterr().err) == (looks, "")


def test_root_tries_again_to_install_missing_system_libraries(
    environment: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    system = System(monkeypatch, is_root=True)
    system.is_online = False
    change_requirements(environment)
    for _ in range(2):
        assert prepare(["mlx"]) == ("libEGL.so.1", "libxcb-cursor.so.0")
        assert INSTALL_LINE in capsys.readouterr().err
    system.is_online = True
    assert prepare(["mlx"]) == ()
    stamp = read_stamp(environment)
    assert stamp is not None
    assert stamp.missing_libraries == ()


def test_a_stamp_from_before_libraries_were_noted_is_still_good(environment: Path) -> None:
    path = environment / "viewfinder-setup.json"
    values = json.loads(path.read_text())
    del values["missing_libraries"]
    path.write_text(json.dumps(values))
    assert read_stamp(environment) == finished(environment)
