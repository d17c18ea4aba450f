"""Which clip a time in an answer is about."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.clips import ClipSource
from app.core.pictures import PictureSource
from app.core.results import SegmentRecord, record_of
from app.core.shown_clips import ShownClip, clip_meant, clip_named, names_a_clip, shown_clips
from tests.clips_made import noise_clip
from tests.gui.answers_shown import ended, turn

if TYPE_CHECKING:
    from app.core.conversation import AskedTurn

SHORT, LONG, LATER = ClipSource("short.mp4"), ClipSource("long.mp4"), ClipSource("later.mp4")


def asked(request_id: str, *clips: tuple[ClipSource, float], answer: str = "That.") -> AskedTurn:
    made = turn(request_id, answer)
    media = tuple(noise_clip(1, (0.0, duration_s)) for _, duration_s in clips)
    made = replace(made, question=replace(made.question, sources=tuple(source for source, _ in clips)), media=media)
    return ended(made)


def test_clips_are_numbered_through_the_conversation() -> None:
    turns = [asked("1", (SHORT, 5), (LONG, 60)), asked("2"), asked("3", (LATER, 9)), asked("4", (LATER, 9))]
    assert [(clip.number, clip.source.name, clip.is_own) for clip in shown_clips(turns, "3")] == [
        (1, "short.mp4", False),
        (2, "long.mp4", False),
        (3, "later.mp4", True),
    ]
    assert shown_clips(turns, "nobody") == ()


def test_a_turn_without_an_answer_has_shown_nothing() -> None:
    turns = [asked("1", (SHORT, 5), answer=""), asked("2", (LONG, 60))]
    assert [(clip.number, clip.source.name) for clip in shown_clips(turns, "2")] == [(1, "long.mp4")]


def test_a_clip_that_became_a_picture_has_no_times() -> None:
    made = asked("1", (LONG, 60))
    made = replace(made, question=replace(made.question, sources=(PictureSource("a.png"), LONG)))
    made = replace(made, media=(noise_clip(1, (0.0, 1.0)), noise_clip(2, (0.0, 60.0))))
    assert [clip.source.name for clip in shown_clips([made], "1")] == ["long.mp4"]


@pytest.mark.parametrize(
    ("start_s", "number", "name"),
    [
        (3, 0, "later.mp4"),
        (30, 0, "long.mp4"),
        (3, 1, "short.mp4"),
        (3, 2, "long.mp4"),
        (3, 7, "later.mp4"),
        (5.9, 1, "short.mp4"),
    ],
)
def test_the_named_clip_then_the_turns_own_then_one_that_is_long_enough(start_s: float, number: int, name: str) -> None:
    earlier = [ShownClip(1, SHORT, 5, is_own=False), ShownClip(2, LONG, 60, is_own=False)]
    clips = [*earlier, ShownClip(3, LATER, 9, is_own=True)]
    found = clip_meant(clips, start_s, number)
    assert found is not None
    assert found.source.name == name


def test_no_clip_is_long_enough() -> None:
    assert clip_meant([ShownClip(1, SHORT, 5, is_own=True)], 30, 0) is None


def segmented(request_id: str, source: ClipSource, *ends_s: float, shown_s: float | None = None) -> AskedTurn:
    made = asked(request_id, answer="Merged.")
    record = record_of(noise_clip(1, (0.0, shown_s))) if shown_s is not None else None
    segments = tuple(SegmentRecord(end_s - 10, end_s, record) for end_s in ends_s)
    return replace(made, question=replace(made.question, sources=(source,)), segments=segments)


def test_a_video_in_segments_has_a_number_in_its_own_turn_alone() -> None:
    turns = [asked("1", (SHORT, 5)), segmented("2", LONG, 10, 20, 30), asked("3", (LATER, 9))]
    assert shown_clips(turns, "2")[-1] == ShownClip(2, LONG, 30, is_own=True)
    assert [(clip.number, clip.source.name) for clip in shown_clips(turns, "3")] == [
        (1, "short.mp4"),
        (0, "long.mp4"),
        (2, "later.mp4"),
    ]
    meant = clip_meant(shown_clips(turns, "3"), 25, 0)
    assert meant is not None
    assert meant.source == LONG


def test_a_video_in_segments_is_as_long_as_its_file() -> None:
    (clip,) = shown_clips([segmented("1", LONG, 10, 20, shown_s=60.0)], "1")
    assert clip.duration_s == 60


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("In Video 2 it falls at @ and lies.", 2),
        ("Video 1 is short. It falls at @ in video 2.", 2),
        ("Video 1 and Video 2 agree at @.", 2),
        ("Video 1 is short. It falls at @. Video 2 is long.", 0),
        ("视频2在@结束", 2),
        ("A video of 30 people at @", 0),
        ("Video 1.5 at @", 0),
        ("Video 2: @", 2),
    ],
)
def test_the_clip_named_in_the_same_sentence(text: str, number: int) -> None:
    assert clip_named(text, text.index("@")) == number
    assert names_a_clip(text) or not number


@given(st.text(alphabet="video 12.。\n:", max_size=200), st.integers(0, 200))
def test_any_place_of_any_text_can_be_asked_about(text: str, at: int) -> None:
    assert clip_named(text, at) >= 0
