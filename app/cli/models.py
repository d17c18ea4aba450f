"""``viewfinder models``: which models are on this machine, whether they are whole, and removing them."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.figures import size_text
from app.cli.model_forms import document, installed_lines, installed_value
from app.cli.terminal import Terminal
from app.cli.usage import DONE, FAILED, MODEL_FAILED, USAGE, UsageError
from app.core.checkpoint import find_checkpoint
from app.core.errors import AppError, ModelError, UserError
from app.core.models.last_uses import read_last_uses
from app.core.models.library import installed_models
from app.core.models.removal import freed_by_removing, remove, what_goes

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.cli.model_arguments import ModelAction, ModelsOptions
    from app.core.models.library import InstalledModel
    from app.core.paths import Profile
    from app.core.settings import Settings

_YES = {"y", "yes"}


def run_models(options: ModelsOptions, settings: Settings, profile: Profile) -> int:
    """Does what was asked.

    Returns:
        The exit code.
    """
    terminal = Terminal()
    try:
        return _COMMANDS[options.action](options, settings, profile, terminal)
    except AppError as error:
        is_input = isinstance(error, UserError)
        terminal.error(replace(error.said, detail="") if is_input else error.said)
        return USAGE if isinstance(error, UsageError) else FAILED if is_input else MODEL_FAILED


def _list(options: ModelsOptions, settings: Settings, profile: Profile, terminal: Terminal) -> int:
    models = _installed(settings, profile)
    now = datetime.now(timezone.utc).astimezone()
    lines = installed_lines(models, settings.model, now)
    if options.is_all:
        from app.cli.model_catalogue import list_all, offer_here, offered_lines  # noqa: PLC0415 - only for this command

        offer = offer_here(options, settings, profile, models)
        for fault in offer.catalogue.faults:
            terminal.error(fault)
        if options.as_json:
            return _answer(terminal, list_all(models, offer))
        lines += offered_lines(offer)
    elif options.as_json:
        return _answer(terminal, document(installed=[installed_value(model) for model in models]))
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
    model = _named(options.models[0], _installed(settings, profile))
    if not options.says_yes and model.can_remove and not _is_agreed(model, settings, terminal):
        terminal.note("Nothing was removed.")
        return FAILED
    freed_bytes = remove(model)
    if options.as_json:
        removed = {"id": model.model_id, "folder": str(model.folder), "freed_bytes": freed_bytes}
        return _answer(terminal, document(removed=removed))
    return _answer(terminal, f"Removed {model.model_id}; {size_text(freed_bytes)} are free again.\n")


def _is_agreed(model: InstalledModel, settings: Settings, terminal: Terminal) -> bool:
    if not sys.stdin.isatty():
        raise UsageError("Nobody can be asked here whether to remove it.", "Say --yes.")
    terminal.note(what_goes(model))
    if model.model_id == settings.model:
        terminal.note("It is the model that is chosen in the settings.")
    terminal.note(f"{size_text(freed_by_removing(model))} will be free again. Remove it? (y or n)")
    return sys.stdin.readline().strip().lower() in _YES


def _installed(settings: Settings, profile: Profile) -> tuple[InstalledModel, ...]:
    return installed_models(settings.model_folders, read_last_uses(profile.last_uses_file))


def _named(text: str, models: tuple[InstalledModel, ...]) -> InstalledModel:
    """The installed model that a person named, by its id, its folder or any other word that find_checkpoint takes.

    Raises:
        ModelError: There is none, or it is not whole.
    """
    for model in models:
        if model.model_id == text:
            return model
    place = _place(text) or os.path.realpath(find_checkpoint(text).folder)
    for model in models:
        if os.path.realpath(model.folder) == place:
            return model
    raise ModelError(
        f"The folder {text} is none of those in which Viewfinder looks for models.",
        "Delete it yourself in the file manager.",
    )


def _place(text: str) -> str | None:
    folder = Path(text)
    return os.path.realpath(folder) if folder.is_absolute() and folder.is_dir() else None


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
