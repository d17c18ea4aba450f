"""``viewfinder models``: which models are on this machine, whether they are whole, and removing them."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from app.cli.figures import size_text
from app.cli.model_forms import document, installed_lines, installed_value, unfinished_lines, unfinished_values
from app.cli.terminal import Terminal
from app.cli.usage import DONE, FAILED, INTERRUPTED, MODEL_FAILED, USAGE, UsageError
from app.core.checkpoint import find_checkpoint, folder_named
from app.core.errors import AppError, ModelError, UserError
from app.core.models.fetching import discard, is_being_fetched
from app.core.models.hub_cache import (
    chosen_place,
    hub_cache_dir,
    keep_models_in,
    repository_dir,
    repository_of,
    split_model_id,
    unfinished_downloads,
)
from app.core.models.last_uses import read_last_uses
from app.core.models.library import installed_models, unusable_models
from app.core.models.model_place import place_fault
from app.core.models.removal import freed_by_removing, remove, what_goes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from app.cli.model_arguments import ModelAction, ModelsOptions
    from app.core.models.library import InstalledModel
    from app.core.models.removal import Removable
    from app.core.paths import Profile
    from app.core.settings import Settings

_YES = {"y", "yes"}


def run_models(options: ModelsOptions, settings: Settings, profile: Profile) -> int:
    """Does what was asked.

    Returns:
        The exit code.
    """
    terminal = Terminal()
    keep_models_in(settings.models_dir)
    try:
        return _COMMANDS[options.action](options, settings, profile, terminal)
    except KeyboardInterrupt:
        terminal.note("Stopped.")
        return INTERRUPTED
    except AppError as error:
        is_input = isinstance(error, UserError)
        terminal.error(replace(error.said, detail="") if is_input else error.said)
        return USAGE if isinstance(error, UsageError) else FAILED if is_input else MODEL_FAILED


def _list(options: ModelsOptions, settings: Settings, profile: Profile, terminal: Terminal) -> int:
    models = _installed(settings, profile)
    now = datetime.now(timezone.utc).astimezone()
    unfinished = unfinished_downloads(hub_cache_dir())
    kept_in = str(hub_cache_dir())
    lines = [*installed_lines(models, settings.model, now), *unfinished_lines(unfinished)]
    chosen = chosen_place()
    place_error = place_fault(chosen) if chosen is not None else None
    if place_error is not None:
        terminal.error(place_error.said)
    if options.is_all:
        from app.cli.model_catalogue import list_all, offer_here, offered_lines  # noqa: PLC0415 - only for this command

        offer = offer_here(options, settings, profile, models)
        for fault in offer.catalogue.faults:
            terminal.error(fault)
        if options.as_json:
            return _answer(terminal, list_all(models, unfinished, offer, kept_in))
        lines += offered_lines(offer)
    elif options.as_json:
        values = [installed_value(model) for model in models]
        return _answer(terminal, document(installed=values, unfinished=unfinished_values(unfinished), kept_in=kept_in))
    lines += ["", f"Models are kept in {kept_in}"]
    return _answer(terminal, "".join(f"{line}\n" for line in lines))


def _recommend(options: ModelsOptions, settings: Settings, profile: Profile, terminal: Terminal) -> int:
    from app.cli.model_catalogue import offer_here, recommend_model  # noqa: PLC0415 - only for this command

    return recommend_model(options, offer_here(options, settings, profile, _installed(settings, profile)), terminal)


def _path(options: ModelsOptions, _settings: Settings, _profile: Profile, terminal: Terminal) -> int:
    checkpoint = find_checkpoint(options.models[0])
    folder = str(checkpoint.folder)
    text = document(model={"id": checkpoint.model_id, "folder": folder}) if options.as_json else f"{folder}\n"
    return _answer(terminal, text)


def _check(options: ModelsOptions, settings: Settings, _profile: Profile, terminal: Terminal) -> int:
    from app.cli.model_checking import check_models  # noqa: PLC0415 - only for this command

    return check_models(options, settings, terminal)


def _download(options: ModelsOptions, settings: Settings, profile: Profile, terminal: Terminal) -> int:
    from app.cli.model_download import download_model  # noqa: PLC0415 - only for this command

    return download_model(options, settings, profile, terminal)


def _remove(options: ModelsOptions, settings: Settings, profile: Profile, terminal: Terminal) -> int:
    text, models = options.models[0], _installed(settings, profile)
    begun = {one.model_id: one.here_bytes for one in unfinished_downloads(hub_cache_dir())}
    if text in begun and all(model.model_id != text for model in models):
        if is_being_fetched(text):
            raise UserError(
                f"{text} is just being downloaded.",
                "Pause that first: Ctrl-C where it runs, or under “Models” in the window.",
            )
        question = [f"What came of the download of {text} is deleted.", _freed_text(begun[text])]
        if not _is_agreed(question, options, terminal):
            return FAILED
        return _told_removed(text, repository_dir(text, hub_cache_dir()), discard(text), options, terminal)
    model = _named(text, (*models, *unusable_models(settings.model_folders)))
    question = [what_goes(model)]
    if model.model_id == settings.model:
        question.append("It is the model that is chosen in the settings.")
    if model.can_remove and not _is_agreed([*question, _freed_text(freed_by_removing(model))], options, terminal):
        return FAILED
    return _told_removed(model.model_id, model.folder, remove(model), options, terminal)


def _told_removed(model_id: str, folder: Path, freed_bytes: int, options: ModelsOptions, terminal: Terminal) -> int:
    if options.as_json:
        return _answer(terminal, document(removed={"id": model_id, "folder": str(folder), "freed_bytes": freed_bytes}))
    return _answer(terminal, f"Removed {model_id}; {size_text(freed_bytes)} are free again.\n")


def _freed_text(freed_bytes: int) -> str:
    return f"{size_text(freed_bytes)} will be free again."


def _is_agreed(question: Sequence[str], options: ModelsOptions, terminal: Terminal) -> bool:
    if options.says_yes:
        return True
    if not sys.stdin.isatty():
        raise UsageError("Nobody can be asked here whether to remove it.", "Say --yes.")
    for line in question:
        terminal.note(line)
    terminal.note("Remove it? (y or n)")
    is_agreed = sys.stdin.readline().strip().lower() in _YES
    if not is_agreed:
        terminal.note("Nothing was removed.")
    return is_agreed


def _installed(settings: Settings, profile: Profile) -> tuple[InstalledModel, ...]:
    return installed_models(settings.model_folders, read_last_uses(profile.last_uses_file))


def _named(text: str, models: Sequence[Removable]) -> Removable:
    """The model that a person named, by its id or folder; a repository also stands for what is not whole of it.

    Raises:
        ModelError: There is none.
    """
    folder, named = folder_named(text), split_model_id(text)
    for model in models:
        if model.model_id == text or (folder is not None and model.folder.samefile(folder)):
            return model
    for model in models:
        if named is not None and repository_of(model.folder) == named[0] and model.revision.startswith(named[1]):
            return model
    found = find_checkpoint(text)  # says why there is none
    for model in models:
        if model.folder == found.folder:  # named by its branch
            return model
    raise ModelError(
        f"The folder {text} is none of those in which Viewfinder looks for models.",
        "Delete it yourself in the file manager.",
    )


def _answer(terminal: Terminal, text: str) -> int:
    return DONE if terminal.answer_whole(text) else FAILED


_COMMANDS: dict[ModelAction, Callable[[ModelsOptions, Settings, Profile, Terminal], int]] = {
    "list": _list,
    "path": _path,
    "check": _check,
    "download": _download,
    "recommend": _recommend,
    "remove": _remove,
}
