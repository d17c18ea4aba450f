"""Opening a video with PyAV and decoding some of its frames: seeking where that is nearer, else decoding on."""

from __future__ import annotations

import bisect
import io
import itertools
import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import av  # noqa: TID253 - this module itself is imported only when a video is opened

from app.core.clip_kinds import opened_stream
from app.core.errors import Sentence, UserError
from app.core.files import shown_name

if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable, Container, Iterator, Mapping, Sequence

    from typing_extensions import Self

    from app.core.clips import ClipSource

_DEMUXERS = "mov,mp4,matroska,webm,avi,mpegts,mpeg,flv,ogg,asf"
"""What FFmpeg may take a file for: nothing that opens further files or addresses, as play lists do."""
_OPTIONS = {"format_whitelist": _DEMUXERS, "protocol_whitelist": "file"}
_ENCRYPTED_TAGS = ("encv", "drmi")
_SKIPPABLE = ("h264",)
"""Codecs that mark the frames to which no other frame at all refers."""
_VPX = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""The decoders that know transparency, which FFmpeg's own pass over."""
_SEEK_TRIES = 3
_NEAR_PACKETS = 30

logging.getLogger("libav").setLevel(logging.CRITICAL)
"""What FFmpeg logs about damaged files is said to the person, in words."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """A video's packets in their order.

    Attributes:
        pts: When each is shown, in the stream's unit.
        keys: The packets where decoding can begin.
        places: Each packet's number by its time.
    """

    pts: array[int]
    keys: list[int]
    places: dict[int, int]

    def start_for(self, index: int) -> int:
        """The packet where decoding has to begin for this one.

        A frame that comes after a key frame in the file but before it in time needs the key frame before.
        """
        place = bisect.bisect_right(self.keys, index) - 1
        while place > 0 and self.pts[self.keys[place]] > self.pts[index]:
            place -= 1
        return self.keys[place] if place >= 0 else 0

    def visits(self, packets: Sequence[int]) -> list[tuple[int, int]]:
        """For the wanted packets, in order: the runs to decode, one for each place where decoding begins."""
        ends: dict[int, int] = {}
        for index in packets:
            ends[self.start_for(index)] = index
        return sorted(ends.items())


def joined(visits: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Runs to decode, those with but a small gap between them made one: a seek empties the decoder."""
    runs: list[tuple[int, int]] = []
    for first, last in visits:
        if runs and first <= runs[-1][1] + _NEAR_PACKETS:
            runs[-1] = (runs[-1][0], max(runs[-1][1], last))
        else:
            runs.append((first, last))
    return runs


class OpenVideo:
    """A video file that is open, and its stream of moving pictures. Thread: any one at a time.

    Attributes:
        container: PyAV's.
        stream: PyAV's; the one that players show.

    Raises:
        UserError: There is nothing to decode in the file.
    """

    container: Any
    stream: Any
    _decoder: Any

    def __init__(self, source: ClipSource, thread_count: int = 0) -> None:
        self._source = source
        self._name = shown_name(source.name)
        self._thread_count = thread_count
        self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file and lets its decoder go; safe to call twice."""
        if self.container is not None:
            self.container.close()
        self.container = self.stream = self._decoder = None

    def _open(self) -> None:
        with opened_stream(self._source):  # refuses folders, pipes and empty files in words
            pass
        path, data = self._source.path, self._source.data
        file = f"file:{path.absolute()}" if path is not None else io.BytesIO(data or b"")
        self.container = av.open(file, options=dict(_OPTIONS), metadata_errors="replace")
        try:
            self.stream = self._chosen_stream()
            self._decoder = self._chosen_decoder()
            self._decoder.thread_type = "AUTO"
            self._decoder.thread_count = self._thread_count
        except BaseException:
            self.container.close()
            raise

    def _chosen_stream(self) -> Any:
        kind = av.stream.Disposition
        streams = [stream for stream in self.container.streams.video if not stream.disposition & kind.attached_pic]
        if not streams:
            raise UserError(
                Sentence("“{name}” has no moving pictures in it.", name=self._name),
                "It may be sound alone; choose a video.",
            )
        stream = max(streams, key=lambda stream: bool(stream.disposition & kind.default))
        if stream.codec_context is None:
            raise UserError(
                Sentence("“{name}” is coded in a way that cannot be read here.", name=self._name),
                "Convert it to H.264 first.",
            )
        if stream.codec_context.codec_tag in _ENCRYPTED_TAGS:
            raise self.encrypted()
        return stream

    def _chosen_decoder(self) -> Any:
        usual = self.stream.codec_context
        words = {word.lower(): value for word, value in self.stream.metadata.items()}
        if usual.name in _VPX and words.get("alpha_mode") == "1":
            return av.CodecContext.create(_VPX[usual.name], "r")
        return usual

    def encrypted(self) -> UserError:
        """What to say of a file that only its own player can decode."""
        return UserError(Sentence("“{name}” is encrypted.", name=self._name), "Choose a copy that is not protected.")

    def frames_between(
        self, first: int, last: int, wanted: Container[int], timeline: Timeline, is_wanted: Callable[[], bool]
    ) -> Iterator[Any]:
        """Decodes a run of packets; of H.264 those that nothing refers to are passed over unless wanted.

        Args:
            first: The first packet, where decoding can begin.
            last: The last packet.
            wanted: The times of wanted frames in the stream's unit.
            timeline: All packets.
            is_wanted: Once it says no, decoding ends with an error.
        """
        is_skipping = self._decoder.name in _SKIPPABLE
        for packet in self._packets_from(first, timeline):
            if timeline.places.get(packet.pts, last) > last:
                break
            if not is_wanted():
                raise InterruptedError
            if is_skipping:
                self._decoder.skip_frame = "DEFAULT" if packet.pts in wanted else "NONREF"
            with suppress(av.FFmpegError):
                yield from self._decoder.decode(packet)
        with suppress(av.FFmpegError):
            yield from self._decoder.decode(None)

    def frames_in_order(self, is_wanted: Callable[[], bool]) -> Iterator[Any]:
        """Every frame from the start, for files whose packets do not say when they are shown."""
        self._open_anew()
        for packet in self.container.demux(self.stream):
            if not is_wanted():
                raise InterruptedError
            with suppress(av.FFmpegError):
                yield from self._decoder.decode(packet if packet.size else None)

    def _open_anew(self) -> None:
        self.close()
        self._open()

    def _packets_from(self, first: int, timeline: Timeline) -> Iterator[Any]:
        """The file's packets from this one on, by seeking; from the file's start where seeking does not find it."""
        places = timeline.places
        tries = bisect.bisect_right(timeline.keys, first)
        for key in reversed(timeline.keys[max(0, tries - _SEEK_TRIES) : tries]):
            try:
                self.container.seek(timeline.pts[key], stream=self.stream, backward=True)
                packets = self.container.demux(self.stream)
                begin = next(packet for packet in packets if packet.size)
            except (av.FFmpegError, StopIteration):
                break
            if places.get(begin.pts, first + 1) <= first:
                self._decoder.flush_buffers()
                yield from _whole(itertools.chain([begin], packets), first, places)
                return
        self._open_anew()
        yield from _whole(self.container.demux(self.stream), first, places)


def _whole(packets: Iterator[Any], first: int, places: Mapping[int, int]) -> Iterator[Any]:
    with suppress(av.FFmpegError):
        for packet in packets:
            if packet.size and places.get(packet.pts, -1) >= first:
                yield packet
