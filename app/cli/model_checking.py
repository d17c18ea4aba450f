"""``viewfinder models check``: whether models are whole, and whether their files are those that were published."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from app.cli.figures import size_text
from app.cli.model_forms import document, problem_value
from app.cli.usage import DONE, FAILED, MODEL_FAILED
from app.core.checkpoint import DEMO_MODEL_ID, find_checkpoint, folder_named, model_id_of
from app.core.errors import AppError, ErrorText, ModelError, describe_error
from app.core.models.access import hub_access
from app.core.models.hashes import has_hash, recorded_hashes
from app.core.models.hub_cache import hub_cache_dir, repository_of, revisions_of, split_model_id
from app.core.models.library import installed_models, unusable_models, why_not_whole
from app.core.models.repository import look_up
from app.core.paths import DEMO_MODEL_DIR
from app.core.wakefulness import held_awake

if TYPE_CHECKING:
    from app.cli.model_arguments import ModelsOptions
    from app.cli.terminal import Terminal
    from app.core.settings import Settings

FileState: TypeAlias = Literal["same", "different", "not_known"]
_DAMAGED = ErrorText("A file is not as it was published.", "Remove the model, then download it again.", kind="model")


@dataclass(frozen=True, slots=True)
class _Checked:
    """What was found of one model.

    Attributes:
        model_id: What it is called.
        folder: Where it is, or None.
        error: Why it cannot be used, or None.
        files: Whether each file is as it was published; empty where that was not asked.
    """

    model_id: str
    folder: Path | None
    error: ErrorText | None
    files: dict[str, FileState]


def check_models(options: ModelsOptions, settings: Settings, terminal: Terminal) -> int:
    """Checks the models that are named, or all of the right kind, and prints what it finds.

    Returns:
        The exit code: MODEL_FAILED where a model cannot be used.
    """
    checked: list[_Checked] = []
    for model_id, folder, error in _wanted(options, settings):
        files: dict[str, FileState] = {}
        said = error
        if options.with_hashes and folder is not None:
            files = _compare(folder, {**_told_hashes(folder, settings, terminal), **recorded_hashes(folder)}, terminal)
            if "different" in files.values():
                said = said or _DAMAGED
        checked.append(_Checked(model_id, folder, said, files))
    if options.as_json:
        text = document(checked=[_value(one) for one in checked])
    else:
        text = "".join(f"{line}\n" for one in checked for line in _lines(one))
    if not terminal.answer_whole(text):
        return FAILED
    return DONE if all(one.error is None for one in checked) else MODEL_FAILED


def _wanted(options: ModelsOptions, settings: Settings) -> list[tuple[str, Path | None, ErrorText | None]]:
    if options.models:
        return [_found(text) for text in options.models]
    whole = [(model.model_id, model.folder, None) for model in installed_models(settings.model_folders)]
    return [*whole, *((one.model_id, one.folder, one.error) for one in unusable_models(settings.model_folders))]


def _found(text: str) -> tuple[str, Path | None, ErrorText | None]:
    """The model that a person named, its folder also where it is not whole, and why it cannot be used."""
    model_id, folder = model_id_of(text), _folder_of(text)
    if folder is not None:
        return model_id, folder, why_not_whole(folder)
    try:
        return model_id, find_checkpoint(text).folder, None
    except ModelError as error:
        return model_id, None, describe_error(error)


def _folder_of(text: str) -> Path | None:
    if text == DEMO_MODEL_ID:
        return DEMO_MODEL_DIR
    folder = folder_named(text)
    if folder is not None:
        return folder
    named = split_model_id(text)
    try:
        return find_checkpoint(text).folder
    except ModelError:
        cached = revisions_of(named[0], hub_cache_dir()) if named is not None else ()
        matching = [one.folder for one in cached if one.revision.startswith(named[1] if named is not None else "")]
        return matching[0] if matching else None


def _told_hashes(folder: Path, settings: Settings, terminal: Terminal) -> dict[str, str]:
    """The Hub's own hashes of a revision in the cache whose files do not tell them: on disks without links.

    Offline, or where the Hub cannot be asked, there are none, which is said.
    """
    repository = repository_of(folder)
    known = recorded_hashes(folder)
    names = {file.name for file in folder.iterdir() if file.is_file() and not file.name.startswith(".")}
    if repository is None or names <= known.keys():
        return {}
    try:
        terminal.progress(f"Asking for the hashes of {repository} ...")
        found = look_up(repository, hub_access(settings), folder.name)
    except AppError as error:
        terminal.note(f"The hashes of {repository} cannot be asked for: {error}")
        return {}
    return {file.path: file.sha256 or file.blob_id for file in found.files}


def _compare(folder: Path, hashes: dict[str, str], terminal: Terminal) -> dict[str, FileState]:
    files = sorted(file for file in folder.iterdir() if file.is_file())
    total_bytes = sum(file.stat().st_size for file in files if file.name in hashes)
    read_bytes = 0

    def came(piece_bytes: int) -> None:
        nonlocal read_bytes
        read_bytes += piece_bytes
        terminal.progress(f"Comparing {size_text(read_bytes)} of {size_text(total_bytes)} ...")

    found: dict[str, FileState] = {}
    with held_awake("Comparing a model's files"):
        for file in files:
            expected = hashes.get(file.name)
            if expected is None:
                found[file.name] = "not_known"
            else:
                found[file.name] = "same" if has_hash(file, expected, came) else "different"
    return found


def _value(one: _Checked) -> dict[str, Any]:
    return {
        "id": one.model_id,
        "folder": None if one.folder is None else str(one.folder),
        "is_usable": one.error is None,
        "problem": problem_value(one.error),
        "files": one.files,
    }


def _lines(one: _Checked) -> list[str]:
    lines = [f"{one.model_id}: {'whole' if one.error is None else one.error}"]
    lines += [f"  {name} is not as it was published" for name, state in one.files.items() if state == "different"]
    same = sum(state == "same" for state in one.files.values())
    unknown = sum(state == "not_known" for state in one.files.values())
    if same:
        lines.append(f"  {same} files are as they were published")
    if unknown:
        lines.append(f"  {unknown} files came without a hash to compare with")
    return lines
