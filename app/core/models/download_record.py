"""Which downloads are not finished, kept from one start of the program to the next in a small JSON file."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.core.checked_values import CheckedValue
from app.core.errors import Sentence, UserError
from app.core.files import keep_aside, write_atomically

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

logger = logging.getLogger(__name__)

_VERSION = 1


@dataclass(frozen=True, slots=True)
class KeptDownload:
    """A download that is not finished.

    Attributes:
        model_id: The repository.
        asked_revision: What was asked for; empty for the newest.
        commit: What that was when the download began, and stays until it ends; empty before the server told it.
        is_wanted: Whether it was under way or waiting, and not paused by a person.
        done_bytes: Of all its files together what was here.
        total_bytes: All its files together; 0 before the server told it.
    """

    model_id: str
    asked_revision: str = ""
    commit: str = ""
    is_wanted: bool = False
    done_bytes: int = 0
    total_bytes: int = 0


def read_downloads(file: Path) -> tuple[KeptDownload, ...]:
    """What the file keeps; nothing when there is none. A damaged file is kept aside as ``.bad``."""
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
        kept = [_read(row) for row in CheckedValue(value, "The list of downloads", "")["downloads"].items()]
        return tuple({download.model_id: download for download in kept}.values())
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        logger.warning("The list of downloads cannot be read: %s", error)
        return ()
    except (ValueError, RecursionError, UserError):
        pass
    try:
        aside = keep_aside(file)
    except OSError as error:
        logger.warning("The list of downloads is damaged and cannot be kept aside: %s", error)
    else:
        logger.warning("The list of downloads is damaged; it is kept as %s", aside.name)
    return ()


def _read(row: CheckedValue) -> KeptDownload:
    is_wanted = row["is_wanted"].value
    if not isinstance(is_wanted, bool):
        raise row["is_wanted"].fault("is neither true nor false")
    return KeptDownload(
        row["model_id"].text(),
        row["asked_revision"].text(),
        row["commit"].text(),
        is_wanted,
        row["done_bytes"].count(),
        row["total_bytes"].count(),
    )


def write_downloads(file: Path, downloads: Sequence[KeptDownload]) -> None:
    """Replaces the file, or takes it away when there is nothing to keep.

    Raises:
        UserError: The folder cannot be written.
    """
    try:
        if not downloads:
            file.unlink(missing_ok=True)
            return
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            Sentence("The list of downloads cannot be kept in {folder}.", folder=file.parent),
            "Check the folder's permissions.",
            str(error),
        ) from error
    rows = [
        {
            "model_id": one.model_id,
            "asked_revision": one.asked_revision,
            "commit": one.commit,
            "is_wanted": one.is_wanted,
            "done_bytes": one.done_bytes,
            "total_bytes": one.total_bytes,
        }
        for one in downloads
    ]
    write_atomically(file, json.dumps({"version": _VERSION, "downloads": rows}, indent=1) + "\n")
