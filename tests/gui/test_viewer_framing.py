"""Where a picture lies: steps of zoom, what stays where it is, and that no way leads out of the picture."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.gui.viewer.framing import GREATEST_SCALE, Area, Framing

AREA = Area(24, 24, 800, 600)
sizes = st.integers(1, 20_000)
places = st.tuples(st.floats(0, 900), st.floats(0, 700))


def test_steps_lead_through_the_usual_scales_all_and_back() -> None:
    framing = Framing(12_000, 8_400, AREA)
    assert framing.fit_scale == pytest.approx(800 / 12_000)
    scales = []
    while framing.shown_scale < GREATEST_SCALE:
        framing = framing.stepped(1)
        scales.append(framing.shown_scale)
    assert 1.0 in scales
    assert scales[-1] == 32
    assert all(1.15 < larger / smaller < 1.9 for smaller, larger in itertools.pairwise(scales))
    while not framing.is_fitted:
        smaller = framing.stepped(-1)
        assert smaller.shown_scale < framing.shown_scale
        framing = smaller


def test_a_step_to_or_from_100_per_cent_may_be_small() -> None:
    framing = Framing(4_000, 3_000, AREA).scaled(0.98)
    assert framing.stepped(1).shown_scale == 1
    assert framing.scaled(1.03).stepped(-1).shown_scale == 1


def test_a_small_picture_is_fitted_enlarged_and_can_be_seen_as_it_is() -> None:
    framing = Framing(20, 10, AREA, greatest_fit=3.0)
    assert framing.size == (60, 30)
    assert framing.corner == (394, 309)
    assert framing.scaled(0.0).shown_scale == 1
    assert not framing.scaled(0.0).is_fitted
    assert framing.scaled(100.0).shown_scale == 32


@given(sizes, sizes, st.floats(0.0001, 40), places, st.floats(-5_000, 5_000), st.floats(-5_000, 5_000))
def test_panning_never_leaves_the_picture(
    width: int, height: int, scale: float, at: tuple[float, float], by_x: float, by_y: float
) -> None:
    framing = Framing(width, height, AREA).scaled(scale, at).panned(by_x, by_y)
    (left, top), (shown_width, shown_height) = framing.corner, framing.size
    for start, length, free_start, free_length in (
        (left, shown_width, AREA.left, AREA.width),
        (top, shown_height, AREA.top, AREA.height),
    ):
        if length <= free_length:
            assert abs(start + length / 2 - free_start - free_length / 2) <= 1
        else:
            assert start <= free_start + 1
            assert start + length >= free_start + free_length - 1
    assert framing.panned(0, 0).corner == framing.corner


@given(sizes, sizes, st.floats(0.01, 32), st.integers(-8, 8))
def test_a_turn_back_undoes_a_turn(width: int, height: int, scale: float, turns: int) -> None:
    framing = Framing(width, height, AREA).scaled(scale)
    turned = framing.turned(turns)
    assert turned.quarter_turns == turns % 4
    assert turned.size == (framing.size if turns % 2 == 0 else framing.size[::-1])
    back = turned.turned(-turns)
    assert (back.width_px, back.height_px, back.quarter_turns) == (width, height, 0)


@pytest.mark.parametrize(("turns", "point"), [(1, (3_999, 900)), (2, (7_099, 3_999)), (3, (2_000, 7_099))])
def test_what_is_in_the_middle_stays_in_the_middle_of_a_turn(turns: int, point: tuple[float, float]) -> None:
    framing = Framing(7_999, 5_999, AREA).scaled(1.0)
    x, y = framing.point_at(*AREA.centre)
    framing = framing.panned(x - 900, y - 2_000)
    assert framing.point_at(*AREA.centre) == (900, 2_000)
    assert framing.turned(turns).point_at(*AREA.centre) == pytest.approx(point, abs=1)


@given(sizes, sizes, st.floats(0.02, 30), st.floats(0.5, 2), places)
def test_what_is_under_the_pointer_stays_there(
    width: int, height: int, scale: float, factor: float, at: tuple[float, float]
) -> None:
    before = Framing(width, height, AREA).scaled(scale)
    after = before.scaled(before.shown_scale * factor, at)
    if after.is_fitted or after.size[0] <= AREA.width or after.size[1] <= AREA.height:
        return  # the middle or an edge decides
    x, y = before.point_at(*at)
    moved_x, moved_y = after.point_at(*at)
    left, top = after.corner
    is_at_edge = (
        left >= AREA.left - 1
        or top >= AREA.top - 1
        or left + after.size[0] <= AREA.left + AREA.width + 1
        or top + after.size[1] <= AREA.top + AREA.height + 1
    )
    if not is_at_edge:
        tolerance = 1.5 / min(after.shown_scale, before.shown_scale)
        assert moved_x == pytest.approx(x, abs=tolerance)
        assert moved_y == pytest.approx(y, abs=tolerance)
