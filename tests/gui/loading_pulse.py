"""Loads the demo model with MLX under a window, asks about the sample picture, prints the main thread's pulse."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from app.backends.mlx_backend import MlxBackend
from app.core.launch import Launch
from app.core.paths import SAMPLE_PICTURE, SAMPLE_QUESTION, profile_at
from app.core.report import ReportParts
from app.core.settings import Settings
from app.engine.engine import Engine
from app.gui.look import apply_look
from app.gui.shell import MainWindow
from tests.gui.heartbeat import Heartbeat

if TYPE_CHECKING:
    from collections.abc import Callable

_LIMIT_S = 60.0


def main() -> None:
    """Prints a JSON object."""
    application = QApplication([])
    apply_look(application)
    with tempfile.TemporaryDirectory() as place:
        profile = profile_at(Path(place))
        launch = Launch(
            make_engine=lambda sink: Engine(MlxBackend, sink),
            profile=profile,
            settings=Settings(),
            save_settings=lambda _settings: None,
            files=(SAMPLE_PICTURE,),
            question=SAMPLE_QUESTION,
            milestone=lambda _name: None,
            report=lambda: ReportParts(""),
        )
        window = MainWindow(profile.window_file, lambda: launch)
        desk = window.content.desk
        with Heartbeat() as heartbeat:
            window.show()
            if _spin(lambda: desk.model.stage == "ready" and all(medium.is_opened for medium in desk.pictures.media)):
                window.content.asking.on_ask()
            _spin(lambda: bool(desk.conversation.turns) and desk.conversation.open_turn is None)
        answer = desk.conversation.turns[-1].answer if desk.conversation.turns else ""
        window.close()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    pulse = {
        "answer": answer,
        "beats": heartbeat.beats,
        "longest_wall_ms": round(heartbeat.longest_wall_s * 1000),
        "longest_busy_ms": round(heartbeat.longest_busy_s * 1000),
        "own_stalls": heartbeat.own_stalls,
        "stalls": [str(stall) for stall in heartbeat.stalls],
    }
    print(json.dumps(pulse, indent=2))  # noqa: T201 - what the script is for


def _spin(until: Callable[[], bool]) -> bool:
    """Lets the window live until the condition holds, as its own event loop would."""
    loop, timer, end_s = QEventLoop(), QTimer(), time.monotonic() + _LIMIT_S
    timer.setInterval(10)
    timer.timeout.connect(lambda: loop.quit() if until() or time.monotonic() > end_s else None)
    timer.start()
    loop.exec()
    return until()


if __name__ == "__main__":
    main()
