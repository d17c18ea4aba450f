"""When each model was last used: noted by the program itself, as many file systems do not keep times of access."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from app.core.errors import UserError
from app.core.events import ModelReady
from app.core.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from app.core.events import EngineEvent

logger = logging.getLogger(__name__)

_MOST_MODELS = 500


def read_last_uses(file: Path) -> dict[str, datetime]:
    """When models were last used, by their id; empty where nothing was noted or the note cannot be read."""
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    found: dict[str, datetime] = {}
    for model_id, text in value.items() if isinstance(value, dict) else ():
        try:
            used = datetime.fromisoformat(text)
        except (TypeError, ValueError):
            continue
        if used.tzinfo is not None:
            found[model_id] = used
    return found


def note_use(file: Path, model_id: str) -> None:
    """Notes that this model is used now. That it cannot be noted is no reason to stop, and is logged."""
    uses = {**read_last_uses(file), model_id: datetime.now(timezone.utc)}
    newest = sorted(uses.items(), key=lambda use: use[1], reverse=True)[:_MOST_MODELS]
    text = json.dumps({name: used.isoformat(timespec="seconds") for name, used in newest}, indent=2)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, text + "\n")
    except (OSError, UserError) as error:
        logger.info("That a model was used cannot be noted: %s", error)


def noting_uses(file: Path, sink: Callable[[EngineEvent], None]) -> Callable[[EngineEvent], None]:
    """A sink that notes each model that gets ready and hands every event on. Thread: the one that calls it."""

    def take(event: EngineEvent) -> None:
        sink(event)
        if isinstance(event, ModelReady):
            note_use(file, event.checkpoint.model_id)

    return take
