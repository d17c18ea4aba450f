"""What a drop or a paste offers: files, folders, picture data; web addresses are refused and never fetched."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QCoreApplication, QIODevice
from PySide6.QtGui import QImage, QPixmap

from app.core.errors import ErrorText
from app.core.gathering import gather
from app.core.pictures import PictureSource

if TYPE_CHECKING:
    from PySide6.QtCore import QMimeData

_ENCODED = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "image/heic": ".heic",
    "image/avif": ".avif",
    "image/tiff": ".tif",
    "image/gif": ".gif",
    "image/bmp": ".bmp",
}
_FAST_PNG = 90
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Offered:
    """Pictures to add, in order, and what is refused, with reasons."""

    sources: tuple[PictureSource, ...] = ()
    refusals: tuple[ErrorText, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was offered at all."""
        return not self.sources and not self.refusals


def may_be_offered(mime: QMimeData) -> bool:
    """Whether there is something to take or to refuse with a reason; looks at kinds only, so it is quick."""
    return mime.hasUrls() or mime.hasImage() or any(mime.hasFormat(kind) for kind in _ENCODED)


def read_offered(mime: QMimeData) -> Offered:
    """Files and folders first; picture data only where there are none, so that nothing comes twice."""
    paths = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
    if paths:
        gathered = gather(paths)
        return Offered(gathered.sources, gathered.refusals)
    source = _picture_data(mime)
    if source is not None:
        return Offered((source,))
    return Offered((), tuple(_web_refusal(url.toDisplayString()) for url in mime.urls()))


def _web_refusal(address: str) -> ErrorText:
    translate = QCoreApplication.translate
    text = translate("Offered", "“{0}” is a web address, and Viewfinder does not fetch anything from the web.")
    hint = translate("Offered", "Save the picture first, then drop the file.")
    return ErrorText(text.format(address), hint)


def _picture_data(mime: QMimeData) -> PictureSource | None:
    for kind, suffix in _ENCODED.items():
        if mime.hasFormat(kind):
            data = mime.data(kind).data()
            if data:
                return PictureSource(_pasted_name(suffix), data=bytes(data))
    if not mime.hasImage():
        return None
    image = mime.imageData()
    if isinstance(image, QPixmap):
        image = image.toImage()
    if not isinstance(image, QImage) or image.isNull():
        return None
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG", _FAST_PNG)  # type: ignore[call-overload]  # the stubs know bytes only
    return PictureSource(_pasted_name(".png"), data=bytes(buffer.data().data()))


def _pasted_name(suffix: str) -> str:
    return QCoreApplication.translate("Offered", "Pasted picture {0}").format(next(_numbers)) + suffix
