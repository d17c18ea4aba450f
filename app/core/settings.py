"""A person's settings: one frozen value, kept as a JSON file that is replaced whole and never erased."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from app.core.checkpoint import DEMO_MODEL_ID
from app.core.errors import UserError
from app.core.files import write_atomically
from app.core.sampling import Sampling

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

logger = logging.getLogger(__name__)

DEFAULT_MAX_IMAGE_TOKENS = 1280
VERSION = 1
_VERSION_KEY = "version"
_MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""From a version to the next: only where a name or a meaning changed."""


_MOST_IMAGE_TOKENS = 1_000_000


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person chose; every field has a default.

    Attributes:
        model: ``demo``, a folder, or a repository id.
        backend: A name of the backend table, or ``auto``.
        system: Instruction that stands before every conversation, or empty.
        max_image_tokens: The most tokens one picture may cost; None for the checkpoint's own limit.
        sampling: The person's own sampling settings; None for what the checkpoint's makers suggest.
    """

    model: str = DEMO_MODEL_ID
    backend: str = "auto"
    system: str = ""
    max_image_tokens: int | None = DEFAULT_MAX_IMAGE_TOKENS
    sampling: Sampling | None = None


def read_settings(file: Path) -> Settings:
    """The settings in the file; defaults stand in for what is missing or cannot be used, which is logged.

    A file that holds no settings at all is kept aside as ``.bad``.
    """
    values = _read_object(file)
    version = values.get(_VERSION_KEY, VERSION)
    if isinstance(version, int):
        for step in range(max(version, 1), VERSION):
            values = _MIGRATIONS[step](values) if step in _MIGRATIONS else values
    good: dict[str, Any] = {}
    for name, read in _READERS.items():
        if name not in values:
            continue
        try:
            good[name] = read(values[name])
        except (TypeError, ValueError, OverflowError, UserError):
            logger.warning("The setting %s cannot be used; its default stands in", name)
    return Settings(**good)


def write_settings(file: Path, settings: Settings) -> None:
    """Replaces the file; keys that another version of the program left there stay.

    Raises:
        UserError: The folder cannot be written.
    """
    known = {_VERSION_KEY: VERSION, **asdict(settings)}
    text = json.dumps({**_read_object(file), **known}, ensure_ascii=False, indent=2)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"The settings cannot be kept in {file.parent}.", "Check the folder's permissions.", str(error)
        ) from error
    # Half a surrogate pair, as in names that are not UTF-8, becomes JSON's own escape.
    write_atomically(file, (text + "\n").encode("utf-8", "backslashreplace"))


def _read_object(file: Path) -> dict[str, Any]:
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(values, dict):
            return values
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        logger.warning("The settings cannot be read: %s", error)
        return {}
    except (ValueError, RecursionError):
        pass
    _keep_aside(file)
    return {}


def _keep_aside(file: Path) -> None:
    aside = file.with_name(f"{file.name}.bad")
    number = 1
    while aside.exists():
        number += 1
        aside = file.with_name(f"{file.name}.bad{number}")
    try:
        file.rename(aside)
    except OSError as error:
        logger.warning("The settings are damaged and cannot be kept aside: %s", error)
    else:
        logger.warning("The settings are damaged; they are kept as %s and defaults stand in", aside.name)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _name(value: Any) -> str:
    if not _text(value).strip():
        raise ValueError
    return _text(value)


def _max_image_tokens(value: Any) -> int | None:
    if value is None:
        return None
    if not 1 <= _whole(value) <= _MOST_IMAGE_TOKENS:
        raise ValueError
    return _whole(value)


def _sampling(value: Any) -> Sampling | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise TypeError
    given: dict[str, Any] = {}
    for name, default in asdict(Sampling()).items():
        if name in value:
            given[name] = _seed(value[name]) if name == "seed" else _number(value[name], type(default))
    return Sampling(**given).checked()


def _seed(value: Any) -> int | None:
    return None if value is None else _whole(value)


def _number(value: Any, kind: type) -> float:
    return value if kind is float and isinstance(value, float) else kind(_whole(value))


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    return value


_READERS: dict[str, Callable[[Any], Any]] = {
    "model": _name,
    "backend": _name,
    "system": _text,
    "max_image_tokens": _max_image_tokens,
    "sampling": _sampling,
}
"""How each field is read from JSON; one raises for what it cannot use."""
