"""Keeps earlier questions and the unfinished one in the profile; the disk is never waited for."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.core.errors import AppError
from app.core.question_history import Draft, KeptQuestions, QuestionHistory, read_questions, write_questions

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)

_CLOSE_S = 2.0


class QuestionKeeper(QObject):
    """The history of questions and its file. Thread: main, for every method."""

    def __init__(self, file: Path, parent: QObject) -> None:
        super().__init__(parent)
        self.history = QuestionHistory()
        self._file = file
        self._stored: KeptQuestions | None = None
        self._wanted: KeptQuestions | None = None
        self._lock = threading.Lock()
        self._writer: threading.Thread | None = None

    def read(self) -> Draft:
        """Takes the questions of earlier runs into the history and gives the unfinished one; once."""
        if self._stored is not None:
            return Draft()
        self._stored = read_questions(self._file)
        self.history.add_earlier(self._stored.questions)
        return self._stored.draft

    def save(self, draft: Draft, *, is_history_kept: bool) -> None:
        """Writes what is new; where nothing is to be kept, what was kept before stays without its unfinished question.

        Args:
            draft: The unfinished question.
            is_history_kept: Whether the person lets questions be kept.
        """
        stored = self._stored
        if stored is None:
            return
        kept = KeptQuestions(self.history.questions, draft) if is_history_kept else KeptQuestions(stored.questions)
        if kept != stored:
            self._write(kept)

    def forget(self) -> None:
        """Takes every earlier question away, from the disk as well."""
        self.history.forget()
        self._write(KeptQuestions())

    def close(self) -> None:
        """Waits for what is being written."""
        writer = self._writer
        if writer is not None:
            writer.join(_CLOSE_S)

    def _write(self, kept: KeptQuestions) -> None:
        self._stored = kept
        with self._lock:
            self._wanted = kept
            if self._writer is None:
                self._writer = threading.Thread(target=self._write_wanted, name="question-keeper", daemon=True)
                self._writer.start()

    def _write_wanted(self) -> None:
        """Thread: the writer's. Writes until nothing newer is wanted."""
        while True:
            with self._lock:
                kept, self._wanted = self._wanted, None
                if kept is None:
                    self._writer = None
                    return
            try:
                write_questions(self._file, kept)
            except AppError as error:
                logger.warning("%s", error)
