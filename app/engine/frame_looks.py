"""The one video that a person looks through, held open between looks."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from app.core.clips import ClipSource
    from app.core.picture_levels import PictureLevels
    from app.core.scrubbing import Scrubber


class FrameLooks:
    """Gives frames of one video after another; the last video stays open. Thread: any; one look at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._scrubber: Scrubber | None = None

    def levels(
        self, source: ClipSource, time_s: float, max_pixels: int, is_wanted: Callable[[], bool]
    ) -> Iterator[tuple[PictureLevels, bool]]:
        """The frame that a player shows at this time, to be zoomed through, and whether it is that very one.

        Raises:
            UserError: The video cannot be used, the text names it and the reason; or `is_wanted` said no.
        """
        from app.core.picture_levels import levels_of  # noqa: PLC0415 - Pillow, slow to import
        from app.core.scrubbing import Scrubber  # noqa: PLC0415 - PyAV, slow to import

        with self._lock:
            held = self._scrubber.source if self._scrubber is not None else None
            if held is None or (held.path, held.data) != (source.path, source.data):
                self._let_go()
                self._scrubber = Scrubber(source)
            assert self._scrubber is not None  # noqa: S101 - made above
            for bitmap, is_there in self._scrubber.looks(time_s, max_pixels, is_wanted):
                yield levels_of(bitmap, is_wanted), is_there

    def close(self) -> None:
        """Closes the video that is open, if there is one, after the look under way."""
        with self._lock:
            self._let_go()

    def _let_go(self) -> None:
        if self._scrubber is not None:
            self._scrubber.close()
        self._scrubber = None
