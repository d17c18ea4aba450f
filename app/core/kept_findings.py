"""What reading a file through found, kept for as long as the file stays as it was."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.core.clips import ClipSource

_AWAKE_EVERY_S = 0.2
_END_BYTES = 1 << 20

_Found = TypeVar("_Found")


class Stamp(NamedTuple):
    """What changes when a source's content does.

    Attributes:
        place: Its path, or that it is bytes.
        size_bytes: How much it is.
        change: When the file was last changed, in ns; of bytes, which they are.
    """

    place: str
    size_bytes: int
    change: int


def stamp_of(source: ClipSource) -> Stamp:
    """The source's stamp as it is now.

    Raises:
        OSError: There is no such file.
    """
    if source.path is None:
        data = source.data or b""
        ends = hashlib.sha256(data[:_END_BYTES] + data[-_END_BYTES:]).digest()
        return Stamp("", len(data), id(source.data) ^ int.from_bytes(ends, "big"))
    status = source.path.stat()
    return Stamp(str(source.path.absolute()), status.st_size, status.st_mtime_ns)


class KeptFindings(Generic[_Found]):
    """A bounded store; what was not asked for longest goes first. Thread: any.

    Args:
        most_bytes: What all that is kept may take; the newest stays even if it alone takes more.
        bytes_of: Tells how much a finding takes.
    """

    def __init__(self, most_bytes: int, bytes_of: Callable[[_Found], int]) -> None:
        self._most_bytes = most_bytes
        self._bytes_of = bytes_of
        self._lock = threading.Lock()
        self._kept: OrderedDict[Stamp, _Found] = OrderedDict()
        self._looking: dict[Stamp, threading.Lock] = {}

    def of(self, source: ClipSource, find: Callable[[], _Found], is_wanted: Callable[[], bool]) -> _Found:
        """What is kept of a source, else what is found now; two who ask at once find it once.

        Args:
            source: The file or bytes.
            find: Reads it through.
            is_wanted: Once it says no, waiting ends.

        Raises:
            OSError: There is no such file.
            InterruptedError: `is_wanted` said no.
        """
        stamp = stamp_of(source)
        with self._lock:
            looking = self._looking.setdefault(stamp, threading.Lock())
        while not looking.acquire(timeout=_AWAKE_EVERY_S):  # whoever looks may take long, and this one may be given up
            if not is_wanted():
                raise InterruptedError
        try:
            with self._lock:
                if stamp in self._kept:
                    self._kept.move_to_end(stamp)
                    return self._kept[stamp]
            found = find()
            if stamp_of(source) == stamp:
                self._keep(stamp, found)
            return found
        finally:
            looking.release()
            with self._lock:
                self._looking.pop(stamp, None)

    def _keep(self, stamp: Stamp, found: _Found) -> None:
        with self._lock:
            self._kept[stamp] = found
            while len(self._kept) > 1 and sum(map(self._bytes_of, self._kept.values())) > self._most_bytes:
                self._kept.popitem(last=False)
