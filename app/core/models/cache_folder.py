"""A repository's folder in the Hugging Face cache, written so that no program ever takes half a model for a whole one.

Layout, which the Hub's own library reads: ``blobs/<hash>`` hold contents, ``snapshots/<commit>/`` links to them,
``refs/<branch>`` names a commit. What is not whole yet has a name that no library looks at.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from app.core.errors import UserError
from app.core.files import write_atomically
from app.core.models.hub_cache import (
    CONTENT_ID,
    PART_SUFFIX,
    STAGING,
    chosen_place,
    hub_cache_dir,
    is_folder,
    repository_dir,
)
from app.core.models.model_place import place_is_missing
from app.core.models.part_file import content_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from filelock import BaseFileLock

    from app.core.models.repository import Repository, RepositoryFile

_LAST = "config.json"
"""Placed last where files must be placed one by one: without it a folder is no model to anybody."""
_PUBLISHING, _FETCHING = "viewfinder-publishing", "viewfinder-fetching"


class CacheFolder:
    """The folder of one repository.

    Thread: any; whoever writes a content holds its `content_lock`, whoever publishes the `publishing_lock`.

    Args:
        model_id: The repository.
        cache_dir: The cache; None for where models are kept now.
    """

    def __init__(self, model_id: str, cache_dir: Path | None = None) -> None:
        cache_dir = cache_dir or hub_cache_dir()
        self._cache_dir = cache_dir
        self._must_be_there = cache_dir == chosen_place()
        self.folder = repository_dir(model_id, cache_dir)
        self._blobs = self.folder / "blobs"
        self._staging = self.folder / STAGING
        self._locks = cache_dir / ".locks" / self.folder.name

    def blob(self, file: RepositoryFile) -> Path:
        """Where the content of a file lies once it is whole."""
        return self._blobs / content_id(file)

    def part(self, file: RepositoryFile) -> Path:
        """Where what came of it so far lies."""
        return self._blobs / f"{content_id(file)}{PART_SUFFIX}"

    def content_lock(self, file: RepositoryFile) -> BaseFileLock:
        """The lock of a content, which the Hub's library takes too."""
        return self._lock(content_id(file))

    def publishing_lock(self) -> BaseFileLock:
        """The lock of what is about to be published."""
        return self._lock(_PUBLISHING)

    def fetching_lock(self) -> BaseFileLock:
        """Held by one of those that fetch the repository: what is here and not published yet is still wanted."""
        return self._lock(_FETCHING)

    def is_being_fetched(self) -> bool:
        """Whether somebody holds `fetching_lock`."""
        if not self._locks.is_dir():
            return False
        with _taken(self.fetching_lock()) as is_free:
            return not is_free

    def has(self, file: RepositoryFile, commit: str) -> bool:
        """Whether its content is here whole, whoever fetched it."""
        places = (self.blob(file), self._pointer(commit, file), self._staged(commit, file))
        return any(_size(place) == file.size_bytes for place in places)

    def here_bytes(self, file: RepositoryFile, commit: str) -> int:
        """How much of it is here."""
        if self.has(file, commit):
            return file.size_bytes
        return min(_size(self.part(file)) or 0, file.size_bytes)

    def check_place(self) -> None:
        """Passes where the cache is there or may be made: not the one of a disk that is gone, on another disk.

        Raises:
            UserError: It is missing.
        """
        if self._must_be_there and not is_folder(self._cache_dir):
            raise place_is_missing(self._cache_dir)

    def make(self) -> None:
        """Makes the folder; the cache itself is not made a second time.

        Raises:
            OSError: It cannot be made.
            UserError: The cache is missing.
        """
        self.check_place()
        self._cache_dir.mkdir(parents=True, exist_ok=True)
        self._must_be_there = True
        self._blobs.mkdir(parents=True, exist_ok=True)
        self._locks.mkdir(parents=True, exist_ok=True)

    def is_published(self, repository: Repository) -> bool:
        """Whether every program finds it whole."""
        commit = repository.revision
        return all(_size(self._pointer(commit, file)) == file.size_bytes for file in repository.files)

    def publish(self, repository: Repository) -> None:
        """Makes the revision visible, all at once, unless a file has gone meanwhile; under `publishing_lock`.

        Raises:
            OSError: It cannot be written.
        """
        commit = repository.revision
        final, staging = self.folder / "snapshots" / commit, self._staging / commit
        files = sorted(repository.files, key=lambda file: (file.path == _LAST, file.path))
        missing = [file for file in files if _size(self._pointer(commit, file)) != file.size_bytes]
        for file in missing:
            self._stage(repository, file)
        if any(_size(self._staged(commit, file)) != file.size_bytes for file in missing):
            return
        if missing:
            final.parent.mkdir(parents=True, exist_ok=True)
            try:
                staging.rename(final)
            except OSError:
                if not final.is_dir():
                    raise
                # Another program began it, as the Hub's library does: an empty folder, then link by link.
                for file in missing:
                    self._pointer(commit, file).parent.mkdir(parents=True, exist_ok=True)
                    self._staged(commit, file).replace(self._pointer(commit, file))
            shutil.rmtree(staging, ignore_errors=True)
            with contextlib.suppress(OSError):
                self._staging.rmdir()

    def point(self, branch: str, commit: str) -> None:
        """Lets a branch's name stand for a commit, where that may be written."""
        if self._ref(branch) != commit:
            # It can be done without, as the commit itself is there: a cache that many share may be read only.
            with contextlib.suppress(OSError, UserError):
                (self.folder / "refs" / branch).parent.mkdir(parents=True, exist_ok=True)
                write_atomically(self.folder / "refs" / branch, commit)

    def discard(self) -> int:
        """Deletes what belongs to no revision that programs can see, and gives the bytes.

        What is still wanted stays: all of it while another Viewfinder fetches the repository, and what another program
        is just fetching, as the Hub's library holds the lock of that until it is linked.

        Raises:
            OSError: A file cannot be deleted.
        """
        if not self.folder.is_dir():
            return 0
        self._locks.mkdir(parents=True, exist_ok=True)
        freed_bytes = 0
        with _taken(self.fetching_lock()) as is_unwanted, _taken(self.publishing_lock()) as is_ours:
            if is_unwanted and is_ours:
                freed_bytes += sum(_size(path) or 0 for path in self._staging.rglob("*") if not path.is_symlink())
                shutil.rmtree(self._staging, ignore_errors=True)
                links = [path for path in self.folder.glob("snapshots/*/**/*") if path.is_symlink()]
                seen = {link.readlink().name for link in links}
                for path in list(self._blobs.glob("*")):
                    name = path.name.removesuffix(PART_SUFFIX)
                    if CONTENT_ID.fullmatch(name) is not None and (name not in seen or name != path.name):
                        freed_bytes += self._discard(path, name)
        for emptied in (self._blobs, self.folder / "snapshots", self.folder):
            with contextlib.suppress(OSError):
                emptied.rmdir()
        return freed_bytes

    def _discard(self, path: Path, name: str) -> int:
        with _taken(self._lock(name)) as is_ours:
            if not is_ours:
                return 0
            size_bytes = 0 if path.is_symlink() else _size(path) or 0
            path.unlink(missing_ok=True)
            return size_bytes

    def _lock(self, name: str) -> BaseFileLock:
        from filelock import FileLock

        # Given back by another thread than the one that took it when a download is stopped.
        return FileLock(self._locks / f"{name}.lock", thread_local=False, mode=0o664)

    def _pointer(self, commit: str, file: RepositoryFile) -> Path:
        return self.folder / "snapshots" / commit / PurePosixPath(file.path)

    def _staged(self, commit: str, file: RepositoryFile) -> Path:
        # As deep as the folder that it will be, so that relative links hold before and after.
        return self._staging / commit / PurePosixPath(file.path)

    def _stage(self, repository: Repository, file: RepositoryFile) -> None:
        from huggingface_hub.file_download import are_symlinks_supported

        commit = repository.revision
        place, blob = self._staged(commit, file), self.blob(file)
        place.parent.mkdir(parents=True, exist_ok=True)
        if are_symlinks_supported(self.folder):
            place.unlink(missing_ok=True)
            place.symlink_to(os.path.relpath(blob, place.parent))
        elif blob.exists():
            # On disks without links (exFAT) the cache keeps the file itself among its snapshots.
            blob.replace(place)
        elif _size(place) != file.size_bytes:
            same = [other for other in repository.files if content_id(other) == blob.name]
            copies = (where(commit, other) for other in same for where in (self._staged, self._pointer))
            source = next((one for one in copies if one != place and _size(one) == file.size_bytes), None)
            if source is not None:
                shutil.copyfile(source, place)

    def _ref(self, branch: str) -> str:
        try:
            return (self.folder / "refs" / branch).read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return ""


@contextlib.contextmanager
def _taken(lock: BaseFileLock) -> Iterator[bool]:
    """Takes a lock if nobody holds it, and tells whether."""
    from filelock import Timeout

    try:
        lock.acquire(blocking=False)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
