"""States of models and downloads, for pictures of the window."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.core.errors import ErrorText, Sentence
from app.core.models.catalogue import read_catalogue
from app.core.models.checkpoint_fit import FitDoubt
from app.core.models.download_state import DownloadState
from app.gui.model_status import ModelState
from tests.gui.models_scripted import APPLE_M2, GIB, ScriptedModels, installed

if TYPE_CHECKING:
    from app.gui.shell import MainWindow

WANTED = "mlx-community/Qwen3-VL-8B-Instruct-4bit"
_TOTAL_BYTES = 5_760_000_000
ON_ITS_WAY = DownloadState(WANTED, "downloading", 2_188_000_000, _TOTAL_BYTES, 14_200_000, 251.0, "a" * 40)
PAUSED = replace(ON_ITS_WAY, stage="paused", bytes_per_s=0.0, left_s=None)
FAILED = replace(
    PAUSED,
    stage="failed",
    error=ErrorText(
        Sentence("The disk became full while {model} was downloaded.", model=WANTED),
        "Free some room, then go on: what came so far is kept.",
    ),
)
DONE = replace(PAUSED, stage="done", done_bytes=_TOTAL_BYTES)


def without_a_model() -> ScriptedModels:
    """A Mac with the demo model alone."""
    return ScriptedModels(offered=read_catalogue(), here=(installed("demo", Path("/demo")),))


def with_a_model() -> ScriptedModels:
    """A Mac with a real model too."""
    models = without_a_model()
    models.here = (*models.here, installed("mlx-community/Qwen3-VL-4B-Instruct-4bit", Path("/real")))
    return models


def unload(window: MainWindow) -> None:
    """Unloads the model as if nothing had been asked for long."""
    window.content.desk.unload("idle")


def ask_first(window: MainWindow) -> None:
    """Stands before a model that is much too large."""
    desk = window.content.desk
    checkpoint = desk.model.checkpoint
    assert checkpoint is not None
    desk.unload()
    large = replace(checkpoint, model_id="mlx-community/Qwen3-VL-32B-Instruct-8bit")
    desk.model = ModelState("none", large, doubt=FitDoubt(large.name, int(37.4 * GIB), APPLE_M2))
    desk.model_changed.emit()
