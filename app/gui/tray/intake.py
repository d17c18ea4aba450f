"""Looks at what was offered beside the main thread: a folder may be large or far away, a picture slow to encode."""

from __future__ import annotations

import base64
import binascii
import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from PySide6.QtCore import QBuffer, QCoreApplication, QIODevice

from app.core.errors import describe_error
from app.core.gathering import Gathered, gather, source_of
from app.core.pictures import PictureSource
from app.engine.media_pool import MediaPool
from app.gui.tray.offered import ENCODED, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QImage

    from app.core.requests import Source
    from app.gui.tray.offered import Offered

_FAST_PNG = 90


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What was found in something that was offered."""

    gathered: Gathered


class Intake:
    """One thing after another, so that pictures stand in the order in which they came.

    Args:
        sink: Takes a TakenIn for each thing offered; called from the intake's thread.
    """

    def __init__(self, sink: Callable[[TakenIn], None]) -> None:
        self._sink = sink
        self._pool = MediaPool("intake", 1)
        self._numbers = itertools.count(1)

    def take(self, offered: Offered) -> None:
        """Looks at it as soon as what came before is done. Thread: main."""
        named = tuple((name or self._pasted_name(), content) for name, content in offered.data)
        offered = replace(offered, data=named)
        self._pool.submit(lambda: self._look_at(offered))

    def close(self, timeout_s: float) -> bool:
        """Drops what waits; tells whether the thread ended in time."""
        return self._pool.close(timeout_s)

    def _pasted_name(self) -> str:
        return QCoreApplication.translate("Offered", "Pasted picture {0}").format(next(self._numbers))

    def _look_at(self, offered: Offered) -> None:
        try:
            gathered = gather(offered.paths)
            sources = tuple(_source(name, content) for name, content in offered.data)
            gathered = Gathered((*gathered.sources, *sources), (*offered.refusals, *gathered.refusals))
        except Exception as error:  # noqa: BLE001 - thread boundary
            gathered = Gathered(refusals=(describe_error(error),))
        self._sink(TakenIn(gathered))


def _source(name: str, content: bytes | str | QImage) -> Source:
    if isinstance(content, str):
        content = _embedded(content)
    data = content if isinstance(content, bytes) else _encoded(content)
    if "." not in name:
        name += ENCODED.get(kind_of(data), "")
    return source_of(PictureSource(name, data=data))


def _embedded(address: str) -> bytes:
    """The bytes in a ``data:`` address; what is damaged is found out when the picture is opened."""
    head, _, body = address.partition(",")
    content = unquote_to_bytes(body)
    if not head.lower().endswith(";base64"):
        return content
    content = b"".join(content.split())
    try:
        return base64.b64decode(content + b"=" * (-len(content) % 4))
    except binascii.Error:
        return b""


def _encoded(image: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG", _FAST_PNG)  # type: ignore[call-overload]  # the stubs know bytes only
    return bytes(buffer.data().data())
