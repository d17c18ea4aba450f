"""Taking answers along: dragged out of the window, or a program copied from one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QPoint, Qt
from PySide6.QtGui import QDrag, QGuiApplication, QTextCursor
from PySide6.QtWidgets import QApplication, QToolTip

from app.core.link_address import visible_address
from app.gui.announcing import announce
from app.gui.answers.markdown_copy import code_of, markdown_mime
from app.gui.answers.time_links import MOMENT, time_link_at
from app.gui.answers.turn_foot import COPY, EDIT
from app.gui.describing import tip

if TYPE_CHECKING:
    from PySide6.QtGui import QHelpEvent
    from PySide6.QtWidgets import QTextBrowser, QWidget

    from app.gui.answers.answer_look import Links

_TIP_CHARS = 300


def is_far_enough(pressed: QPoint, now: QPoint) -> bool:
    """Whether the mouse was moved far enough to mean a drag."""
    return (now - pressed).manhattanLength() >= QApplication.startDragDistance()


def drag_answer(view: QWidget, answer: str) -> None:
    """Lets the person drop the answer somewhere, as Markdown."""
    if not answer:
        return
    drag = QDrag(view)
    drag.setMimeData(markdown_mime(answer))
    drag.exec(Qt.DropAction.CopyAction)


def copy_code(view: QTextBrowser, group: int) -> None:
    """Copies a program, and says so."""
    QGuiApplication.clipboard().setText(code_of(view.document(), group))
    say_copied(view)


def link_name(anchor: str, words: str) -> str:
    """What a link or command is called for people who listen: “Copy” alone would not say what."""
    translate = QCoreApplication.translate
    kind = anchor.partition(":")[0]
    names = {
        COPY: translate("ResultView", "Copy the answer"),
        "copy-code": translate("ResultView", "Copy the code"),
        EDIT: translate("ResultView", "Edit the question"),
    }
    if kind in {"link", MOMENT}:
        return translate("ResultView", "{0}, link").format(words)
    return translate("ResultView", "{0}, button").format(names.get(kind, words.replace("\u00a0", " ")))


def announce_link(view: QTextBrowser) -> None:
    """Says to people who listen which link or command has the keyboard."""
    cursor = view.textCursor()
    if not (view.hasFocus() and cursor.hasSelection()):
        return
    first = QTextCursor(cursor)
    first.setPosition(min(cursor.selectionStart() + 1, view.document().characterCount() - 1))
    anchor = first.charFormat().anchorHref()
    if anchor:
        announce(view, link_name(anchor, cursor.selectedText()))


def show_link_tip(view: QWidget, event: QHelpEvent, anchor: str, links: Links) -> None:
    """Says where a link leads, or what Copy under an answer does."""
    kind, _, value = anchor.partition(":")
    words = ""
    if kind == "link" and value.isdecimal():
        words = visible_address(links.address(int(value)))
        words = words if len(words) <= _TIP_CHARS else f"{words[:_TIP_CHARS]}…"
    elif kind == MOMENT:
        moment = time_link_at(anchor)
        words = moment.words if moment is not None else ""
    elif kind == COPY:
        words = QCoreApplication.translate("ResultView", "Click to copy the answer, or drag it where you want it.")
    QToolTip.showText(event.globalPos(), tip(words), view)


def say_copied(view: QTextBrowser) -> None:
    """Says for a moment, beside the command, that something is on the clipboard."""
    words = QCoreApplication.translate("ResultView", "Copied")
    QToolTip.showText(view.viewport().mapToGlobal(view.cursorRect().bottomRight()), words, view)
    announce(view, words)
