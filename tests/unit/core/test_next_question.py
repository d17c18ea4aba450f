"""What the next question shows, under which numbers, at what cost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.core.clips import ClipSource
from app.core.conversation import KnownMedium
from app.core.footage import Footage, FrameWish
from app.core.next_question import NextQuestion
from app.core.pictures import PictureSource
from app.core.shelf import Medium
from app.core.vision import RELEASED_CLIP_LIMITS, PixelLimits

if TYPE_CHECKING:
    from app.core.requests import Source

LIMITS = PixelLimits()
SMALL = LIMITS.capped(256)
CAT, DOG, COW = (
    Medium(f"medium-{name}", PictureSource(name, Path(f"/{name}")), 1600, 1200) for name in ("cat", "dog", "cow")
)
UNOPENED = Medium("medium-new", PictureSource("new", Path("/new")))


def test_new_pictures_are_numbered_after_those_that_are_known() -> None:
    known = {DOG.source: KnownMedium(LIMITS)}
    question = NextQuestion([CAT, DOG, COW], {"medium-cow", "medium-cat", "medium-dog"}, known, LIMITS)
    assert question.new == (CAT, COW)
    assert [question.number(medium) for medium in (CAT, DOG, COW)] == [2, 1, 3]
    assert question.is_known(DOG)
    assert not question.is_known(CAT)


def test_what_is_not_asked_about_has_no_number() -> None:
    question = NextQuestion([CAT, DOG], {"medium-dog", "medium-gone"}, {}, LIMITS)
    assert question.number(CAT) is None
    assert question.selected == (DOG,)


def test_a_known_picture_costs_what_it_cost_when_it_was_shown() -> None:
    question = NextQuestion([CAT, DOG], {"medium-cat"}, {DOG.source: KnownMedium(LIMITS)}, SMALL)
    now, then = question.cost(CAT), question.cost(DOG)
    assert now is not None
    assert then is not None
    assert (now.tokens, then.tokens) == (234, 1900)
    assert question.new_tokens == 234


def test_a_picture_that_is_not_open_yet_has_no_cost() -> None:
    question = NextQuestion([UNOPENED, CAT], {"medium-new", "medium-cat"}, {}, SMALL)
    assert question.cost(UNOPENED) is None
    assert question.new == (UNOPENED, CAT)
    assert question.new_tokens == 234
    assert not question.use.is_counted
    assert NextQuestion([UNOPENED, CAT], {"medium-cat"}, {}, SMALL).use.is_counted


def test_the_use_of_the_context_is_counted_whole() -> None:
    media, ids = [CAT, DOG], {"medium-cat", "medium-dog"}
    use = NextQuestion(media, ids, {}, SMALL, held_tokens=100, context_tokens=1000).use
    assert (use.new_tokens, use.total_tokens, use.is_near, use.is_over) == (468, 568, False, False)
    for held, is_near, is_over in ((331, False, False), (332, True, False), (531, True, False), (532, False, True)):
        use = NextQuestion(media, ids, {}, SMALL, held_tokens=held, context_tokens=1000).use
        assert (use.is_near, use.is_over) == (is_near, is_over)


def test_without_a_model_nothing_is_too_much() -> None:
    use = NextQuestion([CAT], {"medium-cat"}, {}, LIMITS).use
    assert (use.total_tokens, use.is_near, use.is_over) == (1900, False, False)


FOOTAGE = Footage([number / 25 for number in range(350)], 14.0, 1920, 1080)
ROLL = Medium("medium-roll", ClipSource("roll.mp4", Path("/roll.mp4")), 1920, 1080, FOOTAGE)
STILL = Medium("medium-still", ClipSource("still.gif", Path("/still.gif")), 64, 64, Footage([0.0], 0.1, 64, 64))
CLOSED = Medium("medium-closed", ClipSource("closed.mp4", Path("/closed.mp4")))


def asked(*media: Medium, known: dict[Source, KnownMedium] | None = None, **limits: PixelLimits) -> NextQuestion:
    ids = {medium.medium_id for medium in media}
    return NextQuestion(media, ids, known or {}, LIMITS, **limits)  # type: ignore[arg-type]


def test_pictures_and_videos_are_numbered_apart_and_a_single_frame_is_a_picture() -> None:
    media = (ROLL, CAT, STILL, CLOSED, DOG)
    question = asked(*media)
    assert [(question.is_video(medium), question.number(medium)) for medium in media] == [
        (True, 1),
        (False, 1),
        (False, 2),
        (True, 2),
        (False, 3),
    ]


def test_numbers_go_on_after_what_was_shown_as_it_was_shown() -> None:
    gone = ClipSource("gone.mp4", Path("/gone.mp4"))
    known = {
        gone: KnownMedium(LIMITS, is_picture=True),
        ROLL.source: KnownMedium(LIMITS, is_picture=False),
        STILL.source: KnownMedium(LIMITS, is_picture=None),
    }
    question = asked(CAT, ROLL, STILL, CLOSED, known=known)
    assert [question.number(medium) for medium in (CAT, ROLL, STILL, CLOSED)] == [3, 1, 2, 2]


def test_a_video_costs_all_its_frames_within_the_limits_of_the_model() -> None:
    question = asked(ROLL, CAT)
    plan, cost = question.plan(ROLL), question.cost(ROLL)
    assert plan is not None
    assert cost is not None
    assert (len(plan.frame_times_s), plan.spacing_s) == (28, 13.96 / 27)
    assert (cost.tokens, cost.width_px, cost.height_px, cost.is_reduced) == (12_012, 1248, 704, True)
    assert question.new_tokens == 12_012 + 1900
    small = asked(ROLL, clip_limits=RELEASED_CLIP_LIMITS.capped(2000)).cost(ROLL)
    assert small is not None
    assert small.tokens <= 1000
    assert question.plan(ROLL) is plan
    assert question.plan(CAT) is None


def test_until_a_video_is_known_it_has_no_cost() -> None:
    question = asked(CLOSED)
    assert (question.plan(CLOSED), question.cost(CLOSED), question.why_not(CLOSED)) == (None, None, None)
    assert not question.use.is_counted


def test_other_frames_of_a_known_video_are_new() -> None:
    known = {ROLL.source: KnownMedium(LIMITS, is_picture=False)}
    other = replace(ROLL, source=ClipSource("roll.mp4", Path("/roll.mp4"), wish=FrameWish(start_s=5)))
    question = asked(other, known=known)
    assert not question.is_known(other)
    assert question.new == (other,)
    assert question.number(other) == 2


def test_a_range_without_frames_is_a_fault_with_a_reason() -> None:
    late = replace(ROLL, source=ClipSource("roll.mp4", Path("/roll.mp4"), wish=FrameWish(start_s=20)))
    question = asked(late)
    fault = question.why_not(late)
    assert fault is not None
    assert "ends at 14.0 s" in fault.text
    assert (question.plan(late), question.cost(late)) == (None, None)


def test_a_known_video_costs_what_it_cost_when_it_was_shown() -> None:
    then = KnownMedium(LIMITS, RELEASED_CLIP_LIMITS.capped(2000), is_picture=False)
    cost = asked(ROLL, known={ROLL.source: then}).cost(ROLL)
    assert cost is not None
    assert cost.tokens <= 1000
