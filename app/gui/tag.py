"""A few letters on a small picture: its number, how long a video is, the time of a frame."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath

from app.gui.look import SMALL_PX, sized

_RADIUS_PX = 4
_GROUND = QColor(24, 24, 28, 220)
_TEXT = QColor("white")


def paint_tag(
    painter: QPainter, box: QRectF, label: str, font: QFont, place: Literal["top", "bottom", "start", "end"] = "bottom"
) -> None:
    """A tag on a picture, dark on every ground so that it reads on every picture.

    Args:
        painter: Paints it.
        box: The picture's place.
        label: The words.
        font: Their font; the size is the tag's own.
        place: In the middle of the upper or lower edge, or in the lower corner where lines start or end.
    """
    painter.setFont(sized(font, SMALL_PX, QFont.Weight.Medium))
    metrics = painter.fontMetrics()
    width = metrics.horizontalAdvance(label) + 6
    lefts = {"start": box.left() + 1, "end": box.right() - width - 1}
    top = box.top() + 1 if place == "top" else box.bottom() - metrics.height() - 1
    tag = QRectF(lefts.get(place, box.center().x() - width / 2), top, width, metrics.height())
    path = QPainterPath()
    path.addRoundedRect(tag, _RADIUS_PX, _RADIUS_PX)
    painter.fillPath(path, _GROUND)
    painter.setPen(_TEXT)
    painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, label)
