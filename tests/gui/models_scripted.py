"""Models as a test wants them: a store and downloads that do what they are told, without a disk or a network."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.core.errors import ModelError, Sentence
from app.core.machine import MachineMemory
from app.core.models.catalogue import Catalogue
from app.core.models.download_state import DownloadState
from app.core.models.fit import Fit, MemoryNeed, mark
from app.core.models.library import InstalledModel

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from app.core.errors import AppError
    from app.core.launch import DownloadSink, ModelDownloads
    from app.core.models.repository import Repository
    from app.core.settings import Settings

GIB = 1 << 30
APPLE_M2 = MachineMemory("metal", 12 * GIB, 16 * GIB, "Apple M2")


@dataclass
class ScriptedModels:
    """A store of models.

    Attributes:
        offered: The catalogue.
        here: What is installed; removing takes a model out.
        gives: The machine's memory.
        repositories: What the Hub knows, by id.
        fault: Raised instead of an answer of the Hub or of a removal.
        freed_bytes: What every removal frees.
        sizes: What was to be remembered: commit and bytes.
        threads: The names of the threads that asked.
        is_open: Nothing is answered while it is not set.
    """

    offered: Catalogue = field(default_factory=lambda: Catalogue(()))
    here: tuple[InstalledModel, ...] = ()
    gives: MachineMemory = APPLE_M2
    repositories: dict[str, Repository] = field(default_factory=dict)
    fault: AppError | None = None
    freed_bytes: int = 0
    sizes: dict[str, tuple[str, int]] = field(default_factory=dict)
    threads: list[str] = field(default_factory=list)
    is_open: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.is_open.set()

    def _note(self) -> None:
        self.threads.append(threading.current_thread().name)
        self.is_open.wait(10)

    def catalogue(self) -> Catalogue:
        self._note()
        return self.offered

    def memory(self) -> MachineMemory:
        self._note()
        return self.gives

    def installed(self, _settings: Settings) -> tuple[InstalledModel, ...]:
        self._note()
        return self.here

    def fit_of(self, model: InstalledModel, _settings: Settings, memory: MachineMemory) -> Fit | None:
        self._note()
        need = MemoryNeed(model.size_bytes, GIB // 2, GIB // 2, GIB // 2)
        return Fit(need, mark(need, memory), memory)

    def freed_by_removing(self, _model: InstalledModel) -> int:
        self._note()
        return self.freed_bytes

    def remove(self, model: InstalledModel, used_folder: Path | None, to_trash: Callable[[Path], bool] | None) -> int:
        self._note()
        assert to_trash is not None
        assert used_folder != model.folder
        if self.fault is not None:
            raise self.fault
        self.here = tuple(one for one in self.here if one.model_id != model.model_id)
        return self.freed_bytes

    def look_up(self, model_id: str, _settings: Settings, memory: MachineMemory) -> tuple[Repository, Fit | None]:
        self._note()
        if self.fault is not None:
            raise self.fault
        if model_id not in self.repositories:
            raise ModelError(Sentence("There is no repository {name}.", name=model_id), "Check how it is written.")
        found = self.repositories[model_id]
        need = MemoryNeed(found.size_bytes, GIB // 2, GIB // 2, GIB // 2)
        return found, Fit(need, mark(need, memory), memory)

    def keep_size(self, model_id: str, revision: str, size_bytes: int) -> None:
        self._note()
        self.sizes[model_id] = (revision, size_bytes)


class ScriptedDownloads:
    """Downloads that stand where a test puts them."""

    def __init__(self, *left: DownloadState) -> None:
        self.left = left
        """What an earlier start left."""
        self.calls: list[tuple[str, ...]] = []
        self.is_closed = False
        self._sink: DownloadSink = lambda _state: None

    def made_for(self, sink: DownloadSink, _settings: Callable[[], Settings]) -> ModelDownloads:
        """Takes the place of Launch.make_downloads."""
        self._sink = sink
        return self

    def tell(self, state: DownloadState) -> None:
        """Says that a download stands so now, as from another thread."""
        thread = threading.Thread(target=self._sink, args=(state,))
        thread.start()
        thread.join()

    def start(self, model_id: str, revision: str | None = None) -> None:
        self.calls.append(("start", model_id, *([revision] if revision else [])))

    def go_on(self) -> None:
        self.calls.append(("go on",))

    def pause(self, model_id: str) -> None:
        self.calls.append(("pause", model_id))

    def interrupt(self, model_id: str) -> None:
        self.calls.append(("interrupt", model_id))

    def cancel(self, model_id: str) -> None:
        self.calls.append(("cancel", model_id))

    def states(self) -> tuple[DownloadState, ...]:
        return self.left

    def close(self, timeout_s: float) -> bool:
        assert timeout_s >= 0
        self.is_closed = True
        return True


def installed(
    model_id: str, folder: Path, size_bytes: int = 3_000_000_000, used: datetime | None = None
) -> InstalledModel:
    """A model that is on the machine: that of a plain 4B in 4 bits."""
    return InstalledModel(
        model_id=model_id,
        name=Sentence("Demo model") if model_id == "demo" else model_id.rpartition("/")[2],
        folder=folder,
        source="demo" if model_id == "demo" else "folder" if model_id.startswith("/") else "hugging_face",
        size_bytes=size_bytes,
        last_used=used,
        revision="a" * 40,
        model_type="qwen3_vl",
        quantisation=Sentence("{bits}-bit, group {group}", bits=4, group=64),
        runtimes=("mlx",),
        can_remove=model_id != "demo",
        config={},
    )
