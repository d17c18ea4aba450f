"""How many frames a GIF holds, found by its blocks alone: Pillow makes room for whatever size a damaged one says."""

from __future__ import annotations

import struct
from typing import IO, NamedTuple

_HEADER_BYTES = 13
_PLACE_BYTES = 9
_HAS_COLOURS = 0x80
_COLOURS_BITS = 0x07


class GifFrames(NamedTuple):
    """What a GIF's blocks say.

    Attributes:
        said: Frames that begin.
        sound: Of these, how many come before the first that is cut off in its head or reaches over too many pixels.
    """

    said: int
    sound: int


def gif_frames(stream: IO[bytes], most_pixels: int) -> GifFrames:
    """The frames of a GIF.

    Args:
        stream: The file, which may be anywhere in it afterwards.
        most_pixels: What a frame may reach over, from the picture's corner.
    """
    stream.seek(0)
    header = stream.read(_HEADER_BYTES)
    if len(header) < _HEADER_BYTES:
        return GifFrames(0, 0)
    _pass_colours(stream, header[10])
    said, sound, is_sound = 0, 0, True
    while (kind := stream.read(1)) not in {b"", b";"}:
        if kind == b"!":
            stream.read(1)
        elif kind == b",":
            said += 1
            place = stream.read(_PLACE_BYTES)
            if len(place) < _PLACE_BYTES:
                break
            left, top, width_px, height_px = struct.unpack("<4H", place[:8])
            is_sound &= (left + width_px) * (top + height_px) <= most_pixels
            sound += is_sound
            _pass_colours(stream, place[8])
            stream.read(1)
        else:
            continue
        while length := stream.read(1):
            if length == b"\0":
                break
            stream.read(length[0])
    return GifFrames(said, sound)


def _pass_colours(stream: IO[bytes], flags: int) -> None:
    if flags & _HAS_COLOURS:
        stream.read(3 << ((flags & _COLOURS_BITS) + 1))
