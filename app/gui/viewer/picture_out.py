"""Hands pictures to other programs, by drag or clipboard: always a copy, never the original itself."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QMimeData, QObject, QPoint, Qt, QTemporaryDir, QUrl
from PySide6.QtGui import QDrag, QImage

from app.core.files import name_for_file
from app.core.footage import clock_text
from app.core.pictures import PICTURE_SUFFIXES
from app.gui.tray.offered import TRAY_KIND

if TYPE_CHECKING:
    from PySide6.QtCore import QMetaType
    from PySide6.QtGui import QPixmap
    from PySide6.QtWidgets import QWidget

    from app.core.shelf import Medium

logger = logging.getLogger(__name__)


class PictureOut(QObject):
    """Makes what other programs take; pictures without a file of their own get one until the window closes."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._folder: QTemporaryDir | None = None

    def close(self) -> None:
        """Removes the files that were made."""
        if self._folder is not None:
            self._folder.remove()
            self._folder = None

    @staticmethod
    def to_copy(medium: Medium, image: QImage | None) -> QMimeData:
        """A picture for the clipboard, which outlives the window: as an image, and as its own file if it has one."""
        return _mime([medium.source.path], image)

    def drag(self, source: QWidget, media: list[Medium], image: QImage | None, pixmap: QPixmap) -> None:
        """Drags these until the mouse is let go; what is taken is a copy. The window itself knows them as its own."""
        mime = _mime([self._file(medium) for medium in media], image)
        mime.setData(TRAY_KIND, QByteArray("\n".join(medium.medium_id for medium in media).encode()))
        self._drag(source, mime, pixmap)

    def drag_image(self, source: QWidget, image: QImage, name: str, pixmap: QPixmap) -> None:
        """Drags a picture that no file holds; its file is written meanwhile, and whole once it is taken."""
        file = self._place() / f"{name}.png"
        mime = _WrittenMeanwhile(image, file)
        self._drag(source, mime, pixmap)
        mime.wait()

    @staticmethod
    def _drag(source: QWidget, mime: QMimeData, pixmap: QPixmap) -> None:
        drag = QDrag(source)
        drag.setMimeData(mime)
        if not pixmap.isNull():
            drag.setPixmap(pixmap)
            size = pixmap.deviceIndependentSize()
            drag.setHotSpot(QPoint(round(size.width() / 2), round(size.height() / 2)))
        drag.exec(Qt.DropAction.CopyAction, Qt.DropAction.CopyAction)

    def _place(self) -> Path:
        """A folder that is there until the window closes."""
        if self._folder is None:
            self._folder = QTemporaryDir()
        return Path(self._folder.path())

    def _file(self, medium: Medium) -> Path | None:
        source = medium.source
        if source.path is not None:
            return source.path
        if source.data is None:
            return None
        folder = self._place() / medium.medium_id
        name = Path(source.name).name or "picture"
        file = folder / (name if Path(name).suffix.lower() in PICTURE_SUFFIXES else f"{name}.png")
        try:
            folder.mkdir(exist_ok=True)
            if not file.exists():
                file.write_bytes(source.data)
        except OSError as error:
            logger.debug("no file for a picture to hand out: %r", error)
            return None
        return file


class _WrittenMeanwhile(QMimeData):
    """A picture together with its file, which another thread writes: whoever asks for it waits until it is there."""

    def __init__(self, image: QImage, file: Path) -> None:
        super().__init__()
        self.setUrls([QUrl.fromLocalFile(str(file))])
        self.setImageData(image)
        image = image.convertToFormat(QImage.Format.Format_RGB888)
        rows = bytes(image.constBits())
        self._work = (rows, image.width(), image.height(), image.bytesPerLine(), file)
        self._thread = threading.Thread(target=self._write, name="frame-out", daemon=True)
        self._thread.start()

    def retrieveData(self, mime_type: str, kind: QMetaType | QMetaType.Type) -> object:
        """What was asked for, once it is there."""
        self.wait()
        return super().retrieveData(mime_type, kind)

    def wait(self) -> None:
        """Until the file is written."""
        self._thread.join()

    def _write(self) -> None:
        rows, width_px, height_px, row_bytes, file = self._work
        try:
            from PIL import Image

            picture = Image.frombuffer("RGB", (width_px, height_px), rows, "raw", "RGB", row_bytes, 1)
            picture.save(file, "PNG", compress_level=1)
        except OSError as error:
            logger.debug("no file for a frame to hand out: %r", error)


def frame_name(video_name: str, time_s: float) -> str:
    """What a frame is called where it leaves the window: the video's name and the time, as every system allows it."""
    return f"{name_for_file(Path(video_name).stem) or 'video'} {clock_text(time_s, 2).replace(':', '.')}"


def _mime(files: list[Path | None], image: QImage | None) -> QMimeData:
    mime = QMimeData()
    urls = [QUrl.fromLocalFile(str(file)) for file in files if file is not None]
    if urls:
        mime.setUrls(urls)
    if image is not None and not image.isNull():
        mime.setImageData(image)
    return mime
