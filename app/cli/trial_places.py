"""What the self-test tries of files and folders: the program's own are whole, a person's can be written."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from app.core.bundled import is_bundled
from app.core.checkpoint import DEMO_MODEL_ID, find_checkpoint
from app.core.errors import AppError
from app.core.licences.inside import inside_here
from app.core.merging import merging_question
from app.core.models.access import HubAccess
from app.core.models.catalogue import read_catalogue
from app.core.models.hub_cache import hub_cache_dir
from app.core.models.hub_requests import open_hub
from app.core.models.hub_token import can_keep_token
from app.core.models.model_place import place_fault
from app.core.paths import (
    SAMPLE_NUMBER,
    SAMPLE_PICTURE,
    SAMPLE_VIDEO,
    SCHEMAS_DIR,
    TRANSLATIONS_DIR,
    Profile,
    default_profile,
    profile_at,
)
from app.core.presets import list_presets
from app.core.settings import read_settings
from app.core.trials import Found, TrialError

if TYPE_CHECKING:
    from collections.abc import Callable

_SCHEMAS = ("catalogue", "models", "preset", "result", "selftest")
_LANGUAGES = ("zh_CN",)
_LEAST_AUTHORITIES = 50


def try_resources() -> Found:
    """Reads everything that comes with the program, as the program reads it.

    Raises:
        TrialError: Something is missing or damaged; everything that is gets named.
    """
    faults: list[str] = []
    counts = {
        "presets": _count(lambda: len(list_presets()), faults),
        "models offered": _count(lambda: len(read_catalogue().models), faults),
        "licences": _count(_licences, faults),
    }
    _count(lambda: bool(find_checkpoint(DEMO_MODEL_ID)), faults)
    _count(lambda: len(merging_question("?", ())), faults)
    files = [SCHEMAS_DIR / f"{name}-1.schema.json" for name in _SCHEMAS]
    for file in files:
        _count(lambda file=file: len(json.loads(file.read_text(encoding="utf-8"))), faults)  # type: ignore[misc]
    files += [SAMPLE_PICTURE, SAMPLE_NUMBER, SAMPLE_VIDEO]
    files += [TRANSLATIONS_DIR / f"viewfinder_{language}.qm" for language in _LANGUAGES]
    for file in files:
        _count(lambda file=file: file.stat().st_size, faults)  # type: ignore[misc]
    faults += [f"There are no {name}" for name, count in counts.items() if count == 0]
    if faults:
        raise TrialError(". ".join(dict.fromkeys(fault.rstrip(".") for fault in faults)) + ".")
    told = ", ".join(f"{count} {name}" for name, count in counts.items())
    return Found(f"{told}, demo model, {len(_SCHEMAS)} schemas, samples, translations")


def _count(read: Callable[[], int], faults: list[str]) -> int:
    """What is read; where that fails, -1 and one fault more."""
    try:
        count = read()
    except AppError as error:
        faults.append(error.said.text)
    except (OSError, ValueError, KeyError) as error:
        faults.append(str(error) or type(error).__name__)
    else:
        return count
    return -1


def _licences() -> int:
    """How many pieces are inside, each with its licence; a bundle must not have one without.

    Raises:
        ValueError: One has none that is known, or no text.
    """
    inside = inside_here()
    if is_bundled() and inside.faults:
        raise ValueError("; ".join(inside.faults))
    return len(inside.parts)


def try_data_folder(profile_dir: Path | None) -> Found:
    """Where settings are kept."""
    return _writable(_profile(profile_dir).data_dir)


def try_log_folder(profile_dir: Path | None) -> Found:
    """Where logs are kept."""
    return _writable(_profile(profile_dir).log_dir)


def try_download_folder(profile_dir: Path | None) -> Found:
    """Where downloaded models are kept.

    Raises:
        UserError: The settings name a folder in which none can be kept.
    """
    chosen = read_settings(_profile(profile_dir).settings_file).models_dir
    if chosen is None:
        return _writable(hub_cache_dir())
    fault = place_fault(chosen)
    if fault is not None:
        raise fault
    return _writable(chosen)


def try_temporary_folder() -> Found:
    """Where what is needed for a moment is kept."""
    return _writable(Path(tempfile.gettempdir()))


def try_certificates() -> Found:
    """Readies a connection as downloads do, up to the point where something would be sent.

    Raises:
        TrialError: There are no certificates to know the Hub by.
        UserError: They or a proxy's address cannot be used.
    """
    import ssl  # noqa: PLC0415 - slow to import

    import certifi  # noqa: PLC0415

    file = Path(certifi.where())
    try:
        authorities = ssl.create_default_context(cafile=file).cert_store_stats()["x509_ca"]
    except OSError as error:
        raise TrialError(f"The certificates {file} cannot be read: {error}.") from error
    if authorities < _LEAST_AUTHORITIES:
        raise TrialError(f"{file} has only {authorities} authorities.")
    with open_hub(HubAccess()):
        return Found(f"{authorities} authorities in {file}")


def try_keychain() -> Found:
    """Looks for the system's keychain; nothing is read from it.

    Raises:
        TrialError: This is a Mac, which always has one.
    """
    if can_keep_token():
        import keyring

        return Found(type(keyring.get_keyring()).__module__)
    if sys.platform == "darwin":
        raise TrialError("macOS's keychain cannot be reached.")
    return Found("this system has none", is_applicable=False)


def _profile(folder: Path | None) -> Profile:
    return default_profile() if folder is None else profile_at(folder)


def _writable(folder: Path) -> Found:
    """Passes where a file can be made in the folder, or where the folder itself could be made.

    Raises:
        TrialError: Neither can.
    """
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(b"?")
            file.flush()
    except OSError as error:
        where = f"{folder} cannot be written" if there == folder else f"{folder} cannot be made in {there}"
        raise TrialError(f"{where}: {error.strerror}.") from error
    return Found(str(folder) if there == folder else f"{folder} (not there yet)")
