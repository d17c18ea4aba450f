"""Whether a model on this machine is too large to be loaded without asking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.core.errors import ErrorText, Sentence

if TYPE_CHECKING:
    from app.core.checkpoint import Checkpoint
    from app.core.machine import MachineMemory
    from app.core.models.fit import Fit

_GB = 1 << 30
"""As systems count memory."""


@dataclass(frozen=True, slots=True)
class FitDoubt:
    """A model that needs more memory than the machine can give it.

    Attributes:
        name: Of the model.
        need_bytes: What it needs.
        memory: What the machine has, and can give.
    """

    name: str
    need_bytes: int
    memory: MachineMemory

    def said(self, fitting: str) -> ErrorText:
        """Why a command does not load it.

        Args:
            fitting: The name of a model that would fit, or empty.
        """
        text = Sentence(
            "The model {name} needs about {need} GB of memory, and this machine can give it {usable} GB.",
            name=self.name,
            need=f"{self.need_bytes / _GB:.1f}",
            usable=f"{self.memory.usable_bytes / _GB:.1f}",
        )
        hint = "Choose a smaller model, or add --load-anyway: the machine may become very slow, or end the program."
        if fitting:
            hint = Sentence(
                "{fitting} would fit. Choose it, or add --load-anyway: the machine may become very slow, or end the "
                "program.",
                fitting=fitting,
            )
        return ErrorText(text, hint)


def fit_doubt(checkpoint: Checkpoint, fit: Fit | None) -> FitDoubt | None:
    """The doubt about loading a model, or None where it fits, however tightly, or nothing can be told.

    Args:
        checkpoint: The model, as it is to be loaded.
        fit: How it goes with the machine.
    """
    if fit is None or fit.mark != "too_large" or checkpoint.is_demo or checkpoint.is_size_accepted:
        return None
    return FitDoubt(checkpoint.name, fit.need.total_bytes, fit.memory)
