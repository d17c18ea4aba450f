"""What stands under a video in the viewer: the frames that the model sees, the scrubber, the range and the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from app.core.footage import clock_text
from app.gui.describing import describe
from app.gui.look import canvas, scaled_px
from app.gui.video_words import notes_text, plan_sentence, warning_text
from app.gui.viewer.frame_strip import FrameStrip, strip_height_px
from app.gui.viewer.scrubber import Scrubber, scrubber_height_px
from app.gui.viewer.video_pills import ButtonPill, FramesPill, NotePill, RangePill
from app.gui.viewer.video_words import Piece, frame_pieces
from app.gui.viewer.viewer_pills import PillButton, pill_height_px
from app.gui.wording import paragraph

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent, QResizeEvent

    from app.core.footage import ClipPlan, Footage

_EDGE_PX = 12
_GAP_PX = 8
_ROW_GAP_PX = 4
_TALL_FROM_PX, _TWO_ROWS_FROM_PX = 330, 190
_LEAST_SCRUBBER_PX = 120


class VideoFoot(QWidget):
    """All of it in a tall viewer; no strip in a lower one, and a single row in a very low one."""

    frame_wanted = Signal(int)
    """Carries the index of the frame that the person wants to see."""
    range_wanted = Signal(object, object)
    """Carries the first and the last frame of the range, by index; None where it begins or ends with the video."""
    range_refused = Signal()
    """The range would have been a single frame."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("videoFoot")
        self.strip = FrameStrip()
        self.scrubber = Scrubber()
        self.frames_pill = FramesPill()
        self.range_pill = RangePill()
        self.take_out = PillButton("takeFrameButton", "", self.tr("Take out this frame as a picture"))
        self._take_out_words = (self.tr("Take out frame"), self.tr("Take out"))
        self.take_pill = ButtonPill("takePill", self.take_out)
        self.note = NotePill()
        self.note.setParent(parent)
        self.note.hide()
        for widget in (self.strip, self.scrubber, self.range_pill, self.frames_pill, self.take_pill):
            widget.setParent(self)
        self._footage: Footage | None = None
        self._plan: ClipPlan | None = None
        self._fault = ""
        self._frame_fault = ""
        self._widest: list[list[list[Piece]]] = []
        self._is_warning_in_pill = False
        self.note_room_px = 0
        """What there is beside the zoom buttons above this; where it is too little, a sign stands in the figures."""
        self.strip.frame_wanted.connect(self.frame_wanted)
        self.scrubber.frame_wanted.connect(self.frame_wanted)
        self.scrubber.range_wanted.connect(self._on_scrubber_range_wanted)
        self.range_pill.clear_wanted.connect(self.clear_range)
        self.range_pill.begin_wanted.connect(self.begin_here)
        self.range_pill.end_wanted.connect(self.end_here)

    # What is shown

    @property
    def footage(self) -> Footage | None:
        """What the video that is looked at holds."""
        return self._footage

    @property
    def frame(self) -> int:
        """The index of the frame that is looked at, or will be once it is opened."""
        return self.scrubber.value()

    @property
    def time_s(self) -> float:
        """When this frame is shown."""
        return self._footage.times_s[self.frame] if self._footage is not None else 0.0

    def show_video(self, footage: Footage, frame: int) -> None:
        """Takes another video."""
        self._footage, self._plan = footage, None
        self._fault = self._frame_fault = ""
        self.scrubber.show_footage(footage)
        self.strip.show_frames((), (), self._aspect)
        self.scrubber.show_frame(frame)
        self._show_words()

    def show_nothing(self) -> None:
        """Lets go of the video."""
        self._footage = self._plan = None
        self.scrubber.show_footage(None)
        self.strip.show_frames((), (), self._aspect)
        self.note.hide()

    def show_plan(self, plan: ClipPlan | None, first: int | None, last: int | None, fault: str) -> None:
        """Shows which frames will be taken, or why none can be, and the range, by frames."""
        self._plan, self._fault = plan, fault
        times_s, indices = ((), ()) if plan is None else (plan.frame_times_s, plan.frame_indices)
        self.strip.show_frames(times_s, indices, self._aspect)
        self.strip.show_frame(self.frame)
        self.scrubber.show_sampled(indices)
        self.scrubber.show_range(first, last)
        self._show_range()
        self._show_words()

    def show_frame(self, index: int) -> None:
        """Says which frame is looked at, whether it is opened yet or not."""
        self.scrubber.show_frame(index)
        self.strip.show_frame(index)
        if self._frame_fault:
            self._frame_fault = ""
            self._show_words()
        else:
            self._show_frame_words()

    def show_frame_fault(self, words: str) -> None:
        """Says why the frame that is looked at cannot be shown."""
        self._frame_fault = words
        self._show_words()

    @property
    def note_words(self) -> str:
        """What should be known, the most pressing first."""
        return paragraph(self._frame_fault, self._fault, warning_text(self._plan), notes_text(self._plan))

    @property
    def has_note(self) -> bool:
        """Whether a note stands above this."""
        return not self.note.isHidden()

    @property
    def _aspect(self) -> float:
        return self._footage.width_px / self._footage.height_px if self._footage is not None else 16 / 9

    def _show_range(self) -> None:
        if self._footage is not None:
            self.range_pill.show_range(self._footage, *self.scrubber.range_frames)

    def _show_words(self) -> None:
        """Says all anew: what does not change from frame to frame takes its time."""
        footage, plan = self._footage, self._plan
        if footage is None:
            return
        time = Piece(clock_text(footage.times_s[-1], 1))
        ends = (plan.frame_indices[-1], None) if plan is not None else (None,)
        self._widest = [[[time, *pieces[1:]] for pieces in frame_pieces(footage, plan, end)] for end in ends]
        self._show_note()
        told = plan_sentence(plan) if plan is not None else ""
        describe(self.frames_pill, paragraph(told, self.note_words, self.tr("Choose which frames the model sees.")))
        self._show_frame_words()
        self._place()

    def _show_note(self) -> None:
        warning = warning_text(self._plan)
        fault = paragraph(self._frame_fault, self._fault)
        short = self.tr("Text may be too small to read.") if warning and not fault else ""
        is_seen = bool(self.note_words) and self.is_tall and self.note.least_width(short) <= self.note_room_px
        self._is_warning_in_pill = bool(warning or fault) and not is_seen
        self.note.show_note(self.note_words, short, is_warning=bool(warning or fault))
        self.note.setVisible(is_seen)

    def _show_frame_words(self) -> None:
        if self._footage is not None:
            choices = frame_pieces(self._footage, self._plan, self.frame)
            self.frames_pill.show_pieces(choices, self._widest, is_warning=self._is_warning_in_pill)

    # The range

    def begin_here(self) -> None:
        """Begins the range with the frame that is seen; an end before it is forgotten."""
        last = self.scrubber.range_frames[1]
        self._want_range(self.frame or None, last if last is None or last > self.frame else None)

    def end_here(self) -> None:
        """Ends the range with the frame that is seen; a beginning after it is forgotten."""
        first = self.scrubber.range_frames[0]
        last = self.frame if self.frame < self.scrubber.maximum() else None
        self._want_range(first if first is None or first < self.frame else None, last)

    def clear_range(self) -> None:
        """Takes the whole video."""
        self._want_range(None, None)

    def _want_range(self, first: int | None, last: int | None) -> None:
        if self._footage is None or (first, last) == self.scrubber.range_frames:
            return
        if last == 0 or (first is not None and first == self.scrubber.maximum()):
            self.range_refused.emit()
            return
        self.scrubber.show_range(first, last)
        self._on_scrubber_range_wanted(first, last)

    def _on_scrubber_range_wanted(self, first: int | None, last: int | None) -> None:
        self._show_range()
        self.range_wanted.emit(first, last)

    # Where things are

    @staticmethod
    def is_tall_in(viewer_height_px: int) -> bool:
        """Whether a viewer of this height has room for all of it."""
        return viewer_height_px >= scaled_px(_TALL_FROM_PX)

    @staticmethod
    def is_one_row_in(viewer_height_px: int) -> bool:
        """Whether a viewer of this height has room for a single row only."""
        return viewer_height_px < scaled_px(_TWO_ROWS_FROM_PX)

    def rows_px(self, viewer_height_px: int) -> int:
        """How high it is in a viewer of this height."""
        pill, scrubber = pill_height_px(), scrubber_height_px()
        if self.is_tall_in(viewer_height_px):
            return strip_height_px() + scrubber + pill + 2 * _ROW_GAP_PX + _EDGE_PX
        if not self.is_one_row_in(viewer_height_px):
            return scrubber + pill + _ROW_GAP_PX + _EDGE_PX
        return scrubber + 2 * _ROW_GAP_PX

    @property
    def is_tall(self) -> bool:
        """Whether all of it is shown; then there is room for a note above it, too."""
        return self.height() >= strip_height_px() + scrubber_height_px() + pill_height_px()

    @property
    def is_one_row(self) -> bool:
        """Whether the scrubber stands beside the figures."""
        return self.height() < scrubber_height_px() + pill_height_px()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lays the rows out anew."""
        super().resizeEvent(event)
        self._show_words()

    def _place(self) -> None:
        if self._footage is None:
            return
        width, pill = self.width(), pill_height_px()
        self.strip.setVisible(self.is_tall)
        top = 0
        if self.is_tall:
            self.strip.setGeometry(QRect(_EDGE_PX - 3, 0, width - 2 * (_EDGE_PX - 3), strip_height_px()))
            top = strip_height_px() + _ROW_GAP_PX
        if self.is_one_row:
            self._place_one_row(QRect(_EDGE_PX, _ROW_GAP_PX, width - 2 * _EDGE_PX, scrubber_height_px()))
            return
        row = QRect(0, top, width, scrubber_height_px())
        self._place_scrubber(row.adjusted(_EDGE_PX // 2, 0, -_EDGE_PX, 0))
        row = QRect(_EDGE_PX, row.bottom() + 1 + _ROW_GAP_PX, width - 2 * _EDGE_PX, pill)
        self._place_figures(row)

    def _place_scrubber(self, row: QRect) -> None:
        """The scrubber, and beside it the range where there is room for both."""
        range_width = self.range_pill.sizeHint().width()
        has_range = row.width() - range_width - _GAP_PX >= scaled_px(_LEAST_SCRUBBER_PX)
        self.range_pill.setVisible(has_range)
        if has_range:
            pill = pill_height_px()
            left = row.right() + 1 - range_width
            self.range_pill.setGeometry(left, row.top() + (row.height() - pill) // 2, range_width, pill)
            row = row.adjusted(0, 0, -range_width - _GAP_PX // 2, 0)
        self.scrubber.setGeometry(row)

    def _place_figures(self, row: QRect) -> None:
        """What the model sees on the left, the command on the right: the words of both as there is room."""
        pill, room_px = pill_height_px(), row.width()
        least = self.frames_pill.minimumSizeHint().width()
        take_width = 0
        for words in self._take_out_words:
            self.take_out.widest_text = words
            self.take_out.setText(words)
            take_width = self.take_pill.sizeHint().width()
            if self.frames_pill.width_within(room_px - take_width - _GAP_PX) > least * 2:
                break
        is_room = room_px - take_width - _GAP_PX >= least
        self.take_pill.setVisible(is_room)
        width = self.frames_pill.width_within(room_px - take_width - _GAP_PX if is_room else room_px)
        self.frames_pill.setGeometry(row.left(), row.top(), min(width, room_px), pill)
        self.take_pill.setGeometry(row.right() + 1 - take_width, row.top(), take_width, pill)

    def _place_one_row(self, row: QRect) -> None:
        pill = pill_height_px()
        top = row.top() + (row.height() - pill) // 2
        self.take_pill.hide()
        least = scaled_px(_LEAST_SCRUBBER_PX)
        width = min(self.frames_pill.width_within(max(0, row.width() // 2)), max(0, row.width() - least - _GAP_PX))
        self.frames_pill.setGeometry(row.left(), top, width, pill)
        self._place_scrubber(row.adjusted(width + _GAP_PX // 2, 0, 0, 0))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Covers what of a zoomed picture would lie under it."""
        painter = QPainter(self)
        painter.fillRect(QRectF(self.rect()), canvas(self.palette()))
        painter.end()

    def show_tool_tips(self, tips: dict[str, str]) -> None:
        """Says what each button does, by the buttons' object names."""
        self.range_pill.show_tool_tips(tips)
        if self.take_out.objectName() in tips:
            describe(self.take_out, tips[self.take_out.objectName()])
