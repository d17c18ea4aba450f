"""The picture or video that is being looked at, with its figures and its zoom; without one, the place to begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QMargins, QRect, Qt, Signal
from PySide6.QtGui import QKeySequence, QNativeGestureEvent, QPixmap, QWheelEvent
from PySide6.QtWidgets import QApplication, QStackedLayout, QWidget

from app.core.files import shown_name
from app.gui.actions import plain_text
from app.gui.look import scaled_px
from app.gui.viewer.empty_state import EmptyState
from app.gui.viewer.framing import GREATEST_SCALE
from app.gui.viewer.picture_canvas import MAX_ENLARGEMENT, PictureCanvas
from app.gui.viewer.picture_tiles import LevelImages
from app.gui.viewer.video_foot import VideoFoot
from app.gui.viewer.viewer_pills import CaptionPill, ZoomPill, pill_height_px, zoom_text

if TYPE_CHECKING:
    from PySide6.QtGui import QImage, QResizeEvent

    from app.core.footage import Footage
    from app.core.picture_levels import PictureLevels
    from app.core.shelf import Medium
    from app.gui.actions import Actions

FIRST_PIXELS = 16_000_000
"""A picture is opened with at most so many at first: most photographs are whole then (64 MB with all levels)."""
FULL_PIXELS = 120_000_000
"""And with at most so many once somebody zooms in further: 480 MB with all levels, about twice while it is opened."""
_COPIED_PIXELS = 16_000_000
_MARGIN_PX = 24
_EDGE_PX = 12
_GAP_PX = 8
_LOW_PX = 240
_LOW_MARGIN_PX = 8
_LEAST_CAPTION_PX = 72
_LOW_CAPTION_SHARE = 0.4
_DRAGGED_PX = 160


class MediaViewer(QWidget):
    """Shows one picture, one frame of a video, or the empty state.

    Turns are remembered for each picture as long as the program runs; zoom begins anew with each, and stays while one
    goes through a video's frames.
    """

    open_wanted = Signal()
    sample_wanted = Signal()
    sample_video_wanted = Signal()
    picture_wanted = Signal(str, int)
    """Carries the id of a picture, or of a video of a single frame, and how many pixels of it are needed at most."""
    sharper_wanted = Signal()
    """It is zoomed in further than the pixels of the frame that is shown."""
    step_wanted = Signal(int)
    copy_wanted = Signal()
    drag_out_wanted = Signal()

    def __init__(self, *, has_samples: bool) -> None:
        super().__init__()
        self.setObjectName("mediaViewer")
        self.setAccessibleName(self.tr("Viewer"))
        self.setMinimumSize(200, 120)
        self._empty = EmptyState(has_samples=has_samples)
        self.canvas = PictureCanvas()
        self._stage = _Stage(self.canvas)
        self._caption_pill = CaptionPill(self._stage)
        self.foot = VideoFoot(self._stage)
        self.foot.hide()
        self.zoom_pill = ZoomPill(self._stage)
        self._layout = QStackedLayout(self)
        self._layout.addWidget(self._empty)
        self._layout.addWidget(self._stage)
        self._medium: Medium | None = None
        self._is_opened = False
        self._is_full_wanted = False
        self._is_full_missing = False
        self._size_text = ""
        self._detail = ""
        self._turns: dict[str, int] = {}
        self._left_focus: QWidget | None = None
        """What under the last video had the keyboard, until it is known whether the next one has it too."""
        self._empty.open_button.clicked.connect(self.open_wanted)
        self._empty.sample_button.clicked.connect(self.sample_wanted)
        self._empty.sample_video_button.clicked.connect(self.sample_video_wanted)
        canvas, pill = self.canvas, self.zoom_pill
        canvas.framing_changed.connect(self._on_canvas_framing_changed)
        canvas.more_pixels_wanted.connect(self._on_canvas_more_pixels_wanted)
        canvas.step_wanted.connect(self.step_wanted)
        canvas.copy_wanted.connect(self.copy_wanted)
        canvas.drag_out_wanted.connect(self.drag_out_wanted)
        pill.zoom_in_wanted.connect(canvas.zoom_in)
        pill.zoom_out_wanted.connect(canvas.zoom_out)
        pill.fit_wanted.connect(self._on_zoom_pill_fit_wanted)
        pill.actual_size_wanted.connect(canvas.zoom_to_actual_size)
        pill.turn_wanted.connect(canvas.turn)
        self._caption_pill.hide()

    def take_actions(self, actions: Actions) -> None:
        """Offers the commands on the picture itself too, and says their keys."""
        only_view = self.tr("only to look at it: the file, and what the model sees of it, stay as they are")
        ids = {
            "zoomOutButton": "zoomOutAction",
            "actualSizeButton": "actualSizeAction",
            "zoomInButton": "zoomInAction",
            "zoomFitButton": "zoomFitAction",
            "rotateLeftButton": "rotateLeftAction",
            "rotateRightButton": "rotateRightAction",
            "rangeInButton": "rangeInAction",
            "rangeOutButton": "rangeOutAction",
            "rangeClearButton": "clearRangeAction",
            "takeFrameButton": "takeFrameAction",
        }
        tips = {}
        for button, action_id in ids.items():
            action = actions[action_id]
            words = plain_text(action.text())
            if action_id.startswith("rotate"):
                words = f"{words}, {only_view}"
                action.setToolTip(words)
                action.setStatusTip(words)
            keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            tips[button] = f"{words} ({keys})" if keys else words
        self.zoom_pill.show_tool_tips(tips)
        self.foot.show_tool_tips(tips)
        zooming = [action_id for button, action_id in ids.items() if not button.startswith(("range", "take"))]
        self.canvas.addActions([actions[action_id] for action_id in ("copyPictureAction", *zooming)])
        self.canvas.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    # What is shown

    def least_height_px(self, width_px: int) -> int:
        """What must not be squeezed at this width: the place to begin, as long as that is shown."""
        return self._empty.least_height_px(width_px) if self.is_empty else 0

    @property
    def is_empty(self) -> bool:
        """Whether there is no picture to look at."""
        return self._layout.currentWidget() is self._empty

    @property
    def medium(self) -> Medium | None:
        """Which picture is looked at."""
        return self._medium

    @property
    def caption(self) -> str:
        """What stands under the picture."""
        return self._caption_pill.text()

    def show_nothing(self) -> None:
        """Shows the place to begin."""
        if self._medium is not None:
            self._take(None, None)
        self._layout.setCurrentWidget(self._empty)

    def look_at(self, medium: Medium, thumbnail: QImage | None) -> None:
        """Shows a picture, fitted: its thumbnail until it is opened."""
        self._layout.setCurrentWidget(self._stage)
        if self._medium is not None and self._medium.medium_id == medium.medium_id:
            return
        images = None
        if thumbnail is not None and not _is_many_frames(medium):
            images = LevelImages.of_thumbnail(thumbnail, medium.width_px, medium.height_px)
        self._take(medium, images)
        if not medium.is_video:
            self.picture_wanted.emit(medium.medium_id, FIRST_PIXELS)

    def show_thumbnail(self, medium: Medium, thumbnail: QImage) -> None:
        """Shows the thumbnail of the picture that is looked at, if there is nothing better."""
        if self._is_looked_at(medium.medium_id) and not self._is_opened and not _is_many_frames(medium):
            self.canvas.show_sharper(LevelImages.of_thumbnail(thumbnail, medium.width_px, medium.height_px))
            self._show_words()

    @property
    def is_video(self) -> bool:
        """Whether a video of several frames is looked at, and what it holds is known."""
        return not self.foot.isHidden()

    def show_video(self, footage: Footage, frame: int, small: QImage | None) -> None:
        """Shows what the video that is looked at holds; a single frame is shown as a picture.

        Args:
            footage: What it holds.
            frame: Which frame is looked at.
            small: This frame in small, until it is opened; None where it is not at hand.
        """
        medium = self._medium
        if medium is None or self.is_video or self._is_opened:
            return
        if footage.is_picture:
            self.picture_wanted.emit(medium.medium_id, FIRST_PIXELS)
            return
        self.foot.show()
        self.foot.show_video(footage, frame)
        if small is not None and not small.isNull():
            images = LevelImages.of_thumbnail(small, footage.width_px, footage.height_px)
            self.canvas.show_picture(images, self._turns.get(medium.medium_id, 0))
        self.canvas.setAccessibleName(self.tr("Video {0}").format(shown_name(medium.source.name)))
        self._show_words()
        self._return_to_foot()

    def show_frame(self, medium_id: str, levels: PictureLevels) -> None:
        """Shows a frame that was opened, where the one before it was."""
        if not self._is_looked_at(medium_id) or not self.is_video:
            return
        self._is_opened = True
        images = LevelImages.of(levels)
        if self.canvas.framing is None:
            self.canvas.show_picture(images, self._turns.get(medium_id, 0))
        else:
            self.canvas.show_sharper(images)
        self._describe()

    @property
    def fitting_pixels(self) -> int:
        """How many pixels of a frame are seen while it is fitted."""
        ratio = self.devicePixelRatioF()
        return max(1, round(self.canvas.width() * self.canvas.height() * ratio * ratio))

    def show_levels(self, medium_id: str, levels: PictureLevels) -> None:
        """Shows the picture that was opened, unless another is looked at or it is sharper already."""
        images = LevelImages.of(levels)
        if not self._is_looked_at(medium_id):
            return
        here = self.canvas.images
        if self._is_opened and here is not None and images.largest_scale <= here.largest_scale:
            return
        self._is_opened = True
        self._is_full_missing = self._is_full_wanted and not levels.is_whole
        self.canvas.show_sharper(images)
        self._show_words()

    def show_no_more(self, medium_id: str) -> None:
        """Stays with the pixels that are here: more of them cannot be opened."""
        if self._is_looked_at(medium_id):
            self._is_full_missing = True
            self._show_words()

    def show_caption(self, size_text: str, detail: str) -> None:
        """Says under the picture how large it is and what the model will see of it."""
        self._size_text, self._detail = size_text, detail
        self._show_words()

    def picture(self) -> QImage | None:
        """The picture for the clipboard: upright, at most of 16 megapixels; None before it is opened."""
        images = self.canvas.images
        return images.within(_COPIED_PIXELS).image() if images is not None and self._is_opened else None

    def dragged_pixmap(self) -> QPixmap:
        """The picture in small, to hang at the pointer."""
        images = self.canvas.images
        if images is None:
            return QPixmap()
        ratio = self.devicePixelRatioF()
        side = round(_DRAGGED_PX * ratio)
        keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        small = images.for_scale(side / max(images.width_px, images.height_px)).image()
        pixmap = QPixmap.fromImage(small.scaled(side, side, keep, smooth))
        pixmap.setDevicePixelRatio(ratio)
        return pixmap

    def _is_looked_at(self, medium_id: str) -> bool:
        return self._medium is not None and self._medium.medium_id == medium_id

    def _take(self, medium: Medium | None, images: LevelImages | None) -> None:
        self._medium = medium
        self._is_opened = self._is_full_wanted = self._is_full_missing = False
        name = shown_name(medium.source.name) if medium is not None else ""
        self._leave_foot()
        self.foot.show_nothing()
        self.canvas.setAccessibleName(self.tr("Picture {0}").format(name).strip())
        self.canvas.show_picture(images, self._turns.get(medium.medium_id, 0) if medium is not None else 0)
        self._show_words()

    def _leave_foot(self) -> None:
        """Hides what stands under a video; the keyboard stays in the viewer, and comes back there with another one."""
        focused = QApplication.focusWidget()
        if focused is not None and self.foot.isAncestorOf(focused):
            self._left_focus = focused
            self.canvas.setFocus(Qt.FocusReason.OtherFocusReason)
        self.foot.hide()

    def _return_to_foot(self) -> None:
        if self._left_focus is not None and self.canvas.hasFocus():
            self._left_focus.setFocus(Qt.FocusReason.OtherFocusReason)
        self._left_focus = None

    def _show_words(self) -> None:
        self._caption_pill.show_words(
            self._size_text, " · ".join(text for text in (self._detail, self._note()) if text)
        )
        self._describe()
        self.place()

    def _note(self) -> str:
        """What is to be known about the pixels that are shown."""
        if self.is_video:
            return ""
        images = self.canvas.images
        if images is None:
            return self.tr("opening it…") if self._medium is not None else ""
        if images.largest_scale >= 1:
            return ""
        if self._is_full_missing:
            return self.tr("shown at {0} of its size").format(zoom_text(images.largest_scale))
        return self.tr("opening it at full size…") if self._is_full_wanted else ""

    def _describe(self) -> None:
        framing = self.canvas.framing
        words = [self.foot.frames_pill.words if self.is_video else self.caption]
        if framing is not None:
            words.append(self.tr("Shown at {0}.").format(zoom_text(framing.shown_scale)))
            if framing.quarter_turns:
                words.append(self.tr("Turned by {0} degrees.").format(framing.quarter_turns * 90))
        self.canvas.setAccessibleDescription(" ".join(word for word in words if word))

    def _on_canvas_framing_changed(self) -> None:
        framing = self.canvas.framing
        self.zoom_pill.setVisible(framing is not None and not (self.is_video and self.foot.is_one_row))
        if framing is None or self._medium is None:
            return
        if self._turns.get(self._medium.medium_id, 0) != framing.quarter_turns:
            self._turns[self._medium.medium_id] = framing.quarter_turns
            self.place()
        scale = framing.shown_scale
        self.zoom_pill.show_zoom(
            scale,
            is_fitted=framing.is_fitted,
            can_zoom_in=scale < GREATEST_SCALE,
            can_zoom_out=scale > framing.least_scale,
        )
        self._describe()

    def _on_canvas_more_pixels_wanted(self) -> None:
        if self.is_video:
            self.sharper_wanted.emit()
        elif self._medium is not None and self._is_opened and not self._is_full_wanted:
            self._is_full_wanted = True
            self.picture_wanted.emit(self._medium.medium_id, FULL_PIXELS)
            self._show_words()

    def _on_zoom_pill_fit_wanted(self) -> None:
        self.canvas.zoom_to_fit()
        self.zoom_pill.fit.setChecked(True)

    # Where things are

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lays the pills over the foot of the picture."""
        super().resizeEvent(event)
        self.place()

    def changeEvent(self, event: QEvent) -> None:
        """Follows the system's letters."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.place()

    def place(self) -> None:
        """Gives each pill its room: first the zoom buttons, then the picture's size, then turns and the rest.

        In a low window the pills are made short and stand beside the picture, where it is larger so.
        """
        if self.is_video:
            self._place_video()
            return
        width, height, pill = self.width(), self.height(), pill_height_px()
        pills = self._pills(width)
        margins = QMargins(_MARGIN_PX, _MARGIN_PX, _MARGIN_PX, pill + 2 * _EDGE_PX)
        if height < scaled_px(_LOW_PX):
            low = _LOW_MARGIN_PX
            margins = QMargins(low, low, low, pill + low + _EDGE_PX)
            short = self._pills(width, is_low=True)
            beside = QMargins(_EDGE_PX + short[0] + _GAP_PX, low, _EDGE_PX + short[1] + _GAP_PX, low)
            scale = self._fit_scale(beside)
            if scale > self._fit_scale(margins):
                margins = beside
                pills = self._beside(short, self.rect().marginsRemoved(beside).width(), scale)
        caption_width, zoom_width = self._caption_pill.width_within(max(0, pills[0])), pills[1]
        self.zoom_pill.fold(zoom_width)
        top = height - _EDGE_PX - pill
        self.zoom_pill.setGeometry(width - _EDGE_PX - zoom_width, top, zoom_width, pill)
        self._caption_pill.setGeometry(QRect(_EDGE_PX, top, caption_width, pill))
        self._caption_pill.setVisible(bool(self.caption) and caption_width >= scaled_px(_LEAST_CAPTION_PX))
        self.canvas.setGeometry(0, 0, width, height)
        self.canvas.set_margins(margins)

    def _place_video(self) -> None:
        """The foot below, the zoom buttons above it, in a low viewer beside the frame.

        In a very low one they are not there; menu, keys, wheel and pinch zoom as well.
        """
        width, height, pill = self.width(), self.height(), pill_height_px()
        foot_px = self.foot.rows_px(height)
        is_tall = self.foot.is_tall_in(height)
        self._caption_pill.hide()
        room = width - 2 * _EDGE_PX
        self.foot.note_room_px = room - _GAP_PX - self.zoom_pill.folded_width(0)
        self.foot.setGeometry(0, height - foot_px, width, foot_px)
        note_width = self.foot.note.width_within(room) if self.foot.has_note else 0
        zoom_width = self.zoom_pill.folded_width(room - _GAP_PX - note_width, is_low=not is_tall)
        self.zoom_pill.setVisible(self.canvas.framing is not None and not self.foot.is_one_row_in(height))
        self.zoom_pill.fold(zoom_width)
        top = height - foot_px - _GAP_PX // 2 - pill
        self.zoom_pill.setGeometry(width - _EDGE_PX - zoom_width, top, zoom_width, pill)
        self.foot.note.setGeometry(_EDGE_PX, top, self.foot.note.width_within(room - _GAP_PX - zoom_width), pill)
        margin = _MARGIN_PX if is_tall else _LOW_MARGIN_PX
        above_foot = pill + _GAP_PX + _GAP_PX // 2 if is_tall else _GAP_PX // 2
        self.canvas.setGeometry(0, 0, width, height)
        self.canvas.set_margins(QMargins(margin, margin, margin, foot_px + above_foot))

    def _pills(self, width: int, *, is_low: bool = False) -> tuple[int, int]:
        """The widths of both pills."""
        room = width - 2 * _EDGE_PX - _GAP_PX
        wanted = self._caption_pill.least_width() if self.caption else 0
        zoom_width = self.zoom_pill.folded_width(room - wanted, is_low=is_low)
        most = round(width * _LOW_CAPTION_SHARE) if is_low else room
        return min(self._caption_pill.sizeHint().width(), room - zoom_width, most), zoom_width

    def _beside(self, short: tuple[int, int], free_px: int, scale: float) -> tuple[int, int]:
        """The widths of both pills beside a picture that leaves some of the room free."""
        framing = self.canvas.framing
        side = max(0, round((free_px - (framing.width_px * scale if framing is not None else 0)) / 2) - 1)
        caption_width = min(self._caption_pill.sizeHint().width(), short[0] + side)
        return caption_width, self.zoom_pill.folded_width(short[1] + side)

    def _fit_scale(self, margins: QMargins) -> float:
        """How large the picture would be inside these margins."""
        framing = self.canvas.framing
        free = self.rect().marginsRemoved(margins)
        if framing is None or free.isEmpty():
            return 0.0
        return min(free.width() / framing.width_px, free.height() / framing.height_px, MAX_ENLARGEMENT)


def _is_many_frames(medium: Medium) -> bool:
    """Whether its thumbnail may be of another frame than the one that is looked at: that would be seen to jump."""
    return medium.is_video and (medium.footage is None or not medium.footage.is_picture)


class _Stage(QWidget):
    """Holds the canvas and what lies over it; wheel and pinch over the pills are the canvas's as well."""

    def __init__(self, canvas: PictureCanvas) -> None:
        super().__init__()
        canvas.setParent(self)
        self._canvas = canvas

    def event(self, event: QEvent) -> bool:
        """Zooms and pans; the canvas lies where this does."""
        if isinstance(event, (QWheelEvent, QNativeGestureEvent)):
            return self._canvas.event(event)
        return super().event(event)
