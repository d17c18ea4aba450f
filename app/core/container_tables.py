"""The tables in which an MP4, MOV or AVI file says where its frames are and when each is shown.

FFmpeg reads them too and gives all but the times of showing, which it works out packet by packet. Here they are read
for all frames at once, and held against some packets; wherever anything is unusual the packets themselves decide. The
index of a Matroska file names its key frames alone, so that it is read through.

Source of the layout: ISO/IEC 14496-12, 8.6.1 (times) and 8.7.3 (sizes).
"""

from __future__ import annotations

import itertools
import os
import struct
from array import array
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import av  # noqa: TID253 - this module itself is imported only when a video is opened
import numpy as np

from app.core.clip_kinds import opened_stream
from app.core.video_timeline import Packets

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from app.core.clips import ClipSource
    from app.core.video_decoding import OpenVideo

_MOST_HEADER_BYTES = 1 << 28
_BOX_BYTES = 8
_LONG_BOX_BYTES = 16
_PROBED_PACKETS = 4
_PROBED_PLACES = 5
_ASKED_EVERY = 4096
_ID, _ID_LATER, _SIZES, _ROWS = 12, 20, 8, 4
"""Where in their boxes stand a track's number, the same in the later version, how many samples and how many rows."""


def samples_of(video: OpenVideo, source: ClipSource, is_wanted: Callable[[], bool]) -> Packets | None:
    """The packets of an open file, or None where its tables do not say all of them for sure.

    The file may be anywhere afterwards.

    Raises:
        InterruptedError: Nobody wants it any more.
    """
    formats = video.container.format.name.split(",")
    entries = video.stream.index_entries
    count = len(entries)
    if not count or not {"mp4", "avi"}.intersection(formats):
        return None
    with opened_stream(source) as stream:
        size_bytes = stream.seek(0, os.SEEK_END)
        header = _header(stream, size_bytes) if "mp4" in formats else b""
    if "mp4" in formats:
        tables = _tables_of(header, int(video.stream.id))
        later = _by_sample(tables, b"ctts", count) if _count(tables) == count else None
        lasting = _by_sample(tables, b"stts", count)
    else:  # says nothing of times: frames are shown as they are stored, unless some lead others
        later = lasting = np.zeros(count, dtype=np.int64) if video.stream.codec_context.codec.intra_only else None
    found = _entries(entries, size_bytes, is_wanted) if later is not None else None
    if later is None or lasting is None or found is None:
        return None
    stored, keys, hidden = found
    with suppress(av.FFmpegError):
        shift = _shift(video, stored, later, keys)
        times = stored + later + (shift or 0)
        if shift is not None and len(np.unique(times)) == len(times):
            pts = array("q")
            pts.frombytes(times.tobytes())
            times[np.frombuffer(hidden, dtype=np.intc)] = np.iinfo(np.int64).min
            return Packets(pts, keys, hidden, max(0, int(lasting[np.argmax(times)])), True)
    return None


def _entries(
    entries: Any, size_bytes: int, is_wanted: Callable[[], bool]
) -> tuple[NDArray[np.int64], array[int], array[int]] | None:
    """When each packet is stored, which are key frames and which hidden; None if the file does not hold all of them."""
    dts, keys, hidden = array("q"), array("i"), array("i")
    for number, entry in enumerate(entries):
        if number % _ASKED_EVERY == 0 and not is_wanted():
            raise InterruptedError
        if not 0 < entry.size <= size_bytes - entry.pos:
            return None
        dts.append(entry.timestamp)
        if entry.is_keyframe:
            keys.append(number)
        if entry.is_discard:
            hidden.append(number)
    stored = np.frombuffer(dts, dtype=np.int64)
    return (stored, keys, hidden) if keys and (np.diff(stored) > 0).all() else None


def _shift(video: OpenVideo, stored: NDArray[np.int64], later: NDArray[np.int64], keys: array[int]) -> int | None:
    """What FFmpeg adds to all times of showing, if it is the same and all else is equal in some places of the file."""
    shifts: set[int] = set()
    for part in range(_PROBED_PLACES):
        key = keys[(len(keys) - 1) * part // (_PROBED_PLACES - 1)]
        shown = int(stored[key] + later[key]) + sum(shifts)
        video.container.seek(shown, stream=video.stream, backward=True)
        packets = (packet for packet in video.packets_on() if packet.size)
        for packet in itertools.islice(packets, _PROBED_PACKETS):
            video.refuse_encrypted(packet)
            number = int(np.searchsorted(stored, packet.dts)) if packet.dts is not None else len(stored)
            if number == len(stored) or packet.dts != stored[number] or packet.pts is None:
                return None
            shifts.add(int(packet.pts - stored[number] - later[number]))
        if len(shifts) != 1:
            return None
    return shifts.pop()


def _header(stream: Any, size_bytes: int) -> bytes:
    """The file's ``moov`` box, or nothing."""
    place = 0
    while place + _BOX_BYTES <= size_bytes:
        stream.seek(place)
        head = stream.read(_LONG_BOX_BYTES)
        length, kind, start = _box(head, 0, size_bytes - place)
        if kind == b"moov":
            stream.seek(place + start)
            return bytes(stream.read(length - start)) if length <= _MOST_HEADER_BYTES else b""
        if length < start:
            break
        place += length
    return b""


def _box(data: bytes, place: int, left: int) -> tuple[int, bytes, int]:
    """(length, kind, bytes of its head) of the box at a place."""
    length, kind = struct.unpack_from(">I4s", data, place)
    if length == 1 and len(data) >= place + _LONG_BOX_BYTES:
        return struct.unpack_from(">Q", data, place + _BOX_BYTES)[0], kind, _LONG_BOX_BYTES
    return (length or left), kind, _BOX_BYTES


def _boxes(data: memoryview) -> dict[bytes, list[memoryview]]:
    found: dict[bytes, list[memoryview]] = {}
    place = 0
    while place + _BOX_BYTES <= len(data):
        length, kind, start = _box(bytes(data[place : place + _LONG_BOX_BYTES]), 0, len(data) - place)
        if length < start or place + length > len(data):
            break
        found.setdefault(kind, []).append(data[place + start : place + length])
        place += length
    return found


def _tables_of(header: bytes, track: int) -> dict[bytes, list[memoryview]]:
    """The tables of a track's samples; none where more of them follow in fragments."""
    boxes = _boxes(memoryview(header))
    for trak in boxes.get(b"trak", []) if b"mvex" not in boxes else []:
        parts = _boxes(trak)
        head = bytes(parts[b"tkhd"][0]) if b"tkhd" in parts else b""
        if head and _number(head, _ID_LATER if head[0] else _ID) == track:
            for kind in (b"mdia", b"minf", b"stbl"):
                parts = _boxes(parts[kind][0]) if kind in parts else {}
            return parts
    return {}


def _number(data: bytes | memoryview, place: int) -> int:
    return int.from_bytes(data[place : place + 4], "big")


def _count(tables: dict[bytes, list[memoryview]]) -> int:
    return _number(tables[b"stsz"][0], _SIZES) if b"stsz" in tables else 0


def _by_sample(tables: dict[bytes, list[memoryview]], kind: bytes, count: int) -> NDArray[np.int64] | None:
    """A table of runs (how many, what value), sample by sample; zeros where it is not there, None where it is wrong."""
    if kind not in tables:
        return np.zeros(count, dtype=np.int64)
    data = tables[kind][0]
    rows = _number(data, _ROWS)
    if len(data) < _ROWS + 4 + 8 * rows:
        return None
    runs = np.frombuffer(data, dtype=">i4", count=2 * rows, offset=_ROWS + 4).reshape(rows, 2).astype(np.int64)
    return np.repeat(runs[:, 1], runs[:, 0]) if (runs[:, 0] >= 0).all() and runs[:, 0].sum() == count else None
