"""A conversation as values: what is asked, what is told again, what is exported."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.core.checkpoint import Checkpoint
from app.core.clips import ClipSource
from app.core.conversation import Conversation, KnownMedium
from app.core.errors import EngineError, ErrorText
from app.core.events import (
    Figures,
    Finished,
    ModelReady,
    Outcome,
    PrefillProgress,
    Started,
    TextPiece,
    VisionProgress,
)
from app.core.footage import FrameWish
from app.core.pictures import Picture, PictureSource
from app.core.requests import Question
from app.core.results import MediaRecord
from app.core.sampling import GREEDY, Sampling
from app.core.vision import RELEASED_CLIP_LIMITS, PixelLimits
from tests.clips_made import noise_clip

if TYPE_CHECKING:
    from app.core.requests import Source

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
LIMITS = PixelLimits()
CAT = PictureSource("cat.png", Path("/pictures/cat.png"))
DOG = PictureSource("dog.png", Path("/pictures/dog.png"))
CHECKPOINT = Checkpoint(
    "demo", Path("/demo"), "sha256:1", "qwen3_vl", "bf16", LIMITS, LIMITS, 4096, Sampling(), 1, 2, (3,)
)
READY = ModelReady(CHECKPOINT, "fake", "fake 1", "no device", 0)


def picture(source: PictureSource) -> Picture:
    return Picture(source.name, source.path, "ab" * 32, 64, 64, 64, 64, bytes(64 * 64 * 3), f"digest of {source.name}")


def ask(conversation: Conversation, request_id: str, text: str, *sources: Source) -> Question:
    return conversation.ask(
        request_id, text, sources, limits=LIMITS, max_image_tokens=640, sampling=Sampling(), system="Be brief.", now=NOW
    )


def answer(conversation: Conversation, question: Question, text: str, outcome: Outcome = "done") -> None:
    pictures = tuple(picture(source) for source in question.sources if isinstance(source, PictureSource))
    conversation.take(Started(question.request_id, pictures, Sampling(seed=7)))
    if text:
        conversation.take(TextPiece(question.request_id, text))
    conversation.take(Finished(question.request_id, outcome, Figures(answer_tokens=3)))


def test_a_follow_up_tells_the_turn_before_with_its_pictures_and_shows_only_new_ones() -> None:
    conversation = Conversation()
    answer(conversation, ask(conversation, "1", "What is this?", CAT), "A cat.")
    question = ask(conversation, "2", "And this?", CAT, DOG)
    assert question.sources == (DOG,)
    assert question.system == "Be brief."
    (earlier,) = question.earlier
    assert (earlier.question, earlier.answer, earlier.pictures) == ("What is this?", "A cat.", (picture(CAT),))


@pytest.mark.parametrize("outcome", ["cancelled", "failed"])
def test_a_turn_that_ended_without_a_word_is_not_told_and_its_picture_is_shown_again(outcome: Outcome) -> None:
    conversation = Conversation()
    answer(conversation, ask(conversation, "1", "What is this?", CAT), "", outcome)
    assert conversation.shown_sources == frozenset()
    question = ask(conversation, "2", "What is this?", CAT)
    assert (question.earlier, question.sources) == ((), (CAT,))
    assert [turn.request_id for turn in conversation.turns] == ["1", "2"]


@pytest.mark.parametrize("outcome", ["length", "cancelled", "failed"])
def test_an_answer_that_broke_off_is_kept_and_told(outcome: Outcome) -> None:
    conversation = Conversation()
    answer(conversation, ask(conversation, "1", "What is this?", CAT), "A c", outcome)
    assert ask(conversation, "2", "Go on.").earlier[0].answer == "A c"
    result = conversation.result(READY)
    assert result is not None
    assert [turn.outcome for turn in result.turns] == [outcome]


def test_progress_is_seen_phase_by_phase() -> None:
    conversation = Conversation()
    ask(conversation, "1", "What?", CAT)
    seen = []
    for event in (
        Started("1", (picture(CAT),), Sampling(seed=7)),
        VisionProgress("1", 1, 1, reused=1),
        PrefillProgress("1", 10, 40),
        TextPiece("1", "A "),
        TextPiece("1", "cat."),
        Finished("1", "done", Figures()),
    ):
        turn = conversation.take(event)
        assert turn is not None
        seen.append((turn.phase, turn.done, turn.total, turn.answer))
    assert seen == [
        ("reading_pictures", 0, 0, ""),
        ("reading_pictures", 1, 1, ""),
        ("reading_prompt", 10, 40, ""),
        ("answering", 10, 40, "A "),
        ("answering", 10, 40, "A cat."),
        ("ended", 10, 40, "A cat."),
    ]
    assert conversation.turns[0].is_picture_reused
    assert conversation.turns[0].sampling.seed == 7


def test_nothing_follows_the_end() -> None:
    conversation = Conversation()
    answer(conversation, ask(conversation, "1", "What?"), "This.")
    conversation.take(TextPiece("1", " And more."))
    conversation.take(Finished("1", "failed", Figures(), ErrorText("Late.")))
    assert (conversation.turns[0].answer, conversation.turns[0].outcome) == ("This.", "done")


def test_an_event_about_something_else_is_not_taken() -> None:
    conversation = Conversation()
    ask(conversation, "1", "What?")
    assert conversation.take(TextPiece("2", "This.")) is None
    assert conversation.take(READY) is None


def test_two_questions_at_once_are_refused() -> None:
    conversation = Conversation()
    ask(conversation, "1", "What?")
    with pytest.raises(EngineError, match="still coming"):
        ask(conversation, "2", "What?")


def test_only_the_last_turn_is_withdrawn() -> None:
    conversation = Conversation()
    answer(conversation, ask(conversation, "1", "What?"), "This.")
    answer(conversation, ask(conversation, "2", "And?"), "", "failed")
    assert conversation.withdraw("1") is None
    withdrawn = conversation.withdraw("2")
    assert withdrawn is not None
    assert withdrawn.question.text == "And?"
    assert [turn.request_id for turn in conversation.turns] == ["1"]


def test_what_a_rewind_takes_away_is_told_no_more_and_comes_back_whole() -> None:
    conversation = Conversation()
    answer(conversation, ask(conversation, "1", "What?", CAT), "A cat.")
    answer(conversation, ask(conversation, "2", "And?", DOG), "A dog.")
    ask(conversation, "3", "Sure?")
    before = conversation.turns
    assert conversation.before("2").shown_sources == {CAT}
    assert conversation.before("none").shown_sources == {CAT, DOG}
    taken = conversation.rewind_to("2")
    assert [turn.request_id for turn in taken] == ["2", "3"]
    assert conversation.shown_sources == {CAT}
    assert conversation.take(TextPiece("3", "Yes.")) is None
    conversation.put_back(taken)
    assert conversation.turns == before
    assert conversation.take(TextPiece("3", "Yes.")) is not None


def test_what_was_rewound_does_not_come_back_beside_an_open_turn() -> None:
    conversation = Conversation()
    answer(conversation, ask(conversation, "1", "What?"), "This.")
    taken = conversation.rewind_to("1")
    assert conversation.rewind_to("none") == ()
    question = ask(conversation, "2", "What then?")
    assert question.earlier == ()
    with pytest.raises(EngineError, match="still coming"):
        conversation.put_back(taken)
    conversation.withdraw("2")
    conversation.put_back(taken)
    assert [turn.request_id for turn in conversation.turns] == ["1"]


def test_a_result_holds_what_is_needed_to_ask_again() -> None:
    conversation = Conversation()
    answer(conversation, ask(conversation, "1", "What?", CAT), "A cat.")
    answer(conversation, ask(conversation, "2", "Sure?"), "", "failed")
    answer(conversation, ask(conversation, "3", "Really?"), "Yes.")
    result = conversation.result(READY)
    assert result is not None
    assert [turn.question for turn in result.turns] == ["What?", "Really?"]
    (record,) = result.turns[0].media
    assert isinstance(record, MediaRecord)
    assert record.sha256 == "ab" * 32
    assert result.turns[0].sampling == Sampling(seed=7)
    assert (result.system, result.turns[-1].max_image_tokens, result.created_at) == ("Be brief.", 640, NOW)
    assert (result.model.model_id, result.model.backend_version) == ("demo", "fake 1")


def test_without_an_answer_there_is_no_result() -> None:
    conversation = Conversation()
    ask(conversation, "1", "What?")
    assert conversation.result(READY) is None


def test_a_turn_keeps_the_settings_it_was_asked_with_until_the_engine_says() -> None:
    conversation = Conversation()
    question = conversation.ask(
        "1", "What?", (), limits=LIMITS, max_image_tokens=None, sampling=GREEDY, system="", now=NOW
    )
    assert question.sampling == conversation.turns[0].sampling == GREEDY


def test_the_tokens_held_are_those_measured_last_or_else_counted() -> None:
    conversation = Conversation()
    assert conversation.held_tokens == 0
    question = ask(conversation, "1", "What is this?", CAT)
    assert conversation.held_tokens == 0
    conversation.take(Started("1", (picture(CAT),), Sampling(seed=7)))
    assert conversation.held_tokens == picture(CAT).tokens
    conversation.take(TextPiece("1", "A cat."))
    conversation.take(Finished("1", "done", Figures(prompt_tokens=50, answer_tokens=3)))
    assert conversation.held_tokens == 53
    answer(conversation, ask(conversation, "2", "And this?", DOG), "A dog.", "cancelled")
    assert conversation.held_tokens == 53 + picture(DOG).tokens + 3
    assert conversation.before("2").held_tokens == 53
    answer(conversation, ask(conversation, "3", "Well?"), "", "failed")
    assert conversation.held_tokens == 53 + picture(DOG).tokens + 3
    assert question.sources == (CAT,)


def test_known_media_say_how_each_was_shown() -> None:
    conversation = Conversation()
    clip, other = ClipSource("roll.mp4", Path("/roll.mp4")), ClipSource("still.gif", Path("/still.gif"))
    limits = RELEASED_CLIP_LIMITS.capped(1000)
    question = conversation.ask(
        "1",
        "What happens?",
        (clip, CAT, other),
        limits=LIMITS,
        max_image_tokens=None,
        sampling=Sampling(),
        system="",
        now=NOW,
        clip_limits=limits,
    )
    assert question.clip_limits == limits
    assert [known.is_picture for known in conversation.known_media.values()] == [None, True, None]
    opened = (noise_clip(1, (0.0, 0.5)), picture(CAT), picture(DOG))
    conversation.take(Started("1", opened, Sampling(seed=7)))
    assert conversation.known_media == {
        clip: KnownMedium(LIMITS, limits, is_picture=False),
        CAT: KnownMedium(LIMITS, limits, is_picture=True),
        other: KnownMedium(LIMITS, limits, is_picture=True),
    }


def test_other_frames_of_a_video_are_shown_again() -> None:
    conversation = Conversation()
    clip = ClipSource("roll.mp4", Path("/roll.mp4"))
    later = ClipSource("roll.mp4", Path("/roll.mp4"), wish=FrameWish(start_s=5))
    question = ask(conversation, "1", "What happens?", clip)
    conversation.take(Started("1", (noise_clip(1, (0.0, 0.5)),), Sampling(seed=7)))
    conversation.take(TextPiece("1", "It rolls."))
    conversation.take(Finished("1", "done", Figures(answer_tokens=3)))
    assert question.sources == (clip,)
    assert ask(conversation, "2", "And then?", clip, later).sources == (later,)
