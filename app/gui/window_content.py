"""What is in the window: connects its parts with the desk, and begins before any model runtime is imported."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QObject, QTimer
from PySide6.QtGui import QImage

from app.gui.actions import Actions, WindowState
from app.gui.commands import Commands
from app.gui.desk import Desk
from app.gui.language import language_for
from app.gui.models.first_use import FirstUse
from app.gui.models.hub_changes import HubChanges
from app.gui.models.model_switching import ModelSwitching
from app.gui.models.models_opening import ModelsOpening
from app.gui.models.status_line import StatusLine
from app.gui.questions.asking import Asking
from app.gui.settings.settings_opening import SettingsOpening
from app.gui.shell import is_wide
from app.gui.system_commands import SystemCommands
from app.gui.tray.media_commands import MediaCommands
from app.gui.tray.offered import Offered, read_offered
from app.gui.usual_commands import UsualCommands
from app.gui.viewer.moment_showing import MomentShowing
from app.gui.viewer.video_viewing import VideoViewing
from app.gui.viewer.viewing import Viewing
from app.gui.window_parts import WindowParts
from app.gui.window_shape import read_shape, write_shape
from app.gui.wording import (
    seen_text,
    size_text,
    spoken,
    tokens_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtCore import QUrl

    from app.core.conversation import AskedTurn
    from app.core.launch import Launch
    from app.core.requests import Source
    from app.gui.models.model_rows import Segment
    from app.gui.shell import MainWindow

_MEDIA_REFRESH_MS = 16


class WindowContent(QObject):
    """Shows what is on the desk and passes on what the person wants.

    Args:
        launch: What the program was started with.
        window: Where everything stands.
        desk: That of the window whose place this one takes; None at the program's start.
    """

    def __init__(self, launch: Launch, window: MainWindow, desk: Desk | None = None) -> None:
        super().__init__(window)
        self._launch = launch
        self._window = window
        self._has_let_go = False
        window.take_appearance(launch.settings.appearance)
        self._language = language_for(launch.settings.language)
        self.desk = desk or Desk(launch, self)
        self.desk.setParent(self)
        selected_ids = self.desk.pictures.selected_ids
        self.parts = WindowParts(window)
        self.settings = SettingsOpening(window, self.desk, self.parts, launch.profile)
        self.asking = Asking(self.desk, self.parts, self.settings, launch.profile.questions_file, self)
        self.viewing = Viewing(window, self.desk, self.parts, self)
        self.moments = MomentShowing(window, self.desk, self.parts, self.refresh_media, self)
        self.video = VideoViewing(window, self.desk, self.parts, self)
        self.models = ModelsOpening(window, self.desk, self.parts, self.settings)
        self.switching = ModelSwitching(window, self.desk)
        self.first_use = FirstUse(self.desk, self.parts, self)
        HubChanges(self.desk, self)
        StatusLine(self.desk, self.parts, self)
        self.commands = Commands(window, self.desk, self.parts, self.settings, self.models, self.asking)
        self.media = MediaCommands(window, self.desk, self.parts)
        self.usual = UsualCommands(window, self.parts, launch.profile.recent_file, self.media)
        self.system = SystemCommands(window, self.parts.notice, launch.profile)
        slots = {**self.commands.slots(), **self.media.slots(), **self.usual.slots(), **self.viewing.slots()}
        slots |= {**self.video.slots(), **self.system.slots()}
        self.actions_by_id = Actions(window, window.menuBar(), slots)
        self.parts.build_toolbar(window, self.actions_by_id)
        self.commands.take_actions(self.actions_by_id)
        self.media.take_actions(self.actions_by_id)
        self.usual.take_actions(self.actions_by_id)
        self.system.take_actions(self.actions_by_id)
        self.parts.viewer.take_actions(self.actions_by_id)
        self.video.take_actions(self.actions_by_id)
        self._question = self.desk.next_question()
        self._media_timer = self._timer(self.refresh_media)
        self._media_timer.setInterval(_MEDIA_REFRESH_MS)
        self._start_timer = self._timer(self.start)
        self._renew_timer = self._timer(window.renew)
        self.parts.shape = read_shape(window.stored())
        self._connect()
        self._fit_size()
        self.parts.set_first_sizes(window.width())
        self.parts.prompt.edit.setFocus()
        self._on_desk_model_changed()
        self.refresh_media()
        if self.desk.is_started:
            self._take_up(selected_ids)
        if launch.question and not self.parts.prompt.text:
            self.asking.take_given(launch.question)

    def _timer(self, slot: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.timeout.connect(slot)
        return timer

    def _take_up(self, selected_ids: frozenset[str]) -> None:
        """Shows what the window before this one showed."""
        media = self.desk.pictures.media
        self._start_parts()
        self.parts.result.show_turns(self.desk.conversation.turns)
        self.desk.pictures.open_again()
        self.parts.tray.select([medium.medium_id for medium in media if medium.medium_id in selected_ids])
        self._refresh_state()

    def hand_over(self) -> tuple[Launch, Desk]:
        """Lets go of the desk, and gives it with what another window needs to go on from here."""
        self.asking.give_up_edit()
        self._let_go()
        self.parts.tray.blockSignals(True)
        question = self.parts.prompt.text
        return replace(self._launch, settings=self.desk.settings, files=(), question=question), self.desk

    def start_soon(self) -> None:
        """Begins the slow work once the content has had a chance to be painted."""
        self._start_timer.start(0)

    def start(self) -> None:
        """Starts the engine and opens what the program was started with: once the window is on screen."""
        if self.desk.is_started:
            return
        self._launch.milestone("first_paint")
        self.desk.start()
        self._start_parts()
        if self._launch.files:
            self.add_offered(Offered(self._launch.files))
        self._window.started.emit()
        self.system.start()

    def _start_parts(self) -> None:
        if self.parts.shape.is_settings_open:
            self.settings.show(True)
            self.parts.prompt.edit.setFocus()
        self.media.start()
        self.asking.start()

    def add_offered(self, offered: Offered) -> None:
        """Adds pictures and looks at the first of them; what is refused is said with its reason."""
        self.parts.media_notice.clear()
        self.usual.recent.add_paths(offered.paths)
        self.desk.pictures.offer(offered)

    def _connect(self) -> None:
        desk, parts, commands = self.desk, self.parts, self.commands
        parts.columns.splitterMoved.connect(parts.note_sizes)
        parts.work.splitterMoved.connect(parts.note_sizes)
        parts.drop_zone.media_dropped.connect(self.add_offered)
        parts.prompt.edit.media_pasted.connect(self.add_offered)
        parts.prompt.edit.textChanged.connect(self._refresh_state)
        parts.prompt.edit.composing_changed.connect(self._refresh_state)
        parts.prompt.settings_toggled.connect(commands.show_settings)
        parts.viewer.open_wanted.connect(commands.on_open)
        parts.viewer.sample_wanted.connect(commands.open_sample)
        parts.viewer.sample_video_wanted.connect(commands.open_sample_video)
        parts.tray.medium_looked_at.connect(self._on_tray_medium_looked_at)
        parts.result.command_wanted.connect(commands.on_result_command)
        self.settings.opened.connect(commands.show_settings_state)
        self.settings.opened.connect(self._fit_size)
        self.models.opened.connect(commands.show_models_state)
        self.models.opened.connect(self._fit_size)
        parts.model_status.clicked.connect(commands.on_model_status_clicked)
        parts.notice.retry_wanted.connect(commands.on_notice_retry)
        desk.models.changed.connect(self._show_doubt)
        parts.fit_question.load_wanted.connect(desk.load_anyway)
        parts.fit_question.other_wanted.connect(self._on_fit_question_other_wanted)
        self.first_use.models_wanted.connect(self._on_first_use_models_wanted)
        self.settings.adapter_wanted.connect(self.switching.use_adapter)
        for notice in (parts.notice, parts.media_notice):
            notice.report_wanted.connect(commands.copy_report)
            self._window.escaped.connect(notice.clear)
        desk.pictures.changed.connect(self._refresh_media_soon)
        desk.pictures.thumbnail_opened.connect(self._on_thumbnail_opened)
        self.moments.moment_found.connect(self.video.show_moment)
        desk.costs_changed.connect(self._refresh_media_soon)
        desk.turn_changed.connect(self._on_desk_turn_changed)
        desk.turns_replaced.connect(self._on_desk_turns_replaced)
        desk.model_changed.connect(self._on_desk_model_changed)
        self.asking.sources_wanted.connect(self._on_asking_sources_wanted)
        desk.settings_changed.connect(self._on_desk_settings_changed)
        desk.failed.connect(parts.notice.show_error)
        self._window.resized.connect(self._on_window_resized)
        self._window.look_changed.connect(self._on_window_look_changed)
        self.usual.path_chosen.connect(self.open_path)
        self._window.state_changed.connect(self.usual.show_full_screen_state)
        self._window.closing.connect(self._on_window_closing)

    def _refresh_state(self) -> None:
        """Brings commands and the foot of the conversation up to date."""
        desk, parts = self.desk, self.parts
        turn = desk.conversation.open_turn
        state = WindowState(
            has_model=desk.is_started and desk.model.checkpoint is not None,
            is_model_doubted=desk.model.doubt is not None,
            is_loading=desk.model.stage == "loading",
            can_unload=desk.can_unload,
            has_question=bool(parts.prompt.text),
            is_composing=parts.prompt.edit.is_composing,
            is_answering=turn is not None,
            is_editing=self.asking.is_editing,
            has_turns=bool(desk.conversation.turns),
            can_go_on=bool(desk.conversation.turns) and desk.conversation.turns[-1].can_go_on,
            has_answer=any(turn.is_told for turn in desk.conversation.turns),
            can_export=desk.conversation.can_be_saved,
            media_count=len(desk.pictures.media),
            is_too_much=self._question.use.is_over,
            is_refused=self._question.refusal is not None,
            is_taking_in=desk.pictures.is_taking_in,
            can_take_screenshot=self.media.can_take_screenshot,
            has_selection=bool(desk.pictures.selected_ids),
            has_selected_file=bool(self.media.selected_files),
            has_video=self.video.is_shown,
            has_range=self.video.has_range,
        )
        self.actions_by_id.enable(state)
        parts.stop_loading.setVisible(state.is_loading)
        fraction = turn.fraction if turn is not None else None
        hint = self.asking.hint(state)
        parts.prompt.show_state(is_answering=turn is not None, can_ask=state.can_ask, fraction=fraction, hint=hint)

    def _refresh_media_soon(self) -> None:
        """Many changes at once are shown as one; but however many follow, the first is not put off for them."""
        if not self._media_timer.isActive():
            self._media_timer.start()

    def refresh_media(self) -> None:
        """Brings the tray and the caption under the picture up to date."""
        self._media_timer.stop()
        desk, parts = self.desk, self.parts
        question = self._question = desk.next_question()
        parts.tray.show_question(question)
        parts.prompt.show_media_count(len(question.media))
        parts.prompt.show_kinds(question)
        parts.prompt.show_cost(question)
        if not question.media:
            parts.viewer.show_nothing()
        elif parts.tray.current_id is None:
            parts.tray.select([question.media[0].medium_id])
        self._show_caption()
        self._refresh_state()

    def _show_caption(self) -> None:
        medium = self.desk.pictures.get(self.parts.tray.current_id or "")
        question = self._question
        is_video = self.video.show(medium, question)
        cost = question.cost(medium) if medium is not None and not is_video else None
        if medium is None or cost is None:
            self.parts.viewer.show_caption("", "")
            return
        detail = f"{seen_text(cost)} · {tokens_text(cost.tokens)}"
        if len(question.selected) > 1:
            detail += " · " + self.tr("{0} selected").format(len(question.selected))
        self.parts.viewer.show_caption(size_text(medium.width_px, medium.height_px), detail)

    def _on_tray_medium_looked_at(self, medium_id: str) -> None:
        if medium_id and self.desk.pictures.get(medium_id) is not None:
            self.viewing.look_at(medium_id)
        self._show_caption()
        self._refresh_state()

    def _on_thumbnail_opened(self, medium_id: str, image: QImage) -> None:
        self.parts.tray.show_thumbnail(medium_id, image)

    def _on_desk_turn_changed(self, turn: AskedTurn) -> None:
        self.parts.result.show_turn(turn)
        self.asking.give_back(turn)
        self._refresh_state()

    def _on_desk_turns_replaced(self) -> None:
        self.parts.result.show_turns(self.desk.conversation.turns)
        self._refresh_state()

    def _on_asking_sources_wanted(self, sources: Sequence[Source]) -> None:
        here = self.desk.pictures.bring_back(sources)
        self.refresh_media()
        self.parts.tray.select(here)

    def _on_desk_model_changed(self) -> None:
        model, parts = self.desk.model, self.parts
        parts.model_status.show_state(model)
        self._show_doubt()
        parts.result.is_model_ready = model.stage == "ready"
        if model.error is not None:
            self.commands.show_model_error(model.error)
        elif model.stage == "ready":
            self.commands.forget_model_error()
        self._refresh_state()

    def _show_doubt(self) -> None:
        fitting = self.desk.models.recommended
        if self.desk.model.doubt is None:
            self.parts.leave(self.parts.fit_question)
        self.parts.fit_question.show_doubt(self.desk.model.doubt, "" if fitting is None else spoken(fitting.name))

    def _on_fit_question_other_wanted(self) -> None:
        self.models.show(True, "recommended")

    def _on_first_use_models_wanted(self, segment: Segment) -> None:
        self.models.show(True, segment)

    def _on_desk_settings_changed(self) -> None:
        self._window.take_appearance(self.desk.settings.appearance)
        if not self._has_let_go and language_for(self.desk.settings.language) != self._language:
            self._renew_timer.start(0)

    def want_tray(self, is_wanted: bool) -> None:
        """Shows or hides the tray until the window's width crosses the point at which it folds."""
        self.parts.shape.is_tray_wanted = is_wanted
        self._fit_size()

    def _fit_size(self) -> None:
        width_px, height_px = self._window.width(), self._window.height()
        wanted = self.parts.shape.is_tray_wanted
        is_wanted = is_wide(width_px) if wanted is None else wanted
        self.parts.fit_size(width_px, height_px, is_tray_wanted=is_wanted)
        self.commands.show_tray_state(is_wanted)

    def _on_window_resized(self, old_width_px: int, width_px: int) -> None:
        """Folds and unfolds what the width leaves room for."""
        if old_width_px > 0 and is_wide(old_width_px) != is_wide(width_px):
            self.parts.shape.is_tray_wanted = None
        self._fit_size()

    def _on_window_look_changed(self) -> None:
        self._fit_size()

    def _on_window_closing(self) -> None:
        if not self._has_let_go:
            self._let_go()
            self.desk.close()

    def _let_go(self) -> None:
        self._has_let_go = True
        self.media.close()
        self._start_timer.stop()
        self.parts.shape.is_settings_open = self.settings.is_open
        write_shape(self._window.stored(), self.parts.shape)
        self.asking.close()
        self.usual.close()
        self.viewing.close()
        self.video.close()
        self.settings.let_go()

    def open_path(self, path: Path) -> None:
        """Opens a file or folder."""
        self.add_offered(Offered((path,)))

    def open_urls(self, urls: Sequence[QUrl]) -> None:
        """Opens files and folders that the system hands to the program, as if they were dropped on the window."""
        handed = QMimeData()
        handed.setUrls(urls)
        self.add_offered(read_offered(handed))
