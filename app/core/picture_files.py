"""Picture files and bytes up to the decoder: what is accepted, what is refused before decoding, each fault in words.

Detection is by content; the name of a file decides nothing.
"""

from __future__ import annotations

import errno
import hashlib
import io
import logging
import os
import re
import stat
import struct
import threading
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, cast

import pillow_heif
from PIL import (  # noqa: TID253 - this module itself is imported only when a picture is opened
    AvifImagePlugin,
    ExifTags,
    Image,
    ImageFile,
    MpoImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from app.core.errors import AppError, Sentence, UserError
from app.core.files import out_of_reach, shown_name
from app.core.vision import MAX_ASPECT, aspect_is_possible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from app.core.pictures import PictureSource

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "DIB", "TIFF", "HEIF", "AVIF")
"""Names by which Pillow knows the accepted kinds. An MPO is a JPEG with more pictures behind it."""

_JPEG_FORMATS = ("JPEG", "MPO")
_PLUGINS = (AvifImagePlugin, MpoImagePlugin, TiffImagePlugin, WebPImagePlugin)

MAX_JPEG_PIXELS = 400_000_000
"""Of a baseline JPEG, which is decoded at reduced scale."""
_MAX_PIXELS = {"HEIF": 120_000_000, "AVIF": 120_000_000, "WEBP": 64_000_000}
_MAX_OTHER_PIXELS = 160_000_000
"""Every other kind is decoded whole. Measured with Pillow 13: 4 to 6 bytes a pixel, HEIC and AVIF 8, WebP 15; the
limits keep each below about 1 GB."""
MAX_FILE_BYTES = 1 << 30
_READ_BYTES = 1 << 20
_MAX_PNG_CHUNKS = 200_000
_MAX_EXIF_BYTES = 1 << 20
_EXIF_ORIENTATIONS = range(1, 9)

_KINDS_TEXT = (
    "Pictures may be JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF files, videos MP4, MOV, MKV, WebM or AVI files."
)
_COPY_AGAIN = "Copy or download it again from where it came from."
_PICTURE_SIGNATURES = re.compile(
    rb"\xff\xd8|\x89PNG|GIF8|BM|II\*\0|MM\0\*|RIFF....WEBP|....ftyp(?:hei|hev|mif1|msf1|avi[fs])", re.DOTALL
)
_FOREIGN_SIGNATURES: tuple[tuple[re.Pattern[bytes], Sentence], ...] = tuple(
    (re.compile(pattern, re.DOTALL), words)
    for pattern, words in (
        (rb"%PDF", Sentence("a PDF document")),
        (rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml.*)?<svg", Sentence("an SVG drawing")),
        (rb"8BPS", Sentence("a Photoshop document")),
        (rb"\xff\x0a|\0\0\0\x0cJXL ", Sentence("a JPEG XL picture")),
        (rb"\0\0\0\x0cjP  ", Sentence("a JPEG 2000 picture")),
        (rb"PK\x03\x04", Sentence("a ZIP archive or an office document")),
    )
)

logging.getLogger("PIL").setLevel(logging.CRITICAL)
"""What Pillow logs about damaged files is said to the person, in words, by the error that follows."""
Image.preinit()
pillow_heif.register_heif_opener(thumbnails=False)
Image.MAX_IMAGE_PIXELS = None
"""Pillow would warn at 89 and refuse at 179 megapixels whatever the kind; `opened` checks every size itself."""

_PILLOW_MODULES = re.compile(r"(PIL|pillow_heif)\b")
_quiet_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class OpenedPicture:
    """A picture whose header has been read and found acceptable; not yet decoded.

    Attributes:
        image: Pillow's, as stored (TIFF excepted, which Pillow itself turns upright).
        orientation: How to turn the decoded image upright: the EXIF value, 1 to 8.
        sha256: Of all source bytes in hex, or empty where it was not asked for.
    """

    image: ImageFile.ImageFile = field(repr=False)
    orientation: int
    sha256: str

    @property
    def is_jpeg(self) -> bool:
        """Whether it can be decoded at reduced scale."""
        return self.image.format in _JPEG_FORMATS

    @property
    def is_on_its_side(self) -> bool:
        """Whether turning it upright swaps its sides."""
        return self.orientation >= 5  # noqa: PLR2004 - EXIF's values 5 to 8

    @property
    def upright_size(self) -> tuple[int, int]:
        """(width, height) in pixels of the upright original."""
        width_px, height_px = self.image.size
        return (height_px, width_px) if self.is_on_its_side else (width_px, height_px)


@contextmanager
def opened(
    source: PictureSource, *, with_sha256: bool = False, is_wanted: Callable[[], bool] = lambda: True
) -> Iterator[OpenedPicture]:
    """A picture ready to be decoded; whatever goes wrong, here or while it is decoded, becomes a UserError.

    Once `is_wanted` says no, decoding ends with an error at its next piece.

    Raises:
        UserError: The picture cannot be used; the text names it and the reason.
    """
    name = shown_name(source.name)
    _quieten_pillow()
    try:
        with _stream(source, name) as stream:
            sha256 = _sha256(stream) if with_sha256 else ""
            try:
                image = Image.open(cast("IO[bytes]", _Watched(stream, is_wanted)), formats=_FORMATS)
            except UnidentifiedImageError as error:
                stream.seek(0)
                raise _unidentified(name, stream.read(512), error) from error
            with image:
                _check_size(name, image)
                yield OpenedPicture(image, _orientation(image, stream), sha256)
    except AppError:
        raise
    except Exception as error:  # the boundary: decoders raise anything on damaged files
        raise _fault(name, error) from error


class _Watched:
    """A stream that breaks off when nobody waits for what is read any longer."""

    def __init__(self, stream: IO[bytes], is_wanted: Callable[[], bool]) -> None:
        self._stream = stream
        self._is_wanted = is_wanted

    def read(self, size: int = -1) -> bytes:
        if not self._is_wanted():
            raise InterruptedError(errno.EINTR, "no longer wanted")
        return self._stream.read(size)

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


def _stream(source: PictureSource, name: str) -> IO[bytes]:
    if source.data is not None:
        _check_bytes(name, len(source.data))
        return io.BytesIO(source.data)
    if source.path is None:
        raise UserError(Sentence("“{name}” has neither a file nor data.", name=name), "Add the picture again.")
    # Looked at before it is opened: opening a pipe would wait for a writer.
    status = source.path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise UserError(Sentence("“{name}” is a folder, not a picture.", name=name), "Choose the pictures inside it.")
    if not stat.S_ISREG(status.st_mode):
        raise UserError(
            Sentence("“{name}” is a device or a pipe, not a file.", name=name), "Save the picture as a file first."
        )
    _check_bytes(name, status.st_size)
    return source.path.open("rb")


def _check_bytes(name: str, size_bytes: int) -> None:
    if size_bytes == 0:
        raise UserError(Sentence("“{name}” is empty (0 bytes).", name=name), _COPY_AGAIN)
    if size_bytes > MAX_FILE_BYTES:
        raise UserError(
            Sentence("“{name}” is too large: {size} GB.", name=name, size=f"{size_bytes / 1e9:.1f}"),
            Sentence("A file may have {most} GB.", most=f"{MAX_FILE_BYTES / 1e9:.1f}"),
        )


def _sha256(stream: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := stream.read(_READ_BYTES):
        digest.update(chunk)
    stream.seek(0)
    return digest.hexdigest()


def _check_size(name: str, image: ImageFile.ImageFile) -> None:
    width_px, height_px = image.size
    if width_px < 1 or height_px < 1:
        raise UserError(
            Sentence(
                "“{name}” has no pixels: {width_px} x {height_px}.", name=name, width_px=width_px, height_px=height_px
            ),
            _COPY_AGAIN,
        )
    is_reducible = image.format in _JPEG_FORMATS and not image.info.get("progressive")
    max_pixels = MAX_JPEG_PIXELS if is_reducible else _MAX_PIXELS.get(image.format or "", _MAX_OTHER_PIXELS)
    if width_px * height_px > max_pixels:
        raise UserError(
            Sentence(
                "“{name}” is too large: {width_px} x {height_px} pixels, {megapixels} megapixels.",
                name=name,
                width_px=width_px,
                height_px=height_px,
                megapixels=f"{width_px * height_px / 1e6:,.0f}",
            ),
            Sentence(
                "Make it smaller; a picture of this kind may have {megapixels} megapixels.",
                megapixels=f"{max_pixels / 1e6:.0f}",
            ),
        )
    if not aspect_is_possible(height_px, width_px):
        raise UserError(
            Sentence(
                "“{name}” is too long and thin: {width_px} x {height_px} pixels.",
                name=name,
                width_px=width_px,
                height_px=height_px,
            ),
            Sentence("Cut it into parts whose one side is at most {times} times the other.", times=f"{MAX_ASPECT:.0f}"),
        )


def _orientation(image: ImageFile.ImageFile, stream: IO[bytes]) -> int:
    if image.format == "TIFF":
        return 1
    if image.format == "PNG" and "exif" not in image.info:
        exif = _late_png_exif(stream)
        if exif:
            image.info["exif"] = b"Exif\0\0" + exif
    try:
        # Not the PNG class's own method, which decodes the whole picture first.
        value = Image.Image.getexif(image).get(ExifTags.Base.Orientation, 1)
    except Exception:  # noqa: BLE001 - a damaged EXIF block must not stop the picture
        return 1
    return value if isinstance(value, int) and value in _EXIF_ORIENTATIONS else 1


def _late_png_exif(stream: IO[bytes]) -> bytes:
    """The eXIf chunk of a PNG wherever it stands, also after the pixels; the stream is left where it was."""
    position = stream.tell()
    stream.seek(8)
    try:
        for _ in range(_MAX_PNG_CHUNKS):
            head = stream.read(8)
            if len(head) < 8:  # noqa: PLR2004 - a chunk's length and name
                break
            length, chunk = struct.unpack(">I4s", head)
            if chunk == b"eXIf":
                return stream.read(min(length, _MAX_EXIF_BYTES))
            stream.seek(length + 4, os.SEEK_CUR)
    finally:
        stream.seek(position)
    return b""


def _unidentified(name: str, head: bytes, error: Exception) -> UserError:
    if _PICTURE_SIGNATURES.match(head):
        return UserError(
            Sentence("“{name}” is damaged or cut off: it begins like a picture, but no more.", name=name), _COPY_AGAIN
        )
    kind = next((words for pattern, words in _FOREIGN_SIGNATURES if pattern.match(head)), None)
    text = (
        Sentence("“{name}” is {kind}, which cannot be opened as a picture.", name=name, kind=kind)
        if kind is not None
        else Sentence("“{name}” is not a picture or a video.", name=name)
    )
    return UserError(text, _KINDS_TEXT, repr(error))


def _fault(name: str, error: Exception) -> UserError:
    detail = f"{type(error).__name__}: {error}"
    fault = out_of_reach(name, error)
    if fault is not None:
        return fault
    if isinstance(error, OSError) and error.errno is not None:
        hint = "Shorten its name." if error.errno == errno.ENAMETOOLONG else "Check its disk, then try again."
        return UserError(Sentence("“{name}” cannot be read: {reason}.", name=name, reason=error.strerror), hint, detail)
    if isinstance(error, MemoryError):
        return UserError(
            Sentence("There is not enough memory to open “{name}”.", name=name),
            "Close other programs or make it smaller.",
            detail,
        )
    if isinstance(error, EOFError) or "truncated" in str(error).lower():
        return UserError(
            Sentence("“{name}” is cut off: the file ends before the picture does.", name=name), _COPY_AGAIN, detail
        )
    return UserError(Sentence("“{name}” is damaged and cannot be opened.", name=name), _COPY_AGAIN, detail)


def _quieten_pillow() -> None:
    """Lets Pillow's warnings about odd metadata go unprinted; they are no news to a person.

    Set once for the process; looked at each time because test runners put the filters back.
    """
    with _quiet_lock:
        if not any(entry[3] == _PILLOW_MODULES for entry in warnings.filters):
            warnings.filterwarnings("ignore", module=_PILLOW_MODULES.pattern)
