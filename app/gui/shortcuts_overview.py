"""All keys on one page."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout

from app.gui.look import dim_text, scaled_px

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from app.gui.actions import Actions

_SIZE_PX = (460, 560)


def show_shortcuts(window: QWidget, actions: Actions) -> None:
    """Opens the page; it closes with Return or Esc."""
    translate = QCoreApplication.translate
    dialog = QDialog(window)
    dialog.setObjectName("shortcutsDialog")
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle(translate("Shortcuts", "Keyboard Shortcuts"))
    page = QTextBrowser()
    page.setAccessibleName(dialog.windowTitle())
    page.setFrameShape(QTextBrowser.Shape.NoFrame)
    page.setHtml(_page(actions, dim_text(window.palette()).name()))
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.reject)
    layout = QVBoxLayout(dialog)
    layout.addWidget(page)
    layout.addWidget(buttons)
    dialog.resize(*(scaled_px(side) for side in _SIZE_PX))
    dialog.open()


def _page(actions: Actions, dim: str) -> str:
    translate = QCoreApplication.translate
    rows: list[str] = []
    menu = ""
    for command in actions.commands():
        keys = _native(actions[command.command_id].shortcut())
        if keys and command.menu != menu:
            menu = command.menu
            rows.append(_heading(menu))
        if keys:
            rows.append(_row(command.text, keys, dim))
    rows.append(_heading(translate("Shortcuts", "In their places")))
    in_places = (
        (translate("Shortcuts", "Remove what is selected (in the list of pictures and videos)"), "Del"),
        (translate("Shortcuts", "Next frame (on a video; Left: the one before)"), "Right"),
        (translate("Shortcuts", "A second further (on a video)"), "Shift+Right"),
        (translate("Shortcuts", "Next frame that the model sees (on a video)"), "PgDown"),
        (translate("Shortcuts", "Last frame (on a video; Home: the first)"), "End"),
        (translate("Shortcuts", "New line (in the question)"), "Return"),
        (translate("Shortcuts", "Earlier question (in the first line)"), "Up"),
        (translate("Shortcuts", "Later question (in the last line)"), "Down"),
        (translate("Shortcuts", "Next control"), "Tab"),
    )
    rows += [_row(words, _native(QKeySequence(keys)), dim) for words, keys in in_places]
    return f'<table cellpadding="3">{"".join(rows)}</table>'


def _heading(words: str) -> str:
    return f'<tr><td colspan="2" style="padding-top: 12px"><b>{escape(words)}</b></td></tr>'


def _row(words: str, keys: str, dim: str) -> str:
    return f'<tr><td>{escape(words)}</td><td style="color: {dim}; padding-left: 24px">{escape(keys)}</td></tr>'


def _native(keys: QKeySequence) -> str:
    return keys.toString(QKeySequence.SequenceFormat.NativeText)
