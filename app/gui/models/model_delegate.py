"""Lays out and paints one model of the Models sheet; its buttons are real ones, put into their place by the list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPainterPath, QPalette
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.gui.contrast import readable
from app.gui.focus_ring import HAS_KEYBOARD
from app.gui.look import (
    BODY_PX,
    RADIUS_PX,
    SMALL_PX,
    STATE_AMBER,
    STATE_GREEN,
    STATE_RED,
    dim_text,
    grounds,
    hairline,
    paint_focus_ring,
    selected_ground,
    sized,
    state_colour,
)
from app.gui.models.model_rows import ModelRow
from app.gui.models.row_buttons import ButtonSizes
from app.gui.models.row_words import Line, lines_of, state_lines_of

if TYPE_CHECKING:
    from app.gui.models.row_words import Ink

    Index = QModelIndex | QPersistentModelIndex

ROW_ROLE = Qt.ItemDataRole.UserRole
SIDE_PX = 16
_EDGE_PX, _GAP_PX, _BAR_PX, _LEAD_GAP_PX, _CARD_SIDE_PX = 10, 3, 4, 8, 6
_SLACK_PX = 2
"""Words may be a trifle wider on a screen of another resolution than they were measured."""
_BESIDE_SHARE = 0.45
"""Buttons that would take more of the width than this stand below the words."""
_ANY_HEIGHT_PX = 1 << 20
_WRAP = int(Qt.TextFlag.TextWordWrap.value)
_WRAP_ANYWHERE = int(Qt.TextFlag.TextWrapAnywhere.value)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Words in their place, from the row's corner."""

    text: str
    area: QRect
    flags: int
    ink: Ink
    is_name: bool


@dataclass(frozen=True, slots=True)
class RowLayout:
    """Where everything in a row stands, from the row's corner.

    Attributes:
        pieces: Words.
        bar: Of a download; None without one.
        buttons: Their place.
        height_px: Of the row.
    """

    pieces: tuple[_Piece, ...]
    bar: QRect | None
    buttons: QRect
    height_px: int


class ModelDelegate(QStyledItemDelegate):
    """Wraps every line where the width is too small for it, so that nothing is cut."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.sizes = ButtonSizes({}, 0, 0)
        """What the buttons of rows need."""
        self._layouts: dict[str, tuple[ModelRow, tuple[int, str, int], RowLayout]] = {}

    def forget(self) -> None:
        """Lays out every row anew when it is next seen."""
        self._layouts = {}

    def layout_of(self, row: ModelRow, width_px: int, font: QFont) -> RowLayout:
        """Where everything in this row stands at this width."""
        buttons = self.sizes.of(row)
        place = (width_px, font.key(), buttons.width())
        found = self._layouts.get(row.model_id)
        if found is None or found[0] is not row or found[1] != place:
            found = self._layouts[row.model_id] = (row, place, _lay_out(row, width_px, font, buttons))
        return found[2]

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """As high as its lines are at the list's width."""
        row = index.data(ROW_ROLE)
        view = self.parent()
        width_px = view.viewport().width() if isinstance(view, QAbstractItemView) else option.rect.width()
        if not isinstance(row, ModelRow):
            return QSize()
        return QSize(width_px, self.layout_of(row, width_px, option.font).height_px)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paints the row."""
        row = index.data(ROW_ROLE)
        if not isinstance(row, ModelRow):
            return
        area: QRect = option.rect
        palette: QPalette = option.palette
        state: QStyle.StateFlag = option.state
        layout = self.layout_of(row, area.width(), option.font)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        card = QRectF(area).adjusted(_CARD_SIDE_PX, 1, -_CARD_SIDE_PX, -2)
        if state & QStyle.StateFlag.State_Selected:
            path = QPainterPath()
            path.addRoundedRect(card, RADIUS_PX, RADIUS_PX)
            painter.fillPath(path, selected_ground(palette))
        painter.fillRect(area.left() + SIDE_PX, area.bottom(), area.width() - 2 * SIDE_PX, 1, hairline(palette))
        if bool(state & QStyle.StateFlag.State_HasFocus) and option.widget.property(HAS_KEYBOARD):
            paint_focus_ring(painter, card, palette)
        fonts = _fonts(option.font)
        for piece in layout.pieces:
            painter.setFont(fonts[piece.is_name])
            painter.setPen(_colour(piece.ink, palette))
            painter.drawText(piece.area.translated(area.topLeft()), piece.flags, piece.text)
        if layout.bar is not None and row.fraction is not None:
            _paint_bar(painter, QRectF(layout.bar.translated(area.topLeft())), row, palette)
        painter.restore()


def _paint_bar(painter: QPainter, bar: QRectF, row: ModelRow, palette: QPalette) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(hairline(palette))
    painter.drawRoundedRect(bar, bar.height() / 2, bar.height() / 2)
    painter.setBrush(palette.color(QPalette.ColorRole.Accent) if row.is_at_work else dim_text(palette))
    filled = QRectF(bar.left(), bar.top(), max(bar.height(), bar.width() * (row.fraction or 0.0)), bar.height())
    painter.drawRoundedRect(filled, bar.height() / 2, bar.height() / 2)


def _colour(ink: Ink, palette: QPalette) -> QColor:
    if ink == "text":
        return palette.color(QPalette.ColorRole.WindowText)
    if ink == "dim":
        return dim_text(palette)
    colour = {"good": STATE_GREEN, "doubtful": STATE_AMBER, "bad": STATE_RED}[ink]
    return readable(state_colour(colour, palette), (*grounds(palette), selected_ground(palette)))


def _fonts(font: QFont) -> dict[bool, QFont]:
    """The font of other lines and of the name."""
    return {False: sized(font, SMALL_PX), True: sized(font, BODY_PX, QFont.Weight.DemiBold)}


def _lay_out(row: ModelRow, width_px: int, font: QFont, buttons: QSize) -> RowLayout:
    inner_px = max(1, width_px - 2 * SIDE_PX)
    is_beside = buttons.width() <= inner_px * _BESIDE_SHARE
    words_px = inner_px - buttons.width() - SIDE_PX if is_beside and buttons.width() else inner_px
    fonts = {is_name: QFontMetrics(one) for is_name, one in _fonts(font).items()}
    pieces: list[_Piece] = []
    top_px = _EDGE_PX

    def put(lines: tuple[Line, ...]) -> None:
        nonlocal top_px
        for line in lines:
            placed = _placed(line, fonts[line.is_name], top_px, words_px if top_px < beside_px else inner_px)
            pieces.extend(placed)
            top_px = max(piece.area.bottom() + 1 for piece in placed) + _GAP_PX

    # Beside the buttons stand the lines that begin there; those below have the whole width.
    beside_px = _EDGE_PX + buttons.height() if is_beside else 0
    put(lines_of(row))
    bar = None
    if row.fraction is not None:
        top_px = max(top_px, beside_px) + _GAP_PX
        bar = QRect(SIDE_PX, top_px, inner_px, _BAR_PX)
        top_px += _BAR_PX + 2 * _GAP_PX
    put(state_lines_of(row))
    if is_beside:
        place = QRect(SIDE_PX + inner_px - buttons.width(), _EDGE_PX, buttons.width(), buttons.height())
        top_px = max(top_px, beside_px)
    else:
        top_px += _GAP_PX
        place = QRect(SIDE_PX, top_px, min(inner_px, buttons.width()), buttons.height())
        top_px += buttons.height()
    return RowLayout(tuple(pieces), bar, place, top_px + _EDGE_PX)


def _placed(line: Line, metrics: QFontMetrics, top_px: int, width_px: int) -> list[_Piece]:
    """A line's words from here on down; what leads stands before the rest where both have room."""
    if not line.lead:
        return [_piece(line.rest, line.ink, line.is_name, metrics, QRect(SIDE_PX, top_px, width_px, _ANY_HEIGHT_PX))]
    lead = _piece(line.lead, line.lead_ink, False, metrics, QRect(SIDE_PX, top_px, width_px, _ANY_HEIGHT_PX))
    if not line.rest:
        return [lead]
    lead_px = metrics.horizontalAdvance(line.lead) + _LEAD_GAP_PX
    rest_px = metrics.horizontalAdvance(line.rest) + _SLACK_PX
    if lead_px + rest_px <= width_px:
        area = QRect(SIDE_PX + lead_px, top_px, width_px - lead_px, _ANY_HEIGHT_PX)
    else:
        area = QRect(SIDE_PX, lead.area.bottom() + 1 + _GAP_PX, width_px, _ANY_HEIGHT_PX)
    return [lead, _piece(line.rest, line.ink, False, metrics, area)]


def _piece(text: str, ink: Ink, is_name: bool, metrics: QFontMetrics, area: QRect) -> _Piece:
    room = area.adjusted(0, 0, -_SLACK_PX, 0)
    flags = _WRAP
    needed = metrics.boundingRect(room, flags, text)
    if needed.width() > room.width():  # a word longer than the line, such as a folder's name
        flags = _WRAP_ANYWHERE
        needed = metrics.boundingRect(room, flags, text)
    return _Piece(text, QRect(area.left(), area.top(), area.width(), needed.height()), flags, ink, is_name)
