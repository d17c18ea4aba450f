"""The models that can be had, are here, or are on their way: what every part of the window knows about them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.core.errors import AppError
from app.core.models.access import stays_offline
from app.core.models.catalogue import Catalogue
from app.core.models.download_state import DownloadState
from app.gui.bridge import assert_main_thread
from app.gui.models.model_looking import (
    CatalogueLooked,
    DownloadsMade,
    FitsLooked,
    InstalledLooked,
    LookFailed,
    ModelLooking,
    ModelRemoved,
    RemovalMeasured,
    RepositoryLooked,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from app.core.errors import ErrorText
    from app.core.launch import Launch, ModelDownloads
    from app.core.machine import MachineMemory
    from app.core.models.catalogue import CatalogueModel
    from app.core.models.fit import Fit
    from app.core.models.library import InstalledModel
    from app.core.models.repository import Repository
    from app.core.settings import Settings
    from app.gui.bridge import WindowEvent

MODELS_EVENTS = (
    CatalogueLooked,
    FitsLooked,
    InstalledLooked,
    LookFailed,
    RemovalMeasured,
    ModelRemoved,
    RepositoryLooked,
    DownloadState,
    DownloadsMade,
)
"""The kinds of events that are for ModelsAtHand."""


class ModelsAtHand(QObject):
    """The catalogue, what is installed, the machine's memory, and downloads.

    Nothing here waits: a disk and the Hub are asked on other threads, and what they say comes through the bridge.
    Thread: main.
    """

    changed = Signal()
    """What is known of models is other than before."""
    looked = Signal()
    """What is on this machine was looked at anew."""
    download_changed = Signal(object)
    """Carries a DownloadState."""
    chosen = Signal(str)
    """The person wants the model of this id to answer."""
    removal_measured = Signal(str, object)
    """Carries an installed model's id and how many bytes removing it would free."""
    removed = Signal(str, object)
    """Carries the id of a model that is gone and how many bytes that freed."""
    looked_up = Signal(object)
    """Carries the newest RepositoryLooked."""
    failed = Signal(object)
    """Carries the ErrorText of something that the person wanted done."""

    def __init__(
        self,
        launch: Launch,
        post: Callable[[WindowEvent], None],
        settings: Callable[[], Settings],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._make_downloads = launch.make_downloads
        self._post = post
        self._settings = settings
        self._looking = ModelLooking(launch.models, post)
        self._downloads: ModelDownloads | None = None
        self._is_making_downloads = False
        self._has_gone_on = False
        self._wanted: list[Callable[[ModelDownloads], None]] = []
        self._states: dict[str, DownloadState] = {}
        self._look_id = 0
        self._look_up_id = 0
        self._fits: dict[str, Fit] = {}
        self._here: dict[str, InstalledModel] = {}
        """What is installed, by its id and by the repository that another program's folders name, in small letters."""
        self.catalogue = Catalogue(())
        """What can be offered; empty until it was looked at."""
        self.installed: tuple[InstalledModel, ...] = ()
        """What is on this machine; empty until it was looked at."""
        self.memory: MachineMemory | None = None
        """What this machine gives a model; None until it was looked at."""
        self.recommended: CatalogueModel | None = None
        """The model of the catalogue that goes best with this machine; None where none fits, or before it looked."""
        self.is_looked_at = False
        """Whether what is on this machine was looked at."""
        self.fault: ErrorText | None = None
        """Why looking came to no end."""
        self.repositories: tuple[Repository, ...] = ()
        """What the Hub was asked about since the start, and said."""

    # What is known

    @property
    def offered(self) -> tuple[CatalogueModel, ...]:
        """Those of the catalogue that this machine's runtime reads."""
        runtime = self.memory.runtime if self.memory is not None else None
        return tuple(model for model in self.catalogue.models if model.runtime == runtime)

    @property
    def downloads(self) -> tuple[DownloadState, ...]:
        """How far each download is that is wanted and not done, paused and failed ones among them."""
        return tuple(state for state in self._states.values() if state.stage != "done")

    @property
    def is_offline(self) -> bool:
        """Whether no connection is to be made."""
        return stays_offline(self._settings())

    def state_of(self, model_id: str) -> DownloadState | None:
        """How far the download of a model is; None when it is not wanted."""
        return self._states.get(model_id)

    def installed_as(self, model_id: str) -> InstalledModel | None:
        """The installed model of this id, or of this repository in another program's folder."""
        return self._here.get(model_id.casefold())

    def fit_of(self, model_id: str) -> Fit | None:
        """How a model, installed or of the catalogue, goes with this machine; None as long as that cannot be told."""
        return self._fits.get(model_id)

    # What is done

    def start(self) -> None:
        """Takes up the downloads of the last start, and looks at what is here."""
        assert_main_thread()
        self._start_downloads()
        self.refresh()

    def refresh(self) -> None:
        """Looks anew at what is on this machine."""
        self._look_id += 1
        self._looking.look(self._look_id, self._settings(), self.memory)

    def use(self, model_id: str) -> None:
        """Has the model of this id answer, once the person agrees to what that means for the conversation."""
        self.chosen.emit(model_id)

    def download(self, model_id: str) -> None:
        """Begins a download, or goes on with one that was paused or failed."""
        self._ask(lambda downloads: downloads.start(model_id))

    def go_on(self) -> None:
        """Goes on, once, with what was under way when the program ended last."""
        if self._downloads is not None and not self._has_gone_on:
            self._has_gone_on = True
            self._ask(lambda downloads: downloads.go_on())

    def pause(self, model_id: str) -> None:
        """Stops a download; what has come stays."""
        self._ask(lambda downloads: downloads.pause(model_id))

    def interrupt(self, model_id: str) -> None:
        """Pauses a download for the time being: unless it is gone on with before, the next start does."""
        self._ask(lambda downloads: downloads.interrupt(model_id))

    def resume(self, model_id: str) -> None:
        """Goes on with a download where it was interrupted."""
        self.download(model_id)

    def cancel(self, model_id: str) -> None:
        """Ends a download and drops what has come of it."""
        self._ask(lambda downloads: downloads.cancel(model_id))

    def measure_removal(self, model: InstalledModel) -> None:
        """Finds out what removing a model would free; told by `removal_measured`."""
        self._looking.measure_removal(model)

    def remove(self, model: InstalledModel, used_folder: Path | None) -> None:
        """Removes a model from this machine; told by `removed`, or by `failed`.

        Args:
            model: To be removed.
            used_folder: That of the model in memory, which is not removed.
        """
        self._looking.remove(model, used_folder)

    def look_up(self, model_id: str) -> None:
        """Asks the Hub about a repository; told by `looked_up`."""
        self._look_up_id += 1
        self._looking.look_up(self._look_up_id, model_id, self._settings(), self.memory)

    def forget_look_up(self) -> None:
        """Waits for no repository any more."""
        self._look_up_id += 1

    def close(self, timeout_s: float) -> bool:
        """Ends downloads, which the next start finds paused; tells whether every thread ended in time."""
        has_ended = self._downloads is None or self._downloads.close(timeout_s)
        return self._looking.close(timeout_s) and has_ended

    # Events

    def take(self, event: WindowEvent) -> None:
        """Applies what the other threads found."""
        assert_main_thread()
        if isinstance(event, DownloadState):
            self._take_download(event)
        elif isinstance(event, CatalogueLooked):
            self.catalogue, self.memory, self.recommended = event.catalogue, event.memory, event.recommended
            self._fits.update(event.fits)
            self.changed.emit()
        elif isinstance(event, DownloadsMade):
            self._take_downloads(event)
        elif isinstance(event, FitsLooked):
            self._take_fits(event)
        elif isinstance(event, (InstalledLooked, LookFailed)):
            self._take_look(event)
        elif isinstance(event, RemovalMeasured):
            self.removal_measured.emit(event.model_id, event.freed_bytes)
        elif isinstance(event, ModelRemoved):
            self._take_removal(event)
        elif isinstance(event, RepositoryLooked) and event.look_id == self._look_up_id:
            self._take_repository(event)

    def _take_downloads(self, event: DownloadsMade) -> None:
        """Shows what the last start left, goes on with it, and does what was wanted meanwhile."""
        self._is_making_downloads = False
        if event.downloads is None:
            self._wanted = []  # whoever wants it tries again, and so does this
            if event.error is not None:
                self.failed.emit(event.error)
            return
        self._downloads = event.downloads
        for state in event.downloads.states():
            self._states.setdefault(state.model_id, state)
        if not self.is_offline:
            self.go_on()
        wanted, self._wanted = self._wanted, []
        for call in wanted:
            self._ask(call)
        self.changed.emit()

    def _start_downloads(self) -> None:
        """Has made what downloads, unless it is there or on its way."""
        if self._downloads is None and not self._is_making_downloads:
            self._is_making_downloads = True
            self._looking.make_downloads(lambda: self._make_downloads(self._post, self._settings))

    def _ask(self, call: Callable[[ModelDownloads], None]) -> None:
        """Asks for something once there is who does it."""
        if self._downloads is None:
            self._wanted.append(call)
            self._start_downloads()
            return
        try:
            call(self._downloads)
        except AppError as error:
            self.failed.emit(error.said)

    def _take_download(self, state: DownloadState) -> None:
        if state.stage == "cancelled":
            self._states.pop(state.model_id, None)
        else:
            self._states[state.model_id] = state
        self._take_size(state)
        self.download_changed.emit(state)
        if state.stage == "done":
            self.refresh()

    def _take_size(self, state: DownloadState) -> None:
        """Has what the Hub told of a size take the place of an estimate, from now on."""
        offered = self.catalogue.find(state.model_id)
        size_bytes = state.total_bytes
        if offered is None or not size_bytes or (offered.is_size_measured and offered.download_bytes == size_bytes):
            return
        told = replace(offered, download_bytes=size_bytes, is_size_measured=True)
        models = tuple(told if model is offered else model for model in self.catalogue.models)
        self.catalogue = replace(self.catalogue, models=models)
        if self.recommended is offered:
            self.recommended = told
        if state.revision:
            self._looking.keep_size(offered.model_id, state.revision, size_bytes)

    def _take_look(self, event: InstalledLooked | LookFailed) -> None:
        if event.look_id != self._look_id:
            return
        self.is_looked_at = True
        self.fault = event.error if isinstance(event, LookFailed) else None
        if isinstance(event, InstalledLooked):
            self._take_installed(event.installed)
            self._states = {model_id: state for model_id, state in self._states.items() if state.stage != "done"}
        self.changed.emit()
        self.looked.emit()

    def _take_fits(self, event: FitsLooked) -> None:
        """Tells of a change only: at each look most are as they were."""
        changed = {model_id: fit for model_id, fit in event.fits.items() if self._fits.get(model_id) != fit}
        if changed:
            self._fits.update(changed)
            self.changed.emit()

    def _take_repository(self, event: RepositoryLooked) -> None:
        found = event.repository
        if found is not None:
            others = (one for one in self.repositories if one.model_id != found.model_id)
            self.repositories = (*others, found)
            if event.fit is not None:
                self._fits[found.model_id] = event.fit
            self.changed.emit()
        self.looked_up.emit(event)

    def _take_installed(self, installed: tuple[InstalledModel, ...]) -> None:
        self.installed = installed
        self._here = {"/".join(model.folder.parts[-2:]).casefold(): model for model in reversed(installed)}
        self._here.update({model.model_id.casefold(): model for model in reversed(installed)})

    def _take_removal(self, event: ModelRemoved) -> None:
        if event.error is not None:
            self.failed.emit(event.error)
        else:
            self._take_installed(tuple(model for model in self.installed if model.model_id != event.model_id))
            self.removed.emit(event.model_id, event.freed_bytes)
            self.changed.emit()
        self.refresh()
