"""What a video file holds, found once: the times of all its frames, and where decoding can begin.

The first pass reads every packet without decoding it, so that what is known of the file is what is in it, whatever its
header says. Of MP4, MOV and some AVI files their tables say the same without reading all of the file.
"""

from __future__ import annotations

import bisect
import itertools
import logging
from array import array
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av  # noqa: TID253 - this module itself is imported only when a video is opened
import numpy as np

from app.core.clip_files import refuse_large
from app.core.container_tables import samples_of
from app.core.errors import Sentence, UserError
from app.core.footage import Footage
from app.core.frame_pixels import stance_of
from app.core.hardware_decoding import suits_hardware
from app.core.video_decoding import OpenVideo
from app.core.video_timeline import BROADCASTS, PacketNotes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from app.core.clips import ClipSource
    from app.core.frame_pixels import Stance
    from app.core.video_timeline import Packets, Timeline

logger = logging.getLogger(__name__)

_FIRST_TRIES = 256
"""Frames at the beginning of which one must be whole."""
_ASTRAY = ("mpeg",)
"""Formats in which several frames share a time, so that those after a seek are guessed wrong."""
_SHORT_BY = 0.05
_SHORT_BY_S = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class VideoIndex:
    """What there is to know of a video file before its frames are decoded.

    Attributes:
        footage: What it holds.
        timeline: Its packets, or None where they do not say when they are shown.
        order: Of each frame in the order shown, the number of its packet.
        coded_size: (width, height) of a frame as it lies in the file.
        stance: How it is set up.
        codec: FFmpeg's name of its coding.
    """

    footage: Footage
    timeline: Timeline | None
    order: Sequence[int]
    coded_size: tuple[int, int]
    stance: Stance
    codec: str

    @property
    def suits_hardware(self) -> bool:
        """Whether the machine's own decoder is worth it."""
        return suits_hardware(self.codec, *self.coded_size)

    def place_of(self, pts: int) -> int:
        """The place among the frames shown of the one that is shown at a time in the stream's unit, or after it."""
        assert self.timeline is not None  # noqa: S101 - else frames are counted
        return bisect.bisect_left(self.order, pts, key=self.timeline.pts.__getitem__)

    @property
    def size_bytes(self) -> int:
        """About how much memory it takes."""
        timeline = self.timeline
        parts = [self.footage.times_s, self.footage.keys, self.order]
        if timeline is not None:
            parts += [timeline.pts, timeline.keys, timeline.rising, timeline.by_time]
        arrays = {id(part): part for part in parts if isinstance(part, array)}
        return sum(len(part) * part.itemsize for part in arrays.values())


def index_of(source: ClipSource, name: str, is_wanted: Callable[[], bool]) -> VideoIndex:
    """What a video file holds.

    Args:
        source: The file.
        name: As it is shown to people.
        is_wanted: Once it says no, reading ends with an error.

    Raises:
        UserError: There is nothing in it that can be shown.
        InterruptedError: Nobody wants it any more.
    """
    with OpenVideo(source, 1) as video:
        return _Pass(video, source, name, is_wanted).index()


class _Pass:
    """The first pass through an open file."""

    def __init__(self, video: OpenVideo, source: ClipSource, name: str, is_wanted: Callable[[], bool]) -> None:
        self._video = video
        self._source = source
        self._name = name
        self._is_wanted = is_wanted

    def index(self) -> VideoIndex:
        """What the file holds."""
        coder = self._video.stream.codec_context
        refuse_large(self._name, coder.width, coder.height)
        tables = None if self._has_palette else samples_of(self._video, self._source, self._is_wanted)
        packets = tables or self._read_packets()
        order, timeline = packets.in_order()
        if not order:
            raise self._nothing_to_show()
        begin = packets.pts[order[0]]
        frame = self._first_frame(order, timeline)
        if timeline is not None:  # a recording may begin with frames that need some before it
            place = bisect.bisect_left(order, frame.pts, key=packets.pts.__getitem__)
            order = order[place:] if place else order
        keys = packets.keys_in(order)
        times_s, end_s = self._times(packets, order, begin)
        refuse_large(self._name, frame.width, frame.height)
        stance = stance_of(frame)
        notes = self._notes_on(end_s, stance)
        footage = Footage(times_s, end_s, *self._upright_size(frame, stance), keys, notes)
        return VideoIndex(
            footage, timeline, order, (frame.width, frame.height), stance, self._video.stream.codec_context.name
        )

    def _read_packets(self) -> Packets:
        """Notes when every packet is shown, if at all, and whether decoding can begin with it."""
        self._video.rewind()
        name = self._video.container.format.name
        notes = PacketNotes(name, self._video.stream.time_base)
        for packet in self._readable_packets():
            notes.add(packet)
        return notes.packets(can_seek=name not in _ASTRAY and not self._has_palette)

    @property
    def _has_palette(self) -> bool:
        """Whether colours are told once, before the first packet: what is sought loses them."""
        return bool(self._video.stream.codec_context.pix_fmt == "pal8")

    def _readable_packets(self) -> Iterator[Any]:
        """The video's packets up to the file's end or the first place where it cannot be read."""
        is_first = True
        try:
            for packet in self._video.packets_on():
                if not self._is_wanted():
                    raise InterruptedError
                # What the file's end cuts in two is marked; broadcasts mark whatever was not received well.
                if packet.size and (not packet.is_corrupt or self._video.container.format.name in BROADCASTS):
                    if is_first:
                        self._video.refuse_encrypted(packet)
                    is_first = False
                    yield packet
        except av.FFmpegError:
            logger.debug("The file ends within a packet")

    def _times(self, packets: Packets, order: array[int], begin: int) -> tuple[array[float], float]:
        """When each frame is shown, and when the last one ends; from `begin`, or from where sound begins before."""
        unit: Fraction = self._video.stream.time_base
        shown = np.frombuffer(packets.pts, dtype=np.int64)[np.frombuffer(order, dtype=np.intc)]
        if self._video.container.start_time is not None:
            begin = min(begin, round(Fraction(self._video.container.start_time, av.time_base) / unit))
        lasting = packets.last_lasts or (int(np.median(np.diff(shown))) if len(shown) > 1 else 0)
        times_s = array("d")
        times_s.frombytes(((shown - begin) * float(unit)).tobytes())
        return times_s, float((int(shown[-1]) - begin + lasting) * unit)

    def _notes_on(self, end_s: float, stance: Stance) -> tuple[str, ...]:
        notes = []
        said_s = self._said_duration_s()
        if self._is_short(end_s, said_s) and self._is_short(self._end_of_all_s(), said_s):
            notes.append(
                Sentence(
                    "The file says that it lasts {said} s, but only {read} s of it can be read.",
                    said=f"{said_s:.1f}",
                    read=f"{end_s:.1f}",
                )
            )
        if stance.is_askew:
            notes.append(
                Sentence(
                    "The file wants its frames turned by {degrees}° more: they are turned by quarters only.",
                    degrees=f"{stance.askew_degrees:.0f}",
                )
            )
        return tuple(notes)

    def _said_duration_s(self) -> float:
        """How long the file's header says that it lasts, or 0 where it does not."""
        if self._video.container.format.name == "avi":  # FFmpeg shortens the duration of a file that is cut off
            return float(self._video.stream.frames * self._video.stream.time_base)
        if self._video.stream.duration is not None:
            return float(self._video.stream.duration * self._video.stream.time_base)
        return float((self._video.container.duration or 0) / av.time_base)

    @staticmethod
    def _is_short(end_s: float, said_s: float) -> bool:
        return said_s - end_s > max(_SHORT_BY_S, _SHORT_BY * said_s)

    def _end_of_all_s(self) -> float:
        """When the last packet of any kind ends: sound may go on after the pictures, and a file may begin late."""
        end_s = 0.0
        self._video.rewind()
        with suppress(av.FFmpegError):
            for packet in self._video.packets_on(of_all=True):
                if not self._is_wanted():
                    raise InterruptedError
                if packet.pts is not None and packet.stream.duration is None:
                    end_s = max(end_s, float((packet.pts + (packet.duration or 0)) * packet.time_base))
        return end_s

    def _first_frame(self, order: Sequence[int], timeline: Timeline | None) -> Any:
        """A decoded frame: only it has the true size, shape and rotation."""
        tried = order[:_FIRST_TRIES]
        if timeline is None:
            frames = self._video.frames_in_order(self._is_wanted)
        else:
            frames = (frame for _, frame in self._video.frames_of(tried, timeline, self._is_wanted))
        for frame in itertools.islice(frames, len(tried)):
            return frame
        raise self._nothing_to_show()

    def _upright_size(self, frame: Any, stance: Stance) -> tuple[int, int]:
        """(width, height) with square pixels."""
        width_px, height_px = frame.width, frame.height
        aspect = self._video.stream.sample_aspect_ratio or self._video.stream.codec_context.sample_aspect_ratio
        pixel_aspect = float(aspect) if aspect else 1.0
        if pixel_aspect > 1:
            width_px = round(width_px * pixel_aspect)
        else:
            height_px = round(height_px / pixel_aspect)
        return stance.upright_size(width_px, height_px)

    def _nothing_to_show(self) -> UserError:
        return UserError(
            Sentence("“{name}” has no frame that can be read.", name=self._name),
            "Copy or download it again from where it came from.",
        )
