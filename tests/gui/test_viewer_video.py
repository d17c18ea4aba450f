"""A video in the viewer: any of its frames, the strip of those that the model sees, and the keys."""

from __future__ import annotations

import time
from array import array
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible, QGuiApplication, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app.core.footage import ClipPlan, Footage, FrameWish
from app.gui.viewer import frame_seeking, frames_at_hand
from app.gui.viewer.picture_canvas import PictureCanvas
from app.gui.viewer.video_foot import VideoFoot
from tests.clips_made import numbered, write_video
from tests.gui.conftest import draw
from tests.gui.heartbeat import STALL_S, Heartbeat, calmest
from tests.gui.video_hands import current_id, foot_of, is_quiet, make_clip, number_on, open_clip, shown_number

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from app.core.picture_levels import PictureLevels
    from app.gui.viewer.picture_tiles import LevelImages
    from app.gui.viewer.scrubber import Scrubber
    from tests.gui.window_driver import OpenWindow

LEFT, PLAIN = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def place(scrubber: Scrubber, time_s: float) -> QPoint:
    return QPoint(round(scrubber.x_of(time_s)), scrubber.height() // 2)


# What is shown


def test_the_strip_holds_the_very_frames_that_the_model_will_see(open_window: OpenWindow, clip: Path) -> None:
    driver = open_window()
    foot = open_clip(driver, clip)
    medium = driver.desk.pictures.media[0]
    plan = driver.desk.next_question().plan(medium)
    assert plan is not None
    assert len(plan.frame_times_s) == 16
    assert foot.strip.frames.times_s == plan.frame_times_s
    assert foot.scrubber.sampled == plan.frame_indices
    assert shown_number(driver) == 0
    seen = [index for index in foot.strip.wanted(0) if index in plan.frame_indices]
    assert len(seen) >= 4
    for index in seen:
        image = driver.desk.frames.image(medium.medium_id, index)
        assert image is not None
        assert number_on(image) == index


def test_the_words_under_it_say_time_frame_spacing_size_and_tokens(open_window: OpenWindow, clip: Path) -> None:
    driver = open_window()
    foot = open_clip(driver, clip)
    plan = driver.desk.next_question().plan(driver.desk.pictures.media[0])
    assert plan is not None
    foot.frame_wanted.emit(plan.frame_indices[3])
    size = f"{plan.width_px}×{plan.height_px}"
    words = f"0:01.6 · frame 4 of 16 · {round(plan.spacing_s, 2):g} s apart · {size} each · {plan.tokens:,} tokens"
    assert foot.frames_pill.words == words
    foot.frame_wanted.emit(plan.frame_indices[3] + 1)
    assert foot.frames_pill.words.startswith("0:01.7 · 16 frames · ")
    assert not driver.parts.viewer.caption


def test_a_frame_that_is_clicked_in_the_strip_is_shown_and_outlined(open_window: OpenWindow, clip: Path) -> None:
    driver = open_window()
    foot = open_clip(driver, clip)
    index = foot.strip.frames.index(2)
    QTest.mouseClick(foot.strip.viewport(), LEFT, PLAIN, foot.strip.visualRect(index).center())
    assert foot.strip.shown_place == 2
    assert foot.frame == foot.strip.frames.indices[2]
    assert shown_number(driver) == foot.strip.frames.indices[2]
    foot.strip.setFocus()
    QTest.keyClick(foot.strip, Qt.Key.Key_Right)
    assert foot.strip.shown_place == 3
    assert shown_number(driver) == foot.strip.frames.indices[3]
    foot.scrubber.step(1)
    assert foot.strip.shown_place is None


def test_the_menu_of_a_frame_in_the_strip_is_about_that_frame(open_window: OpenWindow, clip: Path) -> None:
    driver = open_window()
    foot = open_clip(driver, clip)
    place_of_third = foot.strip.visualRect(foot.strip.frames.index(2)).center()
    QTest.mouseClick(foot.strip.viewport(), Qt.MouseButton.RightButton, PLAIN, place_of_third)
    assert foot.frame == foot.strip.frames.indices[2]
    assert [action.objectName() for action in foot.strip.actions()] == [
        "rangeInAction",
        "rangeOutAction",
        "takeFrameAction",
    ]
    time_s = foot.time_s
    foot.strip.actions()[2].trigger()
    driver.wait(lambda: len(driver.names) == 2)
    assert driver.names[1] == f"numbers.mp4 {time_s:.2f} s.png"


def test_no_other_frame_is_seen_before_the_one_that_is_looked_at(
    open_window: OpenWindow, clip: Path, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    take = PictureCanvas._take

    def note(canvas: PictureCanvas, images: LevelImages | None) -> None:
        take(canvas, images)
        if images is not None and images.width_px == 160 and images.height_px == 96:
            seen.append(number_on(images.levels[0].image()))

    driver = open_window()
    monkeypatch.setattr(PictureCanvas, "_take", note)
    foot = open_clip(driver, clip)
    assert set(seen) == {0}  # and not the poster
    foot.scrubber.setValue(foot.scrubber.sampled[5])
    assert shown_number(driver) == foot.scrubber.sampled[5]
    seen.clear()
    driver.drop(draw(picture, 300, 200))
    driver.wait(lambda: not driver.parts.viewer.is_video)
    driver.parts.tray.select([driver.desk.pictures.media[0].medium_id])
    driver.wait(lambda: driver.parts.viewer.is_video)
    assert shown_number(driver) == foot.scrubber.sampled[5]
    assert set(seen) == {foot.scrubber.sampled[5]}


def test_frames_of_the_strip_have_names_for_those_who_do_not_see_them(open_window: OpenWindow, clip: Path) -> None:
    driver = open_window()
    foot = open_clip(driver, clip)
    access = QAccessible.queryAccessibleInterface(foot.strip)
    assert access is not None
    assert access.childCount() == 16
    assert access.child(1).text(QAccessible.Text.Name) == "Frame 2 of 16, 0:00.5"
    scrubber = QAccessible.queryAccessibleInterface(foot.scrubber)
    assert scrubber is not None
    assert scrubber.role() == QAccessible.Role.Slider
    assert scrubber.text(QAccessible.Text.Description).startswith("0:00.0 of 0:08.")


def test_only_frames_in_sight_are_opened_and_few_are_kept(
    open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = make_clip(tmp_path / "long.mp4", 240, rate=24)
    driver = open_window()
    foot = open_clip(driver, clip)
    medium_id = current_id(driver)
    driver.desk.pictures.set_wish(medium_id, FrameWish(frame_count=200))
    driver.wait(lambda: len(foot.strip.frames.times_s) == 200 and is_quiet(driver))
    frames = driver.desk.frames
    opened = len(frames._images)
    assert 4 <= opened < 60
    bound = frames.held_bytes
    monkeypatch.setattr(frames_at_hand, "MOST_BYTES", bound)
    bar = foot.strip.horizontalScrollBar()
    bar.setValue(bar.maximum())
    last = foot.strip.frames.indices[-1]
    driver.wait(lambda: frames.image(medium_id, last) is not None and is_quiet(driver))
    image = frames.image(medium_id, last)
    assert image is not None
    assert number_on(image) == last
    assert frames.held_bytes <= bound
    assert sum(image.sizeInBytes() for image in frames._images.values()) == frames.held_bytes
    assert frames.image(medium_id, 0) is None


# Any frame


def test_the_scrubber_shows_the_frame_where_it_is_let_go(open_window: OpenWindow, clip: Path) -> None:
    driver = open_window()
    foot = open_clip(driver, clip)
    scrubber = foot.scrubber
    QTest.mousePress(scrubber, LEFT, PLAIN, place(scrubber, 0.4))
    for tenths in range(5, 66, 3):
        QTest.mouseMove(scrubber, place(scrubber, tenths / 10))
        assert foot.frame == scrubber.frame_at(place(scrubber, tenths / 10).x())
        assert foot.frames_pill.words.startswith(f"0:0{foot.frame / 10:.1f}")  # at once, not once it is decoded
    QTest.mouseRelease(scrubber, LEFT, PLAIN, place(scrubber, 6.5))
    assert abs(foot.frame - 65) <= 1
    assert shown_number(driver) == foot.frame


def test_frames_are_opened_one_at_a_time_and_none_in_vain(
    open_window: OpenWindow, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = open_window()
    foot = open_clip(driver, clip)
    engine = driver.desk.frames._engine
    assert engine is not None
    asked: list[float] = []
    look = engine.look

    def note(view_id: str, source: object, max_pixels: int, time_s: float = 0.0) -> None:
        asked.append(time_s)
        look(view_id, source, max_pixels, time_s)  # type: ignore[arg-type]

    monkeypatch.setattr(engine, "look", note)
    for index in range(1, 61):  # no event is taken in between
        foot.scrubber.step(1)
        assert foot.frame == index
    assert asked == [0.1]
    assert shown_number(driver) == 60
    assert set(asked) == {0.1, 6.0}


def test_every_source_frame_can_be_reached_by_key(open_window: OpenWindow, tmp_path: Path) -> None:
    times_ms = [0, 40, 80, 900, 1000, 1010, 2400, 2600, 4000, 4040, 6000, 6100]
    driver = open_window()
    foot = open_clip(driver, make_clip(tmp_path / "variable.mkv", len(times_ms), times_ms=times_ms))
    scrubber = foot.scrubber
    scrubber.setFocus()
    met = []
    for _ in times_ms:
        met.append((foot.frame, round(foot.time_s * 1000)))
        QTest.keyClick(scrubber, Qt.Key.Key_Right)
    assert met == list(enumerate(times_ms))
    assert foot.frame == 11
    assert shown_number(driver) == 11
    QTest.keyClick(scrubber, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert foot.time_s == pytest.approx(4.04)
    QTest.keyClick(scrubber, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert foot.time_s == pytest.approx(6.0)  # nothing is shown within the second: the next frame all the same
    QTest.keyClick(scrubber, Qt.Key.Key_Home)
    assert shown_number(driver) == 0
    QTest.keyClick(scrubber, Qt.Key.Key_End)
    assert shown_number(driver) == 11


def test_keys_on_the_frame_itself_lead_through_the_video_and_up_and_down_to_the_others(
    open_window: OpenWindow, clip: Path, picture: Path
) -> None:
    driver = open_window()
    driver.drop(picture)
    driver.wait_for_pictures(1)
    foot = open_clip(driver, clip)
    canvas = driver.parts.viewer.canvas
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    QTest.keyClick(canvas, Qt.Key.Key_Left)
    assert shown_number(driver) == 1
    QTest.keyClick(canvas, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert shown_number(driver) == 11
    QTest.keyClick(canvas, Qt.Key.Key_PageDown)
    assert foot.frame == next(index for index in foot.scrubber.sampled if index > 11)
    QTest.keyClick(canvas, Qt.Key.Key_Up)
    assert not driver.parts.viewer.is_video
    assert driver.parts.viewer.medium == driver.desk.pictures.media[0]
    QTest.keyClick(canvas, Qt.Key.Key_Down)
    driver.wait(lambda: driver.parts.viewer.is_video)
    assert foot.frame > 11  # where it was left


def test_tab_leads_through_all_that_can_be_done_with_a_video(open_window: OpenWindow, clip: Path) -> None:
    driver = open_window()
    foot = open_clip(driver, clip)
    foot.scrubber.setValue(30)
    foot.begin_here()
    driver.wait(lambda: is_quiet(driver))
    driver.parts.viewer.canvas.setFocus()
    met = []
    for _ in range(20):
        focus = QApplication.focusWidget()
        assert focus is not None
        met.append(focus.objectName())
        QTest.keyClick(focus, Qt.Key.Key_Tab)
    wanted = ["pictureCanvas", "frameStrip", "scrubber", "rangeInButton", "rangeOutButton", "rangeClearButton"]
    wanted += ["framesPill", "takeFrameButton", "zoomInButton"]
    assert [name for name in met if name in wanted][: len(wanted)] == wanted


def test_the_wheel_goes_frame_by_frame(open_window: OpenWindow, clip: Path) -> None:
    driver = open_window()
    foot = open_clip(driver, clip)

    def turn(eighths: int) -> None:
        here = QPointF(foot.scrubber.rect().center())
        there = QPointF(foot.scrubber.mapToGlobal(here))
        none = Qt.MouseButton.NoButton
        phase = Qt.ScrollPhase.NoScrollPhase
        event = QWheelEvent(here, there, QPoint(), QPoint(0, eighths), none, PLAIN, phase, False)
        QApplication.sendEvent(foot.scrubber, event)

    turn(-120)
    turn(-120)
    assert foot.frame == 2
    turn(120)
    assert foot.frame == 1
    for _ in range(4):
        turn(-30)
    assert foot.frame == 2


def test_zoom_stays_from_frame_to_frame(open_window: OpenWindow, clip: Path) -> None:
    driver = open_window()
    foot = open_clip(driver, clip)
    canvas = driver.parts.viewer.canvas
    canvas.zoom_in()
    canvas.zoom_in()
    canvas.zoom_in()
    canvas.zoom_in()
    canvas.turn(1)
    before = canvas.framing
    assert before is not None
    assert not before.is_fitted
    foot.scrubber.step(7)
    assert shown_number(driver) == 7
    assert canvas.framing == before


def test_the_main_thread_never_stalls_while_frames_are_dragged_through(open_window: OpenWindow, tmp_path: Path) -> None:
    file = tmp_path / "wide.mp4"
    write_video(file, numbered(60, 1280, 720), rate=20, options={"g": "30"})
    driver = open_window()
    foot = open_clip(driver, file)
    scrubber = foot.scrubber
    QTest.mousePress(scrubber, LEFT, PLAIN, place(scrubber, 0.1))

    def drag() -> list[str]:
        with Heartbeat() as heartbeat:
            for step in range(60):
                QTest.mouseMove(scrubber, place(scrubber, 0.1 + step * 0.045))
                QTest.qWait(8)
            driver.wait(lambda: not driver.content.video._seeking.is_waiting)
        assert heartbeat.beats > 30
        return heartbeat.own_stalls

    stalls = calmest(drag)
    QTest.mouseRelease(scrubber, LEFT, PLAIN, place(scrubber, 2.7))
    assert not stalls
    assert shown_number(driver) == foot.frame


def test_a_key_frame_is_seen_on_the_way_but_never_after_the_frame_itself(
    open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame_seeking, "_SMALL_FRAME_PIXELS", 0)  # as a large frame: first as it is seen, then whole
    file = tmp_path / "far apart.mp4"
    write_video(file, numbered(120, 1280, 720), rate=20, options={"g": "60"})
    driver = open_window()
    foot = open_clip(driver, file)
    seen: list[tuple[int, int]] = []
    show = driver.parts.viewer.show_frame

    def note(medium_id: str, levels: PictureLevels) -> None:
        show(medium_id, levels)
        image = driver.parts.viewer.picture()
        assert image is not None
        seen.append((number_on(image), image.width()))

    monkeypatch.setattr(driver.parts.viewer, "show_frame", note)
    scrubber = foot.scrubber
    QTest.mousePress(scrubber, LEFT, PLAIN, place(scrubber, 5.52))
    assert foot.frame == 110
    driver.wait(lambda: not driver.content.video._seeking.is_waiting)
    assert [number for number, _ in seen] == [60, 110]
    assert seen[1][1] < 1280
    QTest.mouseRelease(scrubber, LEFT, PLAIN, place(scrubber, 5.52))
    assert shown_number(driver) == 110
    assert seen[2:] == [(110, 1280)]


# Copies


def test_the_frame_that_is_copied_is_the_one_that_is_seen_and_not_the_file(open_window: OpenWindow, clip: Path) -> None:
    driver = open_window()
    foot = open_clip(driver, clip)
    foot.scrubber.setValue(21)
    assert shown_number(driver) == 21
    driver.action("copyPictureAction").trigger()
    mime = QGuiApplication.clipboard().mimeData()
    assert not mime.hasUrls()
    image = QGuiApplication.clipboard().image()
    assert (image.width(), image.height()) == (160, 96)
    assert number_on(image) == 21
    assert driver.window.statusBar().currentMessage() == "The frame at 0:02.1 is on the clipboard."


def test_pictures_are_looked_at_as_ever_beside_videos(open_window: OpenWindow, clip: Path, tmp_path: Path) -> None:
    driver = open_window()
    open_clip(driver, clip)
    driver.drop(draw(tmp_path / "picture.png", 300, 200))
    driver.wait_for_pictures(2)
    driver.wait(lambda: driver.parts.viewer.picture() is not None and not driver.parts.viewer.is_video)
    picture = driver.parts.viewer.picture()
    assert picture is not None
    assert (picture.width(), picture.height()) == (300, 200)
    driver.wait(lambda: driver.parts.viewer.caption.startswith("300×200"))
    assert not foot_of(driver).note.isVisible()


def test_hours_of_frames_hold_nobody_up(qtbot: QtBot) -> None:
    count = 5 * 3600 * 30
    footage = Footage(array("d", (index / 30 for index in range(count))), count / 30, 1920, 1080)

    def plan(step: int) -> ClipPlan:
        indices = tuple(range(0, count, step))
        times_s = tuple(footage.times_s[index] for index in indices)
        return ClipPlan(times_s, indices, 1920, 1080, 448, 256, footage.end_s, 30.0, count)

    window = QWidget()
    window.resize(900, 400)
    qtbot.addWidget(window)
    foot = VideoFoot(window)
    foot.setGeometry(0, 200, 900, 160)
    window.show()
    foot.show_video(footage, 0)
    steps: tuple[Callable[[], None], ...] = (
        lambda: foot.show_plan(denser, None, None, ""),
        lambda: foot.show_plan(sparser, None, None, ""),
        lambda: foot.show_frame(count // 2),
        lambda: foot.strip.show_image(sparser.frame_indices[-1]),
        foot.scrubber.repaint,
        lambda: foot.scrubber.step_sampled(1),
    )
    denser, sparser = plan(15), plan(16)
    took_s = []
    for step in steps:
        begin_s = time.thread_time()
        step()
        QApplication.processEvents()
        took_s.append(time.thread_time() - begin_s)
    assert foot.strip.frames.rowCount() == len(sparser.frame_indices)
    assert max(took_s) < STALL_S, took_s
