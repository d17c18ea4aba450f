"""What the window asks about models, whoever answers: the disk and the Hub, or a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from app.core.machine import MachineMemory
    from app.core.models.catalogue import Catalogue, Runtime
    from app.core.models.library import InstalledModel
    from app.core.models.repository import Repository
    from app.core.settings import Settings


class ModelStore(Protocol):
    """Every method may take long, as a disk or a server does.

    Thread: any but the main one.
    """

    def runtime(self) -> Runtime:
        """What runs models here."""
        ...

    def catalogue(self) -> Catalogue:
        """The models that can be offered."""
        ...

    def memory(self, runtime: Runtime) -> MachineMemory:
        """What this machine can give a model under this runtime."""
        ...

    def installed(self, folders: Sequence[Path]) -> tuple[InstalledModel, ...]:
        """The whole models on this machine, those of the person's own folders among them."""
        ...

    def freed_by_removing(self, model: InstalledModel) -> int:
        """How many bytes removing a model would free."""
        ...

    def remove(self, model: InstalledModel) -> int:
        """Removes a model and gives how many bytes that freed.

        Raises:
            UserError: It cannot be removed.
        """
        ...

    def look_up(self, model_id: str, settings: Settings) -> Repository:
        """What the Hub says about a repository.

        Raises:
            UserError: It cannot be asked, as without a network.
            ModelError: There is no such repository, or it cannot be used.
        """
        ...


class LocalModels:
    """The models on this machine.

    Args:
        find_runtime: Gives what runs models here.
    """

    def __init__(self, find_runtime: Callable[[], Runtime]) -> None:
        self._find_runtime = find_runtime

    def runtime(self) -> Runtime:
        """What runs models here."""
        return self._find_runtime()

    def catalogue(self) -> Catalogue:
        """The models that can be offered."""
        from app.core.models.catalogue import Catalogue  # noqa: PLC0415 - on a thread, when asked for

        return Catalogue(())

    def memory(self, runtime: Runtime) -> MachineMemory:
        """What this machine can give a model under this runtime."""
        from app.core.machine import MachineMemory  # noqa: PLC0415 - on a thread, when asked for

        return MachineMemory("ram", 0, 0)

    def installed(self, folders: Sequence[Path]) -> tuple[InstalledModel, ...]:
        """The whole models on this machine."""
        from app.core.models.library import installed_models  # noqa: PLC0415 - on a thread, when asked for

        return installed_models(folders)

    def freed_by_removing(self, model: InstalledModel) -> int:
        """How many bytes removing a model would free."""
        from app.core.models.removal import freed_by_removing  # noqa: PLC0415 - on a thread, when asked for

        return freed_by_removing(model)

    def remove(self, model: InstalledModel) -> int:
        """Removes a model and gives how many bytes that freed."""
        from app.core.models.removal import remove  # noqa: PLC0415 - on a thread, when asked for

        return remove(model)

    def look_up(self, model_id: str, settings: Settings) -> Repository:
        """What the Hub says about a repository."""
        from app.core.models.access import hub_access  # noqa: PLC0415 - on a thread, when asked for
        from app.core.models.repository import look_up  # noqa: PLC0415 - on a thread, when asked for

        return look_up(model_id, hub_access(settings))
