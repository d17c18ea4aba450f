"""Looks for models beside the main thread: a disk may be slow, a server far away."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from PySide6.QtCore import QFile

from app.core.errors import describe_error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from app.core.errors import ErrorText
    from app.core.launch import ModelDownloads
    from app.core.machine import MachineMemory
    from app.core.models.catalogue import Catalogue, CatalogueModel
    from app.core.models.fit import Fit
    from app.core.models.library import InstalledModel
    from app.core.models.repository import Repository
    from app.core.models.store import ModelStore
    from app.core.settings import Settings


logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DownloadsMade:
    """What downloads models is there, or why it is not."""

    downloads: ModelDownloads | None
    error: ErrorText | None = None


@dataclass(frozen=True, slots=True)
class CatalogueLooked:
    """What can be offered, what this machine can give a model, and how they go together.

    Attributes:
        catalogue: The models that can be offered.
        memory: The machine's, and what runs models here.
        recommended: The model of the catalogue that goes best with it, if any does.
        fits: By repository.
    """

    catalogue: Catalogue
    memory: MachineMemory
    recommended: CatalogueModel | None
    fits: Mapping[str, Fit]


@dataclass(frozen=True, slots=True)
class InstalledLooked:
    """What is on this machine, as the look of this number found it."""

    look_id: int
    installed: tuple[InstalledModel, ...]


@dataclass(frozen=True, slots=True)
class FitsLooked:
    """How some of the installed models go with this machine, by id; without those whose files do not tell."""

    fits: Mapping[str, Fit]


@dataclass(frozen=True, slots=True)
class LookFailed:
    """The look of this number came to no end."""

    look_id: int
    error: ErrorText


@dataclass(frozen=True, slots=True)
class RemovalMeasured:
    """How much removing a model would free."""

    model_id: str
    freed_bytes: int


@dataclass(frozen=True, slots=True)
class ModelRemoved:
    """A model is gone, or could not be removed."""

    model_id: str
    freed_bytes: int = 0
    error: ErrorText | None = None


@dataclass(frozen=True, slots=True)
class RepositoryLooked:
    """What the Hub said about the repository that was asked for, or why that cannot be told."""

    look_id: int
    model_id: str
    repository: Repository | None = None
    fit: Fit | None = None
    error: ErrorText | None = None


ModelsEvent: TypeAlias = (
    DownloadsMade
    | CatalogueLooked
    | InstalledLooked
    | FitsLooked
    | LookFailed
    | RemovalMeasured
    | ModelRemoved
    | RepositoryLooked
)


_TOLD_EVERY_S = 0.25


def _to_trash(folder: Path) -> bool:
    return bool(QFile.moveToTrash(str(folder)))


class ModelLooking:
    """Asks the store, each question on a thread of its own.

    Thread: main, for every method; `post` is called from those threads.
    """

    def __init__(self, store: ModelStore, post: Callable[[ModelsEvent], None]) -> None:
        self._store = store
        self._post = post
        self._threads: list[threading.Thread] = []
        self._newest_id = 0
        self._is_closed = False

    def make_downloads(self, make: Callable[[], ModelDownloads]) -> None:
        """Has made what downloads models: that imports much."""

        def work() -> None:
            try:
                self._post(DownloadsMade(make()))
            except Exception as error:  # noqa: BLE001 - thread boundary
                self._post(DownloadsMade(None, describe_error(error)))

        self._start(work, "downloads-start")

    def look(self, look_id: int, settings: Settings, memory: MachineMemory | None) -> None:
        """Looks at what is on this machine, and as long as its memory is not known also at what there is to have."""
        self._newest_id = look_id

        def work() -> None:
            try:
                known = self._look_at_catalogue() if memory is None else memory
                here = self._store.installed(settings)
                self._post(InstalledLooked(look_id, here))
                self._look_at_fits(look_id, here, settings, known)
            except Exception as error:  # noqa: BLE001 - thread boundary
                self._post(LookFailed(look_id, describe_error(error)))

        self._start(work, "models-look")

    def _look_at_fits(
        self, look_id: int, here: tuple[InstalledModel, ...], settings: Settings, memory: MachineMemory
    ) -> None:
        """Tells them some at a time: each model's files have to be read the first time."""
        fits: dict[str, Fit] = {}
        told_s = time.monotonic()
        for model in here:
            if self._is_closed or look_id != self._newest_id:
                return
            fit = self._store.fit_of(model, settings, memory)
            if fit is not None:
                fits[model.model_id] = fit
            if time.monotonic() - told_s > _TOLD_EVERY_S:
                self._post(FitsLooked(fits))
                fits, told_s = {}, time.monotonic()
        self._post(FitsLooked(fits))

    def _look_at_catalogue(self) -> MachineMemory:
        from app.core.models.fit import Fit, mark, need_of, recommended  # noqa: PLC0415 - on a thread, when asked for

        memory, catalogue = self._store.memory(), self._store.catalogue()
        needs = {model.model_id: need_of(model, memory) for model in catalogue.models}
        fits = {model_id: Fit(need, mark(need, memory), memory) for model_id, need in needs.items()}
        self._post(CatalogueLooked(catalogue, memory, recommended(catalogue, memory), fits))
        return memory

    def measure_removal(self, model: InstalledModel) -> None:
        """Finds out what removing would free."""

        def work() -> None:
            try:
                self._post(RemovalMeasured(model.model_id, self._store.freed_by_removing(model)))
            except Exception as error:  # noqa: BLE001 - thread boundary
                self._post(ModelRemoved(model.model_id, error=describe_error(error)))

        self._start(work, "model-size")

    def remove(self, model: InstalledModel, used_folder: Path | None) -> None:
        """Removes a model; a folder goes to the trash."""

        def work() -> None:
            try:
                freed_bytes = self._store.remove(model, used_folder, _to_trash)
                self._post(ModelRemoved(model.model_id, freed_bytes))
            except Exception as error:  # noqa: BLE001 - thread boundary
                self._post(ModelRemoved(model.model_id, error=describe_error(error)))

        self._start(work, "model-removal")

    def look_up(self, look_id: int, model_id: str, settings: Settings, memory: MachineMemory | None) -> None:
        """Asks the Hub about a repository."""

        def work() -> None:
            try:
                found, fit = self._store.look_up(model_id, settings, memory or self._store.memory())
            except Exception as error:  # noqa: BLE001 - thread boundary
                self._post(RepositoryLooked(look_id, model_id, error=describe_error(error)))
            else:
                self._post(RepositoryLooked(look_id, model_id, found, fit))

        self._start(work, "repository-look")

    def keep_size(self, model_id: str, revision: str, size_bytes: int) -> None:
        """Has it remembered how large a repository is."""

        def work() -> None:
            try:
                self._store.keep_size(model_id, revision, size_bytes)
            except Exception:  # thread boundary: without it, the size is an estimate at the next start
                logger.exception("The size of a model cannot be kept")

        self._start(work, "model-size-keeping")

    def close(self, timeout_s: float) -> bool:
        """Waits for what is under way; tells whether all of it ended in time."""
        self._is_closed = True
        end_s = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, end_s - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _start(self, work: Callable[[], None], name: str) -> None:
        thread = threading.Thread(target=work, name=name, daemon=True)
        self._threads = [*(thread for thread in self._threads if thread.is_alive()), thread]
        thread.start()
