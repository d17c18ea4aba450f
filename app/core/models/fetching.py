"""Downloads a repository into the Hugging Face cache: resumable at any byte, checked, visible only once it is whole.

WORKAROUND(huggingface_hub 2.4): its own download writes to a file of a name of its own each time and deletes that on a
failure, so a cut of 5 GB begins at 0; nor can it be stopped. So files are fetched here, and only whole ones get the
names that the library reads. Plain HTTP, not Xet: mirrors speak it, and it can go on in the middle of a file. To be
removed when the library resumes and stops.
"""

from __future__ import annotations

import errno
import math
import re
import shutil
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from app.core.errors import AppError, ModelError, Sentence, UserError, describe_error
from app.core.models.cache_folder import CacheFolder
from app.core.models.download_state import FetchProgress
from app.core.models.file_transfer import FileTransfer, Source
from app.core.models.hub_requests import open_hub
from app.core.models.part_file import content_id
from app.core.models.patience import Patience
from app.core.models.transfer_rate import TransferRate
from app.core.models.wires import Wires

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from app.core.models.access import HubAccess
    from app.core.models.repository import Repository, RepositoryFile

_TRANSFERS = 4
"""Files at a time: enough to fill a line whose server gives each connection a share, few enough for small routers."""
_TOLD_EVERY_S = 0.25
_END_S = 0.8
_SPARE_BYTES = 256 << 20
"""Left to the system: a disk that is full to the last byte makes everything else fail."""
_COMMIT = re.compile(r"[0-9a-f]{40}")
_BRANCH = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)*")
_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


def fetch(
    repository: Repository,
    access: HubAccess,
    stop: Callable[[], bool],
    *,
    branch: str | None = "main",
    patience: Patience | None = None,
) -> Iterator[FetchProgress]:
    """Brings a repository into the cache, or as much of it as comes until it is stopped; what came is kept.

    The last that is given has the stage ``done``, unless it was stopped. Several at once, of this program or others,
    do one another no harm: each file is fetched by one while the others wait for it.

    Args:
        repository: What is to be here.
        access: How the Hub is reached.
        stop: Asked several times a second.
        branch: The name under which the revision was asked for, which stands for it from then on; None for none.
        patience: How long to keep trying while nothing comes.

    Raises:
        UserError: The disk has no room or may not be written, or the Hub is out of reach or refuses.
        ModelError: What the Hub sends is not what it promised.
    """
    _check_names(repository, branch)
    folder = CacheFolder(repository.model_id)
    total_bytes = repository.size_bytes
    yield FetchProgress("checking", total_bytes - remaining_bytes(repository), total_bytes)
    if not folder.is_published(repository, branch):
        try:
            _check_room(repository, folder)
            folder.make()
            if any(not folder.has(file, repository.revision) for file in repository.files):
                yield from _transfer(repository, folder, access, stop, patience or Patience())
            if stop():
                return
            yield FetchProgress("verifying", total_bytes, total_bytes)
            if not _publish(repository, folder, branch, stop):
                return
        except OSError as error:
            raise _disk_error(error, repository, folder.folder) from error
    yield FetchProgress("done", total_bytes, total_bytes)


def remaining_bytes(repository: Repository) -> int:
    """How much of it is not here yet."""
    folder = CacheFolder(repository.model_id)
    here = {content_id(file): folder.here_bytes(file, repository.revision) for file in repository.files}
    return sum(file.size_bytes - here[content_id(file)] for file in repository.files)


def discard(model_id: str) -> int:
    """Deletes what a download that was not finished left, and gives the bytes; finished revisions stay.

    Raises:
        UserError: It cannot be deleted.
    """
    folder = CacheFolder(model_id)
    try:
        return folder.discard()
    except OSError as error:
        text = Sentence("What was downloaded of {model} cannot be deleted.", model=model_id)
        raise UserError(text, Sentence("Look into the folder {folder}.", folder=folder.folder), str(error)) from error


def _transfer(
    repository: Repository, folder: CacheFolder, access: HubAccess, stop: Callable[[], bool], patience: Patience
) -> Iterator[FetchProgress]:
    transfers = _Transfers(repository, folder, access, patience)
    try:
        while not transfers.wait(_TOLD_EVERY_S):
            if stop():
                return
            yield transfers.progress()
    finally:
        transfers.end()


def _publish(repository: Repository, folder: CacheFolder, branch: str | None, stop: Callable[[], bool]) -> bool:
    from filelock import Timeout

    lock = folder.publishing_lock()
    while True:
        with suppress(Timeout), lock.acquire(timeout=_TOLD_EVERY_S):
            folder.publish(repository, branch)
            return True
        if stop():
            return False


class _Transfers:
    """The files of one download on their way, some at a time. Thread: the caller's, with threads of its own."""

    def __init__(self, repository: Repository, folder: CacheFolder, access: HubAccess, patience: Patience) -> None:
        self._total_bytes = repository.size_bytes
        self._wires = Wires()
        self._open = ExitStack()
        client = self._open.enter_context(open_hub(access))
        source = Source(repository, access, client, self._wires, patience)
        commit = repository.revision
        contents = {content_id(file): file for file in repository.files}
        self._copies = {name: sum(content_id(file) == name for file in repository.files) for name in contents}
        """Contents that stand under several paths are fetched once and counted as often."""
        self._here = {name: folder.here_bytes(file, commit) for name, file in contents.items()}
        self._changed = threading.Condition()
        self._stopped = threading.Event()
        self._waiting: dict[str, float] = {}
        self._rate: TransferRate | None = None
        self._error: Exception | None = None
        missing = [file for file in contents.values() if not folder.has(file, commit)]
        # The small ones first: what is wrong with all shows at once, and costs nothing.
        self._queue = [
            FileTransfer(file, folder, source, _Watcher(self, content_id(file)))
            for file in sorted(missing, key=lambda file: file.size_bytes, reverse=True)
        ]
        self._running: set[FileTransfer] = set()
        self._threads = [
            threading.Thread(target=self._work, name=f"download-{number}", daemon=True)
            for number in range(min(_TRANSFERS, len(self._queue)))
        ]
        self._left_to_end = len(self._threads)
        for thread in self._threads:
            thread.start()

    def wait(self, seconds: float) -> bool:
        """Waits so long or until all is here; whether it is.

        Raises:
            Exception: What a file failed with.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._error is not None or self._left_to_end == 0, seconds)
            if self._error is not None:
                raise self._error
            return self._left_to_end == 0

    def progress(self) -> FetchProgress:
        """How far all files together are."""
        now_s = time.monotonic()
        with self._changed:
            done_bytes = sum(size * self._copies[name] for name, size in self._here.items())
            waits_s = self._waits_s(now_s)
            if self._rate is None:
                return FetchProgress("checking", done_bytes, self._total_bytes, waits_s=waits_s)
            self._rate.add(0, now_s)
            rate, left_s = self._rate.bytes_per_s, self._rate.left_s(self._total_bytes - done_bytes)
        if waits_s is not None:
            left_s = None
        return FetchProgress("downloading", done_bytes, self._total_bytes, rate, left_s, waits_s)

    def _waits_s(self, now_s: float) -> float | None:
        """Until the first of them tries again, if none is at work."""
        if not self._running or len(self._waiting) < len(self._running):
            return None
        return max(0.0, min(self._waiting.values()) - now_s)

    def end(self) -> None:
        """Stops what is under way, within a second: what came stays, and nothing is written any more."""
        with self._changed:
            self._stopped.set()
            self._queue.clear()
            running = list(self._running)
        self._wires.cut()
        for transfer in running:
            transfer.leave()
        deadline_s = time.monotonic() + _END_S
        for thread in self._threads:
            # One that is just connecting ends by itself a little later, and finds that it was left.
            thread.join(max(0.0, deadline_s - time.monotonic()))

    def has(self, name: str, size_bytes: int) -> None:
        """So much of a content is here."""
        with self._changed:
            self._here[name] = size_bytes

    def came(self, name: str, size_bytes: int) -> None:
        """So much more came."""
        now_s = time.monotonic()
        with self._changed:
            self._here[name] += size_bytes
            if self._rate is None:
                self._rate = TransferRate(now_s)
            self._rate.add(size_bytes, now_s)

    def waits(self, name: str, seconds: float) -> bool:
        """Waits so long; whether all was stopped."""
        with self._changed:
            self._waiting[name] = time.monotonic() + seconds
        is_stopped = self._stopped.wait(seconds)
        with self._changed:
            self._waiting.pop(name, None)
        return is_stopped

    def _work(self) -> None:
        try:
            while (transfer := self._next()) is not None:
                try:
                    transfer.run()
                finally:
                    with self._changed:
                        self._running.discard(transfer)
        except Exception as error:  # noqa: BLE001 - the thread's boundary; told by `wait`
            with self._changed:
                if not self._stopped.is_set() and self._error is None:
                    self._error = error
        finally:
            with self._changed:
                self._left_to_end -= 1
                is_last = self._left_to_end == 0
                self._changed.notify_all()
            if is_last:
                self._open.close()

    def _next(self) -> FileTransfer | None:
        with self._changed:
            if self._error is not None or not self._queue:
                return None
            transfer = self._queue.pop()
            self._running.add(transfer)
            return transfer


class _Watcher:
    """Tells of one file."""

    def __init__(self, transfers: _Transfers, name: str) -> None:
        self._transfers = transfers
        self._name = name

    def has(self, size_bytes: int) -> None:
        """So much of it is here."""
        self._transfers.has(self._name, size_bytes)

    def came(self, size_bytes: int) -> None:
        """So much more came."""
        self._transfers.came(self._name, size_bytes)

    def waits(self, seconds: float) -> bool:
        """Waits so long; whether it was stopped."""
        return self._transfers.waits(self._name, seconds)


def _check_names(repository: Repository, branch: str | None) -> None:
    """Passes where what the server named may become the names of files."""
    try:
        for file in repository.files:
            content_id(file)
    except ValueError as error:
        raise _unusable(repository, str(error)) from error
    wrong = [file.path for file in repository.files if not _is_plain(file)]
    if _COMMIT.fullmatch(repository.revision) is None:
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


def _check_room(repository: Repository, folder: CacheFolder) -> None:
    missing_bytes = remaining_bytes(repository)
    place = next((one for one in (folder.folder, *folder.folder.parents) if one.exists()), None)
    if not missing_bytes or place is None:
        return
    free_bytes = shutil.disk_usage(place).free
    needed_bytes = missing_bytes + _SPARE_BYTES
    if free_bytes < needed_bytes:
        raise UserError(
            Sentence(
                "{model} needs {needed} GB of room on the disk; {free} GB are free.",
                model=repository.model_id,
                needed=f"{math.ceil(needed_bytes / 1e8) / 10:.1f}",
                free=f"{math.floor(free_bytes / 1e8) / 10:.1f}",
            ),
            Sentence(
                "Free some room, then try again; models are kept in {folder}, another place can be given as HF_HOME.",
                folder=folder.folder.parent,
            ),
        )


def _disk_error(error: OSError, repository: Repository, folder: Path) -> AppError:
    detail = describe_error(error).detail
    if error.errno in _FULL:
        return UserError(
            Sentence("The disk became full while {model} was downloaded.", model=repository.model_id),
            "Free some room, then go on: what came so far is kept.",
            detail,
        )
    if error.errno in _FORBIDDEN:
        return UserError(
            Sentence("The folder {folder} may not be written, so nothing can be downloaded into it.", folder=folder),
            "Give yourself permission to write there, or name another place as HF_HOME.",
            detail,
        )
    if error.errno == errno.EFBIG:
        return UserError(
            Sentence(
                "The disk of {folder} cannot hold files as large as those of {model}.",
                folder=folder,
                model=repository.model_id,
            ),
            "Name a place on another disk as HF_HOME.",
            detail,
        )
    return UserError(
        Sentence(
            "{model} could not be written to {folder}: {reason}.",
            model=repository.model_id,
            folder=folder,
            reason=error.strerror or type(error).__name__,
        ),
        "Check the disk, then go on: what came so far is kept.",
        detail,
    )
