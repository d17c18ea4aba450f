"""Memory with PyTorch: what is held, running out of it and what is said then, giving back what failed work held."""

from __future__ import annotations

import gc
import traceback
from typing import Any

from app.core.backend import Memory
from app.core.errors import ErrorText

_WORDS = ("out of memory", "can't allocate memory", "alloc_failed")
"""Of drivers, of cuBLAS and of processors; PyTorch's own allocator on GPUs has an exception."""


def memory_of_gpus(torch: Any) -> Memory:
    """What PyTorch holds on all GPUs."""
    cuda = torch.cuda
    devices = range(cuda.device_count())
    return Memory(
        sum(cuda.memory_allocated(index) for index in devices),
        sum(cuda.max_memory_allocated(index) for index in devices),
    )


def is_out_of_memory(torch: Any, fault: BaseException) -> bool:
    """Whether a runtime's error says that there was not enough memory."""
    words = str(fault).lower()
    return isinstance(fault, (MemoryError, torch.OutOfMemoryError)) or any(known in words for known in _WORDS)


def out_of_memory(torch: Any, fault: BaseException) -> ErrorText | None:
    """Words for an answer that needed too much memory, which is given back, or None for any other fault."""
    if not is_out_of_memory(torch, fault):
        return None
    let_go(torch, fault)
    return ErrorText(
        "There was not enough memory for this answer.",
        "Lower the tokens per picture or video, show fewer of them, or choose a smaller model.",
        str(fault),
    )


def let_go(torch: Any, fault: BaseException) -> None:
    """Gives the memory of work that failed back to the system: the fault's traceback holds what was being computed."""
    cause: BaseException | None = fault
    while cause is not None:
        traceback.clear_frames(cause.__traceback__)
        cause = cause.__cause__ or cause.__context__
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
