"""Finds the checkpoint that a person named, beside the main thread: a folder may be slow, a cache far away."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from app.core.checkpoint import find_checkpoint
from app.core.errors import describe_error
from app.core.machine import machine_memory, runtime_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.core.checkpoint import Checkpoint
    from app.core.errors import ErrorText
    from app.core.models.fit import Fit
    from app.core.settings import ModelSettings


@dataclass(frozen=True, slots=True)
class CheckpointFound:
    """The model that `search_id` looked for is on this machine.

    Attributes:
        search_id: Which search.
        checkpoint: As it is to be loaded, with the bits and the context that were chosen for it.
        fit: How it goes with the machine; None where its files do not tell how large it is.
    """

    search_id: int
    checkpoint: Checkpoint
    fit: Fit | None = None


@dataclass(frozen=True, slots=True)
class CheckpointMissing:
    """The model that `search_id` looked for cannot be used."""

    search_id: int
    error: ErrorText


SearchEvent: TypeAlias = CheckpointFound | CheckpointMissing


class CheckpointSearch:
    """One search at a time matters: the newest; what an older one finds is told with its own number.

    Thread: main, for every method; `sink` is called from the search's thread.
    """

    def __init__(self, sink: Callable[[SearchEvent], None]) -> None:
        self._sink = sink
        self._threads: list[threading.Thread] = []
        self.newest_id = 0

    def start(self, model_text: str, own: ModelSettings, backend: str) -> int:
        """Looks for a model and gives the search's number.

        Args:
            model_text: What a person named.
            own: What was chosen for it.
            backend: What will run it: a name of the backend table, or ``auto``.
        """
        self.newest_id += 1
        thread = threading.Thread(
            target=self._search, args=(self.newest_id, model_text, own, backend), name="checkpoint-search", daemon=True
        )
        self._threads = [*(thread for thread in self._threads if thread.is_alive()), thread]
        thread.start()
        return self.newest_id

    def close(self, timeout_s: float) -> bool:
        """Waits for searches to end; tells whether all did."""
        for thread in self._threads:
            thread.join(timeout_s)
        return not any(thread.is_alive() for thread in self._threads)

    def _search(self, search_id: int, model_text: str, own: ModelSettings, backend: str) -> None:
        try:
            from app.core.models.adapter import adapted  # noqa: PLC0415 - not before the window is shown
            from app.core.models.checkpoint_fit import fit_if_known, fitted  # noqa: PLC0415

            memory = machine_memory(runtime_of(backend))
            found = adapted(find_checkpoint(model_text).quantised(own.weight_bits), own.adapter)
            checkpoint = fitted(found, own.context_tokens, memory)
            fit = fit_if_known(checkpoint, memory, image_tokens=own.max_image_tokens)
        except Exception as error:  # noqa: BLE001 - thread boundary
            self._sink(CheckpointMissing(search_id, describe_error(error)))
        else:
            self._sink(CheckpointFound(search_id, checkpoint, fit))
