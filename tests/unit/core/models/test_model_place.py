"""The folder that models are kept in: what may be one, what is said of one that is none, and what follows from it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from app.core.checkpoint import find_checkpoint
from app.core.errors import ModelError, UserError
from app.core.models.cache_folder import CacheFolder
from app.core.models.fetching import fetch
from app.core.models.hub_cache import hub_cache_dir, keep_models_in
from app.core.models.library import installed_models
from app.core.models.model_place import checked_place, place_fault
from tests.served_model import access_to, repository_of
from tests.whole_model import cached, write_whole_model

if TYPE_CHECKING:
    from pathlib import Path

    from filelock import BaseFileLock

    from app.core.models.hub_answers import RepositoryFile
    from tests.hub_server import HubServer

ID = "house/tiny"
TINY = {"config.json": b"{}", "model.safetensors": b"x" * 1000}
ONE = {"model.safetensors": b"x" * 1000}
"""Of several files each comes on a thread of its own; then one may be under way while the disk goes for another."""
A = "a" * 40


def listed(*own_folders: Path) -> set[str]:
    return {model.model_id for model in installed_models(own_folders)} - {"demo"}


def test_a_folder_that_was_chosen_stands_before_the_variables(hub_cache: Path, tmp_path: Path) -> None:
    files = write_whole_model(tmp_path / "files")
    cached(hub_cache, "house/old", files, A)
    cached(tmp_path / "disk", "house/new", files, A)
    assert listed() == {"house/old"}
    keep_models_in(tmp_path / "disk")
    assert hub_cache_dir() == tmp_path / "disk"
    assert listed() == {"house/new"}
    assert find_checkpoint("house/new").revision == A
    keep_models_in(None)
    assert hub_cache_dir() == hub_cache
    assert listed() == {"house/old"}


@pytest.mark.parametrize("below", ["", "hub"])
def test_a_cache_elsewhere_lists_its_models_as_a_folder_of_ones_own(
    hub_cache: Path, tmp_path: Path, below: str
) -> None:
    snapshot = cached(tmp_path / "old" / below, "house/old", write_whole_model(tmp_path / "files"), A)
    assert hub_cache.is_dir()
    (model,) = (one for one in installed_models([tmp_path / "old"]) if one.model_id != "demo")
    assert (model.name, model.folder, model.source, model.revision) == ("old", snapshot, "hugging_face", A)
    assert find_checkpoint(model.model_id).folder == snapshot


def test_what_is_named_is_a_cache_or_has_one_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, cache = tmp_path / "hf", tmp_path / "hf" / "hub"
    cache.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert checked_place("  ") is None
    assert checked_place(f" {home}/ ") == cache
    assert checked_place("~/hf/hub") == cache
    (cache / "hub").mkdir()
    (cache / "models--a--b").mkdir()
    assert checked_place(str(cache)) == cache, "it is one itself"
    assert checked_place(str(tmp_path)) == tmp_path


@pytest.mark.parametrize("named", ["models", "~nobody-here/models", "/models\0", "./hub"])
def test_what_is_no_path_is_said(named: str) -> None:
    with pytest.raises(UserError, match="not the whole path"):
        checked_place(named)


def test_a_folder_in_which_nothing_can_be_kept_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    for name, said in (("gone", "is missing"), ("file", "is not a folder"), ("x" * 300, "is missing")):
        with pytest.raises(UserError, match=said):
            checked_place(str(tmp_path / name))
    assert place_fault(tmp_path) is None
    monkeypatch.setattr(os, "access", lambda *_: False)  # whoever runs this may be root
    with pytest.raises(UserError, match="may not be written") as raised:
        checked_place(str(tmp_path))
    assert "choose another folder" in raised.value.said.hint


def test_a_place_that_is_missing_lists_nothing_and_is_not_made(hub: HubServer, hub_cache: Path, tmp_path: Path) -> None:
    hub.add(ID, TINY)
    cached(hub_cache, "house/old", write_whole_model(tmp_path / "files"), A)
    gone = tmp_path / "disk" / "models"
    keep_models_in(gone)
    assert listed() == set()
    with pytest.raises(ModelError, match="is missing") as unfound:
        find_checkpoint("house/old")
    assert unfound.value.said.detail == str(gone)
    with pytest.raises(UserError, match="is missing") as raised:
        list(fetch(repository_of(hub, ID), access_to(hub), lambda: False))
    assert "Where models are kept" in raised.value.said.hint
    assert not gone.parent.exists()
    gone.mkdir(parents=True)
    assert [progress.stage for progress in fetch(repository_of(hub, ID), access_to(hub), lambda: False)][-1] == "done"
    assert (gone / "models--house--tiny").is_dir()


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A disk that models are kept on."""
    folder = tmp_path / "disk"
    folder.mkdir()
    keep_models_in(folder)
    return folder


def test_a_disk_that_goes_in_the_middle_is_said_and_not_made_anew(
    hub: HubServer, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.add(ID, ONE)
    really_open = os.open

    def unplug(path: Path, flags: int, *rest: int) -> int:
        if "viewfinder-part" in str(path) and disk.is_dir():
            disk.rename(disk.with_name("unplugged"))
        return really_open(path, flags, *rest)

    monkeypatch.setattr("app.core.models.part_file.os.open", unplug)
    with pytest.raises(UserError, match="is missing"):
        list(fetch(repository_of(hub, ID), access_to(hub), lambda: False))
    assert not disk.exists()


def test_a_disk_that_goes_before_a_file_is_begun_is_not_made_anew_by_its_lock(
    hub: HubServer, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.add(ID, ONE)
    really_lock = CacheFolder.content_lock

    def unplug(folder: CacheFolder, file: RepositoryFile) -> BaseFileLock:
        if disk.is_dir():
            disk.rename(disk.with_name("unplugged"))
        return really_lock(folder, file)

    monkeypatch.setattr(CacheFolder, "content_lock", unplug)
    with pytest.raises(UserError, match="is missing"):
        list(fetch(repository_of(hub, ID), access_to(hub), lambda: False))
    assert not disk.exists()
