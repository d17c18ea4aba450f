"""The pictures in the tray: put there, opened in small and to be looked at, refused, taken away."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.core.events import ViewFailed, ViewOpened
from app.core.shelf import Medium, Shelf
from app.gui.pixels import image_of
from app.gui.tray_delegate import THUMBNAIL

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from app.core.launch import AnswerEngine
    from app.core.pictures import PictureSource
    from app.gui.offered import Offered

_THUMBNAIL_PIXELS = THUMBNAIL.width() * THUMBNAIL.height() * 16
"""Enough for a sharp thumbnail at twice the resolution, whatever the picture's shape."""
_AT_ONCE = 2
_SMALL, _LOOK = "small:", "look:"


class PicturesAtHand(QObject):
    """The shelf of pictures together with the engine's pool that opens them. Thread: main."""

    changed = Signal()
    thumbnail_opened = Signal(str, object)
    """Carries a medium's id and its QImage."""
    picture_opened = Signal(str, object)
    """Carries the id of the medium that was to be looked at and its QImage."""
    refused = Signal(object)
    """Carries a tuple of ErrorText."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine: AnswerEngine | None = None
        self._shelf = Shelf()
        self._wanted: deque[str] = deque()
        self._opening: set[str] = set()
        self._looked_at = ""
        self._look_pixels = 0
        self.selected_ids: frozenset[str] = frozenset()

    @property
    def media(self) -> tuple[Medium, ...]:
        """The pictures in the tray."""
        return self._shelf.media

    def get(self, medium_id: str) -> Medium | None:
        """The picture of this id, if it is in the tray."""
        return self._shelf.get(medium_id)

    def start(self, engine: AnswerEngine) -> None:
        """Begins to open what was put here before there was an engine."""
        self._engine = engine
        self._open_next()
        if self._looked_at:
            self.look_at(self._looked_at, self._look_pixels)

    def select(self, medium_ids: Iterable[str]) -> None:
        """Notes which pictures the next question is about."""
        self.selected_ids = frozenset(medium_ids)
        self.changed.emit()

    def add(self, offered: Offered) -> tuple[str, ...]:
        """Puts pictures into the tray, says what is refused, and gives the ids of what was offered, new or not."""
        if offered.refusals:
            self.refused.emit(offered.refusals)
        return self.add_sources(offered.sources)

    def add_sources(self, sources: Sequence[PictureSource]) -> tuple[str, ...]:
        """Puts pictures into the tray and gives the ids of these, new or not."""
        added = self._shelf.add(sources)
        self._wanted.extend(medium.medium_id for medium in added)
        self._open_next()
        if added:
            self.changed.emit()
        here = (self._shelf.find(source) for source in sources)
        return tuple(dict.fromkeys(medium.medium_id for medium in here if medium is not None))

    def remove(self, medium_ids: Iterable[str]) -> None:
        """Takes pictures out of the tray; what the conversation knows of them stays."""
        for medium_id in list(medium_ids):
            self._shelf.remove(medium_id)
        self.changed.emit()

    def look_at(self, medium_id: str, max_pixels: int) -> None:
        """Opens a picture to be looked at."""
        self._looked_at, self._look_pixels = medium_id, max_pixels
        medium = self._shelf.get(medium_id)
        if medium is not None and self._engine is not None:
            self._engine.view(f"{_LOOK}{medium_id}", medium.source, max_pixels)

    def take(self, event: ViewOpened | ViewFailed) -> None:
        """Applies what the engine opened, or could not: such a picture leaves the tray with a reason."""
        is_small = event.view_id.startswith(_SMALL)
        medium_id = event.view_id.partition(":")[2]
        if is_small:
            self._opening.discard(medium_id)
        is_here = self._shelf.get(medium_id) is not None
        if isinstance(event, ViewFailed):
            if is_here:
                self.remove([medium_id])
                self.refused.emit((event.error,))
        elif is_small and is_here:
            self._shelf.note_size(medium_id, event.bitmap.source_width_px, event.bitmap.source_height_px)
            self.thumbnail_opened.emit(medium_id, image_of(event.bitmap))
            self.changed.emit()
        elif medium_id == self._looked_at and is_here:
            self.picture_opened.emit(medium_id, image_of(event.bitmap))
        self._open_next()

    def _open_next(self) -> None:
        """Keeps few open at once, so that a picture to be looked at does not wait behind a folder's thumbnails."""
        while self._engine is not None and self._wanted and len(self._opening) < _AT_ONCE:
            medium = self._shelf.get(self._wanted.popleft())
            if medium is not None:
                self._opening.add(medium.medium_id)
                self._engine.view(f"{_SMALL}{medium.medium_id}", medium.source, _THUMBNAIL_PIXELS)
