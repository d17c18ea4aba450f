"""The interface that every backend keeps; the contract suite in tests/contract holds each one to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from app.core.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeAlias

    from app.core.checkpoint import Checkpoint
    from app.core.events import GenerateEvent, LoadProgress
    from app.core.requests import Request

    StopCheck: TypeAlias = Callable[[str], bool]
    """Tells whether the request of this id shall stop; cheap, callable from any thread."""


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a backend can do; a request beyond it is refused before it starts.

    `weight_bits` are the widths to which it can quantise weights while it loads them.
    """

    video: bool = False
    adapters: bool = False
    grammar: bool = False
    batch: bool = False
    weight_bits: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes the runtime holds now, and the most it held since the last request began."""

    active_bytes: int = 0
    peak_bytes: int = 0


def video_refused() -> UserError:
    """What is said where a runtime cannot look at videos."""
    return UserError("This model's runtime cannot look at videos.", "Ask about pictures of it instead.")


class Backend(Protocol):
    """Loads one model at a time and answers requests with it.

    Thread: model, for every method. Making the object imports no runtime.
    """

    name: ClassVar[str]
    abilities: ClassVar[Abilities]

    def version(self) -> str:
        """Names and versions of the runtime; valid once ``load`` has begun."""
        ...

    def device(self) -> str:
        """What the model runs on, in words; valid once ``load`` has begun."""
        ...

    def load(self, checkpoint: Checkpoint, stop: Callable[[], bool]) -> Iterator[LoadProgress]:
        """Loads a checkpoint while it is iterated; at exhaustion the model is ready. An earlier one is unloaded first.

        When `stop` turns true it ends early with nothing loaded, raising nothing: see ``is_loaded``.

        Raises:
            ModelError: The runtime or the checkpoint cannot be used.
        """
        ...

    @property
    def is_loaded(self) -> bool:
        """Whether a model is ready to answer."""
        ...

    def generate(self, requests: Sequence[Request], stop: StopCheck) -> Iterator[GenerateEvent]:
        """Answers the requests; each ends in exactly one ``Finished``, faults of one leave the others alone.

        `stop` is looked at between pictures, at each prefill chunk and at each token; a stopped request ends as
        ``cancelled``. Closing the iterator early gives everything back.

        Raises:
            ModelError: No model is loaded.
        """
        ...

    def unload(self) -> None:
        """Drops the model and gives its memory back; without a model it does nothing."""
        ...

    def memory(self) -> Memory:
        """What the runtime holds."""
        ...

    def close(self) -> None:
        """Unloads and ends the runtime's work on this thread: the last call."""
        ...
