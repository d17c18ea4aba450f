"""What the window asks about models, answered by the disk alone: every connection is refused in tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.core.errors import UserError
from app.core.machine import MachineMemory
from app.core.models.last_uses import note_use
from app.core.models.store import LocalModels
from app.core.settings import ModelSettings, Settings
from tests.sharded_demo import sharded_demo
from tests.whole_model import cached, write_whole_model

if TYPE_CHECKING:
    from pathlib import Path

    from app.core.models.fit import MemoryNeed
    from app.core.models.library import InstalledModel
    from app.core.paths import Profile

REPOSITORY = "house/tiny"

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def store(profile: Profile) -> LocalModels:
    return LocalModels(profile, "auto")


def here(store: LocalModels, model_id: str, settings: Settings) -> InstalledModel:
    return next(model for model in store.installed(settings) if model.model_id == model_id)


@pytest.mark.parametrize("is_offline", [False, True])
def test_everything_about_models_that_are_here_is_told_without_a_connection(
    store: LocalModels, profile: Profile, hub_cache: Path, tmp_path: Path, is_offline: bool
) -> None:
    files = tmp_path / "files"
    files.mkdir()
    for name, content in sharded_demo().items():
        (files / name).write_bytes(content)
    snapshot = cached(hub_cache, REPOSITORY, files, "a" * 40)
    own = write_whole_model(tmp_path / "own")
    settings = Settings(model_folders=(own,), is_offline=is_offline)
    memory = store.memory()
    assert {model.model_id for model in store.installed(settings)} == {"demo", REPOSITORY, str(own)}
    note_use(profile.last_uses_file, REPOSITORY)
    model = here(store, REPOSITORY, settings)
    assert model.last_used is not None
    fit = store.fit_of(model, settings, memory)
    assert fit is not None
    assert fit.mark == "fits"
    assert store.fit_of(here(store, str(own), settings), settings, memory) is None, "its shape is not told"
    assert store.catalogue().models
    assert store.remove(model, None, lambda _: False) == sum(file.stat().st_size for file in files.iterdir())
    assert not snapshot.exists()
    moved: list[Path] = []

    def to_trash(folder: Path) -> bool:
        moved.append(folder)
        return bool(folder.rename(tmp_path / "trash"))

    kept = here(store, str(own), settings)
    with pytest.raises(UserError, match="is in use"):
        store.remove(kept, own, to_trash)
    assert store.freed_by_removing(kept) == store.remove(kept, None, to_trash)
    assert moved == [own]


def test_a_model_is_marked_as_it_would_be_loaded(store: LocalModels, hub_cache: Path, tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    for name, content in sharded_demo().items():
        (files / name).write_bytes(content)
    cached(hub_cache, REPOSITORY, files, "a" * 40)
    memory = MachineMemory("metal", 8 << 30, 12 << 30)
    model = here(store, REPOSITORY, Settings())

    def need(own: ModelSettings) -> MemoryNeed:
        fit = store.fit_of(model, Settings(models={REPOSITORY: own}), memory)
        assert fit is not None
        return fit.need

    usual = need(ModelSettings())
    assert need(ModelSettings(context_tokens=2_048)).cache_bytes < usual.cache_bytes
    assert need(ModelSettings()) == usual
    small = MachineMemory("metal", 1 << 20, 12 << 30)
    fit = store.fit_of(model, Settings(), small)
    assert fit is not None
    assert (fit.mark, fit.memory) == ("too_large", small)


def test_offline_the_hub_is_not_asked(store: LocalModels) -> None:
    with pytest.raises(UserError, match="is offline"):
        store.look_up(REPOSITORY, Settings(is_offline=True), store.memory())
