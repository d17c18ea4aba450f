"""What the server of tests serves: repositories with commits, the faults of its answers, the requests it saw."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

_BIG_BYTES = 10 << 20
_BIG_SUFFIXES = (".safetensors", ".bin", ".pt", ".gguf")
Where = Literal["hub", "store", "any"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What one answer does wrong; several fields may be given together.

    Attributes:
        status: Answers with this status and nothing else.
        headers: Goes with the answer, such as ``Retry-After``.
        body: Of an answer with a status.
        cut_after: Hangs up after so many bytes of the content.
        missing_bytes: Serves a file that is so much shorter (below zero: longer) and says so honestly.
        spoil_at: Turns over a bit of the byte at this place of the file.
        bytes_per_s: Serves no faster.
        wait_s: Says nothing for so long, then goes on; ended by the server's own end.
        stall_after: With `wait_s`: waits not before the answer but after so many bytes of it.
        loops: Redirects to itself.
        ignores_range: Serves the whole file whatever part was asked for.
        etag: Serves under this ETag, as if the content had changed.
        hangs_up: Closes the connection without a word.
        then: Called when the answer begins.
    """

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut_after: int | None = None
    missing_bytes: int = 0
    spoil_at: int | None = None
    bytes_per_s: float | None = None
    wait_s: float = 0.0
    stall_after: int | None = None
    loops: bool = False
    ignores_range: bool = False
    etag: str = ""
    hangs_up: bool = False
    then: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class ServedFile:
    """A file of a repository: its content, read when it is asked for."""

    path: str
    source: bytes | Path
    size_bytes: int
    is_big: bool
    blob_id: str
    sha256: str

    @property
    def etag(self) -> str:
        """What the Hub calls this content: its sha256 where it is big, else git's id."""
        return self.sha256 if self.is_big else self.blob_id

    def read(self, start: int, end: int) -> bytes:
        """The bytes from start up to end."""
        if isinstance(self.source, bytes):
            return self.source[start:end]
        with self.source.open("rb") as file:
            file.seek(start)
            return file.read(end - start)


@dataclass(slots=True)
class ServedRepository:
    """A repository: files by commit, the newest commit last."""

    model_id: str
    commits: dict[str, dict[str, ServedFile]]
    branches: dict[str, str]
    is_gated: bool = False
    is_private: bool = False
    info: dict[str, Any] = field(default_factory=dict)

    @property
    def head(self) -> str:
        """The newest commit of main."""
        return self.branches["main"]

    def files(self, revision: str = "main") -> dict[str, ServedFile]:
        """The files of a branch or commit."""
        return self.commits[self.branches.get(revision, revision)]


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """A request as it came, for tests to look at."""

    where: Where
    method: str
    path: str
    headers: Mapping[str, str]

    @property
    def range(self) -> str:
        """The part that was asked for, or empty."""
        return self.headers.get("range", "")


def git_blob_id(content: bytes) -> str:
    """What git calls this content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def served_file(path: str, source: bytes | Path) -> ServedFile:
    content = source if isinstance(source, bytes) else source.read_bytes()
    is_big = path.endswith(_BIG_SUFFIXES) or len(content) > _BIG_BYTES
    sha256 = hashlib.sha256(content).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {len(content)}\n".encode()
    blob_id = git_blob_id(pointer if is_big else content)
    return ServedFile(path, source, len(content), is_big, blob_id, sha256)
