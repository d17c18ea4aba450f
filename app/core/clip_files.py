"""Opening video files for reading frames: which reader reads what, each fault in words."""

from __future__ import annotations

import errno
import hashlib
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, Protocol

import av  # noqa: TID253 - this module itself is imported only when a clip is opened

from app.core.clip_kinds import ANIMATION_SIGNATURES, HEAD_BYTES, opened_stream
from app.core.errors import AppError, Sentence, UserError
from app.core.files import out_of_reach, shown_name
from app.core.vision import MAX_ASPECT, aspect_is_possible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from app.core.clips import ClipSource
    from app.core.footage import Footage

MAX_FRAME_PIXELS = 100_000_000
"""Of one frame of a video; 8K has 33 million."""
_END_BYTES = 1 << 20
_COPY_AGAIN = "Copy or download it again from where it came from."
_KINDS = "Videos may be MP4, MOV, MKV, WebM or AVI files, or animated GIF, WebP or PNG."


class Taken(NamedTuple):
    """A frame at its effective size: when it is shown, and h x w x 3 bytes of RGB."""

    time_s: float
    rgb: bytes


class ClipReader(Protocol):
    """A video that was read through once and gives frames one at a time.

    Attributes:
        footage: What it holds.
    """

    footage: Footage

    def frames(self, indices: Sequence[int], width_px: int, height_px: int) -> dict[int, Taken]:
        """Frames by index at a size; in place of one that cannot be decoded stands the nearest that can."""
        ...

    def each(self, indices: Sequence[int], width_px: int, height_px: int) -> Iterator[tuple[int, Taken]]:
        """As `frames`, each with its index as soon as it is there."""
        ...

    def sha256(self) -> str:
        """Of the file's bytes, in hex."""
        ...


@contextmanager
def reading(source: ClipSource, is_wanted: Callable[[], bool]) -> Iterator[ClipReader]:
    """A reader of a video; whatever goes wrong, here or while it is used, becomes a UserError.

    Raises:
        UserError: The video cannot be used; the text names it and the reason.
    """
    name = shown_name(source.name)
    try:
        with opened_stream(source) as stream:
            head = stream.read(HEAD_BYTES)
        if ANIMATION_SIGNATURES.match(head):
            from app.core.animations import AnimationReader  # noqa: PLC0415 - Pillow, only for these

            with AnimationReader(source, is_wanted) as reader:
                _refuse_thin(name, reader.footage)
                yield reader
        else:
            from app.core.video_files import VideoReader  # noqa: PLC0415 - only for these

            with VideoReader(source, is_wanted) as video:
                _refuse_thin(name, video.footage)
                yield video
    except AppError:
        raise
    except Exception as error:  # the boundary: decoders raise anything on damaged files
        raise fault_of(name, error) from error


def fingerprint_of(source: ClipSource) -> str:
    """SHA-256 in hex of the source's size and its first and last MiB."""
    with opened_stream(source) as stream:
        size_bytes = stream.seek(0, os.SEEK_END)
        digest = hashlib.sha256(f"{size_bytes}\n".encode())
        for place in (0, max(0, size_bytes - _END_BYTES)):
            stream.seek(place)
            digest.update(stream.read(_END_BYTES))
    return digest.hexdigest()


def stream_sha256(source: ClipSource) -> str:
    """Of the source's bytes, in hex."""
    digest = hashlib.sha256()
    with opened_stream(source) as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def refuse_large(name: str, width_px: int, height_px: int) -> None:
    """Looks at the size of a video's frames, before one of them is decoded.

    Raises:
        UserError: One would take too much memory.
    """
    if width_px * height_px > MAX_FRAME_PIXELS:
        raise UserError(
            Sentence(
                "“{name}” is too large: its frames have {width_px} x {height_px} pixels.",
                name=name,
                width_px=width_px,
                height_px=height_px,
            ),
            Sentence("A frame may have {megapixels} megapixels.", megapixels=MAX_FRAME_PIXELS // 1_000_000),
        )


def _refuse_thin(name: str, footage: Footage) -> None:
    width_px, height_px = footage.width_px, footage.height_px
    if not aspect_is_possible(height_px, width_px):
        raise UserError(
            Sentence(
                "“{name}” is too long and thin: {width_px} x {height_px} pixels.",
                name=name,
                width_px=width_px,
                height_px=height_px,
            ),
            Sentence("One side may be at most {times} times the other.", times=f"{MAX_ASPECT:.0f}"),
        )


def fault_of(name: str, error: Exception) -> UserError:
    """What to say of whatever went wrong with a video.

    Args:
        name: As it is shown to people.
        error: What its decoder or the system raised.
    """
    detail = f"{type(error).__name__}: {error}"
    fault = out_of_reach(name, error)
    if fault is not None:
        return fault
    if isinstance(error, MemoryError):
        return UserError(
            Sentence("There is not enough memory to open “{name}”.", name=name), "Close other programs.", detail
        )
    if isinstance(error, av.error.InvalidDataError | av.error.ArgumentError | av.error.EOFError):
        return UserError(Sentence("“{name}” is damaged, cut off, or not a video.", name=name), _KINDS, detail)
    if isinstance(error, OSError) and not isinstance(error, av.FFmpegError) and error.errno not in {None, errno.EINVAL}:
        return UserError(
            Sentence("“{name}” cannot be read: {reason}.", name=name, reason=error.strerror),
            "Check its disk, then try again.",
            detail,
        )
    return UserError(Sentence("“{name}” is damaged and cannot be opened.", name=name), _COPY_AGAIN, detail)
