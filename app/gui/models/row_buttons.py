"""The buttons of a row in the Models sheet: its next step, and a menu of all that can be done with it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QToolButton, QWidget

from app.gui.describing import describe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.gui.models.model_rows import ModelRow, RowAction

_SPACING_PX = 4
_PRIMARY: tuple[RowAction, ...] = ("use", "load", "download", "pause", "resume", "retry")


def action_words(action: RowAction, *, is_in_menu: bool = False) -> str:
    """What a button or a menu says for an action."""
    translate = QCoreApplication.translate
    if is_in_menu and action == "cancel":
        return translate("Models", "Cancel Download")
    in_folder = translate("Models", "Show in Folder")
    if sys.platform == "darwin":
        in_folder = translate("Models", "Show in Finder")
    return {
        "use": translate("Models", "Use"),
        "load": translate("Models", "Load"),
        "download": translate("Models", "Download"),
        "pause": translate("Models", "Pause"),
        "resume": translate("Models", "Resume"),
        "retry": translate("Models", "Try Again"),
        "cancel": translate("Models", "Cancel"),
        "reveal": in_folder,
        "remove": translate("Models", "Remove…"),
    }[action]


def _meaning(action: RowAction, name: str) -> str:
    translate = QCoreApplication.translate
    return {
        "use": translate("Models", "Has {0} answer from now on."),
        "load": translate("Models", "Reads {0} into memory."),
        "download": translate("Models", "Downloads {0} to this computer."),
        "pause": translate("Models", "Interrupts the download of {0}; what has come stays."),
        "resume": translate("Models", "Goes on with the download of {0}."),
        "retry": translate("Models", "Goes on with the download of {0} where it failed."),
        "cancel": translate("Models", "Ends the download of {0} and drops what has come."),
        "reveal": translate("Models", "Shows the files of {0}."),
        "remove": translate("Models", "Takes {0} off this computer."),
    }[action].format(name)


def why_not(action: RowAction, row: ModelRow, *, is_offline: bool) -> str:
    """Why an action cannot be done now; empty where it can."""
    translate = QCoreApplication.translate
    if action == "remove" and row.is_in_use:
        return translate("Models", "It is in use: use another model first.")
    if action in ("use", "load") and row.is_foreign:
        return translate("Models", "It is in a form that what runs models here does not read.")
    if action in ("download", "resume", "retry") and is_offline:
        return translate("Models", "The settings say that nothing is downloaded.")
    return ""


def first_of(row: ModelRow) -> RowAction | None:
    """The next step of a row, if it has one."""
    return row.actions[0] if row.actions and row.actions[0] in _PRIMARY else None


def has_more(row: ModelRow) -> bool:
    """Whether there is more to be done with a row than its next step."""
    return len(row.actions) > (first_of(row) is not None)


@dataclass(frozen=True, slots=True)
class ButtonSizes:
    """What the buttons of a row need.

    Attributes:
        first_px: The width of the next step's, by what it does.
        more_px: That of the other.
        height_px: Of both.
    """

    first_px: Mapping[RowAction, int]
    more_px: int
    height_px: int

    def of(self, row: ModelRow) -> QSize:
        """Those of one row together; a width of nothing where it has none."""
        first = first_of(row)
        widths = ([self.first_px[first]] if first is not None else []) + ([self.more_px] if has_more(row) else [])
        return QSize(sum(widths) + _SPACING_PX * max(0, len(widths) - 1), self.height_px)


class RowButtons(QWidget):
    """Stands in one row at a time."""

    action_wanted = Signal(str, str)
    """Carries the row's model id and the action."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._row: ModelRow | None = None
        self._is_offline = False
        self._shown: tuple[ModelRow, bool] | None = None
        self._action: RowAction = "use"
        self.primary = QPushButton()
        self.more = QToolButton()
        self.more.setText("⋯")
        self.more.setProperty("isButton", True)
        self.more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(_SPACING_PX)
        layout.addStretch(1)
        layout.addWidget(self.primary)
        layout.addWidget(self.more)
        self.primary.clicked.connect(self._on_primary_clicked)
        self.more.clicked.connect(self._on_more_clicked)

    @property
    def model_id(self) -> str:
        """Of the row that it stands in."""
        return self._row.model_id if self._row is not None else ""

    def measured(self) -> ButtonSizes:
        """What the buttons need with each of their words, in the letters of now; the accent's are the widest."""
        sample, before, had_accent = self.primary, self.primary.text(), bool(self.primary.property("isNextStep"))
        self._accent(is_wanted=True)
        widths: dict[RowAction, int] = {}
        for action in _PRIMARY:
            sample.setText(action_words(action))
            widths[action] = sample.sizeHint().width()
        sizes = ButtonSizes(widths, self.more.sizeHint().width(), sample.sizeHint().height())
        sample.setText(before)
        self._accent(is_wanted=had_accent)
        return sizes

    def take_sizes(self, sizes: ButtonSizes) -> None:
        """Makes both equally high."""
        self.more.setFixedHeight(sizes.height_px)

    def show_row(self, row: ModelRow, *, is_offline: bool) -> None:
        """Shows what can be done with a row."""
        self._row, self._is_offline = row, is_offline
        first = first_of(row)
        self.primary.setVisible(first is not None)
        if first is not None:
            self._action = first
            self.primary.setText(action_words(first))
            self.primary.setAccessibleName(f"{action_words(first)}: {row.name}")
            reason = why_not(first, row, is_offline=is_offline)
            self.primary.setEnabled(not reason)
            self._accent(is_wanted=row.is_recommended and first == "download")
            describe(self.primary, reason or _meaning(first, row.name))
        translate = QCoreApplication.translate
        self.more.setVisible(has_more(row))
        self.more.setAccessibleName(translate("Models", "More about {0}").format(row.name))
        describe(self.more, translate("Models", "All that can be done with {0}.").format(row.name))

    def _accent(self, *, is_wanted: bool) -> None:
        """The accent marks the one next step."""
        if bool(self.primary.property("isNextStep")) != is_wanted:
            self.primary.setProperty("isNextStep", is_wanted)
            self.primary.style().unpolish(self.primary)
            self.primary.style().polish(self.primary)

    def do_first(self) -> None:
        """Does the row's next step, as Return does."""
        if not self.primary.isHidden() and self.primary.isEnabled():
            self._on_primary_clicked()

    def open_menu(self, place: QPoint) -> None:
        """Opens the menu of all that can be done at a place on the screen."""
        if self._row is None or not self._row.actions:
            return
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        for action in self._row.actions:
            entry = QAction(action_words(action, is_in_menu=True), menu)
            entry.setData(action)
            reason = why_not(action, self._row, is_offline=self._is_offline)
            entry.setEnabled(not reason)
            if reason:
                entry.setText(f"{entry.text()} ({reason})")
            if action == "remove":
                menu.addSeparator()
                entry.setShortcut(QKeySequence(Qt.Key.Key_Delete))
            menu.addAction(entry)
        menu.triggered.connect(self._on_menu_triggered)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(place)

    def _on_menu_triggered(self, entry: QAction) -> None:
        if self._row is not None:
            self.action_wanted.emit(self._row.model_id, entry.data())

    def _on_primary_clicked(self) -> None:
        if self._row is not None:
            self.action_wanted.emit(self._row.model_id, self._action)

    def _on_more_clicked(self) -> None:
        self.open_menu(self.more.mapToGlobal(QPoint(0, self.more.height())))
