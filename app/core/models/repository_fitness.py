"""Whether Viewfinder can use what is in a repository, and which of its files it needs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from app.core.errors import ModelError, Sentence, as_sentence
from app.core.model_types import ALL_MODEL_TYPES, SUPPORTED_MODEL_TYPES
from app.core.models.library import runtimes_of
from app.core.models.weight_files import (
    INDEX_FILE,
    TEMPLATE_FILES,
    TOKENIZER_FILE,
    WEIGHTS_SUFFIX,
    WeightFiles,
    with_all_parts,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from app.core.model_types import Runtime
    from app.core.models.hub_answers import RepositoryFile

_CODE_KEYS = ("model_file",)
"""mlx-vlm 0.7.10 imports the Python file that a configuration names so, without asking."""
_FOREIGN_CODE_KEY = "auto_map"
_NEEDED = re.compile(r"\w[\w.-]*\.(?:json|jinja)|merges\.txt|vocab\.txt")
_OTHER_INDEX = ".index.json"
_MOST_JSON_BYTES = 64 << 20
"""A tokenizer has eleven megabytes; what is larger is somebody's data."""
_ADAPTER_FILE = "adapter_config.json"
_RELEASED = re.compile(r"Qwen3-VL-\d+B(?:-A\d+B)?-(?:Instruct|Thinking)", re.IGNORECASE)


def no_config(model_id: str, files: Mapping[str, RepositoryFile]) -> ModelError:
    """What to say of a repository without a config.json."""
    if any(path.endswith(".gguf") for path in files):
        return ModelError(
            Sentence("{name} holds GGUF files, which neither backend reads.", name=model_id),
            as_sentence(_take_instead(model_id)),
        )
    if _ADAPTER_FILE in files:
        return ModelError(
            Sentence("{name} is an adapter that lies on top of a model, not a model.", name=model_id),
            "Download the model it was made for first.",
        )
    return ModelError(
        Sentence("{name} has no config.json, so it is no model.", name=model_id), as_sentence(_take_instead(model_id))
    )


def check_code(model_id: str, config: Mapping[str, Any]) -> None:
    """Passes a configuration that asks for no program code.

    Raises:
        ModelError: It does.
    """
    is_foreign = _FOREIGN_CODE_KEY in config and config.get("model_type") not in ALL_MODEL_TYPES
    # What is named there beside a supported type is never fetched, and the library's own class is used.
    if (is_foreign and "model_type" in config) or any(key in config for key in _CODE_KEYS):
        raise ModelError(
            Sentence("{name} wants to run its own program code.", name=model_id),
            "Viewfinder never does that; choose a model of weights alone.",
        )


def check_architecture(model_id: str, config: Mapping[str, Any], files: Mapping[str, RepositoryFile]) -> None:
    """Passes a Qwen3-VL or Qwen3.5 that can see and speak.

    Raises:
        ModelError: It is something else, or a part of it is missing.
    """
    kind = str(config.get("model_type") or Sentence("unknown"))
    supported = Sentence("Supported are {names}.", names=", ".join(ALL_MODEL_TYPES))
    if not isinstance(config.get("vision_config"), dict):
        raise ModelError(
            Sentence("{name} (“{kind}”) has no vision tower, so it cannot see pictures.", name=model_id, kind=kind),
            as_sentence(_take_instead(model_id)),
        )
    if kind not in ALL_MODEL_TYPES:
        raise ModelError(
            Sentence("{name} is a “{kind}”, which Viewfinder cannot run.", name=model_id, kind=kind), supported
        )
    missing = [name for name in (TOKENIZER_FILE,) if name not in files]
    missing += [] if any(name in files for name in TEMPLATE_FILES) else [TEMPLATE_FILES[0]]
    if missing:
        raise ModelError(
            Sentence("{name} is not whole: it has no {file}.", name=model_id, file=missing[0]),
            as_sentence(_take_instead(model_id)),
        )


def needed_files(
    model_id: str,
    files: Mapping[str, RepositoryFile],
    read: Callable[[RepositoryFile], Mapping[str, Any]],
) -> tuple[tuple[RepositoryFile, ...], frozenset[str]]:
    """The files to download in the order of their names, and the tensors in them as far as an index tells.

    Args:
        model_id: For what is said.
        files: All of them by path.
        read: Reads a JSON file.

    Raises:
        ModelError: There are no weights as safetensors, or some are missing.
    """
    tensors: frozenset[str] = frozenset()
    weights = sorted(path for path in files if path.endswith(WEIGHTS_SUFFIX) and "/" not in path)
    if INDEX_FILE in files:
        index = read(files[INDEX_FILE]).get("weight_map")
        if not isinstance(index, dict) or not index or not all(isinstance(name, str) for name in index.values()):
            raise ModelError(
                Sentence("The file {path} of {name} is damaged.", path=INDEX_FILE, name=model_id),
                "Choose another model.",
            )
        tensors = frozenset(index)
        weights = sorted(set(index.values()))
    else:
        weights = list(with_all_parts(weights))
    if not weights:
        raise _no_weights(model_id, files)
    missing = [name for name in weights if name not in files or "/" in name]
    if missing:
        raise ModelError(
            Sentence(
                "{name} is not whole: {missing} of its {total} weight files are missing there.",
                name=model_id,
                missing=len(missing),
                total=len(weights),
            ),
            as_sentence(_take_instead(model_id)),
            missing[0],
        )
    small = [path for path, file in files.items() if _is_needed(file)]
    return tuple(files[path] for path in sorted({*weights, *small})), tensors


def check_form(
    model_id: str,
    config: Mapping[str, Any],
    tensors: frozenset[str],
    runtime: Runtime | None,
    *,
    is_by_mlx: bool,
) -> tuple[Runtime, ...]:
    """The backends that can read the weights.

    Args:
        model_id: For what is said.
        config: Its config.json.
        tensors: Their names, as far as they are known.
        runtime: The backend that is to read them; None where any will do.
        is_by_mlx: Whether its makers say that it is in MLX's form.

    Raises:
        ModelError: None can, or not the one that is to.
    """
    try:
        runtimes = runtimes_of(config, WeightFiles((), tensors, frozenset()))
    except ModelError as error:
        raise ModelError(
            as_sentence(error.said.text), as_sentence(_take_instead(model_id, runtime)), model_id
        ) from error
    if is_by_mlx:
        runtimes = ("mlx",)
    if runtime is None or runtime in runtimes:
        return runtimes
    if config.get("model_type") not in SUPPORTED_MODEL_TYPES[runtime]:
        raise ModelError(
            Sentence("The model {name} is of a newer family, which runs on MLX alone.", name=model_id),
            "Choose a Qwen3-VL model.",
        )
    if runtime == "transformers":
        raise ModelError(
            Sentence("The model {name} is in MLX's form, which the transformers backend cannot read.", name=model_id),
            as_sentence(_take_instead(model_id, runtime)),
        )
    raise ModelError(
        Sentence("The model {name} is in a form that MLX cannot read.", name=model_id),
        as_sentence(_take_instead(model_id, runtime)),
    )


def _no_weights(model_id: str, files: Mapping[str, RepositoryFile]) -> ModelError:
    if any(path.endswith((".bin", ".pt", ".pth", ".pkl")) for path in files):
        return ModelError(
            Sentence("{name} has its weights only in files that may hold program code.", name=model_id),
            as_sentence(_take_instead(model_id)),
        )
    return ModelError(
        Sentence("{name} has no weights as safetensors.", name=model_id), as_sentence(_take_instead(model_id))
    )


def _is_needed(file: RepositoryFile) -> bool:
    is_other_index = file.path.endswith(_OTHER_INDEX) and file.path != INDEX_FILE
    return bool(_NEEDED.fullmatch(file.path)) and not is_other_index and file.size_bytes <= _MOST_JSON_BYTES


def _take_instead(model_id: str, runtime: Runtime | None = None) -> Sentence:
    """The repository to take in place of one that cannot be used, where it can be named."""
    known = _RELEASED.search(model_id)
    if known is None:
        return Sentence("Choose one of the models in the list, or the repository that it was made from.")
    if runtime == "mlx":
        return Sentence("Take mlx-community/{name}-4bit instead.", name=known[0])
    if runtime == "transformers":
        return Sentence("Take Qwen/{name} instead; it can be quantised while it is loaded.", name=known[0])
    return Sentence("Take Qwen/{name} instead, or mlx-community/{name}-4bit for Apple silicon.", name=known[0])
