"""One file's way from the Hub into the cache: goes on where it ended, checked, tried again where that may help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from app.core.errors import ModelError, Sentence
from app.core.models.hub_requests import file_address
from app.core.models.part_file import PartFile, content_id
from app.core.models.patience import Patience, is_busy, is_lasting
from app.core.models.refusals import refusal, refusal_of, retry_after_s

if TYPE_CHECKING:
    import httpx2
    from filelock import BaseFileLock

    from app.core.models.access import HubAccess
    from app.core.models.cache_folder import CacheFolder
    from app.core.models.repository import Repository, RepositoryFile
    from app.core.models.wires import Wires

_MOST_WRONG = 2
"""A content that came wrong is fetched a second time, from its beginning; then it is said."""
_MOST_RESTARTS = 5
"""A server that knows no parts and breaks off each time would be asked for ever."""
_MOST_STORE_REFUSALS = 3
"""A store's signed address ends after a while; the Hub gives a new one."""
_LOCKED_LOOK_S = 0.3
_OK, _PART, _UNSATISFIABLE = 200, 206, 416


class TransferWatcher(Protocol):
    """Is told how a transfer goes. Thread: the transfer's."""

    def has(self, size_bytes: int) -> None:
        """So much of the file is here."""

    def came(self, size_bytes: int) -> None:
        """So much more came over the line."""

    def waits(self, seconds: float) -> bool:
        """Waits so long before the next attempt; whether it was stopped meanwhile."""

    def stands_by(self, seconds: float) -> bool:
        """Waits so long for another program that fetches the file; whether it was stopped meanwhile."""

    def silent_s(self) -> float:
        """How long nothing came, of any file of the download: one may have to wait for the others."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a download takes its files from."""

    repository: Repository
    access: HubAccess
    client: httpx2.Client
    wires: Wires
    patience: Patience

    def address(self, file: RepositoryFile) -> str:
        """Of one file, at the commit."""
        return file_address(self.access, self.repository.model_id, self.repository.revision, file.path)


class _OtherContentError(Exception):
    """What the server is about to send is not the file that was promised; nothing of it was written."""


class _WrongContentError(Exception):
    """What came is not the file that was promised."""


class _LaterError(Exception):
    """Nothing comes now; the same request may be answered later."""

    def __init__(self, cause: Exception, wait_s: float | None = None) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.wait_s = wait_s


class FileTransfer:
    """Fetches one file.

    Thread: `run` on one; `leave` on any, after which nothing is written and the locks are given back.
    """

    def __init__(self, file: RepositoryFile, folder: CacheFolder, source: Source, watcher: TransferWatcher) -> None:
        self.file = file
        self._folder = folder
        self._source = source
        self._watcher = watcher
        self._part = PartFile(folder.part(file), file)
        self._lock: BaseFileLock = folder.content_lock(file)
        self._etag = ""
        self._asks_whole = False
        self._wrong = 0
        self._restarts = 0
        self._store_refusals = 0

    def run(self) -> None:
        """Brings the file into the cache whole, unless it is there.

        Raises:
            UserError: The server refuses it, is out of reach too long, or sends something else; or the disk is gone.
            OSError: It cannot be written.
            InterruptedError: It was left.
        """
        try:
            if not self._take_lock():
                return
            self._part.open()
            self._watcher.has(self._part.length_bytes)
            while not self._is_whole():
                self._fetch_rest()
            self._part.place(self._folder.blob(self.file))
            self._watcher.has(self.file.size_bytes)
        finally:
            self.leave()

    def leave(self) -> None:
        """Ends it: what came stays for the next time."""
        self._part.leave()
        self._lock.release()

    def _take_lock(self) -> bool:
        """Whether it is ours to fetch: not once it is here, whoever else fetched it while we waited."""
        from filelock import Timeout

        while True:
            self._folder.check_place()  # the lock would make the folder of a disk that is gone anew, on another disk
            try:
                self._lock.acquire(blocking=False)
            except Timeout:
                is_free = False
            else:
                is_free = True
            here_bytes = self._folder.here_bytes(self.file, self._source.repository.revision)
            self._watcher.has(here_bytes)
            if here_bytes == self.file.size_bytes and self._folder.has(self.file, self._source.repository.revision):
                return False
            if is_free:
                return True
            if self._watcher.stands_by(_LOCKED_LOOK_S):
                raise InterruptedError

    def _is_whole(self) -> bool:
        if self._part.length_bytes < self.file.size_bytes:
            return False
        if self._part.is_right():
            return True
        self._came_wrong()
        return False

    def _came_wrong(self) -> None:
        """Drops what came, to be fetched once more from its beginning.

        Raises:
            ModelError: That was done already.
        """
        self._wrong += 1
        self._part.start_over()
        self._watcher.has(0)
        if self._wrong >= _MOST_WRONG:
            self._part.remove()
            raise ModelError(
                Sentence(
                    "The file {file} of {model} came damaged twice, so it was not kept.",
                    file=self.file.path,
                    model=self._source.repository.model_id,
                ),
                "Try again later, or choose another mirror in the settings under “Downloads”.",
                self._promised(),
            )

    def _is_other(self) -> None:
        """Asks for the whole next time; what came is kept until that comes, for this may be a page to sign in.

        Raises:
            ModelError: It was so before.
        """
        self._wrong += 1
        self._asks_whole = True
        if self._wrong >= _MOST_WRONG:
            raise ModelError(
                Sentence(
                    "Instead of the file {file} of {model} something else was sent.",
                    file=self.file.path,
                    model=self._source.repository.model_id,
                ),
                "Check the mirror's address in the settings under “Downloads”; a network that wants a sign-in answers "
                "so too.",
                self._promised(),
            )

    def _promised(self) -> str:
        return f"expected {self.file.size_bytes} bytes with hash {content_id(self.file)}"

    def _fetch_rest(self) -> None:
        """Until the file is as long as it should be, or came wrong."""
        patience = self._source.patience
        attempt = 0
        while self._part.length_bytes < self.file.size_bytes:
            before_bytes = self._part.length_bytes
            asked_s: float | None = None
            cause: Exception | None = None
            try:
                self._stream()
            except _OtherContentError:
                self._is_other()
            except _WrongContentError:
                self._came_wrong()
            except _LaterError as later:
                asked_s, cause = later.wait_s, later.cause
            if self._part.length_bytes >= self.file.size_bytes:
                return
            if self._part.length_bytes > before_bytes:
                attempt = 0
            attempt += 1
            wait_s = patience.wait_s(attempt) if asked_s is None else asked_s
            is_silent = attempt > 1 and self._watcher.silent_s() > patience.gives_up_after_s
            if is_silent or (asked_s or 0) > patience.longest_asked_s:
                raise self._refusal(cause or ConnectionError("the connection ended early")) from cause
            if self._watcher.waits(wait_s):
                raise InterruptedError

    def _refusal(self, error: Exception) -> Exception:
        return refusal(error, self._source.repository.model_id, self._source.access)

    def _stream(self) -> None:
        """One request and what comes of it.

        Raises:
            _LaterError: Nothing comes now.
            _OtherContentError: The server has something else.
            _WrongContentError: What came was longer than promised.
            UserError: The server will not give it.
        """
        import httpx2

        source, start_bytes = self._source, self._part.length_bytes
        headers = {"Accept-Encoding": "identity"}
        if start_bytes and not self._asks_whole:
            headers["Range"] = f"bytes={start_bytes}-"
        patience = source.patience
        timeout = httpx2.Timeout(patience.silence_s, connect=patience.connect_s, pool=None)
        trace = {"trace": source.wires.watch}
        try:
            with source.client.stream(
                "GET", source.address(self.file), headers=headers, timeout=timeout, extensions=trace
            ) as response:
                self._check(response, start_bytes)
                for piece in response.iter_bytes():
                    if self._part.length_bytes + len(piece) > self.file.size_bytes:
                        raise _WrongContentError
                    self._part.append(piece)
                    self._watcher.came(len(piece))
        except (httpx2.TransportError, httpx2.StreamError) as error:
            if is_lasting(error) or isinstance(error, httpx2.UnsupportedProtocol):
                raise self._refusal(error) from error
            raise _LaterError(error) from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:  # redirected in a circle, or to nowhere
            raise self._refusal(error) from error

    def _check(self, response: httpx2.Response, start_bytes: int) -> None:
        """Passes where the content that follows belongs behind what is here, or replaces it."""
        status, headers, size = response.status_code, response.headers, str(self.file.size_bytes)
        etag = _plain_etag(headers.get("etag", ""))
        if status == _UNSATISFIABLE:
            raise _OtherContentError  # the server's file is shorter than what came of it
        if status not in {_OK, _PART}:
            self._refuse(response)
        told = {_plain_etag(one.headers.get("x-linked-etag", "")) for one in response.history} - {""}
        if self.file.sha256 and told - {self.file.sha256}:
            raise _OtherContentError
        if status == _PART:
            span, _, total = headers.get("content-range", "").partition("/")
            if not span.startswith(f"bytes {start_bytes}-") or total not in {size, "*"}:
                raise _OtherContentError
            # Where the Hub itself has told the content, stores may call it as they like; else another name tells of
            # another content, and the parts do not belong together.
            if not told and self._etag and etag and etag != self._etag:
                self._etag = ""
                self._part.start_over()
                self._watcher.has(0)
                raise _LaterError(ConnectionError("the content changed"), 0.0)
        else:
            is_packed = headers.get("content-encoding", "identity") != "identity"
            length = size if is_packed else headers.get("content-length")
            if length not in {size, None} or (start_bytes and length is None):
                raise _OtherContentError
            if start_bytes:  # it knows no parts, or its content has changed since
                self._restarts += 1
                if self._restarts > _MOST_RESTARTS:
                    raise self._refusal(ConnectionError("the connection ended early each time"))
                self._part.start_over()
                self._watcher.has(0)
        self._etag = etag

    def _refuse(self, response: httpx2.Response) -> None:
        """Raises what the status means."""
        error = refusal_of(response, self._source.repository.model_id, self._source.access)
        is_store = bool(response.history) and response.url.netloc != response.history[0].url.netloc
        if is_busy(response.status_code):
            raise _LaterError(error, retry_after_s(response))
        if is_store and self._store_refusals < _MOST_STORE_REFUSALS:
            self._store_refusals += 1
            raise _LaterError(error)
        raise error


def _plain_etag(text: str) -> str:
    return text.removeprefix("W/").strip('"')
