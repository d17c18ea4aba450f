"""The one download thread and what is asked of it: one model after the other, each resumable.

Every public method returns at once; what happens comes back through the sink as `DownloadState`.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.core.errors import AppError, EngineError, ErrorText, ModelError, UserError, describe_error
from app.core.models.download_record import KeptDownload, read_downloads, write_downloads
from app.core.models.download_state import DownloadState
from app.core.models.fetching import branch_of, discard, fetch
from app.core.models.hub_cache import hub_cache_dir, repository_dir
from app.core.models.library import why_not_whole
from app.core.models.repository import look_up
from app.core.wakefulness import held_awake

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Literal, TypeAlias

    from app.core.models.access import HubAccess
    from app.core.models.download_state import DownloadStage, FetchProgress
    from app.core.models.repository import Repository

    _Wish: TypeAlias = Literal["run", "interrupt", "pause", "cancel"]

logger = logging.getLogger(__name__)

_TICK_S = 0.1
_KEPT_EVERY_S = 5.0
"""How old the bytes may be that the next start shows before it has looked."""
_AT_WORK: tuple[DownloadStage, ...] = ("checking", "downloading", "verifying")


@dataclass(slots=True)
class _Download:
    """One model's download. Under the lock, but for `repository_id` and `cache_dir`, which the thread alone uses."""

    state: DownloadState
    asked_revision: str
    commit: str
    wish: _Wish
    repository_id: str
    cache_dir: Path | None = None
    """Where it was begun since the start, to be ended there; None where it was not."""

    def kept(self) -> KeptDownload | None:
        """What the next start is to know of it."""
        if self.state.has_ended and self.state.stage != "failed":
            return None
        is_wanted = self.wish in ("run", "interrupt") and self.state.stage != "failed"
        done_bytes, total_bytes = self.state.done_bytes, self.state.total_bytes
        return KeptDownload(self.state.model_id, self.asked_revision, self.commit, is_wanted, done_bytes, total_bytes)


class Downloads:
    """Owns the download thread, the queue and the file that outlives the program.

    Thread: any, for every public method; the sink is called from the download thread alone.

    Args:
        access: Tells how the Hub is reached, asked anew for each download.
        sink: Is told of each change.
        record_file: What is not finished, for the next start.
    """

    def __init__(
        self, access: Callable[[], HubAccess], sink: Callable[[DownloadState], None], record_file: Path
    ) -> None:
        self._access = access
        self._sink = sink
        self._record_file = record_file
        self._changed = threading.Condition()
        recorded = read_downloads(record_file)
        self._kept = tuple(kept for kept in recorded if not _is_here(kept))
        self._kept_at_s = 0.0
        self._interrupted = [kept.model_id for kept in self._kept if kept.is_wanted]
        self._downloads = {kept.model_id: _from_record(kept) for kept in self._kept}
        self._known = {kept.model_id for kept in recorded}
        """What was asked of this one at any time; the rest of the file is another window's of the same profile."""
        self._untold: dict[str, DownloadState] = {}
        self._is_closing = False
        self._thread: threading.Thread | None = None

    def start(self, model_id: str, revision: str | None = None) -> None:
        """Downloads a model after those that were asked for before, or goes on with one that is not finished.

        Args:
            model_id: The repository.
            revision: A commit, branch or tag; None goes on with what was begun, else takes the newest.

        Raises:
            EngineError: The program is closing, or another revision of the model is just being downloaded.
        """
        with self._changed:
            self._refuse_when_closing()
            download = self._downloads.get(model_id)
            if download is None or (revision is not None and revision != download.asked_revision):
                if download is not None and download.state.stage in _AT_WORK:
                    raise EngineError("Another revision of this model is being downloaded; cancel that first.")
                download = _new_download(model_id, revision or "")
            elif download.state.has_ended and download.state.stage != "failed":
                download = _new_download(model_id, download.asked_revision)
            elif download.wish == "run" and download.state.stage != "failed":
                return
            self._downloads.pop(model_id, None)
            self._downloads[model_id] = download  # behind the others
            self._known.add(model_id)
            download.wish = "run"
            if download.state.stage not in _AT_WORK:
                self._set(download, replace(download.state, stage="waiting", error=None))
            self._work()

    def go_on(self) -> None:
        """Goes on with what was under way when the program ended last; what a person paused stays paused."""
        with self._changed:
            interrupted, self._interrupted = self._interrupted, []
            paused = [name for name in interrupted if self._is_paused(name)]
        for model_id in paused:
            self.start(model_id)

    def pause(self, model_id: str) -> None:
        """Stops a download, or takes it out of the queue; what came is kept."""
        self._stop(model_id, "pause", ("run", "interrupt"))

    def interrupt(self, model_id: str) -> None:
        """Pauses a download for the time being: unless it is gone on with before, the next start does."""
        self._stop(model_id, "interrupt", ("run",))

    def _stop(self, model_id: str, wish: _Wish, after: tuple[_Wish, ...]) -> None:
        with self._changed:
            download = self._downloads.get(model_id)
            if download is None or download.state.has_ended or download.wish not in after:
                return
            download.wish = wish
            if download.state.stage == "waiting":
                self._set(download, _at_rest(download.state, "paused"))
            self._changed.notify_all()

    def cancel(self, model_id: str) -> None:
        """Gives a download up, begun or not, and deletes what came of it.

        Raises:
            EngineError: The program is closing.
        """
        with self._changed:
            download = self._downloads.get(model_id)
            if download is None or download.state.stage in {"done", "cancelled"}:
                return
            self._refuse_when_closing()
            download.wish = "cancel"
            self._work()

    def states(self) -> tuple[DownloadState, ...]:
        """Those that are not finished, in their order, and those that were finished since the program started."""
        with self._changed:
            return tuple(download.state for download in self._downloads.values())

    def close(self, timeout_s: float = 5.0) -> bool:
        """Stops, keeping what came; tells whether the thread ended within the time. Safe to call twice."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
            thread = self._thread
        if thread is None:
            return True
        thread.join(timeout_s)
        return not thread.is_alive()

    def _is_paused(self, model_id: str) -> bool:
        download = self._downloads.get(model_id)
        return download is not None and download.state.stage == "paused"

    def _refuse_when_closing(self) -> None:
        if self._is_closing:
            raise EngineError("The program is closing.")

    def _work(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="downloads", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _set(self, download: _Download, state: DownloadState) -> None:
        if state.stage != download.state.stage:
            logger.info("Download of %s: %s", state.model_id, state.stage)
        download.state = state
        self._untold[state.model_id] = state

    # -- the thread ------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            self._tell()
            with self._changed:
                if self._is_closing:
                    break
                download = self._next()
                if download is None:
                    if not self._untold:
                        self._changed.wait()
                    continue
            if download.wish == "cancel":
                self._drop(download)
            else:
                self._download(download)
        self._keep()

    def _next(self) -> _Download | None:
        """The one whose turn it is: what is to be given up first, it is quick."""
        for download in self._downloads.values():
            if download.wish == "cancel":
                return download
        for download in self._downloads.values():
            if download.wish == "run" and download.state.stage == "waiting":
                return download
        return None

    def _tell(self) -> None:
        """Tells the sink what it does not know yet; the next start before, so that it knows no less."""
        with self._changed:
            untold, self._untold = list(self._untold.values()), {}
            is_closing = self._is_closing
        self._keep()
        if not is_closing:
            for state in untold:
                self._sink(state)

    def _keep(self) -> None:
        with self._changed:
            found = [download.kept() for download in self._downloads.values()]
            kept = tuple(one for one in found if one is not None)
            is_same = [replace(one, done_bytes=0) for one in kept] == [replace(one, done_bytes=0) for one in self._kept]
            is_fresh = time.monotonic() - self._kept_at_s < _KEPT_EVERY_S and not self._is_closing
            if kept == self._kept or (is_same and is_fresh):
                return
            self._kept, self._kept_at_s = kept, time.monotonic()
            known = frozenset(self._known)
        others = [one for one in read_downloads(self._record_file) if one.model_id not in known]
        try:
            write_downloads(self._record_file, [*kept, *others])
        except UserError as error:
            logger.warning("The list of downloads is not kept: %s", error.said.detail or error)

    def _is_unwanted(self, download: _Download) -> bool:
        self._tell()
        with self._changed:
            return self._is_closing or download.wish != "run"

    def _download(self, download: _Download) -> None:
        error: ErrorText | None = None
        try:
            with held_awake("Downloading a model"):
                is_done = self._fetch(download)
        except AppError as fault:
            is_done, error = False, fault.said
        except Exception as fault:
            logger.exception("A download failed")
            is_done, error = False, describe_error(fault)
        with self._changed:
            if is_done:
                download.wish = "run"  # whoever paused or gave it up meanwhile came too late
                self._set(download, _at_rest(download.state, "done"))
            elif self._is_closing or download.wish == "cancel":
                return
            elif error is not None:
                self._set(download, replace(_at_rest(download.state, "failed"), error=error))
            else:
                # A wish that changed back while it was stopped puts it into the queue again.
                self._set(download, _at_rest(download.state, "waiting" if download.wish == "run" else "paused"))

    def _fetch(self, download: _Download) -> bool:
        """Whether it came whole; not where it was stopped."""
        with self._changed:
            self._set(download, replace(download.state, stage="checking", error=None))
        looked_up = self._look_up(download)
        if looked_up is None:
            return False
        repository, access = looked_up
        download.repository_id = repository.model_id
        download.cache_dir = hub_cache_dir()
        with self._changed:
            download.commit = repository.revision
            self._set(download, replace(download.state, revision=repository.revision))
        branch = branch_of(download.asked_revision)
        coming = fetch(
            repository, access, lambda: self._is_unwanted(download), branch=branch, cache_dir=download.cache_dir
        )
        for progress in coming:
            if progress.stage == "done":
                return True
            self._set_progress(download, progress)
            self._tell()
        return False

    def _set_progress(self, download: _Download, progress: FetchProgress) -> None:
        with self._changed:
            state = replace(
                download.state,
                stage=progress.stage,
                done_bytes=progress.done_bytes,
                total_bytes=progress.total_bytes,
                bytes_per_s=progress.bytes_per_s,
                left_s=progress.left_s,
                waits_s=progress.waits_s,
            )
            self._set(download, state)

    def _look_up(self, download: _Download) -> tuple[Repository, HubAccess] | None:
        """Asks the keychain and the Hub, beside this thread: who gives it up must not wait for their answers."""
        answers: queue.SimpleQueue[tuple[Repository, HubAccess] | Exception] = queue.SimpleQueue()
        revision = download.commit or download.asked_revision or None

        def ask() -> None:
            try:
                access = self._access()
                answers.put((look_up(download.state.model_id, access, revision), access))
            except Exception as error:  # noqa: BLE001 - the thread's boundary; raised below
                answers.put(error)

        threading.Thread(target=ask, name="download-look-up", daemon=True).start()
        while True:
            try:
                answer = answers.get(timeout=_TICK_S)
            except queue.Empty:
                if self._is_unwanted(download):
                    return None
                continue
            if isinstance(answer, ModelError):
                with self._changed:
                    download.commit = ""  # it may be gone from the server: the next start takes what is there then
            if isinstance(answer, Exception):
                raise answer
            return answer

    def _drop(self, download: _Download) -> None:
        error: ErrorText | None = None
        try:
            discard(download.repository_id, download.cache_dir)
        except AppError as fault:
            error = fault.said
        with self._changed:
            if error is not None:
                download.wish = "pause"
                self._set(download, replace(_at_rest(download.state, "failed"), error=error))
            elif download.wish == "cancel":
                self._set(download, replace(_at_rest(download.state, "cancelled"), done_bytes=0))
                self._downloads.pop(download.state.model_id, None)
            else:
                self._set(download, replace(_at_rest(download.state, "waiting"), done_bytes=0))


def _new_download(model_id: str, asked_revision: str) -> _Download:
    repository_id, _, named_revision = model_id.partition("@")
    return _Download(DownloadState(model_id, "paused"), asked_revision or named_revision, "", "run", repository_id)


def _is_here(kept: KeptDownload) -> bool:
    """Whether it is whole: the command line, another window or the Hub's own library may have gone on with it."""
    repository_id = kept.model_id.partition("@")[0]
    folder = repository_dir(repository_id, hub_cache_dir()) / "snapshots" / kept.commit
    return bool(kept.commit) and folder.is_dir() and why_not_whole(folder) is None


def _from_record(kept: KeptDownload) -> _Download:
    state = DownloadState(kept.model_id, "paused", kept.done_bytes, kept.total_bytes, revision=kept.commit)
    repository_id = kept.model_id.partition("@")[0]
    wish: _Wish = "interrupt" if kept.is_wanted else "pause"
    return _Download(state, kept.asked_revision, kept.commit, wish, repository_id)


def _at_rest(state: DownloadState, stage: DownloadStage) -> DownloadState:
    """The state with nothing on its way."""
    return replace(state, stage=stage, bytes_per_s=0.0, left_s=None, waits_s=None)
