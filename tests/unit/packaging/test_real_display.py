from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
import real_display

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@pytest.mark.parametrize(
    ("there", "user", "installed"),
    [
        ({"apt-get"}, 0, ["xvfb", "xdotool"]),
        ({"apt-get", "Xvfb"}, 0, ["xdotool"]),
        ({"apt-get", "Xvfb", "xdotool"}, 0, []),
        ({"apt-get"}, 1000, []),
        (set(), 0, []),
    ],
)
def test_only_root_is_given_what_is_missing(
    there: set[str], user: int, installed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[list[str]] = []

    def run(command: Sequence[str], _: Mapping[str, str]) -> None:
        ran.append(list(command))

    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}" if name in there else None)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("os.geteuid", lambda: user)
    assert real_display.install_missing(run) == tuple(installed)
    assert [command[1] for command in ran] == (["update", "install"] if installed else [])
    assert not installed or ran[-1][-len(installed) :] == installed
