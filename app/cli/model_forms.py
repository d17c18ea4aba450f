"""How models are said on the command line: as lines for people and as JSON, whose schema is models-1.schema.json."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from app.cli.figures import size_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from app.core.errors import ErrorText
    from app.core.models.hub_cache import UnfinishedDownload
    from app.core.models.library import InstalledModel

FORMAT = "viewfinder.models/1"
_SOURCES = {
    "demo": "comes with the program",
    "hugging_face": "Hugging Face cache",
    "lm_studio": "LM Studio",
    "folder": "own folder",
}
_GAP = "  "


def document(**values: Any) -> str:
    """A JSON document of these values, with a line end."""
    text = json.dumps({"format": FORMAT, **values}, indent=2, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode("utf-8") + "\n"


def installed_value(model: InstalledModel) -> dict[str, Any]:
    """A model on this machine as JSON."""
    return {
        "id": model.model_id,
        "name": str(model.name),
        "source": model.source,
        "folder": str(model.folder),
        "revision": model.revision or None,
        "size_bytes": model.size_bytes,
        "last_used": model.last_used.isoformat(timespec="seconds") if model.last_used is not None else None,
        "model_type": model.model_type,
        "quantisation": model.quantisation,
        "backends": list(model.runtimes),
        "can_be_removed": model.can_remove,
    }


def problem_value(error: ErrorText | None) -> dict[str, str] | None:
    """Why a model cannot be used, as JSON."""
    return None if error is None else {"text": error.text, "hint": error.hint}


def installed_lines(models: Sequence[InstalledModel], chosen_id: str, now: datetime) -> list[str]:
    """The models on this machine as a table, the chosen one marked."""
    rows = [["", "MODEL", "SIZE", "WEIGHTS", "BACKENDS", "LAST USED", "WHERE"]]
    rows += [
        [
            "*" if model.model_id == chosen_id else "",
            model.model_id,
            size_text(model.size_bytes),
            model.quantisation,
            ", ".join(model.runtimes),
            used_text(model.last_used, now),
            _SOURCES[model.source],
        ]
        for model in models
    ]
    return [*table(rows), "", "* chosen in the settings"] if chosen_id else table(rows)


def unfinished_values(unfinished: Sequence[UnfinishedDownload]) -> list[dict[str, Any]]:
    """Downloads that were begun, as JSON."""
    return [{"id": one.model_id, "here_bytes": one.here_bytes} for one in unfinished]


def unfinished_lines(unfinished: Sequence[UnfinishedDownload]) -> list[str]:
    """Downloads that were begun, and how to go on; nothing where there are none."""
    lines = [
        f"{one.model_id}: {size_text(one.here_bytes)} are here; “viewfinder models download {one.model_id}” goes on"
        for one in unfinished
    ]
    return ["", "Not downloaded to the end:", *lines] if lines else []


def used_text(used: datetime | None, now: datetime) -> str:
    """When a model was last used, in days."""
    if used is None:
        return "not known"
    days = (now.date() - used.astimezone(now.tzinfo).date()).days
    if days <= 0:
        return "today"
    return "yesterday" if days == 1 else f"{days} days ago"


def table(rows: Iterable[Sequence[str]]) -> list[str]:
    """Rows as lines whose columns stand below one another."""
    listed = [list(map(str, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(*listed, strict=True)]
    return [_GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in listed]
