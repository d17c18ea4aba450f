"""Loads a model with MLX under a window, asks about the sample picture, prints the main thread's pulse.

python -m tests.gui.loading_pulse [--model demo|DIR] [--max-tokens N] [--limit-s S]
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from app.backends.mlx_backend import MlxBackend
from app.core.checkpoint import DEMO_MODEL_ID
from app.core.launch import Launch
from app.core.paths import SAMPLE_PICTURE, SAMPLE_QUESTION, profile_at
from app.core.report import ReportParts
from app.core.sampling import GREEDY
from app.core.settings import ModelSettings, Settings
from app.engine.engine import Engine
from app.gui.look import apply_look
from app.gui.shell import MainWindow
from tests.gui.heartbeat import Heartbeat
from tests.gui.models_scripted import ScriptedDownloads, ScriptedModels

if TYPE_CHECKING:
    from collections.abc import Callable


def main() -> None:
    """Prints a JSON object."""
    arguments = _arguments()
    settings = Settings(model=arguments.model)
    if arguments.max_tokens is not None:
        settings = settings.with_own(ModelSettings(sampling=replace(GREEDY, max_tokens=arguments.max_tokens)))
    application = QApplication([])
    apply_look(application)
    with tempfile.TemporaryDirectory() as place:
        profile = profile_at(Path(place))
        launch = Launch(
            make_engine=lambda sink: Engine(MlxBackend, sink),
            profile=profile,
            settings=settings,
            save_settings=lambda _settings: None,
            files=(SAMPLE_PICTURE,),
            question=SAMPLE_QUESTION,
            milestone=lambda _name: None,
            report=lambda: ReportParts(""),
            models=ScriptedModels(),
            make_downloads=ScriptedDownloads().made_for,
        )
        window = MainWindow(profile.window_file, lambda: launch)
        desk = window.content.desk
        with Heartbeat() as heartbeat:
            window.show()
            pictures, limit_s = desk.pictures, arguments.limit_s
            if _spin(lambda: desk.model.stage == "ready" and all(m.is_opened for m in pictures.media), limit_s):
                window.content.asking.on_ask()
            _spin(lambda: bool(desk.conversation.turns) and desk.conversation.open_turn is None, limit_s)
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


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The main thread's pulse while a model loads and answers.")
    parser.add_argument("--model", default=DEMO_MODEL_ID)
    parser.add_argument("--max-tokens", type=int)
    parser.add_argument("--limit-s", type=float, default=60.0, help="for loading, and again for answering")
    return parser.parse_args()


def _spin(until: Callable[[], bool], limit_s: float) -> bool:
    """Lets the window live until the condition holds, as its own event loop would."""
    loop, timer, end_s = QEventLoop(), QTimer(), time.monotonic() + limit_s
    timer.setInterval(10)
    timer.timeout.connect(lambda: loop.quit() if until() or time.monotonic() > end_s else None)
    timer.start()
    loop.exec()
    return until()


if __name__ == "__main__":
    main()
