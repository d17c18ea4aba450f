"""What a drop or a paste offers: files, folders, encoded pictures; web addresses are refused and never fetched.

Everything here looks at what was handed over and at nothing else: no disk, no network, so that it is quick.
"""

from __future__ import annotations

import codecs
import os
import platform
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QUrl
from PySide6.QtGui import QImage, QPixmap

from app.core.errors import ErrorText
from app.core.gathering import MEDIA_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from PySide6.QtCore import QMimeData

TRAY_KIND = f"application/x-viewfinder-media-{os.getpid()}"
"""Rows of our own tray, dragged: they are here already. Those of another window of the program are files like any."""
ENCODED = {
    "image/gif": ".gif",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "image/heic": ".heic",
    "image/avif": ".avif",
    "image/tiff": ".tif",
    "image/bmp": ".bmp",
}
"""Endings of the kinds of encoded pictures that programs hand over, the best first: a GIF may be animated."""
_STARTS = (
    (b"\x89PNG", "image/png"),
    (b"\xff\xd8", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"RIFF", "image/webp"),
    (b"BM", "image/bmp"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
)
_AVIF_BRANDS = (b"avif", b"avis")
_NAMED_CONTENT = re.compile(r"application/octet-stream;\s*name=\"?([^\"]+)\"?", re.IGNORECASE)
"""Browsers on Wayland hand over the file behind a dragged picture so."""
_LINK_KIND = "text/x-moz-url"
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*:\S+", re.IGNORECASE)
_DATA_IMAGE = "data:image/"
_NO_NAME_CHARACTERS = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')
_MOST_NAME_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class Offered:
    """Pictures to add and what is refused, with reasons; still to be looked at beside the main thread.

    Attributes:
        paths: Files and folders.
        data: Name (or empty) and content of a picture without a file: encoded bytes, a ``data:`` address, or Qt's own.
        refusals: What is left out.
    """

    paths: tuple[Path, ...] = ()
    data: tuple[tuple[str, bytes | str | QImage], ...] = field(default=(), repr=False)
    refusals: tuple[ErrorText, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was offered at all."""
        return not (self.paths or self.data or self.refusals)


def may_be_offered(mime: QMimeData) -> bool:
    """Whether there is something to take or to refuse with a reason."""
    if mime.hasFormat(TRAY_KIND):
        return False
    return mime.hasUrls() or has_picture_data(mime) or bool(_addresses(mime))


def comes_as_text(mime: QMimeData) -> bool:
    """Whether a text field takes the words of it and not the pictures.

    Spreadsheets and word processors offer a picture of what they copy; only where the words are no more than the
    picture's address or name is the picture what was meant. Addresses alone are words.
    """
    if mime.hasFormat(TRAY_KIND) or not mime.hasText() or local_paths(mime):
        return False
    text = mime.text().strip()
    if not text or text.lower().startswith(_DATA_IMAGE):
        return False
    if not has_picture_data(mime) and not embedded_pictures(mime):
        return True
    if not mime.hasFormat("text/plain"):  # Qt gives the addresses as text where there is none
        return False
    is_name = "\n" not in text and text.lower().endswith(MEDIA_SUFFIXES)
    return not is_name and not all(_ADDRESS.fullmatch(word) for word in text.split())


def read_offered(mime: QMimeData) -> Offered:
    """Files and folders first; picture data only where there are none, so that nothing comes twice."""
    addresses = _addresses(mime)
    web = [address for address in addresses if not _is_local(address) and not address.startswith(_DATA_IMAGE)]
    paths = local_paths(mime)
    if paths:
        return Offered(paths, refusals=_web_refusals(web))
    name = _name_in([*_named_contents(mime).values(), *web])
    content = _picture_data(mime)
    if content is not None:
        return Offered(data=((name, content),))
    embedded = _data_addresses(addresses)
    if embedded:
        return Offered(data=tuple((name if len(embedded) == 1 else "", address) for address in embedded))
    return Offered(refusals=_web_refusals(web))


def embedded_pictures(mime: QMimeData) -> list[str]:
    """The ``data:`` addresses of pictures that were handed over."""
    return _data_addresses(_addresses(mime))


def kind_of(data: bytes) -> str:
    """The kind of encoded picture that begins so, as drags and clipboards name it; empty for others."""
    if data[4:8] == b"ftyp":
        return "image/avif" if data[8:12] in _AVIF_BRANDS else "image/heic"
    return next((kind for start, kind in _STARTS if data.startswith(start)), "")


def local_paths(mime: QMimeData) -> tuple[Path, ...]:
    """The files and folders on this machine that were handed over."""
    return tuple(_path_of(address) for address in dict.fromkeys(_addresses(mime)) if _is_local(address))


def paths_in_text(mime: QMimeData) -> tuple[Path, ...]:
    """Files and folders whose full paths stand, one a line, in dragged words; none where the words are others."""
    if mime.hasUrls() or not mime.hasText():
        return ()
    lines = [line.strip() for line in mime.text().strip().splitlines()]
    paths = tuple(_path_of(line) if _is_local(line) else Path(line) for line in lines)
    is_meant = all(path.is_absolute() and path.suffix.lower() in MEDIA_SUFFIXES for path in paths)
    return paths if is_meant else ()


def _addresses(mime: QMimeData) -> list[str]:
    """What is linked or shown, from the plainest kind that says so."""
    if mime.hasUrls():
        return [bytes(url.toEncoded().data()).decode("ascii", "replace") for url in mime.urls()]
    if mime.hasFormat(_LINK_KIND):
        lines = _decoded(bytes(mime.data(_LINK_KIND).data())).splitlines()
        return [line.strip() for line in lines[::2] if line.strip()]
    if mime.hasHtml():
        page = _Page()
        page.feed(mime.html())
        return [address for address in page.shown if _is_local(address) or address.startswith(_DATA_IMAGE)]
    return [mime.text().strip()] if mime.hasText() and mime.text().strip().startswith(_DATA_IMAGE) else []


class _Page(HTMLParser):
    """Notes what the pictures of a page are shown from."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.shown.extend(address.strip() for name, address in attrs if name == "src" and address)


def _decoded(link: bytes) -> str:
    """Browsers write this kind as UTF-16, with or without a mark, and some as UTF-8."""
    is_wide = link.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or link[1:2] == b"\0"
    return link.decode("utf-16" if is_wide else "utf-8", "replace").strip("\0")


def _is_local(address: str) -> bool:
    return address.lower().startswith("file:")


def _path_of(address: str) -> Path:
    url = QUrl(address)
    if url.host().lower() in ("localhost", platform.node().lower()):
        url.setHost("")
    return Path(url.toLocalFile())


def _data_addresses(addresses: Iterable[str]) -> list[str]:
    return [address for address in addresses if address.startswith(_DATA_IMAGE)]


def has_picture_data(mime: QMimeData) -> bool:
    """Whether a picture itself was handed over, not only where it is."""
    return mime.hasImage() or any(mime.hasFormat(kind) for kind in (*ENCODED, *_named_contents(mime)))


def _named_contents(mime: QMimeData) -> dict[str, str]:
    """Kinds that hold a picture's file, with its name."""
    found = ((kind, _NAMED_CONTENT.fullmatch(kind)) for kind in mime.formats())
    names = {kind: match.group(1) for kind, match in found if match is not None}
    return {kind: name for kind, name in names.items() if name.lower().endswith(MEDIA_SUFFIXES)}


def _picture_data(mime: QMimeData) -> bytes | QImage | None:
    for kind in (*_named_contents(mime), *ENCODED):
        data = bytes(mime.data(kind).data()) if mime.hasFormat(kind) else b""
        if data:
            return data
    image = mime.imageData() if mime.hasImage() else None
    if isinstance(image, QPixmap):
        image = image.toImage()
    return image if isinstance(image, QImage) and not image.isNull() else None


def _name_in(addresses: Sequence[str]) -> str:
    """The name that a picture has in the first of these, as a file may be called; empty without one."""
    name = QUrl(addresses[0]).fileName(QUrl.ComponentFormattingOption.FullyDecoded) if addresses else ""
    name = _NO_NAME_CHARACTERS.sub(" ", name).strip(" .")
    return name[-_MOST_NAME_CHARACTERS:] if name.lower().endswith(MEDIA_SUFFIXES) else ""


def _web_refusals(addresses: Sequence[str]) -> tuple[ErrorText, ...]:
    if not addresses:
        return ()
    translate = QCoreApplication.translate
    hint = translate("Offered", "Save it as a file first, then drop the file.")
    if len(addresses) == 1:
        text = translate("Offered", "“{0}” is a web address, and Viewfinder does not fetch anything from the web.")
        return (ErrorText(text.format(QUrl(addresses[0]).toDisplayString()), hint, kind="input"),)
    text = translate("Offered", "{0} web addresses were left out: Viewfinder does not fetch anything from the web.")
    return (ErrorText(text.format(len(addresses)), hint, kind="input"),)
