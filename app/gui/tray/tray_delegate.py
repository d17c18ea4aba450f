"""Paints one picture or video of the tray."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QCoreApplication, QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPainterPath, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.core.clips import ClipSource
from app.core.files import shown_name
from app.gui.focus_ring import HAS_KEYBOARD
from app.gui.look import (
    BODY_PX,
    RADIUS_PX,
    SMALL_PX,
    canvas,
    dim_text,
    hairline,
    paint_focus_ring,
    scaled_px,
    selected_ground,
    sized,
)
from app.gui.tag import paint_tag
from app.gui.video_words import count_text, length_text, range_text, video_lines
from app.gui.wording import megapixels_text, short_size_text, size_text
from app.gui.wording import number as number_text

if TYPE_CHECKING:
    from PySide6.QtCore import QObject
    from PySide6.QtGui import QPixmap

    from app.core.footage import Footage
    from app.core.next_question import NextQuestion
    from app.core.shelf import Cost, Medium

_THUMBNAIL = QSize(52, 44)
_ROW_HEIGHT_PX = 68
_SIDE_PX = 12
_LINE_GAP_PX = 1


@dataclass(frozen=True, slots=True)
class TrayRow:
    """What one row says.

    Attributes:
        medium_id: Which picture or video.
        name: Its name.
        cost: Such as ``1,230 tok · 1600×1200`` or ``28 frames · 1,568 tok``.
        short_cost: The same where there is little room: ``1,230 tok · 1.9 MP``.
        state: Such as ``sent at 576×416`` or ``0:05 – 0:10 · 448×256``.
        short_state: The same where there is little room: ``576×416`` or ``0:05 – 0:10``.
        label: Such as ``Image 2`` when it is asked about or was, else empty.
        length: How long a video is, such as ``0:14``, else empty.
        details: What else is known of a video.
    """

    medium_id: str
    name: str
    cost: str
    short_cost: str
    state: str
    label: str
    short_state: str = ""
    length: str = ""
    details: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """All that it says, line by line."""
        return tuple(line for line in (self.name, self.cost, self.state, self.label, *self.details) if line)


def tray_row(medium: Medium, question: NextQuestion) -> TrayRow:
    """The row of a picture or video; without a cost it is still being opened."""
    translate = QCoreApplication.translate
    number = question.number(medium)
    name = shown_name(medium.source.name)
    words = translate("MediaTray", "Video {0}") if question.is_video(medium) else translate("MediaTray", "Image {0}")
    label = words.format(number) if number is not None else ""
    cost = question.cost(medium)
    if medium.footage is not None:
        return _video_row(medium, medium.footage, question, label)
    if cost is None:
        opening = translate("MediaTray", "Opening…")
        return TrayRow(medium.medium_id, name, opening, opening, "", label)
    is_known = question.is_known(medium)
    tokens = translate("MediaTray", "{0} tok").format(number_text(cost.tokens))
    full = f"{tokens} · {short_size_text(medium.width_px, medium.height_px)}"
    short = f"{tokens} · {megapixels_text(medium.width_px, medium.height_px)}"
    state, short_state = _states(cost, is_known=is_known)
    return TrayRow(medium.medium_id, name, full, short, state, label, short_state)


def _video_row(medium: Medium, footage: Footage, question: NextQuestion, label: str) -> TrayRow:
    translate = QCoreApplication.translate
    name, length = shown_name(medium.source.name), "" if footage.is_picture else length_text(footage)
    plan, cost = question.plan(medium), question.cost(medium)
    if plan is None or cost is None:
        fault = translate("MediaTray", "⚠ no frames")
        return TrayRow(medium.medium_id, name, fault, fault, "", label, "", length, video_lines(medium, question))
    tokens = translate("MediaTray", "{0} tok").format(number_text(cost.tokens))
    part = range_text(medium.source.wish, footage) if isinstance(medium.source, ClipSource) else ""
    state, short_state = _states(cost, is_known=question.is_known(medium))
    if part:
        state, short_state = f"{part} · {size_text(cost.width_px, cost.height_px)}", part
    full = f"{count_text(plan)} · {tokens}"
    lines = video_lines(medium, question)
    return TrayRow(medium.medium_id, name, full, tokens, state, label, short_state, length, lines)


def _states(cost: Cost, *, is_known: bool) -> tuple[str, str]:
    """At what size the model sees it, or saw it, and the same where there is little room."""
    translate = QCoreApplication.translate
    size = size_text(cost.width_px, cost.height_px)
    if is_known and not cost.is_reduced:
        words = translate("MediaTray", "sent whole")
    elif is_known:
        words = translate("MediaTray", "sent at {0}").format(size)
    elif not cost.is_reduced:
        words = translate("MediaTray", "seen whole")
    else:
        words = translate("MediaTray", "reduced to {0}").format(size)
    return words, size if cost.is_reduced else words


def thumbnail_size() -> QSize:
    """How large a thumbnail may be; it grows with the system's letters, as its tag does."""
    return QSize(scaled_px(_THUMBNAIL.width()), scaled_px(_THUMBNAIL.height()))


class Thumbnails(Protocol):
    """Gives a picture in small."""

    def thumbnail(self, position: int, device_ratio: float) -> QPixmap | None:
        """The picture at this place, or None while it is being opened."""
        ...


class TrayDelegate(QStyledItemDelegate):
    """Thumbnail on the left, three lines on the right."""

    def __init__(self, thumbnails: Thumbnails, parent: QObject) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Every row is as high as every other."""
        return QSize(120, scaled_px(_ROW_HEIGHT_PX))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paints the row in the system's colours."""
        row = index.data(Qt.ItemDataRole.UserRole)
        if not isinstance(row, TrayRow):
            return
        area: QRect = option.rect
        palette: QPalette = option.palette
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        card = QRectF(area).adjusted(_SIDE_PX - 4, 2, -(_SIDE_PX - 4), -2)
        if state & QStyle.StateFlag.State_Selected:
            path = QPainterPath()
            path.addRoundedRect(card, RADIUS_PX, RADIUS_PX)
            painter.fillPath(path, selected_ground(palette))
        size = thumbnail_size()
        box = QRectF(card.left() + 6, card.top() + (card.height() - size.height()) / 2, size.width(), size.height())
        self._paint_thumbnail(painter, box, index.row(), palette)
        if row.label:
            paint_tag(painter, box, row.label, painter.font(), place="top")
        if row.length:
            paint_tag(painter, box, row.length, painter.font(), place="end")
        has_keyboard = bool(state & QStyle.StateFlag.State_HasFocus) and option.widget.property(HAS_KEYBOARD)
        if has_keyboard:
            paint_focus_ring(painter, card, palette)
        text = QRectF(box.right() + 8, card.top(), card.right() - box.right() - 14, card.height())
        self._paint_text(painter, text, row, palette)
        painter.restore()

    def _paint_thumbnail(self, painter: QPainter, box: QRectF, position: int, palette: QPalette) -> None:
        device = painter.device()
        pixmap = self._thumbnails.thumbnail(position, device.devicePixelRatioF() if device is not None else 1.0)
        if pixmap is None or pixmap.isNull():
            painter.fillRect(box, canvas(palette))
            return
        size = pixmap.deviceIndependentSize()
        left, top = box.center().x() - size.width() / 2, box.center().y() - size.height() / 2
        corner = QPointF(round(left), round(top))
        painter.drawPixmap(corner, pixmap)
        painter.setPen(hairline(palette))
        painter.drawRect(QRectF(corner, size).adjusted(0.5, 0.5, -0.5, -0.5))

    @staticmethod
    def cost_within(row: TrayRow, font: QFont, width_px: float) -> str:
        """The cost of a row as far as there is room for it."""
        return _fitting(row.cost, row.short_cost, font, width_px)

    @staticmethod
    def state_within(row: TrayRow, font: QFont, width_px: float) -> str:
        """The state of a row as far as there is room for it."""
        return _fitting(row.state, row.short_state or row.state, font, width_px)

    @staticmethod
    def _paint_text(painter: QPainter, area: QRectF, row: TrayRow, palette: QPalette) -> None:
        cost = TrayDelegate.cost_within(row, painter.font(), area.width())
        state = TrayDelegate.state_within(row, painter.font(), area.width())
        lines = (
            (row.name, BODY_PX, palette.color(QPalette.ColorRole.WindowText), Qt.TextElideMode.ElideMiddle),
            (cost, SMALL_PX, dim_text(palette), Qt.TextElideMode.ElideRight),
            (state, SMALL_PX, dim_text(palette), Qt.TextElideMode.ElideRight),
        )
        fonts = [sized(painter.font(), pixels) for _, pixels, _, _ in lines]
        heights = [QFontMetricsF(font).height() + _LINE_GAP_PX for font in fonts]
        top = area.center().y() - (sum(heights) - _LINE_GAP_PX) / 2
        for (text, _, colour, elide), font, height in zip(lines, fonts, heights, strict=True):
            painter.setFont(font)
            metrics = painter.fontMetrics()
            painter.setPen(colour)
            # On a base line and not into a box: letters of other fonts, such as Arabic ones, may be higher than ours.
            painter.drawText(
                QPointF(area.left(), top + metrics.ascent()), metrics.elidedText(text, elide, int(area.width()))
            )
            top += height


def _fitting(full: str, short: str, font: QFont, width_px: float) -> str:
    return full if QFontMetricsF(sized(font, SMALL_PX)).horizontalAdvance(full) <= width_px else short
