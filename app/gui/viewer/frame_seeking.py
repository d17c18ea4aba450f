"""Opening the frame of a video that is looked at: as fast as decoding gives it, and as sharp as can be in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QObject, QTimer, Signal

from app.gui.bridge import assert_main_thread
from app.gui.viewer.media_viewer import FIRST_PIXELS, FULL_PIXELS

if TYPE_CHECKING:
    from app.core.errors import ErrorText
    from app.core.footage import Footage
    from app.core.picture_levels import PictureLevels
    from app.core.shelf import Medium
    from app.gui.viewer.frames_at_hand import FramesAtHand
    from app.gui.viewer.media_viewer import MediaViewer

_REST_MS = 120
_SMALL_FRAME_PIXELS = 2_500_000
"""Larger frames are opened only as large as they are seen while a person drags, and whole once it is let go."""


class _Look(NamedTuple):
    """A frame by its index, and the most pixels that it is opened with."""

    frame: int
    max_pixels: int


class FrameSeeking(QObject):
    """One frame is opened at a time, and then the one that is wanted by then. Thread: main.

    So frames come as fast as they can be decoded while a person drags, and none is decoded in vain.
    """

    failed = Signal(object)
    """Carries the ErrorText that says why the frame that is looked at cannot be shown."""

    def __init__(self, viewer: MediaViewer, frames: FramesAtHand, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._foot = viewer.foot
        self._frames = frames
        self._medium: Medium | None = None
        self._footage: Footage | None = None
        self._asked: _Look | None = None
        self._shown: _Look | None = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._on_rest_timeout)
        viewer.sharper_wanted.connect(self._on_viewer_sharper_wanted)
        viewer.foot.scrubber.let_go.connect(self._rest.start)
        frames.frame_looked.connect(self._on_frames_frame_looked)
        frames.frame_failed.connect(self._on_frames_frame_failed)

    @property
    def is_waiting(self) -> bool:
        """Whether a frame is being opened."""
        return self._asked is not None

    @property
    def is_idle(self) -> bool:
        """Whether the frame that is looked at is there, as sharp as can be."""
        return not (self.is_waiting or self._rest.isActive())

    def begin(self, medium: Medium, footage: Footage) -> None:
        """Looks through this video from now on."""
        self.end()
        self._medium, self._footage = medium, footage

    def end(self) -> None:
        """Looks at no video any more."""
        self._medium = self._footage = self._asked = self._shown = None
        self._rest.stop()

    def seek(self) -> None:
        """Opens the frame that the viewer's foot says."""
        self._rest.stop()
        if self._asked is None:
            self._ask()

    def _ask(self, max_pixels: int | None = None) -> None:
        medium, footage = self._medium, self._footage
        if medium is None or footage is None:
            return
        if max_pixels is None:
            is_large = footage.width_px * footage.height_px > _SMALL_FRAME_PIXELS
            is_passing = is_large and self._is_fitted and bool(self._foot.scrubber.held)
            max_pixels = self._viewer.fitting_pixels if is_passing else self._sharp_pixels
        wanted = _Look(self._foot.frame, max_pixels)
        if self._shown is not None and self._shown.frame == wanted.frame and self._shown.max_pixels >= max_pixels:
            self._go_on(wanted.frame)
            return
        self._asked = wanted
        self._frames.look(medium, footage.times_s[wanted.frame], max_pixels)

    @property
    def _is_fitted(self) -> bool:
        framing = self._viewer.canvas.framing
        return framing is None or framing.is_fitted

    @property
    def _sharp_pixels(self) -> int:
        return FIRST_PIXELS if self._is_fitted else FULL_PIXELS

    def _on_frames_frame_looked(self, medium_id: str, time_s: float, levels: PictureLevels, is_there: bool) -> None:
        assert_main_thread()
        footage, asked = self._footage, self._asked
        if self._medium is None or medium_id != self._medium.medium_id or footage is None or asked is None:
            return
        if footage.times_s[asked.frame] != time_s:
            return
        is_seen = self._shown is not None and self._shown.frame == asked.frame
        if is_there or not is_seen:  # what is seen already is no place for the frames on the way to it
            self._viewer.show_frame(medium_id, levels)
        if not is_there:
            self._shown = self._shown if is_seen else None
            if self._foot.frame != asked.frame:
                self._ask()
            return
        self._asked = None
        self._shown = _Look(asked.frame, FULL_PIXELS if levels.is_whole else asked.max_pixels)
        self._go_on(asked.frame)

    def _on_frames_frame_failed(self, medium_id: str, error: ErrorText) -> None:
        assert_main_thread()
        asked = self._asked
        if self._medium is None or medium_id != self._medium.medium_id or asked is None:
            return
        self._asked = None
        if asked.frame == self._foot.frame:
            self.failed.emit(error)
        else:
            self._go_on(asked.frame)

    def _go_on(self, frame: int) -> None:
        """Opens the frame that is wanted by now, or the same one sharper once nothing else is wanted for a moment."""
        if self._foot.frame != frame:
            self._ask()
        elif self._shown is not None and self._shown.max_pixels < self._sharp_pixels:
            self._rest.start()

    def _on_rest_timeout(self) -> None:
        if not self._foot.scrubber.held:
            self._on_viewer_sharper_wanted()

    def _on_viewer_sharper_wanted(self) -> None:
        if self._asked is None:
            self._ask(self._sharp_pixels)
