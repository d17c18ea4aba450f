"""What is no video, or whose file is gone, damaged or another by now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.errors import ErrorText
from app.core.events import ViewFailed
from app.gui.viewer import frames_at_hand
from tests.clips_made import numbered, write_animation
from tests.gui.video_hands import current_id, foot_of, is_quiet, make_clip, number_on, open_clip, shown_number

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gui.window_driver import OpenWindow


def test_a_video_of_one_frame_is_shown_as_a_picture(open_window: OpenWindow, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "one.mp4", 1)
    driver = open_window()
    assert driver.drop(clip)
    driver.wait_for_pictures(1)
    driver.wait(lambda: driver.parts.viewer.picture() is not None)
    assert not driver.parts.viewer.is_video
    assert not foot_of(driver).isVisible()
    driver.wait(lambda: driver.parts.viewer.caption.startswith("160×96"))
    assert not driver.action("takeFrameAction").isEnabled()


def test_an_animation_is_looked_at_like_a_video(open_window: OpenWindow, tmp_path: Path) -> None:
    file = tmp_path / "numbers.gif"
    write_animation(file, numbered(12), [100] * 12)
    driver = open_window()
    foot = open_clip(driver, file)
    foot.scrubber.setValue(9)
    assert shown_number(driver) == 9


def test_a_video_that_is_removed_leaves_nothing_behind_and_comes_back_where_it_was(
    open_window: OpenWindow, clip: Path
) -> None:
    driver = open_window()
    foot = open_clip(driver, clip)
    foot.scrubber.setValue(33)
    assert shown_number(driver) == 33
    driver.action("removePictureAction").trigger()
    driver.wait(lambda: driver.parts.viewer.is_empty)
    assert not driver.parts.viewer.is_video
    assert not driver.action("rangeInAction").isEnabled()
    driver.desk.pictures.undo()
    driver.wait(lambda: driver.parts.viewer.is_video)
    driver.wait(lambda: driver.parts.viewer.picture() is not None)
    assert shown_number(driver) == 33


def test_a_frame_that_cannot_be_decoded_is_said_and_takes_nothing_away(open_window: OpenWindow, clip: Path) -> None:
    driver = open_window()
    foot = open_clip(driver, clip)
    medium_id = current_id(driver)
    foot.scrubber.step(1)
    assert driver.content.video._seeking.is_waiting
    words = ErrorText("“numbers.mp4” is damaged: none of its frames can be decoded.", kind="input")
    driver.desk.frames.take(ViewFailed(f"{frames_at_hand.FRAME}{medium_id}", words))
    assert "none of its frames can be decoded" in foot.note.words
    assert foot.note.isVisible()
    assert driver.names == ["numbers.mp4"]
    foot.scrubber.step(1)
    assert "none of its frames" not in foot.note.words
    assert shown_number(driver) == 2


def test_a_video_whose_file_is_gone_says_so_and_stays(open_window: OpenWindow, clip: Path) -> None:
    driver = open_window()
    foot = open_clip(driver, clip)
    clip.unlink()
    foot.scrubber.step(40)
    driver.wait(lambda: "does not exist" in foot.note.words)
    assert driver.names == ["numbers.mp4"]
    make_clip(clip)
    foot.scrubber.step(1)
    assert shown_number(driver) == 41
    assert not foot.note.isVisible()


def test_a_file_that_holds_less_than_before_is_looked_at_anew(open_window: OpenWindow, clip: Path) -> None:
    driver = open_window()
    foot = open_clip(driver, clip)
    foot.scrubber.setValue(70)
    assert shown_number(driver) == 70
    medium_id = current_id(driver)
    make_clip(clip, 30)
    driver.desk.pictures.open_again()
    driver.wait(lambda: foot.scrubber.maximum() == 29)
    assert foot.frame == 29
    assert shown_number(driver) == 29
    assert foot.strip.frames.indices[-1] <= 29
    foot.scrubber.setValue(3)
    foot.begin_here()
    assert shown_number(driver) == 3
    first = foot.strip.wanted(0)[1]
    driver.wait(lambda: driver.desk.frames.image(medium_id, first) is not None)


def test_the_strip_is_there_again_when_the_window_grows(open_window: OpenWindow, clip: Path, tmp_path: Path) -> None:
    driver = open_window()
    foot = open_clip(driver, clip)
    size = driver.window.size()
    driver.window.resize(640, 480)
    driver.wait(lambda: foot.is_one_row)
    assert not foot.strip.isVisible()
    open_clip(driver, make_clip(tmp_path / "other.mp4", 60))
    driver.window.resize(size)
    driver.wait(lambda: foot.strip.isVisible() and is_quiet(driver))
    first = foot.strip.wanted(0)[1]
    image = driver.desk.frames.image(current_id(driver), first)
    assert image is not None
    assert number_on(image) == first


def test_a_small_frame_that_cannot_be_decoded_holds_up_no_other(open_window: OpenWindow, clip: Path) -> None:
    driver = open_window()
    open_clip(driver, clip)
    medium = driver.desk.pictures.media[0]
    frames = driver.desk.frames
    frames.forget([medium.medium_id])
    frames.want(medium, [40, 41, 42], 10_000)
    frames.take(ViewFailed(f"{frames_at_hand.STRIP}{medium.medium_id}", ErrorText("Damaged.", kind="input")))
    failed = frames.image(medium.medium_id, 40)
    assert failed is not None
    assert failed.isNull()
    driver.wait(lambda: all(frames.image(medium.medium_id, index) is not None for index in (41, 42)))
    image = frames.image(medium.medium_id, 41)
    assert image is not None
    assert number_on(image) == 41


def test_small_frames_of_a_file_that_was_away_come_when_it_is_looked_at_again(
    open_window: OpenWindow, clip: Path, picture: Path
) -> None:
    driver = open_window()
    driver.drop(picture)
    driver.wait_for_pictures(1)
    foot = open_clip(driver, clip)
    video, frames = driver.desk.pictures.media[1], driver.desk.frames
    seen = foot.strip.wanted(0)
    frames.forget([video.medium_id])
    away = clip.rename(clip.with_suffix(".away"))
    foot.strip.in_sight_changed.emit()
    driver.wait(lambda: all(image is not None and image.isNull() for image in map(foot.strip.image, seen)))
    away.rename(clip)
    driver.parts.tray.select([driver.desk.pictures.media[0].medium_id])
    driver.wait(lambda: not driver.parts.viewer.is_video)
    driver.parts.tray.select([video.medium_id])
    driver.wait(lambda: all(image is not None and not image.isNull() for image in map(foot.strip.image, seen)))
