"""What a video holds: which frame is shown when, and how its times read."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.footage import Footage, FrameWish, _nearest, _nearest_to_even, clock_text, plan_footage
from app.core.vision import PixelLimits, time_text

LIMITS = PixelLimits(4_096, 25_165_824)
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


@pytest.mark.parametrize("keys", [range(1_000_000), range(0, 1_000_000, 250)])
def test_hours_of_footage_are_planned_without_looking_at_every_frame(keys: range) -> None:
    class Counted(Sequence[float]):
        """A million frames at 60 a second, which counts how often one is looked at."""

        looks = 0

        def __len__(self) -> int:
            return 1_000_000

        def __getitem__(self, index: Any) -> Any:
            assert isinstance(index, int), "a part of the footage was copied"
            self.looks += 1
            return index / 60

    times_s = Counted()
    footage = Footage(times_s, 1_000_000 / 60, 1920, 1080, keys)
    for wish in (FrameWish(), FrameWish(start_s=100.0, end_s=16_000.0), FrameWish(frame_count=64)):
        plan = plan_footage(footage, wish, PixelLimits(4_096, 25_165_824), PixelLimits())
        assert plan.source_frames == 1_000_000
    assert times_s.looks < 100_000


@given(
    st.lists(st.integers(0, 4000), min_size=3, max_size=120, unique=True),
    st.sampled_from([1, 3, 1000]),
    st.data(),
)
def test_frames_near_even_times_are_found_in_one_go(ticks: list[int], per_s: int, data: st.DataObject) -> None:
    times_s = [tick / per_s for tick in sorted(ticks)]
    first = data.draw(st.integers(0, len(times_s) - 2))
    last = data.draw(st.integers(first + 2, len(times_s)))
    count = data.draw(st.integers(2, last - first))
    step_s = (times_s[last - 1] - times_s[first]) / (count - 1)
    one_by_one = {_nearest(times_s, first, last, times_s[first] + step_s * number) for number in range(count)}
    assert _nearest_to_even(times_s, first, last, count, step_s) == one_by_one


@given(st.lists(st.integers(0, 2_000_000), min_size=2, max_size=30, unique=True))
def test_the_tokens_of_times_are_their_digits_and_marks(ticks: list[int]) -> None:
    times_s = [tick / 7 for tick in sorted(ticks)]
    footage = Footage(times_s, times_s[-1] + 1, 64, 64)
    plan = plan_footage(footage, FrameWish(frame_count=len(ticks) // 2 * 2 if len(ticks) > 3 else 4), LIMITS, LIMITS)
    digits = sum(character.isdigit() for time_s in plan.group_times_s for character in time_text(time_s))
    assert plan.time_tokens == digits + 6 * len(plan.group_times_s)


def test_bunched_frames_are_spread_over_what_there_is() -> None:
    times_s = [number / 1000 for number in range(5000)] + [1e6]
    plan = plan_footage(
        Footage(times_s, 1e6, 64, 64), FrameWish(frame_count=768), PixelLimits(4096, 10**8), PixelLimits()
    )
    assert len(set(plan.frame_indices)) == 768
    gaps = [b - a for a, b in itertools.pairwise(plan.frame_indices[:-1])]
    assert max(gaps) <= 10
