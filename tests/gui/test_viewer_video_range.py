"""Which frames of a video the model sees: the range, the choice of frames, and frames that are taken out of it."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QDrag, QImage
from PySide6.QtTest import QTest

from app.core.clips import ClipSource
from app.core.errors import ErrorText
from app.core.events import ViewFailed
from app.core.footage import FrameWish
from app.gui.actions import plain_text
from app.gui.viewer.frames_at_hand import STILL
from app.gui.viewer.frames_choice import FramesChoice
from app.gui.viewer.picture_out import frame_name
from tests.clips_made import number_in, numbered, write_video
from tests.gui.video_hands import is_quiet, make_clip, number_on, open_clip, shown_number
from tests.gui.window_driver import type_into

if TYPE_CHECKING:
    from pathlib import Path

    from app.gui.viewer.scrubber import Scrubber
    from tests.gui.window_driver import OpenWindow, WindowDriver

LEFT, PLAIN = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
ALT = Qt.KeyboardModifier.AltModifier


def wish_of(driver: WindowDriver, place: int = 0) -> FrameWish:
    driver.wait(lambda: is_quiet(driver))
    source = driver.desk.pictures.media[place].source
    assert isinstance(source, ClipSource)
    return source.wish


def times_seen(driver: WindowDriver) -> tuple[float, ...]:
    plan = driver.desk.next_question().plan(driver.desk.pictures.media[0])
    assert plan is not None
    return plan.frame_times_s


def held(scrubber: Scrubber) -> str:
    return scrubber.held


# The range


def test_i_and_o_set_the_range_at_the_frame_that_is_seen(open_window: OpenWindow, clip: Path) -> None:
    driver = open_window()
    foot = open_clip(driver, clip)
    canvas = driver.parts.viewer.canvas
    canvas.setFocus()
    before = driver.desk.next_question().new_tokens
    foot.scrubber.setValue(20)
    QTest.keyClick(canvas, Qt.Key.Key_I)
    foot.scrubber.setValue(50)
    QTest.keyClick(canvas, Qt.Key.Key_O)
    assert wish_of(driver) == FrameWish(start_s=2.0, end_s=5.0)
    assert (foot.range_pill.begin.text(), foot.range_pill.end.text()) == ("In 0:02.0", "Out 0:05.0")
    seen = times_seen(driver)
    assert (seen[0], seen[-1]) == (2.0, 5.0)
    assert foot.strip.frames.times_s == seen
    assert driver.desk.next_question().new_tokens < before
    assert foot.frame == 50  # nothing jumps
    QTest.keyClick(canvas, Qt.Key.Key_X, ALT)
    assert wish_of(driver) == FrameWish()
    assert (foot.range_pill.begin.text(), foot.range_pill.end.text()) == ("In 0:00", "Out 0:08")
    assert not foot.range_pill.clear.isEnabled()
    assert not driver.action("clearRangeAction").isEnabled()


def test_i_and_o_are_letters_in_a_question(open_window: OpenWindow, clip: Path) -> None:
    driver = open_window()
    foot = open_clip(driver, clip)
    foot.scrubber.setValue(20)
    driver.prompt.setFocus()
    QTest.keyClicks(driver.prompt, "io")
    assert driver.prompt.toPlainText() == "io"
    assert wish_of(driver) == FrameWish()


def test_a_letter_that_is_typed_with_option_on_a_mac_leaves_the_range(
    open_window: OpenWindow, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = open_window()
    open_clip(driver, clip).scrubber.setValue(20)
    driver.action("rangeInAction").trigger()
    driver.wait(lambda: wish_of(driver) == FrameWish(start_s=2.0))
    monkeypatch.setattr("app.gui.usual_commands.sys", SimpleNamespace(platform="darwin"))
    click, option = QTest.KeyAction.Click, Qt.KeyboardModifier.AltModifier
    driver.prompt.setFocus()
    QTest.sendKeyEvent(click, driver.prompt, Qt.Key.Key_X, "≈", option)
    driver.wait(lambda: is_quiet(driver))
    assert wish_of(driver) == FrameWish(start_s=2.0)
    driver.parts.viewer.canvas.setFocus()
    QTest.sendKeyEvent(click, driver.parts.viewer.canvas, Qt.Key.Key_X, "≈", option)
    driver.wait(lambda: wish_of(driver) == FrameWish())


def test_a_range_never_ends_before_it_begins(open_window: OpenWindow, clip: Path) -> None:
    driver = open_window()
    foot = open_clip(driver, clip)
    foot.scrubber.setValue(30)
    foot.range_pill.end.click()
    assert wish_of(driver) == FrameWish(end_s=3.0)
    foot.scrubber.setValue(60)
    foot.range_pill.begin.click()
    assert wish_of(driver) == FrameWish(start_s=6.0)
    foot.scrubber.setValue(10)
    foot.range_pill.end.click()
    assert wish_of(driver) == FrameWish(end_s=1.0)
    foot.scrubber.setValue(0)
    foot.range_pill.begin.click()  # it begins there already
    assert driver.window.statusBar().currentMessage() == ""
    foot.range_pill.end.click()  # would leave a single frame
    assert driver.window.statusBar().currentMessage() == "A range is at least two frames long."
    assert wish_of(driver) == FrameWish(end_s=1.0)
    foot.range_pill.clear.click()
    assert wish_of(driver) == FrameWish()


def test_the_grips_are_dragged_and_the_frame_goes_with_them(open_window: OpenWindow, clip: Path) -> None:
    driver = open_window()
    foot = open_clip(driver, clip)
    scrubber = foot.scrubber
    middle = scrubber.height() // 2
    assert foot.footage is not None
    times_s = foot.footage.times_s
    end = round(scrubber.x_of(foot.footage.end_s)) + 6
    start = round(scrubber.x_of(0.0)) - 6
    QTest.mousePress(scrubber, LEFT, PLAIN, QPoint(end, middle))
    assert held(scrubber) == "last"
    target = round(scrubber.x_of(6.0)) + 6
    for step in range(1, 6):
        QTest.mouseMove(scrubber, QPoint(end + (target - end) * step // 5, middle))
    last = foot.frame
    assert abs(last - 60) <= 1
    assert foot.range_pill.end.text() == f"Out 0:0{last / 10:.1f}"
    QTest.mouseRelease(scrubber, LEFT, PLAIN, QPoint(target, middle))
    assert wish_of(driver) == FrameWish(end_s=times_s[last])
    assert shown_number(driver) == last
    QTest.mousePress(scrubber, LEFT, PLAIN, QPoint(start, middle))
    assert held(scrubber) == "first"
    QTest.mouseMove(scrubber, QPoint(scrubber.width(), middle))  # past the other grip
    QTest.mouseRelease(scrubber, LEFT, PLAIN, QPoint(scrubber.width(), middle))
    assert wish_of(driver) == FrameWish(start_s=times_s[last - 1], end_s=times_s[last])
    assert foot.frame == last - 1


def test_dragging_a_grip_plans_only_now_and_then(open_window: OpenWindow, clip: Path) -> None:
    driver = open_window()
    foot = open_clip(driver, clip)
    changes: list[bool] = []
    driver.desk.pictures.changed.connect(lambda: changes.append(True))
    scrubber = foot.scrubber
    begin = round(scrubber.x_of(0.0)) - 6
    QTest.mousePress(scrubber, LEFT, PLAIN, QPoint(begin, scrubber.height() // 2))
    for x in range(begin, begin + 200, 2):
        QTest.mouseMove(scrubber, QPoint(x, scrubber.height() // 2))
    assert not changes
    QTest.mouseRelease(scrubber, LEFT, PLAIN, QPoint(begin + 200, scrubber.height() // 2))
    assert len(changes) == 1


def test_undo_takes_back_a_range_and_not_the_video(open_window: OpenWindow, clip: Path) -> None:
    driver = open_window()
    foot = open_clip(driver, clip)
    undo, redo, scrubber = driver.action("undoAction"), driver.action("redoAction"), foot.scrubber
    scrubber.setValue(20)
    driver.action("rangeInAction").trigger()
    assert wish_of(driver).start_s == pytest.approx(2.0)
    middle = scrubber.height() // 2
    end = round(scrubber.x_of(8.0)) + 8
    QTest.mousePress(scrubber, LEFT, PLAIN, QPoint(end, middle))
    for time_s in (7.0, 6.0, 5.0):
        QTest.mouseMove(scrubber, QPoint(round(scrubber.x_of(time_s)), middle))
        driver.wait(lambda: not driver.content.video._wish_timer.isActive())
    QTest.mouseRelease(scrubber, LEFT, PLAIN, QPoint(round(scrubber.x_of(5.0)), middle))
    assert wish_of(driver).end_s is not None
    driver.action("clearRangeAction").trigger()
    assert wish_of(driver) == FrameWish()
    driver.parts.viewer.canvas.setFocus()
    menu = driver.content.actions_by_id.menu_of("undoAction")
    menu.aboutToShow.emit()
    assert plain_text(undo.text()) == "Undo Choose Frames"
    menu.aboutToHide.emit()
    undo.trigger()
    assert wish_of(driver).end_s is not None
    undo.trigger()
    assert wish_of(driver) == FrameWish(start_s=wish_of(driver).start_s)
    assert foot.scrubber.range_frames == (20, None)
    undo.trigger()
    assert wish_of(driver) == FrameWish()
    redo.trigger()
    assert wish_of(driver).start_s == pytest.approx(2.0)
    assert driver.names == [clip.name]


def test_a_range_belongs_to_its_video(open_window: OpenWindow, clip: Path, tmp_path: Path) -> None:
    driver = open_window()
    foot = open_clip(driver, clip)
    foot.scrubber.setValue(20)
    foot.begin_here()
    other = make_clip(tmp_path / "other.mp4", 40)
    driver.drop(other)  # before the range was taken note of
    driver.wait_for_pictures(2)
    driver.wait(lambda: foot.footage is not None and len(foot.footage.times_s) == 40)
    assert wish_of(driver, 0) == FrameWish(start_s=2.0)
    assert wish_of(driver, 1) == FrameWish()
    assert foot.scrubber.range_frames == (None, None)


def test_the_window_in_another_language_shows_the_same_frame_and_range(open_window: OpenWindow, clip: Path) -> None:
    driver = open_window()
    foot = open_clip(driver, clip)
    foot.scrubber.setValue(20)
    foot.begin_here()  # and the language changes before that was taken note of
    driver.desk.change_settings(replace(driver.desk.settings, language="zh_CN"))
    driver.follow()
    driver.wait(lambda: driver.parts.viewer.is_video and driver.parts.viewer.picture() is not None)
    assert wish_of(driver) == FrameWish(start_s=2.0)
    foot = driver.parts.viewer.foot
    assert foot.range_pill.begin.text() == "入点 0:02.0"
    assert shown_number(driver) == 20
    foot.scrubber.step(3)
    assert shown_number(driver) == 23


# The choice of frames


def opened_choice(driver: WindowDriver) -> FramesChoice:
    foot = driver.parts.viewer.foot
    foot.frames_pill.setFocus()
    QTest.keyClick(foot.frames_pill, Qt.Key.Key_Space)
    choice = driver.window.findChild(FramesChoice)
    assert choice is not None
    assert choice.isVisible()
    return choice


def test_frames_a_second_a_number_of_frames_and_the_makers_own(open_window: OpenWindow, clip: Path) -> None:
    driver = open_window()
    foot = open_clip(driver, clip)
    foot.scrubber.setValue(20)
    foot.begin_here()
    choice = opened_choice(driver)
    assert choice.automatic.isChecked()
    assert choice.automatic.text() == "Automatic, 2 a second"
    choice.by_rate.click()
    assert wish_of(driver) == FrameWish(frames_per_s=2.0, start_s=2.0)
    type_into(choice.rate, "0.75")
    assert wish_of(driver) == FrameWish(frames_per_s=0.75, start_s=2.0)
    assert len(times_seen(driver)) == 4
    choice = opened_choice(driver)
    type_into(choice.count, "10", then=Qt.Key.Key_Tab)
    assert choice.by_count.isChecked()
    assert wish_of(driver) == FrameWish(frame_count=10, start_s=2.0)
    assert foot.strip.frames.rowCount() == 10
    assert "10 frames, 0.66 s apart" in choice.outcome.text()
    type_into(choice.tokens, "30", then=Qt.Key.Key_Tab)
    assert wish_of(driver) == FrameWish(frame_count=10, start_s=2.0, max_tokens=30)
    plan = driver.desk.next_question().plan(driver.desk.pictures.media[0])
    assert plan is not None
    assert plan.tokens <= 30
    choice.automatic.click()
    type_into(choice.tokens, "", then=Qt.Key.Key_Tab)
    assert wish_of(driver) == FrameWish(start_s=2.0)
    QTest.keyClick(choice, Qt.Key.Key_Escape)
    assert not choice.isVisible()


def test_what_was_typed_last_belongs_to_the_video_that_is_left(
    open_window: OpenWindow, clip: Path, tmp_path: Path
) -> None:
    driver = open_window()
    foot = open_clip(driver, clip)
    driver.drop(make_clip(tmp_path / "second.mp4", 40))
    driver.wait_for_pictures(2)
    driver.action("previousPictureAction").trigger()
    driver.wait(lambda: is_quiet(driver) and foot.scrubber.maximum() == 79)
    foot.frames_pill.click()
    choice = driver.child(FramesChoice, "framesChoice")
    type_into(choice.count, "8", then=None)
    driver.action("nextPictureAction").trigger()
    assert wish_of(driver) == FrameWish(frame_count=8)
    assert wish_of(driver, 1) == FrameWish()
    assert not choice.isVisible()


def test_arrow_keys_go_through_the_choices(open_window: OpenWindow, clip: Path) -> None:
    driver = open_window()
    open_clip(driver, clip)
    choice = opened_choice(driver)
    assert choice.automatic.hasFocus()
    QTest.keyClick(choice.automatic, Qt.Key.Key_Down)
    assert wish_of(driver) == FrameWish(frames_per_s=2.0)
    QTest.keyClick(choice.by_rate, Qt.Key.Key_Down)
    assert wish_of(driver) == FrameWish(frame_count=16)
    QTest.keyClick(choice.by_count, Qt.Key.Key_Up)
    QTest.keyClick(choice.by_rate, Qt.Key.Key_Up)
    assert wish_of(driver) == FrameWish()


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("count", "5", "in pairs: choose an even number, such as 6."),
        ("count", "800", "The number of frames must be 4 to 768."),
        ("count", "many", "“Number of frames” is a whole number."),
        ("rate", "0", "must be more than 0 and at most 1000."),
        ("rate", "fast", "Frames a second is a number, such as 2 or 0.5."),
        ("tokens", "0", "The tokens for a video must be 1 or more."),
        ("tokens", "1.5", "“Most tokens for all frames” is a whole number."),
    ],
)
def test_what_cannot_be_is_said_in_words(
    field: str, text: str, words: str, open_window: OpenWindow, clip: Path
) -> None:
    driver = open_window()
    open_clip(driver, clip)
    choice = opened_choice(driver)
    edit = getattr(choice, field)
    type_into(edit, text)
    assert choice.isVisible()
    assert words in choice.fault.text()
    assert not choice.outcome.isVisible()
    assert wish_of(driver) == FrameWish()
    type_into(edit, "8", then=Qt.Key.Key_Tab)
    assert not choice.fault.isVisible()
    assert wish_of(driver) != FrameWish()


def test_text_too_small_to_read_is_said_with_what_to_do(open_window: OpenWindow, tmp_path: Path) -> None:
    file = tmp_path / "large.mp4"
    write_video(file, numbered(60, 1280, 720), rate=10)
    driver = open_window()
    foot = open_clip(driver, file)
    driver.window.resize(1280, 820)
    driver.wait(lambda: foot.is_tall)
    assert not foot.note.isVisible()
    medium_id = driver.desk.pictures.media[0].medium_id
    driver.desk.pictures.set_wish(medium_id, FrameWish(max_tokens=300))
    driver.wait(lambda: is_quiet(driver) and foot.note.isVisible())
    assert foot.note.words == ("⚠ Text may be too small to read: take fewer frames or a shorter range.")
    driver.window.resize(640, 480)
    driver.wait(lambda: foot.is_one_row)
    assert not foot.note.isVisible()
    assert foot.frames_pill.words.startswith("⚠ ")
    assert "too small to read" in foot.frames_pill.toolTip()


# Taken out


def test_a_frame_taken_out_is_a_picture_behind_its_video_asked_about_alone(
    open_window: OpenWindow, clip: Path, picture: Path
) -> None:
    driver = open_window()
    driver.wait_for_model()
    foot = open_clip(driver, clip)
    driver.drop(picture)
    driver.wait_for_pictures(2)
    driver.parts.tray.select([driver.desk.pictures.media[0].medium_id])
    driver.wait(lambda: driver.parts.viewer.is_video)
    foot.scrubber.setValue(37)
    QTest.keyClick(
        driver.parts.viewer.canvas,
        Qt.Key.Key_T,
        Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
    )
    driver.wait_for_pictures(3)
    assert driver.names == ["numbers.mp4", "numbers.mp4 3.70 s.png", "four colours.png"]
    driver.wait(lambda: not driver.parts.viewer.is_video and driver.parts.viewer.picture() is not None)
    assert shown_number(driver) == 37
    assert driver.parts.tray.selected_ids == (driver.desk.pictures.media[1].medium_id,)
    driver.ask("What is this?")
    driver.wait_for_answer()
    turn = driver.desk.conversation.turns[0]
    assert [source.name for source in turn.question.sources] == ["numbers.mp4 3.70 s.png"]
    (seen,) = turn.pictures
    assert number_in(seen.rgb, seen.width_px, seen.height_px) == 37
    driver.desk.pictures.undo()
    assert driver.names == ["numbers.mp4", "four colours.png"]


def test_a_frame_that_was_taken_out_before_is_selected_again(open_window: OpenWindow, clip: Path) -> None:
    driver = open_window()
    foot = open_clip(driver, clip)
    foot.scrubber.setValue(5)
    for _ in range(2):
        foot.take_out.click()
        driver.wait(lambda: not driver.parts.viewer.is_video)
        driver.parts.tray.select([driver.desk.pictures.media[0].medium_id])
        driver.wait(lambda: driver.parts.viewer.is_video)
    assert len(driver.names) == 2


def test_a_frame_that_cannot_be_taken_out_says_why(open_window: OpenWindow, clip: Path) -> None:
    driver = open_window()
    open_clip(driver, clip)
    medium_id = driver.desk.pictures.media[0].medium_id
    error = ErrorText("“numbers.mp4” does not exist.", "Check the name.", kind="input")
    driver.desk.frames.take(ViewFailed(f"{STILL}{medium_id}", error))
    assert "does not exist" in driver.refusals
    assert driver.names == ["numbers.mp4"]


def test_a_frame_dragged_out_has_a_file_of_its_own(
    open_window: OpenWindow, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[tuple[int, int, str]] = []

    def drop(drag: QDrag, *_actions: Qt.DropAction) -> Qt.DropAction:
        (url,) = drag.mimeData().urls()
        file = QImage(url.toLocalFile())  # whoever was given the name finds it whole
        taken.append((number_on(file), number_on(QImage(drag.mimeData().imageData())), url.fileName()))
        return Qt.DropAction.CopyAction

    monkeypatch.setattr(QDrag, "exec", drop)
    driver = open_window()
    foot = open_clip(driver, clip)
    foot.scrubber.setValue(42)
    assert shown_number(driver) == 42
    canvas = driver.parts.viewer.canvas
    middle = canvas.picture_rect().center()
    QTest.mousePress(canvas, LEFT, PLAIN, middle)
    QTest.mouseMove(canvas, middle + QPoint(60, 0))
    QTest.mouseRelease(canvas, LEFT, PLAIN, middle)
    assert taken == [(42, 42, "numbers 0.04.20.png")]


def test_a_frame_has_a_name_that_every_system_allows() -> None:
    assert frame_name('1/2: "what?".mp4', 3723.4) == "2 what 1.02.03.40"
    assert frame_name("电影.mov", 0.0) == "电影 0.00.00"
    assert len(f"{frame_name('🎬' * 62 + '.mov', 3723.4)}.png".encode()) <= 255
