"""What is done with questions: asked, asked again, changed, found again, begun from a task, kept for the next start."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, Signal
from PySide6.QtGui import QGuiApplication

from app.core.clips import ClipSource
from app.core.question_history import Draft
from app.gui.bridge import assert_main_thread
from app.gui.questions.question_keeper import QuestionKeeper

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from app.core.conversation import AskedTurn
    from app.core.footage import FrameWish
    from app.core.presets import Preset
    from app.core.shelf import ShelfStep
    from app.gui.actions import WindowState
    from app.gui.desk import Desk
    from app.gui.settings.settings_opening import SettingsOpening
    from app.gui.window_parts import WindowParts


@dataclass(frozen=True, slots=True)
class _Before:
    """What stood in the ask panel before an earlier question was taken up."""

    text: str
    preset: Preset | None
    selected_ids: tuple[str, ...]
    wishes: dict[str, FrameWish]
    """Which frames of each video were wanted, by its id."""


class Asking(QObject):
    """The ask panel's part of the commands. Thread: main."""

    sources_wanted = Signal(object)
    """Carries the sources that are to be in the tray and selected."""
    copied = Signal(str)
    """Carries the words that say so."""

    def __init__(
        self, desk: Desk, parts: WindowParts, settings: SettingsOpening, questions_file: Path, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._desk = desk
        self._parts = parts
        self._settings = settings
        self._box = parts.prompt.edit
        self._keeper = QuestionKeeper(questions_file, self)
        self._before: _Before | None = None
        self._brought: ShelfStep | None = None
        """What put pictures of the question that is being changed back into the tray."""
        self._given = ""
        """What the program was started with."""
        self._unseen = Draft()
        """The draft of the last end, where a question that the program was started with stands in its place."""
        prompt = parts.prompt
        prompt.ask_wanted.connect(self.on_ask)
        prompt.stop_wanted.connect(desk.stop)
        prompt.edit_given_up.connect(self.give_up_edit)
        prompt.chips.preset_chosen.connect(self._on_chips_preset_chosen)
        prompt.chips.failed.connect(parts.notice.show_error)
        prompt.budget.budget_chosen.connect(self._on_budget_chosen)
        prompt.budget.price = self._price
        self._box.older_wanted.connect(self._on_box_older_wanted)
        self._box.newer_wanted.connect(self._on_box_newer_wanted)
        settings.forgetting_wanted.connect(self.on_forget_questions)
        desk.turns_replaced.connect(self._on_desk_turns_replaced)
        desk.model_changed.connect(self._on_desk_model_changed)
        desk.settings_changed.connect(self._on_desk_settings_changed)
        self._on_desk_settings_changed()

    def slots(self) -> dict[str, Callable[..., None]]:
        """The method of each action id."""
        return {
            "askAction": self.on_ask,
            "stopAction": self.on_stop,
            "askAgainAction": self.on_ask_again,
            "goOnAction": self.on_go_on,
            "editQuestionAction": self.on_edit_question,
            "copyQuestionAction": self.on_copy_question,
            "forgetQuestionsAction": self.on_forget_questions,
        }

    @property
    def is_editing(self) -> bool:
        """Whether an earlier question is being changed."""
        return self._before is not None

    def take_given(self, question: str) -> None:
        """Shows the question that the program was started with."""
        self._box.setPlainText(question)
        self._given = self._box.toPlainText()

    def start(self) -> None:
        """Brings back the question that was not finished at the last end, unless there is another already."""
        draft = self._keeper.read()
        if draft.text and self._box.toPlainText():
            self._unseen = draft
            self._keeper.history.set_aside(draft.text)
        elif draft.text:
            self._box.begin_anew()
            chips = self._parts.prompt.chips
            self._box.show_text(draft.text, chips.preset_like(draft.text, draft.preset_id) if draft.preset_id else None)

    def close(self) -> None:
        """Keeps what is to be there at the next start."""
        self._save()
        self._keeper.close()

    def _save(self) -> None:
        text, preset = self._box.toPlainText(), self._box.preset
        if self._before is not None:
            text, preset = self._before.text, self._before.preset
        draft = Draft(text, preset.preset_id if preset is not None else "") if text.strip() else Draft()
        if draft.text in ("", self._given) and self._unseen.text not in self._keeper.history.questions:
            draft = self._unseen
        self._keeper.save(draft, is_history_kept=self._desk.settings.is_history_kept)

    # Asking

    def hint(self, state: WindowState) -> str:
        """What is missing before the question can be sent, or what will happen."""
        reasons = (
            (not state.has_question, self.tr("Type a question first.")),
            (state.is_composing, self.tr("Finish the word first.")),
            (
                not state.has_model and self._desk.model.stage == "failed",
                self.tr("There is no model to ask: choose one under “Models”."),
            ),
            (state.is_model_doubted, self.tr("Say first whether the model is to be loaded.")),
            (not state.has_model, self.tr("The model is being looked for.")),
            (state.is_refused, self.tr("What is selected cannot be asked about.")),
            (state.is_too_much, self.tr("This is more than the model can take.")),
            (state.is_taking_in, self.tr("More pictures and videos are being looked for.")),
            (state.is_loading, self.tr("Ask now: the answer comes once the model is loaded.")),
        )
        return next((words for is_so, words in reasons if is_so), self.tr("Send the question"))

    def on_ask(self) -> None:
        """Sends the question; it stays in the box when it cannot be sent."""
        assert_main_thread()
        if self._box.is_composing or self._desk.conversation.open_turn is not None:
            return
        self._settings.finish()
        text, before = self._parts.prompt.text, self._before
        if not self._desk.ask(text, preset=self._box.preset, replaced_id=self._desk.edited_id):
            return
        self._parts.notice.clear()
        self._settings.close()
        self._end_edit()
        draft = self._keeper.history.asked(text)
        if before is not None:
            self._box.begin_anew()
            self._box.show_text(before.text, before.preset)
        else:
            self._box.begin_anew(draft)
        self._save()

    def on_stop(self) -> None:
        """Leaves an earlier question as it was when it is being changed; else stops the answer that is coming."""
        if self._box.is_composing:
            return
        if self.is_editing:
            self.give_up_edit()
        else:
            self._desk.stop()

    def give_back(self, turn: AskedTurn) -> None:
        """Puts a question that failed without a word back into the box, if that is empty."""
        if turn.outcome == "failed" and not turn.told_answer and not self._parts.prompt.text:
            self._box.begin_anew()
            self._box.show_text(turn.question.text, turn.preset)

    # Again

    def on_ask_again(self) -> None:
        """Asks the last question once more."""
        turn = self._last_turn()
        if turn is not None:
            self.ask_again(turn)

    def ask_again(self, turn: AskedTurn) -> None:
        """Asks a question once more in its place."""
        was_given_back = not self.is_editing and self._parts.prompt.text == turn.question.text.strip()
        self._settings.finish()
        if self._desk.retry(turn.request_id):
            self._parts.notice.clear()
            self._settings.close()
            if was_given_back:
                self._box.begin_anew()

    def on_go_on(self) -> None:
        """Goes on with the last answer where it was stopped."""
        turn = self._last_turn()
        if turn is not None:
            self.go_on(turn)

    def go_on(self, turn: AskedTurn) -> None:
        """Asks about the parts of a long video that have no answer yet."""
        self._settings.finish()
        if self._desk.go_on(turn.request_id):
            self._parts.notice.clear()
            self._settings.close()

    def on_edit_question(self) -> None:
        """Takes up the last question to change it."""
        turn = self._last_turn()
        if turn is not None:
            self.edit(turn)

    def edit(self, turn: AskedTurn) -> None:
        """Takes up a question to change it: what follows it is replaced once it is asked."""
        if self._box.is_composing:
            return
        self._desk.stop()
        if self._before is None:
            media = self._desk.pictures.media
            wishes = {m.medium_id: m.source.wish for m in media if isinstance(m.source, ClipSource)}
            self._before = _Before(self._box.toPlainText(), self._box.preset, self._parts.tray.selected_ids, wishes)
        self._desk.edit(turn.request_id)
        self._take_back_brought()
        step = self._desk.pictures.last_step
        self._select_pictures_of(turn)
        self._brought = self._desk.pictures.last_step if self._desk.pictures.last_step is not step else None
        self._box.show_text(turn.question.text, turn.preset)
        self._parts.prompt.show_editing(is_editing=True)
        self._box.setFocus()

    def give_up_edit(self) -> None:
        """Leaves the earlier question as it was, and the box as it was before."""
        before = self._before
        if before is None:
            return
        self._take_back_brought()
        self._end_edit()
        for medium_id, wish in before.wishes.items():
            self._desk.pictures.set_wish(medium_id, wish)
        self._select(before.selected_ids)
        self._box.show_text(before.text, before.preset)
        self._box.setFocus()

    def _take_back_brought(self) -> None:
        """Empties the tray of what an earlier question brought there, unless something else was done to it since."""
        if self._brought is not None and self._desk.pictures.last_step is self._brought:
            self._desk.pictures.undo()
        self._brought = None

    def _end_edit(self) -> None:
        self._before = self._brought = None
        self._desk.edit("")
        self._parts.prompt.show_editing(is_editing=False)

    def _select_pictures_of(self, turn: AskedTurn) -> None:
        """Selects what the question showed, or else what was known by then: so that nothing new comes with it."""
        known = self._desk.conversation.before(turn.request_id).known_media
        sources = turn.question.sources or tuple(known)
        if sources:
            self.sources_wanted.emit(sources)
        else:
            self._select(())

    def _select(self, medium_ids: tuple[str, ...]) -> None:
        if medium_ids:
            self._parts.tray.select(medium_ids)
        else:
            self._parts.tray.view.clearSelection()

    def _on_desk_turns_replaced(self) -> None:
        """What is being changed may have gone with the turns; the words stay in the box."""
        if self.is_editing and self._desk.conversation.get(self._desk.edited_id) is None:
            self._end_edit()

    # Copying and forgetting

    def on_copy_question(self) -> None:
        """Copies the last question."""
        turn = self._last_turn()
        if turn is not None:
            self.copy_question(turn)

    def copy_question(self, turn: AskedTurn) -> None:
        """Copies a question."""
        QGuiApplication.clipboard().setText(turn.question.text)
        self.copied.emit(QCoreApplication.translate("MediaCommands", "Copied."))

    def on_forget_questions(self) -> None:
        """Takes every earlier question away, here and in the profile."""
        self._keeper.forget()

    def _last_turn(self) -> AskedTurn | None:
        turns = self._desk.conversation.turns
        return turns[-1] if turns else None

    # Earlier questions

    def _on_box_older_wanted(self) -> None:
        self._keeper.read()
        if self._show_step(-1):
            self._box.go_to_first_line()

    def _on_box_newer_wanted(self) -> None:
        self._show_step(1)

    def _show_step(self, by: int) -> bool:
        """Shows an older or newer question; one that is a task's is that task again."""
        history = self._keeper.history
        found = history.step(by, self._box.toPlainText())
        if found is not None:
            self._box.show_text(found, None if history.is_at_end else self._parts.prompt.chips.preset_like(found))
        return found is not None

    # Tasks and the budget

    def _on_desk_model_changed(self) -> None:
        checkpoint = self._desk.model.checkpoint
        self._parts.prompt.chips.is_asking_in_english = checkpoint is not None and checkpoint.is_demo

    def _on_chips_preset_chosen(self, preset: Preset) -> None:
        if self._box.is_composing:
            QGuiApplication.inputMethod().commit()
        if self._box.is_composing:
            return
        before, shown = self._box.preset, self._box.toPlainText()
        if before != preset:
            if before is None or shown != before.question():
                self._keeper.history.set_aside(shown)
            self._box.show_text(preset.question(), preset)
        self._box.select_blank()
        self._box.setFocus()

    def _on_budget_chosen(self, budget: int | None) -> None:
        settings = self._desk.settings
        self._desk.change_settings(settings.with_own(replace(settings.own, max_image_tokens=budget)))

    def _on_desk_settings_changed(self) -> None:
        self._parts.prompt.budget.show_budget(self._desk.settings.own.max_image_tokens)

    def _price(self, budget: int | None) -> int:
        """What the next question would newly show with this budget, and at what cost."""
        return self._desk.next_question(self._desk.limits_with(budget)).new_tokens
