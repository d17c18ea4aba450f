"""What is imported, and what is left, when: nothing slow before the window, no Qt object for another thread to end.

Python may collect cycles on any thread, and would destroy a Qt object in one there.
"""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QUrl
from PySide6.QtGui import QDrag
from PySide6.QtWidgets import QApplication

from app.backends.fake_backend import FakeScript
from app.core.errors import ErrorText
from app.gui.shell import MainWindow
from tests.gui.video_hands import make_clip, open_clip, shown_number

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest
    from pytestqt.qtbot import QtBot

    from app.core.paths import Profile
    from tests.gui.window_driver import OpenWindow, WindowDriver


def living_garbage() -> list[str]:
    """The kinds of living Qt objects that only a collection of cycles would end."""
    gc.collect()
    found = [thing for thing in gc.garbage if isinstance(thing, shiboken6.Object) and shiboken6.isValid(thing)]
    kinds = [type(thing).__name__ for thing in found]
    del found
    gc.garbage.clear()
    return kinds


def test_only_qt_is_imported_before_the_window_is_shown() -> None:
    program = "import sys, app.gui.window_content, app.engine.engine; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    slow = {
        "numpy",
        "PIL",
        "pillow_heif",
        "huggingface_hub",
        "httpx2",
        "keyring",
        "jinja2",
        "tokenizers",
        "mlx",
        "torch",
        "transformers",
    }
    slow |= {
        "av",
        "markdown_it",
        "pygments",
        "app.gui.answers.answer_blocks",
        "app.gui.answers.wide_table",
        "app.gui.answers.markdown_copy",
        "app.gui.answers.time_links",
        "app.gui.viewer.frames_choice",
        "app.gui.models.models_sheet",
        "app.engine.downloads",
        "app.core.models.hub_requests",
        "app.core.licences.inside",
        "app.gui.licences.licences_window",
    }
    assert slow & set(done.stdout.split()) == set()


def test_a_window_whose_content_cannot_be_made_ends_the_program(
    qtbot: QtBot, profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes: list[int] = []
    monkeypatch.setattr(QApplication, "exit", codes.append)

    def make_launch() -> NoReturn:
        raise RuntimeError("nothing works")

    window = MainWindow(profile.window_file, make_launch)
    qtbot.addWidget(window)
    with qtbot.captureExceptions() as caught:
        window.show()
        qtbot.waitUntil(lambda: bool(codes), timeout=5_000)
    assert codes == [1]
    assert "nothing works" in str(caught[0][1])


@contextmanager
def collecting_nothing() -> Iterator[None]:
    """Keeps the cycles that are left inside; afterwards another thread collects what is left then."""
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        yield
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    thread = threading.Thread(target=gc.collect)
    thread.start()
    thread.join()


def close(driver: WindowDriver) -> None:
    """Closes the window, and first says what cycles hold while it is open and afterwards."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert living_garbage() == []
    driver.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert living_garbage() == []


def test_nothing_is_left_to_a_collection_on_another_thread(open_window: OpenWindow, picture: Path) -> None:
    driver = open_window(FakeScript(answers=("A **cat**.\n\n| a |\n|---|\n| b |",)), files=(picture,))
    driver.wait_for_pictures(1)
    driver.wait_for_model()
    with collecting_nothing():
        driver.ask("What is this?")
        driver.wait_for_answer()
        driver.action("settingsAction").trigger()
        driver.action("settingsAction").trigger()
        driver.action("modelsAction").trigger()
        driver.content.models.sheet.segments.choose("all")
        driver.content.models.sheet.search.setText("none such")
        driver.action("modelsAction").trigger()
        driver.action("commandListAction").trigger()
        driver.action("commandListAction").trigger()
        driver.content.actions_by_id.menu_of("clearRecentAction").aboutToShow.emit()
        driver.parts.notice.show_error(ErrorText("Something went wrong.", "Try again."))
        driver.action("shortcutsAction").trigger()
        driver.action("aboutAction").trigger()
        for widget in QApplication.topLevelWidgets():
            if widget is not driver.window and widget.isVisible():
                widget.close()
        driver.action("newConversationAction").trigger()
        driver.window.resize(700, 500)
        close(driver)


def test_nothing_of_a_video_is_left_to_another_thread(
    open_window: OpenWindow, picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = make_clip(tmp_path / "numbers.mp4", 40)
    monkeypatch.setattr(QDrag, "exec", lambda drag, *_actions: drag.mimeData().hasImage())
    driver = open_window(FakeScript(answers=("At 0:01 – 0:02 a number.",)))
    driver.wait_for_model()
    with collecting_nothing():
        foot = open_clip(driver, clip)
        driver.ask("When?")
        driver.wait_for_answer()
        link = driver.result.document().find("0:01")
        driver.result.anchorClicked.emit(QUrl(link.charFormat().anchorHref()))
        foot.frames_pill.click()
        for widget in QApplication.topLevelWidgets():
            if widget is not driver.window and widget.isVisible():
                widget.close()
        foot.scrubber.setValue(7)
        assert shown_number(driver) == 7
        driver.action("rangeInAction").trigger()
        driver.action("copyPictureAction").trigger()
        driver.parts.viewer.drag_out_wanted.emit()
        driver.action("takeFrameAction").trigger()
        driver.wait_for_pictures(2)
        driver.drop(picture)
        driver.wait_for_pictures(3)
        driver.action("removeAllPicturesAction").trigger()
        driver.window.resize(700, 500)
        close(driver)
