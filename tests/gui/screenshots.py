"""Takes pictures of the window in every state: ``python -m tests.gui.screenshots FOLDER [WORD ...]``.

The words choose among ``light dark``, ``en zh_CN``, ``large small``, ``1x 2x`` and the states' names; what is left out
is taken in all its kinds. QT_QPA_PLATFORM decides whether real windows are shown.
"""

from __future__ import annotations

import itertools
import logging
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw
from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QScrollArea, QToolButton

from app.backends.fake_backend import FakeBackend, FakeScript
from app.backends.mlx_backend import MlxBackend
from app.core.launch import Launch
from app.core.paths import SAMPLE_PICTURE, SAMPLE_VIDEO, profile_at
from app.core.report import ReportParts
from app.core.settings import Settings
from app.engine.engine import Engine
from app.gui.look import apply_look
from app.gui.shell import MainWindow
from tests.clips_made import write_video
from tests.gui.licences_shown import show_licences
from tests.gui.model_states import DONE, FAILED, ON_ITS_WAY, PAUSED, ask_first, unload, with_a_model, without_a_model
from tests.gui.models_scripted import ScriptedDownloads, ScriptedModels
from tests.gui.models_shown import STATES as MODELS_STATES
from tests.gui.models_shown import models_for, show_models
from tests.gui.settings_shown import show_place
from tests.gui.spinning import spin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from app.core.launch import EventSink
    from app.core.models.download_state import DownloadState
    from app.core.settings import Appearance, Language

ANSWER = """## Three shapes

| shape | where | box (px) |
|---|---|---|
| red circle | top left | 138, 122 – 342, 326 |
| green triangle | top right | 653, 93 – 851, 275 |
| blue square | bottom right | 637, 397 – 851, 611 |

The **blue square** is largest: its sides are *about* 214 px, a little more than the circle's width.

1. Look at the corners.
2. Compare the sides.

```json
[{"bbox_2d": [138, 122, 342, 326], "label": "red circle"}]
```
"""
WRITTEN = """The circle's area is $A = \\pi r^2$, at \\(r = 102\\) about **32,700 px**; see [the page](https://example.com).

```python
def area(radius: float) -> float:
    \"\"\"The area of a circle.\"\"\"
    return 3.14159 * radius**2  # in pixels
```

- [x] circle
- [ ] square
  1. its sides
  2. its corners

> الدائرة الحمراء في أعلى اليسار.

| shape | where it stands in the picture | colour as it is seen | box in pixels | area in pixels |
|---|---|---|--:|--:|
| circle | at the top on the left side | a strong red | 138, 122 – 342, 326 | 32,700 |
| square | at the bottom on the right side | a clear blue | 637, 397 – 851, 611 | 45,796 |
"""
CHINESE = "图中有三个形状：左上角是**红色圆形**，右上角是**绿色三角形**，右下角是**蓝色正方形**。" * 3
TIMELINE = """## Timeline

| time | event |
|---|---|
| 0:00 – 0:01 | A blue circle enters at the left and rolls right |
| 0:01 – 0:03 | It slows down near the middle |
| 0:03 – 0:04 | It leaves on the right |

The circle is largest at **0:02.5**; at <3.2 seconds> its edge touches the frame.

```json
[{"start": "00:01.00", "end": "00:03.00", "event": "slows down"}]
```
"""
PARTS = (
    "A person in a red coat walks along a quiet street. At 0:12 a cyclist passes from left to right.",
    "- 0:58: The person goes into a shop.\n- 1:10 – 1:24: Two others wave through the window.",
    "The person leaves the shop at 2:03 with a bag; a bus stops and hides the street.",
    "A person walks along a street, goes into a shop at 0:58 and leaves it at 2:03 with a bag.",
)
LONG = "A long answer goes on and on, so that the window has to scroll. " * 30
DEMO_LORA = Path(__file__).resolve().parents[1] / "demo_lora"
_LIMIT_S = 60.0


def _always(_window: MainWindow) -> bool:
    return True


def _is_ready(window: MainWindow) -> bool:
    pictures = window.content.desk.pictures
    are_here = not pictures.is_taking_in and all(medium.is_opened for medium in pictures.media)
    return window.content.desk.model.stage == "ready" and are_here


def _is_answered(window: MainWindow) -> bool:
    return bool(window.content.desk.conversation.turns) and window.content.desk.conversation.open_turn is None


def _show_settings(window: MainWindow) -> None:
    window.content.commands.show_settings(True)


def _show_adapter(folder: Path) -> Callable[[MainWindow], None]:
    """The settings with this folder chosen as the adapter, once what becomes of it is known."""

    def finish(window: MainWindow) -> None:
        _show_settings(window)
        panel = window.content.settings.panel
        panel.adapter.folder_chosen.emit(folder)
        spin(lambda: window.content.desk.model.stage in {"ready", "failed"}, _LIMIT_S)
        scroll = window.findChild(QScrollArea, "settingsScroll")
        assert scroll is not None
        scroll.ensureWidgetVisible(panel.adapter, 0, 40)

    return finish


def _show_downloads(window: MainWindow) -> None:
    """The settings where downloads are, with a mirror, an address that is none and what is said of it."""
    _show_settings(window)
    downloads = window.content.settings.panel.downloads
    downloads.mirror.edit.setText("hf-mirror.com")
    downloads.mirror.finish()
    downloads.proxy.edit.setText("ftp://proxy")
    downloads.proxy.finish()
    spin(lambda: bool(downloads.token_state.text()), _LIMIT_S)
    scroll = window.findChild(QScrollArea, "settingsScroll")
    assert scroll is not None
    scroll.ensureWidgetVisible(downloads.token_state, 0, 40)


@dataclass(frozen=True)
class State:
    """One state to bring the window into.

    Attributes:
        name: Of the picture, too.
        script: What the fake model does; None for the demo model itself, run by MLX.
        pictures: How many are in the tray.
        has_video: Whether a video is there too, behind them.
        has_film: Whether a video is there that the demo model looks at in three parts.
        questions: Asked one after the other.
        known: Makes what is known of models where the sheet is not the state.
        downloads: How far they are.
        is_passing: The state is one that would pass: the picture is taken soon, not when all is done.
        finish: Done at the end.
        models: What is known of models, by the name of one of `models_shown`; empty for nothing.
    """

    name: str
    script: FakeScript | None = field(default_factory=lambda: FakeScript(answers=(ANSWER, CHINESE)))
    pictures: int = 3
    has_video: bool = False
    has_film: bool = False
    questions: tuple[str, ...] = ()
    known: Callable[[], ScriptedModels] = with_a_model
    downloads: tuple[DownloadState, ...] = ()
    is_passing: bool = False
    finish: Callable[[MainWindow], object] = _always
    models: str = ""


def _choose_task(window: MainWindow) -> None:
    chip = window.findChild(QToolButton, "taskChip_boxes")
    assert chip is not None
    chip.click()


def _look_closely(window: MainWindow) -> None:
    canvas = window.content.parts.viewer.canvas
    canvas.zoom_to_actual_size()
    canvas.zoom_in()
    canvas.setFocus()


def _trigger(name: str) -> Callable[[MainWindow], object]:
    return lambda window: window.content.actions_by_id[name].trigger()


def _are_frames_here(window: MainWindow) -> bool:
    strip = window.content.parts.viewer.foot.strip
    return strip.isHidden() or all(strip.image(index) is not None for index in strip.wanted(0))


def _follow(words: str) -> Callable[[MainWindow], object]:
    def follow(window: MainWindow) -> None:
        result = window.content.parts.result
        cursor = result.document().find(words)
        result.anchorClicked.emit(QUrl(cursor.charFormat().anchorHref()))
        foot = window.content.parts.viewer.foot
        spin(lambda: foot.scrubber.moment is not None and _are_frames_here(window), _LIMIT_S)

    return follow


def _wait_for_second_part(window: MainWindow) -> None:
    def is_there() -> bool:
        segments = window.content.desk.conversation.turns[-1].segments
        return len(segments) > 1 and len(segments[1].answer) > len(PARTS[1]) / 3

    spin(is_there, _LIMIT_S)


def _stop_in_second_part(window: MainWindow) -> None:
    _wait_for_second_part(window)
    window.content.desk.stop()
    spin(lambda: _is_answered(window), _LIMIT_S)


def _hover(*addresses: str) -> Callable[[MainWindow], object]:
    def hover(window: MainWindow) -> None:
        mime = QMimeData()
        mime.setUrls([QUrl(address) for address in addresses])
        keys, button, action = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton, Qt.DropAction.CopyAction
        QApplication.sendEvent(window, QDragEnterEvent(QPoint(20, 20), action, mime, button, keys))

    return hover


ASKED = ("Locate every shape and tell me its colour.", "用中文说一遍。")
LARGE, SMALL = (1280, 820), (640, 480)
STATES = (
    State("empty", pictures=0),
    State("dropping", pictures=0, finish=_hover(Path(__file__).parent.as_uri())),
    State("dropping-refused", pictures=0, finish=_hover("https://example.org/a.jpg")),
    State("media"),
    State("many", pictures=40),
    State("zoomed", finish=_look_closely),
    State("turned", finish=lambda window: window.content.parts.viewer.canvas.turn(1)),
    State("loading", FakeScript(load_delay_s=20.0), questions=ASKED[:1], is_passing=True),
    State("reading", FakeScript(prefill_delay_s=20.0), questions=ASKED[:1], is_passing=True),
    State("streaming", FakeScript(answers=(LONG,), piece_delay_s=0.01), questions=ASKED[:1], is_passing=True),
    State(
        "stopped",
        FakeScript(answers=(LONG,), piece_delay_s=0.01),
        questions=ASKED[:1],
        is_passing=True,
        finish=_trigger("stopAction"),
    ),
    State("answer", questions=ASKED),
    State("written", FakeScript(answers=(WRITTEN,)), questions=("How large is the circle?",)),
    State(
        "timeline",
        FakeScript(answers=(TIMELINE,)),
        pictures=1,
        has_video=True,
        questions=("What happens, and when?",),
        finish=_follow("0:01 – 0:03"),
    ),
    State(
        "parts",
        FakeScript(answers=PARTS, piece_delay_s=0.1),
        pictures=0,
        has_film=True,
        questions=("What happens, and when?",),
        is_passing=True,
        finish=_wait_for_second_part,
    ),
    State(
        "parts-stopped",
        FakeScript(answers=PARTS, piece_delay_s=0.1),
        pictures=0,
        has_film=True,
        questions=("What happens, and when?",),
        is_passing=True,
        finish=_stop_in_second_part,
    ),
    State(
        "parts-answer",
        FakeScript(answers=PARTS),
        pictures=0,
        has_film=True,
        questions=("What happens, and when?",),
    ),
    State("failed", FakeScript(answers=(LONG,), fails_after_pieces=12), questions=ASKED[:1]),
    State("task", finish=_choose_task),
    State(
        "editing",
        questions=ASKED,
        finish=lambda window: window.content.asking.edit(window.content.desk.conversation.turns[0]),
    ),
    State("settings", questions=ASKED[:1], finish=_show_settings),
    State("adapter", finish=_show_adapter(DEMO_LORA)),
    State("adapter-refused", finish=_show_adapter(DEMO_LORA.parent)),
    State("downloads", finish=_show_downloads),
    State("place", finish=show_place("")),
    State("place-missing", finish=show_place("/Volumes/Pictures and Models/huggingface/hub")),
    State("commands", questions=ASKED[:1], finish=_trigger("commandListAction")),
    State("report", finish=_trigger("copyReportAction")),
    State("shortcuts", finish=_trigger("shortcutsAction")),
    State("licences", finish=show_licences),
    State("about", finish=_trigger("aboutAction")),
    State(
        "demo",
        script=None,
        pictures=1,
        questions=("Describe this image.", "How many shapes are there?"),
    ),
    State("demo-video", script=None, pictures=0, has_video=True, questions=("What happens in this video?",)),
    *(State(f"models-{name}", pictures=1, finish=show_models(name), models=name) for name in MODELS_STATES),
    State("model-failed", FakeScript(fails_to_load=True)),
    State("first-run", script=None, pictures=0, known=without_a_model),
    State("downloading", pictures=0, known=without_a_model, downloads=(ON_ITS_WAY,)),
    State("download-paused", pictures=0, known=without_a_model, downloads=(PAUSED,)),
    State("download-failed", pictures=0, known=without_a_model, downloads=(FAILED,)),
    State("download-answering", known=without_a_model, downloads=(ON_ITS_WAY,), questions=ASKED[:1]),
    State(
        "download-arrived",
        known=without_a_model,
        questions=ASKED[:1],
        finish=lambda window: window.content.desk.models.take(DONE),
    ),
    State("unloaded", questions=ASKED[:1], finish=unload),
    State("asks-first", finish=ask_first),
    State("refused", finish=lambda window: window.content.open_path(Path(__file__))),
    State("to-be-moved", finish=lambda window: window.content.system.ask_to_be_moved()),
)


def draw_shapes(file: Path, width: int, height: int) -> Path:
    """A picture of three shapes."""
    image = Image.new("RGB", (width, height), "#fcfbf6")
    pen = ImageDraw.Draw(image)
    pen.ellipse((width * 0.1, height * 0.2, width * 0.35, height * 0.2 + width * 0.25), fill="#d62728")
    pen.polygon(((width * 0.7, height * 0.1), (width * 0.6, height * 0.4), (width * 0.8, height * 0.4)), fill="#2ca02c")
    pen.rectangle((width * 0.6, height * 0.6, width * 0.8, height * 0.9), fill="#1f5bd6")
    image.save(file)
    return file


def draw_pictures(folder: Path, count: int) -> tuple[Path, ...]:
    """Pictures of several shapes and names."""
    names = ("two-shapes.png", "IMG_2041 with a rather long name of a picture.jpg", "招牌照片.webp")
    sizes = ((1024, 704), (4000, 3000), (600, 900))
    first = [draw_shapes(folder / name, *size) for name, size in zip(names, sizes, strict=True)]
    more = [draw_shapes(folder / f"picture {number}.png", 200 + number * 20, 300) for number in range(count - 3)]
    return (*first, *more)[:count]


def draw_film(file: Path) -> Path:
    """Two minutes and a quarter of a circle that rolls to and fro."""

    def frames() -> Iterator[NDArray[np.uint8]]:
        for number in range(270):
            image = Image.new("RGB", (320, 180), "white")
            left = 20 + 220 * abs(number % 60 - 30) / 30
            ImageDraw.Draw(image).ellipse((left, 60, left + 60, 120), fill="#d62728")
            yield np.asarray(image)

    write_video(file, frames(), rate=2)
    return file


def take(
    state: State,
    pictures: tuple[Path, ...],
    film: Path,
    file: Path,
    theme: Appearance,
    language: Language,
    size: tuple[int, int],
) -> None:
    """Takes one picture of the window, with some of the pictures, or with the film."""

    def make_engine(sink: EventSink) -> Engine:
        script = state.script
        return Engine(MlxBackend if script is None else lambda: FakeBackend(script), sink)

    files = (pictures if state.script is not None else (SAMPLE_PICTURE,))[: state.pictures]
    store, downloads = state.known(), ScriptedDownloads(*state.downloads)
    if state.models:
        store, downloads = models_for(state.models)
    with tempfile.TemporaryDirectory() as place:
        launch = Launch(
            make_engine=make_engine,
            profile=profile_at(Path(place) / "profile"),
            settings=Settings(appearance=theme, language=language, is_offline=state.models == "offline"),
            save_settings=lambda _settings: None,
            files=(*files, *((SAMPLE_VIDEO,) if state.has_video else ()), *((film,) if state.has_film else ())),
            question="",
            milestone=lambda _name: None,
            report=lambda: ReportParts(""),
            models=store,
            make_downloads=downloads.made_for,
        )
        window = MainWindow(launch.profile.window_file, lambda: launch)
        window.resize(*size)
        window.show()
        desk = window.content.desk
        spin(lambda: _is_ready(window) or desk.model.stage == "failed", 0.6 if state.name == "loading" else _LIMIT_S)
        for question in state.questions:
            window.content.parts.prompt.edit.setPlainText(question)
            window.content.asking.on_ask()
            spin(lambda: _is_answered(window), 0.6 if state.is_passing else _LIMIT_S)
        state.finish(window)
        spin(lambda: False, 0.25)
        picture_of(window).save(str(file))
        for widget in QApplication.topLevelWidgets():
            widget.close()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def picture_of(window: MainWindow) -> QPixmap:
    """The window with what is open over it."""
    picture = window.grab()
    painter = QPainter(picture)
    for widget in QApplication.topLevelWidgets():
        if widget is not window and widget.isVisible():
            painter.drawPixmap(widget.frameGeometry().topLeft() - window.geometry().topLeft(), widget.grab())
    painter.end()
    return picture


def take_all(
    folder: Path, theme: Appearance, language: Language, sizes: Sequence[str], states: Sequence[State]
) -> None:
    """Takes pictures in this theme and language."""
    application = QApplication([])
    apply_look(application, theme)
    logging.getLogger("app.engine.engine").setLevel(logging.CRITICAL)  # one state is that of a fault
    scale = os.environ.get("QT_SCALE_FACTOR", "1")
    with tempfile.TemporaryDirectory() as place:
        pictures, film = draw_pictures(Path(place), 40), draw_film(Path(place) / "afternoon.mp4")
        for state, size in itertools.product(states, sizes):
            file = folder / f"{state.name}-{size}-{theme}-{language}-{scale}x.png"
            take(state, pictures, film, file, theme, language, LARGE if size == "large" else SMALL)


def main(folder: Path, words: Sequence[str]) -> int:
    """Takes what the words choose; each kind of screen has a process of its own.

    Returns:
        The exit code.
    """

    def chosen(*kinds: str) -> tuple[str, ...]:
        return tuple(kind for kind in kinds if kind in words) or kinds

    names = chosen(*(state.name for state in STATES))
    scales, themes, languages = chosen("1x", "2x"), chosen("light", "dark"), chosen("en", "zh_CN")
    sizes = chosen("large", "small")
    if "QT_SCALE_FACTOR" in os.environ and len(themes) == len(languages) == 1:
        states = [state for state in STATES if state.name in names]
        take_all(folder, "dark" if themes[0] == "dark" else "light", languages[0], sizes, states)  # type: ignore[arg-type]
        return 0
    folder.mkdir(parents=True, exist_ok=True)
    for scale, theme, language in itertools.product(scales, themes, languages):
        environment = {**os.environ, "QT_SCALE_FACTOR": scale.rstrip("x")}
        command = [sys.executable, "-m", "tests.gui.screenshots", str(folder), theme, language, *sizes, *names]
        code = subprocess.run(command, env=environment, check=False).returncode
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
