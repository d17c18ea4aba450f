"""Lays out and paints one model of the Models sheet; its buttons are real ones, put into their place by the list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPainterPath, QPalette, QTextLayout, QTextOption
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
_NO_BREAK = "\u00a0"
_BESIDE_SHARE = 0.45
"""Buttons that would take more of the width than this stand below the words."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """Words in their place: lines that were broken once, so that they break alike at every resolution.

    Attributes:
        lines: The words.
        left_px: Where they begin, from the row's corner.
        top_px: The same, down to the first line.
        ink: Their colour.
        is_name: Whether they are in the letters of a name.
    """

    lines: tuple[str, ...]
    left_px: int
    top_px: int
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
        fonts = {is_name: (font, QFontMetrics(font)) for is_name, font in _fonts(option.font).items()}
        for piece in layout.pieces:
            font, metrics = fonts[piece.is_name]
            painter.setFont(font)
            painter.setPen(_colour(piece.ink, palette))
            for number, words in enumerate(piece.lines):
                below_px = piece.top_px + number * metrics.lineSpacing() + metrics.ascent()
                painter.drawText(area.topLeft() + QPoint(piece.left_px, below_px), words)
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
    fonts = _fonts(font)
    pieces: list[_Piece] = []
    top_px = _EDGE_PX

    def put(lines: tuple[Line, ...]) -> None:
        nonlocal top_px
        for line in lines:
            line_px = words_px if top_px < beside_px else inner_px
            placed, top_px = _placed(line, fonts[line.is_name], top_px, line_px)
            pieces.extend(placed)

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


def _placed(line: Line, font: QFont, top_px: int, width_px: int) -> tuple[list[_Piece], int]:
    """A line's words from here on down, and where the next begin; what leads stands before the rest if both fit."""
    metrics = QFontMetrics(font)
    pieces: list[_Piece] = []
    if line.lead and line.rest:
        lead_px = metrics.horizontalAdvance(line.lead) + _LEAD_GAP_PX
        if lead_px + metrics.horizontalAdvance(line.rest) <= width_px:
            pieces.append(_Piece((line.lead,), SIDE_PX, top_px, line.lead_ink, is_name=False))
            pieces.append(_Piece((line.rest,), SIDE_PX + lead_px, top_px, line.ink, line.is_name))
            return pieces, top_px + metrics.lineSpacing() + _GAP_PX
    for words, ink in ((line.lead, line.lead_ink), (line.rest, line.ink)):
        if words:
            lines = _broken(words.replace(" · ", f"{_NO_BREAK}· "), font, metrics, width_px)
            pieces.append(_Piece(lines, SIDE_PX, top_px, ink, line.is_name))
            top_px += len(lines) * metrics.lineSpacing() + _GAP_PX
    return pieces, top_px


def _broken(words: str, font: QFont, metrics: QFontMetrics, width_px: int) -> tuple[str, ...]:
    """The words in lines of at most this width; one that is longer than a line, such as a path, is broken too."""
    if metrics.horizontalAdvance(words) <= width_px:
        return (words,)
    layout = QTextLayout(words, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.beginLayout()
    lines: list[str] = []
    while (line := layout.createLine()).isValid():
        line.setLineWidth(width_px)
        lines.append(words[line.textStart() : line.textStart() + line.textLength()].rstrip())
    layout.endLayout()
    return tuple(lines)
