"""The models that are on this machine and can answer, wherever another program put them; none is copied."""

from __future__ import annotations

import os
import stat
import sys
import threading
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from app.core.checkpoint import DEMO_MODEL_ID, Checkpoint, read_checkpoint, read_config
from app.core.errors import AppError, ErrorText, ModelError, Sentence, describe_error
from app.core.model_types import ALL_MODEL_TYPES, SUPPORTED_MODEL_TYPES
from app.core.models.hub_cache import cached_revisions, hub_cache_dir, repository_of
from app.core.models.lm_studio import lm_studio_folders
from app.core.models.weight_files import WEIGHTS_SUFFIX, are_named_by_mlx, check_whole
from app.core.paths import DEMO_MODEL_DIR

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from app.core.model_types import Runtime
    from app.core.models.weight_files import WeightFiles

ModelSource: TypeAlias = Literal["demo", "hugging_face", "lm_studio", "folder"]

_CONFIG_FILE = "config.json"
_UNREADABLE_BY_MLX = "F8_E8M0"
_DEEPEST = 3
_MOST_FOLDERS = 2_000
"""Looked at below one folder of a person's: it may be a whole disk, chosen by mistake."""
_READ_AFTER_S = 60.0


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A whole model on this machine.

    Attributes:
        model_id: What find_checkpoint takes.
        name: For people.
        folder: Where its files are.
        source: Who keeps it there.
        size_bytes: Of its files; what other revisions share is counted with each.
        last_used: By any program, as far as that is known.
        revision: Its commit; empty for a plain folder.
        model_type: Such as ``qwen3_vl``.
        quantisation: Such as ``bf16`` or ``4-bit, group 64``.
        runtimes: The backends that can read it; at least one.
        can_remove: Whether it is not a part of the program.
        config: Its config.json; see shape_of. Never changed in place.
    """

    model_id: str
    name: str
    folder: Path
    source: ModelSource
    size_bytes: int
    last_used: datetime | None
    revision: str
    model_type: str
    quantisation: str
    runtimes: tuple[Runtime, ...]
    can_remove: bool
    config: Mapping[str, Any] = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class UnusableModel:
    """A model that is there but not whole, or not readable here.

    Attributes:
        model_id: What it would be called.
        name: For people.
        folder: Where its files are.
        source: Who keeps it there.
        revision: Its commit; empty for a plain folder.
        error: Why it cannot be used.
        can_remove: Whether it is not a part of the program.
    """

    model_id: str
    name: str
    folder: Path
    source: ModelSource
    revision: str
    error: ErrorText
    can_remove: bool


@dataclass(frozen=True, slots=True)
class _Found:
    """A folder that may be a model."""

    folder: Path
    model_id: str
    name: str
    source: ModelSource
    revision: str = ""
    plain_id: str = ""


@dataclass(frozen=True, slots=True)
class _Examined:
    """What a folder turned out to be."""

    fault: AppError | None = None
    checkpoint: Checkpoint | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    runtimes: tuple[Runtime, ...] = ()
    size_bytes: int = 0
    read_at: float = 0.0


_Stamp: TypeAlias = tuple[tuple[str, int, int], ...]

_examined: dict[str, tuple[_Stamp, _Examined]] = {}
_lock = threading.Lock()


def installed_models(
    own_folders: Sequence[Path] = (), last_uses: Mapping[str, datetime] | None = None
) -> tuple[InstalledModel, ...]:
    """Every whole model: the demo, the Hugging Face cache, LM Studio's folders, then the person's own; each once.

    What did not change since it was last looked at is not read again. Thread: any, but slow disks make it slow.

    Args:
        own_folders: Folders that are a model or hold models, at most three levels deep.
        last_uses: What the program itself noted, by model id.
    """
    found: list[InstalledModel] = []
    whole: set[str] = set()
    for one, examined in _all_examined(own_folders):
        if examined.checkpoint is None:
            continue
        # A repository's plain name stands for its first revision that is whole, as in find_checkpoint.
        model_id = one.plain_id if one.plain_id and one.plain_id not in whole else one.model_id
        whole.add(model_id)
        found.append(_installed(one, model_id, examined, (last_uses or {}).get(model_id)))
    return tuple(found)


def unusable_models(own_folders: Sequence[Path] = ()) -> tuple[UnusableModel, ...]:
    """What is on this machine of models of the right kind but cannot be used. Thread: any.

    Args:
        own_folders: As in installed_models.
    """
    return tuple(
        UnusableModel(
            model_id=one.model_id,
            name=one.name,
            folder=one.folder,
            source=one.source,
            revision=one.revision,
            error=describe_error(examined.fault),
            can_remove=one.source != "demo",
        )
        for one, examined in _all_examined(own_folders)
        if examined.fault is not None and _is_right_kind(one.folder)
    )


def _all_examined(own_folders: Sequence[Path]) -> Iterator[tuple[_Found, _Examined]]:
    seen: set[str] = set()
    for one in _all_found(own_folders):
        place = os.path.realpath(one.folder)
        if place not in seen:
            seen.add(place)
            yield one, _examine(one.folder)


def _is_right_kind(folder: Path) -> bool:
    try:
        return read_config(folder).get("model_type") in ALL_MODEL_TYPES
    except ModelError:
        return False


def why_not_whole(folder: Path) -> ErrorText | None:
    """Why the model in this folder cannot be used, or None if it can."""
    fault = _examine(folder).fault
    return None if fault is None else describe_error(fault)


def _installed(one: _Found, model_id: str, examined: _Examined, noted: datetime | None) -> InstalledModel:
    checkpoint = examined.checkpoint
    assert checkpoint is not None  # noqa: S101 - for the type checker: only whole ones come here
    read = datetime.fromtimestamp(examined.read_at, timezone.utc) if examined.read_at else None
    return InstalledModel(
        model_id=model_id,
        name=Sentence("Demo model") if one.source == "demo" else one.name.rsplit("/", 1)[-1],
        folder=one.folder,
        source=one.source,
        size_bytes=examined.size_bytes,
        last_used=max((time for time in (noted, read) if time is not None), default=None),
        revision=one.revision,
        model_type=checkpoint.model_type,
        quantisation=checkpoint.quantisation,
        runtimes=examined.runtimes,
        can_remove=one.source != "demo",
        config=examined.config,
    )


def _all_found(own_folders: Sequence[Path]) -> Iterator[_Found]:
    yield _Found(DEMO_MODEL_DIR, DEMO_MODEL_ID, DEMO_MODEL_ID, "demo")
    for revisions in cached_revisions(hub_cache_dir()):
        for cached in revisions:
            repository, revision = cached.repository, cached.revision
            yield _Found(cached.folder, cached.pinned_id, repository, "hugging_face", revision, repository)
    for folder in lm_studio_folders():
        yield from _below(folder, "lm_studio")
    for folder in own_folders:
        yield from _below(folder, "folder")


def _below(folder: Path, source: ModelSource) -> Iterator[_Found]:
    for model in model_folders(folder):
        place, repository = os.path.realpath(model), repository_of(model)
        if repository is not None:  # of a cache on another disk
            yield _Found(model, place, repository, "hugging_face", model.name)
            continue
        # The folders above it name a model whose own name is a commit or a number of bits.
        yield _Found(model, place, model.name if model == folder else model.relative_to(folder).as_posix(), source)


def model_folders(folder: Path) -> list[Path]:
    """The folders with a config.json at or below this one; what is below such a folder is a part of it."""
    found: list[Path] = []
    level, looked_at = [folder, folder / "hub"], 0  # in the cache of an HF_HOME they lie one level deeper
    for _ in range(_DEEPEST + 1):
        below: list[Path] = []
        for one in level:
            looked_at += 1
            if looked_at > _MOST_FOLDERS:
                return sorted(set(found))
            try:
                with os.scandir(one) as entries:
                    names = [(entry.name, entry.is_dir()) for entry in entries if not entry.name.startswith(".")]
            except OSError:
                continue
            if (_CONFIG_FILE, False) in names:
                found.append(one)
            else:
                below += [one / name for name, is_folder in names if is_folder]
        level = below
    return sorted(set(found))


def _examine(folder: Path) -> _Examined:
    """What a folder is, from memory while its files stay as they are."""
    stamp, read_at = _stamp(folder)
    key = str(folder)
    with _lock:
        kept = _examined.get(key)
    if kept is not None and kept[0] == stamp:
        return replace(kept[1], read_at=read_at)
    examined = _read(folder)
    with _lock:
        _examined[key] = (stamp, examined)
    return replace(examined, read_at=read_at)


def _stamp(folder: Path) -> tuple[_Stamp, float]:
    """What changes when a file in the folder does, and when its weights were last read, in s; 0 if that is not known.

    Of links the files are meant that they lead to.
    """
    stamp: list[tuple[str, int, int]] = []
    read_at = 0.0
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                status = _status(entry)
                if status is None:
                    stamp.append((entry.name, -1, 0))
                    continue
                stamp.append((entry.name, status.st_size, status.st_mtime_ns))
                # A Mac's file system only notes the first reading after a change.
                is_told = sys.platform == "linux" and status.st_atime > status.st_mtime + _READ_AFTER_S
                if is_told and entry.name.endswith(WEIGHTS_SUFFIX):
                    read_at = max(read_at, status.st_atime)
    except OSError:
        return (), 0.0
    return tuple(sorted(stamp)), read_at


def _status(entry: os.DirEntry[str]) -> os.stat_result | None:
    try:
        return entry.stat()
    except OSError:  # a link that leads nowhere
        return None


def _read(folder: Path) -> _Examined:
    try:
        # Of a plain folder the revision is found when it is used: that reads into every weight file.
        checkpoint = read_checkpoint(folder, folder.name, revision="")
        weights = check_whole(folder)
        config = read_config(folder)
        runtimes = runtimes_of(config, weights)
    except AppError as error:
        return _Examined(error)
    return _Examined(None, checkpoint, config, runtimes, size_of(folder))


def runtimes_of(config: Mapping[str, Any], weights: WeightFiles) -> tuple[Runtime, ...]:
    """The backends that can read these weights and run this architecture, at least one.

    Raises:
        ModelError: None can.
    """
    quantisation = config.get("quantization") or config.get("quantization_config") or {}
    is_by_mlx = "quantization" in config or ("bits" in quantisation and "quant_method" not in quantisation)
    if is_by_mlx or are_named_by_mlx(weights.tensors):
        if _UNREADABLE_BY_MLX not in weights.types:
            return ("mlx",)
    elif not quantisation:
        return tuple(name for name, types in SUPPORTED_MODEL_TYPES.items() if config.get("model_type") in types)
    kind = str(quantisation.get("quant_method") or quantisation.get("mode") or _UNREADABLE_BY_MLX)
    raise ModelError(
        Sentence("The weights are quantised in a way that no backend reads ({kind}).", kind=kind),
        "Choose the makers' own checkpoint, or an MLX conversion in 4 or 8 bits.",
    )


def size_of(folder: Path) -> int:
    """Of a model's files, in bytes."""
    size_bytes = 0
    seen: set[tuple[int, int]] = set()
    for above, _, names in os.walk(folder):
        for name in names:
            try:
                status = os.stat(os.path.join(above, name))  # noqa: PTH116, PTH118 - hundreds of folders at once
            except OSError:
                continue
            if stat.S_ISREG(status.st_mode) and (status.st_dev, status.st_ino) not in seen:
                seen.add((status.st_dev, status.st_ino))
                size_bytes += status.st_size
    return size_bytes
