"""Removing a model: what is deleted, what that frees, and the deletion itself."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from app.core.errors import Sentence, UserError
from app.core.models.hub_cache import STAGING, unfinished_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from app.core.models.library import InstalledModel, UnusableModel

    Removable: TypeAlias = InstalledModel | UnusableModel

_MODEL_SUFFIXES = (".safetensors", ".json", ".jinja", ".txt", ".md", ".model", ".tiktoken")
_MODEL_NAMES = ("LICENSE", "NOTICE", ".DS_Store", ".gitattributes", ".gitignore", ".cache")
"""What a model's folder holds beside those; huggingface_hub leaves a ``.cache`` when it downloads to a folder."""


def what_goes(model: Removable, *, is_trash_there: bool = False) -> Sentence:
    """What removing it will do, as a sentence to ask by.

    Args:
        model: To be removed.
        is_trash_there: Whether a folder will be moved to the system's trash.
    """
    if model.source == "hugging_face":
        return Sentence(
            "{name} is deleted from the Hugging Face cache, for other programs too; it can be downloaded again.",
            name=model.model_id,
        )
    if model.folder.is_symlink():
        return Sentence("Only the link {folder} is deleted; the files it leads to stay.", folder=model.folder)
    if is_trash_there:
        return Sentence("The folder {folder} is moved to the trash, with all its files.", folder=model.folder)
    if model.source == "lm_studio":
        return Sentence("LM Studio’s folder {folder} is deleted for good, with all its files.", folder=model.folder)
    return Sentence("The folder {folder} is deleted for good, with all its files.", folder=model.folder)


def freed_by_removing(model: Removable) -> int:
    """The bytes that removing it gives back; what another revision or repository needs stays and is not counted.

    Thread: any but the main one, as folders are read.

    Raises:
        UserError: Its folder cannot be read.
    """
    if not os.path.lexists(model.folder):  # removed meanwhile, by whomever
        return 0
    try:
        return _freed_bytes(model)
    except OSError as error:
        raise UserError(
            Sentence("The folder {folder} cannot be read.", folder=model.folder), "Check its permissions.", str(error)
        ) from error


def _freed_bytes(model: Removable) -> int:
    if model.source == "hugging_face":
        return int(_strategy(model).expected_freed_size)
    return _freed_of_folder(model.folder)


def remove(model: Removable, *, used_folder: Path | None = None, to_trash: Callable[[Path], bool] | None = None) -> int:
    """Removes it. Thread: any but the main one.

    Args:
        model: To be removed.
        used_folder: That of the model in memory, or None.
        to_trash: Moves a folder to the system's trash and tells whether it could; None deletes for good. What is in the
            Hugging Face cache can be downloaded again and is never kept in the trash.

    Returns:
        The bytes given back, now or when the trash is emptied.

    Raises:
        UserError: It is in use, part of the program, or cannot be deleted; then nothing or not all of it is gone.
    """
    if not model.can_remove:
        raise UserError("The demo model is a part of the program.", "It takes very little room.")
    if used_folder is not None and os.path.realpath(used_folder) == os.path.realpath(model.folder):
        raise UserError(
            Sentence("The model {name} is in use.", name=model.name), "Choose another model first, then remove it."
        )
    if not os.path.lexists(model.folder):
        return 0
    try:
        if model.source == "hugging_face":
            freed_bytes = _remove_from_cache(model)
        else:
            freed_bytes = _remove_folder(model.folder, to_trash)
    except OSError as error:
        raise _stuck(model, str(error)) from error
    if os.path.lexists(model.folder):
        raise _stuck(model)
    return freed_bytes


def _stuck(model: Removable, detail: str = "") -> UserError:
    return UserError(
        Sentence("The folder {folder} cannot be deleted.", folder=model.folder),
        "Check its permissions, and that no other program uses it.",
        detail,
    )


def _remove_from_cache(model: Removable) -> int:
    strategy = _strategy(model)
    strategy.execute()
    return int(strategy.expected_freed_size)


def _strategy(model: Removable) -> Any:
    """huggingface_hub's own way to delete a revision: its links first, then the blobs that nothing else needs.

    The library's scan of the whole cache is not used: it leaves out a repository that has one broken link anywhere, and
    takes a revision for that of another repository with the same commit.
    """
    from huggingface_hub import CachedRepoInfo, CachedRevisionInfo, HFCacheInfo

    cache_dir = model.folder.parents[2]
    folder = model.folder.parents[1]
    refs = list(_refs(folder / "refs"))
    snapshots = [snapshot for snapshot in (folder / "snapshots").iterdir() if snapshot.is_dir()]
    if unfinished_bytes(folder):
        # One revision more, without files, so that the library keeps the folder and what came of a download in it.
        snapshots.append(folder / STAGING / "unfinished")
    revisions = [
        CachedRevisionInfo(
            commit_hash=snapshot.name,
            snapshot_path=snapshot,
            size_on_disk=0,
            files=frozenset(_cached_files(snapshot)),
            refs=frozenset(name for name, commit in refs if commit == snapshot.name),
            last_modified=0.0,
        )
        for snapshot in snapshots
    ]
    repository = CachedRepoInfo(
        repo_id=model.model_id,
        repo_type="model",
        repo_path=folder,
        size_on_disk=0,
        nb_files=0,
        revisions=frozenset(revisions),
        last_accessed=0.0,
        last_modified=0.0,
    )
    cache = HFCacheInfo(
        size_on_disk=0,
        repos=frozenset([repository]),
        incomplete_files=frozenset(),
        warnings=[],
        cache_dir=cache_dir,
    )
    return cache.delete_revisions(model.revision)


def _cached_files(snapshot: Path) -> Iterator[Any]:
    from huggingface_hub import CachedFileInfo

    for above, _, names in os.walk(snapshot):
        for name in names:
            file = Path(above) / name
            blob = file
            if file.is_symlink():  # one step only: a blob may itself be a link to one that repositories share
                blob = Path(os.path.normpath(file.parent / os.readlink(file)))  # noqa: PTH115
            size_bytes = blob.stat().st_size if blob.exists() else 0
            yield CachedFileInfo(
                file_name=name,
                file_path=file,
                blob_path=blob,
                size_on_disk=size_bytes,
                blob_last_accessed=0.0,
                blob_last_modified=0.0,
            )


def _refs(folder: Path) -> Iterator[tuple[str, str]]:
    for above, _, names in os.walk(folder):
        for name in names:
            file = Path(above) / name
            yield file.relative_to(folder).as_posix(), file.read_text(encoding="utf-8", errors="replace").strip()


def _remove_folder(folder: Path, to_trash: Callable[[Path], bool] | None) -> int:
    if folder.is_symlink():
        folder.unlink()
        return 0
    foreign = sorted(entry.name for entry in os.scandir(folder) if not _is_of_model(entry))
    if foreign:
        raise UserError(
            Sentence(
                "The folder {folder} also holds what is no part of the model: {name}.", folder=folder, name=foreign[0]
            ),
            "Move that elsewhere, or delete the folder yourself in the file manager.",
            "\n".join(foreign),
        )
    freed_bytes = _freed_of_folder(folder)
    if to_trash is None:
        shutil.rmtree(folder)
    elif not to_trash(folder):
        raise UserError(
            Sentence("The folder {folder} cannot be moved to the trash.", folder=folder),
            "Delete it yourself in the file manager.",
        )
    return freed_bytes


def _is_of_model(entry: os.DirEntry[str]) -> bool:
    if entry.name in _MODEL_NAMES:
        return True
    return entry.is_file() and entry.name.lower().endswith(_MODEL_SUFFIXES)


def _freed_of_folder(folder: Path) -> int:
    if folder.is_symlink():
        return 0
    return sum(_own_bytes(Path(above) / name) for above, _, names in os.walk(folder) for name in names)


def _own_bytes(file: Path) -> int:
    """What deleting this name gives back: nothing where it is a link, or the file has another name elsewhere."""
    try:
        status = file.lstat()
    except OSError:
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) and status.st_nlink == 1 else 0
