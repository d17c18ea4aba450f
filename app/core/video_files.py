"""Videos through PyAV: the wanted frames alone, one at a time, in several places of the file at once."""

from __future__ import annotations

import os
import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from app.core.clip_files import Taken, stream_sha256
from app.core.errors import Sentence, UserError
from app.core.files import shown_name
from app.core.frame_pixels import FrameScaler
from app.core.hardware_decoding import MAX_WORKERS as HARDWARE_WORKERS
from app.core.hardware_decoding import hardware
from app.core.kept_findings import KeptFindings, stamp_of
from app.core.video_decoding import OpenVideo
from app.core.video_index import VideoIndex, index_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from typing_extensions import Self

    from app.core.clips import ClipSource

_MAX_WORKERS = 4
_MAX_PIXELS_AT_ONCE = 6_000_000
"""Of the frames that several decoders work on: each holds about ten of its own, whatever number of cores there is."""
_AROUND = 16
"""Frames on either side of one alone that cannot be decoded: one of them may stand in its place."""
_KEPT_BYTES = 64 << 20
"""Of what is known of files: ten hours at 60 frames a second, or hundreds of usual ones."""

_Item = TypeVar("_Item")

KEPT = KeptFindings[VideoIndex](_KEPT_BYTES, lambda index: index.size_bytes)


class VideoReader:
    """A video file, see ClipReader. Thread: any one at a time."""

    def __init__(self, source: ClipSource, is_wanted: Callable[[], bool]) -> None:
        self._source = source
        self._is_wanted = is_wanted
        self._name = shown_name(source.name)

    def __enter__(self) -> Self:
        self._stamp = stamp_of(self._source)
        self.index = KEPT.of(self._source, lambda: index_of(self._source, self._name, self._is_wanted), self._is_wanted)
        self.footage = self.index.footage
        if stamp_of(self._source) != self._stamp:
            growing = Sentence("The file was still being written: what was there is read.")
            self.footage = replace(self.footage, notes=(*self.footage.notes, growing))
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def sha256(self) -> str:
        """Of the file's bytes, in hex."""
        return stream_sha256(self._source)

    def frames(self, indices: Sequence[int], width_px: int, height_px: int) -> dict[int, Taken]:
        """Frames by index at a size; in place of one that cannot be decoded stands the nearest that can.

        Raises:
            UserError: Not one of them can be decoded, or the file was changed meanwhile.
        """
        return dict(self.each(indices, width_px, height_px))

    def each(self, indices: Sequence[int], width_px: int, height_px: int) -> Iterator[tuple[int, Taken]]:
        """As `frames`, each as soon as it is there, with its index.

        Raises:
            UserError: Not one of them can be decoded, or the file was changed meanwhile.
        """
        at_hand: dict[int, Taken] = {}
        for index, taken in self._decoded(indices, width_px, height_px):
            at_hand[index] = taken
            yield index, taken
        given = set(at_hand)
        if not at_hand:
            around = {near for index in indices for near in range(index - _AROUND, index + _AROUND)}
            tried = sorted(near for near in around if 0 <= near < len(self.index.order))
            at_hand = dict(self._decoded(tried, width_px, height_px))
        self._refuse_changed()
        if not at_hand:
            raise UserError(
                Sentence("“{name}” is damaged: none of its frames can be decoded.", name=self._name),
                "Copy or download it again from where it came from.",
            )
        for index in indices:
            if index not in given:
                yield index, at_hand[min(at_hand, key=lambda other: abs(other - index))]

    def _decoded(self, indices: Sequence[int], width_px: int, height_px: int) -> Iterator[tuple[int, Taken]]:
        """Those that can be decoded, by several decoders, each at its own part: quicker than one of several threads."""
        timeline, order = self.index.timeline, self.index.order
        if timeline is None:
            yield from self._counted(set(indices), width_px, height_px)
            return
        places = {order[index]: index for index in indices}
        visits = timeline.visits(list(places))
        size = self.index.coded_size[0] * self.index.coded_size[1]
        count = max(1, min(len(visits), os.cpu_count() or 1, _MAX_WORKERS, _MAX_PIXELS_AT_ONCE // size))
        thread_count = 1 if count > 1 else 0  # each thread of a decoder holds frames too
        for_hardware = self.index.suits_hardware and hardware() is not None
        count = min(count, HARDWARE_WORKERS) if for_hardware else count
        is_over = threading.Event()

        def is_wanted() -> bool:
            return not is_over.is_set() and self._is_wanted()

        def decoded(part: int) -> Iterator[tuple[int, Taken]]:
            scaler = self._scaler(width_px, height_px)
            mine = visits[len(visits) * part // count : len(visits) * (part + 1) // count]
            with OpenVideo(self._source, thread_count, may_use_hardware=for_hardware) as video:
                packets = [packet for visit in mine for packet in visit]
                for packet, frame in video.frames_of(packets, timeline, is_wanted):
                    taken = self._taken(places[packet], frame, video, scaler)
                    del frame  # before the next is decoded
                    yield places[packet], taken

        yield from _at_once([decoded(part) for part in range(count)], is_over.set)

    def _counted(self, left: set[int], width_px: int, height_px: int) -> Iterator[tuple[int, Taken]]:
        """The same of files whose packets do not say when they are shown: frames are counted from the start."""
        scaler = self._scaler(width_px, height_px)
        with OpenVideo(self._source) as video:
            for index, frame in enumerate(video.frames_in_order(self._is_wanted)):
                if index in left:
                    yield index, self._taken(index, frame, video, scaler)
                    left.discard(index)
                if not left:
                    return

    def _scaler(self, width_px: int, height_px: int) -> FrameScaler:
        return FrameScaler(width_px, height_px, self.index.stance, self.index.coded_size)

    def _taken(self, index: int, frame: Any, video: OpenVideo, scaler: FrameScaler) -> Taken:
        return Taken(self.footage.times_s[index], scaler.rgb(frame, video.stream.time_base))

    def _refuse_changed(self) -> None:
        """A file that only grew still holds what is known of it; one that was written anew does not."""
        with suppress(FileNotFoundError):  # it was open, so all of it was there
            now = stamp_of(self._source)
            if now != self._stamp and now.size_bytes <= self._stamp.size_bytes:
                raise UserError(
                    Sentence("“{name}” was changed while it was read.", name=self._name),
                    "Try again when it is written.",
                )


def _at_once(parts: Sequence[Iterator[_Item]], stop: Callable[[], None]) -> Iterator[_Item]:
    """What several iterators give, as soon as it is there: the first runs here, each other on a thread of its own.

    The first runs here because memory from the first pass lies ready for the thread that made it.

    Args:
        parts: At least one.
        stop: Called when nothing more is wanted, also where the first has failed; the others then end soon.
    """
    done: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()

    def work(part: Iterator[_Item]) -> None:
        try:
            for item in part:
                done.put(item)
        finally:
            done.put(None)

    first, *others = parts
    if not others:
        yield from first
        return
    with ThreadPoolExecutor(len(others), "clip-reader") as pool:
        try:
            futures = [pool.submit(work, part) for part in others]
            left = len(others)
            for item in first:
                yield item
                while not done.empty():
                    other = done.get()
                    left -= other is None
                    if other is not None:
                        yield other
            for _ in range(left):
                yield from iter(done.get, None)
            for future in futures:
                future.result()
        finally:
            stop()
