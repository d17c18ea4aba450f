"""The folder that a person chose to keep models in, a Hugging Face cache: what may be one, and why one is none now."""

from __future__ import annotations

import os
from pathlib import Path

from app.core.errors import Sentence, UserError
from app.core.models.hub_cache import is_folder

_HUB = "hub"
_MODELS = "models--*"


def checked_place(text: str) -> Path | None:
    """The folder that a person named, or the cache within it; None where they named none.

    Raises:
        UserError: No models can be kept there.
    """
    named = text.strip()
    if not named:
        return None
    try:
        folder = Path(named).expanduser()
        if not folder.is_absolute() or "\0" in named:
            raise ValueError  # noqa: TRY301 - said in one place
    except (RuntimeError, ValueError) as error:  # nobody's home
        raise UserError(
            Sentence("{folder} is not the whole path of a folder.", folder=named),
            "Choose the folder, or write its path from the beginning.",
        ) from error
    # What HF_HOME names holds the cache beside other things.
    place = folder / _HUB if is_folder(folder / _HUB) and next(folder.glob(_MODELS), None) is None else folder
    fault = place_fault(place)
    if fault is not None:
        raise fault
    return place


def place_fault(folder: Path) -> UserError | None:
    """Why no models can be kept in a folder that was chosen for them; None where they can. Thread: any but the main."""
    if not os.path.lexists(folder):
        return place_is_missing(folder)
    if not is_folder(folder):
        return UserError(Sentence("{folder} is not a folder.", folder=folder), "Choose a folder.")
    if not os.access(folder, os.W_OK | os.X_OK):
        return UserError(
            Sentence("The folder {folder} may not be written, so nothing can be downloaded into it.", folder=folder),
            "Give yourself permission to write there, or choose another folder.",
        )
    return None


def place_is_missing(folder: Path) -> UserError:
    """What to say where the folder itself is not there."""
    return UserError(
        Sentence("The folder where models are kept is missing: {folder}.", folder=folder),
        "Connect its disk, or choose another folder in the settings under “Where models are kept”.",
    )
