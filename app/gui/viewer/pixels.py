"""From the engine's plain bitmaps to Qt's pictures, sharp on every screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, QSizeF, Qt
from PySide6.QtGui import QImage, QPixmap

if TYPE_CHECKING:
    from app.core.pictures import Bitmap


def image_of(bitmap: Bitmap) -> QImage:
    """The bitmap as a picture that owns its memory."""
    row_bytes = bitmap.width_px * 3
    image = QImage(bitmap.rgb, bitmap.width_px, bitmap.height_px, row_bytes, QImage.Format.Format_RGB888)
    return image.copy()


def pixmap_within(image: QImage, box: QSizeF, device_ratio: float, max_enlargement: float = 1.0) -> QPixmap:
    """The picture scaled into a box of logical pixels, with one image pixel per device pixel.

    It is enlarged at most `max_enlargement` times.
    """
    if image.isNull() or box.width() < 1 or box.height() < 1:
        return QPixmap()
    scale = min(
        box.width() * device_ratio / image.width(),
        box.height() * device_ratio / image.height(),
        max_enlargement * device_ratio,
    )
    size = QSize(max(1, round(image.width() * scale)), max(1, round(image.height() * scale)))
    aspect = Qt.AspectRatioMode.IgnoreAspectRatio
    pixmap = QPixmap.fromImage(image.scaled(size, aspect, Qt.TransformationMode.SmoothTransformation))
    pixmap.setDevicePixelRatio(device_ratio)
    return pixmap
