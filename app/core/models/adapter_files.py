"""The files of a LoRA: which kinds there are, where each layer's matrices stand in them, and what is refused.

Letters used for shapes: R rank, I what a layer takes, O what it gives.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from app.core.errors import ModelError, Sentence
from app.core.models.weight_files import read_header

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import BinaryIO

    import numpy as np
    from numpy.typing import NDArray

AdapterForm: TypeAlias = Literal["peft", "mlx-vlm"]

CONFIG_FILE = "adapter_config.json"
_WEIGHT_FILES: dict[AdapterForm, tuple[str, ...]] = {
    "peft": ("adapter_model.safetensors",),
    "mlx-vlm": ("adapters.safetensors", "weights.safetensors"),
}
_UNSAFE_FILES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl", "*.npz")
_PEFT_NAME = re.compile(r"(.+)\.lora_([AB])(?:\.[^.]+)?\.weight")
_MLX_NAME = re.compile(r"(.+)\.(?:lora_([ab])|([AB]))")
"""mlx-vlm's names of today, and those of its earlier versions."""
_PREFIXES = frozenset({"base_model", "model", "language_model"})
"""What stands before a layer's own name; every library and version has its own order of them."""
_VISION_NAMES = ("visual.", "vision_tower.", "vision_model.")
_DEFAULT_PEFT_RANK = _DEFAULT_PEFT_ALPHA = 8
_DEFAULT_MLX_ALPHA = 0.1
_PLAIN_STARTS = (True, False, None, "gaussian", "eva", "orthogonal")
"""Beginnings of a training that leave the model's own weights alone; others, such as PiSSA, do not."""
_MORE_THAN_LORA = (
    "use_dora",
    "use_qalora",
    "use_bdlora",
    "lora_bias",
    "modules_to_save",
    "trainable_token_indices",
    "target_parameters",
    "layer_replication",
    "alora_invocation_tokens",
    "arrow_config",
    "kasa_config",
    "velora_config",
    "monteclora_config",
)
"""PEFT's settings that ask for more than two small matrices beside a layer."""
_LONGEST_NAME, _MOST_REPEATS = 128, 3
_REPEATS = re.compile(r"[*+{]")
_REPEATED_GROUP = re.compile(r"\)[*+{]")
"""A pattern comes with the file: one that could take hours to try is not tried."""
_TYPES = {"F32": ("<f4", 4), "F16": ("<f2", 2), "BF16": ("<u2", 2)}
"""How numpy reads them, which has no bf16, and their size in bytes."""
_PIECE_BYTES = 1 << 20
GET_ANOTHER = "Choose another adapter, or take it off."


@dataclass(frozen=True, slots=True)
class AdapterPart:
    """Where one layer's matrices stand in the file, the layer's sizes among them."""

    down_name: str
    up_name: str
    rank: int
    takes: int
    gives: int
    scale: float


@dataclass(frozen=True, slots=True)
class AdapterFiles:
    """A LoRA's settings, the header of its weights, and each layer's part of them by the layer's name."""

    form: AdapterForm
    config: dict[str, Any]
    weights_file: Path
    header: dict[str, dict[str, Any]]
    parts: dict[str, AdapterPart]


def layer_name(name: str) -> str:
    """A layer's name without what differs between libraries: ``layers.0.mlp.up_proj``, ``visual.blocks.1.attn.qkv``."""
    words = name.split(".")
    while len(words) > 1 and words[0] in _PREFIXES:
        words.pop(0)
    bare = ".".join(words)
    for prefix in _VISION_NAMES:
        if bare.startswith(prefix):
            return f"visual.{bare.removeprefix(prefix)}"
    return bare


def read_files(folder: Path) -> AdapterFiles:
    """A LoRA's settings and where its matrices are; of the weights, the header alone.

    Raises:
        ModelError: There is none, or it is of a kind that cannot be put on a model; the text says which.
    """
    config_file = folder / CONFIG_FILE
    if not config_file.is_file():
        if not folder.is_dir():
            raise ModelError(Sentence("There is no adapter folder {folder}.", folder=folder), GET_ANOTHER)
        raise ModelError(
            Sentence("The folder {folder} holds no adapter: it has no adapter_config.json.", folder=folder),
            "Choose the folder of a LoRA, as PEFT or mlx-vlm writes it.",
        )
    try:
        config = json.loads(config_file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(folder, str(error)) from error
    if not isinstance(config, dict):
        raise _damaged(folder, f"{CONFIG_FILE} holds no object")
    form: AdapterForm = "peft" if "peft_type" in config else "mlx-vlm"
    _refuse_other_kinds(folder, config, form)
    weights_file = _weights_file(folder, form)
    try:
        header = read_header(weights_file)
    except ModelError as error:
        raise _damaged(folder, str(error)) from error
    try:
        parts = _parts(folder, form, config, header)
    except (TypeError, ValueError, KeyError, AttributeError, ArithmeticError, re.error) as error:
        raise _damaged(folder, repr(error)) from error
    return AdapterFiles(form, config, weights_file, header, parts)


def _refuse_other_kinds(folder: Path, config: Mapping[str, Any], form: AdapterForm) -> None:
    """Refuses what is not a plain LoRA.

    Raises:
        ModelError: It is not.
    """
    kind = str(config.get("peft_type") if form == "peft" else config.get("fine_tune_type", "lora")).upper()
    if kind == "FULL":
        raise ModelError(
            Sentence("The folder {folder} holds a whole model’s training, not an adapter.", folder=folder),
            "Choose the folder of a LoRA, as PEFT or mlx-vlm writes it.",
        )
    if kind == "LORA" and config.get("use_dora"):
        kind = "DORA"
    if kind != "LORA":
        raise ModelError(
            Sentence("The adapter “{name}” is of the kind {kind}, not a LoRA.", name=name_of(folder), kind=kind),
            GET_ANOTHER,
        )
    if form == "mlx-vlm":
        if "rank" not in config and not isinstance(config.get("lora_parameters"), dict):
            raise _damaged(folder, "neither rank nor lora_parameters")
        return
    more = [name for name in _MORE_THAN_LORA if config.get(name)]
    if config.get("bias", "none") != "none":
        more.append("bias")
    if config.get("init_lora_weights", True) not in _PLAIN_STARTS:
        more.append(f"init_lora_weights: {config['init_lora_weights']}")
    if more:
        raise ModelError(
            Sentence(
                "The adapter “{name}” changes more than a plain LoRA does ({what}).",
                name=name_of(folder),
                what=", ".join(more),
            ),
            "Merge it into its model with PEFT and use that model, or choose another adapter.",
        )


def _weights_file(folder: Path, form: AdapterForm) -> Path:
    for name in _WEIGHT_FILES[form]:
        if (folder / name).is_file():
            return folder / name
    wanted = _WEIGHT_FILES[form][0]
    if any(True for pattern in _UNSAFE_FILES for _ in folder.glob(pattern)):
        raise ModelError(
            Sentence(
                "The adapter “{name}” has its weights in a form that may hold program code.", name=name_of(folder)
            ),
            Sentence("Viewfinder reads .safetensors alone: save it again as {file}.", file=wanted),
        )
    raise ModelError(
        Sentence("The adapter “{name}” has no weights: {file} is missing.", name=name_of(folder), file=wanted),
        "Download or save it again.",
    )


def _parts(
    folder: Path, form: AdapterForm, config: Mapping[str, Any], header: Mapping[str, dict[str, Any]]
) -> dict[str, AdapterPart]:
    """Where each layer's matrices are, by the layer's name.

    Raises:
        ModelError: There is more in the file than such matrices.
        ValueError: Something does not fit together.
    """
    found: dict[str, dict[str, str]] = {}
    for name in header:
        match = (_PEFT_NAME if form == "peft" else _MLX_NAME).fullmatch(name)
        if match is None:
            raise ModelError(
                Sentence(
                    "The adapter “{name}” changes more than a plain LoRA does ({what}).",
                    name=name_of(folder),
                    what=name,
                ),
                "Merge it into its model with PEFT and use that model, or choose another adapter.",
            )
        side = next(letter for letter in match.groups()[1:] if letter).upper()
        if found.setdefault(match[1], {}).setdefault(side, name) != name:
            raise ValueError(f"two matrices {side} for {match[1]}")
    if not found:
        raise ValueError("no matrices")
    parts: dict[str, AdapterPart] = {}
    for module, sides in found.items():
        part = _part(form, config, header, module, sides)
        if parts.setdefault(layer_name(module), part) is not part:
            raise ValueError(f"two entries for {layer_name(module)}")
    return parts


def _part(
    form: AdapterForm,
    config: Mapping[str, Any],
    header: Mapping[str, dict[str, Any]],
    module: str,
    sides: Mapping[str, str],
) -> AdapterPart:
    down, up = (_checked_shape(header[sides[side]]) for side in "AB")
    if form == "mlx-vlm":
        down, up = down[::-1], up[::-1]
    (rank, takes), (gives, other_rank) = down, up
    own_rank, scale = _peft_scale(config, module) if form == "peft" else _mlx_scale(config)
    if not rank == other_rank == own_rank or rank < 1:
        raise ValueError(f"{module} has matrices of rank {rank} and {other_rank}, and the settings say {own_rank}")
    return AdapterPart(sides["A"], sides["B"], rank, takes, gives, scale)


def _checked_shape(entry: Mapping[str, Any]) -> tuple[int, int]:
    rows, columns = entry["shape"]
    start, end = entry["data_offsets"]
    size_bytes = rows * columns * _TYPES[entry["dtype"]][1]
    if not 0 <= start <= end or end - start != size_bytes:
        raise ValueError(f"{size_bytes} bytes from {start} to {end}")
    return int(rows), int(columns)


def _peft_scale(config: Mapping[str, Any], module: str) -> tuple[int, float]:
    """A layer's rank and scale, by PEFT's rules.

    Source: huggingface/peft 0.21, tuners/lora/model.py _create_and_replace, utils/other.py get_pattern_key.
    """
    rank = int(_of_pattern(config.get("rank_pattern"), module, config.get("r", _DEFAULT_PEFT_RANK)))
    alpha = float(_of_pattern(config.get("alpha_pattern"), module, config.get("lora_alpha", _DEFAULT_PEFT_ALPHA)))
    scale = alpha / (math.sqrt(rank) if config.get("use_rslora") else rank)
    return rank, _finite(scale)


def _of_pattern(patterns: Mapping[str, Any] | None, module: str, default: Any) -> Any:
    name = module.removeprefix("base_model.model.")
    for pattern in patterns or {}:
        if (
            len(name) > _LONGEST_NAME
            or _REPEATED_GROUP.search(pattern)
            or len(_REPEATS.findall(pattern)) > _MOST_REPEATS
        ):
            raise ValueError(f"the pattern {pattern} for {name}")
    found = (value for pattern, value in (patterns or {}).items() if re.match(rf"(.*\.)?({pattern})$", name))
    return next(found, default)


def _mlx_scale(config: Mapping[str, Any]) -> tuple[int, float]:
    """Rank and scale of all layers; in earlier versions they stood by themselves, as rank and alpha."""
    today = config.get("lora_parameters")
    if today is not None:
        return int(today["rank"]), _finite(float(today["scale"]))
    rank = int(config["rank"])
    return rank, _finite(float(config.get("alpha", _DEFAULT_MLX_ALPHA)) / rank)


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(f"a scale of {value}")
    return value


def read_matrix(file: BinaryIO, start: int, entry: Mapping[str, Any], *, is_turned: bool) -> NDArray[np.float32]:
    """A matrix of a safetensors file whose numbers begin at `start`, turned over if it is stored so."""
    import numpy as np  # noqa: PLC0415 - not before the window is shown

    first, last = entry["data_offsets"]
    file.seek(start + first)
    stored = np.frombuffer(file.read(last - first), dtype=_TYPES[entry["dtype"]][0])
    if entry["dtype"] == "BF16":
        stored = (stored.astype("<u4") << 16).view("<f4")
    matrix = stored.astype(np.float32).reshape(entry["shape"])
    return np.ascontiguousarray(matrix.T if is_turned else matrix)


def digest_of(contents: AdapterFiles) -> str:
    """The SHA-256 of settings and weights together, in hex.

    Raises:
        ModelError: They cannot be read.
    """
    digest = hashlib.sha256()
    try:
        for path in (contents.weights_file.parent / CONFIG_FILE, contents.weights_file):
            digest.update(f"{path.name}:{path.stat().st_size}\n".encode())
            with path.open("rb") as file:
                while piece := file.read(_PIECE_BYTES):
                    digest.update(piece)
    except OSError as error:
        raise _damaged(contents.weights_file.parent, str(error)) from error
    return digest.hexdigest()


def name_of(folder: Path) -> str:
    """What an adapter is called: the folder's name; of one in the Hugging Face cache, the repository's."""
    if folder.parent.name == "snapshots":
        return folder.parent.parent.name.rsplit("--", 1)[-1]
    return folder.name or str(folder)


def _damaged(folder: Path, detail: str) -> ModelError:
    return ModelError(
        Sentence("The adapter “{name}” is damaged.", name=name_of(folder)), "Download or save it again.", detail
    )
