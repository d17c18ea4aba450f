"""Nothing overlaps and nothing is cut: in every state, at every size from 640×480 up, at small and large letters."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt, QTranslator
from PySide6.QtGui import QFont, QFontDatabase
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.backends.fake_backend import FakeScript
from app.core.errors import ErrorText, Sentence
from app.core.footage import FrameWish
from app.core.settings import Settings
from app.gui.look import apply_look
from tests.clips_made import numbered, write_video
from tests.gui.conftest import draw
from tests.gui.layout_checks import layout_faults, overlaps, settle, squeezed
from tests.gui.model_states import DONE, FAILED, ON_ITS_WAY, PAUSED, ask_first, unload, without_a_model
from tests.gui.models_scripted import ScriptedDownloads
from tests.gui.models_shown import STATES as MODELS_STATES
from tests.gui.models_shown import models_for, show_models
from tests.gui.video_hands import is_quiet, open_clip
from tests.gui.window_driver import ask, type_into

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytestqt.qtbot import QtBot

    from tests.gui.window_driver import OpenWindow, WindowDriver

SIZES = ((640, 480), (640, 700), (719, 560), (720, 480), (900, 480), (900, 620), (999, 700), (1000, 480), (1280, 820))
LONG_NAME = "IMG_" + "2041" * 50 + ".jpg"
REFUSALS = tuple(
    ErrorText(
        Sentence("“{name}” is not a picture.", name=f"{number}{LONG_NAME}"),
        "Pictures may be JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF files.",
    )
    for number in range(15)
)


class Lengthening(QTranslator):
    """Makes every text of the program 1.4 times as long."""

    def translate(self, _context: str, text: str, _note: str | None = None, _count: int = -1) -> str:
        extra = round(len(text) * 0.4)
        filling = ("\u00a0" if " " not in text else " ") + "mmmm " * (extra // 5 + 1)
        return (text + filling)[: len(text) + extra] if extra else text


@pytest.fixture
def longer_texts(qapp: QApplication) -> Iterator[None]:
    translator = Lengthening()
    qapp.installTranslator(translator)
    yield
    qapp.removeTranslator(translator)


@pytest.fixture
def letters(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[float], None]]:
    """Sets the size of the system's font, in points."""
    plain = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)

    def set_size(points: float) -> None:
        font = QFont(plain)
        font.setPointSizeF(points)
        monkeypatch.setattr(QFontDatabase, "systemFont", lambda _kind: font)
        apply_look(qapp)

    yield set_size
    monkeypatch.undo()
    apply_look(qapp)


def told_lines(told: list[str]) -> str:
    return "\n".join(told)


def check(driver: WindowDriver, state: str, sizes: tuple[tuple[int, int], ...] = SIZES) -> list[str]:
    told = []
    for width, height in sizes:
        driver.window.resize(width, height)
        settle()
        assert (driver.window.width(), driver.window.height()) == (width, height), "the window is as small as wanted"
        told += [f"{state} at {width}×{height}: {fault}" for fault in layout_faults(driver.window)]
    return told


def walk_states(driver: WindowDriver, sizes: tuple[tuple[int, int], ...] = SIZES) -> list[str]:
    """All faults of the states that a window with an answer can be brought into."""
    parts = driver.parts
    told = check(driver, "answered", sizes)
    parts.media_notice.show_errors(REFUSALS)
    parts.notice.show_error(ErrorText("The model does not load.", "Choose another in the settings."), can_retry=True)
    told += check(driver, "two notices", sizes)
    parts.media_notice.more_button.setChecked(True)
    told += check(driver, "unfolded notice", sizes)
    parts.media_notice.clear()
    parts.notice.more_button.setChecked(True)
    told += check(driver, "unfolded notice of the conversation", sizes)
    driver.content.commands.show_settings(True)
    settle()
    told += check(driver, "settings and a notice", sizes)
    parts.notice.clear()
    answers = driver.settings.answers
    answers.is_seed_pinned.setChecked(True)
    for field in (*answers.fields.values(), answers.seed):
        type_into(field.edit, "-77")
    export_dir = Path("/Volumes/Pictures of many years") / ("a long name " * 9).strip() / "exports"
    driver.desk.change_settings(replace(driver.desk.settings, export_dir=export_dir))
    told += check(driver, "settings with faults and a long folder", sizes)
    driver.content.commands.show_settings(False)
    return told


def answered(open_window: OpenWindow, picture: Path) -> WindowDriver:
    driver = open_window(FakeScript(answers=("A **cat** on a mat. " * 20,)), files=(picture,))
    driver.wait_for_pictures(1)
    driver.ask("What is this?")
    driver.wait_for_answer()
    return driver


def test_nothing_overlaps_or_is_cut_at_any_size(open_window: OpenWindow, picture: Path) -> None:
    driver = answered(open_window, picture)
    assert told_lines(walk_states(driver)) == ""


def test_an_empty_window_fits_at_any_size(open_window: OpenWindow) -> None:
    driver = open_window()
    driver.wait_for_model()
    assert told_lines(check(driver, "empty")) == ""


def test_a_window_at_work_fits_at_any_size(open_window: OpenWindow, tmp_path: Path) -> None:
    pictures = tuple(draw(tmp_path / f"{number} {LONG_NAME[:90]}.png") for number in range(12))
    script = FakeScript(answers=("One two three. " * 3000,), piece_delay_s=0.02, prefill_delay_s=0.1)
    driver = open_window(script, files=pictures)
    driver.wait_for_pictures(12)
    driver.ask("Count, please, everything that you see in all of these pictures. " * 6)
    told = check(driver, "reading", SIZES[::3])
    driver.wait(lambda: "One two" in driver.result.toPlainText())
    told += check(driver, "streaming", SIZES[::3])
    driver.stop_button.click()
    driver.wait_for_answer()
    driver.action("editQuestionAction").trigger()
    assert driver.content.asking.is_editing
    told += check(driver, "editing an earlier question", SIZES[::3])
    assert told_lines(told) == ""


def test_a_window_that_loads_fits_at_any_size(open_window: OpenWindow) -> None:
    driver = open_window(FakeScript(load_delay_s=30))
    driver.wait(lambda: driver.desk.model.progress is not None)
    assert told_lines(check(driver, "loading")) == ""


@pytest.mark.usefixtures("longer_texts")
def test_longer_texts_have_room(open_window: OpenWindow, picture: Path) -> None:
    driver = answered(open_window, picture)
    assert told_lines(walk_states(driver, ((640, 480), (900, 620), (1280, 820)))) == ""


@pytest.mark.parametrize("points", [9, 13, 20])
def test_small_and_large_letters_have_room(
    points: float, open_window: OpenWindow, picture: Path, letters: Callable[[float], None]
) -> None:
    letters(points)
    driver = answered(open_window, picture)
    assert told_lines(walk_states(driver, ((640, 480), (900, 620), (1280, 820)))) == ""


def walk_models_states(
    open_window: OpenWindow, sizes: tuple[tuple[int, int], ...] = SIZES, states: tuple[str, ...] = MODELS_STATES
) -> list[str]:
    """All faults of the Models sheet."""
    told = []
    for state in states:
        store, downloads = models_for(state)
        driver = open_window(models=store, downloads=downloads)
        driver.wait_for_model()
        show_models(state)(driver.window)
        told += check(driver, f"models, {state}", sizes)
        driver.close()
    return told


def test_the_models_fit_at_any_size(open_window: OpenWindow) -> None:
    assert told_lines(walk_models_states(open_window)) == ""


@pytest.mark.usefixtures("longer_texts")
def test_longer_texts_have_room_at_the_models(open_window: OpenWindow) -> None:
    assert told_lines(walk_models_states(open_window, ((640, 480), (720, 480), (1280, 820)))) == ""


@pytest.mark.parametrize("points", [9, 20])
def test_small_and_large_letters_have_room_at_the_models(
    points: float, open_window: OpenWindow, letters: Callable[[float], None]
) -> None:
    letters(points)
    states = ("all", "failed", "repository")
    assert told_lines(walk_models_states(open_window, ((640, 480), (900, 620), (1280, 820)), states)) == ""


def walk_video_states(driver: WindowDriver, clip: Path, sizes: tuple[tuple[int, int], ...] = SIZES) -> list[str]:
    """All faults of the states that a window with a video can be brought into."""
    foot = open_clip(driver, clip)
    told = check(driver, "video", sizes)
    foot.scrubber.setValue(20)
    foot.begin_here()
    foot.scrubber.setValue(61)
    foot.end_here()
    driver.wait(lambda: is_quiet(driver))
    told += check(driver, "range", sizes)
    medium_id = driver.desk.pictures.media[0].medium_id
    driver.desk.pictures.set_wish(medium_id, FrameWish(frame_count=60, max_tokens=60))
    driver.wait(lambda: is_quiet(driver) and bool(foot.note_words))
    told += check(driver, "text too small", sizes)
    driver.content.video.show_moment(1.0, 3.0)
    driver.parts.viewer.canvas.zoom_to_actual_size()
    told += check(driver, "zoomed, at a moment", sizes)
    driver.parts.media_notice.show_errors(REFUSALS)
    told += check(driver, "notice over a video", sizes)
    return told


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    file = tmp_path / f"{LONG_NAME[:60]}.mp4"
    write_video(file, numbered(80, 1280, 720), rate=10)
    return file


def test_a_video_fits_at_any_size(open_window: OpenWindow, clip: Path) -> None:
    assert told_lines(walk_video_states(open_window(), clip)) == ""


@pytest.mark.usefixtures("longer_texts")
def test_longer_texts_have_room_at_a_video(open_window: OpenWindow, clip: Path) -> None:
    assert told_lines(walk_video_states(open_window(), clip, ((640, 480), (900, 620), (999, 700)))) == ""


@pytest.mark.parametrize("points", [9, 20])
def test_small_and_large_letters_have_room_at_a_video(
    points: float, open_window: OpenWindow, clip: Path, letters: Callable[[float], None]
) -> None:
    letters(points)
    assert told_lines(walk_video_states(open_window(), clip, ((640, 480), (900, 620), (1280, 820)))) == ""


def test_the_checks_find_faults(qtbot: QtBot) -> None:
    window = QWidget()
    window.resize(200, 100)
    first, second = QPushButton("one", window), QPushButton("two", window)
    first.setGeometry(0, 0, 100, 40)
    second.setGeometry(90, 10, 100, 8)
    floating = QLabel("over all", window)
    floating.setGeometry(0, 0, 200, 100)
    floating.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    qtbot.addWidget(window)
    window.show()
    assert [line.partition(" share ")[2] for line in overlaps(window)] == ["10×8 px"]
    assert [line.partition(" at ")[0] for line in squeezed(window)] == ["QPushButton 'two'"]


def test_the_checks_find_nothing_where_nothing_is_wrong(qtbot: QtBot) -> None:
    window = QWidget()
    outer, row = QVBoxLayout(window), QHBoxLayout()
    outer.addLayout(row)
    for widget in (QLabel("A label"), QPushButton("A button")):
        row.addWidget(widget)
    qtbot.addWidget(window)
    window.show()
    assert layout_faults(window) == []


def walk_first_use(open_window: OpenWindow, sizes: tuple[tuple[int, int], ...] = SIZES) -> list[str]:
    """All faults of the way from no model to a real one, and of a model that was unloaded or is doubted."""
    downloads = ScriptedDownloads()
    settings = Settings(model="demo")
    driver = open_window(models=without_a_model(), downloads=downloads, settings=settings)
    driver.wait_for_model()
    driver.wait(lambda: driver.parts.first_model.isVisible() and driver.desk.models.recommended is not None)
    told = check(driver, "first run", sizes)
    for state in (ON_ITS_WAY, replace(ON_ITS_WAY, waits_s=9.0), PAUSED, FAILED):
        driver.desk.models.take(state)
        told += check(driver, f"download {state.stage}", sizes)
    driver.desk.models.take(replace(PAUSED, stage="cancelled"))
    ask_first(driver.window)
    told += check(driver, "doubt", sizes)
    driver.desk.find_model()
    driver.wait_for_model()
    ask(driver, "Is it there?")
    unload(driver.window)
    driver.desk.models.take(ON_ITS_WAY)
    told += check(driver, "unloaded, with a download", sizes)
    driver.desk.models.take(DONE)
    told += check(driver, "unloaded, with a model that has come", sizes)
    driver.close()
    return told


@pytest.mark.usefixtures("longer_texts")
def test_longer_texts_have_room_at_the_first_model(open_window: OpenWindow) -> None:
    assert told_lines(walk_first_use(open_window)) == ""


@pytest.mark.parametrize("points", [9, 13, 20])
def test_letters_of_any_size_have_room_at_the_first_model(
    points: float, open_window: OpenWindow, letters: Callable[[float], None]
) -> None:
    letters(points)
    assert told_lines(walk_first_use(open_window)) == ""
