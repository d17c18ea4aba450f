"""Tables of answers: pieces of some rows one under the other, so that a long one is not laid out again for each row.

The columns are as wide as the first rows want them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QFontMetricsF,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextFrameFormat,
    QTextLength,
    QTextTableFormat,
)

from app.gui.answers.answer_look import GAP, LINE_HEIGHT_PERCENT, Role, fixed_format, indent_px
from app.gui.answers.answer_words import write_words
from app.gui.look import scaled_px

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.gui.answers.answer_leaves import Cell, Leaf
    from app.gui.answers.answer_look import AnswerLook
    from app.gui.answers.time_links import TimeLinks

_CELL_PADDING_PX = 5
_LEAST_COLUMN_PX = 110
_MOST_COLUMN_PX = 240
_MEASURED_CHARS = 200
_PROPORTIONAL = QTextBlockFormat.LineHeightTypes.ProportionalHeight.value
_SIDES = {"left": Qt.AlignmentFlag.AlignLeft, "center": Qt.AlignmentFlag.AlignHCenter}
_RIGHT = Qt.AlignmentFlag.AlignRight


@dataclass(frozen=True, slots=True)
class Columns:
    """What the rows of one table have in common.

    Attributes:
        group: The table's number.
        least_px: Widths under which the table scrolls instead.
        wanted_px: Widths at which few cells wrap.
        alignments: Of the columns.
        header: The header and the line under it in Markdown.
        labels: The header's cells in Markdown.
        is_wide: Whether the table stands over the text; all its pieces are where the first is.
    """

    group: int
    least_px: tuple[float, ...]
    wanted_px: tuple[float, ...]
    alignments: tuple[str, ...]
    header: str
    labels: tuple[str, ...]
    is_wide: bool = False

    @property
    def whole_px(self) -> float:
        """The width of the table when it scrolls."""
        return sum(self.wanted_px)


def columns_of(leaf: Leaf, group: int, look: AnswerLook) -> Columns:
    """The columns of a table, from its first rows."""
    metrics = QFontMetricsF(look.font)
    least, wanted = [], []
    for column in range(len(leaf.alignments)):
        cells = [leaf.header[column], *(row[column] for row in leaf.rows if column < len(row))]
        widest = max(_width(cell, metrics) for cell in cells) + 2 * _CELL_PADDING_PX + 4
        least.append(min(widest, scaled_px(_LEAST_COLUMN_PX)))
        wanted.append(min(widest, scaled_px(_MOST_COLUMN_PX)))
    lines = {"left": ":---", "center": ":---:", "right": "---:"}
    head = "|".join(f" {cell.source} " for cell in leaf.header)
    under = "|".join(f" {lines.get(side, '---')} " for side in leaf.alignments)
    labels = tuple(cell.source for cell in leaf.header)
    return Columns(group, tuple(least), tuple(wanted), leaf.alignments, f"|{head}|\n|{under}|", labels)


def _width(cell: Cell, metrics: QFontMetricsF) -> float:
    text = "".join(token.content or " " for token in cell.inline)
    return max(metrics.horizontalAdvance(line[:_MEASURED_CHARS]) for line in text.replace("<br>", "\n").split("\n"))


def write_rows(
    cursor: QTextCursor,
    leaf: Leaf,
    columns: Columns,
    look: AnswerLook,
    times: TimeLinks | None,
    *,
    depth: int,
    kind: str,
) -> None:
    """Writes the rows of a leaf at the document's last block, which is empty; it is again afterwards."""
    rows: list[Sequence[Cell]] = [*leaf.rows] if leaf.is_continued else [leaf.header, *leaf.rows]
    style = fixed_format(GAP, depth, 1)
    style.setTopMargin(cursor.blockFormat().topMargin())  # it keeps its distance from what stands before
    cursor.setBlockFormat(style)
    if not rows:
        return
    table_style = _table_format(columns, depth)
    table_style.setProperty(Role.IS_CONTINUED.value, int(leaf.is_continued))
    table = cursor.insertTable(len(rows), len(columns.alignments), table_style)
    for row, cells in enumerate(rows):
        is_header = row == 0 and not leaf.is_continued
        around = " ".join(cell.source for cell in cells) if times is not None else ""
        for column, side in enumerate(columns.alignments):
            place = table.cellAt(row, column)
            cell_style = place.format().toTableCellFormat()
            cell_style.setBottomBorder(1)
            cell_style.setBottomBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
            cell_style.setBottomBorderBrush(look.hairline)
            if column < len(cells):
                cell_style.setProperty(Role.SOURCE.value, cells[column].source)
            place.setFormat(cell_style)
            at = place.firstCursorPosition()
            at.setBlockFormat(_cell_format(side, kind, columns.group))
            if column < len(cells):
                label = "" if is_header else columns.labels[column]
                base = look.column_head if is_header else look.words
                write_words(at, cells[column].inline, look, base, times, label=label, around=f"{label} {around}")
    cursor.movePosition(cursor.MoveOperation.End)
    cursor.setBlockFormat(fixed_format(GAP, depth, 1))
    cursor.setCharFormat(QTextCharFormat())


def _table_format(columns: Columns, depth: int) -> QTextTableFormat:
    style = QTextTableFormat()
    style.setBorderCollapse(True)
    style.setBorder(0)
    style.setCellSpacing(0)
    style.setCellPadding(_CELL_PADDING_PX)
    style.setLeftMargin(indent_px(depth))
    style.setWidth(QTextLength(QTextLength.Type.PercentageLength, 100))
    shares = [100 * width / columns.whole_px for width in columns.wanted_px]
    style.setColumnWidthConstraints([QTextLength(QTextLength.Type.PercentageLength, share) for share in shares])
    style.setProperty(Role.GROUP.value, columns.group)
    style.setProperty(Role.HEADER.value, columns.header)
    return style


def _cell_format(side: str, kind: str, group: int) -> QTextBlockFormat:
    style = QTextBlockFormat()
    style.setLineHeight(LINE_HEIGHT_PERCENT, _PROPORTIONAL)
    style.setProperty(Role.KIND.value, kind)
    style.setProperty(Role.GROUP.value, group)
    if side == "right":
        style.setAlignment(_RIGHT | Qt.AlignmentFlag.AlignAbsolute)
    elif side in _SIDES:
        style.setAlignment(_SIDES[side])
    return style
