"""What has the keyboard is seen, and F6 leads through the parts of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shiboken6
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from app.gui.focus_ring import FocusRing
from app.gui.look import apply_look
from tests.gui.conftest import draw
from tests.gui.focus_seen import focused, is_seen, place_of, press, ring_pixels
from tests.gui.keys_and_clicks import SHIFT
from tests.gui.models_shown import here
from tests.gui.video_hands import make_clip

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from pytestqt.qtbot import QtBot

    from tests.gui.window_driver import OpenWindow


def test_the_keyboard_is_seen_at_every_stop_of_tab(open_window: OpenWindow, picture: Path) -> None:
    driver = open_window(files=(picture,), question="What?")
    driver.wait_for_pictures(1)
    driver.wait_for_model()
    driver.prompt.setFocus()
    met: list[str] = []
    unseen: list[str] = []
    for _ in range(30):
        press(driver, Qt.Key.Key_Tab)
        met.append(focused().objectName() or type(focused()).__name__)
        if not is_seen(driver):
            unseen.append(met[-1])
        if focused() is driver.prompt:
            break
    assert met[-1] == "promptEdit"
    assert {"askButton", "mediaTray", "resultView", "modelStatus", "taskChip_describe"} <= set(met)
    assert unseen == []
    backwards: list[str] = []
    for _ in met:
        press(driver, Qt.Key.Key_Backtab, SHIFT)
        backwards.append(focused().objectName() or type(focused()).__name__)
    assert backwards[:-1] == met[-2::-1]


def test_the_keyboard_is_seen_in_the_settings(open_window: OpenWindow) -> None:
    driver = open_window()
    driver.window.resize(1200, 700)
    driver.action("settingsAction").trigger()
    panel = driver.content.settings.panel
    unseen: list[str] = []
    stops = 0
    for _ in range(60):
        press(driver, Qt.Key.Key_Tab)
        if not panel.isAncestorOf(focused()):
            continue
        stops += 1
        if not is_seen(driver):
            unseen.append(f"{stops}: {type(focused()).__name__} {focused().accessibleName()}")
    assert stops > 8
    assert unseen == []


def test_the_keyboard_is_seen_among_the_models(open_window: OpenWindow) -> None:
    driver = open_window(models=here())
    driver.wait_for_model()
    driver.window.resize(1200, 700)
    driver.action("modelsAction").trigger()
    sheet = driver.content.models.sheet
    driver.wait(lambda: bool(sheet.list.rows))
    press(driver, Qt.Key.Key_Down)
    assert focused() is sheet.list
    unseen: list[str] = []
    met: set[QWidget] = set()
    for _ in range(60):
        press(driver, Qt.Key.Key_Tab)
        if sheet.isAncestorOf(focused()):
            met.add(focused())
            if not (focused() is sheet.list or is_seen(driver)):
                unseen.append(f"{type(focused()).__name__} {focused().accessibleName()}")
    assert len(met) > 8
    assert unseen == []
    sheet.list.setFocus(Qt.FocusReason.TabFocusReason)
    press(driver, Qt.Key.Key_Down)
    row = sheet.list.visualRect(sheet.list.currentIndex())
    place = place_of(sheet.list.viewport(), driver.window)
    assert ring_pixels(driver, row.translated(place.topLeft())) > 200


class _ShownWindows(QObject):
    """Notes every window that is shown, however briefly."""

    def __init__(self) -> None:
        super().__init__()
        self.kinds: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.kinds.append(type(watched).__name__)
        return False


def test_no_part_of_the_window_flashes_up_as_a_window(
    open_window: OpenWindow, qapp: QApplication, picture: Path
) -> None:
    shown = _ShownWindows()
    qapp.installEventFilter(shown)
    try:
        driver = open_window(files=(picture,))
        driver.wait_for_pictures(1)
        driver.wait_for_model()
        driver.action("settingsAction").trigger()
        driver.action("settingsAction").trigger()
        driver.action("commandListAction").trigger()
        driver.action("commandListAction").trigger()
        driver.content.open_path(picture.with_name("missing.png"))
        driver.wait(lambda: bool(driver.refusals))
        driver.ask("What?")
        driver.wait_for_answer()
        driver.window.resize(660, 500)
    finally:
        qapp.removeEventFilter(shown)
    assert shown.kinds == ["MainWindow"]


def test_a_click_shows_no_ring_and_the_next_key_does(open_window: OpenWindow, picture: Path) -> None:
    driver = open_window(files=(picture,))
    driver.wait_for_pictures(1)
    press(driver, Qt.Key.Key_Tab)
    ring = driver.child(FocusRing, "focusRing")
    assert ring.target is focused()
    middle = place_of(driver.result, driver.window).center()
    QTest.mouseClick(driver.window.windowHandle(), Qt.MouseButton.LeftButton, pos=middle)
    assert driver.result.hasFocus()
    assert not ring.isVisible()
    press(driver, Qt.Key.Key_Tab)
    assert ring.target is focused()


def test_the_ring_follows_what_it_is_around(open_window: OpenWindow) -> None:
    driver = open_window()
    driver.prompt.setFocus(Qt.FocusReason.TabFocusReason)
    press(driver, Qt.Key.Key_Backtab, SHIFT)
    press(driver, Qt.Key.Key_Tab)
    assert driver.prompt.hasFocus()
    ring = driver.child(FocusRing, "focusRing")
    driver.window.resize(1200, 700)
    driver.wait(lambda: ring.geometry().contains(place_of(driver.prompt, driver.window)))
    before = ring.geometry()
    driver.window.resize(1250, 760)
    driver.wait(lambda: ring.geometry() != before)
    assert ring.geometry().contains(place_of(driver.prompt, driver.window))
    driver.parts.prompt.hide()
    assert ring.target is QApplication.focusWidget()


def test_f6_leads_through_the_parts_and_back(open_window: OpenWindow, picture: Path) -> None:
    driver = open_window(files=(picture,), question="What?")
    driver.wait_for_pictures(1)
    parts = driver.parts
    driver.prompt.setFocus()
    seen = []
    for _ in range(8):
        press(driver, Qt.Key.Key_F6)
        seen.append(focused())
        assert is_seen(driver), focused().objectName()
        if focused() is driver.prompt:
            break
    assert seen[0] is parts.tray.view
    assert seen[-2] is parts.result
    assert seen[-1] is parts.prompt.edit
    press(driver, Qt.Key.Key_F6, SHIFT)
    assert driver.result.hasFocus()
    driver.action("showTrayAction").trigger()
    driver.prompt.setFocus()
    press(driver, Qt.Key.Key_F6)
    assert not parts.tray.isAncestorOf(focused())


def test_the_empty_window_has_stops_for_f6_too(open_window: OpenWindow) -> None:
    driver = open_window()
    driver.prompt.setFocus()
    press(driver, Qt.Key.Key_F6)
    press(driver, Qt.Key.Key_F6)
    assert driver.parts.viewer.isAncestorOf(focused())
    assert is_seen(driver)


def test_the_ring_is_back_when_the_window_is_in_front_again(open_window: OpenWindow, qtbot: QtBot) -> None:
    driver = open_window()
    driver.prompt.setFocus()
    press(driver, Qt.Key.Key_Tab)
    ring = driver.child(FocusRing, "focusRing")
    target = ring.target
    assert target is not None
    other = QWidget()
    qtbot.addWidget(other)
    other.show()
    other.activateWindow()
    driver.wait(lambda: not ring.isVisible())
    other.hide()
    driver.window.activateWindow()
    driver.wait(ring.isVisible)
    assert ring.target is target


def test_what_goes_while_it_has_the_keyboard_leaves_no_ring(open_window: OpenWindow) -> None:
    driver = open_window()
    driver.prompt.setFocus()
    for _ in range(2):
        field = QLineEdit(driver.parts.prompt)
        field.show()
        field.setFocus(Qt.FocusReason.TabFocusReason)
        press(driver, Qt.Key.Key_Tab)
        press(driver, Qt.Key.Key_Backtab, SHIFT)
        field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        ring = driver.child(FocusRing, "focusRing")
        assert ring.target is field
        shiboken6.delete(field)
        assert ring.target is not field
        press(driver, Qt.Key.Key_Tab)
        assert ring.target is QApplication.focusWidget()


def test_the_menu_bar_marks_its_menu_itself(open_window: OpenWindow) -> None:
    driver = open_window()
    bar = driver.window.menuBar()
    press(driver, Qt.Key.Key_Tab)
    bar.setFocus(Qt.FocusReason.ShortcutFocusReason)
    assert not driver.child(FocusRing, "focusRing").isVisible()


def test_the_ring_is_seen_in_the_dark(
    open_window: OpenWindow, qapp: QApplication, request: pytest.FixtureRequest
) -> None:
    driver = open_window()
    request.addfinalizer(lambda: apply_look(qapp, "system"))
    apply_look(qapp, "dark")
    driver.prompt.setFocus()
    press(driver, Qt.Key.Key_Tab)
    assert is_seen(driver)


def test_the_keyboard_stays_under_the_video_when_another_one_is_looked_at(
    open_window: OpenWindow, tmp_path: Path
) -> None:
    names = ("one.mp4", "two.mp4")
    driver = open_window(files=(*(make_clip(tmp_path / name, 20) for name in names), draw(tmp_path / "a.png")))
    driver.wait_for_pictures(3)
    viewer = driver.parts.viewer
    driver.parts.tray.select([driver.desk.pictures.media[0].medium_id])
    driver.wait(lambda: viewer.is_video)
    viewer.foot.scrubber.setFocus()
    driver.action("nextPictureAction").trigger()
    driver.wait(lambda: viewer.is_video and viewer.medium is driver.desk.pictures.media[1])
    assert viewer.foot.scrubber.hasFocus()
    driver.action("nextPictureAction").trigger()
    driver.wait(lambda: not viewer.is_video)
    assert viewer.canvas.hasFocus()
