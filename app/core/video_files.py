"""Videos through PyAV: the times of all frames from their packets, then the wanted frames alone, one at a time.

A first pass reads every packet without decoding it, so that what is known of the file is what is in it, whatever its
header says. The second pass decodes what the wanted frames need, in several places of the file at once.
"""

from __future__ import annotations

import itertools
import logging
import os
from array import array
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av  # noqa: TID253 - this module itself is imported only when a video is opened

from app.core.clip_files import Taken, stream_sha256
from app.core.errors import Sentence, UserError
from app.core.files import shown_name
from app.core.footage import Footage
from app.core.frame_pixels import FrameScaler, stance_of
from app.core.video_decoding import OpenVideo, Timeline, joined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from typing_extensions import Self

    from app.core.clips import ClipSource

logger = logging.getLogger(__name__)

_ENCRYPTED_PACKET = "encryption_info"
_FIRST_TRIES = 256
"""Frames at the beginning of which one must be whole."""
_MAX_WORKERS = 4
_MAX_PIXELS_AT_ONCE = 10_000_000
"""Of the frames that several decoders work on: each holds about ten of its own."""
_SHORT_BY = 0.05
_SHORT_BY_S = 1.0


class VideoReader:
    """A video file, see ClipReader. Thread: any one at a time."""

    def __init__(self, source: ClipSource, is_wanted: Callable[[], bool]) -> None:
        self._source = source
        self._is_wanted = is_wanted
        self._name = shown_name(source.name)

    def __enter__(self) -> Self:
        self._video = OpenVideo(self._source, 1)
        try:
            self._read_packets()
            times_s, end_s = self._times()
            width_px, height_px = self._upright_size()
            notes = self._notes_on(end_s)
            self.footage = Footage(times_s, end_s, width_px, height_px, self._keys, notes)
        except BaseException:
            self._video.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._video.close()

    def sha256(self) -> str:
        """Of the file's bytes, in hex."""
        return stream_sha256(self._source)

    def frames(self, indices: Sequence[int], width_px: int, height_px: int) -> dict[int, Taken]:
        """Frames by index at a size; in place of one that cannot be decoded stands the nearest that can.

        Raises:
            UserError: Not one of them can be decoded.
        """
        unit = self._video.stream.time_base

        def take(decoded: Iterator[tuple[int, Any]]) -> dict[int, Taken]:
            scaler = FrameScaler(width_px, height_px, self._stance, self._coded_size)
            found = {}
            for index, frame in decoded:
                found[index] = Taken(self.footage.times_s[index], scaler.rgb(frame, unit))
                del frame  # before the next is decoded
            return found

        taken = take(self._counted(indices)) if self._timeline is None else self._taken_at_once(indices, take)
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

    def _taken_at_once(
        self, indices: Sequence[int], take: Callable[[Iterator[tuple[int, Any]]], dict[int, Taken]]
    ) -> dict[int, Taken]:
        """Several decoders, each at its own part of the file: quicker than one with several threads."""
        assert self._timeline is not None  # noqa: S101 - see frames
        visits = self._timeline.visits(sorted(self._order[index] for index in indices))
        cores = os.cpu_count() or 1
        size = self._coded_size[0] * self._coded_size[1]
        count = max(1, min(len(visits), cores, _MAX_WORKERS, _MAX_PIXELS_AT_ONCE // size))
        self._video.close()  # its decoder holds frames too
        parts = [visits[len(visits) * part // count : len(visits) * (part + 1) // count] for part in range(count)]

        def work(part: list[tuple[int, int]]) -> dict[int, Taken]:
            with OpenVideo(self._source, max(1, cores // count)) as video:
                return take(self._decoded(video, indices, part))

        with ThreadPoolExecutor(count, "clip-reader") as pool:
            return {index: frame for found in pool.map(work, parts) for index, frame in found.items()}

    def _read_packets(self) -> None:
        """Notes when every packet is shown, if at all, and whether decoding can begin with it."""
        pts, stored = array("q"), array("q")
        keys: list[int] = []
        hidden: set[int] = set()
        self._last_lasts = 0
        are_told = True
        is_avi = self._video.container.format.name == "avi"
        latest = -(1 << 62)
        for index, packet in enumerate(self._readable_packets()):
            stored.append(packet.dts if packet.dts is not None else (stored[-1] + 1 if index else 0))
            # AVI has no times of showing: FFmpeg's guesses are wrong where frames are stored out of order.
            are_told &= packet.pts is not None and not (is_avi and packet.pts != stored[-1])
            pts.append(stored[-1] if packet.pts is None else packet.pts)
            if packet.is_keyframe:
                keys.append(index)
            if packet.is_discard:
                hidden.add(index)
            elif pts[-1] >= latest:
                latest, self._last_lasts = pts[-1], packet.duration or 0
        places = {time: index for index, time in enumerate(pts)}
        are_told &= len(places) == len(pts)
        self._timeline = Timeline(pts, keys, places) if are_told else None
        self._shown_at = pts if are_told else stored
        shown = (index for index in range(len(pts)) if index not in hidden)
        self._order = sorted(shown, key=self._shown_at.__getitem__)
        if not self._order:
            raise self._nothing_to_show()
        is_key = set(keys) if are_told else set()
        self._keys = [place for place, index in enumerate(self._order) if index in is_key]

    def _readable_packets(self) -> Iterator[Any]:
        """The video's packets up to the file's end or the first place where it cannot be read."""
        is_first = True
        try:
            for packet in self._video.container.demux(self._video.stream):
                if not self._is_wanted():
                    raise InterruptedError
                if packet.size:
                    if is_first and packet.has_sidedata(_ENCRYPTED_PACKET):
                        raise self._video.encrypted()
                    is_first = False
                    yield packet
        except av.FFmpegError:
            logger.debug("The file ends within a packet")

    def _times(self) -> tuple[Sequence[float], float]:
        """When each frame is shown, and when the last one ends."""
        unit = self._video.stream.time_base
        shown = [self._shown_at[index] for index in self._order]
        begin = shown[0]
        if self._video.container.start_time is not None:
            begin = min(begin, round(Fraction(self._video.container.start_time, av.time_base) / unit))
        steps = sorted(after - before for before, after in itertools.pairwise(shown))
        lasting = self._last_lasts or (steps[len(steps) // 2] if steps else 0)
        times_s = array("d", [float((pts - begin) * unit) for pts in shown])
        return times_s, float((shown[-1] - begin + lasting) * unit)

    def _notes_on(self, end_s: float) -> tuple[str, ...]:
        notes = []
        said_s = self._said_duration_s(end_s / len(self._order))
        if said_s - end_s > max(_SHORT_BY_S, _SHORT_BY * said_s):
            notes.append(
                Sentence(
                    "The file says that it lasts {said} s, but only {read} s of it can be read.",
                    said=f"{said_s:.1f}",
                    read=f"{end_s:.1f}",
                )
            )
        if self._stance.is_askew:
            notes.append(
                Sentence(
                    "The file wants its frames turned by {degrees}° more: they are turned by quarters only.",
                    degrees=f"{self._stance.askew_degrees:.0f}",
                )
            )
        return tuple(notes)

    def _said_duration_s(self, step_s: float) -> float:
        """How long the file's header says that it lasts, or 0 where it does not."""
        said_s = (self._video.container.duration or 0) / av.time_base
        if self._video.stream.duration is not None:
            said_s = float(self._video.stream.duration * self._video.stream.time_base)
        return max(said_s, int(self._video.stream.frames) * step_s)

    def _upright_size(self) -> tuple[int, int]:
        """(width, height) with square pixels, of a decoded frame: only it has the true size, shape and rotation."""
        indices = range(min(len(self._order), _FIRST_TRIES))
        if self._timeline is None:
            decoded = self._counted(indices)
        else:
            visits = self._timeline.visits(sorted(self._order[index] for index in indices))
            decoded = self._decoded(self._video, indices, visits)
        frame = next((frame for _, frame in decoded), None)
        if frame is None:
            raise self._nothing_to_show()
        width_px, height_px = self._coded_size = (frame.width, frame.height)
        aspect = self._video.stream.sample_aspect_ratio or self._video.stream.codec_context.sample_aspect_ratio
        pixel_aspect = float(aspect) if aspect else 1.0
        self._stance = stance_of(frame)
        if pixel_aspect > 1:
            width_px = round(width_px * pixel_aspect)
        else:
            height_px = round(height_px / pixel_aspect)
        return self._stance.upright_size(width_px, height_px)

    def _nothing_to_show(self) -> UserError:
        return UserError(
            Sentence("“{name}” has no frame that can be read.", name=self._name),
            "Copy or download it again from where it came from.",
        )

    def _decoded(
        self, video: OpenVideo, indices: Sequence[int], visits: Sequence[tuple[int, int]]
    ) -> Iterator[tuple[int, Any]]:
        """The wanted frames within the visits as they are decoded; those that cannot be are left out."""
        timeline = self._timeline
        assert timeline is not None  # noqa: S101 - else frames are counted
        wanted = {timeline.pts[self._order[index]]: index for index in indices}
        for first, last in joined(visits):
            left = sum(first <= timeline.places[pts] <= last for pts in wanted)
            for frame in video.frames_between(first, last, wanted, timeline, self._is_wanted):
                index = wanted.get(frame.pts)
                if index is not None:
                    yield index, frame
                    left -= 1
                    if not left:
                        break
                del frame  # before the next is decoded

    def _counted(self, indices: Sequence[int]) -> Iterator[tuple[int, Any]]:
        """As `_decoded`, for files whose packets do not say when they are shown: frames are counted from the start."""
        left = set(indices)
        for index, frame in enumerate(self._video.frames_in_order(self._is_wanted)):
            if index in left:
                yield index, frame
                left.discard(index)
            if not left:
                return
