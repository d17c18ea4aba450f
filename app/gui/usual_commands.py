"""The commands that every program has: editing, full screen, panes, the list of commands, help."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import shiboken6
from PySide6.QtCore import QEvent, QKeyCombination, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QWidget

from app.gui.editing import can_copy, can_cut, can_redo, can_type, can_undo, field_in, focused_field
from app.gui.focus_ring import FocusRing
from app.gui.panes import step_pane
from app.gui.recent_files import RecentMenu, RecentUse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from app.gui.actions import Actions
    from app.gui.command_list import CommandList
    from app.gui.licences.licences_window import LicencesWindow
    from app.gui.shell import MainWindow
    from app.gui.tray.media_commands import MediaCommands
    from app.gui.window_parts import WindowParts


class UsualCommands(QObject):
    """One method for each of these rows of the table of actions."""

    path_chosen = Signal(object)
    """Carries a Path that is to be opened again."""

    def __init__(self, window: MainWindow, parts: WindowParts, recent_file: Path, media: MediaCommands) -> None:
        super().__init__(window)
        self.recent = RecentUse(recent_file, self)
        self._window = window
        self._parts = parts
        self._media = media
        self._actions: Actions | None = None
        self._list: CommandList | None = None
        self._licences: LicencesWindow | None = None
        self._guarded: QWidget | None = None
        self.focus_ring = FocusRing(window)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._on_application_focus_changed)

    def slots(self) -> dict[str, Callable[..., None]]:
        """The method of each action id."""
        return {
            "clearRecentAction": self.recent.clear_paths,
            "undoAction": self.on_undo,
            "redoAction": self.on_redo,
            "cutAction": self.on_cut,
            "copyAction": self.on_copy,
            "selectAllAction": self.on_select_all,
            "nextPaneAction": self.on_next_pane,
            "previousPaneAction": self.on_previous_pane,
            "fullScreenAction": self.on_full_screen,
            "commandListAction": self.on_command_list,
            "closeWindowAction": self.on_close_window,
            "minimiseAction": self.on_minimise,
            "zoomWindowAction": self.on_zoom_window,
            "shortcutsAction": self.on_shortcuts,
            "aboutAction": self.on_about,
            "licencesAction": self.on_licences,
        }

    def close(self) -> None:
        """Keeps what is not kept yet."""
        self.recent.close()
        if self._licences is not None:
            self._licences.close_reading()

    def take_actions(self, actions: Actions) -> None:
        """Takes the actions whose state these commands show."""
        self._actions = actions
        self.show_full_screen_state()
        menu = actions.menu_of("undoAction")
        menu.aboutToShow.connect(self.show_what_can_be_edited)
        menu.aboutToHide.connect(self._allow_all_editing)
        RecentMenu(actions.menu_of("clearRecentAction"), self.recent).path_chosen.connect(self.path_chosen)

    # Edit

    def on_undo(self) -> None:
        """Takes the last change of the focused field back, or else what was last done to the pictures."""
        field = focused_field()
        if field is not None and can_undo(field):
            field.undo()
        else:
            self._media.undo()

    def on_redo(self) -> None:
        """Does again what was taken back in the focused field, or else to the pictures."""
        field = focused_field()
        if field is not None and can_redo(field):
            field.redo()
        else:
            self._media.redo()

    def on_cut(self) -> None:
        """Takes what is selected in the focused field to the clipboard."""
        field = focused_field()
        if field is not None and can_cut(field):
            field.cut()

    def on_copy(self) -> None:
        """Copies what is selected in the focused field, text or list of pictures, or the picture itself."""
        focus = QApplication.focusWidget()
        field = field_in(focus)
        if field is not None and can_copy(field):
            field.copy()
        elif focus is self._parts.tray.view:
            self._media.copy_selected()
        elif self._is_picture(focus) and self._actions is not None:
            self._actions["copyPictureAction"].trigger()

    def on_select_all(self) -> None:
        """Selects all of the focused field, text or list."""
        focus = QApplication.focusWidget()
        field = field_in(focus)
        if field is not None:
            field.selectAll()
        elif focus is self._parts.tray.view:
            self._parts.tray.view.selectAll()

    def show_what_can_be_edited(self) -> None:
        """Dims in the menu what the focused field cannot do; the keys stay, as each field has them for its own."""
        if self._actions is None:
            return
        focus = QApplication.focusWidget()
        field = field_in(focus)
        undo, redo, media = self._actions["undoAction"], self._actions["redoAction"], self._media
        undo.setEnabled(can_undo(field) or media.can_undo)
        redo.setEnabled(can_redo(field) or media.can_redo)
        undo.setText(self.tr("&Undo") if can_undo(field) else media.undo_text)
        redo.setText(self.tr("Re&do") if can_redo(field) else media.redo_text)
        self._actions["cutAction"].setEnabled(can_cut(field))
        has_rows = focus is self._parts.tray.view and bool(self._parts.tray.selected_ids)
        self._actions["copyAction"].setEnabled(can_copy(field) or has_rows or self._is_picture(focus))
        self._actions["selectAllAction"].setEnabled(field is not None or focus is self._parts.tray.view)

    def _is_picture(self, widget: QWidget | None) -> bool:
        return widget is self._parts.viewer.canvas and not self._parts.viewer.is_empty

    def _show_what_can_be_done(self) -> None:
        self.show_what_can_be_edited()
        if self._actions is not None:
            self._actions["clearRecentAction"].setEnabled(bool(self.recent.paths))

    def _allow_all_editing(self) -> None:
        if self._actions is not None:
            for action_id in ("undoAction", "redoAction", "cutAction", "copyAction", "selectAllAction"):
                self._actions[action_id].setEnabled(True)

    # View

    def on_next_pane(self) -> None:
        """Gives the keyboard to the next part of the window."""
        step_pane(self._parts, 1)

    def on_previous_pane(self) -> None:
        """Gives the keyboard to the previous part of the window."""
        step_pane(self._parts, -1)

    def on_full_screen(self, is_wanted: bool) -> None:
        """Fills the screen, or goes back to a window."""
        state = self._window.windowState()
        is_full = bool(state & Qt.WindowState.WindowFullScreen)
        if is_full != is_wanted:
            self._window.setWindowState(state ^ Qt.WindowState.WindowFullScreen)

    def show_full_screen_state(self) -> None:
        """Ticks the menu's row as the window is, however it became so."""
        if self._actions is not None:
            self._actions["fullScreenAction"].setChecked(self._window.isFullScreen())

    def on_command_list(self) -> None:
        """Opens the list of all commands, or closes it."""
        if self._actions is None:
            return
        if self._list is None:
            from app.gui.command_list import CommandList  # noqa: PLC0415 - only when it is first asked for

            self._list = CommandList(self._window, self._actions, self.recent)
            self._list.opening.connect(self._show_what_can_be_done)
            self._list.closing.connect(self._allow_all_editing)
        self._list.toggle()

    # Window

    def on_close_window(self) -> None:
        """Closes the window, and with it the program, which has no other."""
        self._window.close()

    def on_minimise(self) -> None:
        """Puts the window into the Dock."""
        self._window.showMinimized()

    def on_zoom_window(self) -> None:
        """Makes the window as large as the screen lets it, or as it was."""
        if self._window.isMaximized():
            self._window.showNormal()
        else:
            self._window.showMaximized()

    # Help

    def on_shortcuts(self) -> None:
        """Shows every command that has a key."""
        if self._actions is not None:
            from app.gui.shortcuts_overview import show_shortcuts  # noqa: PLC0415 - only when it is asked for

            show_shortcuts(self._window, self._actions)

    def on_about(self) -> None:
        """Says what this program is and what it is made of."""
        from app.gui.about import show_about  # noqa: PLC0415 - only when it is asked for

        show_about(self._window, self.on_licences)

    def on_licences(self) -> None:
        """Shows the licences of everything inside."""
        if self._licences is None:
            from app.gui.licences.licences_window import LicencesWindow  # noqa: PLC0415 - only when it is asked for

            self._licences = LicencesWindow(self._window)
        self._licences.show_again()

    # Keys

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keeps the key of the command list from fields that would take it for “delete to the end of the line”.

        On macOS it leaves them the letters that are typed with Option.
        """
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            keys = QKeySequence(QKeyCombination(event.modifiers(), Qt.Key(event.key())))
            if keys == QKeySequence("Ctrl+K"):
                event.ignore()
                return True
            if sys.platform == "darwin" and _is_letter_with_option(event) and can_type(watched):
                event.accept()
                return True
        return False

    def _on_application_focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        guarded, self._guarded = self._guarded, None
        if guarded is not None and shiboken6.isValid(guarded):
            guarded.removeEventFilter(self)
        if new is not None and new.window() is self._window and field_in(new) is not None:
            new.installEventFilter(self)
            self._guarded = new


def _is_letter_with_option(event: QKeyEvent) -> bool:
    keys = event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier
    return keys == Qt.KeyboardModifier.AltModifier and bool(event.text()) and event.text().isprintable()
