"""How large the program is, and how soon its window is shown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.e2e.real_display import NEEDS_DISPLAY
from tests.frozen.started_window import WindowStart, start_window

if TYPE_CHECKING:
    from pathlib import Path

    from tests.frozen.installed import Installed

MOST_BYTES = 450_000_000
MOST_S = 0.5
TRIES = 25
LEAST_TRIES = 5


def test_it_takes_no_more_room_than_allowed(installed: Installed) -> None:
    files = [place for place in installed.folder.rglob("*") if place.is_file() and not place.is_symlink()]
    size_bytes = sum(file.stat().st_size for file in files)
    on_disk_bytes = sum(file.stat().st_blocks * 512 for file in files)
    assert size_bytes <= MOST_BYTES
    assert on_disk_bytes <= MOST_BYTES


@pytest.mark.parametrize("platform", ["offscreen", pytest.param("xcb", marks=NEEDS_DISPLAY)])
def test_the_window_is_shown_at_once(
    installed: Installed, tmp_path: Path, request: pytest.FixtureRequest, artefacts: Path, platform: str
) -> None:
    variables = {"QT_QPA_PLATFORM": platform, "HOME": str(tmp_path)}
    if platform == "xcb":
        variables["DISPLAY"] = request.getfixturevalue("display")
    starts: list[WindowStart] = []
    while len(starts) < TRIES:  # a machine that is busy with other things is no fault of the program
        starts.append(start_window(installed, tmp_path, variables, goes_first=len(starts) >= LEAST_TRIES))
        if len(starts) >= LEAST_TRIES and min(start.wall_s for start in starts) <= MOST_S:
            break
    figures = {name: [getattr(start, name) for start in starts] for name in ("wall_s", "shown_s", "painted_s")}
    (artefacts / f"frozen-start-{platform}.json").write_text(json.dumps(figures, indent=2))
    assert min(figures["wall_s"]) <= MOST_S, figures
    assert min(figures["shown_s"]) <= MOST_S, figures
    assert all(start.shown_s <= start.wall_s + 0.02 for start in starts), "the kernel counts in hundredths of a second"
