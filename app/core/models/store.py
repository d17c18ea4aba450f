"""What the window asks about models, whoever answers: the disk and the Hub, or a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from app.core.machine import MachineMemory
    from app.core.models.catalogue import Catalogue
    from app.core.models.fit import Fit
    from app.core.models.library import InstalledModel
    from app.core.models.repository import Repository
    from app.core.paths import Profile
    from app.core.settings import Settings

_WHOLE_BITS = 16


class ModelStore(Protocol):
    """Every method may take long, as a disk or a server does.

    Thread: any but the main one.
    """

    def catalogue(self) -> Catalogue:
        """The models that can be offered."""
        ...

    def memory(self) -> MachineMemory:
        """What this machine can give a model, and what runs models here."""
        ...

    def installed(self, settings: Settings) -> tuple[InstalledModel, ...]:
        """The whole models on this machine, those of the person's own folders among them."""
        ...

    def fit_of(self, model: InstalledModel, settings: Settings, memory: MachineMemory) -> Fit | None:
        """How an installed model goes with the machine as the settings have it; None where its files do not tell."""
        ...

    def freed_by_removing(self, model: InstalledModel) -> int:
        """How many bytes removing a model would free."""
        ...

    def remove(self, model: InstalledModel, used_folder: Path | None, to_trash: Callable[[Path], bool]) -> int:
        """Removes a model and gives how many bytes that freed.

        Args:
            model: To be removed.
            used_folder: That of the model in memory, which is not removed.
            to_trash: Moves a folder to the system's trash and tells whether it could.

        Raises:
            UserError: It cannot be removed.
        """
        ...

    def look_up(self, model_id: str, settings: Settings, memory: MachineMemory) -> tuple[Repository, Fit | None]:
        """What the Hub says about a repository, and how its model goes with the machine.

        Raises:
            UserError: It cannot be asked, as without a network.
            ModelError: There is no such repository, or it cannot be used.
        """
        ...

    def keep_size(self, model_id: str, revision: str, size_bytes: int) -> None:
        """Remembers how large a repository is at a commit, as the Hub told."""
        ...


class LocalModels:
    """The models on this machine and on the Hub.

    Args:
        profile: Where the person's additions to the catalogue are, and what is remembered of models.
        backend: A name of the backend table, or ``auto``.
    """

    def __init__(self, profile: Profile, backend: str) -> None:
        self._profile = profile
        self._backend = backend
        self._fits: dict[tuple[object, ...], Fit | None] = {}

    def catalogue(self) -> Catalogue:
        """The program's list and what the person's file adds to it."""
        from app.core.models.catalogue import read_catalogue  # noqa: PLC0415 - on a thread, when asked for

        return read_catalogue(self._profile.catalogue_file, self._profile.told_sizes_file)

    def memory(self) -> MachineMemory:
        """What this machine can give a model."""
        from app.core.machine import machine_memory, runtime_of  # noqa: PLC0415 - on a thread, when asked for

        return machine_memory(runtime_of(self._backend))

    def installed(self, settings: Settings) -> tuple[InstalledModel, ...]:
        """The whole models on this machine."""
        from app.core.models.last_uses import read_last_uses  # noqa: PLC0415 - on a thread, when asked for
        from app.core.models.library import installed_models  # noqa: PLC0415 - on a thread, when asked for

        return installed_models(settings.model_folders, read_last_uses(self._profile.last_uses_file))

    def fit_of(self, model: InstalledModel, settings: Settings, memory: MachineMemory) -> Fit | None:
        """How an installed model goes with the machine as it was chosen; read once as long as all that stays."""
        from app.core.models.checkpoint_fit import fit_of_installed  # noqa: PLC0415 - on a thread, when asked for

        own = settings.of(model.model_id)
        chosen = (own.weight_bits, own.context_tokens, own.max_image_tokens)
        key = (str(model.folder), model.revision, model.size_bytes, memory, chosen)
        if key not in self._fits:
            self._fits[key] = fit_of_installed(model, own, memory)
        return self._fits[key]

    def freed_by_removing(self, model: InstalledModel) -> int:
        """How many bytes removing a model would free."""
        from app.core.models.removal import freed_by_removing  # noqa: PLC0415 - on a thread, when asked for

        return freed_by_removing(model)

    def remove(self, model: InstalledModel, used_folder: Path | None, to_trash: Callable[[Path], bool]) -> int:
        """Removes a model and gives how many bytes that freed."""
        from app.core.models.removal import remove  # noqa: PLC0415 - on a thread, when asked for

        return remove(model, used_folder=used_folder, to_trash=to_trash)

    def look_up(self, model_id: str, settings: Settings, memory: MachineMemory) -> tuple[Repository, Fit | None]:
        """What the Hub says about a repository; its size is remembered."""
        from app.core.models.access import hub_access  # noqa: PLC0415 - on a thread, when asked for
        from app.core.models.repository import look_up  # noqa: PLC0415 - on a thread, when asked for

        found = look_up(model_id, hub_access(settings), runtime=memory.runtime)
        self.keep_size(found.model_id, found.revision, found.size_bytes)
        return found, _fit_of(found, memory)

    def keep_size(self, model_id: str, revision: str, size_bytes: int) -> None:
        """Remembers how large a repository is at a commit, as the Hub told."""
        from app.core.models.told_sizes import ToldSize, keep_told_size  # noqa: PLC0415 - on a thread, when asked for

        keep_told_size(self._profile.told_sizes_file, model_id, ToldSize(revision, size_bytes))


def _fit_of(found: Repository, memory: MachineMemory) -> Fit | None:
    """How a repository's model goes with the machine, as far as its configuration tells."""
    from app.core.errors import ModelError  # noqa: PLC0415 - on a thread, when asked for
    from app.core.models.fit import Fit, mark, memory_need  # noqa: PLC0415
    from app.core.models.model_shape import shape_of  # noqa: PLC0415

    quantisation = found.config.get("quantization") or found.config.get("quantization_config") or {}
    bits = quantisation.get("bits") if isinstance(quantisation, dict) else None
    try:
        shape = shape_of(found.config)
    except ModelError:
        return None
    need = memory_need(shape, bits if isinstance(bits, int) else _WHOLE_BITS, on=memory)
    return Fit(need, mark(need, memory), memory)
