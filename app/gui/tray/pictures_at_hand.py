"""The pictures and videos in the tray: put there, opened in small and to be looked at, refused, taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.core.clips import ClipSource
from app.core.events import LookOpened, ViewFailed, ViewOpened
from app.core.files import shown_name
from app.core.shelf import Medium, Shelf
from app.gui.tray.intake import Intake, TakenIn
from app.gui.viewer.pixels import image_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from app.core.errors import ErrorText
    from app.core.footage import FrameWish
    from app.core.launch import AnswerEngine
    from app.core.requests import Source
    from app.core.shelf import ShelfStep
    from app.gui.tray.offered import Offered

_THUMBNAIL_PIXELS = 36_608
"""Enough for a sharp thumbnail at twice the resolution, whatever the picture's shape."""
_AT_ONCE = 2
_SMALL, _LOOK = "small:", "look:"


class PicturesAtHand(QObject):
    """The shelf of pictures together with the engine's pool that opens them. Thread: main."""

    changed = Signal()
    arrived = Signal(object, object)
    """Carries a tuple of the ids of what was offered, and one of the names of what of it was here before."""
    thumbnail_opened = Signal(str, object)
    """Carries a medium's id and its QImage."""
    picture_opened = Signal(str, object)
    """Carries the id of the medium that is looked at and its PictureLevels."""
    no_more_pixels = Signal(str)
    """Carries the id of a medium that is looked at and cannot be opened sharper than it is."""
    refused = Signal(object)
    """Carries a tuple of ErrorText."""

    def __init__(self, post: Callable[[TakenIn], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine: AnswerEngine | None = None
        self._intake = Intake(post)
        self._taking_in = 0
        self._shelf = Shelf()
        self._wanted: dict[str, None] = {}
        self._in_sight: tuple[str, ...] = ()
        self._opening: dict[str, bool] = {}
        """By id whether it is a video."""
        self._looked_at = ""
        self._look_pixels = 0
        self._look_fault: ErrorText | None = None
        self.selected_ids: frozenset[str] = frozenset()

    @property
    def media(self) -> tuple[Medium, ...]:
        """The pictures in the tray."""
        return self._shelf.media

    @property
    def is_taking_in(self) -> bool:
        """Whether something that was offered is still being looked at."""
        return self._taking_in > 0

    @property
    def last_step(self) -> ShelfStep | None:
        """What `undo` would take back."""
        return self._shelf.last_step

    @property
    def next_step(self) -> ShelfStep | None:
        """What `redo` would do again."""
        return self._shelf.next_step

    def get(self, medium_id: str) -> Medium | None:
        """The picture of this id, if it is in the tray."""
        return self._shelf.get(medium_id)

    def start(self, engine: AnswerEngine) -> None:
        """Begins to open what was put here before there was an engine."""
        self._engine = engine
        self._open_next()
        if self._looked_at:
            self.look_at(self._looked_at, self._look_pixels)

    def open_again(self) -> None:
        """Opens every picture in small once more, for another tray."""
        self._open_soon(medium.medium_id for medium in self._shelf.media)

    def close(self, timeout_s: float) -> bool:
        """Looks at nothing more; tells whether its thread ended in time."""
        return self._intake.close(timeout_s)

    def select(self, medium_ids: Iterable[str]) -> None:
        """Notes which pictures the next question is about."""
        self.selected_ids = frozenset(medium_ids)
        self.changed.emit()

    def offer(self, offered: Offered) -> None:
        """Looks at what was dropped, pasted or chosen; what is found arrives later."""
        self._taking_in += 1
        self._intake.take(offered)
        self.changed.emit()

    def take_in(self, found: TakenIn) -> None:
        """Puts what was found into the tray and says what is refused."""
        self._taking_in = max(0, self._taking_in - 1)
        if found.gathered.refusals:
            self.refused.emit(found.gathered.refusals)
        here = (self._shelf.find(source) for source in found.gathered.sources)
        known = tuple(shown_name(medium.source.name) for medium in here if medium is not None)
        arrived = self.add_sources(found.gathered.sources)
        self.changed.emit()
        if arrived:
            self.arrived.emit(arrived, known)

    def add_sources(self, sources: Sequence[Source], behind: str = "") -> tuple[str, ...]:
        """Puts pictures into the tray, behind the one of this id or at the end, and gives their ids, new or not."""
        added = self._shelf.add(sources, behind)
        self._forget_gone()
        self._open_soon(medium.medium_id for medium in added)
        if added:
            self.changed.emit()
        here = (self._shelf.find(source) for source in sources)
        return tuple(dict.fromkeys(medium.medium_id for medium in here if medium is not None))

    def bring_back(self, sources: Sequence[Source]) -> tuple[str, ...]:
        """Puts what was asked about into the tray, videos with the very frames that were wanted then."""
        here = self.add_sources(sources)
        for source in sources:
            medium = self._shelf.find(source)
            if medium is not None and isinstance(source, ClipSource):
                self.set_wish(medium.medium_id, source.wish)
        return here

    def set_wish(self, medium_id: str, wish: FrameWish) -> None:
        """Takes note of which frames of a video are wanted: to the model it is another one then."""
        medium = self._shelf.get(medium_id)
        if medium is not None and isinstance(medium.source, ClipSource) and medium.source.wish != wish:
            self._shelf.set_wish(medium_id, wish)
            self.changed.emit()

    def choose_frames(self, medium_id: str, wish: FrameWish, *, goes_on: bool = False) -> None:
        """Takes note of which frames of a video the person wants: a step for undo, or more of the last one."""
        medium = self._shelf.get(medium_id)
        if medium is not None and isinstance(medium.source, ClipSource) and medium.source.wish != wish:
            self._shelf.choose_frames(medium_id, wish, goes_on=goes_on)
            self.changed.emit()

    def remove(self, medium_ids: Iterable[str]) -> None:
        """Takes pictures out of the tray; what the conversation knows of them stays."""
        self._shelf.remove(medium_ids)
        self._forget_gone()
        self.changed.emit()

    def move(self, medium_ids: Iterable[str], place: int) -> None:
        """Puts pictures before the one that stands at this place."""
        self._shelf.move(medium_ids, place)
        self.changed.emit()

    def undo(self) -> tuple[str, ...]:
        """Takes the last step back and gives the ids of the pictures that it was about."""
        return self._after(self._shelf.undo())

    def redo(self) -> tuple[str, ...]:
        """Does what was taken back once more and gives the ids of the pictures that it was about."""
        return self._after(self._shelf.redo())

    def _after(self, step: ShelfStep | None) -> tuple[str, ...]:
        if step is None:
            return ()
        self._forget_gone()
        if step.wishes is None:  # what the video holds is the same
            self._open_soon(step.medium_ids)
        self.changed.emit()
        return step.medium_ids

    def look_at(self, medium_id: str, max_pixels: int) -> None:
        """Opens a picture to be looked at, with at most so many pixels; another one is no longer waited for."""
        self._looked_at, self._look_pixels, self._look_fault = medium_id, max_pixels, None
        medium = self._shelf.get(medium_id)
        if medium is not None and self._engine is not None:
            self._engine.look(f"{_LOOK}{medium_id}", medium.source, max_pixels)

    def note_in_sight(self, medium_ids: Sequence[str]) -> None:
        """Opens the thumbnails of these before all others."""
        self._in_sight = tuple(medium_ids)

    def take(self, event: ViewOpened | LookOpened | ViewFailed) -> None:
        """Applies what the engine opened, or could not: one without even a thumbnail leaves the tray with a reason."""
        is_small = event.view_id.startswith(_SMALL)
        medium_id = event.view_id.partition(":")[2]
        if is_small:
            self._opening.pop(medium_id, None)
        is_here = self._shelf.get(medium_id) is not None
        if isinstance(event, LookOpened):
            if medium_id == self._looked_at and is_here:
                self.picture_opened.emit(medium_id, event.levels)
        elif isinstance(event, ViewFailed) and not is_small:
            if medium_id == self._looked_at:
                self._look_fault = event.error
        elif isinstance(event, ViewFailed):
            self._shelf.forget(medium_id)
            if is_here:
                self.changed.emit()
                self.refused.emit((event.error,))
        elif is_here:
            bitmap = event.bitmap
            self._shelf.note_size(medium_id, bitmap.source_width_px, bitmap.source_height_px, event.footage)
            self.thumbnail_opened.emit(medium_id, image_of(event.bitmap))
            self.changed.emit()
        self._say_look_fault()
        self._open_next()

    def _say_look_fault(self) -> None:
        """Says why what is looked at stays unsharp, once its thumbnail proves it to be no broken file."""
        medium = self._shelf.get(self._looked_at)
        if self._look_fault is not None and medium is not None and medium.is_opened:
            fault, self._look_fault = self._look_fault, None
            self.no_more_pixels.emit(self._looked_at)
            self.refused.emit((fault,))

    def _open_soon(self, medium_ids: Iterable[str]) -> None:
        self._wanted.update(dict.fromkeys(medium_ids))
        self._open_next()

    def _open_next(self) -> None:
        """Keeps few open at once, so that a picture to be looked at does not wait behind a folder's thumbnails."""
        while self._engine is not None and len(self._opening) < _AT_ONCE:
            medium = self._next_wanted()
            if medium is None:
                break
            del self._wanted[medium.medium_id]
            self._opening[medium.medium_id] = medium.is_video
            self._engine.view(f"{_SMALL}{medium.medium_id}", medium.source, _THUMBNAIL_PIXELS)

    def _forget_gone(self) -> None:
        """Lets nothing be opened any longer that is not in the tray: it may be hours of footage from far away."""
        for medium_id in [medium_id for medium_id in self._opening if self._shelf.get(medium_id) is None]:
            del self._opening[medium_id]
            if self._engine is not None:
                self._engine.forget_view(f"{_SMALL}{medium_id}")
        self._open_next()

    def _next_wanted(self) -> Medium | None:
        """What is in sight before all else, and one video at a time: pictures must not wait for hours of footage."""
        has_video = any(self._opening.values())
        for medium_id in (*self._in_sight, *self._wanted):
            medium = self._shelf.get(medium_id)
            if medium is None:
                self._wanted.pop(medium_id, None)
            elif medium_id in self._wanted and not (has_video and medium.is_video):
                return medium
        return None
