"""A model's Markdown as a document that loads nothing: its words come from outside and are not to be trusted.

Raw HTML is shown as the text it is, pictures become their description, and links lose their address's power: it is
written out, not followed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QCoreApplication
from PySide6.QtGui import (
    QFont,
    QFontDatabase,
    QPalette,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextFrame,
    QTextFrameFormat,
    QTextLength,
    QTextTable,
)

from app.gui.contrast import mixed
from app.gui.look import HEADING_PX, hairline, scaled_px

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtCore import QUrl
    from PySide6.QtGui import QTextBlock, QTextFragment

LINE_HEIGHT_PERCENT = 128.0
INDENT_PX = 22.0
_BLOCK_GAP_PX = 8.0
_FEATURES = QTextDocument.MarkdownFeature.MarkdownDialectGitHub | QTextDocument.MarkdownFeature.MarkdownNoHTML
_PROPORTIONAL = QTextBlockFormat.LineHeightTypes.ProportionalHeight.value
_FIXED = QTextBlockFormat.LineHeightTypes.FixedHeight.value
_CODE_SHADE = 0.06
_THIN_PX = 4.0


class SealedDocument(QTextDocument):
    """A document that never reads a file or an address."""

    def loadResource(self, kind: int, address: QUrl | str) -> object:
        """Nothing, whatever is asked for."""
        return QByteArray()


def rendered(text: str, font: QFont, palette: QPalette) -> SealedDocument:
    """The Markdown as a document in the window's look, with everything that could load something taken out."""
    document = SealedDocument()
    document.setUndoRedoEnabled(False)
    document.setDefaultFont(font)
    # WORKAROUND(Qt 6.8 and later): text between two leading “---” lines is swallowed as front matter, unless a line
    # stands before it. Remove when the feature can be switched off.
    document.setMarkdown(f"\n{text}", _FEATURES)
    _take_power_away(document)
    _style_blocks(document, palette)
    for frame in document.rootFrame().childFrames():
        _style_tables(frame, palette)
    return document


def _blocks(document: QTextDocument) -> Iterator[QTextBlock]:
    block = document.begin()
    while block.isValid():
        yield block
        block = block.next()


def _fragments(document: QTextDocument) -> Iterator[QTextFragment]:
    for block in _blocks(document):
        iterator = block.begin()
        while not iterator.atEnd():
            yield iterator.fragment()
            iterator += 1


def _take_power_away(document: QTextDocument) -> None:
    found = [(fragment.position(), fragment.length(), fragment.charFormat()) for fragment in _fragments(document)]
    cursor = QTextCursor(document)
    for position, length, old in reversed(found):
        if not old.isImageFormat() and not old.isAnchor():
            continue
        cursor.setPosition(position)
        cursor.setPosition(position + length, QTextCursor.MoveMode.KeepAnchor)
        plain = QTextCharFormat()
        plain.setFont(old.font(), QTextCharFormat.FontPropertiesInheritanceBehavior.FontPropertiesSpecifiedOnly)
        plain.setFontUnderline(False)
        if old.isImageFormat():
            words = str(old.property(QTextFormat.Property.ImageAltText.value) or "")
            name = words or QCoreApplication.translate("SealedMarkdown", "picture")
            cursor.insertText(f"[{name}]", plain)
            continue
        words = cursor.selectedText()
        address = old.anchorHref()
        cursor.insertText(words if not address or address == words else f"{words} ({address})", plain)


def _style_blocks(document: QTextDocument, palette: QPalette) -> None:
    cursor = QTextCursor(document)
    code_ground = mixed(palette.color(QPalette.ColorRole.Base), palette.color(QPalette.ColorRole.Text), _CODE_SHADE)
    for block in _blocks(document):
        cursor.setPosition(block.position())
        style = block.blockFormat()
        is_code = style.hasProperty(QTextFormat.Property.BlockCodeFence.value) or style.nonBreakableLines()
        is_next_code = is_code and block.next().blockFormat().nonBreakableLines()
        style.setLineHeight(LINE_HEIGHT_PERCENT, _PROPORTIONAL)
        if cursor.currentTable() is None:
            style.setTopMargin(_BLOCK_GAP_PX / 2 if style.headingLevel() else 0)
            style.setLeftMargin(min(style.leftMargin(), INDENT_PX))
            style.setBottomMargin(0 if is_next_code else _BLOCK_GAP_PX / 2 if block.textList() else _BLOCK_GAP_PX)
        if is_code:
            style.setNonBreakableLines(False)
            style.setBackground(code_ground)
        if not block.text() and not is_code and cursor.currentTable() is None:
            style.setLineHeight(_THIN_PX, _FIXED)
            style.setBottomMargin(0)
        cursor.setBlockFormat(style)
        if style.headingLevel():
            heading = QTextCharFormat()
            heading.setProperty(QTextFormat.Property.FontPixelSize.value, scaled_px(HEADING_PX))
            heading.setProperty(QTextFormat.Property.FontSizeAdjustment.value, 0)
            heading.setFontWeight(QFont.Weight.DemiBold)
            cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
            cursor.mergeCharFormat(heading)
    _style_code(document)


def _style_code(document: QTextDocument) -> None:
    families = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).families()
    found = [(fragment.position(), fragment.length()) for fragment in _fragments(document) if _is_code(fragment)]
    cursor = QTextCursor(document)
    style = QTextCharFormat()
    style.setFontFamilies(families)
    style.setFontFixedPitch(True)
    for position, length in found:
        cursor.setPosition(position)
        cursor.setPosition(position + length, QTextCursor.MoveMode.KeepAnchor)
        cursor.mergeCharFormat(style)


def _is_code(fragment: QTextFragment) -> bool:
    return fragment.charFormat().fontFixedPitch()


def _style_tables(frame: QTextFrame, palette: QPalette) -> None:
    if isinstance(frame, QTextTable):
        line = hairline(palette)
        style = frame.format()
        style.setBorderCollapse(True)
        style.setBorder(0)
        style.setCellSpacing(0)
        style.setCellPadding(5)
        style.setBottomMargin(_BLOCK_GAP_PX)
        style.setWidth(QTextLength(QTextLength.Type.PercentageLength, 100))
        frame.setFormat(style)
        for row in range(frame.rows()):
            for column in range(frame.columns()):
                cell = frame.cellAt(row, column)
                cell_style = cell.format().toTableCellFormat()
                cell_style.setBottomBorder(1)
                cell_style.setBottomBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
                cell_style.setBottomBorderBrush(line)
                cell.setFormat(cell_style)
    for inner in frame.childFrames():
        _style_tables(inner, palette)
