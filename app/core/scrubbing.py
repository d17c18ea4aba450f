"""One video held open, to look at its frames one after another: the next one is decoded on, others are sought."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple

from app.core.clip_files import ClipReader, fault_of, reading
from app.core.errors import AppError
from app.core.files import shown_name
from app.core.frame_pixels import FrameScaler
from app.core.kept_findings import Stamp, stamp_of
from app.core.pictures import Bitmap, size_within
from app.core.video_decoding import OpenVideo
from app.core.video_files import VideoReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from app.core.clips import ClipSource
    from app.core.video_index import VideoIndex
    from app.core.video_timeline import Timeline

_KEPT_BYTES = 48 << 20
"""Of frames that were looked at, or lie before one that was stepped back to."""
_STEPS_BACK = 8
_FAR_PACKETS = 24
"""Decoded before a frame is there: a person sees the key frame meanwhile."""


class Look(NamedTuple):
    """A frame that is ready to be seen, and whether it is the one that was asked for and not one on the way to it."""

    bitmap: Bitmap
    is_there: bool


class Scrubber:
    """A video that a person looks through. Thread: any one at a time.

    Args:
        source: The video; it is opened when the first frame is looked at, and again when it was changed.
    """

    def __init__(self, source: ClipSource) -> None:
        self.source = source
        self._stamp: Stamp | None = None
        self._held = ExitStack()
        self._reader: ClipReader | None = None
        self._is_wanted: Callable[[], bool] = lambda: True
        self._run: _Run | None = None
        self._seen: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self._last = -1

    def close(self) -> None:
        """Closes the file and forgets its frames; safe to call twice."""
        self._held.close()
        self._reader = self._run = self._stamp = None
        self._seen.clear()

    def looks(self, time_s: float, max_pixels: int, is_wanted: Callable[[], bool]) -> Iterator[Look]:
        """The frame that a player shows at this time; where that takes a while a key frame before it comes first.

        Args:
            time_s: From where a player starts the file.
            max_pixels: Of each in area; none is enlarged.
            is_wanted: Once it says no, decoding ends with an error; what is decoded by then serves the next look.

        Raises:
            UserError: The video cannot be used, the text names it and the reason; or `is_wanted` said no.
        """
        self._is_wanted = is_wanted
        try:
            reader = self._opened()
            footage = reader.footage
            index = footage.frame_at(time_s)
            size = size_within(footage.width_px, footage.height_px, max_pixels)
            for rgb, is_there in self._frames(reader, index, size):
                yield Look(Bitmap(*size, rgb, footage.width_px, footage.height_px), is_there)
            self._last = index
        except AppError:
            raise
        except InterruptedError as error:
            raise fault_of(shown_name(self.source.name), error) from error
        except Exception as error:  # the boundary: decoders raise anything on damaged files
            self.close()
            raise fault_of(shown_name(self.source.name), error) from error

    def _opened(self) -> ClipReader:
        if self._reader is None or stamp_of(self.source) != self._stamp:
            self.close()
            self._stamp = stamp_of(self.source)
            self._reader = self._held.enter_context(reading(self.source, self._is_still_wanted))
        return self._reader

    def _is_still_wanted(self) -> bool:
        return self._is_wanted()

    def _frames(self, reader: ClipReader, index: int, size: tuple[int, int]) -> Iterator[tuple[bytes, bool]]:
        """The frame's pixels, after those of a key frame where these are there long before; and which they are."""
        if (index, size[0]) in self._seen:
            self._seen.move_to_end((index, size[0]))
            yield self._seen[index, size[0]], True
            return
        if not isinstance(reader, VideoReader):
            yield reader.frames([index], *size)[index].rgb, True
            return
        back = _STEPS_BACK if 0 < self._last - index <= _STEPS_BACK else 0
        scaler = FrameScaler(*size, reader.index.stance, reader.index.coded_size)
        run = self._held_run(reader.index)
        is_far = False
        if not run.comes_by(max(0, index - back)):
            run.begin(max(0, index - back))
            is_far = run.is_far_from(index)
        found = None
        for place, frame in run.frames_on(max(0, index - back), self._is_wanted):
            is_there = place >= index
            if is_there or place >= index - back or is_far:
                found = scaler.rgb(frame, run.time_base)
                self._keep(place, size, found)
                if is_far and not is_there:
                    yield found, False
                is_far = False
            del frame
            if is_there:
                break
        if found is None:  # damaged up to the end
            found = reader.frames([index], *size)[index].rgb
        yield found, True

    def _keep(self, place: int, size: tuple[int, int], rgb: bytes) -> None:
        self._seen[place, size[0]] = rgb
        while len(self._seen) > 1 and sum(map(len, self._seen.values())) > _KEPT_BYTES:
            self._seen.popitem(last=False)

    def _held_run(self, index: VideoIndex) -> _Run:
        if self._run is None:
            self._run = _Run(
                self._held.enter_context(OpenVideo(self.source, may_use_hardware=index.suits_hardware)), index
            )
        return self._run


class _Run:
    """A decoder on its way through a video.

    Args:
        video: Open for this alone.
        index: What is known of it.
    """

    def __init__(self, video: OpenVideo, index: VideoIndex) -> None:
        self._video = video
        self._index = index
        self._timeline = index.timeline
        self._packets: Iterator[Any] = iter(())
        self._fed = -1
        self._out = -1
        self._waiting: list[Any] = []
        self._is_over = True

    @property
    def time_base(self) -> Any:
        """The unit of the stream's times."""
        return self._video.stream.time_base

    def comes_by(self, place: int) -> bool:
        """Whether the frame at this place is still to come, with no key frame to begin with on the way there."""
        is_coming = place > self._out and (not self._is_over or bool(self._waiting))
        return is_coming and (self._timeline is None or self._start_for(place, self._timeline) <= self._fed + 1)

    def begin(self, place: int) -> None:
        """Goes to where decoding has to begin for the frame at this place: the start, where frames are counted."""
        first = self._start_for(place, self._timeline) if self._timeline is not None else 0
        if self._timeline is None:
            self._packets = self._video.packets()
        else:
            self._packets = self._video.packets_from(first, self._timeline)
        self._fed = first - 1
        self._out = -1
        self._waiting = []
        self._is_over = False

    def is_far_from(self, place: int) -> bool:
        """Whether it takes a while until the frame at this place comes out, after a key frame that is near it."""
        return self._timeline is not None and self._index.order[place] - self._fed > _FAR_PACKETS

    def _start_for(self, place: int, timeline: Timeline) -> int:
        return timeline.start_for(self._index.order[place])

    def frames_on(self, needed: int, is_wanted: Callable[[], bool]) -> Iterator[tuple[int, Any]]:
        """The frames that come out from here on, with their places; those before `needed` perhaps not.

        What came out and was not taken is there the next time.

        Raises:
            InterruptedError: `is_wanted` said no; the decoder stays where it is.
        """
        while True:
            while self._waiting:
                frame = self._waiting.pop(0)
                if self._timeline is None:
                    self._out += 1
                    yield self._out, frame
                elif frame.pts is not None:
                    self._out = self._index.place_of(frame.pts)
                    yield self._out, frame
                del frame
            if self._is_over:
                return
            if not is_wanted():
                raise InterruptedError
            self._feed(needed)
            if self._video.has_failed:
                self._video.use_software()
                self.begin(needed)

    def _feed(self, needed: int) -> None:
        packet = next(self._packets, None)
        is_needed = True
        if packet is None:
            self._is_over = True
        elif self._timeline is not None:
            self._fed = self._timeline.packet_at(packet.pts) or self._fed + 1
            is_needed = packet.pts is None or packet.pts >= self._timeline.pts[self._index.order[needed]]
        self._waiting = list(self._video.decode(packet, is_needed=is_needed))
