"""Pictures and videos opened for a person to look at, beside the model thread."""

from __future__ import annotations

import itertools
import logging
import time
from typing import TYPE_CHECKING

from app.core.clips import ClipSource, open_frames, open_poster, take_still
from app.core.errors import AppError, describe_error
from app.core.events import FrameOpened, LookOpened, StillTaken, ViewFailed, ViewOpened
from app.core.picture_levels import open_levels
from app.core.pictures import open_bitmap
from app.core.traces import trace_without_words
from app.engine.frame_looks import FrameLooks
from app.engine.media_pool import MediaPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from app.core.errors import ErrorText
    from app.core.events import EngineEvent
    from app.core.requests import Source

logger = logging.getLogger(__name__)

_POOL_THREADS = 2


class Views:
    """Three small pools: for what a tray shows, for the one thing that is looked at, and for a strip of frames.

    Args:
        say: Takes each event; called from the pools' threads.

    Thread: any, for every method; each returns at once.
    """

    def __init__(self, say: Callable[[EngineEvent], None]) -> None:
        self._say = say
        self._small_pool = MediaPool("media-viewed", _POOL_THREADS)
        self._looked_pool = MediaPool("media-looked", _POOL_THREADS)
        self._strip_pool = MediaPool("media-strip", 1)
        self._frame_looks = FrameLooks()
        self._numbers = itertools.count(1)
        self._viewed: dict[str, int] = {}
        self._newest_look = 0
        self._newest_strip = 0
        self._is_closing = False

    def view(self, view_id: str, source: Source, max_pixels: int) -> None:
        """Opens a picture in small, or a frame that stands for a video: ViewOpened or ViewFailed."""
        number = self._viewed[view_id] = next(self._numbers)

        def is_wanted() -> bool:
            return self._viewed.get(view_id) == number and not self._is_closing

        def opened() -> Iterable[EngineEvent]:
            if isinstance(source, ClipSource):
                yield ViewOpened(view_id, *open_poster(source, max_pixels, is_wanted))
            else:
                yield ViewOpened(view_id, open_bitmap(source, max_pixels))

        self._submit(self._small_pool, view_id, opened, is_wanted)

    def forget_view(self, view_id: str) -> None:
        """Drops, unsaid, what `view` was asked for and has not said yet: hours of footage take long to look through."""
        self._viewed.pop(view_id, None)

    def look(self, view_id: str, source: Source, max_pixels: int, time_s: float) -> None:
        """Opens what is looked at; one that waits or is under way is dropped, unsaid, for a newer one.

        Of a video whose frame takes a while a key frame before it comes first, so that a person sees where they are.
        """
        number = self._newest_look = next(self._numbers)

        def is_wanted() -> bool:
            return self._newest_look == number and not self._is_closing

        def opened() -> Iterable[EngineEvent]:
            if isinstance(source, ClipSource):
                for levels, is_there in self._frame_looks.levels(source, time_s, max_pixels, is_wanted):
                    yield LookOpened(view_id, levels, time_s, is_there)
            else:
                self._frame_looks.close()
                yield LookOpened(view_id, open_levels(source, max_pixels, is_wanted))

        self._submit(self._looked_pool, view_id, opened, is_wanted)

    def frames(self, view_id: str, source: ClipSource, times_s: Sequence[float], max_pixels: int) -> None:
        """Opens frames in small, one after another; those of an earlier call are dropped, unsaid."""
        number = self._newest_strip = next(self._numbers)

        def is_wanted() -> bool:
            return self._newest_strip == number and not self._is_closing

        def opened() -> Iterable[EngineEvent]:
            for time_s, bitmap in open_frames(source, times_s, max_pixels, is_wanted):
                yield FrameOpened(view_id, time_s, bitmap)

        self._submit(self._strip_pool, view_id, opened, is_wanted)

    def take_still(self, view_id: str, source: ClipSource, time_s: float) -> None:
        """Takes a frame out of a video as a picture of its own: StillTaken or ViewFailed."""

        def opened() -> Iterable[EngineEvent]:
            yield StillTaken(view_id, time_s, take_still(source, time_s))

        self._submit(self._small_pool, view_id, opened, lambda: True)

    def close(self, timeout_s: float) -> bool:
        """Drops what waits; tells whether every thread ended in time."""
        self._is_closing = True
        deadline_s = time.monotonic() + timeout_s
        pools = (self._small_pool, self._looked_pool, self._strip_pool)
        have_ended = [pool.close(max(0.0, deadline_s - time.monotonic())) for pool in pools]
        if all(have_ended):
            self._frame_looks.close()
        return all(have_ended)

    def _submit(
        self,
        pool: MediaPool,
        view_id: str,
        opened: Callable[[], Iterable[EngineEvent]],
        is_wanted: Callable[[], bool],
    ) -> None:
        def work() -> None:
            if not is_wanted():
                return
            try:
                for event in opened():
                    if not is_wanted():
                        return
                    self._say(event)
            except Exception as error:  # noqa: BLE001 - job boundary
                if is_wanted():
                    self._say(ViewFailed(view_id, told_of(error)))

        pool.submit(work)


def told_of(error: Exception) -> ErrorText:
    """Words for an error while media are opened; one that was not foreseen is logged, without the file's name."""
    if not isinstance(error, AppError):
        logger.error("Opening a picture or video failed\n%s", trace_without_words(error))
    return describe_error(error)
