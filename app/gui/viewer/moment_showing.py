"""Takes the viewer to a time that an answer names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.core.files import shown_name
from app.core.segment_timeline import span_text
from app.gui.announcing import tell
from app.gui.bridge import assert_main_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.core.requests import Source
    from app.core.shelf import Medium
    from app.gui.answers.time_links import TimeLink
    from app.gui.desk import Desk
    from app.gui.shell import MainWindow
    from app.gui.window_parts import WindowParts

_SAID_MS = 8_000


class MomentShowing(QObject):
    """Finds the video that a time is about and looks at it there. Thread: main.

    Args:
        window: Says in its status line what was done.
        desk: Knows which videos the model was shown.
        parts: The answers and the tray.
        refresh: Shows in the tray what was put into it.
        parent: Of this object.
    """

    moment_found = Signal(float, object)
    """Carries where the moment begins, in seconds, and where it ends, or None; its video is looked at already."""

    def __init__(
        self, window: MainWindow, desk: Desk, parts: WindowParts, refresh: Callable[[], None], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._desk = desk
        self._tray = parts.tray
        self._refresh = refresh
        parts.result.time_wanted.connect(self._on_result_time_wanted)

    def _on_result_time_wanted(self, moment: TimeLink) -> None:
        assert_main_thread()
        from app.core.shown_clips import clip_meant, shown_clips  # noqa: PLC0415 - with the answer, not with the window

        turns = self._desk.conversation.turns
        clip = clip_meant(shown_clips(turns, moment.request_id), moment.start_s, moment.clip_number)
        if clip is None:
            self._say(self.tr("No video of this conversation is that long."))
            return
        name = shown_name(clip.source.name)
        medium = self._in_tray(clip.source)
        if medium is None:
            self._desk.pictures.bring_back([clip.source])
            self._refresh()
            medium = self._in_tray(clip.source)
            words = self.tr("“{0}” is in the tray again, at {1}.")
        elif medium.source.stamp != clip.source.stamp:
            words = self.tr("“{0}” at {1}; the file was changed since the question.")
        else:
            words = self.tr("“{0}” at {1}")
        if medium is None:
            return
        self._tray.look_at(medium.medium_id)
        self.moment_found.emit(moment.start_s, moment.end_s)
        self._say(words.format(name, span_text(moment.start_s, moment.end_s)))

    def _in_tray(self, source: Source) -> Medium | None:
        """The video of this file, also one that was edited since."""
        media = self._desk.pictures.media
        return next((m for m in media if (m.source.path, m.source.data) == (source.path, source.data)), None)

    def _say(self, words: str) -> None:
        tell(self._window, words, for_ms=_SAID_MS)
