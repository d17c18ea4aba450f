"""Hands pictures to other programs, by drag or clipboard: always a copy, never the original itself."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QMimeData, QObject, QPoint, Qt, QTemporaryDir, QUrl
from PySide6.QtGui import QDrag

from app.core.pictures import PICTURE_SUFFIXES
from app.gui.tray.offered import TRAY_KIND

if TYPE_CHECKING:
    from PySide6.QtGui import QImage, QPixmap
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
        drag = QDrag(source)
        drag.setMimeData(mime)
        if not pixmap.isNull():
            drag.setPixmap(pixmap)
            size = pixmap.deviceIndependentSize()
            drag.setHotSpot(QPoint(round(size.width() / 2), round(size.height() / 2)))
        drag.exec(Qt.DropAction.CopyAction, Qt.DropAction.CopyAction)

    def _file(self, medium: Medium) -> Path | None:
        source = medium.source
        if source.path is not None:
            return source.path
        if source.data is None:
            return None
        if self._folder is None:
            self._folder = QTemporaryDir()
        folder = Path(self._folder.path()) / medium.medium_id
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


def _mime(files: list[Path | None], image: QImage | None) -> QMimeData:
    mime = QMimeData()
    urls = [QUrl.fromLocalFile(str(file)) for file in files if file is not None]
    if urls:
        mime.setUrls(urls)
    if image is not None and not image.isNull():
        mime.setImageData(image)
    return mime
