"""Stands in where no backend can run: every load says why, so that a window opens all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from app.core.backend import Abilities, Memory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from app.core.backend import StopCheck
    from app.core.checkpoint import Checkpoint
    from app.core.errors import ModelError
    from app.core.events import GenerateEvent, LoadProgress
    from app.core.requests import Request


class MissingBackend:
    """Never loads anything.

    Args:
        error: Why no backend can be used; raised at every load.
    """

    name: ClassVar[str] = "missing"
    abilities: ClassVar[Abilities] = Abilities()
    is_loaded = False

    def __init__(self, error: ModelError) -> None:
        self._error = error

    def version(self) -> str:
        """There is none."""
        return ""

    def device(self) -> str:
        """There is none."""
        return ""

    def load(self, checkpoint: Checkpoint, stop: Callable[[], bool]) -> Iterator[LoadProgress]:
        """Says why it cannot.

        Raises:
            ModelError: Always.
        """
        raise self._error

    def generate(self, requests: Sequence[Request], stop: StopCheck) -> Iterator[GenerateEvent]:
        """Says why it cannot.

        Raises:
            ModelError: Always.
        """
        raise self._error

    def unload(self) -> None:
        """Does nothing."""

    def memory(self) -> Memory:
        """None is held."""
        return Memory()

    def close(self) -> None:
        """Does nothing."""
