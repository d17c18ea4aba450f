"""States of the Models sheet, for tests and pictures."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from app.core.errors import ErrorText, Sentence, UserError
from app.core.models.catalogue import Catalogue, read_catalogue
from app.core.models.download_state import DownloadState
from app.core.models.repository import Repository, RepositoryFile
from tests.gui.models_scripted import ScriptedDownloads, ScriptedModels, installed
from tests.gui.spinning import spin

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.gui.shell import MainWindow

WANTED = "mlx-community/Qwen3-VL-4B-Instruct-4bit"
OTHER = "mlx-community/Qwen3-VL-8B-Instruct-4bit"
TYPED = "somebody/Qwen3-VL-4B-Instruct-finetuned-for-receipts-and-forms-MLX-4bit"
FOLDER = "/Volumes/Models of many years/Qwen3-VL-30B-A3B-Instruct-with-a-rather-long-name-MLX-8bit"
FAULT = ErrorText(
    Sentence("The disk became full while {model} was downloaded.", model=WANTED),
    "Free some room, then go on: what came so far is kept.",
    kind="input",
)
STATES = (
    "installed",
    "recommended",
    "all",
    "downloading",
    "failed",
    "paused",
    "search",
    "empty",
    "offline",
    "repository",
)
_LIMIT_S = 20.0
_GB = 1_000_000_000


def here() -> ScriptedModels:
    """The program's catalogue, and some models on the machine."""
    now = datetime.now(timezone.utc)
    return ScriptedModels(
        offered=read_catalogue(),
        here=(
            installed("demo", Path("/opt/viewfinder/demo_model"), 12_000_000, now),
            installed("mlx-community/Qwen3-VL-2B-Instruct-4bit", Path("/home/me/hub/a"), 1_784_000_000, now),
            installed("Qwen/Qwen3-VL-2B-Thinking", Path("/home/me/hub/b"), 4_270_000_000, now - timedelta(days=1)),
            installed(FOLDER, Path(FOLDER), 33_500_000_000, now - timedelta(days=40)),
        ),
        freed_bytes=4_270_000_000,
    )


def models_for(name: str) -> tuple[ScriptedModels, ScriptedDownloads]:
    """What is known of models in one of the states; nothing for an empty name."""
    if not name:
        return ScriptedModels(), ScriptedDownloads()
    store = here()
    left: tuple[DownloadState, ...] = ()
    if name == "downloading":
        left = (
            DownloadState(WANTED, "downloading", 1_240_000_000, 3_093_000_000, 12_400_000.0, 149.0),
            DownloadState(OTHER, "waiting"),
        )
    elif name == "failed":
        left = (DownloadState(WANTED, "failed", 1_240_000_000, 3_093_000_000, error=FAULT),)
    elif name == "paused":
        left = (DownloadState(WANTED, "paused", 1_240_000_000, 3_093_000_000),)
    elif name == "empty":
        store = ScriptedModels(offered=Catalogue(()))
    elif name == "offline":
        left = (DownloadState(WANTED, "paused", 1_240_000_000, 3_093_000_000),)
    elif name == "repository":
        store.fault = UserError(
            Sentence("There is no repository “{name}”.", name=TYPED), "Check how it is written on its page."
        )
    store.repositories[TYPED] = Repository(
        TYPED, "a" * 40, (RepositoryFile("model.safetensors", 3_200_000_000, "", ""),), {}
    )
    return store, ScriptedDownloads(*left)


def show_models(name: str) -> Callable[[MainWindow], None]:
    """Brings a window whose models are those of `models_for` into this state."""

    def show(window: MainWindow) -> None:
        content = window.content
        models = content.desk.models
        spin(lambda: models.is_looked_at and all(models.fit_of(model.model_id) for model in models.installed), _LIMIT_S)
        content.models.show(True)
        sheet = content.models.sheet
        segments = {"recommended": "recommended", "all": "all", "search": "all"}
        sheet.segments.choose(segments.get(name, "installed"))
        if name == "search":
            sheet.search.setText("thinking 8b")
        elif name == "repository":
            sheet.other_model.open(TYPED)
            sheet.other_model.look.click()
            spin(lambda: not sheet.other_model.fault.isHidden(), _LIMIT_S)
        elif name in ("downloading", "failed", "paused"):
            sheet.list.choose(WANTED)
        spin(lambda: models.is_looked_at, _LIMIT_S)

    return show
