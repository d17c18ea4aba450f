"""The context menu of the conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QMenu

from app.gui.answers.answer_look import CODE, CODE_LABEL, Role, kind_of, number_property
from app.gui.answers.markdown_copy import code_of, markdown_mime

if TYPE_CHECKING:
    from app.gui.answers.result_view import ResultView


def show_menu(view: ResultView, event: QContextMenuEvent) -> None:
    """Opens the menu where the mouse is, or where the selection is when it was asked for by a key."""
    is_by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
    place = event.pos() if is_by_mouse else view.cursorRect().bottomLeft()
    cursor = view.cursorForPosition(place) if is_by_mouse else view.textCursor()
    menu = make_menu(view, cursor.position())
    menu.popup(view.viewport().mapToGlobal(place))


def make_menu(view: ResultView, position: int) -> QMenu:
    """The menu for this place in the text; it goes when it is closed."""
    translate = QCoreApplication.translate
    menu = QMenu(view)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    selected = view.textCursor()
    copy = menu.addAction(translate("ResultView", "Copy"), view.copy)
    copy.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
    copy.setEnabled(selected.hasSelection())

    def copy_markdown() -> None:
        markdown = view.selected_markdown()
        QGuiApplication.clipboard().setMimeData(markdown_mime(markdown))

    as_markdown = menu.addAction(translate("ResultView", "Copy as Markdown"), copy_markdown)
    as_markdown.setEnabled(selected.hasSelection())
    block = view.document().findBlock(position)
    if kind_of(block) in {CODE, CODE_LABEL}:
        group = number_property(block.blockFormat(), Role.GROUP)

        def copy_code() -> None:
            QGuiApplication.clipboard().setText(code_of(view.document(), group))

        menu.addAction(translate("ResultView", "Copy Code"), copy_code)
    turn = view.turn_at(position)
    answer = turn.told_answer if turn is not None else ""

    def copy_answer() -> None:
        QGuiApplication.clipboard().setMimeData(markdown_mime(answer))

    whole = menu.addAction(translate("ResultView", "Copy Whole Answer"), copy_answer)
    whole.setEnabled(bool(answer))
    menu.addSeparator()
    everything = menu.addAction(translate("ResultView", "Select All"), view.selectAll)
    everything.setShortcut(QKeySequence(QKeySequence.StandardKey.SelectAll))
    return menu
