"""Every command of the window as a row of one table: menus, shortcuts and when each can be used."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QAction, QKeySequence

from app.gui.command_search import Command
from app.gui.media_rows import picture_rows, viewing_rows
from app.gui.models.model_commands import model_commands
from app.gui.system_commands import system_rows
from app.gui.video_rows import video_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

    EnabledWhen: TypeAlias = Callable[["WindowState"], bool]

_Standard = QKeySequence.StandardKey
_EDITING_ROLE = QAction.MenuRole.TextHeuristicRole
"""By its words macOS' own panels know an editing command, and so its keys, as in the field for a file's name."""


@dataclass(frozen=True, slots=True)
class WindowState:
    """What decides which commands can be used.

    Attributes:
        has_model: The model's folder is known; it may still be loading.
        is_model_doubted: It is too large for the machine, and the person has not said yet whether to load it.
        is_loading: A model is being loaded.
        can_unload: A model is loaded and not at work.
        has_question: There is text in the question box.
        is_composing: An input method is in the middle of a word.
        is_answering: A question is waiting or being answered.
        is_editing: An earlier question is being changed.
        has_turns: The conversation has begun.
        can_go_on: The last answer was stopped between the parts of a long video.
        has_answer: There is an answer.
        can_export: There is something to export, and nothing is missing of it but parts of a long video.
        media_count: Pictures and videos in the tray.
        is_too_much: The question is more than the model can take.
        is_refused: What is selected cannot be asked about, such as a video that the runtime cannot look at.
        is_taking_in: More pictures and videos are being looked for.
        can_take_screenshot: The system lets programs ask for a picture of the screen.
        has_selection: One of them is selected.
        has_selected_file: One of those has a file on disk.
        has_video: A video of several frames is looked at.
        has_range: Only a part of it is asked about.
    """

    has_model: bool = False
    is_model_doubted: bool = False
    is_loading: bool = False
    can_unload: bool = False
    has_question: bool = False
    is_composing: bool = False
    is_answering: bool = False
    is_editing: bool = False
    has_turns: bool = False
    can_go_on: bool = False
    has_answer: bool = False
    can_export: bool = False
    media_count: int = 0
    is_too_much: bool = False
    is_refused: bool = False
    is_taking_in: bool = False
    can_take_screenshot: bool = False
    has_selection: bool = False
    has_selected_file: bool = False
    has_video: bool = False
    has_range: bool = False

    @property
    def can_ask(self) -> bool:
        """Whether the question box can be sent."""
        is_busy = self.is_answering or self.is_composing or self.is_taking_in
        has_model = self.has_model and not self.is_model_doubted
        return has_model and self.has_question and not (is_busy or self.is_too_much or self.is_refused)


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One command.

    Attributes:
        action_id: Its object name; the parts of the window give a method for it.
        menu: Which menu it stands in.
        text: As the person reads it.
        shortcuts: Keys; the first is shown in the menu.
        enabled_when: When it can be used.
        role: Where macOS puts it.
        is_checkable: Whether it is switched on and off.
        starts_group: Whether a line stands before it.
        needs: Why it cannot be used when it cannot, for the list of commands.
        is_late: Whether it can be used is only found out when somebody looks.
        submenu: The menu within the menu that it stands in, or empty.
        is_systems: The system puts a row of its own into the menu; this one is in the list of commands alone.
    """

    action_id: str
    menu: str
    text: str
    shortcuts: tuple[QKeySequence | QKeySequence.StandardKey | str, ...] = ()
    enabled_when: EnabledWhen = lambda _state: True
    role: QAction.MenuRole = QAction.MenuRole.NoRole
    is_checkable: bool = False
    starts_group: bool = False
    needs: str = ""
    submenu: str = ""
    is_late: bool = False
    is_systems: bool = False


def action_rows() -> tuple[ActionRow, ...]:
    """The table, in the order of the menus."""
    translate = QCoreApplication.translate
    file, edit, view = translate("Actions", "&File"), translate("Actions", "&Edit"), translate("Actions", "&View")
    talk, about = translate("Actions", "&Conversation"), translate("Actions", "&Help")
    nothing_to_undo = translate("Actions", "Nothing to take back here")
    nothing_selected = translate("Actions", "Nothing is selected")
    no_answer, no_pictures = translate("Actions", "No answer yet"), translate("Actions", "Nothing else here")
    nothing_asked = translate("Actions", "Nothing has been asked yet")
    return (
        ActionRow("openAction", file, translate("Actions", "&Open…"), (_Standard.Open,)),
        ActionRow("openFolderAction", file, translate("Actions", "Open &Folder…"), ("Ctrl+Shift+O",)),
        ActionRow(
            "screenshotAction",
            file,
            translate("Actions", "Take a &Screenshot…"),
            (),
            lambda state: state.can_take_screenshot,
            needs=translate("Actions", "This system has no means for it"),
        ),
        ActionRow(
            "clearRecentAction",
            file,
            translate("Actions", "&Clear Recent Files"),
            is_late=True,
            needs=translate("Actions", "No recent files"),
            submenu=translate("Actions", "Open &Recent"),
        ),
        ActionRow(
            "exportMarkdownAction",
            file,
            translate("Actions", "Export as &Markdown…"),
            ("Ctrl+S",),
            lambda state: state.can_export,
            starts_group=True,
            needs=no_answer,
        ),
        ActionRow(
            "exportJsonAction",
            file,
            translate("Actions", "Export as &JSON…"),
            ("Ctrl+Shift+S",),
            lambda state: state.can_export,
            needs=no_answer,
        ),
        ActionRow(
            "copyPicturesAction", file, translate("Actions", "&Copy Pictures Beside Markdown"), is_checkable=True
        ),
        ActionRow("closeWindowAction", file, translate("Actions", "Close &Window"), ("Ctrl+W",), starts_group=True),
        ActionRow(
            "quitAction",
            file,
            translate("Actions", "&Quit Viewfinder"),
            ("Ctrl+Q",),
            role=QAction.MenuRole.QuitRole,
        ),
        ActionRow(
            "undoAction", edit, translate("Actions", "&Undo"), (_Standard.Undo,), needs=nothing_to_undo, is_late=True
        ),
        ActionRow(
            "redoAction", edit, translate("Actions", "Re&do"), (_Standard.Redo,), needs=nothing_to_undo, is_late=True
        ),
        ActionRow(
            "cutAction",
            edit,
            translate("Actions", "Cu&t"),
            (_Standard.Cut,),
            role=_EDITING_ROLE,
            is_late=True,
            starts_group=True,
            needs=nothing_selected,
        ),
        ActionRow(
            "copyAction",
            edit,
            translate("Actions", "&Copy"),
            (_Standard.Copy,),
            role=_EDITING_ROLE,
            needs=nothing_selected,
            is_late=True,
        ),
        ActionRow("pasteAction", edit, translate("Actions", "&Paste"), (_Standard.Paste,), role=_EDITING_ROLE),
        ActionRow(
            "selectAllAction",
            edit,
            translate("Actions", "Select A&ll"),
            (_Standard.SelectAll,),
            role=_EDITING_ROLE,
            is_late=True,
            needs=translate("Actions", "No text in hand"),
        ),
        ActionRow(
            "copyPictureAction",
            edit,
            translate("Actions", "Copy P&icture"),
            (),  # with the picture in focus the usual keys for copying do it
            lambda state: state.media_count > 0,
            needs=translate("Actions", "Nothing here"),
        ),
        ActionRow(
            "removePictureAction",
            edit,
            translate("Actions", "&Remove Item"),
            (),  # Delete and Backspace do it in the tray; any key here would take a text field's own
            lambda state: state.has_selection,
            starts_group=True,
            needs=translate("Actions", "Nothing is selected"),
        ),
        ActionRow(
            "removeAllPicturesAction",
            edit,
            translate("Actions", "Remove &All Items"),
            (),
            lambda state: state.media_count > 0,
            needs=translate("Actions", "Nothing here"),
        ),
        *picture_rows(ActionRow, edit),
        ActionRow(
            "settingsAction",
            edit,
            translate("Actions", "&Settings"),
            ("Ctrl+,",),
            role=QAction.MenuRole.PreferencesRole,
            is_checkable=sys.platform != "darwin",  # where no program's “Settings…” has a tick
            starts_group=True,
        ),
        ActionRow("showTrayAction", view, translate("Actions", "Show &Media"), ("Ctrl+Shift+M",), is_checkable=True),
        ActionRow(
            "nextPictureAction",
            view,
            translate("Actions", "&Next Item"),
            ("Alt+Down",),
            lambda state: state.media_count > 1,
            starts_group=True,
            needs=no_pictures,
        ),
        ActionRow(
            "previousPictureAction",
            view,
            translate("Actions", "&Previous Item"),
            ("Alt+Up",),
            lambda state: state.media_count > 1,
            needs=no_pictures,
        ),
        *viewing_rows(ActionRow, view),
        ActionRow("nextPaneAction", view, translate("Actions", "Next P&art of the Window"), ("F6",), starts_group=True),
        ActionRow("previousPaneAction", view, translate("Actions", "Previous Pa&rt of the Window"), ("Shift+F6",)),
        ActionRow(
            "commandListAction",
            view,
            translate("Actions", "&Command List…"),
            ("Ctrl+K",),
            starts_group=True,
        ),
        ActionRow(
            "fullScreenAction",
            view,
            translate("Actions", "&Full Screen"),
            (_Standard.FullScreen,) if sys.platform == "darwin" else ("F11",),  # a bare Linux knows no key for it
            is_checkable=True,
            is_systems=sys.platform == "darwin",  # AppKit: “Enter Full Screen”
        ),
        *video_rows(ActionRow),
        ActionRow(
            "askAction",
            talk,
            translate("Actions", "&Ask"),
            ("Ctrl+Return", "Ctrl+Enter"),
            lambda state: state.can_ask,
            needs=translate("Actions", "No question, or no model yet"),
        ),
        ActionRow(
            "stopAction",
            talk,
            translate("Actions", "&Stop"),
            ("Esc",),
            lambda state: (state.is_answering or state.is_editing) and not state.is_composing,
        ),
        ActionRow(
            "askAgainAction",
            talk,
            translate("Actions", "Ask A&gain"),
            ("Ctrl+Shift+R",),
            lambda state: state.has_turns and not state.is_answering,
            needs=nothing_asked,
        ),
        ActionRow(
            "goOnAction",
            talk,
            translate("Actions", "C&ontinue Answer"),
            (),
            lambda state: state.can_go_on and not state.is_answering,
            needs=translate("Actions", "No answer was stopped between the parts of a video"),
        ),
        ActionRow(
            "editQuestionAction",
            talk,
            translate("Actions", "&Edit Last Question"),
            ("Ctrl+Shift+E",),
            lambda state: state.has_turns,
            needs=nothing_asked,
        ),
        ActionRow(
            "newConversationAction",
            talk,
            translate("Actions", "&New Conversation"),
            ("Ctrl+N",),
            lambda state: state.has_turns,
            starts_group=True,
        ),
        ActionRow(
            "copyAnswerAction",
            talk,
            translate("Actions", "&Copy Last Answer"),
            ("Ctrl+Shift+C",),
            lambda state: state.has_answer,
            needs=no_answer,
        ),
        ActionRow(
            "copyQuestionAction",
            talk,
            translate("Actions", "Copy Last &Question"),
            (),
            lambda state: state.has_turns,
            needs=nothing_asked,
        ),
        ActionRow("forgetQuestionsAction", talk, translate("Actions", "&Forget Question History"), starts_group=True),
        *model_commands(ActionRow, talk),
        *_window_rows(),
        ActionRow("shortcutsAction", about, translate("Actions", "&Keyboard Shortcuts"), (_Standard.HelpContents,)),
        ActionRow("copyReportAction", about, translate("Actions", "&Report a Problem…")),
        *system_rows(ActionRow, about),
        ActionRow(
            "aboutAction",
            about,
            translate("Actions", "&About Viewfinder"),
            role=QAction.MenuRole.AboutRole,
            starts_group=True,
        ),
        ActionRow("licencesAction", about, translate("Actions", "&Licences…")),
    )


def _window_rows() -> tuple[ActionRow, ...]:
    """What macOS has in the menu Window; elsewhere the frame's own buttons do it."""
    translate = QCoreApplication.translate
    menu = translate("Actions", "&Window")
    rows = (
        ActionRow("minimiseAction", menu, translate("Actions", "&Minimise"), ("Ctrl+M",)),
        ActionRow("zoomWindowAction", menu, translate("Actions", "&Zoom")),
    )
    return rows if sys.platform == "darwin" else ()


class Actions:
    """The table's rows as Qt actions in a menu bar."""

    def __init__(self, window: QWidget, menu_bar: QMenuBar, slots: Mapping[str, Callable[..., None]]) -> None:
        self._rows = action_rows()
        self._actions: dict[str, QAction] = {}
        self._menus: dict[str, QMenu] = {}
        for row in self._rows:
            if row.menu not in self._menus:
                self._menus[row.menu] = menu_bar.addMenu(row.menu)
            menu = self._menus[row.menu]
            if row.starts_group:
                menu.addSeparator()
            if row.submenu and row.submenu not in self._menus:
                self._menus[row.submenu] = menu.addMenu(row.submenu)
            menu = self._menus[row.submenu or row.menu]
            # The brackets with the key's letter in Chinese would hide from macOS what an editing command is.
            action = QAction(plain_text(row.text) if sys.platform == "darwin" else row.text, window)
            action.setObjectName(row.action_id)
            action.setShortcuts(_keys(row))
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            action.setMenuRole(row.role)
            action.setCheckable(row.is_checkable)
            (action.toggled if row.is_checkable else action.triggered).connect(slots[row.action_id])
            if not row.is_systems:
                menu.addAction(action)
            window.addAction(action)
            self._actions[row.action_id] = action

    def __getitem__(self, action_id: str) -> QAction:
        return self._actions[action_id]

    def menu_of(self, action_id: str) -> QMenu:
        """The menu that a command stands in."""
        row = next(row for row in self._rows if row.action_id == action_id)
        return self._menus[row.submenu or row.menu]

    def commands(self) -> list[Command]:
        """All of them in the order of the menus, for the list of commands and the page of keys."""
        return [Command(row.action_id, plain_text(row.text), plain_text(row.menu)) for row in self._rows]

    def why_not(self, action_id: str) -> str:
        """Why a command cannot be used now, where that is known."""
        return next(row.needs for row in self._rows if row.action_id == action_id)

    def enable(self, state: WindowState) -> None:
        """Switches each command on or off."""
        for row in self._rows:
            if not row.is_late:
                self._actions[row.action_id].setEnabled(row.enabled_when(state))


def _keys(row: ActionRow) -> list[QKeySequence]:
    """The keys of a command; where the platform has several for one, all of them."""
    keys: list[QKeySequence] = []
    for shortcut in row.shortcuts:
        if isinstance(shortcut, QKeySequence.StandardKey):
            keys += QKeySequence.keyBindings(shortcut)
        else:
            keys.append(QKeySequence(shortcut))
    return keys


def plain_text(text: str) -> str:
    """A menu's text without the mark of its key; Chinese has the key in brackets behind."""
    return re.sub(r"\(&\w\)", "", text).replace("&", "")
