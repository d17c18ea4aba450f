"""What the self-test tries of the libraries and of the device that models run on."""

from __future__ import annotations

import importlib
import importlib.metadata
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from app.backends.table import AUTOMATIC, choose_backend
from app.core.machine import is_apple_silicon
from app.core.trials import Found, TrialError

if TYPE_CHECKING:
    from collections.abc import Callable

_LIBRARIES = (
    ("numpy", "numpy"),
    ("Pillow", "PIL"),
    ("pillow-heif", "pillow_heif"),
    ("av", "av"),
    ("tokenizers", "tokenizers"),
    ("huggingface_hub", "huggingface_hub"),
    ("httpx2", "httpx2"),
)
_Result = TypeVar("_Result")
_TRIALS = {"mlx": "app.backends.trial_mlx", "transformers": "app.backends.trial_torch"}


def try_libraries() -> Found:
    """Imports every library that is neither Qt nor a runtime, and tells its version.

    Raises:
        TrialError: Some cannot be imported; the others' versions are told all the same.
    """
    versions: dict[str, str] = {}
    faults = [fault for name, module in _LIBRARIES if (fault := _import_fault(name, module, versions))]
    if faults:
        raise TrialError("; ".join(faults), versions)
    return Found(", ".join(f"{name} {version}" for name, version in versions.items()), versions)


def _import_fault(name: str, module_name: str, versions: dict[str, str]) -> str:
    """Why a library cannot be imported; empty where it can, with its version noted."""
    try:
        module = importlib.import_module(module_name)
        versions[name] = str(getattr(module, "__version__", "")) or importlib.metadata.version(name)
        if name == "av":
            versions["FFmpeg"] = str(module.ffmpeg_version_info)
    except Exception as error:  # noqa: BLE001 - a library that is broken raises anything
        return f"{name}: {type(error).__name__}: {error}"
    return ""


class DeviceTrial:
    """Asks the runtime that this machine would use, on a thread of its own. `close` must be its end."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "runtime")
        self._trial: Any = None

    def device(self) -> Found:
        """What models run on.

        Raises:
            TrialError: There is no runtime, or it does not use the GPU that it could use.
        """
        found: Found = self._on_thread(lambda: self._of_runtime().device())
        return found

    def product(self) -> Found:
        """Multiplies two matrices of whole numbers, so that the product is known to the last digit.

        Raises:
            TrialError: The product is wrong.
        """
        import numpy as np  # noqa: PLC0415 - slow to import

        left = (np.arange(192 * 320).reshape(192, 320) % 17 - 8).astype(np.float32)
        right = (np.arange(320 * 256).reshape(320, 256) % 13 - 6).astype(np.float32)
        told = self._on_thread(lambda: self._of_runtime().product(left, right))
        right_product = left.astype(np.int64) @ right.astype(np.int64)
        wrong = int(np.count_nonzero(told != right_product)) if told.shape == right_product.shape else told.size
        if wrong:
            raise TrialError(f"Of {right_product.size} numbers of the product {wrong} are wrong.")
        return Found(f"192x320 by 320x256, all {right_product.size} numbers right")

    def kernels(self) -> Found:
        """The file of Metal's kernels.

        Raises:
            TrialError: It is not where MLX looks for it.
        """
        found: Found = self._on_thread(lambda: self._of_runtime().kernels())
        return found

    def close(self) -> None:
        """Lets go of the runtime on the thread that used it."""
        if self._trial is not None:
            self._on_thread(self._trial.end)
        self._thread.shutdown()

    def _of_runtime(self) -> Any:
        if self._trial is None:
            # On a Mac nothing but MLX will do: another runtime would only hide that it is broken.
            backend = choose_backend("mlx" if is_apple_silicon() else AUTOMATIC)
            self._trial = importlib.import_module(_TRIALS[backend.name])
        return self._trial

    def _on_thread(self, work: Callable[[], _Result]) -> _Result:
        return self._thread.submit(work).result()
