"""Has another model answer: what is chosen in the sheet, the settings or the first page becomes the model in use."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMessageBox

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from app.gui.desk import Desk


class ModelSwitching(QObject):
    """Another model begins a new conversation, which is asked first. Thread: main.

    Args:
        window: What the question opens over.
        desk: Whose model it is.
    """

    def __init__(self, window: QWidget, desk: Desk) -> None:
        super().__init__(window)
        self._window = window
        self._desk = desk
        self._wanted = ""
        self._question: QMessageBox | None = None
        desk.models.chosen.connect(self._on_models_chosen)

    def _on_models_chosen(self, model_id: str) -> None:
        if model_id == self._desk.settings.model:
            if self._desk.model.stage in ("none", "failed"):
                self._desk.find_model()
        elif self._desk.conversation.turns:
            self._wanted = model_id
            self._ask()
        else:
            self._switch(model_id)

    def _switch(self, model_id: str) -> None:
        self._desk.change_settings(replace(self._desk.settings, model=model_id))

    def _ask(self) -> None:
        if self._question is not None:
            return
        box = QMessageBox(
            QMessageBox.Icon.Question,
            self.tr("Another Model"),
            self.tr("Another model begins a new conversation. Export this one first if you want to keep it."),
            QMessageBox.StandardButton.Cancel,
            self._window,
        )
        begin = box.addButton(self.tr("Begin Anew"), QMessageBox.ButtonRole.AcceptRole)
        begin.setObjectName("beginAnewButton")
        box.setDefaultButton(QMessageBox.StandardButton.Cancel)
        box.accepted.connect(self._on_question_accepted)
        box.rejected.connect(self._end_question)
        self._question = box
        box.open()

    def _end_question(self) -> None:
        if self._question is not None:
            self._question.deleteLater()
        self._question = None

    def _on_question_accepted(self) -> None:
        self._end_question()
        self._desk.begin_new_conversation()
        self._switch(self._wanted)
