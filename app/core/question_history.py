"""Earlier questions to go back to, and the one that was not finished: as values, and as a small JSON file."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.core.checked_values import CheckedValue
from app.core.errors import Sentence, UserError
from app.core.files import keep_aside, write_atomically

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

logger = logging.getLogger(__name__)

MOST_QUESTIONS = 200
LONGEST_KEPT = 20_000
"""Characters; a longer question is not kept for the next start."""
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Draft:
    """A question that was not asked yet.

    Attributes:
        text: Its words so far.
        preset_id: The task that was chosen for it, or empty.
    """

    text: str = ""
    preset_id: str = ""


@dataclass(frozen=True, slots=True)
class KeptQuestions:
    """What is kept from one start to the next.

    Attributes:
        questions: As they were asked, oldest first, each once.
        draft: The unfinished one.
    """

    questions: tuple[str, ...] = ()
    draft: Draft = Draft()


def joined(questions: Sequence[str]) -> tuple[str, ...]:
    """The newest questions in order, each once, at its last place."""
    newest_first = dict.fromkeys(reversed(questions))
    return tuple(reversed(list(newest_first)[:MOST_QUESTIONS]))


def read_questions(file: Path) -> KeptQuestions:
    """What the file keeps; nothing when there is none. A damaged file is kept aside as ``.bad``."""
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
        part = CheckedValue(value, "The history", "")
        questions = tuple(entry.text() for entry in part["questions"].items())
        draft = part["draft"]
        return KeptQuestions(joined(questions), Draft(draft["text"].text(), draft["preset"].text()))
    except (FileNotFoundError, NotADirectoryError):
        return KeptQuestions()
    except OSError as error:
        logger.warning("Earlier questions cannot be read: %s", error)
        return KeptQuestions()
    except (ValueError, RecursionError, UserError):
        pass
    try:
        aside = keep_aside(file)
    except OSError as error:
        logger.warning("Earlier questions are damaged and cannot be kept aside: %s", error)
    else:
        logger.warning("Earlier questions are damaged; they are kept as %s", aside.name)
    return KeptQuestions()


def write_questions(file: Path, kept: KeptQuestions) -> None:
    """Replaces the file, or takes it away when there is nothing to keep.

    Raises:
        UserError: The folder cannot be written.
    """
    questions = [text for text in joined(kept.questions) if len(text) <= LONGEST_KEPT]
    draft = kept.draft if len(kept.draft.text) <= LONGEST_KEPT else Draft()
    try:
        if not questions and not draft.text:
            file.unlink(missing_ok=True)
            return
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            Sentence("Earlier questions cannot be kept in {folder}.", folder=file.parent),
            "Check the folder's permissions.",
            str(error),
        ) from error
    value = {
        "version": _VERSION,
        "questions": questions,
        "draft": {"text": draft.text, "preset": draft.preset_id},
    }
    write_atomically(file, json.dumps(value, indent=1) + "\n")


class QuestionHistory:
    """Earlier questions with a place among them; the place after the newest is the question being written.

    Whatever is written at a place stays there until a question is asked.
    """

    def __init__(self, questions: Sequence[str] = ()) -> None:
        self._is_asked = dict.fromkeys(joined(questions), True)
        self._written: dict[int, str] = {}
        self._place = 0
        self._go_to_end()

    @property
    def questions(self) -> tuple[str, ...]:
        """What was asked, oldest first."""
        return tuple(text for text, is_asked in self._is_asked.items() if is_asked)

    @property
    def is_at_end(self) -> bool:
        """Whether what is being written is shown, and no earlier question."""
        return self._place == len(self._is_asked)

    def step(self, by: int, shown: str) -> str | None:
        """The text one place older (-1) or newer (1), or None at the end; `shown` stays where it is written."""
        past = tuple(self._is_asked)
        place = self._place + by
        if not 0 <= place <= len(past):
            return None
        self._written[self._place] = shown
        self._place = place
        return self._written.get(place, past[place] if place < len(past) else "")

    def set_aside(self, shown: str) -> None:
        """Keeps an unfinished question to go back to, because another takes its place; for this run only."""
        if shown.strip():
            self._is_asked.setdefault(shown, False)
        self._go_to_end()

    def asked(self, text: str) -> str:
        """Notes a question that was asked and gives what was being written before an earlier one was looked up."""
        draft = "" if self.is_at_end else self._written.get(len(self._is_asked), "")
        if text.strip():
            self._is_asked.pop(text, None)
            self._is_asked[text] = True
        for oldest in list(self._is_asked)[:-MOST_QUESTIONS]:
            del self._is_asked[oldest]
        self._go_to_end()
        return draft

    def add_earlier(self, questions: Sequence[str]) -> None:
        """Puts questions of earlier runs before those of this one."""
        now = self._is_asked
        self._is_asked = {text: True for text in joined(questions) if not now.get(text)}
        for text, is_asked in now.items():
            self._is_asked.setdefault(text, is_asked)
        self._go_to_end()

    def forget(self) -> None:
        """Forgets everything but what is being written."""
        self._is_asked = {}
        self._go_to_end()

    def _go_to_end(self) -> None:
        self._written = {}
        self._place = len(self._is_asked)
