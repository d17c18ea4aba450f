"""Turns about a video in segments: what events make of them, what later questions are told, what exports write."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.core.clips import ClipSource
from app.core.conversation import AskedTurn, Conversation
from app.core.errors import EngineError, ErrorText
from app.core.events import (
    EngineEvent,
    Figures,
    Finished,
    MergeStarted,
    PrefillProgress,
    SegmentEnded,
    SegmentsPlanned,
    SegmentStarted,
    SegmentText,
    Started,
    TextPiece,
)
from app.core.footage import FrameWish
from app.core.pictures import PictureSource
from app.core.results import ClipRecord, SegmentRecord, added_figures
from app.core.sampling import GREEDY
from app.core.vision import PixelLimits
from tests.example_results import ASKED_AT, clip_record

WISH = FrameWish(frames_per_s=1.0)
VIDEO = ClipSource("clip.mp4", Path("/clips/clip.mp4"), wish=WISH)
PICTURE = PictureSource("a.png", Path("/pictures/a.png"))
COST = Figures(100, 10, 21, 0.5, 2.0, 10.0, 7)


def asked(conversation: Conversation, request_id: str, text: str, *sources: ClipSource | PictureSource) -> None:
    conversation.ask(
        request_id,
        text,
        sources,
        limits=PixelLimits(),
        max_image_tokens=None,
        sampling=GREEDY,
        system="",
        now=ASKED_AT,
    )


def after(conversation: Conversation, *events: EngineEvent) -> AskedTurn:
    for event in events:
        conversation.take(event)
    return conversation.turns[-1]


def begun(conversation: Conversation) -> None:
    """A video of two segments, the first of them answered."""
    asked(conversation, "a", "What?", VIDEO)
    after(
        conversation,
        Started("a", (), replace(GREEDY, seed=3)),
        SegmentsPlanned("a", (SegmentRecord(0.0, 30.0), SegmentRecord(28.0, 60.0))),
        SegmentStarted("a", 0, clip_record(), ("Damaged frames.",)),
        SegmentText("a", 0, "A door "),
        SegmentText("a", 0, "opens."),
        SegmentEnded("a", 0, "done", COST),
    )


def test_events_fill_segment_after_segment() -> None:
    conversation = Conversation()
    begun(conversation)
    turn = after(conversation, SegmentStarted("a", 1, clip_record(), ("Damaged frames.",)), PrefillProgress("a", 5, 10))
    assert (turn.segment_at, turn.fraction) == (1, 0.625)
    assert turn.segment_notes == ("Damaged frames.",)
    assert (turn.segments[0].answer, turn.segments[0].is_answered) == ("A door opens.", True)
    turn = after(conversation, SegmentText("a", 1, "It"), SegmentEnded("a", 1, "failed", COST, ErrorText("Gone.")))
    assert (turn.segment_at, turn.segments[1].outcome, turn.segments[1].error) == (None, "failed", ErrorText("Gone."))
    turn = after(conversation, MergeStarted("a"), TextPiece("a", "All."), Finished("a", "done", COST))
    assert (turn.answer, turn.fraction, turn.can_go_on) == ("All.", None, False)


def test_later_questions_are_told_the_answer_and_show_no_frames() -> None:
    conversation = Conversation()
    begun(conversation)
    after(conversation, MergeStarted("a"), TextPiece("a", "All."), Finished("a", "done", COST))
    assert VIDEO in conversation.shown_sources
    assert not conversation.known_media[VIDEO].is_in_view
    asked(conversation, "b", "And then?", VIDEO, PICTURE)
    question = conversation.turns[-1].question
    assert [(turn.media, turn.answer) for turn in question.earlier] == [((), "All.")]
    assert question.sources == (PICTURE,)
    assert conversation.held_tokens == COST.answer_tokens


def test_of_a_stopped_turn_the_answered_segments_are_told() -> None:
    conversation = Conversation()
    begun(conversation)
    turn = after(conversation, Finished("a", "cancelled", COST))
    assert turn.is_told
    assert turn.can_go_on
    assert "| 0:00 – 0:30 | A door opens. |" in turn.told_answer
    untouched = Conversation()
    asked(untouched, "a", "What?", VIDEO)
    planned = SegmentsPlanned("a", (SegmentRecord(0.0, 30.0), SegmentRecord(28.0, 60.0)))
    turn = after(untouched, Started("a", (), GREEDY), planned, Finished("a", "cancelled", Figures()))
    assert not turn.is_told
    assert VIDEO not in untouched.shown_sources


def test_going_on_keeps_the_seed_the_time_and_what_is_answered() -> None:
    conversation = Conversation()
    begun(conversation)
    turn = after(conversation, Finished("a", "cancelled", COST))
    (taken,) = conversation.rewind_to("a")
    question = conversation.go_on(taken, "b")
    assert (question.request_id, question.sampling.seed, question.segments) == ("b", 3, turn.segments)
    assert question.sources == (VIDEO,)
    assert conversation.turns[-1].created_at == turn.created_at
    with pytest.raises(EngineError, match="still coming"):
        conversation.go_on(taken, "c")


def test_the_record_has_the_video_once_and_every_segment() -> None:
    conversation = Conversation()
    begun(conversation)
    second = replace(clip_record(), frame_times_s=(28.0, 29.0), tokens=40)
    turn = after(conversation, SegmentStarted("a", 1, second), Finished("a", "cancelled", COST))
    record = turn.record()
    (whole,) = record.media
    assert isinstance(whole, ClipRecord)
    assert whole.frame_times_s == (*clip_record().frame_times_s, 28.0, 29.0)
    assert (whole.tokens, whole.wish) == (clip_record().tokens + 40, WISH)
    assert [segment.outcome for segment in record.segments] == ["done", None]
    assert record.outcome == "cancelled"


def test_figures_of_several_passes_add_up() -> None:
    both = added_figures([COST, replace(COST, tokens_per_s=20.0, peak_memory_bytes=9), Figures()])
    assert (both.prompt_tokens, both.answer_tokens, both.peak_memory_bytes) == (200, 42, 9)
    assert both.time_to_first_token_s == 0.5
    assert both.tokens_per_s == pytest.approx(40 / (20 / 10 + 20 / 20))
    assert added_figures([]) == Figures()
