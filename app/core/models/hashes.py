"""Whether the files of a model are those that were published: compared with the hashes that came with them."""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING

from app.core.errors import Sentence, UserError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_SHA256 = re.compile(r"[0-9a-f]{64}")
_GIT_SHA1 = re.compile(r"[0-9a-f]{40}")
_NOTES = ".cache/huggingface/download"
_PIECE_BYTES = 4 << 20


def recorded_hashes(folder: Path) -> dict[str, str]:
    """The hash of each file by its name, as far as the folder itself tells: SHA-256, or Git's SHA-1 of small files.

    A link into the Hugging Face cache is named by it; huggingface_hub notes it beside files that it put into a folder.
    """
    found: dict[str, str] = {}
    for file in folder.iterdir():
        if file.is_symlink():
            name = os.path.basename(os.readlink(file))  # noqa: PTH115, PTH119 - one step only: blobs may be links too
        else:
            name = _noted(folder / _NOTES / f"{file.name}.metadata")
        if _SHA256.fullmatch(name) or _GIT_SHA1.fullmatch(name):
            found[file.name] = name
    return found


def _noted(notes: Path) -> str:
    try:
        lines = notes.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return ""
    return lines[1].strip() if len(lines) > 1 else ""


def has_hash(file: Path, expected: str, came: Callable[[int], None]) -> bool:
    """Whether a file's content has this hash. Thread: any but the main one.

    Args:
        file: To be read whole.
        expected: 64 digits of SHA-256 or 40 of Git's SHA-1.
        came: Told the bytes of each piece that was read.

    Raises:
        UserError: It cannot be read.
    """
    try:
        with file.open("rb") as stream:
            # Git hashes the length too, and means nothing secret by it.
            digest = hashlib.sha256() if _SHA256.fullmatch(expected) else hashlib.sha1(usedforsecurity=False)
            if _GIT_SHA1.fullmatch(expected):
                digest.update(f"blob {os.fstat(stream.fileno()).st_size}\0".encode())
            while piece := stream.read(_PIECE_BYTES):
                digest.update(piece)
                came(len(piece))
    except OSError as error:
        raise UserError(
            Sentence("The file {path} cannot be read.", path=file), "Check its permissions.", str(error)
        ) from error
    return digest.hexdigest() == expected
