"""Opening a video with PyAV and decoding some of its frames: seeking where that is nearer, else decoding on."""

from __future__ import annotations

import bisect
import io
import itertools
import logging
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import av  # noqa: TID253 - this module itself is imported only when a video is opened

from app.core.clip_kinds import opened_stream
from app.core.errors import Sentence, UserError
from app.core.files import shown_name
from app.core.hardware_decoding import hardware, is_handed_over

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence

    from typing_extensions import Self

    from app.core.clips import ClipSource
    from app.core.video_timeline import Timeline

_DEMUXERS = "mov,mp4,matroska,webm,avi,mpegts,mpeg,flv,ogg,asf"
"""What FFmpeg may take a file for: nothing that opens further files or addresses, as play lists do."""
_OPTIONS = {"format_whitelist": _DEMUXERS, "protocol_whitelist": "file"}
_ENCRYPTED_PACKET = "encryption_info"
_ENCRYPTED_TAGS = ("encv", "drmi")
_SKIPPABLE = ("h264", "mpeg1video", "mpeg2video")
"""Codecs that mark the frames to which no other frame at all refers; HEVC does for frames of the same layer only."""
_VPX = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""The decoders that know transparency, which FFmpeg's own pass over."""
_SEEK_TRIES = 3
_PIXELS_IN_THREADS = 100_000_000
"""Of the frames that one decoder's threads work on: three of 8K."""

logger = logging.getLogger(__name__)
logging.getLogger("libav").setLevel(logging.CRITICAL)
"""What FFmpeg logs about damaged files is said to the person, in words."""


class OpenVideo:
    """A video file that is open, and its stream of moving pictures. Thread: any one at a time.

    Attributes:
        container: PyAV's.
        stream: PyAV's; the one that players show.
        has_failed: Whether the hardware that decodes it gave an error.

    Args:
        source: The file.
        thread_count: Of a decoder of our own, 0 for as many as the machine has.
        may_use_hardware: Whether the machine's own decoder is worth it; without one this changes nothing.

    Raises:
        UserError: There is nothing to decode in the file.
    """

    container: Any
    stream: Any
    _decoder: Any

    def __init__(self, source: ClipSource, thread_count: int = 0, *, may_use_hardware: bool = False) -> None:
        self._source = source
        self._name = shown_name(source.name)
        self._thread_count = thread_count
        self._hardware = hardware() if may_use_hardware else None
        self.has_failed = False
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
        self.container = self._opened(file)
        try:
            self.stream = self._chosen_stream()
            self._decoder = self._chosen_decoder()
            self._decoder.thread_type = "AUTO"
            self._decoder.thread_count = 1 if self.is_hardware else self._bounded_thread_count()
        except BaseException:
            self.container.close()
            raise

    def _opened(self, file: str | io.BytesIO) -> Any:
        how: dict[str, Any] = {"options": dict(_OPTIONS), "metadata_errors": "replace"}
        if self._hardware is not None:
            try:
                return av.open(file, hwaccel=self._hardware, **how)
            except (av.FFmpegError, RuntimeError, NotImplementedError):
                logger.info("There is no decoder in hardware")
                self._hardware = None
                if isinstance(file, io.BytesIO):
                    file.seek(0)
        return av.open(file, **how)

    @property
    def is_hardware(self) -> bool:
        """Whether frames come from the machine's own decoder, until it fails."""
        return self._hardware is not None and bool(self._decoder.is_hwaccel)

    def use_software(self) -> None:
        """Goes on with a decoder of our own, from the file's start."""
        logger.info("The decoder in hardware gave no frame: decoding goes on without it")
        self._hardware = None
        self.has_failed = False
        self.rewind()

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
            raise self._encrypted()
        return stream

    def _chosen_decoder(self) -> Any:
        usual = self.stream.codec_context
        words = {word.lower(): value for word, value in self.stream.metadata.items()}
        if usual.name in _VPX and words.get("alpha_mode") == "1":
            return av.CodecContext.create(_VPX[usual.name], "r")
        return usual

    def _encrypted(self) -> UserError:
        """What to say of a file that only its own player can decode."""
        return UserError(Sentence("“{name}” is encrypted.", name=self._name), "Choose a copy that is not protected.")

    def _bounded_thread_count(self) -> int:
        """As many as were wished, unless the frames that each holds are large."""
        size = int(self.stream.codec_context.width) * int(self.stream.codec_context.height)
        wished = self._thread_count or os.cpu_count() or 1
        return max(1, min(wished, _PIXELS_IN_THREADS // max(1, size)))

    def refuse_encrypted(self, packet: Any) -> None:
        """Looks at a packet of a file that hides what it is.

        Raises:
            UserError: It is encrypted.
        """
        if packet.has_sidedata(_ENCRYPTED_PACKET):
            raise self._encrypted()

    def frames_of(
        self, packets: Sequence[int], timeline: Timeline, is_wanted: Callable[[], bool]
    ) -> Iterator[tuple[int, Any]]:
        """Some packets' frames as they are decoded, each with its packet; those that cannot be are left out.

        Args:
            packets: By number.
            timeline: All packets.
            is_wanted: Once it says no, decoding ends with an error.
        """
        wanted = {timeline.pts[packet]: packet for packet in packets}
        for first, last in timeline.runs(packets):
            left = {pts for pts, packet in wanted.items() if first <= packet <= last}
            while left:
                for frame in self._frames_between(first, last, left, timeline, is_wanted):
                    if frame.pts in left:
                        left.discard(frame.pts)
                        yield wanted[frame.pts], frame
                        if not left:
                            break
                    del frame  # before the next is decoded
                if not left or not self.is_hardware:
                    break
                self.use_software()

    def _frames_between(
        self, first: int, last: int, wanted: Container[int], timeline: Timeline, is_wanted: Callable[[], bool]
    ) -> Iterator[Any]:
        for packet in self.packets_from(first, timeline):
            place = timeline.packet_at(packet.pts)
            if place is not None and place > last:
                break
            if not is_wanted():
                raise InterruptedError
            yield from self.decode(packet, is_needed=packet.pts in wanted)
            if self.has_failed:
                return
        yield from self.decode(None)

    def decode(self, packet: Any, *, is_needed: bool = True) -> Sequence[Any]:
        """The frames that a packet brings out of the decoder; none where it is damaged.

        Args:
            packet: One from `packets_from`, each in turn; None after the last.
            is_needed: Whether its own frame is; one that is not and to which nothing refers may be passed over.
        """
        if packet is not None and self._decoder.name in _SKIPPABLE and not self.is_hardware:
            self._decoder.skip_frame = "DEFAULT" if is_needed else "NONREF"
        frames: Sequence[Any] = ()
        with suppress(av.FFmpegError):
            frames = self._decoder.decode(packet)
            if not self.is_hardware or all(is_handed_over(frame.format.name) for frame in frames):
                return frames
        self.has_failed = self.is_hardware
        return ()

    def frames_in_order(self, is_wanted: Callable[[], bool]) -> Iterator[Any]:
        """Every frame from the start, for files whose packets do not say when they are shown."""
        for packet in self.packets():
            if not is_wanted():
                raise InterruptedError
            yield from self.decode(packet)
        yield from self.decode(None)

    def packets(self) -> Iterator[Any]:
        """The file's packets from its start, as far as they can be read."""
        self.rewind()
        with suppress(av.FFmpegError):
            for packet in self.packets_on():
                if packet.size:
                    yield packet

    def packets_on(self, *, of_all: bool = False) -> Iterator[Any]:
        """The file's packets from where it is, and an empty one at its end; of other streams too if wanted."""
        with suppress(IndexError):
            # WORKAROUND(av 17, 18): streams that begin within the file end in this; remove when they do not.
            yield from self.container.demux(*() if of_all else (self.stream,))

    def rewind(self) -> None:
        """Goes to the file's start, by opening it anew: not every file lets itself be sought through."""
        self.close()
        self._open()

    def packets_from(self, first: int, timeline: Timeline) -> Iterator[Any]:
        """The file's packets from this one on, by seeking; from the file's start where seeking does not find it."""
        tries = bisect.bisect_right(timeline.keys, first)
        for key in reversed(timeline.keys[max(0, tries - _SEEK_TRIES) : tries]):
            try:
                self.container.seek(timeline.pts[key], stream=self.stream, backward=True)
                packets = self.packets_on()
                begin = next(packet for packet in packets if packet.size)
            except (av.FFmpegError, StopIteration):
                break
            place = timeline.packet_at(begin.pts)
            if place is not None and place <= first:
                self._decoder.flush_buffers()
                yield from _whole(itertools.chain([begin], packets), first, timeline)
                return
        self.rewind()
        yield from _whole(self.packets_on(), first, timeline)


def _whole(packets: Iterator[Any], first: int, timeline: Timeline) -> Iterator[Any]:
    """Those from a packet on, as far as they can be read."""
    is_there = first == 0  # what has no time is decoded too
    with suppress(av.FFmpegError):
        for packet in packets:
            if not packet.size:
                continue
            if not is_there:
                place = timeline.packet_at(packet.pts)
                is_there = place is not None and place >= first
            if is_there:
                yield packet
