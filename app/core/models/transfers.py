"""The files of one download on their way: some at a time, with one progress for all, stopped within a second."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Literal

from app.core.models.download_state import FetchProgress
from app.core.models.file_transfer import FileTransfer, Source
from app.core.models.hub_requests import open_hub
from app.core.models.part_file import content_id
from app.core.models.transfer_rate import TransferRate
from app.core.models.wires import Wires

if TYPE_CHECKING:
    from app.core.models.access import HubAccess
    from app.core.models.cache_folder import CacheFolder
    from app.core.models.patience import Patience
    from app.core.models.repository import Repository

_TRANSFERS = 4
"""Files at a time: enough to fill a line whose server gives each connection a share, few enough for small routers."""
_END_S = 0.8


class Transfers:
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
        self._is_under_way = False
        self._heard_s = time.monotonic()
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
                stage: Literal["checking", "downloading"] = "downloading" if self._is_under_way else "checking"
                return FetchProgress(stage, done_bytes, self._total_bytes, waits_s=waits_s)
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
        if not self._threads:  # all came by another's hand since it was looked at
            self._open.close()

    def has(self, name: str, size_bytes: int) -> None:
        """So much of a content is here."""
        with self._changed:
            self._heard_s = time.monotonic()
            self._here[name] = size_bytes

    def came(self, name: str, size_bytes: int) -> None:
        """So much more came."""
        now_s = time.monotonic()
        with self._changed:
            self._heard_s = now_s
            self._is_under_way = True
            self._here[name] += size_bytes
            if self._rate is None:
                self._rate = TransferRate(now_s)
            self._rate.add(size_bytes, now_s)

    def waits(self, name: str, seconds: float) -> bool:
        """Waits so long; whether all was stopped."""
        with self._changed:
            self._is_under_way = True
            self._waiting[name] = time.monotonic() + seconds
        is_stopped = self._stopped.wait(seconds)
        with self._changed:
            self._waiting.pop(name, None)
        return is_stopped

    def stands_by(self, seconds: float) -> bool:
        """Waits so long for another program; whether all was stopped."""
        with self._changed:
            self._heard_s = time.monotonic()
            self._is_under_way = True
        return self._stopped.wait(seconds)

    def silent_s(self) -> float:
        """How long nothing came of any file."""
        with self._changed:
            return time.monotonic() - self._heard_s

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

    def __init__(self, transfers: Transfers, name: str) -> None:
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

    def stands_by(self, seconds: float) -> bool:
        """Waits so long for another program; whether it was stopped."""
        return self._transfers.stands_by(seconds)

    def silent_s(self) -> float:
        """How long nothing came of any file."""
        return self._transfers.silent_s()
