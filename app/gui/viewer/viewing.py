"""Looking at pictures: which one, how sharp, how large, how turned, and handing it to other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from app.core.files import shown_name
from app.core.footage import clock_text
from app.gui.announcing import tell
from app.gui.bridge import assert_main_thread
from app.gui.viewer.picture_out import PictureOut, frame_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QImage

    from app.core.picture_levels import PictureLevels
    from app.gui.desk import Desk
    from app.gui.shell import MainWindow
    from app.gui.window_parts import WindowParts


class Viewing(QObject):
    """The viewer's part of the commands. Thread: main."""

    def __init__(self, window: MainWindow, desk: Desk, parts: WindowParts, parent: QObject) -> None:
        super().__init__(parent)
        self._window = window
        self._desk = desk
        self._tray = parts.tray
        self._viewer = parts.viewer
        self.out = PictureOut(self)
        viewer, pictures = parts.viewer, desk.pictures
        viewer.picture_wanted.connect(pictures.look_at)
        viewer.step_wanted.connect(parts.tray.step)
        viewer.copy_wanted.connect(self.on_copy_picture)
        viewer.drag_out_wanted.connect(self._on_viewer_drag_out_wanted)
        pictures.thumbnail_opened.connect(self._on_pictures_thumbnail_opened)
        pictures.picture_opened.connect(self._on_pictures_picture_opened)
        pictures.no_more_pixels.connect(viewer.show_no_more)

    def slots(self) -> dict[str, Callable[..., None]]:
        """The method of each action id."""
        return {
            "copyPictureAction": self.on_copy_picture,
            "zoomInAction": self.on_zoom_in,
            "zoomOutAction": self.on_zoom_out,
            "zoomFitAction": self.on_zoom_fit,
            "actualSizeAction": self.on_actual_size,
            "rotateLeftAction": self.on_rotate_left,
            "rotateRightAction": self.on_rotate_right,
        }

    def close(self) -> None:
        """Removes the files that were made for other programs."""
        self.out.close()

    def look_at(self, medium_id: str) -> None:
        """Shows a picture of the tray."""
        medium = self._desk.pictures.get(medium_id)
        if medium is not None:
            self._viewer.look_at(medium, self._tray.thumbnail(medium_id))

    def _on_pictures_thumbnail_opened(self, medium_id: str, image: QImage) -> None:
        assert_main_thread()
        medium = self._desk.pictures.get(medium_id)
        if medium is not None:
            self._viewer.show_thumbnail(medium, image)

    def _on_pictures_picture_opened(self, medium_id: str, levels: PictureLevels) -> None:
        assert_main_thread()
        self._viewer.show_levels(medium_id, levels)

    # Commands

    def on_zoom_in(self) -> None:
        """Shows the picture larger."""
        self._viewer.canvas.zoom_in()

    def on_zoom_out(self) -> None:
        """Shows the picture smaller."""
        self._viewer.canvas.zoom_out()

    def on_zoom_fit(self) -> None:
        """Shows all of the picture."""
        self._viewer.canvas.zoom_to_fit()

    def on_actual_size(self) -> None:
        """Shows each pixel of the picture as one of the screen."""
        self._viewer.canvas.zoom_to_actual_size()

    def on_rotate_left(self) -> None:
        """Turns what is seen, and only that, to the left."""
        self._viewer.canvas.turn(-1)

    def on_rotate_right(self) -> None:
        """Turns what is seen, and only that, to the right."""
        self._viewer.canvas.turn(1)

    def on_copy_picture(self) -> None:
        """Puts the picture on the clipboard: as an image for documents, as a file for folders and messages."""
        medium = self._viewer.medium
        if medium is None:
            return
        image = self._viewer.picture()
        if self._viewer.is_video:
            self._copy_frame(image)
            return
        QGuiApplication.clipboard().setMimeData(self.out.to_copy(medium, image))
        words = self.tr("“{0}” is on the clipboard.")
        if image is not None and max(image.width(), image.height()) < max(medium.width_px, medium.height_px):
            words = self.tr("“{0}” is on the clipboard at {1}×{2}.")
            if medium.source.path is not None:
                words = self.tr("“{0}” is on the clipboard: the file whole, its image at {1}×{2}.")
        size = (image.width(), image.height()) if image is not None else (0, 0)
        words = words.format(shown_name(medium.source.name), *size)
        tell(self._window, words, self._viewer)

    def _copy_frame(self, image: QImage | None) -> None:
        """The frame alone: whoever pastes it wants what is seen, not the video's file."""
        if image is None:
            return
        QGuiApplication.clipboard().setImage(image)
        words = self.tr("The frame at {0} is on the clipboard.").format(clock_text(self._viewer.foot.time_s, 1))
        tell(self._window, words, self._viewer)

    def _on_viewer_drag_out_wanted(self) -> None:
        medium = self._viewer.medium
        if medium is not None and self._viewer.is_video:
            image = self._viewer.picture()
            if image is not None:
                name = frame_name(medium.source.name, self._viewer.foot.time_s)
                self.out.drag_image(self._viewer, image, name, self._viewer.dragged_pixmap())
        elif medium is not None:
            image = self._viewer.picture() if medium.source.path is None else None
            self.out.drag(self._viewer, [medium], image, self._viewer.dragged_pixmap())
