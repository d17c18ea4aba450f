from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import UserError
from app.core.footage import MAX_FRAMES, Footage, FrameWish, plan_footage
from app.core.requests import Question, Turn
from app.core.sampling import GREEDY
from app.core.segments import OVERLAP_S, Room, Segment, plan_segments, room_of
from app.core.vision import PixelLimits
from tests.clips_made import noise_clip

RELEASED = PixelLimits(4_096, 25_165_824)


def footage(lasts_s: float, rate: float = 30.0, width_px: int = 1920, height_px: int = 1080) -> Footage:
    return Footage([number / rate for number in range(max(1, int(lasts_s * rate)))], lasts_s, width_px, height_px)


def test_what_one_pass_holds_is_one_segment() -> None:
    assert plan_segments(footage(384), FrameWish(), Room(RELEASED, 200_000)) == (Segment(0.0, 384.0),)


def test_an_hour_is_as_few_equal_segments_as_hold_two_frames_a_second() -> None:
    segments = plan_segments(footage(3600), FrameWish(), Room(RELEASED, 200_000))
    assert len(segments) == 10
    assert {round(segment.end_s % 360, 3) for segment in segments} == {0.0}
    assert segments[1] == Segment(358.0, 720.0)
    fewer = 3600 / 9 * 2
    assert fewer > MAX_FRAMES


def test_each_segment_is_sampled_as_often_as_wanted() -> None:
    video = footage(900)
    for wish in (FrameWish(), FrameWish(frames_per_s=1.0), FrameWish(frames_per_s=5.0)):
        for segment in plan_segments(video, wish, Room(RELEASED)):
            plan = plan_footage(video, segment.wish(wish), RELEASED, PixelLimits())
            assert plan.spacing_s == pytest.approx(1 / (wish.frames_per_s or 2.0), rel=0.02)
            assert not plan.notes


def test_a_slow_video_with_few_frames_is_one_pass_however_long() -> None:
    assert len(plan_segments(footage(3600, rate=0.2), FrameWish(), Room(RELEASED))) == 1


def test_a_number_of_frames_is_one_pass_unless_a_length_is_given() -> None:
    wish = FrameWish(frame_count=64)
    assert len(plan_segments(footage(3600), wish, Room(RELEASED))) == 1
    assert len(plan_segments(footage(3600), wish, Room(RELEASED), 600.0)) == 6


def test_a_range_alone_is_cut() -> None:
    segments = plan_segments(footage(3600), FrameWish(start_s=600.0, end_s=1500.0), Room(RELEASED))
    assert (segments[0].start_s, segments[-1].end_s, len(segments)) == (600.0, 1500.0, 3)


def test_a_given_length_is_kept_and_a_short_rest_goes_to_the_last() -> None:
    assert plan_segments(footage(130), FrameWish(), Room(RELEASED), 60.0) == (
        Segment(0.0, 60.0),
        Segment(58.0, 130.0),
    )
    assert plan_segments(footage(160), FrameWish(), Room(RELEASED), 60.0)[-1] == Segment(118.0, 160.0)


def test_a_small_context_takes_more_segments() -> None:
    tight = plan_segments(footage(120, width_px=320, height_px=240), FrameWish(), Room(RELEASED, 1_000))
    assert len(tight) > 1
    for segment in tight:
        plan = plan_footage(footage(120, width_px=320, height_px=240), segment.wish(FrameWish()), RELEASED, RELEASED)
        assert plan.tokens <= 1_000


@pytest.mark.parametrize("max_tokens", [1, 10, 100])
def test_a_budget_makes_fewer_frames_and_not_more_passes(max_tokens: int) -> None:
    short, wish = footage(14), FrameWish(max_tokens=max_tokens)
    assert len(plan_segments(short, wish, Room(RELEASED, 4_096))) == 1
    plan = plan_footage(short, wish, RELEASED, PixelLimits())
    assert plan.tokens <= max_tokens
    hours = footage(18_000, rate=2.0)
    assert len(plan_segments(hours, wish, Room(RELEASED))) == len(plan_segments(hours, FrameWish(), Room(RELEASED)))


def test_stretches_without_frames_of_their_own_are_joined() -> None:
    video = Footage([0.0, 0.5, 1.0, 30.0, 30.5, 31.0], 31.5, 640, 480)
    segments = plan_segments(video, FrameWish(), Room(RELEASED), 5.0)
    assert segments[0].start_s == 0.0
    assert segments[-1].end_s == 31.5
    for segment in segments:
        assert sum(segment.start_s <= time_s <= segment.end_s for time_s in video.times_s) >= 2


@pytest.mark.parametrize(("length_s", "told"), [(0.5, "1 seconds or longer"), (2.0, "there may be 500")])
def test_lengths_that_cannot_be(length_s: float, told: str) -> None:
    with pytest.raises(UserError, match=told):
        plan_segments(footage(3600), FrameWish(), Room(RELEASED), length_s)


def test_what_never_fits_is_refused() -> None:
    with pytest.raises(UserError, match="more than the model can take"):
        plan_segments(footage(60), FrameWish(), Room(RELEASED, 20), 30.0)


@given(
    lasts_s=st.floats(1, 20_000),
    rate=st.sampled_from([0.1, 1.0, 10.0]),
    frames_per_s=st.one_of(st.none(), st.floats(0.05, 8)),
    length_s=st.one_of(st.none(), st.floats(60, 5_000)),
    part=st.tuples(st.floats(0, 0.4), st.floats(0.5, 1.2)),
    tokens=st.one_of(st.none(), st.integers(15_000, 200_000)),
)
def test_the_whole_range_is_covered_with_a_small_overlap(
    lasts_s: float,
    rate: float,
    frames_per_s: float | None,
    length_s: float | None,
    part: tuple[float, float],
    tokens: int | None,
) -> None:
    wish = FrameWish(frames_per_s=frames_per_s, start_s=part[0] * lasts_s, end_s=part[1] * lasts_s)
    video = footage(lasts_s, rate)
    try:
        segments = plan_segments(video, wish, Room(RELEASED, tokens), length_s)
    except UserError as error:
        assert "more than the model" in str(error) or "there may be 500" in str(error)  # noqa: PT017
        return
    assert segments[0].start_s == pytest.approx(part[0] * lasts_s, abs=1e-3)
    assert segments[-1].end_s == pytest.approx(min(part[1], 1.0) * lasts_s, abs=1e-3)
    for before, after in itertools.pairwise(segments):
        overlap_s = before.end_s - after.start_s
        assert 0 < overlap_s <= max(OVERLAP_S, 2 / (frames_per_s or 2.0)) + 2e-3
        assert overlap_s <= (after.end_s - after.start_s) / 3 + 2e-3
    if length_s is None and len(segments) > 1:
        for segment in segments:
            assert (segment.end_s - segment.start_s) * min(frames_per_s or 2.0, rate) <= MAX_FRAMES + 2


def test_room_is_what_the_conversation_and_an_answer_leave() -> None:
    asked = Question("q", "What?", PixelLimits(), GREEDY, clip_limits=RELEASED, context_tokens=10_000)
    room = room_of(asked)
    assert room.limits == RELEASED
    assert room.tokens is not None
    assert 8_500 < room.tokens < 10_000 - GREEDY.max_tokens
    clip = noise_clip(1, [0.0, 1.0])
    fuller = room_of(replace(asked, earlier=(Turn("Before?", (clip,), "Yes. " * 100),)), 500).tokens
    assert fuller is not None
    assert fuller < room.tokens - 500 - clip.tokens - 100
    assert room_of(replace(asked, context_tokens=0)).tokens is None
