"""Which model answers: the demo, a folder, or a repository that is already on this machine."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from app.core.checkpoint import DEMO_MODEL_ID, model_id_of
from app.gui.caption import Caption
from app.gui.settings.choice_box import ChoiceBox
from app.gui.wording import demo_text

_DEMO, _FOLDER, _REPOSITORY = range(3)


class ModelChoice(QWidget):
    """Tells the model once it is wholly named: at Return, at the button, or for the demo at once."""

    model_chosen = Signal(str)

    def __init__(self, model: str) -> None:
        super().__init__()
        self._model = ""
        self.kind = ChoiceBox()
        self.kind.setAccessibleName(self.tr("Model"))
        self.kind.setAccessibleDescription(self.tr("Which model answers."))
        self.kind.addItems([self.tr("Demo model"), self.tr("A folder…"), self.tr("A repository on this computer…")])
        self.name = QLineEdit()
        self.name.setAccessibleName(self.tr("Model’s folder or repository"))
        self.name.setAccessibleDescription(self.tr("Return loads it."))
        self.use = QPushButton(self.tr("Use"))
        self.use.setAccessibleDescription(self.tr("Loads the model that is named beside it."))
        self.note = Caption()
        self.note.setWordWrap(True)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.name, 1)
        row.addWidget(self.use)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.kind)
        layout.addLayout(row)
        layout.addWidget(self.note)
        self.show_model(model)
        self.kind.activated.connect(self._on_kind_activated)
        self.name.textEdited.connect(self._show_whether_usable)
        self.name.returnPressed.connect(self._on_name_finished)
        self.use.clicked.connect(self._on_name_finished)

    def show_model(self, model: str) -> None:
        """Shows which model is chosen; a name that is being typed for another one stays."""
        if model != self._model:
            self._model = model
            self.show_chosen()

    def show_chosen(self) -> None:
        """Goes back to the model that is chosen, from whatever was begun."""
        kind = _kind_of(self._model)
        self.kind.setCurrentIndex(kind)
        self._show_kind(kind, "" if kind == _DEMO else self._model)

    def _show_kind(self, kind: int, name: str) -> None:
        self.name.setText(name)
        self.name.setVisible(kind != _DEMO)
        self.use.setVisible(kind != _DEMO)
        self.name.setPlaceholderText(
            "Qwen/Qwen3-VL-4B-Instruct" if kind == _REPOSITORY else self.tr("Folder of a Qwen3-VL")
        )
        self._show_whether_usable()

    def _show_whether_usable(self) -> None:
        kind = self.kind.currentIndex()
        text = self.name.text().strip()
        self.use.setEnabled(bool(text) and text != self._model)
        if kind == _DEMO:
            note = demo_text()
        elif text and text != self._model:
            note = self.tr("Not in use yet: press Return or “Use”. Nothing is downloaded.")
        else:
            note = self.tr("Nothing is downloaded: the model must be on this computer.")
        self.note.setText(note)

    def _on_kind_activated(self, kind: int) -> None:
        if kind == _DEMO:
            self._show_kind(kind, "")
            self.model_chosen.emit(DEMO_MODEL_ID)
            return
        self._show_kind(kind, self._model if kind == _kind_of(self._model) else "")
        if kind == _FOLDER:
            self._ask_for_folder()
        else:
            self.name.setFocus()

    def _ask_for_folder(self) -> None:
        dialog = QFileDialog(self, self.tr("Choose a model’s folder"), self.name.text() or str(Path.home()))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self._on_folder_selected)
        dialog.rejected.connect(self.show_chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_folder_selected(self, folder: str) -> None:
        self.name.setText(folder)
        self.model_chosen.emit(model_id_of(folder))

    def _on_name_finished(self) -> None:
        text = self.name.text().strip()
        if text:
            self.model_chosen.emit(model_id_of(text))


def _kind_of(model: str) -> int:
    if model == DEMO_MODEL_ID:
        return _DEMO
    return _FOLDER if Path(model).is_absolute() else _REPOSITORY
