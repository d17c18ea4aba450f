"""Looks for models beside the main thread: a disk may be slow, a server far away."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from app.core.errors import describe_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.core.errors import ErrorText
    from app.core.machine import MachineMemory
    from app.core.models.catalogue import Catalogue, Runtime
    from app.core.models.library import InstalledModel
    from app.core.models.repository import Repository
    from app.core.models.store import ModelStore
    from app.core.settings import Settings


@dataclass(frozen=True, slots=True)
class CatalogueLooked:
    """What can be offered, and what this machine can give a model."""

    catalogue: Catalogue
    memory: MachineMemory
    runtime: Runtime


@dataclass(frozen=True, slots=True)
class InstalledLooked:
    """What is on this machine, as the look of this number found it."""

    look_id: int
    installed: tuple[InstalledModel, ...]


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
    error: ErrorText | None = None


ModelsEvent: TypeAlias = (
    CatalogueLooked | InstalledLooked | LookFailed | RemovalMeasured | ModelRemoved | RepositoryLooked
)


class ModelLooking:
    """Asks the store, each question on a thread of its own.

    Thread: main, for every method; `post` is called from those threads.
    """

    def __init__(self, store: ModelStore, post: Callable[[ModelsEvent], None]) -> None:
        self._store = store
        self._post = post
        self._threads: list[threading.Thread] = []

    def look(self, look_id: int, settings: Settings, *, is_first: bool) -> None:
        """Looks at what is on this machine, and the first time also at what there is to have."""
        folders = settings.model_folders

        def work() -> None:
            try:
                if is_first:
                    runtime = self._store.runtime()
                    self._post(CatalogueLooked(self._store.catalogue(), self._store.memory(runtime), runtime))
                self._post(InstalledLooked(look_id, self._store.installed(folders)))
            except Exception as error:  # noqa: BLE001 - thread boundary
                self._post(LookFailed(look_id, describe_error(error)))

        self._start(work, "models-look")

    def measure_removal(self, model: InstalledModel) -> None:
        """Finds out what removing would free."""

        def work() -> None:
            try:
                self._post(RemovalMeasured(model.model_id, self._store.freed_by_removing(model)))
            except Exception as error:  # noqa: BLE001 - thread boundary
                self._post(ModelRemoved(model.model_id, error=describe_error(error)))

        self._start(work, "model-size")

    def remove(self, model: InstalledModel) -> None:
        """Removes a model."""

        def work() -> None:
            try:
                self._post(ModelRemoved(model.model_id, self._store.remove(model)))
            except Exception as error:  # noqa: BLE001 - thread boundary
                self._post(ModelRemoved(model.model_id, error=describe_error(error)))

        self._start(work, "model-removal")

    def look_up(self, look_id: int, model_id: str, settings: Settings) -> None:
        """Asks the Hub about a repository."""

        def work() -> None:
            try:
                found = self._store.look_up(model_id, settings)
            except Exception as error:  # noqa: BLE001 - thread boundary
                self._post(RepositoryLooked(look_id, model_id, error=describe_error(error)))
            else:
                self._post(RepositoryLooked(look_id, model_id, found))

        self._start(work, "repository-look")

    def close(self, timeout_s: float) -> bool:
        """Waits for what is under way; tells whether all of it ended in time."""
        end_s = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, end_s - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _start(self, work: Callable[[], None], name: str) -> None:
        thread = threading.Thread(target=work, name=name, daemon=True)
        self._threads = [*(thread for thread in self._threads if thread.is_alive()), thread]
        thread.start()
