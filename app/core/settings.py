"""A person's settings: one frozen value, kept as a JSON file that is replaced whole and never erased."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from app.core.checkpoint import DEMO_MODEL_ID
from app.core.errors import Sentence, UserError
from app.core.files import keep_aside, write_atomically
from app.core.models.access import checked_endpoint, checked_proxy
from app.core.sampling import Sampling

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

logger = logging.getLogger(__name__)

Appearance: TypeAlias = Literal["system", "light", "dark"]
Language: TypeAlias = Literal["system", "en", "zh_CN"]

DEFAULT_MAX_IMAGE_TOKENS = 1280
DEFAULT_UNLOAD_AFTER_MIN = 30
WEIGHT_BITS = (8, 4)
LEAST_CONTEXT_TOKENS, MOST_CONTEXT_TOKENS = 2_048, 1_048_576
VERSION = 2
_VERSION_KEY = "version"
_FOR_ITS_OWNER_ALONE = 0o600
"""Once a proxy's password stands in the file."""
_MOST_IMAGE_TOKENS = 1_000_000
_MOST_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """What a person chose for one model; every field has a default.

    Attributes:
        sampling: The person's own sampling settings; None for what the checkpoint's makers suggest.
        system: Instruction that stands before every conversation, or empty.
        max_image_tokens: The most tokens one picture may cost; None for the checkpoint's own limit.
        weight_bits: 8 or 4 to quantise the weights while they are loaded; None takes them as they are stored.
        context_tokens: How long a conversation may become, in tokens; None for the longest that fits the machine.
        adapter: Folder of a LoRA that is put on top of the model; None for the model as it is.
    """

    sampling: Sampling | None = None
    system: str = ""
    max_image_tokens: int | None = DEFAULT_MAX_IMAGE_TOKENS
    weight_bits: int | None = None
    context_tokens: int | None = None
    adapter: Path | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person chose; every field has a default.

    Attributes:
        model: ``demo``, a folder, or a repository id.
        backend: A name of the backend table, or ``auto``.
        models: What was chosen for each model, by its id; never changed in place.
        appearance: Light, dark, or as the system is.
        language: The window's language, or the system's.
        export_dir: The folder that exports are offered to go to; None for the one used last.
        is_history_kept: Whether questions are kept from one start to the next.
        unload_after_min: How long a model that is not used stays loaded, in minutes; None: for good.
        hub_endpoint: Address of a mirror of the Hub; empty for ``HF_ENDPOINT`` or the Hub itself.
        hub_proxy: Address of a proxy for downloads; empty for what the system's variables say.
        is_offline: Whether no connection is ever made.
        models_dir: The Hugging Face cache that models are kept in; None for the Hub's own place.
        model_folders: A person's own folders that models are looked for in.
    """

    model: str = DEMO_MODEL_ID
    backend: str = "auto"
    models: Mapping[str, ModelSettings] = field(default_factory=dict)
    appearance: Appearance = "system"
    language: Language = "system"
    export_dir: Path | None = None
    is_history_kept: bool = True
    unload_after_min: int | None = DEFAULT_UNLOAD_AFTER_MIN
    hub_endpoint: str = ""
    hub_proxy: str = field(default="", repr=False)  # may hold a password
    is_offline: bool = False
    models_dir: Path | None = None
    model_folders: tuple[Path, ...] = ()

    @property
    def own(self) -> ModelSettings:
        """What was chosen for the model that is chosen now."""
        return self.of(self.model)

    def of(self, model_id: str) -> ModelSettings:
        """What was chosen for this model, or the defaults."""
        return self.models.get(model_id, ModelSettings())

    def with_own(self, own: ModelSettings) -> Settings:
        """The same with other choices for the model that is chosen now; plain defaults take no room."""
        others = {model_id: chosen for model_id, chosen in self.models.items() if model_id != self.model}
        return replace(self, models=others if own == ModelSettings() else {**others, self.model: own})


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line says for one start, in place of the settings; None for what it does not say."""

    model: str | None = None
    backend: str | None = None
    weight_bits: int | None = None
    context_tokens: int | None = None
    adapter: Path | Literal["none"] | None = None

    def over(self, stored: Settings) -> Settings:
        """The settings for this start."""
        settings = replace(stored, model=self.model or stored.model, backend=self.backend or stored.backend)
        own = settings.own
        return settings.with_own(
            replace(
                own,
                weight_bits=self.weight_bits or own.weight_bits,
                context_tokens=self.context_tokens or own.context_tokens,
                adapter=own.adapter if self.adapter is None else self._own_adapter,
            )
        )

    @property
    def _own_adapter(self) -> Path | None:
        return self.adapter if isinstance(self.adapter, Path) else None

    def kept(self, changed: Settings, stored: Settings) -> Settings:
        """What of the settings as they are now is to be kept: all but what was given for this start alone."""
        given_model = self.over(stored).model
        own = changed.of(given_model)
        if self.weight_bits is not None and own.weight_bits == self.weight_bits:
            own = replace(own, weight_bits=stored.of(given_model).weight_bits)
        if self.context_tokens is not None and own.context_tokens == self.context_tokens:
            own = replace(own, context_tokens=stored.of(given_model).context_tokens)
        if self.adapter is not None and own.adapter == self._own_adapter:
            own = replace(own, adapter=stored.of(given_model).adapter)
        as_given = replace(changed, model=given_model).with_own(own)
        return replace(
            as_given,
            model=stored.model if changed.model == self.model else changed.model,
            backend=stored.backend if changed.backend == self.backend else changed.backend,
        )


def read_settings(file: Path) -> Settings:
    """The settings in the file; defaults stand in for what is missing or cannot be used, which is logged.

    A file that holds no settings at all is kept aside as ``.bad``.
    """
    values = _migrated(_read_object(file))
    good: dict[str, Any] = {}
    for name, read in _READERS.items():
        if name not in values:
            continue
        try:
            good[name] = read(values[name])
        except _UNUSABLE:
            logger.warning("The setting %s cannot be used; its default stands in", name)
    return Settings(**good)


def write_settings(file: Path, settings: Settings) -> None:
    """Replaces the file; keys that another version of the program left there stay.

    Raises:
        UserError: The folder cannot be written.
    """
    known = {_VERSION_KEY: VERSION, **asdict(settings)}
    text = json.dumps({**_migrated(_read_object(file)), **known}, ensure_ascii=False, indent=2, default=str)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            Sentence("The settings cannot be kept in {folder}.", folder=file.parent),
            "Check the folder's permissions.",
            str(error),
        ) from error
    # Half a surrogate pair, as in names that are not UTF-8, becomes JSON's own escape.
    write_atomically(file, (text + "\n").encode("utf-8", "backslashreplace"))
    if "@" in settings.hub_proxy:
        with suppress(OSError):  # as on disks that know no permissions
            file.chmod(_FOR_ITS_OWNER_ALONE)


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


def _migrated(values: dict[str, Any]) -> dict[str, Any]:
    """What a file of an earlier version holds, under today's names."""
    version = values.get(_VERSION_KEY, 1)
    if isinstance(version, int):
        for step in range(max(version, 1), VERSION):
            values = _MIGRATIONS[step](values)
    return values


def _with_choices_for_each_model(values: dict[str, Any]) -> dict[str, Any]:
    """Version 1 had one set of choices, made while its model was the chosen one."""
    names = ("sampling", "system", "max_image_tokens")
    choices = {name: values[name] for name in names if name in values}
    rest = {name: value for name, value in values.items() if name not in names}
    model = values.get("model", DEMO_MODEL_ID)
    return {"models": {model: choices}, **rest} if choices and isinstance(model, str) else rest


_MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _with_choices_for_each_model}
"""From a version to the next: only where a name or a meaning changed."""


def _keep_aside(file: Path) -> None:
    try:
        aside = keep_aside(file)
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


def _minutes(value: Any) -> int | None:
    if value is not None and not 1 <= _whole(value) <= _MOST_MINUTES:
        raise ValueError
    return None if value is None else _whole(value)


def _weight_bits(value: Any) -> int | None:
    if value is not None and _whole(value) not in WEIGHT_BITS:
        raise ValueError
    return None if value is None else _whole(value)


def _context_tokens(value: Any) -> int | None:
    if value is not None and not LEAST_CONTEXT_TOKENS <= _whole(value) <= MOST_CONTEXT_TOKENS:
        raise ValueError
    return None if value is None else _whole(value)


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


def _models(value: Any) -> dict[str, ModelSettings]:
    if not isinstance(value, dict):
        raise TypeError
    models = {model_id: _model_settings(model_id, choices) for model_id, choices in value.items()}
    return {model_id: own for model_id, own in models.items() if own != ModelSettings()}


def _model_settings(model_id: str, values: Any) -> ModelSettings:
    if not isinstance(values, dict):
        raise TypeError
    good: dict[str, Any] = {}
    for name, read in _MODEL_READERS.items():
        if name not in values:
            continue
        try:
            good[name] = read(values[name])
        except _UNUSABLE:
            logger.warning("The setting %s of a model cannot be used; its default stands in", name)
            logger.debug("That model is %s", model_id)
    return ModelSettings(**good)


def _one_of(choices: TypeAlias) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if value not in get_args(choices):
            raise ValueError
        return value

    return read


def _folder(value: Any) -> Path | None:
    return None if value is None else _absolute(value)


def _absolute(value: Any) -> Path:
    if "\0" in _name(value) or not Path(value).is_absolute():
        raise ValueError
    return Path(value)


def _folders(value: Any) -> tuple[Path, ...]:
    if not isinstance(value, list):
        raise TypeError
    usable = (_usable_folder(folder) for folder in value)
    return tuple(dict.fromkeys(folder for folder in usable if folder is not None))


def _usable_folder(value: Any) -> Path | None:
    try:
        return _absolute(value)
    except _UNUSABLE:
        logger.warning("A folder of models cannot be used and is left out")
        return None


def _yes_or_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


_UNUSABLE = (TypeError, ValueError, OverflowError, UserError)
"""What reading a field raises for a value that it cannot use."""
_MODEL_READERS: dict[str, Callable[[Any], Any]] = {
    "sampling": _sampling,
    "system": _text,
    "max_image_tokens": _max_image_tokens,
    "weight_bits": _weight_bits,
    "adapter": _folder,
    "context_tokens": _context_tokens,
}
_READERS: dict[str, Callable[[Any], Any]] = {
    "model": _name,
    "backend": _name,
    "models": _models,
    "appearance": _one_of(Appearance),
    "language": _one_of(Language),
    "export_dir": _folder,
    "is_history_kept": _yes_or_no,
    "unload_after_min": _minutes,
    "hub_endpoint": lambda value: checked_endpoint(_text(value)),
    "hub_proxy": lambda value: checked_proxy(_text(value)),
    "is_offline": _yes_or_no,
    "models_dir": _folder,
    "model_folders": _folders,
}
"""How each field is read from JSON; one raises for what it cannot use."""
