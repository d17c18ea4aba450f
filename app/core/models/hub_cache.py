"""The Hugging Face cache as it lies on disk: which repositories, revisions and unfinished downloads are in it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MODELS = "models--"
REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
CONTENT_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
"""What a blob is called: git's sha1 of a small file, the sha256 of a large one."""
_LONGEST_REF_BYTES = 256
PART_SUFFIX = ".viewfinder-part"
"""Ends the name of a blob that is not whole; the Hub's library looks at no such file."""
STAGING = ".viewfinder"
"""The folder beside ``snapshots`` where a revision is put together."""
SHORT_REVISION = 12
"""Letters of a commit that tell revisions of one repository apart."""
_chosen: list[Path] = []
"""The folder that the settings name, as the Hub's library holds the one of the variables: once for the process."""


@dataclass(frozen=True, slots=True)
class CachedRevision:
    """A revision of a repository in the cache, whole or not.

    Attributes:
        repository: Such as ``Qwen/Qwen3-VL-4B-Instruct``.
        revision: Its commit.
        folder: Where its files are, which may be links into the cache's blobs.
        is_main: Whether it is the newest that was fetched of the main branch.
    """

    repository: str
    revision: str
    folder: Path
    is_main: bool

    @property
    def pinned_id(self) -> str:
        """A model id that stands for this revision alone."""
        return f"{self.repository}@{self.revision[:SHORT_REVISION]}"


@dataclass(frozen=True, slots=True)
class UnfinishedDownload:
    """What is here of a repository whose download was begun.

    Attributes:
        model_id: The repository.
        here_bytes: What came of it; files that other revisions have too are not counted.
    """

    model_id: str
    here_bytes: int


def keep_models_in(folder: Path | None) -> None:
    """Has models looked for and kept in a folder from now on, or in the Hub's own place. Thread: any."""
    _chosen[:] = () if folder is None else (folder,)


def chosen_place() -> Path | None:
    """The folder that the person chose; None for the Hub's own place."""
    return next(iter(_chosen), None)


def hub_cache_dir() -> Path:
    """The folder of the cache: what the person chose, or the Hub's own place."""
    return chosen_place() or hubs_own_place()


def hubs_own_place() -> Path:
    """The cache's folder as huggingface_hub reads it: HF_HUB_CACHE, HF_HOME, or its own place."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


def missing_place() -> Path | None:
    """The folder that the person chose, if it is not there; what a variable names is made when it is needed."""
    chosen = chosen_place()
    return None if chosen is None or is_folder(chosen) else chosen


def is_folder(place: Path) -> bool:
    """Whether there is a folder that can be asked; no place makes this fail."""
    return os.path.isdir(place)  # noqa: PTH112 - which Path's own fails of where one may not look


def repositories_in(cache_dir: Path) -> Iterator[tuple[str, Path]]:
    """The repositories of models in the cache, whatever there is of them, and their folders; by name."""
    try:
        names = sorted(entry.name for entry in os.scandir(cache_dir) if entry.name.startswith(_MODELS))
    except OSError:
        return
    for name in names:
        yield name.removeprefix(_MODELS).replace("--", "/"), cache_dir / name


def cached_revisions(cache_dir: Path) -> Iterator[tuple[CachedRevision, ...]]:
    """For each repository of models its revisions, the one first that its plain name stands for if it is whole."""
    for repository, folder in repositories_in(cache_dir):
        found = _revisions(folder, repository)
        if found:
            yield found


def revisions_of(repository: str, cache_dir: Path) -> tuple[CachedRevision, ...]:
    """The revisions of one repository that are in the cache, in the order in which they are to be tried."""
    if REPOSITORY.fullmatch(repository) is None:
        return ()
    return _revisions(repository_dir(repository, cache_dir), repository)


def repository_dir(repository: str, cache_dir: Path) -> Path:
    """Where the cache keeps a repository."""
    return cache_dir / f"{_MODELS}{repository.replace('/', '--')}"


def repository_of(snapshot: Path) -> str | None:
    """The repository whose revision this folder of a cache is; None for a folder of another kind."""
    above = snapshot.parent
    if above.name != "snapshots" or not above.parent.name.startswith(_MODELS):
        return None
    return above.parent.name.removeprefix(_MODELS).replace("--", "/")


def split_model_id(model_id: str) -> tuple[str, str] | None:
    """The repository and, after an ``@``, the revision that a model id names; None where it names no repository."""
    repository, _, revision = model_id.partition("@")
    return (repository, revision) if REPOSITORY.fullmatch(repository) is not None else None


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


def _revisions(folder: Path, repository: str) -> tuple[CachedRevision, ...]:
    main = _main_revision(folder)
    try:
        with os.scandir(folder / "snapshots") as entries:
            found = [(entry.stat().st_mtime_ns, entry.name) for entry in entries if entry.is_dir()]
    except OSError:
        return ()
    # A download of a certain commit leaves no word of a main branch; the newest is the likeliest to be meant then.
    found.sort(key=lambda one: (one[1] == main, *one), reverse=True)
    return tuple(
        CachedRevision(repository, name, folder / "snapshots" / name, is_main=name == main) for _, name in found
    )


def _main_revision(folder: Path) -> str:
    try:
        with (folder / "refs" / "main").open(encoding="ascii") as file:
            return file.read(_LONGEST_REF_BYTES).strip()
    except (OSError, ValueError):
        return ""


def _linked(snapshots: Path) -> set[str]:
    """The names of the blobs that revisions need."""
    places = (os.path.join(above, name) for above, _, names in os.walk(snapshots) for name in names)  # noqa: PTH118
    return {os.path.basename(os.readlink(place)) for place in places if os.path.islink(place)}  # noqa: PTH114, PTH115, PTH119
