"""What the next question shows, under which numbers, at what cost."""

from __future__ import annotations

from pathlib import Path

from app.core.conversation import KnownPicture
from app.core.next_question import NextQuestion
from app.core.pictures import PictureSource
from app.core.shelf import Medium
from app.core.vision import PixelLimits

LIMITS = PixelLimits()
SMALL = LIMITS.capped(256)
CAT, DOG, COW = (
    Medium(f"medium-{name}", PictureSource(name, Path(f"/{name}")), 1600, 1200) for name in ("cat", "dog", "cow")
)
UNOPENED = Medium("medium-new", PictureSource("new", Path("/new")))


def test_new_pictures_are_numbered_after_those_that_are_known() -> None:
    known = {DOG.source: KnownPicture(1, LIMITS)}
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
    question = NextQuestion([CAT, DOG], {"medium-cat"}, {DOG.source: KnownPicture(1, LIMITS)}, SMALL)
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
