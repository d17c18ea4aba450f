"""Opens the Models sheet in the place of the answers, and does what is wanted there: made at the first use."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMessageBox

from app.core.checkpoint import DEMO_MODEL_ID, model_id_of
from app.core.errors import ErrorText, Sentence
from app.gui.announcing import tell
from app.gui.folder_choice import choose_folder
from app.gui.models.model_words import disk_text
from app.gui.wording import paragraph, spoken

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMainWindow

    from app.core.models.download_state import DownloadState
    from app.core.models.library import InstalledModel
    from app.gui.desk import Desk
    from app.gui.models.model_rows import ModelRow, RowAction, Segment
    from app.gui.models.models_sheet import ModelsSheet
    from app.gui.settings.settings_opening import SettingsOpening
    from app.gui.window_parts import WindowParts


class ModelsOpening(QObject):
    """Shows and hides the sheet. Thread: main.

    Args:
        window: What dialogs open over.
        desk: Knows the models.
        parts: Where the sheet stands.
        settings: What gives its place to the sheet, and takes it back.
    """

    opened = Signal(bool)
    """Carries whether the sheet is open now."""

    def __init__(self, window: QMainWindow, desk: Desk, parts: WindowParts, settings: SettingsOpening) -> None:
        super().__init__(window)
        self._window = window
        self._desk = desk
        self._parts = parts
        self._settings = settings
        self._sheet: ModelsSheet | None = None
        self._comes_from_settings = False
        self._asked_id = ""
        """The question that was being answered when this last looked."""
        self._leaving: InstalledModel | None = None
        self._question: QMessageBox | None = None
        desk.models.failed.connect(parts.notice.show_error)
        self._added: Path | None = None
        """A folder that was chosen and not yet looked into."""
        settings.models_wanted.connect(self._on_settings_models_wanted)
        settings.opened.connect(self._on_settings_opened)

    @property
    def is_open(self) -> bool:
        """Whether the sheet is seen."""
        return self._sheet is not None and self._parts.pages.currentWidget() is self._sheet

    @property
    def sheet(self) -> ModelsSheet:
        """The sheet, made now if it was not yet."""
        if self._sheet is None:
            from app.gui.models.models_sheet import ModelsSheet  # noqa: PLC0415 - rarely used, so not at the start

            sheet = self._sheet = ModelsSheet(self._desk.models)
            self._parts.pages.addWidget(sheet)
            sheet.close_wanted.connect(self.close)
            sheet.action_wanted.connect(self._on_sheet_action_wanted)
            sheet.folder_wanted.connect(self._on_sheet_folder_wanted)
            models = self._desk.models
            models.changed.connect(self._show_models)
            models.download_changed.connect(self._on_models_download_changed)
            models.removal_measured.connect(self._on_models_removal_measured)
            models.removed.connect(self._on_models_removed)
            models.looked.connect(self._on_models_looked)
            self._desk.settings_changed.connect(self._show_models)
            self._desk.model_changed.connect(self._show_models)
            self._desk.turn_changed.connect(self._on_desk_turn_changed)
            has_others = any(model.source != "demo" for model in models.installed)
            is_demo = self._desk.settings.model == DEMO_MODEL_ID
            sheet.choose_segment("installed" if has_others or not is_demo else "recommended")
        return self._sheet

    def show(self, is_wanted: bool, segment: Segment | None = None) -> None:
        """Opens or closes the sheet.

        Args:
            is_wanted: Whether it is to be open.
            segment: What is to be seen of it; None for what was seen last.
        """
        if is_wanted:
            self._open(segment)
        elif self.is_open:
            comes_from_settings, self._comes_from_settings = self._comes_from_settings, False
            if comes_from_settings:
                self._settings.show(True)
            else:
                self._parts.pages.setCurrentWidget(self._parts.result)
                self._parts.prompt.edit.setFocus()
        self.opened.emit(self.is_open)

    def close(self) -> None:
        """Goes back to where it was opened."""
        self.show(False)

    def _open(self, segment: Segment | None) -> None:
        was_open = self.is_open
        if segment is not None:
            self.sheet.choose_segment(segment)
        if was_open:
            return
        self._asked_id = self._open_turn_id
        self._comes_from_settings = self._settings.is_open
        self._settings.give_place_to(self.sheet)
        self._show_models()
        self.sheet.search.setFocus()
        self._desk.models.refresh()

    @property
    def _open_turn_id(self) -> str:
        turn = self._desk.conversation.open_turn
        return turn.request_id if turn is not None else ""

    def _show_models(self) -> None:
        if self.is_open:
            is_out = self._desk.model.stage in ("none", "failed")
            self.sheet.show_models(self._desk.settings.model, is_out=is_out)

    def _on_settings_opened(self) -> None:
        self.opened.emit(self.is_open)

    def _on_settings_models_wanted(self) -> None:
        self.show(True)

    def _on_desk_turn_changed(self) -> None:
        """Shows the answers when something is asked; the sheet may be opened again while one comes."""
        was_asked, self._asked_id = self._asked_id, self._open_turn_id
        if self.is_open and self._asked_id not in ("", was_asked):
            self._comes_from_settings = False
            self._parts.pages.setCurrentWidget(self._parts.result)
            self.opened.emit(False)

    def _on_models_download_changed(self, state: DownloadState) -> None:
        if self.is_open:
            self.sheet.show_download(state)

    # What is wanted of a row

    def _on_sheet_action_wanted(self, row: ModelRow, action: RowAction) -> None:
        from app.gui.models.row_buttons import why_not  # noqa: PLC0415 - the sheet is there, and so is this

        models, repository_id = self._desk.models, row.repository_id
        if action in ("use", "load"):
            models.use(row.model_id)
        elif action == "download":
            models.download(repository_id)
        elif action == "pause":
            models.pause(repository_id)
        elif action in ("resume", "retry"):
            models.resume(repository_id)
        elif action == "cancel":
            models.cancel(repository_id)
        elif row.installed is not None and action == "reveal":
            self._reveal(row.installed.folder)
        elif action == "remove" and row.is_in_use:
            tell(self._window, why_not(action, row, is_offline=models.is_offline))
        elif row.installed is not None and action == "remove":
            self._leaving = row.installed
            models.measure_removal(row.installed)

    def _reveal(self, folder: Path) -> None:
        from app.gui.tray.file_showing import show_files  # noqa: PLC0415 - rarely needed

        if not show_files((folder,)):
            self._parts.notice.show_error(ErrorText("The folder cannot be shown here.", "Open it by other means."))

    def _on_models_removal_measured(self, model_id: str, freed_bytes: int) -> None:
        """Asks before a model goes, with what that frees."""
        model = self._leaving
        if model is None or model.model_id != model_id or self._question is not None:
            return
        from app.core.models.removal import what_goes  # noqa: PLC0415 - only when a model goes

        is_deleted = model.source == "hugging_face" or model.folder.is_symlink()
        words = self.tr("This frees {0}.") if is_deleted else self.tr("Emptying the trash then frees {0}.")
        frees = words.format(disk_text(freed_bytes)) if freed_bytes else ""
        box = QMessageBox(
            QMessageBox.Icon.Question,
            self.tr("Remove a Model"),
            self.tr("Remove {0}?").format(spoken(model.name)),
            QMessageBox.StandardButton.Cancel,
            self._window,
        )
        box.setInformativeText(paragraph(spoken(what_goes(model, is_trash_there=True)), frees))
        remove = box.addButton(self.tr("Remove"), QMessageBox.ButtonRole.DestructiveRole)
        remove.setObjectName("removeModelButton")
        remove.clicked.connect(self._on_removal_agreed)
        box.setDefaultButton(QMessageBox.StandardButton.Cancel)
        box.finished.connect(self._on_question_finished)
        self._question = box
        box.open()

    def _on_removal_agreed(self) -> None:
        checkpoint = self._desk.model.checkpoint
        if self._leaving is not None:
            self._desk.models.remove(self._leaving, checkpoint.folder if checkpoint is not None else None)

    def _on_question_finished(self) -> None:
        if self._question is not None:
            self._question.deleteLater()
        self._question = None
        if self.is_open:
            self.sheet.list.setFocus()

    def _on_models_removed(self, _model_id: str, freed_bytes: int) -> None:
        tell(self._window, self.tr("The model is removed ({0}).").format(disk_text(freed_bytes)))

    # A folder

    def _on_sheet_folder_wanted(self) -> None:
        choose_folder(self._window, self.tr("Choose a model’s folder"), Path.home(), self._on_folder_selected)

    def _on_folder_selected(self, folder: str) -> None:
        """A model's own folder is used; one with models in it is listed, from now on at every look."""
        place = Path(model_id_of(folder))
        settings = self._desk.settings
        self.sheet.choose_segment("installed")
        if place not in settings.model_folders:
            self._desk.change_settings(replace(settings, model_folders=(*settings.model_folders, place)))
        if (place / "config.json").is_file():
            self._desk.models.use(str(place))
        else:
            self._added = place
        self._desk.models.refresh()

    def _on_models_looked(self) -> None:
        """Says so where there is no model in a chosen folder, and does not look there again."""
        place, self._added = self._added, None
        models, settings = self._desk.models, self._desk.settings
        if place is None or models.fault is not None:
            return
        if not any(place in (found.folder, *found.folder.parents) for found in models.installed):
            folders = tuple(folder for folder in settings.model_folders if folder != place)
            self._desk.change_settings(replace(settings, model_folders=folders))
            text = Sentence("There is no model in {folder} that can be used here.", folder=place.name or str(place))
            self._parts.notice.show_error(
                ErrorText(text, "Choose a model’s own folder, with its config.json and weights, or one above it.")
            )
