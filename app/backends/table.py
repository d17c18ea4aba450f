"""Every backend by name; a backend's module is imported only when it is made."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from app.core.errors import ModelError, Sentence

if TYPE_CHECKING:
    from app.core.backend import Backend


@dataclass(frozen=True, slots=True)
class BackendEntry:
    """One row of the table.

    Attributes:
        name: What a person writes after ``--backend``.
        target: ``module:Class``; empty for what is not in this version.
        needs: Packages that must be installed.
        hint: How to get them.
        is_in_this_version: Whether it can be had at all; a name that a later version brings is known already.
    """

    name: str
    target: str
    needs: tuple[str, ...]
    hint: str
    is_in_this_version: bool = True

    def why_missing(self) -> str | None:
        """Why this backend cannot be used here, or None when it can; imports nothing."""
        if not self.is_in_this_version:
            return "not in this version yet"
        missing = [package for package in self.needs if importlib.util.find_spec(package) is None]
        return f"{' and '.join(missing)} not installed" if missing else None

    def make(self) -> Backend:
        """A new backend object; its runtime is imported when it first loads a model."""
        module_name, class_name = self.target.split(":")
        return cast("Backend", getattr(importlib.import_module(module_name), class_name)())


BACKENDS: dict[str, BackendEntry] = {
    entry.name: entry
    for entry in (
        BackendEntry("mlx", "app.backends.mlx_backend:MlxBackend", ("mlx", "mlx_vlm"), "pip install 'viewfinder[mlx]'"),
        BackendEntry("transformers", "", (), "", is_in_this_version=False),
        BackendEntry("fake", "app.backends.fake_backend:FakeBackend", (), ""),
    )
}
AUTOMATIC = "auto"
_AUTOMATIC_ORDER = ("mlx",)
CHOICES = (AUTOMATIC, *BACKENDS)


def choose_backend(name: str) -> BackendEntry:
    """The backend of this name, or for ``auto`` the first that is installed.

    Raises:
        ModelError: It is unknown, not in this version or not installed.
    """
    candidates = _AUTOMATIC_ORDER if name == AUTOMATIC else (name,)
    reasons = []
    for candidate in candidates:
        entry = BACKENDS.get(candidate)
        if entry is None:
            raise ModelError(
                Sentence("There is no backend “{name}”.", name=candidate),
                Sentence("Choose one of {names}.", names=", ".join(CHOICES)),
            )
        if not entry.is_in_this_version:
            others = [AUTOMATIC, *(other.name for other in BACKENDS.values() if other.is_in_this_version)]
            text = Sentence("The {name} backend is not in this version yet.", name=candidate)
            raise ModelError(text, Sentence("Choose one of {names}.", names=", ".join(others)))
        reason = entry.why_missing()
        if reason is None:
            return entry
        reasons.append(f"{entry.name}: {reason}; {entry.hint}")
    import platform  # noqa: PLC0415 - slow to import

    raise ModelError(
        Sentence("No backend can run here ({system}, {processor}).", system=sys.platform, processor=platform.machine()),
        "Install one.",
        "\n".join(reasons),
    )
