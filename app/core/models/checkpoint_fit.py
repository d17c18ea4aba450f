"""How a model on this machine goes with it, as its own files tell, and whether to ask before it is loaded."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.core.checkpoint import read_checkpoint
from app.core.errors import ErrorText, ModelError, Sentence
from app.core.models.fit import (
    USUAL_CONTEXT_TOKENS,
    USUAL_IMAGE_TOKENS,
    Fit,
    context_that_fits,
    mark,
    memory_need,
    number_bytes,
)
from app.core.models.model_shape import ModelShape, shape_of
from app.core.models.weight_sizes import WeightBytes, WeightCounts, bytes_as_stored, tensors_of, torch_bytes
from app.core.vision import TOKEN_PX

if TYPE_CHECKING:
    from app.core.checkpoint import Checkpoint
    from app.core.machine import MachineMemory
    from app.core.models.library import InstalledModel
    from app.core.settings import ModelSettings

logger = logging.getLogger(__name__)

_WHOLE_BITS = 16
_GB = 1 << 30
"""As systems count memory."""


@dataclass(frozen=True, slots=True)
class OnDisk:
    """What a checkpoint's own files tell of its size.

    Attributes:
        shape: Its architecture.
        weights: What its weights will take in memory.
    """

    shape: ModelShape
    weights: WeightBytes


def on_disk(checkpoint: Checkpoint, memory: MachineMemory) -> OnDisk:
    """What a checkpoint will take on a machine, from its files' headers. Thread: any but main.

    Raises:
        ModelError: Its files do not tell.
    """
    try:
        config = json.loads((checkpoint.folder / "config.json").read_text(encoding="utf-8"))
        shape = shape_of(config)
        tensors = tensors_of(checkpoint.folder)
        if memory.runtime == "mlx":
            return OnDisk(shape, bytes_as_stored(tensors))
        bits = checkpoint.weight_bits or _WHOLE_BITS
        return OnDisk(shape, torch_bytes(WeightCounts.stored(tensors), bits, number_bytes(shape, memory)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError("The model's files do not tell how large it is.", "Download it again.", repr(error)) from error


def reckoned_context(checkpoint: Checkpoint) -> int:
    """The context that there must be room for: the one that a person chose, else the usual or what is less."""
    if checkpoint.has_chosen_context:
        return checkpoint.context_tokens
    return min(checkpoint.context_tokens, USUAL_CONTEXT_TOKENS)


def fit_of_checkpoint(checkpoint: Checkpoint, memory: MachineMemory, *, image_tokens: int = USUAL_IMAGE_TOKENS) -> Fit:
    """How a checkpoint with its context goes with a machine. Thread: any but main, as files are read.

    A long context is held against it only where a person chose one: otherwise it can be shorter.

    Raises:
        ModelError: Its files do not tell.
    """
    known = on_disk(checkpoint, memory)
    need = memory_need(
        known.shape,
        checkpoint.weight_bits or _WHOLE_BITS,
        context_tokens=reckoned_context(checkpoint),
        image_tokens=image_tokens,
        on=memory,
        weights=known.weights,
    )
    return Fit(need, mark(need, memory), memory)


def fitted(checkpoint: Checkpoint, chosen_tokens: int | None, memory: MachineMemory) -> Checkpoint:
    """A checkpoint with the context that a person chose, else with the longest that fits. Thread: any but main."""
    if chosen_tokens is not None:
        return checkpoint.with_context(chosen_tokens, is_chosen=True)
    try:
        known = on_disk(checkpoint, memory)
    except ModelError as error:
        logger.info("The context of a model cannot be fitted: %s", error.said.detail)
        return checkpoint
    bits = checkpoint.weight_bits or _WHOLE_BITS
    return checkpoint.with_context(context_that_fits(known.shape, bits, memory, weights=known.weights))


def fit_if_known(checkpoint: Checkpoint, memory: MachineMemory, *, image_tokens: int | None) -> Fit | None:
    """How a checkpoint goes with a machine, or None where its files do not tell. Thread: any but main.

    Args:
        checkpoint: With its context.
        memory: What the machine gives.
        image_tokens: The most that a picture may cost; None for the checkpoint's own limit.
    """
    most = checkpoint.image_limits.max_pixels // (TOKEN_PX * TOKEN_PX)
    try:
        return fit_of_checkpoint(checkpoint, memory, image_tokens=min(image_tokens or most, most))
    except ModelError as error:
        logger.info("It is not known how large a model is: %s", error.said.detail)
        return None


def fit_of_installed(model: InstalledModel, own: ModelSettings, memory: MachineMemory) -> Fit | None:
    """How a model would go with a machine if it were loaded; None where its files do not tell. Thread: any but main.

    Args:
        model: That is here.
        own: What was chosen for it.
        memory: What the machine gives.
    """
    try:
        checkpoint = read_checkpoint(model.folder, model.model_id, model.revision)
    except ModelError as error:
        logger.info("It is not known how large a model is: %s", error.said.detail)
        return None
    checkpoint = fitted(checkpoint.quantised(own.weight_bits), own.context_tokens, memory)
    return fit_if_known(checkpoint, memory, image_tokens=own.max_image_tokens)


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
