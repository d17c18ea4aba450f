"""Pictures and videos are opened for a person to look at, and what nobody waits for any longer is not."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from app.core.clips import ClipSource, open_frames, open_poster
from app.core.errors import UserError
from app.core.events import EngineClosed, FrameOpened, LookOpened, MemoryUsed, StillTaken, ViewFailed, ViewOpened
from app.core.picture_levels import PictureLevels, open_levels
from app.core.pictures import PictureSource, open_bitmap
from tests.clips_made import number_in, numbered_frame, write_video
from tests.engine.engine_driver import EngineDriver, driven, picture

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def clip(tmp_path: Path) -> ClipSource:
    file = tmp_path / "numbered 数.mp4"
    write_video(file, (numbered_frame(number) for number in range(40)), rate=10, options={"g": "6"})
    return ClipSource(file.name, file)


def test_pictures_are_opened_for_viewing(tmp_path: Path) -> None:
    with driven() as driver:
        driver.engine.view("v", picture(tmp_path), 100_000)
        assert driver.until(ViewOpened).bitmap.width_px == 64
        driver.engine.view("w", PictureSource("gone.png", tmp_path / "gone.png"), 100_000)
        assert "gone.png" in driver.until(ViewFailed).error.text


def test_a_video_that_nobody_waits_for_any_longer_is_given_up(
    clip: ClipSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: queue.SimpleQueue[Callable[[], bool]] = queue.SimpleQueue()
    ended = threading.Event()

    def slow(source: ClipSource, max_pixels: int, is_wanted: Callable[[], bool]) -> Any:
        begun.put(is_wanted)
        while is_wanted() and not ended.wait(0.01):
            pass
        return open_poster(source, max_pixels)

    monkeypatch.setattr("app.engine.views.open_poster", slow)
    with driven() as driver:
        for view_id in ("a", "b", "c"):
            driver.engine.view(view_id, clip, 1000)
        first, second = begun.get(timeout=10), begun.get(timeout=10)
        assert first()
        driver.engine.forget_view("a")
        assert [first(), second()] in ([False, True], [True, False])
        begun.get(timeout=10)  # the next one has its thread
        driver.engine.forget_view("b")
        driver.engine.view("b", clip, 1000)  # wanted again: the new one counts
        begun.get(timeout=10)
        ended.set()
        opened = [driver.until(ViewOpened).view_id for _ in range(2)]
        assert sorted(opened) == ["b", "c"]


def test_the_picture_that_is_looked_at_is_opened_in_levels(tmp_path: Path) -> None:
    with driven() as driver:
        driver.engine.look("v", picture(tmp_path), 100_000)
        opened = driver.until(LookOpened)
        assert (opened.view_id, opened.levels.levels[0].width_px, opened.levels.is_whole) == ("v", 64, True)
        driver.engine.look("w", PictureSource("gone.png", tmp_path / "gone.png"), 100_000)
        assert "gone.png" in driver.until(ViewFailed).error.text


def test_of_looks_that_wait_only_the_newest_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: queue.SimpleQueue[int] = queue.SimpleQueue()
    goes_on = threading.Event()

    def slow(source: PictureSource, max_pixels: int, is_wanted: Callable[[], bool]) -> PictureLevels:
        begun.put(max_pixels)
        goes_on.wait(10)
        return open_levels(source, max_pixels, is_wanted)

    monkeypatch.setattr("app.engine.views.open_levels", slow)
    with driven() as driver:
        source = picture(tmp_path)
        for number in (1, 2):  # each thread has one to open
            driver.engine.look(f"v{number}", source, number)
            assert begun.get(timeout=10) == number
        for number in range(3, 9):
            driver.engine.look(f"v{number}", source, number)
        goes_on.set()
        assert driver.until(LookOpened).view_id == "v8"
        assert not [event for event in driver.events if isinstance(event, ViewFailed)]
        assert [begun.get(timeout=1)] == [8]
        assert begun.empty()


def test_closing_breaks_off_what_is_being_opened_to_look_at(tmp_path: Path) -> None:
    file = tmp_path / "large.png"
    noise = np.random.default_rng(1).integers(0, 255, (3000, 3000, 3), np.uint8)
    Image.fromarray(noise).save(file, compress_level=1)
    reads: list[int] = []
    source = PictureSource("large.png", file)
    with pytest.raises(UserError):
        open_levels(source, 10**8, lambda: reads.append(1) is None and len(reads) < 30)  # type: ignore[func-returns-value]
    assert len(reads) == 30
    open_levels(source, 10**8, lambda: reads.append(1) is None)  # type: ignore[func-returns-value]
    assert len(reads) > 300
    driver = EngineDriver()
    driver.engine.look("v", source, 10**8)
    assert driver.engine.close(5)
    driver.until(EngineClosed)
    assert [type(event) for event in driver.events if not isinstance(event, MemoryUsed)] == [EngineClosed]


def test_a_frame_stands_for_a_video_in_the_tray(clip: ClipSource) -> None:
    with driven() as driver:
        driver.engine.view("v", clip, 160 * 96 // 4)
        opened = driver.until(ViewOpened)
        assert opened.footage is not None
        assert (len(opened.footage.times_s), round(opened.footage.end_s, 3)) == (40, 4.0)
        bitmap = opened.bitmap
        assert (bitmap.width_px, bitmap.height_px, bitmap.source_width_px) == (80, 48, 160)
        number = number_in(bitmap.rgb, 80, 48)
        assert number == 6, "not the first frame, which is often black, but a key frame near a tenth of the length"


def test_frames_of_a_video_are_opened_one_by_one(clip: ClipSource) -> None:
    with driven() as driver:
        times_s = [0.0, 1.04, 3.9, 99.0, 2.5]
        driver.engine.frames("strip", clip, times_s, 160 * 96)
        opened = [driver.until(FrameOpened) for _ in times_s]
        found = {frame.time_s: number_in(frame.bitmap.rgb, 160, 96) for frame in opened}
        assert found == dict(zip(times_s, [0, 10, 39, 39, 25], strict=True))


def test_a_newer_strip_takes_the_place_of_one_under_way(clip: ClipSource, monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(source: ClipSource, times_s: list[float], max_pixels: int, is_wanted: Callable[[], bool]) -> Any:
        found = list(open_frames(source, times_s, max_pixels, is_wanted))
        yield from found
        while len(times_s) > 1:
            if not is_wanted():
                raise InterruptedError
            yield from found

    monkeypatch.setattr("app.engine.views.open_frames", endless)
    with driven() as driver:
        driver.engine.frames("old", clip, [0.0, 1.0], 160 * 96)
        driver.until(FrameOpened)
        driver.engine.frames("new", clip, [0.5], 160 * 96)
        assert driver.until(FrameOpened, lambda event: event.view_id == "new").time_s == 0.5
        assert not [event for event in driver.events if isinstance(event, ViewFailed)]


def test_the_frame_that_is_looked_at_is_opened_in_levels(clip: ClipSource) -> None:
    with driven() as driver:
        driver.engine.look("v", clip, 100_000, 2.55)
        opened = driver.until(LookOpened)
        assert (opened.time_s, opened.levels.is_whole) == (2.55, True)
        level = opened.levels.levels[0]
        rgb = b"".join(bytes(strip) for strip in level.strips)
        assert number_in(rgb, level.width_px, level.height_px) == 25


def test_a_frame_is_taken_out_as_a_picture(clip: ClipSource) -> None:
    with driven() as driver:
        driver.engine.take_still("v", clip, 1.2)
        taken = driver.until(StillTaken)
        assert (taken.source.name, taken.source.path) == ("numbered 数.mp4 1.20 s.png", None)
        bitmap = open_bitmap(taken.source, 10**6)
        assert (bitmap.width_px, bitmap.height_px) == (160, 96)
        assert number_in(bitmap.rgb, 160, 96) == 12


def test_a_video_that_cannot_be_shown_says_why(tmp_path: Path) -> None:
    file = tmp_path / "cut.mp4"
    file.write_bytes(b"\0\0\0\x20ftypisom" + bytes(500))
    with driven() as driver:
        source = ClipSource(file.name, file)
        engine = driver.engine
        engine.view("view", source, 1000)
        engine.look("look", source, 1000)
        engine.frames("frames", source, [0.0], 1000)
        engine.take_still("still", source, 0.0)
        failed = [driver.until(ViewFailed) for _ in range(4)]
        assert {event.view_id for event in failed} == {"view", "look", "frames", "still"}
        assert all("“cut.mp4”" in event.error.text for event in failed)
