from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

import pytest
from huggingface_hub import scan_cache_dir

from app.core.checkpoint import find_checkpoint
from app.core.errors import ModelError, UserError
from app.core.models.hub_cache import UnfinishedDownload, unfinished_downloads
from app.core.models.library import installed_models
from app.core.models.removal import freed_by_removing, remove, what_goes
from tests.whole_model import cached, write_whole_model

if TYPE_CHECKING:
    from pathlib import Path

    from app.core.models.library import InstalledModel

A, B = "a" * 40, "b" * 40
REPOSITORY = "Qwen/Qwen3-VL-4B-Instruct"

pytestmark = pytest.mark.usefixtures("hub_cache", "home")


def model_of(model_id: str | Path, *own_folders: Path) -> InstalledModel:
    return next(model for model in installed_models(own_folders) if model.model_id == str(model_id))


def bytes_in(folder: Path) -> int:
    """Of its files, links not followed."""
    return sum(file.lstat().st_size for file in folder.rglob("*") if file.is_file() and not file.is_symlink())


def test_the_only_revision_goes_with_its_repository(hub_cache: Path, tmp_path: Path) -> None:
    cached(hub_cache, REPOSITORY, write_whole_model(tmp_path / "files"), A)
    cached(hub_cache, "someone/other", write_whole_model(tmp_path / "files"), A)
    model = model_of(REPOSITORY)
    before = bytes_in(hub_cache)
    ref_bytes = len(A)
    freed = freed_by_removing(model)
    assert remove(model) == freed == before - bytes_in(hub_cache) - ref_bytes
    assert [folder.name for folder in hub_cache.iterdir()] == ["models--someone--other"]
    assert [model.model_id for model in installed_models()] == ["demo", "someone/other"], "of the very same commit"


def test_what_another_revision_needs_stays_and_is_not_counted(hub_cache: Path, tmp_path: Path) -> None:
    old = write_whole_model(tmp_path / "old", size_bytes=5_000)
    new = write_whole_model(tmp_path / "new", size_bytes=70_000)
    cached(hub_cache, REPOSITORY, old, A, is_main=False)
    cached(hub_cache, REPOSITORY, new, B)
    model = model_of(REPOSITORY)
    assert model.revision == B
    assert freed_by_removing(model) == (new / "model.safetensors").stat().st_size
    before = bytes_in(hub_cache / "models--Qwen--Qwen3-VL-4B-Instruct" / "blobs")
    assert remove(model) == before - bytes_in(hub_cache / "models--Qwen--Qwen3-VL-4B-Instruct" / "blobs")
    left = model_of(REPOSITORY)
    assert left.revision == A, "the plain name stands for what is left"
    assert not scan_cache_dir(hub_cache).warnings


def test_a_blob_that_repositories_share_is_freed_with_the_last_of_them(hub_cache: Path, tmp_path: Path) -> None:
    files = write_whole_model(tmp_path / "files", size_bytes=50_000)
    shared = hub_cache / "blobs" / "ab" / ("ab" * 32)
    shared.parent.mkdir(parents=True)
    (hub_cache / "blobs" / ".huggingface-shared-blobs").write_text("1\n")
    for repository in (REPOSITORY, "someone/copy"):
        blob = (cached(hub_cache, repository, files, A) / "model.safetensors").resolve()
        blob.replace(shared)
        blob.symlink_to(os.path.relpath(shared, blob.parent))
        with shared.with_name(f"{shared.name}.refs").open("a") as refs:
            refs.write(f"{blob.relative_to(hub_cache).as_posix()}\n")
    size = shared.stat().st_size
    assert remove(model_of(REPOSITORY)) < size
    assert shared.exists()
    last = model_of("someone/copy")
    assert freed_by_removing(last) > size
    assert remove(last) > size
    assert not shared.exists()


def test_a_repository_with_a_broken_link_and_a_lost_branch_can_be_removed_too(hub_cache: Path, tmp_path: Path) -> None:
    snapshot = cached(hub_cache, REPOSITORY, write_whole_model(tmp_path / "files"), A)
    other = snapshot.parent / B
    other.mkdir()
    (other / "config.json").symlink_to("../../blobs/gone")
    (snapshot.parents[1] / "refs" / "main").write_text("c" * 40)
    assert scan_cache_dir(hub_cache).warnings, "the library would leave it out"
    remove(model_of(REPOSITORY))
    assert not snapshot.exists()
    assert [model.model_id for model in installed_models()] == ["demo"]


def test_a_cache_without_links_is_freed_too(hub_cache: Path) -> None:
    snapshot = write_whole_model(hub_cache / "models--Qwen--Qwen3-VL-4B-Instruct" / "snapshots" / A)
    size = bytes_in(snapshot)
    assert remove(model_of(REPOSITORY)) == size
    assert list(hub_cache.iterdir()) == []


def test_what_came_of_a_download_stays_to_be_gone_on_with(hub_cache: Path, tmp_path: Path) -> None:
    snapshot = cached(hub_cache, REPOSITORY, write_whole_model(tmp_path / "files"), A)
    blobs = snapshot.parents[1] / "blobs"
    part, whole = blobs / f"{'c' * 64}.viewfinder-part", blobs / ("d" * 64)
    part.write_bytes(bytes(1000))
    whole.write_bytes(bytes(500))
    assert unfinished_downloads(hub_cache) == (UnfinishedDownload(REPOSITORY, 1500),)
    freed = freed_by_removing(model_of(REPOSITORY))
    before = bytes_in(blobs)
    assert remove(model_of(REPOSITORY)) == freed == before - 1500
    assert sorted(blobs.iterdir()) == [part, whole]
    assert unfinished_downloads(hub_cache) == (UnfinishedDownload(REPOSITORY, 1500),)
    assert [model.model_id for model in installed_models()] == ["demo"]
    with pytest.raises(ModelError, match=r"is only downloaded in part\. Go on under “Models”"):
        find_checkpoint(REPOSITORY)


def test_a_finished_repository_has_nothing_unfinished(hub_cache: Path, tmp_path: Path) -> None:
    snapshot = cached(hub_cache, REPOSITORY, write_whole_model(tmp_path / "files"), A)
    (snapshot.parents[1] / "blobs" / f"{'c' * 64}.incomplete").write_bytes(b"left by another program")
    assert unfinished_downloads(hub_cache) == ()
    (hub_cache / "models--someone--begun" / "blobs").mkdir(parents=True)
    assert unfinished_downloads(hub_cache) == ()
    (hub_cache / "models--someone--begun" / "blobs" / ("e" * 40)).write_bytes(b"whole, and nothing else yet")
    assert unfinished_downloads(hub_cache) == (UnfinishedDownload("someone/begun", 27),)


def test_a_folder_is_deleted_for_good_or_moved_to_the_trash(tmp_path: Path) -> None:
    folder, trash = write_whole_model(tmp_path / "m"), tmp_path / "trash"
    model = model_of(folder, folder)
    assert what_goes(model) == f"The folder {folder} is deleted for good, with all its files."
    assert what_goes(model, is_trash_there=True) == f"The folder {folder} is moved to the trash, with all its files."
    size = bytes_in(folder)
    assert remove(model, to_trash=lambda folder: bool(folder.rename(trash))) == size
    assert bytes_in(trash) == size
    trash.rename(folder)
    assert remove(model) == size
    assert not folder.exists()


def test_without_a_trash_that_takes_it_the_folder_stays(tmp_path: Path) -> None:
    folder = write_whole_model(tmp_path / "m")
    with pytest.raises(UserError, match="cannot be moved to the trash"):
        remove(model_of(folder, folder), to_trash=lambda _: False)
    assert folder.exists()


def test_of_a_linked_model_only_the_link_goes(home: Path, tmp_path: Path) -> None:
    real = write_whole_model(tmp_path / "elsewhere" / "m")
    link = home / ".lmstudio" / "models" / "someone" / "m"
    link.parent.mkdir(parents=True)
    link.symlink_to(real)
    model = model_of(real)
    assert "Only the link" in what_goes(model)
    assert (freed_by_removing(model), remove(model)) == (0, 0)
    assert not link.exists()
    assert (real / "model.safetensors").exists()


@pytest.mark.parametrize("name", ["thesis.docx", "data/", ".git/", "train.py"])
def test_a_folder_with_anything_else_in_it_is_left_alone(tmp_path: Path, name: str) -> None:
    folder = write_whole_model(tmp_path / "m")
    (folder / ".cache").mkdir()
    if name.endswith("/"):
        (folder / name).mkdir()
    else:
        (folder / name).touch()
    with pytest.raises(UserError, match=f"no part of the model: {name.rstrip('/')}"):
        remove(model_of(folder, folder))
    assert (folder / "model.safetensors").exists()


def test_the_model_in_use_and_the_demo_stay(hub_cache: Path, tmp_path: Path) -> None:
    snapshot = cached(hub_cache, REPOSITORY, write_whole_model(tmp_path / "files"), A)
    with pytest.raises(UserError, match=r"is in use\. Choose another model first"):
        remove(model_of(REPOSITORY), used_folder=snapshot)
    with pytest.raises(UserError, match="a part of the program"):
        remove(model_of("demo"))
    assert snapshot.exists()


@pytest.mark.parametrize("is_cached", [True, False])
def test_what_somebody_else_removed_meanwhile_is_no_fault(hub_cache: Path, tmp_path: Path, is_cached: bool) -> None:
    files = write_whole_model(tmp_path / "files")
    cached(hub_cache, REPOSITORY, files, A)
    model = model_of(REPOSITORY if is_cached else files, files)
    shutil.rmtree(hub_cache)
    shutil.rmtree(files)
    assert (freed_by_removing(model), remove(model)) == (0, 0)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may delete anything")
def test_what_may_not_be_deleted_is_told(tmp_path: Path) -> None:
    folder = write_whole_model(tmp_path / "m")
    model = model_of(folder, folder)
    folder.chmod(0o500)
    try:
        with pytest.raises(UserError, match="cannot be deleted"):
            remove(model)
    finally:
        folder.chmod(0o700)


def test_a_folder_that_stays_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(folder: Path) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    folder = write_whole_model(tmp_path / "m")
    monkeypatch.setattr("shutil.rmtree", fail)
    with pytest.raises(UserError, match=r"cannot be deleted\. Check its permissions"):
        remove(model_of(folder, folder))
