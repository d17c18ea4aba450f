"""What each command of the window does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog

from app.core.clips import CLIP_SUFFIXES
from app.core.errors import AppError, ErrorText
from app.core.gathering import MEDIA_SUFFIXES
from app.core.paths import SAMPLE_PICTURE, SAMPLE_QUESTION, SAMPLE_VIDEO, SAMPLE_VIDEO_QUESTION
from app.core.pictures import PICTURE_SUFFIXES
from app.gui.announcing import tell
from app.gui.answers.turn_foot import COPY, COPY_QUESTION, EDIT, GO_ON, REPORT, RETRY
from app.gui.editing import focused_field
from app.gui.saving import JSON, MARKDOWN, has_linked_videos, save_conversation, suggested_name
from app.gui.tray.offered import Offered, comes_as_text, may_be_offered, read_offered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from app.gui.actions import Actions
    from app.gui.desk import Desk
    from app.gui.models.models_opening import ModelsOpening
    from app.gui.questions.asking import Asking
    from app.gui.settings.settings_opening import SettingsOpening
    from app.gui.shell import MainWindow
    from app.gui.window_parts import WindowParts


class Commands(QObject):
    """One method for each row of the table of actions, and for each button."""

    def __init__(
        self,
        window: MainWindow,
        desk: Desk,
        parts: WindowParts,
        settings: SettingsOpening,
        models: ModelsOpening,
        asking: Asking,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._desk = desk
        self._parts = parts
        self._settings = settings
        self._models = models
        self._asking = asking
        self._actions: Actions | None = None
        self._folder = Path.home()
        self._export_folder: Path | None = None
        """Where the last export was saved."""
        self._model_error: ErrorText | None = None
        asking.copied.connect(self._say)

    def slots(self) -> dict[str, Callable[..., None]]:
        """The method of each action id."""
        return {
            "openAction": self.on_open,
            "openFolderAction": self.on_open_folder,
            "exportMarkdownAction": self.on_export_markdown,
            "exportJsonAction": self.on_export_json,
            "copyPicturesAction": self.on_copy_pictures,
            "quitAction": self.on_quit,
            "pasteAction": self.on_paste,
            "settingsAction": self.on_settings,
            "modelsAction": self.show_models,
            "showTrayAction": self.on_show_tray,
            "nextPictureAction": self.on_next_picture,
            "previousPictureAction": self.on_previous_picture,
            **self._asking.slots(),
            "newConversationAction": self.on_new_conversation,
            "copyAnswerAction": self.on_copy_answer,
            "stopLoadingAction": self.on_stop_loading,
            "unloadAction": self.on_unload,
            "copyReportAction": self.on_copy_report,
        }

    def take_actions(self, actions: Actions) -> None:
        """Takes the actions whose state these commands show."""
        self._actions = actions

    # File

    def on_open(self) -> None:
        """Opens pictures and videos that the person chooses."""
        filters = (
            self.tr("Pictures and videos ({0})").format(_patterns(MEDIA_SUFFIXES)),
            self.tr("Pictures ({0})").format(_patterns(PICTURE_SUFFIXES)),
            self.tr("Videos ({0})").format(_patterns(CLIP_SUFFIXES)),
            self.tr("All files (*)"),
        )
        title = self.tr("Open Pictures and Videos")
        files, _ = QFileDialog.getOpenFileNames(self._window, title, str(self._folder), ";;".join(filters))
        self._add_paths([Path(file) for file in files])

    def on_open_folder(self) -> None:
        """Opens the pictures and videos of a folder that the person chooses."""
        folder = QFileDialog.getExistingDirectory(self._window, self.tr("Open Folder"), str(self._folder))
        if folder:
            self._add_paths([Path(folder)])

    def open_sample(self) -> None:
        """Opens the picture that comes with the program, with a question for it."""
        self._open_with_question(SAMPLE_PICTURE, SAMPLE_QUESTION)

    def open_sample_video(self) -> None:
        """Opens the video that comes with the program, with a question for it."""
        self._open_with_question(SAMPLE_VIDEO, SAMPLE_VIDEO_QUESTION)

    def _open_with_question(self, file: Path, question: str) -> None:
        self._window.content.add_offered(Offered((file,)))
        if not self._parts.prompt.text:
            self._parts.prompt.edit.setPlainText(question)
        self._parts.prompt.edit.setFocus()

    def _add_paths(self, paths: list[Path]) -> None:
        if paths:
            self._folder = paths[0].parent
            self._window.content.add_offered(Offered(tuple(paths)))

    def on_export_markdown(self) -> None:
        """Saves the conversation as Markdown."""
        self._export(MARKDOWN, self.tr("Markdown (*.md)"))

    def on_export_json(self) -> None:
        """Saves the conversation as JSON."""
        self._export(JSON, self.tr("JSON (*.json)"))

    def on_copy_pictures(self, _is_on: bool) -> None:
        """Nothing at once: the choice is looked at when Markdown is saved."""

    def _export(self, format_id: str, name_filter: str) -> None:
        result = self._desk.result()
        if result is None:
            return
        folder = self._desk.settings.export_dir or self._export_folder or self._folder
        suggested = str(folder / suggested_name(result, format_id))
        file, _ = QFileDialog.getSaveFileName(self._window, self.tr("Export"), suggested, name_filter)
        if file:
            self.save_to(format_id, Path(file))

    def save_to(self, format_id: str, path: Path) -> bool:
        """Saves the conversation to this file; when that fails it says so, and everything stays as it is."""
        result = self._desk.result()
        if result is None or self._actions is None:
            return False
        try:
            is_copying = self._actions["copyPicturesAction"].isChecked()
            path = save_conversation(self._desk.conversation, result, format_id, path, copy_pictures=is_copying)
        except AppError as error:
            self._parts.notice.show_error(error.said)
            return False
        self._export_folder = path.parent
        self._parts.notice.clear()
        said = self.tr("Saved {0}").format(path.name)
        if is_copying and format_id == MARKDOWN and has_linked_videos(result):
            said = self.tr("Saved {0}. Videos are linked, not copied: leave them where they are.").format(path.name)
        self._say(said)
        return True

    def on_quit(self) -> None:
        """Closes the window, and with it the program."""
        self._window.close()

    # Edit

    def on_paste(self) -> None:
        """Takes pictures from the clipboard to the tray, and text into the focused field or the question."""
        given: QMimeData | None = QGuiApplication.clipboard().mimeData()  # None on some systems where it is empty
        mime, field = given or QMimeData(), focused_field()
        is_text = comes_as_text(mime)
        if field is None or field.isReadOnly():
            field = None
        if may_be_offered(mime) and not (is_text and field is not None):
            offered = read_offered(mime)
            if offered.paths or offered.data or not (offered.is_empty or is_text):
                self._window.content.add_offered(offered)
                return
        if field is None:
            field = self._parts.prompt.edit
            field.setFocus()
        field.paste()

    def on_settings(self, is_wanted: bool) -> None:
        """Opens the settings, or goes back where the menu has a tick to take away."""
        action = self._actions["settingsAction"] if self._actions is not None else None
        self.show_settings(is_wanted or (action is not None and not action.isCheckable()))

    def show_settings(self, is_wanted: bool) -> None:
        """Opens the settings in the place of the answers, or goes back."""
        self._settings.show(is_wanted)

    def show_models(self, is_wanted: bool) -> None:
        """Opens the models in the place of the answers, or goes back."""
        self._models.show(is_wanted)

    def show_models_state(self, is_open: bool) -> None:
        """Ticks the menu's row as the sheet is."""
        if self._actions is not None:
            self._actions["modelsAction"].setChecked(is_open)

    def show_settings_state(self, is_open: bool) -> None:
        """Ticks the menu's row and the button as the settings are."""
        self._parts.prompt.settings_button.setChecked(is_open)
        if self._actions is not None:
            self._actions["settingsAction"].setChecked(is_open)

    # View

    def on_show_tray(self, is_wanted: bool) -> None:
        """Shows or hides the tray."""
        self._window.content.want_tray(is_wanted)

    def show_tray_state(self, is_shown: bool) -> None:
        """Ticks the menu's row as the tray is."""
        if self._actions is not None:
            action = self._actions["showTrayAction"]
            action.blockSignals(True)
            action.setChecked(is_shown)
            action.blockSignals(False)

    def on_next_picture(self) -> None:
        """Looks at the next picture."""
        self._parts.tray.step(1)

    def on_previous_picture(self) -> None:
        """Looks at the previous picture."""
        self._parts.tray.step(-1)

    # Conversation

    def on_new_conversation(self) -> None:
        """Begins anew with the pictures that are here."""
        self._desk.begin_new_conversation()
        self._parts.notice.clear()
        self._parts.prompt.edit.setFocus()

    def on_result_command(self, command: str, request_id: str) -> None:
        """Does what a link under an answer says."""
        turn = self._desk.conversation.get(request_id)
        if turn is None:
            return
        if command == COPY:
            self._copy_answer(turn.told_answer)
        elif command == GO_ON:
            self._asking.go_on(turn)
        elif command == REPORT:
            self.copy_report(() if turn.error is None else (turn.error,))
        elif command == COPY_QUESTION:
            self._asking.copy_question(turn)
        elif command == EDIT:
            self._asking.edit(turn)
        elif command == RETRY:
            self._asking.ask_again(turn)

    def on_copy_answer(self) -> None:
        """Copies the last answer as the model wrote it."""
        answers = [turn.told_answer for turn in self._desk.conversation.turns if turn.is_told]
        if answers:
            self._copy_answer(answers[-1])

    def _copy_answer(self, answer: str) -> None:
        from app.gui.answers.markdown_copy import markdown_mime  # noqa: PLC0415 - wanted only when something is copied

        QGuiApplication.clipboard().setMimeData(markdown_mime(answer))
        self._say(self.tr("The answer is on the clipboard."))

    # The model

    def on_stop_loading(self) -> None:
        """Ends a load that is under way."""
        self._desk.stop_loading()

    def on_unload(self) -> None:
        """Has the model gone until the next question."""
        self._desk.unload()

    def on_model_status_clicked(self) -> None:
        """Opens the models, or goes back."""
        self.show_models(not self._models.is_open)

    def show_model_error(self, error: ErrorText) -> None:
        """Says why there is no model, with the way to try again."""
        self._model_error = error
        self._parts.notice.show_error(error, can_retry=True)

    def forget_model_error(self) -> None:
        """Takes that back once there is one."""
        if self._model_error in self._parts.notice.errors:
            self._parts.notice.clear()
        self._model_error = None

    def on_notice_retry(self) -> None:
        """Looks for the model once more."""
        self._parts.notice.clear()
        self._desk.find_model()

    # Help

    def on_copy_report(self) -> None:
        """Shows a report of what stands in the notices and under the last question, to be looked at and copied."""
        from app.gui.report_dialog import ReportDialog  # noqa: PLC0415 - rarely used

        errors = [*self._parts.notice.errors, *self._parts.media_notice.errors]
        errors += [turn.error for turn in self._desk.conversation.turns[-1:] if turn.error is not None]
        ReportDialog(lambda is_whole: self._desk.report(*errors, with_names=is_whole), self._window).open()

    def copy_report(self, errors: Sequence[ErrorText]) -> None:
        """Copies errors with what is needed to understand them, without file names and questions."""
        QGuiApplication.clipboard().setText(self._desk.report(*errors))
        self._say(self.tr("The report is on the clipboard, without file names and questions."))

    def _say(self, words: str) -> None:
        tell(self._window, words)


def _patterns(suffixes: Sequence[str]) -> str:
    return " ".join(f"*{suffix}" for suffix in suffixes)
