"""Which model answers: the demo, a folder, or a repository that is already on this machine."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from app.core.checkpoint import DEMO_MODEL_ID
from app.gui.caption import Caption
from app.gui.wording import demo_text

_DEMO, _FOLDER, _REPOSITORY = range(3)


class ModelChoice(QWidget):
    """Tells the model once it is wholly named: at Return, at the button, or for the demo at once."""

    model_chosen = Signal(str)

    def __init__(self, model: str) -> None:
        super().__init__()
        self.kind = QComboBox()
        self.kind.setAccessibleName(self.tr("Model"))
        self.kind.addItems([self.tr("Demo model"), self.tr("A folder…"), self.tr("A repository on this computer…")])
        self.name = QLineEdit()
        self.name.setAccessibleName(self.tr("Model’s folder or repository"))
        self.use = QPushButton(self.tr("Use"))
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
        self.kind.currentIndexChanged.connect(self._on_kind_current_index_changed)
        self.kind.activated.connect(self._on_kind_activated)
        self.name.returnPressed.connect(self._on_name_finished)
        self.use.clicked.connect(self._on_name_finished)

    def show_model(self, model: str) -> None:
        """Shows which model is chosen."""
        kind = _DEMO if model == DEMO_MODEL_ID else _FOLDER if Path(model).is_absolute() else _REPOSITORY
        blocker = QSignalBlocker(self.kind)
        self.kind.setCurrentIndex(kind)
        blocker.unblock()
        self.name.setText("" if kind == _DEMO else model)
        self._show_kind(kind)

    def _show_kind(self, kind: int) -> None:
        self.name.setVisible(kind != _DEMO)
        self.use.setVisible(kind != _DEMO)
        self.name.setPlaceholderText(
            "Qwen/Qwen3-VL-4B-Instruct" if kind == _REPOSITORY else self.tr("Folder of a Qwen3-VL checkpoint")
        )
        self.note.setText(
            demo_text() if kind == _DEMO else self.tr("Nothing is downloaded: the model must be on this computer.")
        )

    def _on_kind_current_index_changed(self, kind: int) -> None:
        self._show_kind(kind)
        self.name.clear()

    def _on_kind_activated(self, kind: int) -> None:
        if kind == _DEMO:
            self.model_chosen.emit(DEMO_MODEL_ID)
        elif kind == _FOLDER:
            folder = QFileDialog.getExistingDirectory(self, self.tr("Choose a model’s folder"), self.name.text())
            if folder:
                self.name.setText(folder)
                self.model_chosen.emit(folder)
        else:
            self.name.setFocus()

    def _on_name_finished(self) -> None:
        text = self.name.text().strip()
        if text:
            folder = Path(text).expanduser()
            self.model_chosen.emit(str(folder.resolve()) if folder.is_dir() else text)
