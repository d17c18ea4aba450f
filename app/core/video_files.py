"""Videos through PyAV: the times of all frames from their packets, then the wanted frames alone, one at a time.

A first pass reads every packet without decoding it, so that what is known of the file is what is in it, whatever its
header says. The second pass seeks to the key frame before each wanted frame, or decodes on where that is nearer.
"""

from __future__ import annotations

import bisect
import io
import itertools
import logging
from array import array
from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av  # noqa: TID253 - this module itself is imported only when a video is opened
import numpy as np

from app.core.clip_colours import rgb_of
from app.core.clip_files import Taken, opened_stream, stream_sha256
from app.core.errors import Sentence, UserError
from app.core.files import shown_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from typing_extensions import Self

    from app.core.clips import ClipSource

logger = logging.getLogger(__name__)

_DEMUXERS = "mov,mp4,matroska,webm,avi,mpegts,mpeg,flv,ogg,asf"
"""What FFmpeg may take a file for: nothing that opens further files or addresses, as play lists do."""
_OPTIONS = {"format_whitelist": _DEMUXERS, "protocol_whitelist": "file"}
_ENCRYPTED_TAGS = ("encv", "drmi")
_ENCRYPTED_PACKET = "encryption_info"
_FIRST_TRIES = 256
"""Frames at the beginning of which one must be whole."""
_NEAR_PACKETS = 30
"""A gap this small is decoded through: a seek flushes the decoder."""
_SKIPPABLE = ("h264",)
"""Codecs that mark the frames to which no other frame at all refers."""
_SEEK_TRIES = 3
_SHORT_BY = 0.05
_SHORT_BY_S = 1.0
_QUARTER_TURN = 90
_FULL_TURN = 360

logging.getLogger("libav").setLevel(logging.CRITICAL)
"""What FFmpeg logs about damaged files is said to the person, in words."""


class VideoReader:
    """A video file, see ClipReader. Thread: any one at a time."""

    def __init__(self, source: ClipSource, is_wanted: Callable[[], bool]) -> None:
        self._source = source
        self._is_wanted = is_wanted
        self._name = shown_name(source.name)
        self.notes: list[str] = []
        self._container: Any = None
        self._stream: Any = None

    def __enter__(self) -> Self:
        try:
            self._open()
            self._read_packets()
            self._set_times()
            self._look_at_first_frame()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._container is not None:
            self._container.close()
            self._container = None

    @property
    def upright_size(self) -> tuple[int, int]:
        """(width, height) of the upright frames with square pixels."""
        width_px, height_px = self._coded_size
        if self._pixel_aspect > 1:
            width_px = round(width_px * self._pixel_aspect)
        else:
            height_px = round(height_px / self._pixel_aspect)
        return (height_px, width_px) if self._quarter_turns % 2 else (width_px, height_px)

    def sha256(self) -> str:
        """Of the file's bytes, in hex."""
        return stream_sha256(self._source)

    def frames(self, indices: Sequence[int], width_px: int, height_px: int) -> dict[int, Taken]:
        """Frames by index at a size; in place of one that cannot be decoded stands the nearest that can.

        Raises:
            UserError: Not one of them can be decoded.
        """
        turned = (height_px, width_px) if self._quarter_turns % 2 else (width_px, height_px)
        taken: dict[int, Taken] = {}
        for index, frame in self._decoded(indices):
            rgb = rgb_of(frame, *turned)
            if self._quarter_turns:
                rgb = np.rot90(rgb, self._quarter_turns)
            taken[index] = Taken(self.times_s[index], rgb.tobytes())
        if not taken:
            raise UserError(
                Sentence("“{name}” is damaged: none of its frames can be decoded.", name=self._name),
                "Copy or download it again from where it came from.",
            )
        at_hand = sorted(taken)
        for index in indices:
            if index not in taken:
                taken[index] = taken[min(at_hand, key=lambda other: abs(other - index))]
        return taken

    def _open(self) -> None:
        self.__exit__()
        with opened_stream(self._source):  # refuses folders, pipes and empty files in words
            pass
        path, data = self._source.path, self._source.data
        file = f"file:{path.absolute()}" if path is not None else io.BytesIO(data or b"")
        self._container = av.open(file, options=dict(_OPTIONS), metadata_errors="replace")
        streams = [
            stream
            for stream in self._container.streams.video
            if not stream.disposition & av.stream.Disposition.attached_pic
        ]
        if not streams:
            raise UserError(
                Sentence("“{name}” has no moving pictures in it.", name=self._name),
                "It may be sound alone; choose a video.",
            )
        self._stream = max(streams, key=lambda stream: bool(stream.disposition & av.stream.Disposition.default))
        if self._stream.codec_context is None:
            raise UserError(
                Sentence("“{name}” is coded in a way that cannot be read here.", name=self._name),
                "Convert it to H.264 first.",
            )
        if self._stream.codec_context.codec_tag in _ENCRYPTED_TAGS:
            raise self._encrypted()
        self._stream.thread_type = "AUTO"

    def _read_packets(self) -> None:
        """Notes when every packet is shown, if at all, and whether decoding can begin with it."""
        self._pts = array("q")
        self._keys: list[int] = []
        self._last_lasts = 0
        self._have_times = True
        stored, hidden = array("q"), set()
        is_avi = self._container.format.name == "avi"
        latest = -(1 << 62)
        for index, packet in enumerate(self._readable_packets()):
            dts = packet.dts if packet.dts is not None else (stored[-1] + 1 if index else 0)
            stored.append(dts)
            # AVI has no times of showing: FFmpeg's guesses are wrong where frames are stored out of order.
            self._have_times &= packet.pts is not None and not (is_avi and packet.pts != dts)
            pts = dts if packet.pts is None else packet.pts
            self._pts.append(pts)
            if packet.is_keyframe:
                self._keys.append(index)
            if packet.is_discard:
                hidden.add(index)
            elif pts >= latest:
                latest, self._last_lasts = pts, packet.duration or 0
        if not self._have_times or len(set(self._pts)) < len(self._pts):
            self._have_times, self._pts = False, stored
        self._order = sorted((index for index in range(len(stored)) if index not in hidden), key=self._pts.__getitem__)
        if not self._order:
            raise self._nothing_to_show()

    def _readable_packets(self) -> Iterator[Any]:
        """The video's packets up to the file's end or the first place where it cannot be read."""
        is_first = True
        try:
            for packet in self._container.demux(self._stream):
                if not self._is_wanted():
                    raise InterruptedError
                if packet.size:
                    if is_first and packet.has_sidedata(_ENCRYPTED_PACKET):
                        raise self._encrypted()
                    is_first = False
                    yield packet
        except av.FFmpegError:
            logger.debug("The file ends within a packet")

    def _set_times(self) -> None:
        unit = self._stream.time_base
        shown = [self._pts[index] for index in self._order]
        begin = shown[0]
        if self._container.start_time is not None:
            begin = min(begin, round(Fraction(self._container.start_time, av.time_base) / unit))
        self.times_s: Sequence[float] = array("d", [float((pts - begin) * unit) for pts in shown])
        steps = sorted(after - before for before, after in itertools.pairwise(shown))
        lasting = self._last_lasts or (steps[len(steps) // 2] if steps else 0)
        self.end_s: float = float((shown[-1] - begin + lasting) * unit)
        said_s = self._said_duration_s(self.end_s / len(shown))
        if said_s - self.end_s > max(_SHORT_BY_S, _SHORT_BY * said_s):
            self.notes.append(
                Sentence(
                    "The file says that it lasts {said} s, but only {read} s of it can be read.",
                    said=f"{said_s:.1f}",
                    read=f"{self.end_s:.1f}",
                )
            )

    def _said_duration_s(self, step_s: float) -> float:
        """How long the file's header says that it lasts, or 0 where it does not."""
        said_s = (self._container.duration or 0) / av.time_base
        if self._stream.duration is not None:
            said_s = float(self._stream.duration * self._stream.time_base)
        return max(said_s, int(self._stream.frames) * step_s)

    def _look_at_first_frame(self) -> None:
        """Decodes a frame, because only it has the true size, shape of pixels and rotation."""
        frame = next((frame for _, frame in self._decoded(range(min(len(self._order), _FIRST_TRIES)))), None)
        if frame is None:
            raise self._nothing_to_show()
        self._coded_size = (frame.width, frame.height)
        aspect = self._stream.sample_aspect_ratio or self._stream.codec_context.sample_aspect_ratio
        self._pixel_aspect = float(aspect) if aspect else 1.0
        rotation = round(frame.rotation / _QUARTER_TURN) * _QUARTER_TURN % _FULL_TURN
        self._quarter_turns = rotation // _QUARTER_TURN

    def _encrypted(self) -> UserError:
        return UserError(Sentence("“{name}” is encrypted.", name=self._name), "Choose a copy that is not protected.")

    def _nothing_to_show(self) -> UserError:
        return UserError(
            Sentence("“{name}” has no frame that can be read.", name=self._name),
            "Copy or download it again from where it came from.",
        )

    def _decoded(self, indices: Sequence[int]) -> Iterator[tuple[int, Any]]:
        """The wanted frames as they come out of the decoder; those that cannot be decoded are left out."""
        if not self._have_times:
            yield from self._decoded_in_order(indices)
            return
        wanted = {self._pts[self._order[index]]: index for index in indices}
        places = {pts: place for place, pts in enumerate(self._pts)}
        for first, last in self._visits(sorted(self._order[index] for index in indices)):
            left = sum(first <= places[pts] <= last for pts in wanted)
            for frame in self._frames_between(first, last, wanted, places):
                index = wanted.pop(frame.pts, None)
                if index is not None:
                    yield index, frame
                    left -= 1
                    if not left:
                        break

    def _visits(self, packets: list[int]) -> list[tuple[int, int]]:
        """Runs of packets to decode for the wanted ones: each begins where decoding can begin."""
        visits: list[tuple[int, int]] = []
        for index in packets:
            first = self._key_before(index)
            if visits and first <= visits[-1][1] + _NEAR_PACKETS:
                visits[-1] = (visits[-1][0], max(visits[-1][1], index))
            else:
                visits.append((first, index))
        return visits

    def _key_before(self, index: int) -> int:
        """The packet where decoding has to begin for this one.

        A frame that comes after a key frame in the file but before it in time needs the key frame before.
        """
        place = bisect.bisect_right(self._keys, index) - 1
        while place > 0 and self._pts[self._keys[place]] > self._pts[index]:
            place -= 1
        return self._keys[place] if place >= 0 else 0

    def _frames_between(
        self, first: int, last: int, wanted: Mapping[int, int], places: Mapping[int, int]
    ) -> Iterator[Any]:
        """Decodes packets `first` to `last`; of H.264 those that nothing refers to are passed over unless wanted."""
        codec = self._stream.codec_context
        is_skipping = codec.name in _SKIPPABLE
        for packet in self._packets_from(first, places):
            if packet.pts is None or places.get(packet.pts, last) > last:
                break
            if not self._is_wanted():
                raise InterruptedError
            if is_skipping:
                codec.skip_frame = "DEFAULT" if packet.pts in wanted else "NONREF"
            with suppress(av.FFmpegError):
                yield from codec.decode(packet)
        with suppress(av.FFmpegError):
            yield from codec.decode(None)

    def _packets_from(self, first: int, places: Mapping[int, int]) -> Iterator[Any]:
        """The file's packets from this one on, by seeking; from the file's start where seeking does not find it."""
        keys = [key for key in self._keys if key <= first][-_SEEK_TRIES:]
        for key in reversed(keys):
            try:
                self._container.seek(self._pts[key], stream=self._stream, backward=True)
                packets = self._container.demux(self._stream)
                begin = next(packet for packet in packets if packet.size)
            except (av.FFmpegError, StopIteration):
                break
            if places.get(begin.pts, first + 1) <= first:
                self._stream.codec_context.flush_buffers()
                yield from self._whole(itertools.chain([begin], packets), first, places)
                return
        self._open()
        yield from self._whole(self._container.demux(self._stream), first, places)

    def _whole(self, packets: Iterator[Any], first: int, places: Mapping[int, int]) -> Iterator[Any]:
        with suppress(av.FFmpegError):
            for packet in packets:
                if packet.size and places.get(packet.pts, -1) >= first:
                    yield packet

    def _decoded_in_order(self, indices: Sequence[int]) -> Iterator[tuple[int, Any]]:
        """As `_decoded`, for files whose packets do not say when they are shown: frames are counted from the start."""
        self._open()
        left = set(indices)
        index = 0
        for packet in self._container.demux(self._stream):
            if not self._is_wanted():
                raise InterruptedError
            with suppress(av.FFmpegError):
                for frame in self._stream.codec_context.decode(packet if packet.size else None):
                    if index in left:
                        yield index, frame
                        left.discard(index)
                    index += 1
            if not left:
                return
