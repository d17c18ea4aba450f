"""From no model to a real one: offers it, tells how far its download is, and puts it to use when it is there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.core.checkpoint import DEMO_MODEL_ID
from app.gui.announcing import announce
from app.gui.bridge import assert_main_thread
from app.gui.models.first_model import Offer
from app.gui.wording import error_words, spoken

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.core.models.catalogue import CatalogueModel
    from app.core.models.download_state import DownloadState
    from app.gui.desk import Desk
    from app.gui.window_parts import WindowParts

_ORDER = ("downloading", "verifying", "checking", "waiting", "failed", "paused")
"""Which of several downloads the status line tells of."""

_AT_WORK = ("checking", "downloading", "verifying")
_MOVING = ("waiting", *_AT_WORK)


class FirstUse(QObject):
    """Connects what is known of models with the first-run page and the status line. Thread: main.

    A model that has come is put to use by itself only where nobody would miss another: the demo model is chosen, and
    nothing was asked yet. Otherwise the status line offers it.

    Args:
        desk: Has the models, the conversation and the settings.
        parts: Have the page and the status line.
        parent: What owns it.
    """

    models_wanted = Signal(str)
    """Carries the segment of the Models sheet that is to be seen."""

    def __init__(self, desk: Desk, parts: WindowParts, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._parts = parts
        models, page = desk.models, parts.first_model
        self._moving = {state.model_id for state in models.downloads if state.stage in _MOVING}
        """Downloads whose start was announced."""
        self._place = desk.settings.models_dir
        self._elsewhere: set[str] = set()
        """Downloads that end where models are kept no more."""
        page.download_wanted.connect(self._on_page_download_wanted)
        page.pause_wanted.connect(self._on_page_pause_wanted)
        page.cancel_wanted.connect(self._on_page_cancel_wanted)
        page.all_models_wanted.connect(self._on_page_all_models_wanted)
        parts.download_status.clicked.connect(self._on_download_status_clicked)
        models.changed.connect(self.show)
        models.removed.connect(self._on_models_removed)
        models.download_changed.connect(self._on_models_download_changed)
        parts.pages.currentChanged.connect(self.show)
        for signal in (desk.turn_changed, desk.turns_replaced, desk.model_changed, desk.settings_changed):
            signal.connect(self.show)
        desk.settings_changed.connect(self._on_desk_settings_changed)
        self.show()

    @property
    def is_offering(self) -> bool:
        """Whether a person has no real model and has asked nothing yet; what failed is told alone."""
        models, model = self._desk.models, self._desk.model
        if not models.is_looked_at or self._desk.conversation.turns or model.stage == "failed":
            return False
        is_real = model.checkpoint is not None and not model.checkpoint.is_demo
        is_looking = model.stage == "searching" and self._desk.settings.model != DEMO_MODEL_ID
        return not (is_real or is_looking or any(found.source != "demo" for found in models.installed))

    def show(self) -> None:
        """Brings the page and the status line up to date."""
        assert_main_thread()
        page, pages = self._parts.first_model, self._parts.pages
        is_shown = self.is_offering and pages.currentWidget() is self._parts.result
        if is_shown:
            page.show_offer(self._offer())
            page.show()
        else:
            self._parts.leave(page)
        self._show_status()

    @property
    def _wanted(self) -> CatalogueModel | None:
        """What the page is about: what is on its way already, else the recommended model."""
        models = self._desk.models
        for state in models.downloads:
            found = models.catalogue.find(state.model_id)
            if found is not None:
                return found
        return models.recommended

    def _offer(self) -> Offer:
        models, wanted = self._desk.models, self._wanted
        if wanted is None:
            is_unknown = models.memory is None and models.fault is not None
            return Offer(models.memory, is_offline=models.is_offline, is_unknown=is_unknown)
        state = models.state_of(wanted.model_id)
        fit = models.fit_of(wanted.model_id)
        mark = fit.mark if fit is not None else None
        return Offer(models.memory, wanted, mark, spoken(wanted.name), state, models.is_offline)

    def _show_status(self) -> None:
        status, downloads = self._parts.download_status, self._desk.models.downloads
        told = (state for state in downloads if state.stage in _ORDER)
        known = sorted(told, key=lambda state: _ORDER.index(state.stage))
        if known:
            status.show_download(known[0], self._name_of(known[0].model_id), len(known) - 1)
        elif self._desk.arrived_id and self._desk.arrived_id != self._desk.settings.model:
            status.show_arrived(self._desk.arrived_id, self._name_of(self._desk.arrived_id))
        else:
            self._parts.leave(status)
            status.show_nothing()

    def _name_of(self, model_id: str) -> str:
        found = self._desk.models.catalogue.find(model_id)
        return spoken(found.name) if found is not None else model_id.rpartition("/")[2]

    def _on_desk_settings_changed(self) -> None:
        """Offers a model no more that was put to use, also when another one takes its place later."""
        if self._desk.arrived_id == self._desk.settings.model:
            self._desk.arrived_id = ""
        if self._desk.settings.models_dir != self._place:
            self._place = self._desk.settings.models_dir
            under_way = (state for state in self._desk.models.downloads if state.stage in _AT_WORK)
            self._elsewhere |= {state.model_id for state in under_way}

    # What is known of models

    def _on_models_removed(self, model_id: str) -> None:
        if model_id == self._desk.arrived_id:
            self._desk.arrived_id = ""
        self.show()

    def _on_models_download_changed(self, state: DownloadState) -> None:
        """Tells people who listen of the start, the end and a failure, and of nothing between."""
        name, status = self._name_of(state.model_id), self._parts.download_status
        is_known = state.model_id in self._moving
        if state.stage in _MOVING and not is_known:
            self._moving.add(state.model_id)
            announce(status, self.tr("The download of {0} begins.").format(name))
        elif state.stage == "failed":
            self._moving.discard(state.model_id)
            announce(status, f"{self.tr('The download of {0} failed.').format(name)} {error_words(state.error)}")
        elif state.stage in ("done", "cancelled"):
            self._moving.discard(state.model_id)
            if state.stage == "done":
                announce(status, self.tr("{0} is downloaded.").format(name))
                if state.model_id not in self._elsewhere:
                    self._put_to_use(state.model_id)
        if state.stage not in _AT_WORK:
            self._elsewhere.discard(state.model_id)
        self.show()

    def _put_to_use(self, model_id: str) -> None:
        desk = self._desk
        if desk.settings.model == DEMO_MODEL_ID and not desk.conversation.turns:
            desk.change_settings(replace(desk.settings, model=model_id))
        elif desk.settings.model != model_id:
            self._desk.arrived_id = model_id

    # What the person wants

    def _on_page_download_wanted(self) -> None:
        self._tell_of_wanted(self._desk.models.download)

    def _on_page_all_models_wanted(self) -> None:
        self.models_wanted.emit("all")

    def _on_page_pause_wanted(self) -> None:
        self._tell_of_wanted(self._desk.models.pause)

    def _on_page_cancel_wanted(self) -> None:
        self._tell_of_wanted(self._desk.models.cancel)

    def _tell_of_wanted(self, act: Callable[[str], None]) -> None:
        wanted = self._wanted
        if wanted is not None:
            act(wanted.model_id)

    def _on_download_status_clicked(self) -> None:
        offered_id = self._parts.download_status.offered_id
        if offered_id:
            self._desk.models.use(offered_id)
        else:
            self.models_wanted.emit("installed")  # what is on its way stands there first
