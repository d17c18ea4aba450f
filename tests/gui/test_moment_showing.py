"""A time in an answer takes the window to its video."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QToolButton

from app.backends.fake_backend import FakeScript
from app.core.clips import ClipSource
from app.gui.answers.time_links import TimeLink
from tests.clips_made import number_in, numbered, write_video
from tests.gui.conftest import draw
from tests.gui.video_hands import foot_of, make_clip, open_clip, shown_number
from tests.gui.window_driver import ask

if TYPE_CHECKING:
    from pathlib import Path

    from app.gui.viewer.video_foot import VideoFoot
    from tests.gui.window_driver import OpenWindow, WindowDriver

ANSWER = "It falls at 0:01 – 0:02 and lies at 0:03; in Video 1 it falls at 0:00."


def add_video(driver: WindowDriver, file: Path, seconds: int) -> None:
    """Puts a video of four frames a second into the tray."""
    write_video(file, numbered(4 * seconds), rate=4)
    stat = file.stat()
    here = driver.desk.pictures.add_sources([ClipSource(file.name, file, stamp=(stat.st_size, stat.st_mtime_ns))])
    driver.content.refresh_media()
    driver.wait(lambda: all(medium.is_opened for medium in driver.desk.pictures.media))
    driver.parts.tray.select(here)


def ask_about(driver: WindowDriver, *question: str) -> None:
    driver.wait_for_model()
    ask(driver, *question)
    driver.wait(lambda: driver.parts.result.is_settled)


def follow(driver: WindowDriver, words: str) -> list[object]:
    """Clicks the link of these words; gives where the viewer is taken."""
    cursor = driver.parts.result.document().find(words)
    assert not cursor.isNull(), words
    address = cursor.charFormat().anchorHref()
    with driver.qtbot.waitSignal(driver.content.moments.moment_found) as taken:
        driver.parts.result.anchorClicked.emit(QUrl(address))
    return list(taken.args or ())


def frame_shown(driver: WindowDriver) -> int:
    """The number that the frame in the viewer carries; less than 0 while there is none."""
    image = driver.parts.viewer.picture()
    if image is None:
        return -1
    image = image.convertToFormat(QImage.Format.Format_RGB888).scaled(160, 96)
    lines: list[Any] = [image.constScanLine(row) for row in range(96)]
    rows = [bytes(line)[: 3 * 160] for line in lines]
    return number_in(b"".join(rows), 160, 96)


@pytest.fixture
def about_two(open_window: OpenWindow, tmp_path: Path) -> WindowDriver:
    """A window with an answer about the second of two videos, which was asked about after the first."""
    driver = open_window(FakeScript(answers=("Short.", ANSWER)))
    add_video(driver, tmp_path / "short.mp4", 2)
    ask_about(driver, "What is it?")
    add_video(driver, tmp_path / "long.mp4", 5)
    ask_about(driver, "What happens, and when?")
    return driver


def moment_of(foot: VideoFoot) -> tuple[float, float] | None:
    return foot.scrubber.moment


def test_a_time_takes_the_viewer_to_the_video_of_its_question(about_two: WindowDriver) -> None:
    tray = about_two.parts.tray
    short, long = about_two.desk.pictures.media
    tray.select([short.medium_id])
    assert follow(about_two, "0:01 – 0:02") == [1.0, 2.0]
    assert tray.current_id == long.medium_id
    assert tray.selected_ids == (long.medium_id,)
    viewed = about_two.parts.viewer.medium
    assert viewed is not None
    assert viewed.medium_id == long.medium_id
    assert "long.mp4" in about_two.window.statusBar().currentMessage()


def test_the_viewer_shows_the_frame_of_that_time_and_marks_the_stretch(about_two: WindowDriver) -> None:
    short, _ = about_two.desk.pictures.media
    about_two.parts.tray.select([short.medium_id])
    about_two.wait(lambda: frame_shown(about_two) == 0)
    follow(about_two, "0:01 – 0:02")
    about_two.wait(lambda: frame_shown(about_two) == 4)
    assert about_two.parts.viewer.foot.scrubber.moment == (1.0, 2.0)
    follow(about_two, "0:03")
    about_two.wait(lambda: frame_shown(about_two) == 12)
    assert about_two.parts.viewer.foot.scrubber.moment is None


def test_the_video_named_beside_it_is_meant(about_two: WindowDriver) -> None:
    assert follow(about_two, "0:00") == [0.0, None]
    assert about_two.parts.tray.current_id == about_two.desk.pictures.media[0].medium_id


def test_several_selected_ones_stay_so(about_two: WindowDriver) -> None:
    tray = about_two.parts.tray
    ids = tuple(medium.medium_id for medium in about_two.desk.pictures.media)
    tray.select(ids)
    assert tray.current_id == ids[0]
    follow(about_two, "0:03")
    assert tray.current_id == ids[1]
    assert tray.selected_ids == ids


def test_a_video_that_was_taken_out_comes_back(about_two: WindowDriver) -> None:
    _, long = about_two.desk.pictures.media
    about_two.desk.pictures.remove([long.medium_id])
    about_two.content.refresh_media()
    assert about_two.names == ["short.mp4"]
    assert follow(about_two, "0:03") == [3.0, None]
    assert about_two.names == ["short.mp4", "long.mp4"]
    assert about_two.parts.tray.current_id == about_two.desk.pictures.media[1].medium_id
    assert "is in the tray again" in about_two.window.statusBar().currentMessage()
    about_two.wait(lambda: frame_shown(about_two) == 12)


def test_a_file_that_was_edited_since_is_shown_and_said_so(about_two: WindowDriver, tmp_path: Path) -> None:
    add_video(about_two, tmp_path / "long.mp4", 6)
    assert about_two.names == ["short.mp4", "long.mp4"]
    follow(about_two, "0:03")
    assert about_two.names == ["short.mp4", "long.mp4"]
    assert "was changed" in about_two.window.statusBar().currentMessage()


def test_a_time_that_no_video_holds_is_said_so(about_two: WindowDriver) -> None:
    request_id = about_two.desk.conversation.turns[-1].request_id
    before = about_two.parts.tray.current_id
    about_two.parts.result.time_wanted.emit(TimeLink(request_id, 60.0))
    assert about_two.parts.tray.current_id == before
    assert "that long" in about_two.window.statusBar().currentMessage()


def test_tasks_for_videos_are_offered_while_one_is_selected(about_two: WindowDriver, tmp_path: Path) -> None:
    timeline = about_two.child(QToolButton, "taskChip_timeline")
    about_two.wait(timeline.isVisible)
    picture = draw(tmp_path / "four colours.png")
    about_two.drop(picture)
    about_two.wait(lambda: len(about_two.desk.pictures.media) == 3)
    about_two.parts.tray.select([about_two.desk.pictures.media[2].medium_id])
    about_two.wait(lambda: not timeline.isVisible())
    assert about_two.child(QToolButton, "taskChip_describe").isVisible()


def test_a_moment_is_shown_and_marked_but_sets_no_range(open_window: OpenWindow, clip: Path) -> None:
    driver = open_window()
    foot = open_clip(driver, clip)
    driver.content.video.show_moment(2.5, 4.0)
    assert shown_number(driver) == 25
    assert foot.scrubber.moment == (2.5, 4.0)
    assert foot.scrubber.range_frames == (None, None)
    foot.scrubber.step(3)
    assert foot.scrubber.moment == (2.5, 4.0)
    foot.scrubber.setValue(60)
    assert moment_of(foot) is None
    driver.content.video.show_moment(99.0, None)
    assert shown_number(driver) == 79


def test_a_moment_waits_until_its_video_is_open_and_is_forgotten_with_it(
    open_window: OpenWindow, clip: Path, picture: Path
) -> None:
    driver = open_window()
    driver.drop(clip)
    driver.wait(lambda: bool(driver.desk.pictures.media))
    driver.content.video.show_moment(5.0, None)
    driver.wait(lambda: driver.parts.viewer.is_video)
    assert shown_number(driver) == 50
    driver.drop(picture)
    driver.wait_for_pictures(2)
    driver.wait(lambda: not driver.parts.viewer.is_video)
    driver.content.video.show_moment(1.0, None)
    driver.parts.tray.select([driver.desk.pictures.media[0].medium_id])
    driver.wait(lambda: driver.parts.viewer.is_video)
    assert shown_number(driver) == 50


def test_a_moment_of_one_video_is_not_shown_in_another(open_window: OpenWindow, clip: Path, tmp_path: Path) -> None:
    driver = open_window()
    other = make_clip(tmp_path / "other.mp4", 60)
    open_clip(driver, other)
    driver.desk.pictures.add_sources([ClipSource(clip.name, clip)])
    driver.content.refresh_media()
    driver.parts.tray.select([driver.desk.pictures.media[1].medium_id])
    assert not driver.parts.viewer.is_video  # not open yet: no event has come since
    driver.content.video.show_moment(5.0, None)
    driver.parts.tray.select([driver.desk.pictures.media[0].medium_id])
    driver.wait(lambda: driver.parts.viewer.is_video)
    assert shown_number(driver) == 0
    driver.wait_for_pictures(2)
    driver.parts.tray.select([driver.desk.pictures.media[1].medium_id])
    driver.wait(lambda: foot_of(driver).scrubber.maximum() == 79)
    assert shown_number(driver) == 0
