"""How large repositories are, as the Hub has told; kept from one start to the next."""

from __future__ import annotations

import json
import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.core.errors import UserError
from app.core.files import write_atomically

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)

_SIZES_KEY = "sizes"
_writing = threading.Lock()


@dataclass(frozen=True, slots=True)
class ToldSize:
    """What the Hub told of a repository.

    Attributes:
        revision: The commit.
        size_bytes: Of the files that are needed at that commit.
    """

    revision: str
    size_bytes: int


def told_sizes(file: Path) -> dict[str, ToldSize]:
    """What is kept, by repository; nothing of a file that is missing or damaged: the Hub will tell again."""
    found: dict[str, ToldSize] = {}
    for model_id, value in _entries(file).items():
        if isinstance(value, dict):
            revision, size_bytes = value.get("revision"), value.get("bytes")
            if isinstance(revision, str) and isinstance(size_bytes, int) and size_bytes > 0:
                found[model_id] = ToldSize(revision, size_bytes)
    return found


def keep_told_size(file: Path, model_id: str, size: ToldSize) -> None:
    """Keeps what the Hub told; what cannot be written is logged and asked again another time. Thread: any."""
    with _writing:
        told = told_sizes(file)
        if told.get(model_id) == size:
            return
        told[model_id] = size
        sizes = {known: {"revision": told[known].revision, "bytes": told[known].size_bytes} for known in sorted(told)}
        text = json.dumps({_SIZES_KEY: sizes}, indent=2)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(file, (text + "\n").encode())
        except (OSError, UserError) as error:
            logger.warning("The size of a model cannot be kept: %s", error)


def _entries(file: Path) -> dict[str, Any]:
    try:
        sizes = json.loads(file.read_text(encoding="utf-8"))[_SIZES_KEY]
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        logger.warning("The sizes of models that were told cannot be read: %r", error)
        return {}
    return sizes if isinstance(sizes, dict) else {}
