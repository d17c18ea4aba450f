"""Has another model answer, or the same with another adapter: what is chosen becomes what is in use."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMessageBox

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from PySide6.QtWidgets import QWidget

    from app.core.settings import Settings
    from app.gui.desk import Desk


class ModelSwitching(QObject):
    """Another model or adapter begins a new conversation, which is asked first. Thread: main.

    A conversation is of one model: what is exported says by which all of it was answered.

    Args:
        window: What the question opens over.
        desk: Whose model it is.
    """

    def __init__(self, window: QWidget, desk: Desk) -> None:
        super().__init__(window)
        self._window = window
        self._desk = desk
        self._change: Callable[[Settings], Settings] | None = None
        self._question: QMessageBox | None = None
        desk.models.chosen.connect(self._on_models_chosen)

    def _on_models_chosen(self, model_id: str) -> None:
        if model_id == self._desk.settings.model:
            if self._desk.model.stage in ("none", "failed"):
                self._desk.find_model()
        else:
            self._switch(
                lambda settings: replace(settings, model=model_id),
                self.tr("Another Model"),
                self.tr("Another model begins a new conversation. Export this one first if you want to keep it."),
            )

    def use_adapter(self, folder: Path | None) -> None:
        """Puts another adapter on the model, or takes it off."""
        if folder != self._desk.settings.own.adapter:
            self._switch(
                lambda settings: settings.with_own(replace(settings.own, adapter=folder)),
                self.tr("Adapter"),
                self.tr(
                    "Another adapter, or none, begins a new conversation. Export this one first if you want to keep it."
                ),
            )

    def _switch(self, change: Callable[[Settings], Settings], title: str, question: str) -> None:
        self._change = change
        if self._desk.conversation.turns:
            self._ask(title, question)
        else:
            self._desk.change_settings(change(self._desk.settings))

    def _ask(self, title: str, question: str) -> None:
        if self._question is not None:
            return
        box = QMessageBox(
            QMessageBox.Icon.Question,
            title,
            question,
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
        if self._change is not None:
            self._desk.change_settings(self._change(self._desk.settings))
