"""Videos come in, lie in the tray beside pictures, and are asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QByteArray, QMimeData
from PySide6.QtGui import QGuiApplication

from app.core.clips import ClipSource
from app.core.footage import FrameWish
from tests.clips_made import numbered, write_animation, write_video
from tests.gui.conftest import draw
from tests.gui.test_media_intake import paste

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gui.window_driver import OpenWindow, WindowDriver


def film(path: Path, count: int = 50, width_px: int = 160, height_px: int = 96) -> Path:
    """A video of 25 frames a second."""
    write_video(path, numbered(count, width_px, height_px))
    return path


def kinds(driver: WindowDriver) -> list[tuple[str, bool]]:
    return [(medium.source.name, medium.is_video) for medium in driver.desk.pictures.media]


def frame_counts(driver: WindowDriver) -> list[int]:
    return [len(m.footage.times_s) if m.footage is not None else 0 for m in driver.desk.pictures.media]


def test_a_folder_gives_pictures_and_videos(open_window: OpenWindow, tmp_path: Path) -> None:
    folder = tmp_path / "Holiday"
    folder.mkdir()
    draw(folder / "1.png")
    film(folder / "2.mp4")
    write_animation(folder / "3.gif", numbered(4), [100] * 4)
    driver = open_window()
    driver.drop(folder)
    driver.wait_for_pictures(3)
    assert kinds(driver) == [("1.png", False), ("2.mp4", True), ("3.gif", True)]
    footage = driver.desk.pictures.media[1].footage
    assert footage is not None
    assert (len(footage.times_s), footage.width_px, footage.height_px) == (50, 160, 96)
    assert driver.desk.pictures.media[0].footage is None


def test_videos_named_at_the_start_come_in(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window(files=(film(tmp_path / "clip.mkv"), draw(tmp_path / "a.png")))
    driver.wait_for_pictures(2)
    assert kinds(driver) == [("clip.mkv", True), ("a.png", False)]


@pytest.mark.parametrize(("ending", "kind"), [("gif", "image/gif"), ("webp", "image/webp")])
def test_a_pasted_animation_moves(ending: str, kind: str, open_window: OpenWindow, tmp_path: Path) -> None:
    write_animation(tmp_path / f"a.{ending}", numbered(6), [100] * 6)
    data = (tmp_path / f"a.{ending}").read_bytes()
    mime = QMimeData()
    mime.setData(kind, QByteArray(data))
    if ending == "gif":  # browsers offer its first frame too
        mime.setData("image/png", QByteArray(draw(tmp_path / "first.png").read_bytes()))
    driver = open_window()
    paste(driver, mime)
    driver.wait_for_pictures(1)
    (medium,) = driver.desk.pictures.media
    assert isinstance(medium.source, ClipSource)
    assert (medium.source.name, medium.source.data) == (f"Pasted picture 1.{ending}", data)
    driver.parts.tray.view.setFocus()
    driver.action("copyAction").trigger()
    assert bytes(QGuiApplication.clipboard().mimeData().data(kind).data()) == data


def test_a_video_under_another_ending_comes_in(open_window: OpenWindow, tmp_path: Path) -> None:
    film(tmp_path / "clip.mp4").rename(tmp_path / "clip.png")
    (tmp_path / "words.mp4").write_text("only words")
    driver = open_window()
    driver.drop(tmp_path / "clip.png", tmp_path / "words.mp4")
    driver.wait(lambda: "words.mp4" in driver.refusals)
    driver.wait_for_pictures(1)
    assert kinds(driver) == [("clip.png", True)]
    assert "“words.mp4” is not a picture or a video." in driver.refusals


def test_a_broken_video_leaves_with_a_reason(open_window: OpenWindow, tmp_path: Path) -> None:
    whole = film(tmp_path / "whole.mp4")
    (tmp_path / "cut.mp4").write_bytes(whole.read_bytes()[:600])
    driver = open_window(files=(whole,))
    driver.drop(tmp_path / "cut.mp4")
    driver.wait(lambda: "“cut.mp4” is" in driver.refusals)
    driver.wait_for_pictures(1)
    assert kinds(driver) == [("whole.mp4", True)]


def test_an_edited_video_takes_the_place_of_what_it_was(open_window: OpenWindow, tmp_path: Path) -> None:
    clip = film(tmp_path / "clip.mp4")
    driver = open_window(files=(clip, draw(tmp_path / "a.png")))
    driver.wait_for_pictures(2)
    film(clip, count=75)
    driver.drop(clip)
    driver.wait(
        lambda: [m.footage is not None and len(m.footage.times_s) for m in driver.desk.pictures.media] == [75, False]
    )
    assert kinds(driver) == [("clip.mp4", True), ("a.png", False)]


def test_the_same_video_comes_in_once_whichever_frames_are_wanted(open_window: OpenWindow, tmp_path: Path) -> None:
    clip = film(tmp_path / "clip.mp4")
    driver = open_window(files=(clip,))
    driver.wait_for_pictures(1)
    (medium,) = driver.desk.pictures.media
    wish = FrameWish(start_s=1.0)
    driver.desk.pictures.set_wish(medium.medium_id, wish)
    driver.drop(clip)
    driver.wait(lambda: "is here already" in driver.window.statusBar().currentMessage())
    (same,) = driver.desk.pictures.media
    assert isinstance(same.source, ClipSource)
    assert (same.medium_id, same.source.wish) == (medium.medium_id, wish)
