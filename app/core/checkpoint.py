"""What a model folder says about itself, read without any model runtime."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core.errors import ModelError, Sentence
from app.core.model_types import ALL_MODEL_TYPES, thinks_when_told
from app.core.models.hub_cache import (
    hub_cache_dir,
    missing_place,
    repository_dir,
    revisions_of,
    split_model_id,
    unfinished_bytes,
)
from app.core.models.weight_files import check_whole
from app.core.paths import DEMO_MODEL_DIR
from app.core.sampling import GREEDY, Sampling
from app.core.vision import RELEASED_CLIP_LIMITS, PixelLimits

if TYPE_CHECKING:
    from app.core.models.adapter import Adapter

DEMO_MODEL_ID = "demo"
_IMAGE_LIMITS = ("preprocessor_config.json", "image_processor")
_CLIP_LIMITS = ("video_preprocessor_config.json", "video_processor")
_COMBINED_LIMITS_FILE = "processor_config.json"
"""Newer conversions write one file with both, under the names above."""
_CODE_KEY = "model_file"
"""mlx-vlm 0.7.10 imports the Python file that a configuration names so, without asking."""
_LOADED_IN = re.compile(r"loaded in (\d) bits$")
_REVISION_END_BYTES = 1 << 20
"""Of each file's beginning and end: two trainings of one architecture have files of the very same sizes."""
_NEWER_TURN_END = 248_046
"""``<|im_end|>`` of Qwen3.5, which its config.json does not name as an end; a conversion may lack the file that does.

Source: mlx-vlm 0.7.10 ``models/qwen3_5/config.py``.
"""
_MAKERS_VISION_PENALTY = 1.5
"""Presence penalty the makers use for Instruct models on pictures; their generation_config.json cannot hold it.

Source: QwenLM/Qwen3-VL README, section "Generation Hyperparameters".
"""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model on disk.

    Attributes:
        model_id: ``demo``, a repository id, one with ``@`` and a revision after it, or the folder's path.
        folder: Where its files are.
        revision: Commit of the repository, or for a plain folder ``sha256:`` of its files (names, sizes, both ends).
        model_type: One of ALL_MODEL_TYPES.
        quantisation: Such as ``bf16`` or ``4-bit, group 64``.
        image_limits: Areas a picture may have.
        clip_limits: Areas all frames of a clip may have together (T x h x w).
        context_tokens: The longest prompt and answer together: the makers' limit, or less where memory is short.
        default_sampling: What the checkpoint's makers suggest for pictures.
        image_token_id: Stands for one token of a picture.
        video_token_id: Stands for one token of a clip.
        end_token_ids: Tokens that end an answer.
        weight_bits: 8 or 4 where the weights are to be quantised while they are loaded; None takes them as stored.
        has_chosen_context: Whether a person chose ``context_tokens``.
        adapter: A LoRA that is put on top of the weights, or None; see app.core.models.adapter.
        is_size_accepted: Whether it is to be loaded even where it needs more memory than there is.
    """

    model_id: str
    folder: Path
    revision: str
    model_type: str
    quantisation: str
    image_limits: PixelLimits
    clip_limits: PixelLimits
    context_tokens: int
    default_sampling: Sampling
    image_token_id: int
    video_token_id: int
    end_token_ids: tuple[int, ...]
    weight_bits: int | None = None
    has_chosen_context: bool = False
    adapter: Adapter | None = None
    is_size_accepted: bool = False

    def quantised(self, weight_bits: int | None) -> Checkpoint:
        """This checkpoint, its weights to be quantised to so many bits while they are loaded; None changes nothing."""
        if weight_bits is None:
            return self
        stored = self.quantisation
        said = Sentence("{stored}, loaded in {bits} bits", stored=stored, bits=weight_bits)
        return replace(self, weight_bits=weight_bits, quantisation=said)

    def with_context(self, tokens: int, *, is_chosen: bool = False) -> Checkpoint:
        """This checkpoint with a context of so many tokens, never more than its makers allow."""
        return replace(self, context_tokens=min(tokens, self.context_tokens), has_chosen_context=is_chosen)

    @property
    def is_demo(self) -> bool:
        """Whether this is the toy model that comes with the program."""
        return self.model_id == DEMO_MODEL_ID

    @property
    def name(self) -> str:
        """A short name for people."""
        if self.is_demo:
            return Sentence("Demo model")
        return self.model_id.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]


def weight_bits_in(quantisation: str) -> int | None:
    """To how many bits the weights were quantised while they were loaded, as ``Checkpoint.quantised`` put it."""
    found = _LOADED_IN.search(quantisation)
    return int(found[1]) if found is not None else None


def find_checkpoint(model_text: str) -> Checkpoint:
    """The checkpoint that a person named: ``demo``, a folder, or a repository already in the Hugging Face cache.

    A repository's name stands for the newest revision of its main branch that is whole; with ``@`` and a revision, or
    the beginning of one, for that alone. Nothing is downloaded.

    Raises:
        ModelError: There is no such model on this machine, it is not whole, or it is no Qwen3-VL or Qwen3.5.
    """
    if model_text == DEMO_MODEL_ID:
        return _whole_checkpoint(DEMO_MODEL_DIR, DEMO_MODEL_ID)
    folder = folder_named(model_text)
    if folder is not None:
        return _whole_checkpoint(folder, str(folder))
    if split_model_id(model_text) is not None:
        return _cached_checkpoint(model_text)
    raise ModelError(
        Sentence("There is no model “{name}”.", name=model_text),
        "Give “demo”, a folder, or a repository such as Qwen/Qwen3-VL-4B-Instruct.",
    )


def model_id_of(model_text: str) -> str:
    """The id of the model that a person named: a folder's whole path; anything else as it stands."""
    folder = None if model_text == DEMO_MODEL_ID else folder_named(model_text)
    return model_text if folder is None else str(folder)


def folder_named(model_text: str) -> Path | None:
    """The whole path of the folder that a person named; None where there is no such folder, or nothing was named."""
    if not model_text:  # to `Path` the folder one is in
        return None
    try:
        folder = Path(model_text).expanduser()
        return folder.resolve() if folder.is_dir() else None
    except (OSError, ValueError, RuntimeError):  # too long a name, a NUL in it, nobody's home
        return None


def _cached_checkpoint(model_id: str) -> Checkpoint:
    repository, wanted = split_model_id(model_id) or (model_id, "")
    cache_dir = hub_cache_dir()
    first_error: ModelError | None = None
    for cached in revisions_of(repository, cache_dir):
        if cached.is_main if wanted == "main" else cached.revision.startswith(wanted):
            try:
                return _whole_checkpoint(cached.folder, model_id)
            except ModelError as error:
                first_error = first_error or error
    if first_error is not None:
        raise first_error
    if (missing := missing_place()) is not None:
        raise ModelError(
            Sentence("The model {name} is not found, as the folder where models are kept is missing.", name=model_id),
            "Connect its disk, or choose another folder in the settings under “Where models are kept”.",
            str(missing),
        )
    folder = repository_dir(repository, cache_dir)
    if unfinished_bytes(folder):
        raise ModelError(
            Sentence("The model {name} is only downloaded in part.", name=model_id),
            Sentence("Go on under “Models”, or with “viewfinder models download {name}”.", name=repository),
            str(folder),
        )
    raise ModelError(
        Sentence("The model {name} is not on this machine.", name=model_id),
        Sentence("Download it under “Models”, or with “viewfinder models download {name}”.", name=repository),
        str(folder),
    )


def _whole_checkpoint(folder: Path, model_id: str) -> Checkpoint:
    checkpoint = read_checkpoint(folder, model_id)
    check_whole(folder)
    return checkpoint


def read_checkpoint(folder: Path, model_id: str, revision: str | None = None) -> Checkpoint:
    """Reads a model folder's JSON files, and of its weights no more than tells one training from another.

    Args:
        folder: Where they are.
        model_id: What the model is to be called.
        revision: In place of the one that would be found from the files; saves reading the weights.

    Raises:
        ModelError: A file is missing or damaged, or the model is no Qwen3-VL or Qwen3.5.
    """
    config = _read_json(folder / "config.json")
    if config is None:
        raise ModelError(
            Sentence("The folder {folder} has no config.json.", folder=folder),
            "Choose the folder of a Qwen3-VL checkpoint.",
        )
    model_type = str(config.get("model_type", ""))
    if model_type not in ALL_MODEL_TYPES or not isinstance(config.get("vision_config"), dict):
        raise ModelError(
            Sentence(
                "The model in {folder} is a “{kind}”, not a Qwen3-VL or Qwen3.5 with a vision tower.",
                folder=folder,
                kind=model_type or Sentence("unknown"),
            ),
            Sentence("Supported are {names}.", names=", ".join(ALL_MODEL_TYPES)),
        )
    if not any(folder.glob("*.safetensors")):
        raise ModelError(
            Sentence("The folder {folder} has no weights.", folder=folder),
            "It needs .safetensors files; download it again.",
        )
    generation = _read_json(folder / "generation_config.json") or {}
    if _CODE_KEY in config or _CODE_KEY in generation:
        raise ModelError(
            Sentence("The model in {folder} wants to run its own program code.", folder=folder),
            "Viewfinder never does that; choose a checkpoint of weights alone.",
        )
    text_config = config.get("text_config") or {}
    try:
        return Checkpoint(
            model_id=model_id,
            folder=folder,
            revision=_revision(folder) if revision is None else revision,
            model_type=model_type,
            quantisation=_quantisation(config),
            image_limits=_limits(folder, *_IMAGE_LIMITS, PixelLimits()),
            clip_limits=_limits(folder, *_CLIP_LIMITS, RELEASED_CLIP_LIMITS),
            context_tokens=int(text_config.get("max_position_embeddings", 262_144)),
            default_sampling=_default_sampling(generation, model_id, model_type),
            image_token_id=int(config["image_token_id"]),
            video_token_id=int(config["video_token_id"]),
            end_token_ids=_end_token_ids(generation, config, model_type),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError) as error:
        raise ModelError(
            Sentence("The files in {folder} are not those of a whole Qwen3-VL checkpoint.", folder=folder),
            "Download it again.",
            repr(error),
        ) from error


def read_config(folder: Path) -> dict[str, Any]:
    """The folder's config.json, empty if there is none.

    Raises:
        ModelError: It cannot be read.
    """
    return _read_json(folder / "config.json") or {}


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(
            Sentence("The file {path} cannot be read.", path=path), "Download the model again.", str(error)
        ) from error
    if not isinstance(value, dict):
        raise ModelError(
            Sentence("The file {path} does not hold a JSON object.", path=path), "Download the model again."
        )
    return value


def _limits(folder: Path, own_file: str, name: str, default: PixelLimits) -> PixelLimits:
    config = _read_json(folder / own_file) or (_read_json(folder / _COMBINED_LIMITS_FILE) or {}).get(name) or {}
    size = config.get("size") or {}
    low = size.get("shortest_edge", config.get("min_pixels", default.min_pixels))
    high = size.get("longest_edge", config.get("max_pixels", default.max_pixels))
    return PixelLimits(int(low), int(high))


def _quantisation(config: dict[str, Any]) -> str:
    text_config = config.get("text_config") or {}
    quantisation = (
        config.get("quantization") or config.get("quantization_config") or text_config.get("quantization_config")
    )
    if quantisation is None:
        dtype = str(config.get("dtype") or config.get("torch_dtype") or text_config.get("dtype") or "unknown")
        return {"bfloat16": "bf16", "float16": "fp16", "float32": "fp32"}.get(dtype, dtype)
    if "bits" in quantisation:
        bits, group = quantisation["bits"], quantisation.get("group_size", "?")
        return Sentence("{bits}-bit, group {group}", bits=bits, group=group)
    return str(quantisation.get("quant_method", "quantised"))


def _revision(folder: Path) -> str:
    if folder.parent.name == "snapshots":
        return folder.name
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.suffix in {".json", ".safetensors", ".jinja"}:
            size_bytes = path.stat().st_size
            digest.update(f"{path.name}:{size_bytes}\n".encode())
            with path.open("rb") as file:
                digest.update(file.read(_REVISION_END_BYTES))
                file.seek(max(0, size_bytes - _REVISION_END_BYTES))
                digest.update(file.read(_REVISION_END_BYTES))
    return f"sha256:{digest.hexdigest()[:16]}"


def _default_sampling(generation: dict[str, Any], model_id: str, model_type: str) -> Sampling:
    if not generation.get("do_sample", True):
        return replace(GREEDY, max_tokens=int(generation.get("max_new_tokens") or GREEDY.max_tokens))
    if thinks_when_told(model_type):
        generation = {}  # what its makers wrote there is for answers after thinking
    is_thinking = "thinking" in model_id.lower() and not thinks_when_told(model_type)
    makers = Sampling(
        temperature=1.0 if is_thinking else 0.7,
        top_p=0.95 if is_thinking else 0.8,
        presence_penalty=0.0 if is_thinking else _MAKERS_VISION_PENALTY,
    )
    return replace(
        makers,
        temperature=float(generation.get("temperature", makers.temperature)),
        top_p=float(generation.get("top_p", makers.top_p)),
        top_k=int(generation.get("top_k", makers.top_k)),
    )


def _end_token_ids(generation: dict[str, Any], config: dict[str, Any], model_type: str) -> tuple[int, ...]:
    found = generation.get("eos_token_id", config.get("eos_token_id"))
    if found is None:
        found = (config.get("text_config") or {})["eos_token_id"]
        if thinks_when_told(model_type):
            found = [*(found if isinstance(found, list) else [found]), _NEWER_TURN_END]
    return tuple(int(token) for token in found) if isinstance(found, list) else (int(found),)
