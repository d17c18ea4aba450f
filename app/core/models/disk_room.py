"""Whether the disk has room for a download, and what to say when it cannot be written."""

from __future__ import annotations

import errno
import math
import shutil
from typing import TYPE_CHECKING

from app.core.errors import AppError, Sentence, UserError, describe_error

if TYPE_CHECKING:
    from pathlib import Path

_SPARE_BYTES = 256 << 20
"""Left to the system: a disk that is full to the last byte makes everything else fail."""
_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


def check_room(model_id: str, missing_bytes: int, folder: Path) -> None:
    """Passes where so much can be written.

    Raises:
        UserError: The disk has less; the text says how much is needed and how much is there.
        OSError: The disk cannot be asked.
    """
    place = next((one for one in (folder, *folder.parents) if one.exists()), None)
    if not missing_bytes or place is None:
        return
    free_bytes = shutil.disk_usage(place).free
    needed_bytes = missing_bytes + _SPARE_BYTES
    if free_bytes < needed_bytes:
        raise UserError(
            Sentence(
                "{model} needs {needed} GB of room on the disk; {free} GB are free.",
                model=model_id,
                needed=f"{math.ceil(needed_bytes / 1e8) / 10:.1f}",
                free=f"{math.floor(free_bytes / 1e8) / 10:.1f}",
            ),
            Sentence(
                "Free some room, or choose another folder in the settings under “Where models are kept”; now it is "
                "{folder}.",
                folder=folder.parent,
            ),
        )


def disk_error(error: OSError, model_id: str, folder: Path) -> AppError:
    """What to say when the disk cannot be written, or not any more."""
    detail = describe_error(error).detail
    if error.errno in _FULL:
        return UserError(
            Sentence("The disk became full while {model} was downloaded.", model=model_id),
            "Free some room, then go on: what came so far is kept. Or choose another folder in the settings under "
            "“Where models are kept”; it begins anew there.",
            detail,
        )
    if error.errno in _FORBIDDEN:
        return UserError(
            Sentence("The folder {folder} may not be written, so nothing can be downloaded into it.", folder=folder),
            "Give yourself permission to write there, or choose another folder in the settings under “Where models are "
            "kept”.",
            detail,
        )
    if error.errno == errno.EFBIG:
        return UserError(
            Sentence(
                "The disk of {folder} cannot hold files as large as those of {model}.",
                folder=folder,
                model=model_id,
            ),
            "Choose a folder on another disk in the settings under “Where models are kept”.",
            detail,
        )
    if isinstance(error, FileNotFoundError):
        return UserError(
            Sentence("Files of {model} were taken away while it was downloaded.", model=model_id),
            "Go on: what is still there is used.",
            detail,
        )
    return UserError(
        Sentence(
            "{model} could not be written to {folder}: {reason}.",
            model=model_id,
            folder=folder,
            reason=error.strerror or type(error).__name__,
        ),
        "Check the disk, then go on: what came so far is kept.",
        detail,
    )
