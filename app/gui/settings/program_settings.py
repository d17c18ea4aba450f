"""The settings of the program itself: how it looks and speaks, its folders, what it remembers."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSignalBlocker, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.core.settings import Settings
from app.gui.announcing import announce
from app.gui.caption import Caption
from app.gui.describing import describe, tip
from app.gui.folder_choice import choose_folder
from app.gui.settings.choice_box import ChoiceBox
from app.gui.settings.fault_line import FaultLine
from app.gui.settings.model_folders import ModelFolders
from app.gui.settings.model_place import ModelPlace
from app.gui.settings.settings_rows import ButtonLine, Labelled, Section
from app.gui.settings.tick import Tick
from app.gui.wording import number

if TYPE_CHECKING:
    from app.core.paths import Profile
    from app.gui.settings.hub_errands import HubErrands

_MAY_BREAK = "\u200b"
_UNLOAD_AFTER_MIN = (5, 15, 30, 60)


class ProgramSettings(QObject):
    """Appearance, language, folders and what is remembered; tells each change as a new Settings value.

    Args:
        profile: The folders to show.
        errands: Look at the disk.
        parent: What owns it; dialogs open over it.
    """

    settings_changed = Signal(object)
    """Carries a Settings."""
    forgetting_wanted = Signal()
    """The person wants the earlier questions gone."""

    def __init__(self, profile: Profile, errands: HubErrands, parent: QWidget) -> None:
        super().__init__(parent)
        self._profile = profile
        self._panel = parent
        self._settings = Settings()
        self.appearance = ChoiceBox(
            [(self.tr("As the system"), "system"), (self.tr("Light"), "light"), (self.tr("Dark"), "dark")]
        )
        self.language = ChoiceBox([(self.tr("As the system"), "system"), ("English", "en"), ("简体中文", "zh_CN")])
        self.unload_after = ChoiceBox(
            [
                (self.tr("Never"), None),
                *((self.tr("After {0} minutes").format(number(minutes)), minutes) for minutes in _UNLOAD_AFTER_MIN),
            ]
        )
        self.export_folder = Caption()
        self.choose_export_folder = QPushButton(self.tr("Choose…"))
        self.forget_export_folder = QPushButton(self.tr("Where I Last Saved"))
        self.show_data_folder = QPushButton(self.tr("Show Settings Folder"))
        self.show_log_folder = QPushButton(self.tr("Show Log Folder"))
        self.folder_fault = FaultLine()
        self.model_place = ModelPlace(errands)
        self.model_folders = ModelFolders()
        self.is_history_kept = Tick()
        self.forget_questions = QPushButton(self.tr("Forget My Questions"))
        self.forgotten = Caption()
        self._describe()
        self._connect()

    def _describe(self) -> None:
        for control, words in (
            (self.appearance, self.tr("Light, dark, or as the system is.")),
            (self.language, self.tr("The language of the window.")),
            (self.unload_after, self.tr("How long the model stays loaded while nothing is asked.")),
            (self.is_history_kept, self.tr("They come back with the Up key in the question box.")),
            (self.choose_export_folder, self.tr("Chooses the folder that exports are offered in.")),
            (self.forget_export_folder, self.tr("Offers exports where the last one was saved.")),
            (self.show_data_folder, self.tr("Opens the folder of settings and window geometry.")),
            (self.show_log_folder, self.tr("Opens the folder of the log.")),
            (self.forget_questions, self.tr("Erases the questions that were asked before.")),
        ):
            describe(control, words)

    def show_settings(self, settings: Settings) -> None:
        """Shows other settings without telling of it."""
        self._settings = settings
        self.appearance.show_value(settings.appearance)
        self.language.show_value(settings.language)
        self._show_minutes(settings.unload_after_min)
        folder = settings.export_dir
        words = self.tr("The folder used last")
        self.export_folder.setText(words if folder is None else _breakable(folder))
        self.export_folder.setToolTip(tip(words if folder is None else str(folder)))
        self.forget_export_folder.setVisible(folder is not None)
        self.model_place.show_place(settings.models_dir)
        self.model_folders.show_folders(settings.model_folders)
        blocker = QSignalBlocker(self.is_history_kept)
        self.is_history_kept.setChecked(settings.is_history_kept)
        blocker.unblock()

    def sections(self) -> tuple[Section, ...]:
        """The groups in their order."""
        self.export_folder.setWordWrap(True)
        self.export_folder.setTextFormat(Qt.TextFormat.PlainText)
        self.export_folder.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        exports = QWidget()
        layout = QVBoxLayout(exports)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(Labelled(self.tr("Exports go to"), self.export_folder, is_below=True))
        layout.addWidget(ButtonLine(self.choose_export_folder, self.forget_export_folder))
        kept = Labelled(self.tr("Keep my questions for the next start"), self.is_history_kept)
        self.forgotten.setWordWrap(True)
        self.forgotten.hide()
        return (
            Section(
                self.tr("Appearance and Language"),
                [
                    Labelled(self.tr("Appearance"), self.appearance),
                    Labelled(self.tr("Language"), self.language),
                ],
            ),
            Section(
                self.tr("Memory"),
                [
                    Labelled(
                        self.tr("Unload the model"),
                        self.unload_after,
                        self.tr(
                            "A model that is not used gives its memory back, and does so early when the system is "
                            "short of it. The next question loads it again."
                        ),
                    )
                ],
            ),
            Section(
                self.tr("Folders"),
                [
                    exports,
                    self.model_place,
                    self.model_folders,
                    ButtonLine(self.show_data_folder, self.show_log_folder),
                    self.folder_fault,
                ],
            ),
            Section(
                self.tr("What Is Remembered"),
                [kept, ButtonLine(self.forget_questions), self.forgotten],
            ),
        )

    def _show_minutes(self, minutes: int | None) -> None:
        """Shows a choice; one that only a file holds becomes a choice of its own."""
        if self.unload_after.findData(minutes) < 0:
            blocker = QSignalBlocker(self.unload_after)
            self.unload_after.addItem(self.tr("After {0} minutes").format(number(minutes or 0)), minutes)
            blocker.unblock()
        self.unload_after.show_value(minutes)

    def _connect(self) -> None:
        self.appearance.currentIndexChanged.connect(self._on_choice_changed)
        self.language.currentIndexChanged.connect(self._on_choice_changed)
        self.unload_after.currentIndexChanged.connect(self._on_choice_changed)
        self.is_history_kept.toggled.connect(self._on_choice_changed)
        self.model_place.place_changed.connect(self._on_model_place_changed)
        self.model_folders.folders_changed.connect(self._on_model_folders_changed)
        self.choose_export_folder.clicked.connect(self._on_choose_export_folder_clicked)
        self.forget_export_folder.clicked.connect(self._on_forget_export_folder_clicked)
        self.show_data_folder.clicked.connect(self._on_show_data_folder_clicked)
        self.show_log_folder.clicked.connect(self._on_show_log_folder_clicked)
        self.forget_questions.clicked.connect(self._on_forget_questions_clicked)

    def _tell(self, settings: Settings) -> None:
        if settings != self._settings:
            self.show_settings(settings)
            self.settings_changed.emit(settings)

    def _on_choice_changed(self) -> None:
        self._tell(
            replace(
                self._settings,
                appearance=self.appearance.currentData(),
                language=self.language.currentData(),
                unload_after_min=self.unload_after.currentData(),
                is_history_kept=self.is_history_kept.isChecked(),
            )
        )

    def _on_model_place_changed(self, place: Path | None) -> None:
        self._tell(replace(self._settings, models_dir=place))

    def _on_model_folders_changed(self, folders: tuple[Path, ...]) -> None:
        self._tell(replace(self._settings, model_folders=folders))

    def _on_choose_export_folder_clicked(self) -> None:
        start = self._settings.export_dir or Path.home()
        choose_folder(self._panel, self.tr("Where Exports Go"), start, self._on_export_folder_selected)

    def _on_export_folder_selected(self, folder: str) -> None:
        self._tell(replace(self._settings, export_dir=Path(folder)))
        self.choose_export_folder.setFocus()

    def _on_forget_export_folder_clicked(self) -> None:
        self.choose_export_folder.setFocus()
        self._tell(replace(self._settings, export_dir=None))

    def _on_show_data_folder_clicked(self) -> None:
        self._show_folder(self._profile.data_dir)

    def _on_show_log_folder_clicked(self) -> None:
        self._show_folder(self._profile.log_dir)

    def _show_folder(self, folder: Path) -> None:
        if folder.is_dir() and QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self.folder_fault.clear()
        else:
            self.folder_fault.say(self.tr("The folder {0} cannot be shown here.").format(folder))

    def _on_forget_questions_clicked(self) -> None:
        self.forgetting_wanted.emit()
        self.forgotten.setText(self.tr("Earlier questions are forgotten."))
        self.forgotten.show()
        announce(self.forget_questions, self.forgotten.text())


def _breakable(folder: Path) -> str:
    """A path that may go on in the next line after each of its parts."""
    return str(folder).replace(os.sep, f"{os.sep}{_MAY_BREAK}")
