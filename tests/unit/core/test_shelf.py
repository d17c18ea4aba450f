"""Pictures at hand, what they cost, and what was done to them taken back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.clips import ClipSource
from app.core.errors import ErrorText
from app.core.footage import ClipPlan, Footage, FrameWish
from app.core.pictures import PictureSource, open_picture
from app.core.segments import Room
from app.core.shelf import Medium, Shelf, picture_cost
from app.core.vision import PixelLimits
from tests.drawn_pictures import corners_image, encoded

CAT = PictureSource("cat.png", Path("/pictures/cat.png"))
DOG = PictureSource("dog.png", Path("/pictures/dog.png"))
COW = PictureSource("cow.png", data=b"moo")


@pytest.mark.parametrize("size", [(160, 96), (1024, 704), (3000, 2000), (40, 40), (4000, 33)])
@pytest.mark.parametrize("budget", [None, 256, 640, 1280])
def test_the_cost_said_before_is_the_cost_after(size: tuple[int, int], budget: int | None) -> None:
    limits = PixelLimits().capped(budget)
    cost = picture_cost(*size, limits)
    picture = open_picture(PictureSource("drawn.png", data=encoded(corners_image(*size), "PNG")), limits)
    seen = (picture.tokens, picture.width_px, picture.height_px, picture.is_reduced)
    assert (cost.tokens, cost.width_px, cost.height_px, cost.is_reduced) == seen


@pytest.mark.parametrize(("system", "count"), [("darwin", 1), ("linux", 2)])
def test_on_a_mac_accents_may_be_written_in_two_ways(monkeypatch: pytest.MonkeyPatch, system: str, count: int) -> None:
    monkeypatch.setattr("sys.platform", system)
    shelf = Shelf()
    for name in ("Grün.png", "Gru\N{COMBINING DIAERESIS}n.png"):
        shelf.add([PictureSource(name, Path("/pictures") / name)])
    assert len(shelf.media) == count


def test_a_picture_lies_on_the_shelf_once() -> None:
    shelf = Shelf()
    first = shelf.add([CAT, DOG])
    assert [medium.source for medium in first] == [CAT, DOG]
    assert shelf.add([CAT]) == ()
    shelf.remove([first[0].medium_id])
    (again,) = shelf.add([CAT])
    assert again.medium_id not in {medium.medium_id for medium in first}
    assert [medium.source for medium in shelf.media] == [DOG, CAT]


def test_a_size_that_comes_after_removal_is_dropped() -> None:
    shelf = Shelf()
    (medium,) = shelf.add([CAT])
    assert not medium.is_opened
    sized = shelf.note_size(medium.medium_id, 4, 3)
    assert sized is not None
    assert sized.is_opened
    shelf.remove([medium.medium_id])
    assert shelf.note_size(medium.medium_id, 4, 3) is None
    assert shelf.get(medium.medium_id) is None


def names(shelf: Shelf) -> list[str]:
    return [medium.source.name for medium in shelf.media]


def ids(shelf: Shelf) -> list[str]:
    return [medium.medium_id for medium in shelf.media]


def test_an_edited_file_takes_the_place_of_what_it_was() -> None:
    shelf = Shelf()
    old = PictureSource("cat.png", CAT.path, stamp=(10, 1))
    shelf.add([old, DOG])
    assert shelf.add([old]) == ()
    (new,) = shelf.add([PictureSource("cat.png", CAT.path, stamp=(10, 2))])
    assert names(shelf) == ["cat.png", "dog.png"]
    assert ids(shelf)[0] == new.medium_id
    assert shelf.find(old) is None
    shelf.undo()
    assert shelf.find(old) is not None


def test_the_same_bytes_lie_here_once_whatever_they_are_called() -> None:
    shelf = Shelf()
    shelf.add([COW])
    assert shelf.add([PictureSource("another name.png", data=b"moo")]) == ()


def test_steps_are_taken_back_and_done_again_in_order() -> None:
    shelf = Shelf()
    shelf.add([CAT, DOG])
    shelf.add([COW])
    assert names(shelf) == ["cat.png", "dog.png", "cow.png"]
    shelf.move([ids(shelf)[1]], 0)
    assert names(shelf) == ["dog.png", "cat.png", "cow.png"]
    shelf.remove(ids(shelf)[1:])
    assert names(shelf) == ["dog.png"]
    kinds = []
    while (step := shelf.undo()) is not None:
        kinds.append((step.kind, len(step.medium_ids), len(shelf.media)))
    assert kinds == [("remove", 2, 3), ("move", 1, 3), ("add", 1, 2), ("add", 2, 0)]
    assert shelf.last_step is None
    while shelf.redo() is not None:
        pass
    assert names(shelf) == ["dog.png"]
    shelf.undo()
    shelf.remove(ids(shelf)[:1])
    assert shelf.next_step is None
    assert shelf.redo() is None


def test_what_changes_nothing_is_no_step() -> None:
    shelf = Shelf()
    shelf.add([CAT, DOG])
    shelf.move(ids(shelf)[:1], 0)
    shelf.move(ids(shelf), 1)
    shelf.remove(["medium-9"])
    shelf.add([CAT])
    assert shelf.last_step is not None
    assert shelf.last_step.kind == "add"


def test_a_picture_that_could_not_be_opened_never_comes_back() -> None:
    shelf = Shelf()
    shelf.add([CAT])
    (dog,) = shelf.add([DOG])
    shelf.forget(dog.medium_id)
    assert names(shelf) == ["cat.png"]
    step = shelf.undo()
    assert step is not None
    assert [step.kind, *step.medium_ids] == ["add", "medium-1"]
    shelf.redo()
    assert names(shelf) == ["cat.png"]


@given(st.lists(st.tuples(st.sampled_from(["add", "remove", "move", "undo", "redo", "forget"]), st.integers(0, 7))))
def test_undoing_everything_always_leads_back(steps: list[tuple[str, int]]) -> None:
    shelf = Shelf()
    for kind, number in steps:
        here = ids(shelf)
        chosen = here[number % len(here) : number % len(here) + 2] if here else []
        if kind == "add":
            shelf.add([PictureSource(f"{number}.png", Path(f"/{number}.png"))])
        elif kind == "remove":
            shelf.remove(chosen)
        elif kind == "move":
            shelf.move(chosen, min(number, len(here)))
        elif kind == "forget" and chosen:
            shelf.forget(chosen[0])
        elif kind == "undo":
            shelf.undo()
        elif kind == "redo":
            shelf.redo()
        assert len({medium.source for medium in shelf.media}) == len(shelf.media)
        assert all(shelf.find(medium.source) == medium for medium in shelf.media)
    last = names(shelf)
    count = 0
    while shelf.undo() is not None:
        count += 1
    assert names(shelf) == []
    for _ in range(count):
        shelf.redo()
    assert names(shelf) == last


def test_a_video_is_one_whichever_of_its_frames_are_wanted() -> None:
    shelf, clip = Shelf(), ClipSource("roll.mp4", Path("/roll.mp4"), stamp=(10, 1))
    (medium,) = shelf.add([clip])
    footage = Footage([0.0, 0.5, 1.0, 1.5], 2.0, 64, 48)
    shelf.note_size(medium.medium_id, 64, 48, footage)
    wished = shelf.set_wish(medium.medium_id, FrameWish(start_s=1))
    assert wished is not None
    assert wished.footage is footage
    assert isinstance(wished.source, ClipSource)
    assert wished.source.wish.start_s == 1
    assert shelf.add([clip]) == ()
    assert shelf.find(clip) == wished
    shelf.remove([medium.medium_id])
    shelf.undo()
    assert shelf.media == (wished,)


def test_chosen_frames_can_be_undone_and_what_is_dragged_is_one_step() -> None:
    shelf = Shelf()
    cat, medium = shelf.add([CAT, ClipSource("roll.mp4", Path("/roll.mp4"), stamp=(10, 1))])

    def wish() -> FrameWish:
        (_, video) = shelf.media
        assert isinstance(video.source, ClipSource)
        return video.source.wish

    def choose(start_s: float | None, *, goes_on: bool = False) -> None:
        shelf.choose_frames(medium.medium_id, FrameWish(start_s=start_s), goes_on=goes_on)

    choose(1)
    choose(2)
    choose(3, goes_on=True)
    assert wish().start_s == 3
    shelf.undo()
    assert wish().start_s == 1
    shelf.undo()
    assert wish() == FrameWish()
    step = shelf.last_step
    assert step is not None
    assert step.kind == "add"
    shelf.redo()
    shelf.redo()
    assert wish().start_s == 3
    choose(4, goes_on=True)
    choose(1, goes_on=True)  # back where it was
    shelf.undo()
    assert wish() == FrameWish()
    shelf.choose_frames(cat.medium_id, FrameWish(start_s=1))
    assert shelf.last_step is step
    shelf.redo()
    shelf.forget(medium.medium_id)
    shelf.undo()
    assert shelf.media == ()


def test_a_picture_has_no_frames_to_wish_for() -> None:
    shelf = Shelf()
    (medium,) = shelf.add([CAT])
    assert shelf.set_wish(medium.medium_id, FrameWish(start_s=1)) is None
    assert shelf.set_wish("medium-gone", FrameWish()) is None


def test_a_plan_is_made_once_whatever_pictures_may_cost() -> None:
    footage = Footage([0.0, 0.5, 1.0, 1.5], 2.0, 64, 48)
    video = Medium("1", ClipSource("roll.mp4", Path("/roll.mp4")), 64, 48, footage)
    limits = PixelLimits(4_096, 1_000_000)
    plan = video.plan(limits, PixelLimits())
    assert plan is not None
    assert video.plan(limits, PixelLimits().capped(64)) is plan
    assert video.plan(limits.capped(8), PixelLimits()) is not plan
    large = Medium("2", video.source, 1600, 1200, Footage([0.0], 0.1, 1600, 1200))
    whole, small = large.plan(limits, PixelLimits()), large.plan(limits, PixelLimits().capped(256))
    assert isinstance(whole, ClipPlan)
    assert isinstance(small, ClipPlan)
    assert (whole.tokens, small.tokens) == (1900, 234)


def test_the_parts_of_a_long_video_are_planned_once_for_each_room() -> None:
    footage = Footage([number / 10 for number in range(20_000)], 2000.0, 640, 360)
    video = Medium("1", ClipSource("long.mp4", Path("/long.mp4")), 640, 360, footage)
    limits, room = PixelLimits(4_096, 25_165_824), Room(PixelLimits(4_096, 25_165_824), 20_000)
    plan = video.plan(limits, PixelLimits(), room)
    assert isinstance(plan, ClipPlan)
    assert len(plan.parts) == 6
    assert video.plan(limits, PixelLimits(), room) is plan
    assert video.plan(limits, PixelLimits(), replace(room, tokens=19_999)) is plan
    no_room = video.plan(limits, PixelLimits(), replace(room, tokens=1))
    assert isinstance(no_room, ErrorText)
    assert video.plan(limits, PixelLimits(), replace(room, tokens=1)) is no_room
    for tokens in range(12_000, 12_050):  # what there is room for changes with all that is selected: not all is kept
        less = limits.capped(tokens)
        assert isinstance(video.plan(less, PixelLimits(), Room(less, tokens)), ClipPlan)
    assert len(video._cuts) <= 32
    assert len(video._plans) <= 32
