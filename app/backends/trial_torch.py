"""What the self-test tries of PyTorch alone, before any model is read. Thread: each function on one thread."""

from __future__ import annotations

import importlib
import importlib.metadata
from typing import TYPE_CHECKING, Any

from app.core.machine import has_nvidia_gpu
from app.core.trials import Found, TrialError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def device() -> Found:
    """What PyTorch computes on.

    Raises:
        TrialError: There is an NVIDIA GPU that it does not use.
    """
    torch = _runtime()
    versions = {"torch": str(torch.__version__), "transformers": importlib.metadata.version("transformers")}
    if torch.cuda.is_available():
        name = str(torch.cuda.get_device_name(0))
        return Found(f"{name}, CUDA {torch.version.cuda}", versions, f"{name} (gpu)")
    if has_nvidia_gpu():
        raise TrialError("PyTorch cannot use the NVIDIA GPU: “viewfinder doctor” says why.", versions)
    return Found("the processor", versions, "processor (cpu)")


def product(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float32]:
    """The product of two matrices as the device computes it."""
    torch = _runtime()
    place = "cuda" if torch.cuda.is_available() else "cpu"
    result = torch.from_numpy(left).to(place) @ torch.from_numpy(right).to(place)
    computed: NDArray[np.float32] = result.cpu().numpy()
    return computed


def kernels() -> Found:
    """PyTorch carries its kernels in its own libraries."""
    return Found("only with MLX on a Mac", is_applicable=False)


def end() -> None:
    """Nothing is held."""


def _runtime() -> Any:
    return importlib.import_module("torch")
