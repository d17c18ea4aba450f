"""Qwen3-VL on PyTorch through transformers' model code: NVIDIA GPUs, and processors without MLX.

transformers gives the layers; the prompt, the vision arithmetic and the decoding loop are Viewfinder's own, the same as
in the MLX backend, so that both answer alike and no torchvision is needed.
"""

from __future__ import annotations

import gc
import importlib.metadata
import importlib.util
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from app.backends.torch_answering import Answering
from app.backends.torch_decoder import Decoder
from app.backends.torch_memory import let_go, memory_of_gpus
from app.backends.torch_weights import find_place, has_flash_attention, read_model
from app.core.backend import Abilities, Memory
from app.core.errors import ModelError, Sentence
from app.core.events import Finished, LoadProgress
from app.core.memory_now import give_freed_memory_back
from app.core.model_types import SUPPORTED_MODEL_TYPES
from app.core.pictures import Picture
from app.core.prompt import ChatFormat
from app.core.requests import Request, Turn
from app.core.sampling import GREEDY
from app.core.vision import TOKEN_PX

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from app.backends.torch_weights import Place
    from app.core.backend import StopCheck
    from app.core.checkpoint import Checkpoint
    from app.core.events import GenerateEvent

logger = logging.getLogger(__name__)

_PACKAGES = ("torch", "transformers")
_QUANTISING_PACKAGES = ("bitsandbytes", "accelerate")
_WARM_UP_TOKENS = 3
_TINY_WEIGHTS = 50_000_000


class TransformersBackend:
    """Runs one Qwen3-VL, dense or mixture of experts, in bf16 on GPUs and in float32 on a processor."""

    name: ClassVar[str] = "transformers"
    abilities: ClassVar[Abilities] = Abilities(video=True, adapters=True, batch=True, weight_bits=(8, 4))

    def __init__(self) -> None:
        self._torch: Any = None
        self._place: Place | None = None
        self._usual_threads: int | None = None
        self._answering: Answering | None = None

    def version(self) -> str:
        """Versions of torch and transformers."""
        return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES)

    def device(self) -> str:
        """The GPU's name, or the CPU."""
        return "CPU" if self._place is None else self._place.title

    @property
    def is_loaded(self) -> bool:
        """Whether a model is ready to answer."""
        return self._answering is not None

    def load(self, checkpoint: Checkpoint, stop: Callable[[], bool]) -> Iterator[LoadProgress]:
        """Imports the runtime, reads the weights in steps, and answers a small question to set the device going.

        Raises:
            ModelError: The runtime does not import, does not go with the GPU or cannot run the architecture; or the
                weights are too large for the machine or do not fit their configuration.
        """
        self.unload()
        if checkpoint.model_type not in SUPPORTED_MODEL_TYPES["transformers"]:
            raise ModelError(
                Sentence("The model {name} is of a newer family, which runs on MLX alone.", name=checkpoint.name),
                "Choose a Qwen3-VL model.",
            )
        yield LoadProgress("importing_runtime")
        logging.getLogger(_QUANTISING_PACKAGES[0]).setLevel(logging.ERROR)  # it warns of roundings at every step
        try:
            import torch
            import transformers

            is_whole = hasattr(torch, "OutOfMemoryError") and hasattr(transformers, "Qwen3VLForConditionalGeneration")
        except (ImportError, OSError, RuntimeError) as error:
            raise ModelError(
                "PyTorch does not start on this machine.",
                "Install it again: pip install --force-reinstall torch transformers",
                str(error),
            ) from error
        if not is_whole:
            raise ModelError(
                "The installed PyTorch or transformers is not whole, or too old for Qwen3-VL.",
                "Install them again: pip install --upgrade --force-reinstall torch transformers",
                ", ".join(
                    f"{module.__name__} {getattr(module, '__version__', '?')}" for module in (torch, transformers)
                ),
            )
        self._torch = torch
        if stop():
            return
        self._place = find_place(torch)
        _refuse_quantising(checkpoint)
        yield LoadProgress("reading_weights", 0.0)
        chat = ChatFormat(checkpoint)
        try:
            answering = yield from self._made_ready(checkpoint, chat, self._place, stop)
        except torch.OutOfMemoryError as error:
            let_go(torch, error)
            raise ModelError(
                "There was not enough memory for this model.",
                "Choose a smaller model, or quantise it to 8 or 4 bits.",
                str(error),
            ) from error
        except ModelError as error:
            let_go(torch, error)
            raise
        if not stop():
            self._answering = answering

    def _made_ready(
        self, checkpoint: Checkpoint, chat: ChatFormat, place: Place, stop: Callable[[], bool]
    ) -> Generator[LoadProgress, None, Answering | None]:
        """The model, read and warmed up, or None when it was stopped before that."""
        torch = self._torch
        model = yield from read_model(torch, checkpoint, place, stop)
        if model is None:
            return None
        yield LoadProgress("warming_up")
        self._suit_threads(model)
        decoder = Decoder(torch, model, has_flash_attention=has_flash_attention(place))
        if place.kind == "cuda":
            torch.cuda.set_device(decoder.device)
            if decoder.is_one_device:
                self._place = place.only(decoder.device.index)
        answering = Answering(torch, checkpoint, chat, decoder)
        _warm_up(checkpoint, answering, decoder, stop)
        return answering

    def _suit_threads(self, model: Any) -> None:
        """On a processor, all of PyTorch's threads for a real model; over a tiny one they only wait for one another."""
        if self._usual_threads is None:
            self._usual_threads = self._torch.get_num_threads()
        is_tiny = sum(weight.numel() for weight in model.parameters()) < _TINY_WEIGHTS
        self._torch.set_num_threads(1 if is_tiny else self._usual_threads)

    def generate(self, requests: Sequence[Request], stop: StopCheck) -> Iterator[GenerateEvent]:
        """Answers the requests together, as many at a time as there is memory for.

        Raises:
            ModelError: No model is loaded.
        """
        if self._answering is None:
            raise ModelError("No model is loaded.", "Choose a model first.")
        yield from self._answering.answer(requests, stop)

    def unload(self) -> None:
        """Drops the model, its KV cache, what it has seen, and PyTorch's buffers."""
        self._answering = None
        gc.collect()
        if self._torch is not None:
            if self._torch.cuda.is_available():
                self._torch.cuda.empty_cache()
            give_freed_memory_back()

    def memory(self) -> Memory:
        """What PyTorch holds on the GPUs; on a processor, where it does not count, the weights, cache and features."""
        if self._answering is not None:
            return self._answering.memory()
        if self._place is not None and self._place.kind == "cuda":
            return memory_of_gpus(self._torch)
        return Memory()

    def close(self) -> None:
        """Unloads."""
        self.unload()


def _refuse_quantising(checkpoint: Checkpoint) -> None:
    """Refuses to quantise where that cannot be done.

    Raises:
        ModelError: There is no bitsandbytes, or the weights are experts'.
    """
    if checkpoint.weight_bits is None:
        return
    if checkpoint.model_type == "qwen3_vl_moe":
        raise ModelError(
            "A mixture of experts cannot be quantised while it is loaded.",
            "Load the weights as they are, or choose a dense model.",
        )
    if any(importlib.util.find_spec(package) is None for package in _QUANTISING_PACKAGES):
        raise ModelError("Quantising needs what is not installed.", "pip install bitsandbytes accelerate")


def _warm_up(checkpoint: Checkpoint, answering: Answering, decoder: Decoder, stop: Callable[[], bool]) -> None:
    """Answers a small question about a small picture in the fastest way that works here.

    A person's first question then does not wait for kernels to be compiled and steps to be recorded.

    Raises:
        ModelError: The model cannot answer.
    """
    if decoder.can_record:
        decoder.set_stepping("compiled" if checkpoint.weight_bits is None else "recorded")
    side = 2 * TOKEN_PX
    grey = Picture("warm-up", None, "", side, side, side, side, bytes([128]) * (3 * side * side), "")
    request = Request("warm-up", (Turn("Hello", (grey,)),), replace(GREEDY, max_tokens=_WARM_UP_TOKENS))
    for event in answering.answer([request], lambda _: stop()):
        if isinstance(event, Finished) and event.error is not None:
            raise ModelError(
                Sentence("The model {name} does not run here: {reason}", name=checkpoint.name, reason=event.error.text),
                event.error.hint,
                event.error.detail,
            )
    answering.forget()
    logger.info("Steps are %s", decoder.stepping)
