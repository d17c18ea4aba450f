"""Every command of the window as a row of one table: menus, shortcuts and when each can be used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QAction, QKeySequence

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

    EnabledWhen: TypeAlias = Callable[["WindowState"], bool]

_Standard = QKeySequence.StandardKey


@dataclass(frozen=True, slots=True)
class WindowState:
    """What decides which commands can be used.

    Attributes:
        has_model: The model's folder is known; it may still be loading.
        is_loading: A model is being loaded.
        has_question: There is text in the question box.
        is_composing: An input method is in the middle of a word.
        is_answering: A question is waiting or being answered.
        is_editing: An earlier question is being changed.
        has_turns: The conversation has begun.
        has_answer: There is an answer to export.
        media_count: Pictures in the tray.
        is_taking_in: More pictures are being looked for.
        has_selection: One of them is selected.
    """

    has_model: bool = False
    is_loading: bool = False
    has_question: bool = False
    is_composing: bool = False
    is_answering: bool = False
    is_editing: bool = False
    has_turns: bool = False
    has_answer: bool = False
    media_count: int = 0
    is_taking_in: bool = False
    has_selection: bool = False

    @property
    def can_ask(self) -> bool:
        """Whether the question box can be sent."""
        is_busy = self.is_answering or self.is_composing or self.is_taking_in
        return self.has_model and self.has_question and not is_busy


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One command.

    Attributes:
        action_id: Its object name; the window's method is ``on_<action_id in snake case>``.
        menu: Which menu it stands in.
        text: As the person reads it.
        shortcuts: Keys; the first is shown in the menu.
        enabled_when: When it can be used.
        role: Where macOS puts it.
        is_checkable: Whether it is switched on and off.
        starts_group: Whether a line stands before it.
    """

    action_id: str
    menu: str
    text: str
    shortcuts: tuple[QKeySequence | QKeySequence.StandardKey | str, ...] = ()
    enabled_when: EnabledWhen = lambda _state: True
    role: QAction.MenuRole = QAction.MenuRole.NoRole
    is_checkable: bool = False
    starts_group: bool = False


def action_rows() -> tuple[ActionRow, ...]:
    """The table, in the order of the menus."""
    translate = QCoreApplication.translate
    file, edit, view = translate("Actions", "&File"), translate("Actions", "&Edit"), translate("Actions", "&View")
    talk, about = translate("Actions", "&Conversation"), translate("Actions", "&Help")
    return (
        ActionRow("openAction", file, translate("Actions", "&Open Pictures…"), (_Standard.Open,)),
        ActionRow("openFolderAction", file, translate("Actions", "Open &Folder…"), ("Ctrl+Shift+O",)),
        ActionRow(
            "exportMarkdownAction",
            file,
            translate("Actions", "Export as &Markdown…"),
            ("Ctrl+S",),
            lambda state: state.has_answer and not state.is_answering,
            starts_group=True,
        ),
        ActionRow(
            "exportJsonAction",
            file,
            translate("Actions", "Export as &JSON…"),
            ("Ctrl+Shift+S",),
            lambda state: state.has_answer and not state.is_answering,
        ),
        ActionRow(
            "copyPicturesAction", file, translate("Actions", "&Copy Pictures Beside Markdown"), is_checkable=True
        ),
        ActionRow(
            "quitAction",
            file,
            translate("Actions", "&Quit Viewfinder"),
            ("Ctrl+Q",),
            role=QAction.MenuRole.QuitRole,
            starts_group=True,
        ),
        ActionRow("pasteAction", edit, translate("Actions", "&Paste"), (_Standard.Paste,)),
        ActionRow(
            "removePictureAction",
            edit,
            translate("Actions", "&Remove Picture"),
            (),  # Delete and Backspace do it in the tray; any key here would take a text field's own
            lambda state: state.has_selection,
        ),
        ActionRow(
            "removeAllPicturesAction",
            edit,
            translate("Actions", "Remove &All Pictures"),
            (),
            lambda state: state.media_count > 0,
        ),
        ActionRow(
            "settingsAction",
            edit,
            translate("Actions", "&Settings"),
            ("Ctrl+,",),
            role=QAction.MenuRole.PreferencesRole,
            is_checkable=True,
            starts_group=True,
        ),
        ActionRow("showTrayAction", view, translate("Actions", "Show &Media"), ("Ctrl+Shift+M",), is_checkable=True),
        ActionRow(
            "nextPictureAction",
            view,
            translate("Actions", "&Next Picture"),
            ("Alt+Down",),
            lambda state: state.media_count > 1,
            starts_group=True,
        ),
        ActionRow(
            "previousPictureAction",
            view,
            translate("Actions", "&Previous Picture"),
            ("Alt+Up",),
            lambda state: state.media_count > 1,
        ),
        ActionRow(
            "askAction", talk, translate("Actions", "&Ask"), ("Ctrl+Return", "Ctrl+Enter"), lambda state: state.can_ask
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
            ("Ctrl+R",),
            lambda state: state.has_turns and not state.is_answering,
        ),
        ActionRow(
            "editQuestionAction",
            talk,
            translate("Actions", "&Edit Last Question"),
            ("Ctrl+Shift+E",),
            lambda state: state.has_turns,
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
        ),
        ActionRow(
            "copyQuestionAction",
            talk,
            translate("Actions", "Copy Last &Question"),
            (),
            lambda state: state.has_turns,
        ),
        ActionRow("forgetQuestionsAction", talk, translate("Actions", "&Forget Question History"), starts_group=True),
        ActionRow(
            "stopLoadingAction",
            talk,
            translate("Actions", "Stop &Loading the Model"),
            (),
            lambda state: state.is_loading,
            starts_group=True,
        ),
        ActionRow("aboutAction", about, translate("Actions", "&About Viewfinder"), role=QAction.MenuRole.AboutRole),
        ActionRow("copyReportAction", about, translate("Actions", "Copy &Report")),
    )


class Actions:
    """The table's rows as Qt actions in a menu bar."""

    def __init__(self, window: QWidget, menu_bar: QMenuBar, slots: Mapping[str, Callable[..., None]]) -> None:
        self._rows = action_rows()
        self._actions: dict[str, QAction] = {}
        menus: dict[str, QMenu] = {}
        for row in self._rows:
            if row.menu not in menus:
                menus[row.menu] = menu_bar.addMenu(row.menu)
            if row.starts_group:
                menus[row.menu].addSeparator()
            action = QAction(row.text, window)
            action.setObjectName(row.action_id)
            action.setShortcuts([QKeySequence(keys) for keys in row.shortcuts])
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            action.setMenuRole(row.role)
            action.setCheckable(row.is_checkable)
            (action.toggled if row.is_checkable else action.triggered).connect(slots[row.action_id])
            menus[row.menu].addAction(action)
            window.addAction(action)
            self._actions[row.action_id] = action

    def __getitem__(self, action_id: str) -> QAction:
        return self._actions[action_id]

    def enable(self, state: WindowState) -> None:
        """Switches each command on or off."""
        for row in self._rows:
            self._actions[row.action_id].setEnabled(row.enabled_when(state))
