"""Every backend by name; a backend's module is imported only when it is made."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from app.core.bundled import is_bundled
from app.core.errors import ModelError, Sentence
from app.core.machine import has_nvidia_gpu, is_apple_silicon

if TYPE_CHECKING:
    from app.core.backend import Backend


@dataclass(frozen=True, slots=True)
class BackendEntry:
    """One row of the table.

    Attributes:
        name: What a person writes after ``--backend``.
        target: ``module:Class``.
        needs: Packages that must be installed.
        hint: How to get them.
        processor_hint: How to get them where there is no NVIDIA GPU, if that is another way.
    """

    name: str
    target: str
    needs: tuple[str, ...]
    hint: str
    processor_hint: str = ""

    def how_to_install(self) -> str:
        """What to do here to have it; empty where nothing is needed or nothing can be done."""
        if is_bundled():
            return _WHOLE_AGAIN if self.name in _BUNDLED else ""
        return self.hint if not self.processor_hint or has_nvidia_gpu() else self.processor_hint

    def why_missing(self) -> str | None:
        """Why this backend cannot be used here, or None when it can; imports nothing."""
        missing = [package for package in self.needs if importlib.util.find_spec(package) is None]
        if missing and is_bundled() and self.name not in _BUNDLED:
            return "not part of the app, which carries MLX alone"
        return f"{' and '.join(missing)} not installed" if missing else None

    def make(self) -> Backend:
        """A new backend object; its runtime is imported when it first loads a model."""
        module_name, class_name = self.target.split(":")
        return cast("Backend", getattr(importlib.import_module(module_name), class_name)())


BACKENDS: dict[str, BackendEntry] = {
    entry.name: entry
    for entry in (
        BackendEntry("mlx", "app.backends.mlx_backend:MlxBackend", ("mlx", "mlx_vlm"), "pip install 'viewfinder[mlx]'"),
        BackendEntry(
            "transformers",
            "app.backends.transformers_backend:TransformersBackend",
            ("torch", "transformers"),
            "pip install 'viewfinder[cuda]'",
            "pip install 'viewfinder[cpu]'",
        ),
        BackendEntry("fake", "app.backends.fake_backend:FakeBackend", (), ""),
    )
}
_BUNDLED = ("mlx", "fake")
"""What the bundled program carries; nothing can be added to it."""
_WHOLE_AGAIN = "Install Viewfinder again."
AUTOMATIC = "auto"
CHOICES = (AUTOMATIC, *BACKENDS)


def automatic_order() -> tuple[str, ...]:
    """The backends that ``auto`` tries here, the best first: what drives the GPU, else MLX, the smaller to install."""
    return ("transformers", "mlx") if has_nvidia_gpu() and not is_apple_silicon() else ("mlx", "transformers")


def choose_backend(name: str) -> BackendEntry:
    """The backend of this name, or for ``auto`` the first that is installed.

    Raises:
        ModelError: It is unknown or not installed.
    """
    candidates = automatic_order() if name == AUTOMATIC else (name,)
    reasons = []
    for candidate in candidates:
        entry = BACKENDS.get(candidate)
        if entry is None:
            raise ModelError(
                Sentence("There is no backend “{name}”.", name=candidate),
                Sentence("Choose one of {names}.", names=", ".join(CHOICES)),
            )
        reason = entry.why_missing()
        if reason is None:
            return entry
        reasons.append("; ".join(part for part in (f"{entry.name}: {reason}", entry.how_to_install()) if part))
    if is_bundled():
        raise _not_bundled(name, "\n".join(reasons))
    if name != AUTOMATIC:
        raise ModelError(
            Sentence("The backend {name} is not installed.", name=name),
            Sentence(
                "Install it ({command}), or let the program choose (--backend auto).",
                command=BACKENDS[name].how_to_install(),
            ),
            "\n".join(reasons),
        )
    import platform  # noqa: PLC0415 - slow to import

    raise ModelError(
        Sentence("No backend can run here ({system}, {processor}).", system=sys.platform, processor=platform.machine()),
        "Install one.",
        "\n".join(reasons),
    )


def _not_bundled(name: str, reasons: str) -> ModelError:
    """What the bundled program says: nothing can be added to it, it can only be put in place anew."""
    if name in (AUTOMATIC, *_BUNDLED):
        return ModelError("MLX is missing in this app.", "Install Viewfinder again.", reasons)
    return ModelError(
        Sentence("The backend {name} is not part of this app, which carries MLX alone.", name=name),
        "Let the program choose (--backend auto).",
        reasons,
    )
