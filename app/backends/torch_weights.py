"""A checkpoint's weights read into transformers' model: where they go, whether they fit, and what cannot be read."""

from __future__ import annotations

import json
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from queue import SimpleQueue
from threading import Lock
from typing import TYPE_CHECKING, Any

from app.backends.torch_adapter import put_on
from app.backends.torch_memory import is_out_of_memory
from app.backends.torch_room import fewest_gpus, refuse_too_large
from app.core.errors import ModelError, Sentence
from app.core.events import LoadProgress
from app.core.machine import free_memory_bytes, has_nvidia_gpu
from app.core.models.weight_files import are_named_by_mlx
from app.core.models.weight_sizes import tensors_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from app.core.checkpoint import Checkpoint
    from app.core.models.weight_sizes import StoredTensor

logger = logging.getLogger(__name__)

_LOAD_STEPS = 20
_CUDA = "CUDA"
"""Stands in what PyTorch says when a GPU fails, whatever it was doing."""
_FLASH_CAPABILITY = (8, 0)
"""The oldest GPUs that flash-attn runs on, Ampere."""
_LEFT_FREE_BYTES = 10**9
"""Of each of several GPUs, for the cache and for what a step holds."""
_LAYER_NAME = re.compile(r"^model\.(language_model\.layers|visual\.blocks)\.")
_KEPT_WHOLE = ["model.visual", "lm_head"]
"""Modules that keep their 16 bits, as MLX's conversions do: the vision tower is small and suffers most."""
_DAMAGE = (ValueError, LookupError, ArithmeticError, TypeError, AttributeError, OSError)
"""What files that are not as they should be bring about, wherever that is noticed."""
_RELEASED_NAME = re.compile(r"Qwen3-VL-\d+B(?:-A\d+B)?-(?:Instruct|Thinking)")


@dataclass(frozen=True, slots=True)
class Place:
    """What a model runs on.

    Attributes:
        kind: ``cuda`` or ``cpu``.
        name: Of the processor, or of the first GPU.
        dtype: PyTorch's type of the weights: bf16 on a GPU, float32 on a processor.
        free_bytes: Of each GPU, or of the machine's memory.
        gpus: Their numbers; meaningless on a processor.
    """

    kind: str
    name: str
    dtype: Any
    free_bytes: tuple[int, ...]
    gpus: tuple[int, ...] = (0,)

    @property
    def title(self) -> str:
        """In words."""
        return self.name if len(self.free_bytes) == 1 else f"{len(self.free_bytes)} x {self.name}"

    def only(self, gpu: int) -> Place:
        """This GPU alone."""
        return replace(self, free_bytes=(self.free_bytes[self.gpus.index(gpu)],), gpus=(gpu,))


def find_place(torch: Any) -> Place:
    """All the NVIDIA GPUs that PyTorch may use, or the processor of a machine without one.

    Raises:
        ModelError: There is an NVIDIA GPU that this PyTorch cannot use.
    """
    cuda = torch.cuda
    if cuda.is_available():
        count = cuda.device_count()
        free = tuple(cuda.mem_get_info(index)[0] for index in range(count))
        return Place("cuda", cuda.get_device_name(0), torch.bfloat16, free, tuple(range(count)))
    if has_nvidia_gpu():
        _refuse_unused_gpu(torch)
    return Place("cpu", "CPU", torch.float32, (free_memory_bytes(),))


def _refuse_unused_gpu(torch: Any) -> None:
    if torch.version.cuda is None:
        raise ModelError(
            "This machine has an NVIDIA GPU, but its PyTorch is built without CUDA.",
            "Install one with CUDA (pip install 'viewfinder[cuda]'), or hide the GPU: CUDA_VISIBLE_DEVICES=",
            f"torch {torch.__version__}",
        )
    try:
        torch.zeros(1, device="cuda")
        detail = "torch.cuda.is_available() is false"
    except (RuntimeError, AssertionError) as error:
        detail = str(error)
    raise ModelError(
        Sentence(
            "This machine has an NVIDIA GPU, but its driver does not go with this PyTorch (CUDA {version}).",
            version=torch.version.cuda,
        ),
        "Update the NVIDIA driver, install a PyTorch made for it, or hide the GPU: CUDA_VISIBLE_DEVICES=",
        detail,
    )


def read_model(
    torch: Any, checkpoint: Checkpoint, place: Place, stop: Callable[[], bool]
) -> Generator[LoadProgress, None, Any]:
    """Reads the weights in steps; returns transformers' model, or None when it was stopped before the last step.

    Raises:
        ModelError: They do not fit the machine or the configuration, or are of a kind that transformers cannot read.
    """
    from huggingface_hub.errors import StrictDataclassError
    from safetensors import SafetensorError

    _refuse_quantised(checkpoint)
    try:
        tensors = tensors_of(checkpoint.folder)
        place = fewest_gpus(checkpoint, tensors, place)
        refuse_too_large(checkpoint, tensors, place)
        return (yield from _assembled_in_steps(checkpoint, tensors, place, stop))
    except _LoadStoppedError:
        return None
    except torch.OutOfMemoryError:
        raise
    except ImportError as error:
        hint = "pip install 'viewfinder[cuda]'" if place.kind == "cuda" else "pip install 'viewfinder[cpu]'"
        raise ModelError("The transformers backend lacks a package.", hint, repr(error)) from error
    except (*_DAMAGE, RuntimeError, SafetensorError, StrictDataclassError) as error:
        if is_out_of_memory(torch, error):
            raise torch.OutOfMemoryError(str(error)) from error
        if _CUDA in str(error):
            raise ModelError(
                "The NVIDIA GPU does not work with this PyTorch.",
                "Update the NVIDIA driver, install a PyTorch made for it, or hide the GPU: CUDA_VISIBLE_DEVICES=",
                repr(error),
            ) from error
        raise ModelError(
            Sentence("The weights of {name} cannot be read.", name=checkpoint.name),
            "Download the model again.",
            repr(error),
        ) from error


def _refuse_quantised(checkpoint: Checkpoint) -> None:
    """Refuses weights that are not plain numbers in the makers' layout.

    Raises:
        ModelError: They are MLX's, or quantised by another library.
    """
    config = json.loads((checkpoint.folder / "config.json").read_text(encoding="utf-8"))
    try:
        is_mlx = are_named_by_mlx(tensors_of(checkpoint.folder))
    except (ValueError, KeyError, TypeError, AttributeError, OSError):
        is_mlx = False  # damaged files are told of where they are read
    known = _RELEASED_NAME.search(checkpoint.model_id)
    hint = (
        Sentence("Take Qwen/{name} instead; it can be quantised while it is loaded.", name=known[0])
        if known is not None
        else "Take the repository it was made from; it can be quantised while it is loaded."
    )
    if "quantization" in config or is_mlx:
        raise ModelError(
            Sentence(
                "The model {name} is in MLX's form, which the transformers backend cannot read.", name=checkpoint.name
            ),
            hint,
        )
    if "quantization_config" in config or "quantization_config" in (config.get("text_config") or {}):
        raise ModelError(
            Sentence(
                "The model {name} is quantised ({kind}), which the transformers backend does not read.",
                name=checkpoint.name,
                kind=checkpoint.quantisation,
            ),
            hint,
        )


class _LoadStoppedError(Exception):
    """Loading shall stop."""


class _Reading:
    """How far the reading of so many numbers is, and whether it shall go on.

    Thread: the library reads in threads of its own.
    """

    def __init__(self, count: int, stop: Callable[[], bool]) -> None:
        self.fractions: SimpleQueue[float | None] = SimpleQueue()
        self.is_over = False
        self._stop = stop
        self._count = count
        self._read = self._shown = 0
        self._lock = Lock()

    def refuse_stopped(self) -> None:
        """Looks at the stop signal.

        Raises:
            _LoadStoppedError: It shall stop.
        """
        if self.is_over or self._stop():
            raise _LoadStoppedError

    def add(self, count: int) -> None:
        """Takes note of numbers that were read."""
        with self._lock:
            self._read += count
            if self._read * _LOAD_STEPS >= self._count * (self._shown + 1):
                self._shown = self._read * _LOAD_STEPS // self._count
                self.fractions.put(self._read / self._count)


class _TensorToRead:
    """A tensor in its file, read when the library asks for its numbers, straight to where they will be."""

    def __init__(self, stored: Any, count: int, reading: _Reading) -> None:
        self._stored = stored
        self._count = count
        self._reading = reading

    def __getitem__(self, part: Any) -> Any:
        """The numbers.

        Raises:
            _LoadStoppedError: It shall stop.
        """
        self._reading.refuse_stopped()
        numbers = self._stored[part]
        self._reading.add(self._count)
        return numbers

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stored, name)


def _assembled_in_steps(
    checkpoint: Checkpoint, tensors: dict[str, StoredTensor], place: Place, stop: Callable[[], bool]
) -> Generator[LoadProgress, None, Any]:
    """The library's model; it reads in another thread, while this one tells how far it is. None when stopped."""
    reading = _Reading(sum(tensor.count for tensor in tensors.values()), stop)
    with ThreadPoolExecutor(1, "weights") as reader:
        assembling = reader.submit(_assembled, checkpoint, tensors, place, reading)
        assembling.add_done_callback(lambda _: reading.fractions.put(None))
        try:
            while (fraction := reading.fractions.get()) is not None:
                yield LoadProgress("reading_weights", fraction)
                if stop():
                    return None
            return assembling.result()
        finally:
            reading.is_over = True


def _assembled(checkpoint: Checkpoint, tensors: dict[str, StoredTensor], place: Place, reading: _Reading) -> Any:
    """The library's model with these weights; it never sees the folder's other files, nor code that came with them."""
    import transformers
    from safetensors import safe_open

    transformers.utils.logging.set_verbosity_error()  # what is wrong is told below, in a sentence
    transformers.utils.logging.disable_progress_bar()
    family = "Qwen3VLMoe" if checkpoint.model_type == "qwen3_vl_moe" else "Qwen3VL"
    config = getattr(transformers, f"{family}Config").from_pretrained(checkpoint.folder)
    options: dict[str, Any] = {"attn_implementation": {"text_config": "sdpa", "vision_config": "sdpa"}}
    if has_flash_attention(place):
        options["attn_implementation"]["vision_config"] = "flash_attention_2"
    if place.kind == "cuda":
        options["device_map"] = {"": place.gpus[0]} if len(place.gpus) == 1 else "auto"
        if len(place.gpus) > 1:
            free = zip(place.gpus, place.free_bytes, strict=True)
            options["max_memory"] = {gpu: max(0, free_bytes - _LEFT_FREE_BYTES) for gpu, free_bytes in free}
    if checkpoint.weight_bits is not None:
        options["quantization_config"] = transformers.BitsAndBytesConfig(
            load_in_4bit=checkpoint.weight_bits == 4,  # noqa: PLR2004 - bits
            load_in_8bit=checkpoint.weight_bits == 8,  # noqa: PLR2004
            bnb_4bit_quant_type="nf4",
            bnb_4bit_compute_dtype=place.dtype,
            llm_int8_skip_modules=_KEPT_WHOLE,
        )
    with ExitStack() as opened:
        files = {
            path: opened.enter_context(safe_open(str(path), framework="pt"))
            for path in sorted({tensor.file for tensor in tensors.values()})
        }
        weights = {
            name: _TensorToRead(files[tensor.file].get_slice(name), tensor.count, reading)
            for name, tensor in tensors.items()
        }
        model, report = getattr(transformers, f"{family}ForConditionalGeneration").from_pretrained(
            None,
            config=config,
            state_dict=weights,
            dtype=place.dtype,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # they are told below too
            **options,
        )
    missing = sorted(report["missing_keys"]) + [str(entry) for entry in sorted(report["mismatched_keys"])]
    if missing:
        message = f"{len(missing)} tensors are missing or of another size, such as {missing[0]}"
        raise ValueError(message)
    unknown = sorted(name for name in report["unexpected_keys"] if _LAYER_NAME.search(name))
    if unknown:
        message = f"{len(unknown)} tensors belong to layers that the configuration does not know, such as {unknown[0]}"
        raise ValueError(message)
    model = model.eval().requires_grad_(False)
    if checkpoint.adapter is not None:
        put_on(model, checkpoint.adapter, place.dtype)
    return model


def has_flash_attention(place: Place) -> bool:
    """Whether the package flash-attn, in a version that transformers takes, is installed and made for these GPUs."""
    if place.kind != "cuda":
        return False
    import torch
    from transformers.utils import is_flash_attn_2_available

    capabilities = [torch.cuda.get_device_capability(gpu) for gpu in place.gpus]
    return min(capabilities) >= _FLASH_CAPABILITY and bool(is_flash_attn_2_available())
