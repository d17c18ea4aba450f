"""Downloads that were begun and not finished, as they lie in the Hugging Face cache."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.core.models.hub_cache import PART_SUFFIX, STAGING, repositories_in
from app.core.models.part_file import CONTENT_ID

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class UnfinishedDownload:
    """What is here of a repository whose download was begun.

    Attributes:
        model_id: The repository.
        here_bytes: What came of it; files that other revisions have too are not counted.
    """

    model_id: str
    here_bytes: int


def unfinished_downloads(cache_dir: Path) -> tuple[UnfinishedDownload, ...]:
    """Each of them, by name. Thread: any."""
    found = ((repository, unfinished_bytes(folder)) for repository, folder in repositories_in(cache_dir))
    return tuple(UnfinishedDownload(repository, size_bytes) for repository, size_bytes in found if size_bytes)


def unfinished_bytes(repository_folder: Path) -> int:
    """What came of a download that was begun; 0 where there was none, or the Hub's own library began it."""
    try:
        with os.scandir(repository_folder / "blobs") as entries:
            blobs = {entry.name: entry.stat(follow_symlinks=False).st_size for entry in entries if entry.is_file()}
        is_begun = any(name.endswith(PART_SUFFIX) for name in blobs) or (repository_folder / STAGING).is_dir()
        if not is_begun and (repository_folder / "snapshots").is_dir():
            return 0
        linked = _linked(repository_folder / "snapshots")
    except OSError:  # there is none, it may not be read, or another program is just at work there
        return 0
    return sum(
        size_bytes
        for name, size_bytes in blobs.items()
        if name not in linked and CONTENT_ID.fullmatch(name.removesuffix(PART_SUFFIX)) is not None
    )


def _linked(snapshots: Path) -> set[str]:
    """The names of the blobs that revisions need."""
    places = (os.path.join(above, name) for above, _, names in os.walk(snapshots) for name in names)  # noqa: PTH118
    return {os.path.basename(os.readlink(place)) for place in places if os.path.islink(place)}  # noqa: PTH114, PTH115, PTH119
