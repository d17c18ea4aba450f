"""Frames of videos: the one that is looked at, small ones for a strip, and those that are taken out as pictures."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from app.core.clips import ClipSource
from app.core.events import FrameOpened, LookOpened, StillTaken, ViewFailed
from app.gui.viewer.pixels import image_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias, TypeGuard

    from app.core.launch import AnswerEngine
    from app.core.shelf import Medium

    FrameEvent: TypeAlias = FrameOpened | StillTaken | LookOpened | ViewFailed

MOST_BYTES = 32_000_000
"""Of all small frames that are kept: some hundreds at twice the resolution."""
FRAME, STRIP, STILL = "frame:", "strip:", "still:"


def is_of_frames(event: object) -> TypeGuard[FrameEvent]:
    """Whether an event belongs here."""
    kinds = (FrameOpened, StillTaken, LookOpened, ViewFailed)
    return isinstance(event, kinds) and event.view_id.startswith((FRAME, STRIP, STILL))


class FramesAtHand(QObject):
    """What was opened in small is kept until newer frames need its room. Thread: main."""

    frame_looked = Signal(str, float, object, bool)
    """Carries the video's id, the time that was asked for, the PictureLevels, and whether they are of that very frame:
    otherwise they are of a key frame before it."""
    frame_failed = Signal(str, object)
    """Carries the video's id and the ErrorText that says why the frame that is looked at cannot be shown."""

    frame_opened = Signal(str, int)
    """Carries the video's id and the index of a frame that is here in small now."""
    still_taken = Signal(str, object)
    """Carries the video's id and the PictureSource of the frame that was taken out of it."""
    still_failed = Signal(object)
    """Carries a tuple of the ErrorText that says why a frame cannot be taken out."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.looked_at: dict[str, int] = {}
        """Which frame of each video was looked at last, by the video's id."""
        self._engine: AnswerEngine | None = None
        self._images: OrderedDict[tuple[str, int], QImage] = OrderedDict()
        self._bytes = 0
        self._look: tuple[Medium, float, int] | None = None
        self._wanted: OrderedDict[int, float] = OrderedDict()
        self._wanted_of: Medium | None = None
        self._max_pixels = 0

    def start(self, engine: AnswerEngine) -> None:
        """Opens frames from now on, those first that are waited for."""
        self._engine = engine
        look, self._look = self._look, None
        if look is not None:
            self.look(*look)
        self._open()

    def look(self, medium: Medium, time_s: float, max_pixels: int) -> None:
        """Opens the frame that is shown at this time, with at most so many pixels; an earlier one may never come."""
        if self._engine is None:
            self._look = (medium, time_s, max_pixels)
        else:
            self._engine.look(f"{FRAME}{medium.medium_id}", medium.source, max_pixels, time_s)

    @property
    def held_bytes(self) -> int:
        """What the frames that are kept take."""
        return self._bytes

    def image(self, medium_id: str, index: int) -> QImage | None:
        """A frame in small if it is here; a null image where it cannot be opened."""
        image = self._images.get((medium_id, index))
        if image is not None:
            self._images.move_to_end((medium_id, index))
        return image

    def want(self, medium: Medium | None, indices: Sequence[int], max_pixels: int) -> None:
        """Opens these frames that are not here yet, in this order; what was wanted before is no longer waited for.

        Those that could not be opened are tried again once another video, or none, was looked at.
        """
        footage = medium.footage if medium is not None else None
        if max_pixels > self._max_pixels:  # a sharper screen
            self._images.clear()
            self._bytes = 0
        self._max_pixels = max(self._max_pixels, max_pixels)
        if not self._is_same(medium):
            for key in [key for key, image in self._images.items() if image.isNull()]:
                del self._images[key]
        wanted: OrderedDict[int, float] = OrderedDict()
        if medium is not None and footage is not None:
            missing = (index for index in indices if (medium.medium_id, index) not in self._images)
            wanted.update((index, footage.times_s[index]) for index in missing)
        is_under_way = self._is_same(medium) and set(wanted) <= set(self._wanted)
        self._wanted_of, self._wanted = medium, wanted
        if wanted and not is_under_way:
            self._open()

    def forget(self, medium_ids: Sequence[str]) -> None:
        """Gives back the frames of videos that are gone."""
        gone = set(medium_ids)
        for key in [key for key in self._images if key[0] in gone]:
            self._bytes -= self._images.pop(key).sizeInBytes()

    def take_still(self, medium: Medium, time_s: float) -> None:
        """Takes a frame out of a video, whole: `still_taken` or `still_failed`."""
        if self._engine is not None and isinstance(medium.source, ClipSource):
            self._engine.take_still(f"{STILL}{medium.medium_id}", medium.source, time_s)

    def take(self, event: FrameEvent) -> None:
        """Applies what the engine opened, or could not."""
        medium_id = event.view_id.partition(":")[2]
        if isinstance(event, LookOpened):
            self.frame_looked.emit(medium_id, event.time_s, event.levels, event.is_there)
        elif isinstance(event, StillTaken):
            self.still_taken.emit(medium_id, event.source)
        elif isinstance(event, FrameOpened):
            index = self._index_at(medium_id, event.time_s)
            if index is not None:
                self._keep(medium_id, index, image_of(event.bitmap).convertToFormat(QImage.Format.Format_RGB32))
        elif event.view_id.startswith(FRAME):
            self.frame_failed.emit(medium_id, event.error)
        elif event.view_id.startswith(STILL):
            self.still_failed.emit((event.error,))
        elif self._wanted and self._is_of(medium_id):
            # The first that has not come is the one that failed: the others may well be whole.
            self._keep(medium_id, next(iter(self._wanted)), QImage())
            self._open()

    def _is_same(self, medium: Medium | None) -> bool:
        """Whether it is the video of which frames are under way, even if other ones of it are asked about now."""
        return medium is not None and self._wanted_of is not None and medium.medium_id == self._wanted_of.medium_id

    def _is_of(self, medium_id: str) -> bool:
        return self._wanted_of is not None and self._wanted_of.medium_id == medium_id

    def _index_at(self, medium_id: str, time_s: float) -> int | None:
        if self._wanted_of is None or self._wanted_of.footage is None or not self._is_of(medium_id):
            return None
        return self._wanted_of.footage.frame_at(time_s)

    def _open(self) -> None:
        medium = self._wanted_of
        if self._engine is None or medium is None or not self._wanted or not isinstance(medium.source, ClipSource):
            return
        self._engine.frames(f"{STRIP}{medium.medium_id}", medium.source, tuple(self._wanted.values()), self._max_pixels)

    def _keep(self, medium_id: str, index: int, image: QImage) -> None:
        self._wanted.pop(index, None)
        before = self._images.pop((medium_id, index), None)
        self._bytes += image.sizeInBytes() - (before.sizeInBytes() if before is not None else 0)
        self._images[medium_id, index] = image
        while self._bytes > MOST_BYTES and len(self._images) > 1:
            self._bytes -= self._images.popitem(last=False)[1].sizeInBytes()
        self.frame_opened.emit(medium_id, index)
