"""The words of a paragraph with their formats: emphasis, code, links, formulas; pictures become their description."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QFont, QTextCharFormat

from app.core.latex_text import latex_as_text
from app.gui.answers.answer_cuts import showable
from app.gui.answers.answer_look import LINE_BREAK, Role

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.token import Token
    from PySide6.QtGui import QTextCursor

    from app.gui.answers.answer_look import AnswerLook
    from app.gui.answers.time_links import TimeLinks

_SPECIAL = re.compile(r"(<br\s*/?>|https?://[^\s<>\"'`|，。；！？、）】」』]+)", re.IGNORECASE)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_NOT_OF_ADDRESS = ".,;:!?*_~"


def write_words(
    cursor: QTextCursor,
    inline: Sequence[Token],
    look: AnswerLook,
    base: QTextCharFormat,
    times: TimeLinks | None = None,
    *,
    label: str = "",
    around: str = "",
) -> None:
    """Writes the words at the cursor.

    Args:
        cursor: Where.
        inline: The words.
        look: Of the conversation.
        base: Their format.
        times: Makes links of the times among them; None where there is no video.
        label: The head of the column in which they stand.
        around: The row in which they stand.
    """
    pieces = formatted_words(inline, look, base)
    if times is not None:
        pieces = times.linked(pieces, look, label=label, around=around)
    for text, style in pieces:
        cursor.insertText(showable(text).replace("\n", LINE_BREAK), style)


def formatted_words(
    inline: Sequence[Token], look: AnswerLook, base: QTextCharFormat
) -> Iterator[tuple[str, QTextCharFormat]]:
    """The words in pieces, each with its format."""
    bold = italic = struck = 0
    address: list[str] = []
    for token in inline:
        kind = token.type
        if kind in {"strong_open", "strong_close"}:
            bold += token.nesting
        elif kind in {"em_open", "em_close"}:
            italic += token.nesting
        elif kind in {"s_open", "s_close"}:
            struck += token.nesting
        elif kind == "link_open":
            address.append(str(token.attrs.get("href", "")))
        elif kind == "link_close":
            address.pop()
        else:
            style = QTextCharFormat(base)
            if bold:
                style.setFontWeight(QFont.Weight.Bold)
            style.setFontItalic(italic > 0)
            style.setFontStrikeOut(struck > 0)
            if address and address[-1]:
                style = look.linked(style, address[-1])
            yield from _pieces(token, style, look, is_linked=bool(address))


def _pieces(
    token: Token, style: QTextCharFormat, look: AnswerLook, *, is_linked: bool
) -> Iterator[tuple[str, QTextCharFormat]]:
    if token.type in {"softbreak", "hardbreak"}:
        yield LINE_BREAK, style
    elif token.type == "code_inline":
        yield token.content, look.inline_code(style)
    elif token.type == "formula":
        formula = QTextCharFormat(style)
        formula.setProperty(Role.SOURCE.value, f"{token.markup}{token.content}{token.info}")
        yield latex_as_text(token.content).replace("\n", " ") or token.content, formula
    elif token.type == "image":
        words = "".join(child.content for child in token.children or ()) or QCoreApplication.translate(
            "Answer", "picture"
        )
        yield f"[{words}]", style
    else:
        yield from _text_pieces(token.content, style, look, is_linked=is_linked)


def _text_pieces(
    text: str, style: QTextCharFormat, look: AnswerLook, *, is_linked: bool
) -> Iterator[tuple[str, QTextCharFormat]]:
    for piece in _SPECIAL.split(text):
        if _BREAK.fullmatch(piece):
            yield LINE_BREAK, style
        elif _SPECIAL.fullmatch(piece) and not is_linked:
            address = piece.rstrip(_NOT_OF_ADDRESS)
            if address.endswith(")") and address.count("(") < address.count(")"):
                address = address[:-1]
            yield address, look.linked(style, address)
            if len(address) < len(piece):
                yield piece[len(address) :], style
        elif piece:
            yield piece, style
