"""Windows with the real engine and the fake backend; each is closed, and gone, at the test's end."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
import shiboken6
import translations
from PySide6.QtCore import QCoreApplication, QEvent, QLocale
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from app.backends.fake_backend import FakeScript
from app.core import quick_action
from app.core.models import access
from app.gui.answers.result_view import ResultView
from app.gui.language import speak
from app.gui.look import apply_look
from app.gui.viewer.picture_canvas import PictureCanvas
from tests.drawn_pictures import corners_image, encoded
from tests.gui.video_hands import make_clip
from tests.gui.viewer_pixels import NOISE, images_of
from tests.gui.window_driver import OpenWindow, WindowDriver
from tests.macos_played import make_workflow
from tests.whole_model import write_whole_model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

    from app.core.models.store import ModelStore
    from app.core.paths import Profile
    from app.core.settings import Settings
    from tests.gui.models_scripted import ScriptedDownloads


@pytest.fixture(scope="session")
def checkpoint_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that says it is a Qwen3-VL; the fake backend asks for no more."""
    config = {
        "model_type": "qwen3_vl",
        "vision_config": {},
        "image_token_id": 1,
        "video_token_id": 3,
        "eos_token_id": 2,
        "dtype": "bfloat16",
    }
    return write_whole_model(tmp_path_factory.mktemp("models") / "Qwen3-VL-Fake", config)


@pytest.fixture(scope="session", autouse=True)
def _translations_made() -> None:
    """The .qm files are there, as after packaging/run.py or test.py."""
    translations.release(translations.stale_files(), Path(sys.executable).parent)


@pytest.fixture(autouse=True)
def _not_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of tests forbids connections; what the window shows of that is tried where it says so."""
    monkeypatch.setattr(access, "is_offline_by_environment", lambda: False)


@pytest.fixture(autouse=True)
def _no_button_left_pressed() -> Iterator[None]:
    """Qt remembers a pressed mouse button for the whole process: later tests would type with it held."""
    was_pressed = bool(QGuiApplication.mouseButtons().value)
    yield
    assert was_pressed or not QGuiApplication.mouseButtons().value, "a mouse button was left pressed"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A picture of four colours."""
    return draw(tmp_path / "four colours.png")


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Eighty numbered frames, ten a second."""
    return make_clip(tmp_path / "numbers.mp4")


def draw(path: Path, width: int = 160, height: int = 96) -> Path:
    path.write_bytes(encoded(corners_image(width, height), "PNG"))
    return path


@pytest.fixture
def open_window(qtbot: QtBot, qapp: QApplication, profile: Profile, checkpoint_dir: Path) -> Iterator[OpenWindow]:
    """Opens windows as run_window does, without its event loop."""
    QLocale.setDefault(QLocale("en_US"))
    apply_look(qapp)
    drivers: list[WindowDriver] = []

    def open_it(
        script: FakeScript = FakeScript(),  # noqa: B008 - a frozen value
        *,
        files: tuple[Path, ...] = (),
        question: str = "",
        settings: Settings | None = None,
        models: ModelStore | None = None,
        downloads: ScriptedDownloads | None = None,
    ) -> WindowDriver:
        driver = WindowDriver(qtbot, script, profile, checkpoint_dir, files, question, settings, models, downloads)
        drivers.append(driver)
        return driver

    yield open_it
    for driver in drivers:
        driver.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert not [driver for driver in drivers if shiboken6.isValid(driver.window)]
    assert [widget for widget in QApplication.topLevelWidgets() if widget.isVisible()] == []
    speak(qapp, "en")
    QGuiApplication.clipboard().clear()


@pytest.fixture
def view(qapp: QApplication) -> Iterator[ResultView]:
    """A conversation's view alone."""
    apply_look(qapp)
    view = ResultView()
    view.resize(400, 300)
    view.show()
    yield view
    view.close()
    view.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    QGuiApplication.clipboard().clear()


@pytest.fixture
def canvas(qtbot: QtBot) -> Iterator[PictureCanvas]:
    """A canvas of 400 × 300 with a picture of 700 × 500."""
    QLocale.setDefault(QLocale("en_US"))
    widget = PictureCanvas()
    qtbot.addWidget(widget)
    widget.resize(400, 300)
    widget.show()
    widget.show_picture(images_of(NOISE), 0)
    yield widget
    widget.close()


@pytest.fixture
def mac(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A Mac, as far as menus look at it, with the bundled program; gives the person's home folder."""
    for room in ("app.gui.actions", "app.gui.media_rows", "app.gui.system_commands"):
        monkeypatch.setattr(f"{room}.sys", SimpleNamespace(platform="darwin"))
    app = tmp_path / "Viewfinder.app" / "Contents"
    make_workflow(app / "Resources")
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(app / "MacOS" / "Viewfinder"))
    home = tmp_path / "home"
    monkeypatch.setattr(quick_action, "home_dir", lambda: home)
    return home
