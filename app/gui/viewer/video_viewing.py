"""Looking at a video: which frame, which of them the model sees, and frames that are taken out as pictures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QImage, QKeyEvent

from app.core.clips import ClipSource
from app.core.files import shown_name
from app.core.footage import FrameWish
from app.gui.announcing import tell
from app.gui.bridge import assert_main_thread
from app.gui.viewer.frame_seeking import FrameSeeking
from app.gui.wording import error_words, spoken

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.core.errors import ErrorText
    from app.core.footage import ClipPlan, Footage
    from app.core.next_question import NextQuestion
    from app.core.pictures import PictureSource
    from app.core.shelf import Medium
    from app.gui.actions import Actions
    from app.gui.desk import Desk
    from app.gui.shell import MainWindow
    from app.gui.viewer.frames_choice import FramesChoice
    from app.gui.window_parts import WindowParts

_WISH_MS = 60
_AROUND = 4
"""Frames of the strip that are opened beside those in sight, on either side."""


class VideoViewing(QObject):
    """The viewer's part of the commands, as far as videos go. Thread: main."""

    def __init__(self, window: MainWindow, desk: Desk, parts: WindowParts, parent: QObject) -> None:
        super().__init__(parent)
        self._window = window
        self._desk = desk
        self._tray = parts.tray
        self._notice = parts.media_notice
        self._viewer = parts.viewer
        self._foot = parts.viewer.foot
        self._actions: Actions | None = None
        self._choice: FramesChoice | None = None
        self._medium: Medium | None = None
        self._plan: ClipPlan | None = None
        self._fault: ErrorText | None = None
        self._frames = desk.frames.looked_at
        self._moment: tuple[str, float, float | None] | None = None
        """A video's id, and from and to when it shall be shown once it is open."""
        self._seeking = FrameSeeking(parts.viewer, desk.frames, self)
        self._range: tuple[int | None, int | None] = (None, None)
        self._is_dragged_on = False
        """The range is dragged, and was dragged before: all of it is one step for undo."""
        self._wish_timer = QTimer(self)
        self._wish_timer.setSingleShot(True)
        self._wish_timer.setInterval(_WISH_MS)
        self._wish_timer.timeout.connect(self._on_wish_timeout)
        self._connect()

    def _connect(self) -> None:
        foot, viewer, frames = self._foot, self._viewer, self._desk.frames
        foot.frame_wanted.connect(self._on_foot_frame_wanted)
        foot.range_wanted.connect(self._on_foot_range_wanted)
        foot.range_refused.connect(self._on_foot_range_refused)
        foot.scrubber.let_go.connect(self._on_scrubber_let_go)
        foot.strip.in_sight_changed.connect(self._on_strip_in_sight_changed)
        foot.strip.image = self._image
        foot.frames_pill.clicked.connect(self._on_frames_pill_clicked)
        foot.take_out.clicked.connect(self.on_take_frame)
        viewer.canvas.take_key = self._take_key
        self._seeking.failed.connect(self._on_seeking_failed)
        frames.frame_opened.connect(self._on_frames_frame_opened)
        frames.still_taken.connect(self._on_frames_still_taken)
        frames.still_failed.connect(self._notice.show_errors)

    def slots(self) -> dict[str, Callable[..., None]]:
        """The method of each action id."""
        return {
            "previousFrameAction": self.on_previous_frame,
            "nextFrameAction": self.on_next_frame,
            "rangeInAction": self.on_range_in,
            "rangeOutAction": self.on_range_out,
            "clearRangeAction": self.on_clear_range,
            "takeFrameAction": self.on_take_frame,
        }

    def take_actions(self, actions: Actions) -> None:
        """Takes the actions that stand in the viewer's menu too."""
        self._actions = actions
        for part in (self._foot.strip, self._foot.scrubber):
            part.addActions([actions[name] for name in ("rangeInAction", "rangeOutAction", "takeFrameAction")])
            part.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    def close(self) -> None:
        """Takes note of what was wished last."""
        self._apply_wish()
        self._seeking.end()

    # What is looked at

    @property
    def is_idle(self) -> bool:
        """Whether the frame that is looked at is there and all that was wished is taken note of."""
        return self._seeking.is_idle and not self._wish_timer.isActive()

    @property
    def is_shown(self) -> bool:
        """Whether a video of several frames is looked at."""
        return self._medium is not None

    @property
    def has_range(self) -> bool:
        """Whether only a part of it is asked about."""
        return self._range != (None, None)

    def show(self, medium: Medium | None, question: NextQuestion) -> bool:
        """Brings the viewer up to date with what is looked at; tells whether it is a video of several frames."""
        footage = medium.footage if medium is not None and medium.is_video else None
        looked_at = self._viewer.medium
        if medium is None or footage is None or looked_at is None or looked_at.medium_id != medium.medium_id:
            self._leave(medium)
            return False
        if self._medium is None or self._medium.medium_id != medium.medium_id:
            self._begin(medium, footage, question)
        if not self._viewer.is_video:
            return False
        self._medium = medium
        if footage is not self._foot.footage:
            self._take_footage(medium, footage)
        self._show_plan(medium, footage, question)
        return True

    def _take_footage(self, medium: Medium, footage: Footage) -> None:
        """Goes on with what the video holds now: its file may be another than before."""
        if self._foot.footage == footage:
            return
        frame = min(self._foot.frame, len(footage.times_s) - 1)
        self._desk.frames.forget([medium.medium_id])
        self._wish_timer.stop()
        self._foot.show_video(footage, frame)
        self._frames[medium.medium_id] = frame
        self._seeking.begin(medium, footage)
        self._seeking.seek()

    def _leave(self, medium: Medium | None) -> None:
        if self._moment is not None and (medium is None or medium.medium_id != self._moment[0]):
            self._moment = None
        if self._medium is None:
            return
        if self._choice is not None:
            self._choice.close()  # what was typed last belongs to this video
        self._apply_wish()
        self._is_dragged_on = False
        here = {other.medium_id for other in self._desk.pictures.media}
        self._desk.frames.forget([medium_id for medium_id in self._frames if medium_id not in here])
        self._medium = self._plan = self._fault = None
        self._range = (None, None)
        self._seeking.end()
        self._desk.frames.want(None, (), 0)
        if self._actions is not None:
            self._viewer.canvas.removeAction(self._actions["takeFrameAction"])

    def _begin(self, medium: Medium, footage: Footage, question: NextQuestion) -> None:
        self._leave(medium)
        plan = question.plan(medium)
        first = plan.frame_indices[0] if plan is not None else 0
        frame = min(self._frames.get(medium.medium_id, first), len(footage.times_s) - 1)
        self._viewer.show_video(footage, frame, self._desk.frames.image(medium.medium_id, frame))
        if not self._viewer.is_video:
            return
        self._medium = medium
        self._seeking.begin(medium, footage)
        if self._actions is not None:
            self._viewer.canvas.addAction(self._actions["takeFrameAction"])
        if self._moment is not None:
            self._show_moment(footage)
        else:
            self._seeking.seek()

    def _show_plan(self, medium: Medium, footage: Footage, question: NextQuestion) -> None:
        source = medium.source
        if not isinstance(source, ClipSource):
            return
        self._plan, self._fault = question.plan(medium), question.why_not(medium)
        wish = source.wish
        if not self._wish_timer.isActive():
            self._range = (
                footage.frame_from(wish.start_s) if wish.start_s is not None else None,
                footage.frame_at(wish.end_s) if wish.end_s is not None else None,
            )
        self._foot.show_plan(self._plan, *self._range, error_words(self._fault))
        if self._choice is not None:
            self._choice.show_wish(wish, self._plan, self._fault)
        self._viewer.place()

    # The frame that is looked at

    def _on_foot_frame_wanted(self, index: int) -> None:
        assert_main_thread()
        moment = self._foot.scrubber.moment
        footage = self._foot.footage
        if footage is not None and moment is not None and not moment[0] <= footage.times_s[index] <= moment[1]:
            self._foot.scrubber.show_moment(None)
        self._seek(index)

    def _seek(self, index: int) -> None:
        if self._medium is None:
            return
        self._foot.show_frame(index)
        self._frames[self._medium.medium_id] = index
        self._seeking.seek()

    def _on_seeking_failed(self, error: ErrorText) -> None:
        self._foot.show_frame_fault(spoken(error.text))
        self._viewer.place()

    def _on_scrubber_let_go(self) -> None:
        self._apply_wish()
        self._is_dragged_on = False

    def _take_key(self, event: QKeyEvent) -> bool:
        """Keys on the frame itself lead where they lead on the scrubber; Up and Down go to what else is in the tray."""
        return self._medium is not None and self._foot.scrubber.take_key(event)

    # A moment that an answer speaks of

    def show_moment(self, start_s: float, end_s: float | None) -> None:
        """Shows the frame at this time of the video that is looked at, as soon as it is open; a range is marked."""
        assert_main_thread()
        current = self._desk.pictures.get(self._tray.current_id or "")
        self._moment = (current.medium_id, start_s, end_s) if current is not None and current.is_video else None
        footage = self._foot.footage
        looked_at = self._medium.medium_id if self._medium is not None else None
        if footage is not None and current is not None and current.medium_id == looked_at:
            self._show_moment(footage)

    def _show_moment(self, footage: Footage) -> None:
        if self._moment is None:
            return
        _, start_s, end_s = self._moment
        self._moment = None
        start_s = min(max(0.0, start_s), footage.end_s)
        self._foot.scrubber.show_moment((start_s, min(end_s, footage.end_s)) if end_s is not None else None)
        self._seek(footage.frame_at(start_s))

    # The strip

    def _image(self, index: int) -> QImage | None:
        return self._desk.frames.image(self._medium.medium_id, index) if self._medium is not None else None

    def _on_strip_in_sight_changed(self) -> None:
        if self._medium is None or self._foot.strip.isHidden():
            return
        size, ratio = self._foot.strip.picture_size, self._viewer.devicePixelRatioF()
        pixels = round(size.width() * size.height() * ratio * ratio)
        self._desk.frames.want(self._medium, self._foot.strip.wanted(_AROUND), pixels)

    def _on_frames_frame_opened(self, medium_id: str, index: int) -> None:
        assert_main_thread()
        if self._medium is not None and medium_id == self._medium.medium_id:
            self._foot.strip.show_image(index)

    # Which frames the model sees

    def _on_foot_range_wanted(self, first: int | None, last: int | None) -> None:
        self._range = (first, last)
        if not self._wish_timer.isActive():
            self._wish_timer.start()

    def _on_foot_range_refused(self) -> None:
        tell(self._window, self.tr("A range is at least two frames long."), self._foot.scrubber)

    def _on_wish_timeout(self) -> None:
        self._apply_wish(is_due=True)

    def _apply_wish(self, *, is_due: bool = False) -> None:
        """Makes the range that was dragged the wish: not at every step of the mouse."""
        if not is_due and not self._wish_timer.isActive():
            return
        self._wish_timer.stop()
        medium = self._medium
        footage = medium.footage if medium is not None else None  # the viewer may show another by now
        if medium is None or footage is None:
            return
        first, last = self._range
        start_s = footage.times_s[first] if first is not None else None
        end_s = footage.times_s[last] if last is not None else None
        wish = replace(self._wish, start_s=start_s, end_s=end_s)
        self._desk.pictures.choose_frames(medium.medium_id, wish, goes_on=self._is_dragged_on)
        self._is_dragged_on = self._foot.scrubber.held in ("first", "last")

    @property
    def _wish(self) -> FrameWish:
        """What is wished of the video that is looked at, as it is by now."""
        medium = self._desk.pictures.get(self._medium.medium_id) if self._medium is not None else None
        return medium.source.wish if medium is not None and isinstance(medium.source, ClipSource) else FrameWish()

    def _on_frames_pill_clicked(self) -> None:
        if self._medium is None:
            return
        if self._choice is None:
            from app.gui.viewer.frames_choice import FramesChoice  # noqa: PLC0415 - only when it is first asked for

            self._choice = FramesChoice(self._window)
            self._choice.wish_chosen.connect(self._on_choice_wish_chosen)
        self._apply_wish()
        self._choice.show_wish(self._wish, self._plan, self._fault)
        self._choice.open_over(self._foot.frames_pill)

    def _on_choice_wish_chosen(self, wish: FrameWish) -> None:
        if self._medium is not None:
            self._apply_wish()
            here = self._wish
            wish = replace(wish, start_s=here.start_s, end_s=here.end_s)
            self._desk.pictures.choose_frames(self._medium.medium_id, wish)

    # Commands

    def on_previous_frame(self) -> None:
        """Shows the frame before."""
        self._foot.scrubber.step(-1)

    def on_next_frame(self) -> None:
        """Shows the next frame."""
        self._foot.scrubber.step(1)

    def on_range_in(self) -> None:
        """Begins the range with the frame that is seen."""
        self._foot.begin_here()

    def on_range_out(self) -> None:
        """Ends the range with the frame that is seen."""
        self._foot.end_here()

    def on_clear_range(self) -> None:
        """Takes the whole video again."""
        self._foot.clear_range()

    def on_take_frame(self) -> None:
        """Makes the frame that is seen a picture in the tray, right behind the video."""
        if self._medium is not None:
            self._desk.frames.take_still(self._medium, self._foot.time_s)

    def _on_frames_still_taken(self, medium_id: str, source: PictureSource) -> None:
        assert_main_thread()
        ids = self._desk.pictures.add_sources([source], behind=medium_id)
        self._tray.show_question(self._desk.next_question())
        self._tray.select_added(ids)
        words = self.tr("“{0}” is a picture of its own now. The next question is about it alone.")
        tell(self._window, words.format(shown_name(source.name)), self._tray)
