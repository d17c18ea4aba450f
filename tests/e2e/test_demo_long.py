"""The demo model tells of each part of a long video where its shape moves, under the part's true times."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING

import pytest

from tests.clips_made import circle_frame, write_video

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from tests.e2e.program import Program

pytest.importorskip("mlx_vlm", reason="mlx-vlm has no wheel for this machine")

RATE = 24
LEG_S = 4
CORNERS = [(30, 30), (130, 30), (130, 90), (30, 90), (30, 30)]
WAYS = ["to the right", "down", "to the left", "up"]


def around() -> Iterator[NDArray[np.uint8]]:
    """A circle that goes round a rectangle, four seconds for each side."""
    for (left, top), (right, bottom) in itertools.pairwise(CORNERS):
        for number in range(LEG_S * RATE):
            part = number / (LEG_S * RATE)
            yield circle_frame(left + part * (right - left), top + part * (bottom - top), (40, 70, 220))


def test_each_part_of_a_long_video_is_told_right_under_its_true_times(program: Program, tmp_path: Path) -> None:
    write_video(tmp_path / "around.mp4", around(), rate=RATE)
    words = ("ask", "--model", "demo", "--backend", "mlx", "around.mp4", "-p", "What happens in this video?")
    done = program.run("--profile", program.profile_dir, *words, "--segments", "4", "--frames", "4", "-o", "out.json")
    assert done.returncode == 0, done.stderr
    (turn,) = json.loads((program.folder / "out.json").read_text(encoding="utf-8"))["turns"]
    timeline = turn["segments"]["timeline"]
    assert [row["text"] for row in timeline] == [f"A blue circle moves {way}." for way in WAYS]
    for number, row in enumerate(timeline):
        assert row["end_s"] == (number + 1) * LEG_S
        assert number * LEG_S - 0.5 <= row["start_s"] <= number * LEG_S
    table = done.stdout.partition("### Timeline")[2]
    assert "| 0:00 – 0:04 | A blue circle moves to the right. |" in table
    assert "| 0:11.5 – 0:16.0 | A blue circle moves up. |" in table
    assert turn["answer"].strip().endswith("| A blue circle moves up. |")
    assert not turn["answer"].startswith("\n")
