"""Which files are videos, told by their content; the name of a file decides nothing. Nothing slow is imported."""

from __future__ import annotations

import io
import re
import stat
from typing import IO, TYPE_CHECKING

from app.core.errors import AppError, Sentence, UserError
from app.core.files import shown_name
from app.core.pictures import PictureSource

if TYPE_CHECKING:
    from app.core.requests import Source

HEAD_BYTES = 1024
"""How much of a file the signatures look at."""
_COPY_AGAIN = "Copy or download it again from where it came from."
_TS_MARK = 0x47
_TS_PACKET_BYTES = (188, 192)
"""Of a transport stream: without and with times before each packet."""
_TS_MARKS = 5
_VIDEO_SIGNATURES = re.compile(
    rb"....(?:ftyp(?!hei|hev|mif1|msf1|avi[fs])|moov|mdat|wide|free|skip|pnot)"
    rb"|\x1aE\xdf\xa3|RIFF....AVI |RF64....AVI |FLV\x01|OggS|\0\0\x01[\xba\xb3]|0&\xb2u",
    re.DOTALL,
)
ANIMATION_SIGNATURES = re.compile(rb"GIF8|\x89PNG|RIFF....WEBP", re.DOTALL)


def is_clip(source: Source) -> bool:
    """Whether a file is a video or an animation; one that cannot be read is not."""
    try:
        with opened_stream(source) as stream:
            head = stream.read(HEAD_BYTES)
    except (AppError, OSError, ValueError):  # ValueError: a NUL in the name
        return False
    if ANIMATION_SIGNATURES.match(head):
        return _is_animated(source)
    return bool(_VIDEO_SIGNATURES.match(head)) or any(_is_transport_stream(head, step) for step in _TS_PACKET_BYTES)


def _is_transport_stream(head: bytes, step: int) -> bool:
    """Whether packets begin at even distances; a recording may begin within one."""
    for start in range(min(step, len(head))):
        marks = head[start::step]
        if marks.count(_TS_MARK) == len(marks) >= (_TS_MARKS if start > step - _TS_PACKET_BYTES[0] else 2):
            return True
    return False


def _is_animated(source: Source) -> bool:
    from app.core.picture_files import opened  # noqa: PLC0415 - Pillow, slow to import

    try:
        with opened(PictureSource(source.name, source.path, source.data)) as picture:
            return bool(getattr(picture.image, "is_animated", False))
    except AppError:
        return False


def opened_stream(source: Source) -> IO[bytes]:
    """The source's bytes, looked at before they are opened: opening a pipe would wait for a writer.

    Raises:
        UserError: There is nothing that could be a video.
    """
    name = shown_name(source.name)
    if source.data is not None:
        if not source.data:
            raise UserError(Sentence("“{name}” is empty (0 bytes).", name=name), _COPY_AGAIN)
        return io.BytesIO(source.data)
    if source.path is None:
        raise UserError(Sentence("“{name}” has neither a file nor data.", name=name), "Add the video again.")
    status = source.path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise UserError(Sentence("“{name}” is a folder, not a video.", name=name), "Choose the videos inside it.")
    if not stat.S_ISREG(status.st_mode):
        raise UserError(
            Sentence("“{name}” is a device or a pipe, not a file.", name=name), "Save the video as a file first."
        )
    if status.st_size == 0:
        raise UserError(Sentence("“{name}” is empty (0 bytes).", name=name), _COPY_AGAIN)
    return source.path.open("rb")
