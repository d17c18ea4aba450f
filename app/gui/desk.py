"""What the window works on: the engine, the model in hand, the pictures, the conversation, the settings.

No widget is known here; what changes is told by signals.
"""

from __future__ import annotations

import logging
import time
import uuid
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from app.core.conversation import Conversation
from app.core.errors import AppError
from app.core.events import LookOpened, MemoryUsed, Started, ViewFailed, ViewOpened
from app.core.models.hub_cache import keep_models_in
from app.core.next_question import NextQuestion
from app.core.vision import RELEASED_CLIP_LIMITS, PixelLimits
from app.engine.memory_pressure import MemoryShort
from app.gui.bridge import Bridge, assert_main_thread
from app.gui.checkpoint_search import CheckpointFound, CheckpointMissing, CheckpointSearch
from app.gui.early_imports import EarlyImports
from app.gui.model_status import ModelState, state_after
from app.gui.models.model_rest import ModelRest
from app.gui.models.models_at_hand import MODELS_EVENTS, ModelsAtHand
from app.gui.tray.intake import TakenIn
from app.gui.tray.pictures_at_hand import PicturesAtHand
from app.gui.viewer.frames_at_hand import FramesAtHand, is_of_frames

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from app.core.checkpoint import Checkpoint
    from app.core.conversation import AskedTurn
    from app.core.errors import ErrorText
    from app.core.events import EngineEvent, ModelReady
    from app.core.launch import AnswerEngine, Launch
    from app.core.presets import Preset
    from app.core.requests import Question, Source
    from app.core.results import Result
    from app.core.settings import Settings
    from app.gui.bridge import WindowEvent
    from app.gui.model_status import Unloaded

logger = logging.getLogger(__name__)

_SAVE_AFTER_MS = 600
_CLOSE_S = 2.0
"""For all threads together; what is left then, such as the import of a runtime, ends with the process."""


class Desk(QObject):
    """Everything between the widgets and the engine. Thread: main."""

    costs_changed = Signal()
    """What pictures cost, or which of them the model knows, may be other than before."""
    turn_changed = Signal(object)
    """Carries the AskedTurn as it is now."""
    turns_replaced = Signal()
    model_changed = Signal()
    memory_changed = Signal(object)
    """Carries a MemoryUsed."""
    settings_changed = Signal()
    failed = Signal(object)
    """Carries the ErrorText of something that belongs to no picture and no turn."""

    def __init__(self, launch: Launch, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._launch = launch
        self._bridge = Bridge(self._take, self)
        self._search = CheckpointSearch(self._bridge.post)
        self._imports = EarlyImports()
        self._engine: AnswerEngine | None = None
        self._accepted: set[tuple[str, int | None]] = set()
        """Models, and their bits, that the person had loaded although they are too large."""
        self.pictures = PicturesAtHand(self._bridge.post, self)
        self.pictures.thumbnail_opened.connect(self._on_pictures_thumbnail_opened)
        self.frames = FramesAtHand(self)
        self.models = ModelsAtHand(launch, self._bridge.post, lambda: self.settings, self)
        self.conversation = Conversation()
        self.model = ModelState()
        self.memory_used: MemoryUsed | None = None
        self.arrived_id = ""
        """The model that was downloaded last and is not in use; empty for none."""
        self.settings = launch.settings
        keep_models_in(self.settings.models_dir)
        self.edited_id = ""
        self._answered_by: ModelReady | None = None
        self._save = QTimer(self)
        self._save.setSingleShot(True)
        self._save.setInterval(_SAVE_AFTER_MS)
        self._save.timeout.connect(self._on_save_timeout)
        self.rest = ModelRest(self, self._bridge.post)

    @property
    def is_started(self) -> bool:
        """Whether the engine runs."""
        return self._engine is not None

    def start(self) -> None:
        """Makes the engine and looks for the model: to be called once the window is on screen."""
        assert_main_thread()
        self._engine = self._launch.make_engine(self._bridge.post)
        self.find_model()
        self.pictures.start(self._engine)
        self.frames.start(self._engine)
        self.models.start()
        self._imports.start()

    def close(self) -> bool:
        """Stops everything; tells whether every thread ended in time."""
        self._bridge.close()
        if self._save.isActive():
            self._save.stop()
            self._on_save_timeout()
        deadline_s = time.monotonic() + _CLOSE_S
        has_ended = self._engine is None or self._engine.close(_CLOSE_S)
        parts = (self._search, self.pictures, self.models, self._imports, self.rest)
        for close in [part.close for part in parts]:
            has_ended = close(max(0.0, deadline_s - time.monotonic())) and has_ended
        if not has_ended:
            logger.error("Not every thread ended in time")
        return has_ended

    # The model

    def find_model(self) -> None:
        """Looks for the chosen model and loads it."""
        if self._engine is None:
            return
        self._engine.cancel_load()
        self.model = ModelState("searching")
        self._search.start(self.settings.model, self.settings.own, self.settings.backend)
        self.model_changed.emit()

    def stop_loading(self) -> None:
        """Ends a load that is under way."""
        if self._engine is not None and self.model.stage == "loading":
            self.model = replace(self.model, is_stopping=True)
            self._engine.cancel_load()

    def load_anyway(self) -> None:
        """Has the model loaded that there is a doubt about."""
        checkpoint = self.model.checkpoint
        if checkpoint is not None and self.model.doubt is not None:
            self._accepted.add((checkpoint.model_id, checkpoint.weight_bits))
            self._load(replace(checkpoint, is_size_accepted=True))
            self.model_changed.emit()

    @property
    def can_unload(self) -> bool:
        """Whether a model is loaded that is not at work."""
        return self.model.stage == "ready" and self.conversation.open_turn is None

    def unload(self, why: Unloaded = "asked") -> None:
        """Has the model gone until the next question, unless it is at work; the conversation stays as it is."""
        assert_main_thread()
        if self._engine is None or not self.can_unload:
            return
        try:
            self._engine.unload()
        except AppError as error:
            self.failed.emit(error.said)
            return
        self.model = ModelState("none", self.model.checkpoint, unloaded=why)
        self.model_changed.emit()

    def _load_again_if_needed(self) -> None:
        checkpoint = self.model.checkpoint
        if checkpoint is not None and self.model.stage in ("none", "failed"):
            self._load(checkpoint)
            self.model_changed.emit()

    def _load(self, checkpoint: Checkpoint) -> None:
        """Has it loaded; an engine that has broken down loads nothing any more."""
        self.model = ModelState("loading", checkpoint)
        try:
            if self._engine is not None:
                self._engine.load(checkpoint)
        except AppError as error:
            self.model = ModelState("failed", checkpoint, error=error.said)

    # The pictures

    @property
    def limits(self) -> PixelLimits:
        """The areas that the next question's pictures may have."""
        return self.limits_with(self.settings.own.max_image_tokens)

    def limits_with(self, max_image_tokens: int | None) -> PixelLimits:
        """The areas that pictures may have with this token budget."""
        checkpoint = self.model.checkpoint
        limits = checkpoint.image_limits if checkpoint is not None else PixelLimits()
        return limits.capped(max_image_tokens)

    @property
    def clip_limits(self) -> PixelLimits:
        """The areas that all frames of a video in the next question may have together."""
        checkpoint = self.model.checkpoint
        return checkpoint.clip_limits if checkpoint is not None else RELEASED_CLIP_LIMITS

    def _on_pictures_thumbnail_opened(self, medium_id: str, _image: object) -> None:
        """Finds out which frames are taken as the videos come in: of hundreds at once it would take too long."""
        medium = self.pictures.get(medium_id)
        if medium is not None:
            self.next_question().plan(medium)

    def next_question(self, limits: PixelLimits | None = None) -> NextQuestion:
        """What the next question shows the model, and what every picture and video costs.

        Args:
            limits: The areas that pictures may have; None for those of the settings.
        """
        pictures, told = self.pictures, self.conversation.before(self.edited_id)
        context_tokens = self.model.checkpoint.context_tokens if self.model.checkpoint is not None else 0
        return NextQuestion(
            pictures.media,
            pictures.selected_ids,
            told.known_media,
            self.limits if limits is None else limits,
            told.held_tokens,
            context_tokens,
            self.clip_limits,
            can_show_videos=self.model.ready is None or self.model.ready.can_see_videos,
        )

    # The conversation

    def ask(
        self,
        text: str,
        *,
        sources: Sequence[Source] | None = None,
        preset: Preset | None = None,
        replaced_id: str = "",
    ) -> bool:
        """Asks about pictures that the model does not know yet; tells whether the question went out.

        Args:
            text: The question.
            sources: The pictures; None for those selected in the tray.
            preset: The task that the question is, with sampling of its own.
            replaced_id: A turn in whose place the question comes: it and all later ones go, unless the question cannot
                be asked.
        """
        checkpoint = self.model.checkpoint
        if self._engine is None or checkpoint is None or self.model.doubt is not None or not text.strip():
            return False
        self._load_again_if_needed()
        request_id = uuid.uuid4().hex
        own = self.settings.own
        sampling = own.sampling or checkpoint.default_sampling
        replaced = self.conversation.rewind_to(replaced_id) if replaced_id else ()
        before = self.next_question()
        asked = [medium.source for medium in before.selected] if sources is None else sources

        def question() -> Question:
            return self.conversation.ask(
                request_id,
                text,
                asked,
                limits=self.limits,
                max_image_tokens=own.max_image_tokens,
                sampling=sampling if preset is None else preset.sampling_from(sampling),
                system=own.system,
                now=datetime.now(timezone.utc).astimezone(),
                clip_limits=self.clip_limits,
                planned_frames=before.frames_of(asked),
                context_tokens=checkpoint.context_tokens,
                preset=preset,
            )

        return self._send(self._engine, request_id, question, replaced)

    def go_on(self, request_id: str) -> bool:
        """Asks about the parts of a long video that have no answer yet; anew when another model would answer them."""
        turn = self.conversation.get(request_id)
        if turn is None or not turn.can_go_on or self._engine is None or self.model.doubt is not None:
            return False
        if self._answered_by is None or self._answered_by.checkpoint != self.model.checkpoint:
            return self.retry(request_id)
        self._load_again_if_needed()
        replaced = self.conversation.rewind_to(request_id)
        new_id = uuid.uuid4().hex
        return self._send(self._engine, new_id, lambda: self.conversation.go_on(turn, new_id), replaced)

    def _send(
        self,
        engine: AnswerEngine,
        request_id: str,
        make_question: Callable[[], Question],
        replaced: Sequence[AskedTurn],
    ) -> bool:
        """Has a question answered; when that cannot be, the turns come back in whose place it was to come."""
        try:
            engine.ask(make_question())
        except AppError as error:
            self.conversation.withdraw(request_id)
            self.conversation.put_back(replaced)
            self.failed.emit(error.said)
            return False
        for turn in replaced:
            if turn.is_open:
                engine.cancel(turn.request_id)
        if replaced:
            self.turns_replaced.emit()
        self.costs_changed.emit()
        self.turn_changed.emit(self.conversation.get(request_id))
        return True

    def edit(self, request_id: str) -> None:
        """Counts pictures and costs as for a question in the place of this turn; an empty id: at the end."""
        if request_id != self.edited_id:
            self.edited_id = request_id
            self.costs_changed.emit()

    def retry(self, request_id: str) -> bool:
        """Asks a question once more in its place, with its pictures and the settings as they are now."""
        turn = self.conversation.get(request_id)
        if turn is None or turn.is_open:
            return False
        return self.ask(turn.question.text, sources=turn.question.sources, preset=turn.preset, replaced_id=request_id)

    def stop(self) -> None:
        """Stops the answer that is coming."""
        turn = self.conversation.open_turn
        if turn is not None and self._engine is not None:
            self._engine.cancel(turn.request_id)

    def begin_new_conversation(self) -> None:
        """Leaves the conversation; the pictures stay and count as not yet shown."""
        self.stop()
        self.conversation = Conversation()
        self._answered_by = None
        self.turns_replaced.emit()
        self.costs_changed.emit()

    def result(self) -> Result | None:
        """What exports write, or None when nothing is answered."""
        return self.conversation.result(self._answered_by) if self._answered_by is not None else None

    # Settings

    def change_settings(self, settings: Settings) -> None:
        """Takes other settings and keeps them; another model is looked for at once."""
        is_other_model = _loaded_with(settings) != _loaded_with(self.settings)
        is_other_place = settings.models_dir != self.settings.models_dir
        self.settings = settings
        keep_models_in(settings.models_dir)
        self._save.start()
        self.settings_changed.emit()
        self.costs_changed.emit()
        if is_other_place and self.is_started:
            self.models.refresh()
        if is_other_model or (is_other_place and self.model.checkpoint is None):
            self.find_model()

    def _on_save_timeout(self) -> None:
        try:
            self._launch.save_settings(self.settings)
        except AppError as error:
            self.failed.emit(error.said)

    # Events

    def _take(self, event: WindowEvent) -> None:
        assert_main_thread()
        if is_of_frames(event):
            self.frames.take(event)
        elif isinstance(event, MODELS_EVENTS):
            self.models.take(event)
        elif isinstance(event, (ViewOpened, LookOpened, ViewFailed)):
            self.pictures.take(event)
        elif isinstance(event, (MemoryUsed, MemoryShort)):
            self._take_memory(event)
        elif isinstance(event, TakenIn):
            self.pictures.take_in(event)
        elif isinstance(event, (CheckpointFound, CheckpointMissing)):
            if event.search_id == self._search.newest_id:
                self._take_model(event)
        elif isinstance(event, Started):
            self._answered_by = self.model.ready
            self._take_turn(event)
        elif not self._take_turn(event):
            self._take_model(event)

    def _take_memory(self, event: MemoryUsed | MemoryShort) -> None:
        if isinstance(event, MemoryShort):
            self.rest.take(event)
        else:
            self.memory_used = event
            self.memory_changed.emit(event)

    def _take_turn(self, event: EngineEvent) -> bool:
        turn = self.conversation.take(event)
        if turn is None:
            return False
        self.turn_changed.emit(turn)
        if not turn.is_open:
            self.costs_changed.emit()
        return True

    def _take_model(self, event: WindowEvent) -> None:
        before = self.model
        if isinstance(event, CheckpointFound):
            self._take_checkpoint(event)
            self.costs_changed.emit()
        else:
            if isinstance(event, CheckpointMissing):
                self._free()
            self.model = state_after(before, event)
        if self.model != before:
            self.model_changed.emit()

    def _take_checkpoint(self, event: CheckpointFound) -> None:
        """Loads what was found, once nothing speaks against it or the person wants it all the same."""
        from app.core.models.checkpoint_fit import fit_doubt  # noqa: PLC0415 - the search has imported it

        checkpoint = event.checkpoint
        is_accepted = (checkpoint.model_id, checkpoint.weight_bits) in self._accepted
        doubt = None if is_accepted else fit_doubt(checkpoint, event.fit)
        if doubt is None:
            self._load(replace(checkpoint, is_size_accepted=is_accepted))
        else:
            self._free()
            self.model = ModelState("none", checkpoint, doubt=doubt)

    def _free(self) -> None:
        """Keeps no model in memory that is not the chosen one any more."""
        if self._engine is not None:
            with suppress(AppError):  # it has broken down, and everything has gone with it
                self._engine.unload()

    def report(self, *errors: ErrorText, with_names: bool = False) -> str:
        """What “Copy report” copies: errors, versions, machine and the last log lines.

        Names of files and what was asked are in it only when the person wants them there.
        """
        from app.core.report import report_text  # noqa: PLC0415 - only when asked for
        from app.gui.reporting import facts_on, private_on  # noqa: PLC0415

        parts = self._launch.report()
        parts = replace(parts, machine=f"{parts.machine}\n{facts_on(self)}")
        return report_text(errors, parts, None if with_names else private_on(self, self._launch))


def _loaded_with(settings: Settings) -> tuple[object, ...]:
    """What of the settings the model that is loaded depends on."""
    own = settings.own
    return settings.model, own.weight_bits, own.context_tokens, own.adapter
