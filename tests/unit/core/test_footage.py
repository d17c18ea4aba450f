"""What a video holds: which frame is shown when, and how its times read."""

from __future__ import annotations

import pytest

from app.core.footage import Footage, FrameWish, clock_text, plan_footage
from app.core.vision import PixelLimits

FOOTAGE = Footage((0.0, 0.04, 0.5, 2.0), 3.0, 64, 48)


@pytest.mark.parametrize(
    ("time_s", "index"),
    [(-1.0, 0), (0.0, 0), (0.0399, 1), (0.03, 0), (0.49, 1), (0.5, 2), (1.99, 2), (2.0, 3), (9.0, 3)],
)
def test_the_frame_at_a_time_is_the_one_that_a_player_shows(time_s: float, index: int) -> None:
    assert FOOTAGE.frame_at(time_s) == index


@pytest.mark.parametrize(
    ("time_s", "decimals", "text"),
    [
        (0.0, 0, "0:00"),
        (6.99, 0, "0:06"),
        (6.9996, 0, "0:07"),
        (59.9996, 1, "1:00.0"),
        (65.44, 1, "1:05.4"),
        (725.04, 2, "12:05.04"),
        (3723.5, 1, "1:02:03.5"),
        (36_000.0, 0, "10:00:00"),
    ],
)
def test_times_read_as_players_show_them(time_s: float, decimals: int, text: str) -> None:
    assert clock_text(time_s, decimals) == text


def test_a_plan_names_its_frames_by_index_too() -> None:
    plan = plan_footage(FOOTAGE, FrameWish(frame_count=4), PixelLimits(1024, 10**7), PixelLimits())
    assert plan.frame_indices == (0, 1, 2, 3)
    assert plan.frame_times_s == FOOTAGE.times_s
