"""Takes pictures of the window in its states: ``python -m tests.gui.screenshots FOLDER light|dark [en|zh_CN]``.

QT_SCALE_FACTOR decides the resolution; QT_QPA_PLATFORM whether a real window is shown.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication, QToolButton

from app.backends.fake_backend import FakeBackend, FakeScript
from app.core.launch import Launch
from app.core.paths import profile_at
from app.core.report import ReportParts
from app.core.settings import Settings
from app.engine.engine import Engine
from app.gui.look import apply_look
from app.gui.shell import MainWindow

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.core.launch import EventSink
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
LONG = "A long answer goes on and on, so that the window has to scroll. " * 30
_LIMIT_S = 10.0


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


@dataclass(frozen=True)
class State:
    """One picture to take."""

    name: str
    script: FakeScript = field(default_factory=lambda: FakeScript(answers=(ANSWER, CHINESE)))
    pictures: int = 3
    size: tuple[int, int] = (1280, 820)
    questions: tuple[str, ...] = ()
    until: Callable[[MainWindow], bool] = _always
    finish: Callable[[MainWindow], object] = _always


def _choose_task(window: MainWindow) -> None:
    chip = window.findChild(QToolButton, "taskChip_boxes")
    assert chip is not None
    chip.click()


def _look_closely(window: MainWindow) -> None:
    canvas = window.content.parts.viewer.canvas
    canvas.zoom_to_actual_size()
    canvas.zoom_in()
    canvas.setFocus()


STATES = (
    State("empty", pictures=0),
    State("media", questions=()),
    State("zoomed", finish=_look_closely),
    State("turned", finish=lambda window: window.content.parts.viewer.canvas.turn(1)),
    State("many", pictures=40),
    State("loading", FakeScript(load_delay_s=2.0), questions=("Describe this image.",)),
    State("answer", questions=("Locate every shape and tell me its colour.", "用中文说一遍。")),
    State("written", FakeScript(answers=(WRITTEN,)), questions=("How large is the circle?",)),
    State("streaming", FakeScript(answers=(LONG,), piece_delay_s=0.01), questions=("Describe this image.",)),
    State(
        "settings",
        questions=("Describe this image.",),
        finish=_show_settings,
    ),
    State("task", finish=_choose_task),
    State(
        "editing",
        questions=("Locate every shape and tell me its colour.", "用中文说一遍。"),
        finish=lambda window: window.content.asking.edit(window.content.desk.conversation.turns[0]),
    ),
    State("model-failed", FakeScript(fails_to_load=True)),
    State("refused", finish=lambda window: window.content.open_path(Path(__file__))),
    State("narrow", size=(640, 480), questions=("用中文描述这张图片。",)),
    State("middle", size=(900, 620), questions=("Describe this image.",)),
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


def spin(until: Callable[[], bool], seconds: float) -> bool:
    """Lets the window live until the condition holds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QCoreApplication.processEvents()
        if until():
            return True
        time.sleep(0.005)
    return False


def take(state: State, pictures: tuple[Path, ...], file: Path, theme: Appearance, language: Language) -> None:
    """Takes one picture of the window."""

    def make_engine(sink: EventSink) -> Engine:
        return Engine(lambda: FakeBackend(state.script), sink)

    with tempfile.TemporaryDirectory() as place:
        launch = Launch(
            make_engine=make_engine,
            profile=profile_at(Path(place) / "profile"),
            settings=Settings(appearance=theme, language=language),
            save_settings=lambda _settings: None,
            files=pictures[: state.pictures],
            question="",
            milestone=lambda _name: None,
            report=lambda: ReportParts(""),
        )
        window = MainWindow(launch.profile.window_file, lambda: launch)
        window.resize(*state.size)
        window.show()
        is_slow = state.name in ("loading", "streaming")
        spin(lambda: _is_ready(window) or window.content.desk.model.stage == "failed", _LIMIT_S if not is_slow else 0.6)
        for question in state.questions:
            window.content.parts.prompt.edit.setPlainText(question)
            window.content.asking.on_ask()
            spin(lambda: _is_answered(window), 0.6 if is_slow else _LIMIT_S)
        state.finish(window)
        spin(lambda: False, 0.15)
        window.grab().save(str(file))
        window.close()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def main(folder: Path, theme: Appearance, language: Language) -> int:
    """Takes all pictures in this theme and language."""
    application = QApplication([])
    apply_look(application, theme)
    scale = os.environ.get("QT_SCALE_FACTOR", "1")
    with tempfile.TemporaryDirectory() as place:
        pictures = draw_pictures(Path(place), 40)
        for state in STATES:
            name = f"{state.name}-{theme}-{scale}x{'' if language == 'en' else f'-{language}'}.png"
            take(state, pictures, folder / name, theme, language)
    return 0


if __name__ == "__main__":
    sys.exit(
        main(Path(sys.argv[1]), "dark" if sys.argv[2] == "dark" else "light", "zh_CN" if "zh_CN" in sys.argv else "en")
    )
