"""Writing files whole or not at all, and what to say of files that cannot be read."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from app.core.errors import Sentence, UserError

if TYPE_CHECKING:
    from collections.abc import Iterable

_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
_NO_FOLDER = (errno.ENOENT, errno.ENOTDIR)
# Other spaces and joiners stay: macOS puts U+202F into the names of screenshots, and emoji are joined by U+200D.
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')
_LONGEST_NAME = 60
"""Letters: no more than 240 bytes, of 255 that a file's name may have."""
_NOT_SHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def write_atomically(path: Path, content: str | bytes | Iterable[bytes]) -> None:
    """Writes a file, or leaves what was there as it was; another program never sees half of it.

    A file that is replaced keeps its permissions; a link keeps pointing to it. Text is written as UTF-8 with the line
    ends it has.

    Raises:
        UserError: It cannot be written there; the text names the file and the reason.
    """
    try:
        _write(Path(os.path.realpath(path)), content)
    except (OSError, ValueError) as error:
        raise _fault(path, error) from error


def keep_aside(file: Path) -> Path:
    """Renames a damaged file to end in ``.bad``, over no file that is there, and gives its new name.

    Raises:
        OSError: It cannot be renamed.
    """
    aside = file.with_name(f"{file.name}.bad")
    number = 1
    while aside.exists():
        number += 1
        aside = file.with_name(f"{file.name}.bad{number}")
    return file.rename(aside)


def _write(path: Path, content: str | bytes | Iterable[bytes]) -> None:
    permissions = _permissions(path)
    # Beside the file, so that it can take its place at once; of its own name, as the file's may be at the longest.
    temporary = path.parent / f".viewfinder-{os.urandom(8).hex()}.tmp"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(temporary, flags, 0o666), "wb") as file:
            for chunk in _chunks(content):
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        if permissions is not None:
            temporary.chmod(permissions)
        temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _permissions(path: Path) -> int | None:
    """Those of the file that will be replaced, or None when there is none."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is a device or a pipe")
    if not os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return stat.S_IMODE(mode)


def _chunks(content: str | bytes | Iterable[bytes]) -> Iterable[bytes]:
    if isinstance(content, str):
        return (content.encode("utf-8", "replace"),)
    return (content,) if isinstance(content, bytes) else content


def _sync_folder(folder: Path) -> None:
    """Makes the new name last through a power failure, where the system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _fault(path: Path, error: OSError | ValueError) -> UserError:
    number = error.errno if isinstance(error, OSError) else None
    name, detail = shown_name(path.name or str(path)), f"{type(error).__name__}: {error}"
    folder = shown_name(str(path.parent))
    if number in _FULL:
        text, hint = (
            Sentence("The disk is full: “{name}” was not saved.", name=name),
            "Free some room, or save to another disk.",
        )
    elif number in _FORBIDDEN:
        text, hint = (
            Sentence("“{name}” may not be written in {folder}.", name=name, folder=folder),
            "Save it to another folder.",
        )
    elif number == errno.EISDIR:
        text, hint = (
            Sentence("“{name}” is a folder, so no file of that name can be saved.", name=name),
            "Choose another name.",
        )
    elif number in _NO_FOLDER:
        text, hint = (
            Sentence("“{name}” was not saved: the folder {folder} does not exist.", name=name, folder=folder),
            "Make the folder, or choose another.",
        )
    elif number == errno.ENAMETOOLONG:
        text, hint = Sentence("“{name}” was not saved: its name is too long.", name=name), "Choose a shorter name."
    else:
        told = error.strerror if isinstance(error, OSError) else None
        reason = told or Sentence("no such name is possible")
        text, hint = (
            Sentence("“{name}” was not saved: {reason}.", name=name, reason=reason),
            "Try another folder or another name.",
        )
    return UserError(text, hint, detail)


def out_of_reach(name: str, error: Exception) -> UserError | None:
    """What to say of a file that is not there or may not be read; None for any other error.

    Args:
        name: As it is shown to people.
        error: What opening it raised.
    """
    detail = f"{type(error).__name__}: {error}"
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return UserError(
            Sentence("“{name}” does not exist.", name=name), "Check the name, and that its disk is connected.", detail
        )
    if isinstance(error, PermissionError):
        return UserError(
            Sentence("“{name}” may not be read.", name=name),
            "Give yourself permission to read it, or copy it to another folder.",
            detail,
        )
    return None


def name_for_file(words: str) -> str:
    """What a file may be called after these words on every system, without its ending; empty where nothing is left."""
    return " ".join(_NOT_IN_NAMES.sub(" ", words).split())[:_LONGEST_NAME].strip(". ")


def shown_name(name: str) -> str:
    """A file's name that every terminal and window can show in one line and as it is.

    No control characters, ends of lines, reversals of the writing direction or undecodable bytes.
    """
    return _NOT_SHOWN.sub("�", name)
