"""Questions about videos that one pass cannot hold, or that are to be split, on the engine with a fake backend."""

from __future__ import annotations

import gc
import itertools
import weakref
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from app.backends.fake_backend import FakeBackend, FakeScript
from app.core.backend import Abilities
from app.core.clips import Clip, ClipSource
from app.core.events import (
    EngineClosed,
    Finished,
    MergeStarted,
    ModelReady,
    SegmentEnded,
    SegmentsPlanned,
    SegmentStarted,
    SegmentText,
    Started,
    TextPiece,
)
from app.core.footage import FrameWish
from app.core.pictures import PictureSource
from app.core.results import ClipRecord
from app.engine import long_footage
from app.engine.opened_media import open_medium
from tests.clips_made import number_in, numbered, write_video
from tests.engine.engine_driver import FAKE_CHECKPOINT, EngineDriver, question

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from app.core.requests import Question

LASTS_S = 12


@pytest.fixture
def video(tmp_path: Path) -> ClipSource:
    """Twelve seconds, ten numbered frames each."""
    file = tmp_path / "long.mp4"
    write_video(file, numbered(10 * LASTS_S), rate=10)
    return ClipSource("long.mp4", file)


@contextmanager
def ready(**script: Any) -> Iterator[EngineDriver]:
    driver = EngineDriver(FakeScript(**script))
    try:
        driver.engine.load(FAKE_CHECKPOINT)
        driver.until(ModelReady)
        yield driver
    finally:
        assert driver.engine.close(5)
        driver.until(EngineClosed)


def in_parts(video: ClipSource, request_id: str = "a", **fields: Any) -> Question:
    asked = question(request_id, "What happens?", **{"sources": (video,), "segment_s": 4.0, **fields})
    return replace(asked, sampling=replace(asked.sampling, seed=5))


def of_kind(driver: EngineDriver, kind: type) -> list[Any]:
    return [event for event in driver.events if isinstance(event, kind)]


def said_of(driver: EngineDriver, index: int) -> str:
    return "".join(event.text for event in of_kind(driver, SegmentText) if event.index == index)


def test_segments_are_asked_in_turn_and_then_merged(video: ClipSource) -> None:
    with ready(answers=("first", "second", "third", "All in all.")) as driver:
        driver.engine.ask(in_parts(video))
        end = driver.end_of("a")
        assert (end.outcome, len(driver.ends_of("a"))) == ("done", 1)
        (planned,) = of_kind(driver, SegmentsPlanned)
        assert [(part.start_s, part.end_s) for part in planned.segments] == [(0.0, 4.0), (3.5, 8.0), (7.5, 12.0)]
        assert [said_of(driver, index) for index in range(3)] == ["first", "second", "third"]
        order = [type(event).__name__ for event in driver.events if not isinstance(event, SegmentText | TextPiece)]
        assert order.index("Started") < order.index("SegmentsPlanned") < order.index("SegmentStarted")
        assert [event.index for event in of_kind(driver, SegmentStarted)] == [0, 1, 2]
        assert [event.outcome for event in of_kind(driver, SegmentEnded)] == ["done"] * 3
        assert driver.text_of("a").splitlines() == [
            "All in all.",
            "",
            "### Timeline",
            "",
            "| Time | What is seen |",
            "| --- | --- |",
            "| 0:00 – 0:04 | first |",
            "| 0:03.5 – 0:08.0 | second |",
            "| 0:07.5 – 0:12.0 | third |",
        ]
        counted = [event.figures.answer_tokens for event in of_kind(driver, SegmentEnded)]
        assert end.figures.answer_tokens > sum(counted) > 0


def test_each_segment_shows_its_own_frames_with_their_true_times(video: ClipSource) -> None:
    with ready() as driver:
        driver.engine.ask(in_parts(video))
        driver.end_of("a")
        *parts, merge = driver.backend.seen
        assert len(parts) == 3
        for request, (start_s, end_s) in zip(parts, [(0.0, 4.0), (3.5, 8.0), (7.5, 12.0)], strict=True):
            (turn,) = request.turns
            (clip,) = turn.media
            assert isinstance(clip, Clip)
            assert turn.question == "What happens?"
            assert start_s <= clip.plan.frame_times_s[0] < clip.plan.frame_times_s[-1] <= end_s
            numbers = [number_in(frame, clip.width_px, clip.height_px) for frame in clip.frames]
            assert [number / 10 for number in numbers] == pytest.approx(list(clip.plan.frame_times_s), abs=1e-3)
        shown = [event.shown for event in of_kind(driver, SegmentStarted)]
        assert all(isinstance(record, ClipRecord) for record in shown)
        assert merge.turns[-1].media == ()
        assert "0:03.5 – 0:08.0 (3.5 to 8.0 seconds):\nYou asked" in merge.turns[-1].question


def test_what_one_pass_holds_is_asked_as_ever(video: ClipSource) -> None:
    with ready() as driver:
        driver.engine.ask(in_parts(video, segment_s=None))
        driver.end_of("a")
        assert not of_kind(driver, SegmentsPlanned)
        assert len(driver.backend.seen) == 1
        assert isinstance(of_kind(driver, Started)[0].media[0], Clip)


def test_what_one_pass_cannot_hold_is_split_by_itself(video: ClipSource) -> None:
    with ready() as driver:
        asked = in_parts(replace(video, wish=FrameWish(frames_per_s=10.0)), segment_s=None)
        asked = replace(
            asked, clip_limits=replace(asked.clip_limits, max_pixels=50 * 1024)
        )  # 50 of the smallest frames
        driver.engine.ask(asked)
        driver.end_of("a")
        (planned,) = of_kind(driver, SegmentsPlanned)
        assert len(planned.segments) == 3


def test_a_stop_in_the_second_keeps_the_first_and_going_on_asks_the_others(video: ClipSource) -> None:
    with ready(answers=("word " * 30,), piece_delay_s=0.02) as driver:
        driver.engine.ask(in_parts(video))
        driver.until(SegmentText, lambda event: event.index == 1)
        driver.engine.cancel("a")
        assert driver.end_of("a").outcome == "cancelled"
        assert [(event.index, event.outcome) for event in of_kind(driver, SegmentEnded)] == [
            (0, "done"),
            (1, "cancelled"),
        ]
        assert not of_kind(driver, MergeStarted)
        (planned,) = of_kind(driver, SegmentsPlanned)
        done = of_kind(driver, SegmentEnded)[0]
        shown = of_kind(driver, SegmentStarted)[0].shown
        first = replace(planned.segments[0], shown=shown, answer="kept", outcome="done", figures=done.figures)
        stopped = replace(planned.segments[1], answer="word", outcome="cancelled")
        driver.events.clear()
        driver.backend.seen.clear()
        driver.engine.ask(in_parts(video, "b", segments=(first, stopped, planned.segments[2])))
        assert driver.end_of("b").outcome == "done"
        assert [event.index for event in of_kind(driver, SegmentStarted)] == [1, 2]
        assert [part.answer for part in of_kind(driver, SegmentsPlanned)[0].segments] == ["kept", "", ""]
        assert len(driver.backend.seen) == 3
        assert "kept" in driver.backend.seen[-1].turns[-1].question


def test_a_stop_is_heard_while_the_next_frames_are_opened(video: ClipSource, monkeypatch: pytest.MonkeyPatch) -> None:
    with ready() as driver:
        asked: list[float | None] = []

        def opening(source: ClipSource, *others: Any) -> Any:
            asked.append(source.wish.start_s)
            if len(asked) == 2:
                driver.engine.cancel("a")
            return open_medium(source, *others)

        monkeypatch.setattr(long_footage, "open_medium", opening)
        driver.engine.ask(in_parts(video))
        assert driver.end_of("a").outcome == "cancelled"


def test_frames_whose_turn_comes_after_the_end_are_not_opened(video: ClipSource) -> None:
    waiting: list[Callable[[], None]] = []
    stops: Iterator[bool] = itertools.repeat(False)
    long = long_footage.long_footage(in_parts(video), waiting.append, lambda: next(stops))
    assert long is not None
    long.begin()
    backend = FakeBackend(FakeScript())
    list(backend.load(FAKE_CHECKPOINT, lambda: False))
    events = long.answer(backend)
    assert any(isinstance(event, SegmentEnded) for event in events)
    stops = itertools.chain([False], itertools.repeat(True))  # stopped while the second is waited for
    assert [event.outcome for event in events if isinstance(event, Finished)] == ["cancelled"]
    (opening,) = waiting
    opening()
    assert not long._ahead


def test_all_answered_is_merged_alone(video: ClipSource) -> None:
    with ready(answers=("x",)) as driver:
        driver.engine.ask(in_parts(video))
        driver.end_of("a")
        starts = of_kind(driver, SegmentStarted)
        parts = tuple(
            replace(part, shown=start.shown, answer="seen", outcome="done")
            for part, start in zip(of_kind(driver, SegmentsPlanned)[0].segments, starts, strict=True)
        )
        driver.backend.seen.clear()
        driver.engine.ask(in_parts(video, "b", segments=parts))
        assert driver.end_of("b").outcome == "done"
        assert len(driver.backend.seen) == 1


@pytest.mark.allows_log
def test_a_fault_of_one_segment_does_not_lose_the_others(video: ClipSource, monkeypatch: pytest.MonkeyPatch) -> None:
    def opening(source: ClipSource, *others: Any) -> Any:
        if source.wish.start_s == 3.5:
            message = "nothing can be decoded here"
            raise OSError(message)
        return open_medium(source, *others)

    monkeypatch.setattr(long_footage, "open_medium", opening)
    with ready(answers=("one", "three", "All.")) as driver:
        driver.engine.ask(in_parts(video))
        assert driver.end_of("a").outcome == "done"
        ends = of_kind(driver, SegmentEnded)
        assert [event.outcome for event in ends] == ["done", "failed", "done"]
        assert ends[1].error is not None
        assert "| 0:03.5 – 0:08.0 | Not looked at: Something went wrong" in driver.text_of("a")
        assert "| 0:07.5 – 0:12.0 | three |" in driver.text_of("a")


@pytest.mark.allows_log
def test_an_answer_that_breaks_off_is_a_fault_of_its_segment(
    video: ClipSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate = FakeBackend.generate

    def breaking(backend: FakeBackend, requests: Any, stop: Any) -> Iterator[Any]:
        if len(backend.seen) == 1:
            backend.seen.extend(requests)
            yield TextPiece(requests[0].request_id, "half")
            message = "out of everything"
            raise RuntimeError(message)
        yield from generate(backend, requests, stop)

    monkeypatch.setattr(FakeBackend, "generate", breaking)
    with ready(answers=("one", "three", "All.")) as driver:
        driver.engine.ask(in_parts(video))
        assert driver.end_of("a").outcome == "done"
        assert [event.outcome for event in of_kind(driver, SegmentEnded)] == ["done", "failed", "done"]
        assert said_of(driver, 1) == "half"


def test_when_every_segment_fails_the_request_fails(video: ClipSource, monkeypatch: pytest.MonkeyPatch) -> None:
    def opening(source: ClipSource, *others: Any) -> Any:
        assert source.path is not None
        return open_medium(replace(source, path=source.path.with_name("gone.mp4")), *others)

    monkeypatch.setattr(long_footage, "open_medium", opening)
    with ready() as driver:
        driver.engine.ask(in_parts(video))
        end = driver.end_of("a")
        assert end.outcome == "failed"
        assert end.error is not None
        assert "does not exist" in end.error.text
        assert not driver.backend.seen


def test_a_video_that_changed_is_not_mixed_with_earlier_answers(video: ClipSource) -> None:
    with ready(answers=("x",)) as driver:
        driver.engine.ask(in_parts(video))
        driver.end_of("a")
        planned = of_kind(driver, SegmentsPlanned)[0].segments
        first = replace(planned[0], shown=of_kind(driver, SegmentStarted)[0].shown, answer="x", outcome="done")
        assert video.path is not None
        write_video(video.path, numbered(10 * LASTS_S)[::-1], rate=10)
        driver.engine.ask(in_parts(video, "b", segments=(first, *planned[1:])))
        end = driver.end_of("b")
        assert end.error is not None
        assert "has changed" in end.error.text


def test_frames_of_at_most_two_segments_are_alive(video: ClipSource, monkeypatch: pytest.MonkeyPatch) -> None:
    clips: weakref.WeakSet[Clip] = weakref.WeakSet()
    most: list[int] = []

    class Counted(Clip):
        __slots__ = ("__weakref__",)

        def __hash__(self) -> int:
            return id(self)

    def opening(source: ClipSource, *others: Any) -> Any:
        clip = open_medium(source, *others)
        assert isinstance(clip, Clip)
        counted = Counted(**{name: getattr(clip, name) for name in clip.__dataclass_fields__})
        clips.add(counted)
        gc.collect()
        most.append(len(clips))
        return counted

    monkeypatch.setattr(long_footage, "open_medium", opening)
    with ready(answers=("word " * 5,), piece_delay_s=0.005) as driver:
        driver.backend.seen = _Forgetful()
        driver.engine.ask(in_parts(video, segment_s=1.0))
        assert driver.end_of("a").outcome == "done"
        assert len(most) == 12
        assert max(most) == 2


class _Forgetful(list[Any]):
    def extend(self, values: Any) -> None:
        """Keeps none."""


def test_pictures_go_with_every_segment(video: ClipSource, tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (64, 64), "red").save(tmp_path / "red.png")
    picture = PictureSource("red.png", tmp_path / "red.png")
    with ready() as driver:
        driver.engine.ask(in_parts(video, sources=(picture, video)))
        driver.end_of("a")
        assert [[medium.name for medium in request.turns[-1].media] for request in driver.backend.seen] == [
            *[["red.png", "long.mp4"]] * 3,
            [],
        ]
        assert [medium.name for medium in of_kind(driver, Started)[0].media] == ["red.png"]


def test_two_videos_cannot_be_split_together(video: ClipSource) -> None:
    with ready() as driver:
        other = replace(video, wish=FrameWish(frame_count=8))
        driver.engine.ask(in_parts(video, sources=(video, other)))
        end = driver.end_of("a")
        assert end.error is not None
        assert "Only one video at a time" in end.error.text
        driver.engine.ask(in_parts(video, "b", sources=(video, other), segment_s=None))
        assert driver.end_of("b").outcome == "done"


def test_answers_beyond_the_context_are_merged_in_rounds(video: ClipSource) -> None:
    with ready(answers=("word " * 60,)) as driver:
        driver.engine.ask(in_parts(video, segment_s=1.0, context_tokens=1_400))
        assert driver.end_of("a").outcome == "done"
        merges = [request for request in driver.backend.seen if not request.turns[-1].media]
        assert len(merges) > 1
        assert len(of_kind(driver, MergeStarted)) == 1
        assert driver.text_of("a").count("### Timeline") == 1
        assert driver.text_of("a").startswith("word word")
        assert driver.text_of("a").count("| 0:") == 12


def test_a_stop_while_merging_keeps_all_segments(video: ClipSource) -> None:
    with ready(answers=("a", "b", "c", "long " * 200), piece_delay_s=0.005) as driver:
        driver.engine.ask(in_parts(video))
        driver.until(TextPiece)
        driver.engine.cancel("a")
        assert driver.end_of("a").outcome == "cancelled"
        assert "Timeline" not in driver.text_of("a")
        assert [event.outcome for event in of_kind(driver, SegmentEnded)] == ["done"] * 3


def test_closing_ends_a_run_at_any_place(video: ClipSource) -> None:
    for kind in (SegmentsPlanned, SegmentStarted, SegmentEnded, MergeStarted):
        with ready(answers=("word " * 20,), piece_delay_s=0.002) as driver:
            driver.engine.ask(in_parts(video))
            driver.until(kind)


def test_a_backend_without_videos_refuses_in_words(video: ClipSource, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeBackend, "abilities", Abilities(video=False))
    with ready() as driver:
        driver.engine.ask(in_parts(video))
        end = driver.end_of("a")
        assert end.error is not None
        assert "cannot look at videos" in end.error.text


def test_a_question_beside_it_is_answered_too(video: ClipSource) -> None:
    with ready(answers=("x",)) as driver:
        driver.engine.ask(in_parts(video), question("b"))
        ends = [driver.until(Finished), driver.until(Finished)]
        assert {(end.request_id, end.outcome) for end in ends} == {("a", "done"), ("b", "done")}
