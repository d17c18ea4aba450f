"""What the self-test tries of MLX alone, before any model is read.

Thread: each function on one thread, not the main one; `end` as its last.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app.core.machine import is_apple_silicon
from app.core.trials import Found, TrialError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_METALLIB = "mlx.metallib"
_LEAST_METALLIB_BYTES = 1 << 20
"""The whole library has over a hundred million; one that only links to others has some thousands."""


def device() -> Found:
    """What MLX computes on.

    Raises:
        TrialError: It is an Apple processor whose GPU MLX does not use.
    """
    mx = _runtime()
    default = mx.default_device()
    kind = "gpu" if default.type == mx.DeviceType.gpu else "cpu"
    has_metal = bool(mx.metal.is_available())
    name = str(mx.device_info().get("device_name", "")) or "unknown"
    versions = {"mlx": str(mx.__version__), "mlx-vlm": importlib.metadata.version("mlx-vlm")}
    if is_apple_silicon() and not (has_metal and kind == "gpu"):
        metal = "there" if has_metal else "not there"
        raise TrialError(f"MLX would compute on {default}, not on the GPU ({name}); Metal is {metal}.", versions)
    return Found(f"{name}, {kind}, Metal {'yes' if has_metal else 'no'}", versions, f"{name} ({kind})")


def product(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float32]:
    """The product of two matrices as the device computes it."""
    mx = _runtime()
    result = mx.array(left) @ mx.array(right)
    mx.eval(result)
    return np.array(result)


def kernels() -> Found:
    """The file of Metal's kernels, which MLX looks for beside its own library.

    Raises:
        TrialError: It is not there or cut off.
    """
    if not is_apple_silicon():
        return Found("only on a Mac", is_applicable=False)
    core = Path(str(_runtime().__file__)).parent
    folders = dict.fromkeys(library.parent for library in (*core.glob("lib/libmlx*"), *core.parent.glob("libmlx*")))
    if not folders:
        raise TrialError(f"There is no libmlx in {core / 'lib'} or {core.parent}.")
    found = []
    for folder in folders:
        file = folder / _METALLIB
        try:
            size_bytes = file.stat().st_size
        except OSError as error:
            raise TrialError(f"Beside libmlx in {folder} there is no {_METALLIB}: {error.strerror}.") from error
        if size_bytes < _LEAST_METALLIB_BYTES:
            raise TrialError(f"{file} has only {size_bytes} bytes.")
        found.append(f"{file} ({size_bytes / 1e6:.0f} MB)")
    return Found(", ".join(found))


def end() -> None:
    """Lets go of what MLX holds on this thread, or the process may abort at its end."""
    runtime = sys.modules.get("mlx.core")
    if runtime is not None:
        runtime.clear_streams()


def _runtime() -> Any:
    return importlib.import_module("mlx.core")
