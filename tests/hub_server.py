"""A small server on loopback with the routes of the Hub that huggingface_hub 2.4 calls, and faults by script.

Two ports: the Hub and a store of big files, so that a redirect between them leaves the host as on the real one.
"""

from __future__ import annotations

import fnmatch
import hashlib
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import Any

from tests.hub_answers import GOOD_TOKEN, HubAnswer
from tests.hub_repository import Fault, SeenRequest, ServedRepository, Where, served_file
from tests.loopback import LOOPBACK, OPEN_PORTS

__all__ = ["GOOD_TOKEN", "OTHER_TOKEN", "Fault", "HubServer", "environment_for", "hub_running"]
OTHER_TOKEN = "hf_stranger"


@dataclass(slots=True)
class _Script:
    pattern: str
    fault: Fault
    times: float
    where: Where
    method: str


class HubServer:
    """The server; `with` starts and ends it.

    Attributes:
        requests: What was asked so far, oldest first.
        page_entries: How many entries of a tree come at once.
        tells_hashes: Whether a redirect to the store tells the content's hash and size, as not every mirror does.
        tokens: Tokens that are good, and whose they are; `GOOD_TOKEN`'s owner has access to everything.
    """

    def __init__(self) -> None:
        self.requests: list[SeenRequest] = []
        self.page_entries = 1000
        self.tells_hashes = True
        self.tokens = {GOOD_TOKEN: "friend", OTHER_TOKEN: "stranger"}
        self.repositories: dict[str, ServedRepository] = {}
        self.sent_bytes = 0
        self._scripts: list[_Script] = []
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._hub: HubListener | None = None
        self._store: HubListener | None = None
        self._ports = (0, 0)

    def __enter__(self) -> HubServer:  # noqa: PYI034 - Self is in typing_extensions alone on Python 3.10
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        OPEN_PORTS.difference_update(self._ports)

    @property
    def url(self) -> str:
        """The endpoint, as HF_ENDPOINT takes it."""
        return f"http://{LOOPBACK}:{self._ports[0]}"

    @property
    def store_url(self) -> str:
        """Where big files lie."""
        return f"http://{LOOPBACK}:{self._ports[1]}"

    def start(self) -> None:
        """Listens; after `stop` on the same ports as before."""
        self._ended.clear()
        self._hub = HubListener(self, "hub", self._ports[0])
        self._store = HubListener(self, "store", self._ports[1])
        self._ports = (self._hub.port, self._store.port)
        OPEN_PORTS.update(self._ports)

    def stop(self) -> None:
        """Ends at once, open connections included: the server is gone. Its ports stay allowed to tests."""
        self._ended.set()
        for listener in (self._hub, self._store):
            if listener is not None:
                listener.end()
        self._hub = self._store = None

    def add(
        self,
        model_id: str,
        files: Path | Mapping[str, bytes | Path],
        *,
        is_gated: bool = False,
        is_private: bool = False,
        info: Mapping[str, Any] | None = None,
    ) -> str:
        """Serves a folder, or contents by path, as the newest commit of a repository; gives the commit."""
        if isinstance(files, Path):
            files = {path.relative_to(files).as_posix(): path for path in sorted(files.rglob("*")) if path.is_file()}
        served = {path: served_file(path, source) for path, source in sorted(files.items())}
        about = "\n".join(f"{path} {file.sha256}" for path, file in served.items())
        before = self.repositories.get(model_id)
        number = len(before.commits) if before else 0
        commit = hashlib.sha1(f"{model_id} {number}\n{about}".encode(), usedforsecurity=False).hexdigest()
        if before is None:
            before = self.repositories[model_id] = ServedRepository(model_id, {}, {})
        before.commits[commit] = served
        before.branches["main"] = commit
        before.is_gated, before.is_private = is_gated, is_private
        before.info = dict(info or {})
        return commit

    def fault(self, pattern: str, fault: Fault, *, times: float = 1, where: Where = "any", method: str = "GET") -> None:
        """The next answers about paths that fit the pattern go wrong so; of several that fit, the first given counts.

        Args:
            pattern: As fnmatch reads it, of the path with the query left out: ``*model-00002-of-*``.
            fault: What goes wrong.
            times: How often; `math.inf` for ever.
            where: ``hub`` or ``store``: a big file is asked of the Hub first, which redirects to the store.
            method: ``GET``, ``HEAD`` or ``*``.
        """
        with self._lock:
            self._scripts.append(_Script(pattern, fault, times, where, method))

    def clear_faults(self) -> None:
        """All goes well from now on."""
        with self._lock:
            self._scripts.clear()

    def fault_of(self, where: Where, method: str, path: str) -> Fault | None:
        """The fault whose turn it is, or None."""
        with self._lock:
            for script in self._scripts:
                fits = script.where in {"any", where} and script.method in {"*", method}
                if fits and script.times > 0 and fnmatch.fnmatchcase(path, script.pattern):
                    script.times -= 1
                    return script.fault
        return None

    def seen(self, pattern: str = "*", *, method: str = "*", where: Where = "any") -> list[SeenRequest]:
        """The requests about paths that fit the pattern."""
        with self._lock:
            return [
                one
                for one in self.requests
                if fnmatch.fnmatchcase(one.path, pattern)
                and method in {"*", one.method}
                and where in {"any", one.where}
            ]

    def note(self, request: SeenRequest) -> None:
        """Remembers a request."""
        with self._lock:
            self.requests.append(request)

    def count_sent(self, size_bytes: int) -> None:
        """Counts content that was sent."""
        with self._lock:
            self.sent_bytes += size_bytes

    def wait(self, seconds: float) -> bool:
        """Waits so long, or until the server ends; whether it ended."""
        return self._ended.wait(seconds)


class HubListener(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, hub: HubServer, where: Where, port: int) -> None:
        self.hub = hub
        self.where = where
        self._connections: set[socket.socket] = set()
        self._handlers: list[threading.Thread] = []
        self._guard = threading.Lock()
        super().__init__((LOOPBACK, port), HubAnswer)
        self.port: int = self.server_address[1]
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), name=f"server-{where}", daemon=True)
        self._thread.start()

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # HTTPServer's own looks up this machine's name
        self.server_name, self.server_port = LOOPBACK, int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        with self._guard:
            self._connections.add(request)
            self._handlers.append(thread)
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked has hung up: nothing to tell."""

    def end(self) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()
        with self._guard:
            open_now, handlers = list(self._connections), list(self._handlers)
        for connection in open_now:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for handler in handlers:
            handler.join(5)


@contextmanager
def hub_running(cache: Path) -> Iterator[HubServer]:
    """A server, with huggingface_hub set to it: endpoint, an empty cache in `cache`, not offline; undone afterwards.

    The library reads its settings once, when it is first imported, so they are set on its module of constants too.
    """
    import pytest
    from huggingface_hub import close_session, constants
    from huggingface_hub.utils.tqdm import tqdm

    with HubServer() as server, pytest.MonkeyPatch.context() as patch:
        for name, value in environment_for(server, cache).items():
            patch.setenv(name, value)
        patch.setattr(tqdm, "monitor_interval", 0)  # else the library's own progress bars leave a thread behind
        patch.setattr(constants, "ENDPOINT", server.url)
        patch.setattr(
            constants, "HUGGINGFACE_CO_URL_TEMPLATE", f"{server.url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        )
        patch.setattr(constants, "HF_HUB_CACHE", str(cache))
        patch.setattr(constants, "HF_HUB_OFFLINE", False)
        patch.setattr(constants, "HF_TOKEN_PATH", str(cache.parent / "no-token"))
        close_session()
        try:
            yield server
        finally:
            close_session()


def environment_for(server: HubServer, cache: Path) -> dict[str, str]:
    """What a process of its own needs to be sent to the server."""
    return {
        "HF_ENDPOINT": server.url,
        "HF_HUB_CACHE": str(cache),
        "HF_HUB_OFFLINE": "0",
        "TRANSFORMERS_OFFLINE": "0",
        "HF_HUB_DISABLE_XET": "1",
        "NO_PROXY": "*",
    }
