"""Models that can be offered: the program's own list and what a person's file adds to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from app.core.checked_values import CheckedValue, read_toml
from app.core.errors import AppError, ErrorText, Sentence, UserError, as_sentence
from app.core.files import shown_name
from app.core.model_types import Runtime
from app.core.models.hub_cache import REPOSITORY
from app.core.models.model_shape import ModelShape, shape_of
from app.core.models.told_sizes import told_sizes
from app.core.models.weight_sizes import WeightCounts, mlx_bytes
from app.core.paths import CATALOGUE_FILE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ModelKind: TypeAlias = Literal["instruct", "thinking"]

_SIZE_KEYS = {"family", "size", "is_newer_family", "good_at", "text_config", "vision_config"}
_MODEL_KEYS = {"id", "family", "size", "kind", "runtime", "bits", "good_at", "about_gb", "rank"}
_BITS = (2, 3, 4, 5, 6, 8, 16)
_WHOLE_BITS = 16
_GB = 10**9
_OTHER_FILES_BYTES = 16_000_000
"""Tokenizer and configuration beside the weights of every released Qwen."""


@dataclass(frozen=True, slots=True)
class CatalogueModel:
    """A repository that can be downloaded.

    Attributes:
        model_id: The repository, such as ``mlx-community/Qwen3-VL-4B-Instruct-4bit``.
        name: For people, such as “Qwen3-VL 4B Instruct, 4-bit”.
        family: Such as ``Qwen3-VL``.
        size: As its makers name it, such as ``4B`` or ``30B-A3B``.
        kind: Whether it answers at once or thinks first.
        runtime: The backend that reads it.
        weight_bits: Of the language model's weights; 16 as their makers trained them.
        good_at: One sentence.
        download_bytes: Of the files that are needed.
        is_size_measured: Whether the Hub has told that size; otherwise it is an estimate, to be said as “about 3 GB”.
        shape: What its memory depends on.
        is_newer_family: Whether it is of a family that is multimodal from the ground up: Qwen3.5 and later.
        is_own: Whether it comes from the person's own file.
        rank: The highest that fits is recommended, among those of one runtime; 0 never is.
        revision: The commit of which the Hub told the size, or empty.
    """

    model_id: str
    name: str
    family: str
    size: str
    kind: ModelKind
    runtime: Runtime
    weight_bits: int
    good_at: Sentence
    download_bytes: int
    is_size_measured: bool
    shape: ModelShape
    is_newer_family: bool = False
    is_own: bool = False
    rank: int = 0
    revision: str = ""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The models that can be offered.

    Attributes:
        models: In the order they are to be shown, each repository once.
        faults: What is wrong with the person's own file; each costs only its row.
    """

    models: tuple[CatalogueModel, ...]
    faults: tuple[ErrorText, ...] = ()

    def find(self, model_id: str) -> CatalogueModel | None:
        """The model of this repository, in capitals or not."""
        wanted = model_id.casefold()
        return next((model for model in self.models if model.model_id.casefold() == wanted), None)


@dataclass(frozen=True, slots=True)
class _Size:
    shape: ModelShape
    good_at: dict[str, str]
    is_newer_family: bool


def read_catalogue(own_file: Path | None = None, told_file: Path | None = None) -> Catalogue:
    """The program's models and those of a person's file; of a repository that both name, the person's.

    Args:
        own_file: The person's file; nothing is wrong where there is none.
        told_file: Where sizes are kept that the Hub has told.
    """
    rows = _Rows()
    rows.read(CheckedValue(read_toml(CATALOGUE_FILE), "The catalogue", "Install Viewfinder again."))
    if rows.faults:
        raise UserError(as_sentence(rows.faults[0].text), as_sentence(rows.faults[0].hint), rows.faults[0].detail)
    if own_file is not None:
        rows.read_own(own_file)
    told = told_sizes(told_file) if told_file is not None else {}
    models = []
    for model in rows.models.values():
        size = told.get(model.model_id)
        models.append(
            model
            if size is None
            else replace(model, download_bytes=size.size_bytes, is_size_measured=True, revision=size.revision)
        )
    return Catalogue(tuple(models), tuple(rows.faults))


class _Rows:
    """What was read so far; a row that cannot be used leaves a fault."""

    def __init__(self) -> None:
        self.models: dict[str, CatalogueModel] = {}
        self.faults: list[ErrorText] = []
        self._sizes: dict[tuple[str, str], _Size] = {}

    def read_own(self, file: Path) -> None:
        name, hint = shown_name(file.name), "Correct the file, or remove it."
        try:
            value = read_toml(file)
        except FileNotFoundError:
            return
        except OSError as error:
            text = Sentence("The catalogue {name} cannot be read.", name=name)
            self.faults.append(UserError(text, "Check its permissions.", str(error)).said)
        except (ValueError, RecursionError) as error:
            text = Sentence("The catalogue {name} is damaged: it is not TOML.", name=name)
            self.faults.append(UserError(text, hint, str(error)).said)
        else:
            self.read(CheckedValue(value, Sentence("The catalogue {name}", name=name), hint), is_own=True)

    def read(self, whole: CheckedValue, *, is_own: bool = False) -> None:
        try:
            _check_keys(whole, {"sizes", "models"})
            sizes, models = (part.items() if part is not None else [] for part in map(whole.get, ("sizes", "models")))
        except UserError as error:
            self.faults.append(error.said)
            return
        for part in sizes:
            self._try(self._take_size, part)
        named: set[str] = set()
        for part in models:
            self._try(partial(self._take_model, named=named, is_own=is_own), part)

    def _try(self, take: Callable[..., None], *row: CheckedValue) -> None:
        try:
            take(*row)
        except AppError as error:
            self.faults.append(error.said)

    def _take_size(self, part: CheckedValue) -> None:
        self._sizes[_key(part)] = _size(part)

    def _take_model(self, part: CheckedValue, named: set[str], *, is_own: bool) -> None:
        model = self._model(part, is_own=is_own)
        key = model.model_id.casefold()
        if key in named:
            raise part["id"].fault("stands there twice")
        named.add(key)
        self.models[key] = model

    def _model(self, part: CheckedValue, *, is_own: bool) -> CatalogueModel:
        _check_keys(part, _MODEL_KEYS)
        family, size_name = _key(part)
        size = self._sizes.get((family, size_name))
        if size is None:
            raise part["size"].fault(Sentence("is no size of {family} that is known", family=family))
        kind: ModelKind = _one_of(part["kind"], ModelKind) if part.get("kind") is not None else "instruct"
        bits = part["bits"].count()
        if bits not in _BITS:
            raise part["bits"].fault(Sentence("is none of {names}", names=", ".join(map(str, _BITS))))
        good_at, about_gb, rank = part.get("good_at"), part.get("about_gb"), part.get("rank")
        runtime = _one_of(part["runtime"], Runtime)
        weights = mlx_bytes(WeightCounts.of(size.shape), bits)
        reckoned = weights.text + weights.vision + _OTHER_FILES_BYTES
        return CatalogueModel(
            model_id=_repository(part["id"]),
            name=_name(family, size_name, kind, bits, is_newer_family=size.is_newer_family),
            family=family,
            size=size_name,
            kind=kind,
            runtime=runtime,
            weight_bits=bits,
            good_at=as_sentence(_words(good_at) if good_at is not None else size.good_at.get(kind, "")),
            download_bytes=reckoned if about_gb is None else _positive_bytes(about_gb),
            is_size_measured=False,
            shape=size.shape,
            is_newer_family=size.is_newer_family,
            is_own=is_own,
            rank=0 if rank is None else rank.count(1),
        )


def _name(family: str, size: str, kind: str, bits: int, *, is_newer_family: bool) -> str:
    model = f"{family} {size}" if is_newer_family else f"{family} {size} {kind.capitalize()}"
    return model if bits == _WHOLE_BITS else Sentence("{model}, {bits}-bit", model=model, bits=bits)


def _key(part: CheckedValue) -> tuple[str, str]:
    return _words(part["family"]), _words(part["size"])


def _size(part: CheckedValue) -> _Size:
    _check_keys(part, _SIZE_KEYS)
    said = part["good_at"]
    _check_keys(said, set(get_args(ModelKind)))
    good_at = {kind: _words(said[kind]) for kind in said.keys()}  # noqa: SIM118 - not a dict
    if "instruct" not in good_at:
        raise said["instruct"].fault("is missing")
    is_newer = part.get("is_newer_family")
    if is_newer is not None and not isinstance(is_newer.value, bool):
        raise is_newer.fault("is neither true nor false")
    config = {"text_config": part["text_config"].value, "vision_config": part["vision_config"].value}
    try:
        shape = shape_of(config)
    except AppError as error:
        fault = part.fault("does not tell all figures of the architecture")
        raise UserError(as_sentence(fault.said.text), as_sentence(fault.said.hint), error.said.detail) from error
    return _Size(shape, good_at, is_newer is not None and bool(is_newer.value))


def _repository(part: CheckedValue) -> str:
    if not REPOSITORY.fullmatch(part.text()):
        raise part.fault("is no repository such as Qwen/Qwen3-VL-4B-Instruct")
    return part.text()


def _one_of(part: CheckedValue, choices: Any) -> Any:
    if part.value not in get_args(choices):
        raise part.fault(Sentence("is none of {names}", names=", ".join(get_args(choices))))
    return part.value


def _positive_bytes(part: CheckedValue) -> int:
    if part.number() <= 0:
        raise part.fault("is not more than nothing")
    return int(part.number() * _GB)


def _words(part: CheckedValue) -> str:
    if not part.text().strip():
        raise part.fault("is empty")
    return part.text().strip()


def _check_keys(part: CheckedValue, known: set[str]) -> None:
    for key in part.keys():  # noqa: SIM118 - not a dict
        if key not in known:
            raise part[key].fault(Sentence("is none of {names}", names=", ".join(sorted(known))))
