"""What the program does with the system around it: its logs in the file manager, its Quick Action in Finder."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtGui import QAction, QIcon
from PySide6.QtWidgets import QApplication

from app.core.bundled import is_bundled, is_in_passing_place
from app.core.errors import ErrorText, UserError
from app.core.paths import WINDOW_ICON
from app.core.quick_action import bundled_workflow, install, is_installed, is_outdated, remove, services_dir
from app.gui.announcing import tell

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from app.core.paths import Profile
    from app.gui.actions import ActionRow, Actions
    from app.gui.notice import Notice
    from app.gui.shell import MainWindow

logger = logging.getLogger(__name__)

_SERVICES_PROGRAM = "/System/Library/CoreServices/pbs"
"""Finds out, when asked to, what was put into the folders of services."""
_SAID_MS = 15_000
_TOLD_TO_MOVE = "is_told_to_move"


def system_rows(row: type[ActionRow], menu: str) -> tuple[ActionRow, ...]:
    """Rows of the menu Help; on a Mac the Quick Action stands in the application's own menu."""
    translate = QCoreApplication.translate
    show_logs = translate("Actions", "Show Log &Files")
    if sys.platform == "darwin":
        show_logs = translate("Actions", "Show Logs in Finder")
    rows = [row("showLogsAction", menu, show_logs)]
    if _workflow() is not None:
        text = translate("Actions", "“Ask Viewfinder” in Finder's Quick Actions")
        role = QAction.MenuRole.ApplicationSpecificRole
        rows.append(row("quickActionAction", menu, text, role=role, is_checkable=True))
    return tuple(rows)


def _workflow() -> Path | None:
    """The Quick Action that can be put into Finder, or None where there is no Finder or nothing to put there."""
    return bundled_workflow() if sys.platform == "darwin" else None


class SystemCommands(QObject):
    """One method for each of these rows of the table of actions."""

    def __init__(self, window: MainWindow, notice: Notice, profile: Profile) -> None:
        super().__init__(window)
        self._window = window
        self._notice = notice
        self._profile = profile
        self._actions: Actions | None = None
        self._error: ErrorText | None = None
        """Why the Quick Action could not be put there or taken away."""

    def slots(self) -> dict[str, Callable[..., None]]:
        """The method of each action id."""
        return {"showLogsAction": self.on_show_logs, "quickActionAction": self.on_quick_action}

    def take_actions(self, actions: Actions) -> None:
        """Takes the actions whose state these commands show."""
        self._actions = actions
        self._show_quick_action()

    def on_show_logs(self) -> None:
        """Shows the log files where they lie."""
        from app.gui.tray.file_showing import show_files  # noqa: PLC0415 - only when it is asked for

        profile = self._profile
        files = [file for file in (profile.log_file, profile.crash_file) if file.is_file()]
        if not files or not show_files(files[:1]):
            words = QCoreApplication.translate("ProgramSettings", "The folder {0} cannot be shown here.")
            self._notice.show_error(ErrorText(words.format(profile.log_dir), kind="input"))

    def on_quick_action(self, is_wanted: bool) -> None:
        """Puts “Ask Viewfinder” among Finder's Quick Actions, or takes it away again."""
        workflow = _workflow()
        if workflow is None:
            return
        try:
            folder = services_dir()
            if is_wanted:
                install(workflow, folder)
            else:
                remove(folder)
        except UserError as error:
            self._error = error.said
            self._notice.show_error(error.said)
        else:
            if self._error in self._notice.errors:
                self._notice.clear()
            from PySide6.QtCore import QProcess  # noqa: PLC0415 - only when it is asked for

            QProcess.startDetached(_SERVICES_PROGRAM, ["-update"])
            self._say_done(is_wanted=is_wanted)
        self._show_quick_action()

    def _say_done(self, *, is_wanted: bool) -> None:
        words = self.tr("“Ask Viewfinder” is gone from Finder's Quick Actions.")
        if is_wanted:
            words = self.tr(
                "“Ask Viewfinder” is in Finder's Quick Actions now. If you do not see it, choose “Customize…” there."
            )
        tell(self._window, words, for_ms=_SAID_MS)

    def _show_quick_action(self) -> None:
        """Ticks the menu's row where the Quick Action is there."""
        if self._actions is None or _workflow() is None:
            return
        action = self._actions["quickActionAction"]
        action.blockSignals(True)
        try:
            action.setChecked(is_installed(services_dir()))
        except UserError:
            action.setChecked(False)
        action.blockSignals(False)

    def _renew_quick_action(self) -> None:
        """Puts the one that this version brings in the place of an older one."""
        workflow = _workflow()
        try:
            if workflow is not None and is_outdated(workflow, services_dir()):
                install(workflow, services_dir())
        except UserError as error:
            logger.info("The Quick Action stays an older one: %s", error.said.detail)

    def start(self) -> None:
        """Does what can wait until the window is at work: its icon, and a word on where the program had better lie."""
        application = QApplication.instance()
        # macOS takes a bundle's own icon, in every size; Wayland takes that of the desktop file.
        if isinstance(application, QApplication) and not (sys.platform == "darwin" and is_bundled()):
            application.setWindowIcon(QIcon(str(WINDOW_ICON)))
        self._renew_quick_action()
        stored = self._window.stored()
        if not stored.contains(_TOLD_TO_MOVE) and is_in_passing_place():
            stored.setValue(_TOLD_TO_MOVE, True)
            self.ask_to_be_moved()

    def ask_to_be_moved(self) -> None:
        """Says that the program had better lie where it stays."""
        text = self.tr("Viewfinder is not in the Applications folder yet.")
        hint = self.tr("Quit it, drag it there in Finder, and open it from there: where it is now, it does not stay.")
        self._notice.show_errors((ErrorText(text, hint, kind="input"),))
