"""Downloads a repository into the Hugging Face cache: resumable at any byte, checked, visible only once it is whole.

WORKAROUND(huggingface_hub 2.4): its own download writes to a file of a name of its own each time and deletes that on a
failure, so a cut of 5 GB begins at 0; nor can it be stopped. So files are fetched here, and only whole ones get the
names that the library reads. Plain HTTP, not Xet: mirrors speak it, and it can go on in the middle of a file. To be
removed when the library resumes and stops.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from app.core.errors import ModelError, Sentence, UserError
from app.core.models.cache_folder import CacheFolder
from app.core.models.disk_room import check_room, disk_error
from app.core.models.download_state import FetchProgress
from app.core.models.hub_answers import COMMIT
from app.core.models.hub_cache import unfinished_bytes
from app.core.models.part_file import content_id
from app.core.models.patience import Patience
from app.core.models.transfers import Transfers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from filelock import BaseFileLock

    from app.core.models.access import HubAccess
    from app.core.models.repository import Repository, RepositoryFile

_TOLD_EVERY_S = 0.25
_COMMIT_OR_ITS_BEGINNING = re.compile(r"[0-9a-f]{7,40}")
_BRANCH = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)*")


def fetch(
    repository: Repository,
    access: HubAccess,
    stop: Callable[[], bool],
    *,
    branch: str | None = "main",
    patience: Patience | None = None,
    cache_dir: Path | None = None,
) -> Iterator[FetchProgress]:
    """Brings a repository into the cache, or as much of it as comes until it is stopped; what came is kept.

    The last that is given has the stage ``done``, unless it was stopped. Several at once, of this program or others,
    do one another no harm: each file is fetched by one while the others wait for it.

    Thread: any but the main one; it has a few threads of its own while bytes come.

    Args:
        repository: What is to be here.
        access: How the Hub is reached.
        stop: Asked several times a second.
        branch: The name under which the revision was asked for, which stands for it from then on; None for none.
        patience: How long to keep trying while nothing comes.
        cache_dir: Where it is to be, to the end; None for where models are kept now.

    Raises:
        UserError: The disk has no room or may not be written, or the Hub is out of reach or refuses.
        ModelError: What the Hub sends is not what it promised.
    """
    _check_names(repository, branch)
    folder = CacheFolder(repository.model_id, cache_dir)
    total_bytes = repository.size_bytes
    yield FetchProgress("checking", total_bytes - _remaining_bytes(repository, folder), total_bytes)
    try:
        while not folder.is_published(repository):
            folder.check_place()
            check_room(repository.model_id, _remaining_bytes(repository, folder), folder.folder)
            folder.make()
            if any(not folder.has(file, repository.revision) for file in repository.files):
                yield from _transfer(repository, folder, access, stop, patience or Patience())
            if stop():
                return
            yield FetchProgress("verifying", total_bytes, total_bytes)
            _publish(repository, folder)
    except OSError as error:
        folder.check_place()
        raise disk_error(error, repository.model_id, folder.folder) from error
    if branch is not None:
        folder.point(branch, repository.revision)
    if unfinished_bytes(folder.folder):  # of an older commit, begun before the branch moved; nobody goes on with that
        with suppress(OSError):
            folder.discard()
    yield FetchProgress("done", total_bytes, total_bytes)


def branch_of(asked: str | None) -> str | None:
    """The name that `fetch` lets stand for a revision: what was asked for, or main; none where that was a commit."""
    return None if asked and _COMMIT_OR_ITS_BEGINNING.fullmatch(asked) else asked or "main"


def remaining_bytes(repository: Repository) -> int:
    """How much of it is not here yet."""
    return _remaining_bytes(repository, CacheFolder(repository.model_id))


def _remaining_bytes(repository: Repository, folder: CacheFolder) -> int:
    here = {content_id(file): folder.here_bytes(file, repository.revision) for file in repository.files}
    return sum(file.size_bytes - here[content_id(file)] for file in repository.files)


def discard(model_id: str, cache_dir: Path | None = None) -> int:
    """Deletes what a download that was not finished left, and gives the bytes; finished revisions stay.

    Args:
        model_id: The repository.
        cache_dir: Where it was begun; None for where models are kept now.

    Raises:
        UserError: It cannot be deleted.
    """
    folder = CacheFolder(model_id, cache_dir)
    try:
        return folder.discard()
    except OSError as error:
        text = Sentence("What was downloaded of {model} cannot be deleted.", model=model_id)
        raise UserError(text, Sentence("Look into the folder {folder}.", folder=folder.folder), str(error)) from error


def is_being_fetched(model_id: str) -> bool:
    """Whether a Viewfinder fetches this repository just now."""
    try:
        return CacheFolder(model_id).is_being_fetched()
    except OSError:  # a cache that may not be written: nobody fetches into it
        return False


def _transfer(
    repository: Repository, folder: CacheFolder, access: HubAccess, stop: Callable[[], bool], patience: Patience
) -> Iterator[FetchProgress]:
    transfers = Transfers(repository, folder, access, patience)
    lock = folder.fetching_lock()
    last = FetchProgress(
        "checking", repository.size_bytes - _remaining_bytes(repository, folder), repository.size_bytes
    )
    try:
        while not transfers.wait(_TOLD_EVERY_S):
            if stop():
                return
            _try_to_take(lock)
            progress = transfers.progress()
            if progress != last:
                yield progress
            last = progress
    finally:
        transfers.end()
        lock.release()


def _try_to_take(lock: BaseFileLock) -> None:
    from filelock import Timeout

    if not lock.is_locked:
        with suppress(Timeout):
            lock.acquire(blocking=False)


def _publish(repository: Repository, folder: CacheFolder) -> None:
    """Where another program publishes just now, or a file has gone meanwhile, nothing: it is looked at again."""
    from filelock import Timeout

    with suppress(Timeout), folder.publishing_lock().acquire(timeout=_TOLD_EVERY_S):
        folder.publish(repository)


def _check_names(repository: Repository, branch: str | None) -> None:
    """Passes where what the server named may become the names of files."""
    try:
        for file in repository.files:
            content_id(file)
    except ValueError as error:
        raise _unusable(repository, str(error)) from error
    wrong = [file.path for file in repository.files if not _is_plain(file)]
    if COMMIT.fullmatch(repository.revision) is None:
        wrong.append(repository.revision)
    if branch is not None and (_BRANCH.fullmatch(branch) is None or ".." in branch):
        wrong.append(branch)
    if wrong:
        raise _unusable(repository, repr(wrong))


def _is_plain(file: RepositoryFile) -> bool:
    parts = PurePosixPath(file.path).parts
    return bool(parts) and not file.path.startswith("/") and ".." not in parts and "\\" not in file.path


def _unusable(repository: Repository, detail: str) -> ModelError:
    return ModelError(
        Sentence("The repository {model} has names that cannot be used.", model=repository.model_id),
        "Choose another model.",
        detail,
    )
