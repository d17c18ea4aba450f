"""How the words of a conversation look, and what its document remembers about them besides."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

from PySide6.QtGui import (
    QBrush,
    QFont,
    QFontDatabase,
    QPalette,
    QTextBlockFormat,
    QTextCharFormat,
    QTextFormat,
)

from app.gui.contrast import mixed, readable
from app.gui.look import BODY_PX, HEADING_PX, SMALL_PX, dim_text, hairline, is_dark, link_text, scaled_px

if TYPE_CHECKING:
    from PySide6.QtGui import QColor, QTextBlock

LINE_HEIGHT_PERCENT = 128.0
_INDENT_PX = 22.0
BLOCK_GAP_PX = 8.0
CODE_PADDING_PX = 12.0
LINE_BREAK = "\u2028"
_CODE_LINE_HEIGHT_PERCENT = 120.0
_DEEPEST_INDENT = 8
_PROPORTIONAL = QTextBlockFormat.LineHeightTypes.ProportionalHeight.value
_FIXED = QTextBlockFormat.LineHeightTypes.FixedHeight.value
_FIRST = QTextFormat.Property.UserProperty.value


class Role(IntEnum):
    """What the document remembers of a block or of letters, as properties of their formats."""

    KIND = _FIRST + 1
    """Of a block: one of the kinds below."""
    SOURCE = _FIRST + 2
    """Of a block, a cell or letters: the Markdown they were made of."""
    BOXES = _FIRST + 3
    """Of a block: the marks of the quotes and items around it, with spaces between."""
    BEGINS = _FIRST + 4
    """Of a block: how many of the innermost boxes begin with it."""
    GROUP = _FIRST + 5
    """Of a block: the number of its program or table."""
    LANGUAGE = _FIRST + 6
    """Of a block of code."""
    IS_CONTINUED = _FIRST + 7
    """Of a block that goes on in the line of the one before, and of the later pieces of a table."""
    TASK = _FIRST + 8
    """Of a block: an item's tick, a space or an x."""
    ADDRESS = _FIRST + 9
    """Of letters: where a link leads."""
    IS_CODE = _FIRST + 10
    """Of letters inside a sentence."""
    HEADER = _FIRST + 11
    """Of a table: its first two lines in Markdown."""


PARAGRAPH, HEADING, CODE, CODE_LABEL = "paragraph", "heading", "code", "code-label"
RULE, FORMULA, TABLE, WIDE_TABLE = "rule", "formula", "table", "wide-table"
QUESTION, CAPTION, PHASE, FOOT, GAP = "question", "caption", "phase", "foot", "gap"


def indent_px(depth: int = 1) -> float:
    """How far the words of a block stand in, so many boxes deep."""
    return float(min(depth, _DEEPEST_INDENT) * scaled_px(_INDENT_PX))


def kind_of(block: QTextBlock) -> str:
    """The kind of a block."""
    return str(block.blockFormat().property(Role.KIND.value) or "")


def text_property(style: QTextFormat, role: Role) -> str:
    """What the document remembers there, or nothing."""
    return str(style.property(role.value) or "")


def number_property(style: QTextFormat, role: Role) -> int:
    """A number that the document remembers there, or 0."""
    return int(style.property(role.value) or 0)


def code_ground(palette: QPalette) -> QColor:
    """Behind code."""
    share = 0.09 if is_dark(palette) else 0.05
    return mixed(palette.color(QPalette.ColorRole.Base), palette.color(QPalette.ColorRole.Text), share)


@dataclass
class Links:
    """The addresses in a conversation; its document only holds their numbers."""

    _addresses: list[str] = field(default_factory=list)
    _numbers: dict[str, int] = field(default_factory=dict)

    def number(self, address: str) -> int:
        """The number of this address."""
        if address not in self._numbers:
            self._numbers[address] = len(self._addresses)
            self._addresses.append(address)
        return self._numbers[address]

    def address(self, number: int) -> str:
        """The address of this number, or nothing."""
        return self._addresses[number] if 0 <= number < len(self._addresses) else ""


class AnswerLook:
    """The formats of a conversation's words in one font and palette."""

    def __init__(self, font: QFont, palette: QPalette) -> None:
        self.font = QFont(font)
        self.palette = QPalette(palette)
        self.links = Links()
        self.code_ground = code_ground(palette)
        self.hairline = hairline(palette)
        families = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).families()
        self.words = QTextCharFormat()
        self.heading = QTextCharFormat()
        self.heading.setProperty(QTextFormat.Property.FontPixelSize.value, scaled_px(HEADING_PX))
        self.heading.setFontWeight(QFont.Weight.DemiBold)
        self.code = QTextCharFormat()
        self.code.setFontFamilies(families)
        self.code.setFontFixedPitch(True)
        self.code.setProperty(QTextFormat.Property.FontPixelSize.value, scaled_px(BODY_PX - 1))
        self.dim = self.small(dim_text(palette))
        self.column_head = QTextCharFormat()
        self.column_head.setForeground(dim_text(palette))

    def small(self, colour: QColor) -> QTextCharFormat:
        """Letters of captions."""
        style = QTextCharFormat()
        style.setProperty(QTextFormat.Property.FontPixelSize.value, scaled_px(SMALL_PX))
        style.setForeground(colour)
        return style

    def linked(self, style: QTextCharFormat, address: str) -> QTextCharFormat:
        """The format as a link's, whose address is shown before it is opened."""
        link = QTextCharFormat(style)
        link.setAnchor(True)
        link.setAnchorHref(f"link:{self.links.number(address)}")
        link.setProperty(Role.ADDRESS.value, address)
        link.setForeground(link_text(self.palette))
        link.setFontUnderline(True)
        return link

    def command(self, address: str) -> QTextCharFormat:
        """Letters of one of the window's own commands."""
        link = self.small(link_text(self.palette))
        link.setAnchor(True)
        link.setAnchorHref(address)
        return link

    def timed(self, style: QTextCharFormat, address: str) -> QTextCharFormat:
        """The format as that of a time which takes the viewer there."""
        link = QTextCharFormat(style)
        link.setAnchor(True)
        link.setAnchorHref(address)
        link.setForeground(link_text(self.palette))
        is_on_code = bool(style.property(Role.IS_CODE.value)) or style.fontFixedPitch()
        return self.on_code(link) if is_on_code else link

    def on_code(self, style: QTextCharFormat) -> QTextCharFormat:
        """The format in a colour that can be read on the ground of code too."""
        colour = readable(style.foreground().color(), (self.code_ground,))
        other = QTextCharFormat(style)
        other.setForeground(colour)
        return other

    def inline_code(self, style: QTextCharFormat) -> QTextCharFormat:
        """The format as that of code in a sentence."""
        code = QTextCharFormat(style)
        code.merge(self.code)
        code.setBackground(QBrush(self.code_ground))
        if code.isAnchor():
            code = self.on_code(code)
        code.setProperty(Role.IS_CODE.value, 1)
        return code


def block_format(kind: str, depth: int = 0, *, top: float = 0, bottom: float = BLOCK_GAP_PX) -> QTextBlockFormat:
    """The format of a block of this kind, so many boxes deep."""
    style = QTextBlockFormat()
    style.setProperty(Role.KIND.value, kind)
    style.setLineHeight(LINE_HEIGHT_PERCENT, _PROPORTIONAL)
    style.setTopMargin(top)
    style.setBottomMargin(bottom)
    style.setIndent(min(depth, _DEEPEST_INDENT))
    return style


def code_format(kind: str, depth: int, group: int, language: str) -> QTextBlockFormat:
    """The format of a line of code, or of the label above it."""
    style = block_format(kind, depth, bottom=0)
    if kind == CODE:
        style.setLineHeight(_CODE_LINE_HEIGHT_PERCENT, _PROPORTIONAL)
    style.setLeftMargin(CODE_PADDING_PX)
    style.setRightMargin(CODE_PADDING_PX)
    style.setProperty(Role.GROUP.value, group)
    style.setProperty(Role.LANGUAGE.value, language)
    return style


def fixed_format(kind: str, depth: int, height_px: float, *, bottom: float = 0) -> QTextBlockFormat:
    """The format of a block of one line of this height."""
    style = block_format(kind, depth, bottom=bottom)
    style.setLineHeight(height_px, _FIXED)
    return style
