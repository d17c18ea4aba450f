"""A file on its way into the cache: grows at its end, is checked as it grows, and goes on where a killed one ended."""

from __future__ import annotations

import hashlib
import os
import threading
from typing import TYPE_CHECKING

from app.core.models.hub_cache import CONTENT_ID

if TYPE_CHECKING:
    from hashlib import _Hash
    from pathlib import Path

    from app.core.models.repository import RepositoryFile

_READ_BYTES = 1 << 22


def content_id(file: RepositoryFile) -> str:
    """What the cache calls this content: its sha256 where it is a large file, else git's name of it.

    Raises:
        ValueError: The server gave neither; it would become a file's name.
    """
    found = file.sha256 or file.blob_id
    if CONTENT_ID.fullmatch(found) is None:
        message = f"{file.path} has no usable hash: {found!r}"
        raise ValueError(message)
    return found


class PartFile:
    """What is here of a file, with the digest of just those bytes.

    Thread: all methods but `leave` on one thread; `leave` on any, after which nothing is written any more.
    """

    def __init__(self, path: Path, file: RepositoryFile) -> None:
        self.path = path
        self.length_bytes = 0
        self._file = file
        self._digest = self._new_digest()
        self._descriptor = -1
        self._is_left = False
        self._guard = threading.Lock()

    def _new_digest(self) -> _Hash:
        if self._file.sha256:
            return hashlib.sha256()
        # Git names small files by a sha1 over their size and content; that is what the server can be held to.
        return hashlib.sha1(b"blob %d\0" % self._file.size_bytes, usedforsecurity=False)

    def open(self) -> None:
        """Opens it, or makes it, and reads what is there.

        Raises:
            OSError: It cannot be made or read.
            InterruptedError: It was left meanwhile.
        """
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
        with self._guard:
            self._refuse_when_left()
            self._descriptor = os.open(self.path, flags, 0o666)
        if os.fstat(self._descriptor).st_size > self._file.size_bytes:
            self.start_over()
        while True:
            with self._guard:
                self._refuse_when_left()
                piece = os.read(self._descriptor, _READ_BYTES)
                self._digest.update(piece)
                self.length_bytes += len(piece)
            if not piece:
                return

    def append(self, piece: bytes) -> None:
        """Writes on.

        Raises:
            OSError: It cannot be written; what was written stays and counts.
            InterruptedError: It was left.
        """
        left = memoryview(piece)
        with self._guard:
            self._refuse_when_left()
            while left:
                written = os.write(self._descriptor, left)
                self._digest.update(left[:written])
                self.length_bytes += written
                left = left[written:]

    def start_over(self) -> None:
        """Drops what is there."""
        with self._guard:
            self._refuse_when_left()
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            os.ftruncate(self._descriptor, 0)
            self._digest = self._new_digest()
            self.length_bytes = 0

    def is_right(self) -> bool:
        """Whether it is as long as it should be and has the content that the server promised."""
        return self.length_bytes == self._file.size_bytes and self._digest.hexdigest() == content_id(self._file)

    def place(self, blob: Path) -> None:
        """Makes it the cache's file, at once and whole, also after a power failure.

        Raises:
            OSError: It cannot be.
            InterruptedError: It was left.
        """
        with self._guard:
            self._refuse_when_left()
            own = os.dup(self._descriptor)
        try:
            os.fsync(own)  # may take seconds, in which it can be left
        finally:
            os.close(own)
        with self._guard:
            self._refuse_when_left()
            self.path.replace(blob)

    def remove(self) -> None:
        """Leaves nothing of it behind."""
        with self._guard:
            self._refuse_when_left()
            self.path.unlink(missing_ok=True)

    def leave(self) -> None:
        """Closes it; nothing is written from now on, whoever still tries. What is there stays."""
        with self._guard:
            self._is_left = True
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1

    def _refuse_when_left(self) -> None:
        if self._is_left:
            raise InterruptedError
