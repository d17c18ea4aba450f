"""A repository of the Hub, looked at before anything of it is downloaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class RepositoryFile:
    """One file of a revision.

    Attributes:
        path: Within the repository, with ``/``.
        size_bytes: Of the whole file.
        sha256: Of its content where it is a large file (LFS); else empty.
        blob_id: Git's own name of it, a sha1 over its size and content; for a large file over its pointer's.
    """

    path: str
    size_bytes: int
    sha256: str
    blob_id: str


@dataclass(frozen=True, slots=True)
class Repository:
    """What a model needs of one revision of its repository.

    Attributes:
        model_id: The repository's id.
        revision: The commit, 40 hexadecimal digits.
        files: Only those that are needed: weights as safetensors, configuration, tokenizer, chat template.
        config: Its config.json; never changed.
    """

    model_id: str
    revision: str
    files: tuple[RepositoryFile, ...]
    config: Mapping[str, Any]

    @property
    def size_bytes(self) -> int:
        """Of all files together."""
        return sum(file.size_bytes for file in self.files)
