"""Videos come in, lie in the tray beside pictures, and are asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QByteArray, QMimeData, Qt
from PySide6.QtGui import QFontMetricsF, QGuiApplication
from PySide6.QtWidgets import QFileDialog

from app.backends.fake_backend import FakeBackend, FakeScript
from app.core.backend import Abilities
from app.core.clips import Clip, ClipSource
from app.core.footage import FrameWish
from app.core.paths import SAMPLE_VIDEO, SAMPLE_VIDEO_QUESTION
from app.gui.look import SMALL_PX, sized
from app.gui.questions.cost_caption import CostCaption
from app.gui.tray.tray_delegate import TrayDelegate, TrayRow
from app.gui.wording import figures_text
from tests.clips_made import numbered, write_animation, write_video
from tests.gui.conftest import draw
from tests.gui.heartbeat import Heartbeat, calmest
from tests.gui.test_media_intake import paste

if TYPE_CHECKING:
    from pathlib import Path

    from app.core.requests import Medium
    from tests.gui.window_driver import OpenWindow, WindowDriver


def film(path: Path, count: int = 50, width_px: int = 160, height_px: int = 96) -> Path:
    """A video of 25 frames a second."""
    write_video(path, numbered(count, width_px, height_px))
    return path


def kinds(driver: WindowDriver) -> list[tuple[str, bool]]:
    return [(medium.source.name, medium.is_video) for medium in driver.desk.pictures.media]


def row(driver: WindowDriver, place: int) -> TrayRow:
    found = driver.parts.tray.view.model().index(place, 0).data(Qt.ItemDataRole.UserRole)
    assert isinstance(found, TrayRow)
    return found


def cost(driver: WindowDriver) -> str:
    return driver.parts.prompt.cost_text


def cost_detail(driver: WindowDriver) -> str:
    return driver.child(CostCaption, "costCaption").toolTip()


def select(driver: WindowDriver, *places: int) -> None:
    media = driver.desk.pictures.media
    driver.parts.tray.select([media[place].medium_id for place in places])


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
    paste(driver, mime)
    said = f"“Pasted picture 1.{ending}” is here already."  # by the name that it has in the tray
    driver.wait(lambda: driver.window.statusBar().currentMessage() == said)


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


def test_a_row_says_the_length_the_frames_and_their_cost(open_window: OpenWindow, tmp_path: Path) -> None:
    film(tmp_path / "roll.mp4", count=350, width_px=320, height_px=192)
    driver = open_window(files=(draw(tmp_path / "a.png"), tmp_path / "roll.mp4"))
    driver.wait_for_pictures(2)
    driver.wait(lambda: row(driver, 1).length == "0:14")
    found = row(driver, 1)
    assert (found.cost, found.state, found.label) == ("28 frames · 840 tok", "seen whole", "Video 1")
    assert row(driver, 0).label == "Image 1"
    assert row(driver, 0).length == ""
    assert found.details == (
        "320×192 · 0:14 · 25 frames per second",
        "28 frames, 0.52 s apart, each seen at 320×192: 840 tokens.",
    )
    index = driver.parts.tray.view.model().index(1, 0)
    assert str(index.data(Qt.ItemDataRole.AccessibleDescriptionRole)).splitlines() == [
        found.cost,
        found.state,
        found.label,
        *found.details,
    ]
    assert "25 frames per second" in str(index.data(Qt.ItemDataRole.ToolTipRole))


def test_a_row_says_which_part_is_asked_about(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window(files=(film(tmp_path / "roll.mp4", count=350, width_px=320, height_px=192),))
    driver.wait_for_pictures(1)
    (medium,) = driver.desk.pictures.media
    driver.desk.pictures.set_wish(medium.medium_id, FrameWish(start_s=5, end_s=10))
    driver.wait(lambda: row(driver, 0).state == "0:05 – 0:10 · 320×192")
    assert row(driver, 0).cost == "10 frames · 300 tok"
    font = driver.parts.tray.view.font()
    wide = QFontMetricsF(sized(font, SMALL_PX)).horizontalAdvance(row(driver, 0).state)
    shown = [TrayDelegate.state_within(row(driver, 0), font, width) for width in (wide + 1, wide - 1)]
    assert shown == ["0:05 – 0:10 · 320×192", "0:05 – 0:10"]
    assert "The part from 0:05 – 0:10" in row(driver, 0).details
    driver.desk.pictures.set_wish(medium.medium_id, FrameWish(start_s=20))
    driver.wait(lambda: row(driver, 0).cost == "⚠ no frames")
    assert "The range starts at 20 s, but the video ends at 14.0 s." in row(driver, 0).details[-1]
    driver.prompt.setPlainText("What happens?")
    driver.wait_for_model()
    driver.wait(lambda: "The range starts at 20 s" in driver.parts.prompt.fault_text)
    assert not driver.ask_button.isEnabled()
    driver.desk.pictures.set_wish(medium.medium_id, FrameWish())
    driver.wait(driver.ask_button.isEnabled)


def test_a_video_of_a_single_frame_is_a_picture(open_window: OpenWindow, tmp_path: Path) -> None:
    film(tmp_path / "still.mp4", count=1)
    driver = open_window(files=(draw(tmp_path / "a.png"), tmp_path / "still.mp4"))
    driver.wait_for_pictures(2)
    driver.wait_for_model()
    driver.wait(lambda: row(driver, 1).label == "Image 2")
    assert (row(driver, 1).cost, row(driver, 1).length) == ("1 frame · 77 tok", "")
    assert "The video has a single frame: it is asked about as a picture." in row(driver, 1).details[-1]
    driver.wait(lambda: cost(driver).startswith("2 pictures · 154 tokens"))
    driver.ask("What is this?")
    driver.wait_for_answer()
    assert row(driver, 1).label == "Image 2"


def test_what_a_video_costs_is_said_before_asking(open_window: OpenWindow, tmp_path: Path) -> None:
    clips = tuple(film(tmp_path / f"{n}.mp4", count=350, width_px=320, height_px=192) for n in range(2))
    driver = open_window(files=(*clips, draw(tmp_path / "a.png")))
    driver.wait_for_pictures(3)
    driver.wait_for_model()
    select(driver, 0)
    times = sum(len(f"{1.04 * n + 0.26:.1f}") + 5 for n in range(14))
    driver.wait(
        lambda: cost(driver) == f"1 video · 28 frames, 0.52 s apart, 320×192 · {840 + times:,} tokens of 262,144"
    )
    assert "“0.mp4”: 28 frames, 0.52 s apart, each seen at 320×192: 840 tokens." in cost_detail(driver)
    assert f"{840 + times:,} tokens, the times between frames included." in cost_detail(driver)
    caption = driver.child(CostCaption, "costCaption")
    assert caption.words_within(10_000) == cost(driver)
    assert caption.words_within(caption.fontMetrics().horizontalAdvance(cost(driver)) - 1).startswith("28 frames, 0.52")
    select(driver, 0, 1, 2)
    driver.wait(lambda: cost(driver) == f"2 videos, 1 picture · {2 * (840 + times) + 77:,} tokens of 262,144")
    assert "“1.mp4”: 28 frames" in cost_detail(driver)


def test_text_too_small_to_read_is_said_before_asking(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window(files=(film(tmp_path / "large.mp4", count=50, width_px=1280, height_px=720),))
    driver.wait_for_pictures(1)
    driver.wait_for_model()
    (medium,) = driver.desk.pictures.media
    driver.wait(lambda: "1280×704" in cost(driver))
    assert "too small" not in cost(driver) + cost_detail(driver) + "".join(row(driver, 0).details)
    driver.desk.pictures.set_wish(medium.medium_id, FrameWish(max_tokens=200))
    driver.wait(lambda: "416×224: too small for text" in cost(driver))
    words = "Text may be too small to read: take fewer frames or a shorter range."
    assert words in cost_detail(driver)
    assert words in row(driver, 0).details
    caption = driver.child(CostCaption, "costCaption")
    assert "too small for text" in caption.words_within(caption.width())


def test_a_model_that_cannot_see_videos_says_so_before_asking(
    open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeBackend, "abilities", Abilities(batch=True))
    driver = open_window(files=(film(tmp_path / "clip.mp4"), draw(tmp_path / "a.png")))
    driver.wait_for_pictures(2)
    driver.wait_for_model()
    driver.prompt.setPlainText("What happens?")
    driver.wait(lambda: "This model's runtime cannot look at videos." in driver.parts.prompt.fault_text)
    assert not driver.ask_button.isEnabled()
    select(driver, 1)
    driver.wait(driver.ask_button.isEnabled)
    assert driver.parts.prompt.fault_text == ""


def test_the_sample_video_comes_with_its_question(open_window: OpenWindow) -> None:
    driver = open_window()
    driver.wait_for_model()
    driver.parts.viewer.sample_video_wanted.emit()
    driver.wait_for_pictures(1)
    (medium,) = driver.desk.pictures.media
    assert (medium.source.path, medium.is_video) == (SAMPLE_VIDEO, True)
    driver.wait(driver.ask_button.isEnabled)
    assert driver.prompt.toPlainText() == SAMPLE_VIDEO_QUESTION


def test_videos_and_pictures_are_asked_about_together_in_the_order_of_the_tray(
    open_window: OpenWindow, tmp_path: Path
) -> None:
    clips = [film(tmp_path / f"{n}.mp4", count=25 * (n + 2)) for n in range(2)]
    pictures = [draw(tmp_path / f"{n}.png") for n in range(2)]
    files = (clips[0], pictures[0], clips[1], pictures[1])
    driver = open_window(FakeScript(answers=("Fine.",)), files=files)
    driver.wait_for_pictures(4)
    driver.wait_for_model()
    assert [row(driver, place).label for place in range(4)] == ["Video 1", "Image 1", "Video 2", "Image 2"]
    select(driver, 2, 3)
    driver.ask("First?")
    driver.wait_for_answer()
    select(driver, 0, 1, 2, 3)
    driver.wait(lambda: [row(driver, n).label for n in range(4)] == ["Video 2", "Image 2", "Video 1", "Image 1"])
    driver.ask("And now?")
    driver.wait_for_answer()
    shown = [[medium.name for medium in turn.media] for turn in driver.backend.seen[-1].turns]
    assert shown == [["1.mp4", "1.png"], ["0.mp4", "0.png"]]
    assert "frames read in" in figures_text(driver.desk.conversation.turns[-1])
    assert "4 frames" in row(driver, 0).cost
    assert row(driver, 0).state == "sent whole"


def test_other_frames_are_another_video_to_the_model(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window(FakeScript(answers=("Fine.",)), files=(film(tmp_path / "roll.mp4", count=250),))
    driver.wait_for_pictures(1)
    driver.wait_for_model()
    (medium,) = driver.desk.pictures.media
    driver.ask("The whole?")
    driver.wait_for_answer()
    driver.wait(lambda: row(driver, 0).state.startswith("sent"))
    driver.desk.pictures.set_wish(medium.medium_id, FrameWish(start_s=4, end_s=8))
    driver.wait(lambda: row(driver, 0).label == "Video 2")
    driver.ask("And this part?")
    driver.wait_for_answer()
    times = [clip_times(turn.media) for turn in driver.backend.seen[-1].turns]
    assert [(first[0], first[-1]) for first in times] == [(0.0, 9.96), (4.0, 8.0)]
    turns = driver.desk.conversation.turns

    driver.content.asking.edit(turns[0])
    driver.wait(lambda: wish_of(driver) == FrameWish())
    driver.content.asking.give_up_edit()
    driver.wait(lambda: wish_of(driver) == FrameWish(start_s=4, end_s=8))

    driver.content.asking.ask_again(turns[1])
    driver.wait(lambda: driver.desk.conversation.turns[-1].request_id != turns[1].request_id)
    driver.wait_for_answer()
    assert [clip_times(turn.media) for turn in driver.backend.seen[-1].turns] == times

    driver.action("newConversationAction").trigger()
    driver.wait(lambda: row(driver, 0).label == "Video 1")
    assert row(driver, 0).state == "0:04 – 0:08 · 160×96"


def clip_times(media: tuple[Medium, ...]) -> tuple[float, ...]:
    (clip,) = media
    assert isinstance(clip, Clip)
    return clip.plan.frame_times_s


def wish_of(driver: WindowDriver) -> FrameWish:
    (medium,) = driver.desk.pictures.media
    assert isinstance(medium.source, ClipSource)
    return medium.source.wish


def test_a_saved_conversation_links_videos_and_says_so(
    open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = film(tmp_path / "roll.mp4")
    driver = open_window(FakeScript(answers=("Fine.",)), files=(clip, draw(tmp_path / "a.png")))
    driver.wait_for_pictures(2)
    driver.wait_for_model()
    write_animation(tmp_path / "a.gif", numbered(6), [100] * 6)
    mime = QMimeData()
    mime.setData("image/gif", QByteArray((tmp_path / "a.gif").read_bytes()))
    paste(driver, mime)
    driver.wait_for_pictures(3)
    select(driver, 0, 1, 2)
    driver.ask("What?")
    driver.wait_for_answer()
    target = tmp_path / "out" / "answer.md"
    target.parent.mkdir()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(target), ""))
    driver.action("exportMarkdownAction").trigger()
    assert "linked" not in driver.window.statusBar().currentMessage()
    driver.action("copyPicturesAction").trigger()
    driver.action("exportMarkdownAction").trigger()
    assert "Videos are linked, not copied" in driver.window.statusBar().currentMessage()
    text = target.read_text(encoding="utf-8")
    assert "](../roll.mp4)" in text
    files = target.parent / "answer-files"
    assert sorted(file.name for file in files.iterdir()) == ["Pasted picture 1.gif", "a.png"]
    assert (files / "Pasted picture 1.gif").read_bytes() == (tmp_path / "a.gif").read_bytes()


def test_many_videos_hold_nothing_up(open_window: OpenWindow, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    content = film(tmp_path / "one.mp4", count=12, width_px=64, height_px=48).read_bytes()
    for number in range(200):
        (folder / f"{number}.mp4").write_bytes(content)
    driver = open_window()
    driver.wait_for_model()
    pictures = driver.desk.pictures
    at_once: set[int] = set()

    def drop() -> list[str]:
        pictures.remove([medium.medium_id for medium in pictures.media])
        with Heartbeat() as heartbeat:
            driver.drop(folder)
            driver.wait(lambda: len(pictures.media) == 200)
            while not all(medium.is_opened for medium in pictures.media):
                at_once.add(sum(pictures._opening.values()))
                driver.qtbot.wait(5)
            driver.parts.tray.view.selectAll()
            driver.wait(lambda: cost(driver).startswith("200 videos · "))
        return heartbeat.own_stalls

    assert not calmest(drop)
    assert max(at_once) == 1


def test_a_video_that_vanished_fails_with_its_name_and_can_be_asked_about_again(
    open_window: OpenWindow, tmp_path: Path
) -> None:
    clip = film(tmp_path / "roll.mp4")
    driver = open_window(FakeScript(answers=("Fine.",)), files=(clip,))
    driver.wait_for_pictures(1)
    driver.wait_for_model()
    clip.rename(tmp_path / "elsewhere.mp4")
    driver.ask("What happens?")
    driver.wait_for_answer()
    error = driver.desk.conversation.turns[-1].error
    assert error is not None
    assert error.text == "“roll.mp4” does not exist."
    (tmp_path / "elsewhere.mp4").rename(clip)
    driver.content.asking.on_ask_again()
    driver.wait(lambda: driver.desk.conversation.turns[-1].answer == "Fine.")
    assert row(driver, 0).label == "Video 1"


def test_an_answer_says_what_was_noted_about_its_videos(open_window: OpenWindow, tmp_path: Path) -> None:
    clip = film(tmp_path / "roll.mp4")
    driver = open_window(FakeScript(answers=("Fine.",)), files=(clip, film(tmp_path / "still.mp4", count=1)))
    driver.wait_for_pictures(2)
    driver.wait_for_model()
    film(clip, count=75)  # edited after it came in
    select(driver, 0)
    driver.ask("What happens?")
    driver.wait_for_answer()
    changed = "“roll.mp4” has changed since it was added: it is shown as it is now."
    driver.wait(lambda: changed in driver.result.toPlainText())
    assert len(clip_times(driver.backend.seen[-1].turns[-1].media)) == 6
    driver.action("newConversationAction").trigger()
    select(driver, 0, 1)
    driver.ask("And now?")
    driver.wait_for_answer()
    driver.wait(lambda: f"“roll.mp4”: {changed}" in driver.result.toPlainText())
    noted = "“still.mp4”: The video has a single frame: it is asked about as a picture."
    assert noted in driver.result.toPlainText()


def test_a_video_is_moved_removed_copied_and_dragged_as_pictures_are(open_window: OpenWindow, tmp_path: Path) -> None:
    clip, picture = film(tmp_path / "roll.mp4", count=50), draw(tmp_path / "a.png")
    driver = open_window(files=(picture, clip))
    driver.wait_for_pictures(2)
    select(driver, 1)
    wish = FrameWish(start_s=1.0)
    driver.desk.pictures.set_wish(driver.desk.pictures.media[1].medium_id, wish)
    driver.action("movePictureUpAction").trigger()
    assert kinds(driver) == [("roll.mp4", True), ("a.png", False)]
    driver.action("removePictureAction").trigger()
    driver.wait(lambda: kinds(driver) == [("a.png", False)])
    driver.parts.tray.view.setFocus()
    driver.action("undoAction").trigger()
    driver.wait(lambda: kinds(driver) == [("roll.mp4", True), ("a.png", False)])
    source = driver.desk.pictures.media[0].source
    assert isinstance(source, ClipSource)
    assert source.wish == wish
    assert frame_counts(driver) == [50, 0]
    select(driver, 0)
    driver.action("copyPicturePathAction").trigger()
    assert QGuiApplication.clipboard().text() == str(clip)
    model = driver.parts.tray.view.model()
    assert [url.toLocalFile() for url in model.mimeData([model.index(0, 0)]).urls()] == [str(clip)]
