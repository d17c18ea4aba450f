"""The connections of a download, so that it can be stopped while it waits for bytes that do not come."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Any


class Wires:
    """Knows each connection that requests with `watch` made. Thread: any."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []
        self._is_cut = False
        self._lock = threading.Lock()

    def watch(self, _event: str, info: dict[str, Any]) -> None:
        """To be given as a request's extension ``trace``, which is told of each stream that was made."""
        ask = getattr(info.get("return_value"), "get_extra_info", None)
        found = ask("socket") if ask is not None else None
        if isinstance(found, socket.socket):
            with self._lock:
                self._sockets = [one for one in self._sockets if one.fileno() >= 0]
                self._sockets.append(found)
                if self._is_cut:
                    _shut(found)

    def cut(self) -> None:
        """Ends them all, and those to come: whoever waits for bytes is woken."""
        with self._lock:
            self._is_cut = True
            for one in self._sockets:
                _shut(one)


def _shut(one: socket.socket) -> None:
    # Only shutting down wakes a thread that reads; and of a TLS socket only the plain one's is safe beside a reader.
    with suppress(OSError):
        socket.socket.shutdown(one, socket.SHUT_RDWR)
