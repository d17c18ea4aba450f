"""What is painted behind and beside the words of a conversation: bubbles, grounds of code, bars, marks of items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPalette, QTextCursor

from app.gui.answers.answer_look import (
    CODE,
    CODE_LABEL,
    QUESTION,
    RULE,
    Role,
    code_ground,
    indent_px,
    kind_of,
    number_property,
    text_property,
)
from app.gui.contrast import mixed
from app.gui.look import BUBBLE_RADIUS_PX, RADIUS_PX, bubble, dim_text, hairline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtGui import QTextBlock, QTextLine
    from PySide6.QtWidgets import QTextBrowser

BUBBLE_PADDING = (13, 8)
_CODE_PADDING_PX = 8
_BAR_PX = 3
_DEEPEST = 8
_TASKS = {" ": "☐", "x": "☑"}


def visible_blocks(view: QTextBrowser) -> Iterator[QTextBlock]:
    """The blocks in sight, and one on either side."""
    block = view.cursorForPosition(QPoint(0, 0)).block()
    block = block.previous() if block.previous().isValid() else block
    layout = view.document().documentLayout()
    bottom = view.verticalScrollBar().value() + view.viewport().height()
    while block.isValid():
        yield block
        if layout.blockBoundingRect(block).top() > bottom:
            return
        block = block.next()


def areas_of(view: QTextBrowser, cursor: QTextCursor) -> list[QRectF]:
    """Where the selected words of one block stand in the viewport, line by line, with some room around them."""
    block = view.document().findBlock(cursor.selectionStart())
    first, last = cursor.selectionStart() - block.position(), cursor.selectionEnd() - block.position()
    areas = []
    for number in range(block.layout().lineCount()):
        line = block.layout().lineAt(number)
        begin, end = max(first, line.textStart()), min(last, line.textStart() + line.textLength())
        if begin < end:
            place = QTextCursor(block)
            place.setPosition(block.position() + begin)
            width = _x_of(line, end) - _x_of(line, begin)
            corner = QRectF(view.cursorRect(place))
            area = QRectF(corner.left(), corner.top(), width, corner.height()).normalized()
            areas.append(area.adjusted(-4, -2, 4, 2))
    return areas


def _x_of(line: QTextLine, position: int) -> float:
    found: Any = line.cursorToX(position)
    return float(found[0] if isinstance(found, tuple) else found)


def paint_behind(view: QTextBrowser, painter: QPainter, margin_px: float) -> None:
    """Paints all that stands behind the words; the painter is at the document's corner."""
    palette = view.palette()
    painter.setPen(Qt.PenStyle.NoPen)
    layout = view.document().documentLayout()
    right = view.viewport().width() - margin_px
    code: dict[int, QRectF] = {}
    for block in visible_blocks(view):
        kind = kind_of(block)
        rect = layout.blockBoundingRect(block)
        style = block.blockFormat()
        if kind == QUESTION:
            painter.setBrush(bubble(palette))
            painter.drawRoundedRect(bubble_rect(block, rect), BUBBLE_RADIUS_PX, BUBBLE_RADIUS_PX)
        elif kind in {CODE, CODE_LABEL}:
            group = number_property(style, Role.GROUP)
            left = margin_px + indent_px(style.indent())
            area = QRectF(left, rect.top() - _CODE_PADDING_PX, right - left, rect.height() + 2 * _CODE_PADDING_PX)
            if kind == CODE_LABEL:
                area.adjust(0, 4, 0, 0)
            code[group] = code[group].united(area) if group in code else area
        elif kind == RULE:
            painter.setBrush(hairline(palette))
            left = margin_px + indent_px(style.indent())
            painter.drawRect(QRectF(left, round(rect.center().y()), right - left, 1))
    painter.setBrush(code_ground(palette))
    for area in code.values():
        painter.drawRoundedRect(area, RADIUS_PX, RADIUS_PX)


def paint_beside(view: QTextBrowser, painter: QPainter, margin_px: float) -> None:
    """Paints the bars of quotes and the marks of items; the painter is at the document's corner."""
    palette = view.palette()
    layout = view.document().documentLayout()
    width = view.viewport().width()
    bar = mixed(palette.color(QPalette.ColorRole.Base), palette.color(QPalette.ColorRole.Text), 0.25)
    painter.setFont(view.font())
    metrics = QFontMetricsF(view.font())
    for block in visible_blocks(view):
        boxes = text_property(block.blockFormat(), Role.BOXES).split()
        if not boxes:
            continue
        rect = layout.blockBoundingRect(block)
        is_rtl = block.textDirection() == Qt.LayoutDirection.RightToLeft

        def across(distance: float, size: float, *, is_rtl: bool = is_rtl) -> float:
            return width - margin_px - distance - size if is_rtl else margin_px + distance

        follower = text_property(block.next().blockFormat(), Role.BOXES).split()
        for depth, mark in enumerate(boxes[:_DEEPEST]):
            if mark == ">":
                goes_on = follower[: depth + 1] == boxes[: depth + 1]
                below = layout.blockBoundingRect(block.next()).top() - rect.bottom() if goes_on else 0
                painter.fillRect(
                    QRectF(across(indent_px(depth) + 4, _BAR_PX), rect.top(), _BAR_PX, rect.height() + below), bar
                )
        begins = number_property(block.blockFormat(), Role.BEGINS)
        if not begins or not block.layout().lineCount():
            continue
        line = block.layout().lineAt(0)
        base = rect.top() + line.y() + line.ascent()
        task = text_property(block.blockFormat(), Role.TASK)
        for depth in range(len(boxes) - begins, len(boxes)):
            if boxes[depth] == ">":
                continue
            sign = "•" if boxes[depth] == "-" else boxes[depth]
            if task and depth == len(boxes) - 1:
                sign = _TASKS[task]
            size = metrics.horizontalAdvance(sign)
            gutter = indent_px(min(depth, _DEEPEST - 1) + 1)
            painter.setPen(dim_text(palette) if boxes[depth] != "-" else palette.color(QPalette.ColorRole.Text))
            painter.drawText(QPointF(across(gutter - 6 - size, size), base), sign)


def bubble_rect(block: QTextBlock, rect: QRectF) -> QRectF:
    """The bubble around a question's words."""
    layout = block.layout()
    words = QRectF()
    for index in range(layout.lineCount()):
        words = words.united(layout.lineAt(index).naturalTextRect())
    words.translate(rect.topLeft())
    across, down = BUBBLE_PADDING
    return words.adjusted(-across, -down, across, down)
