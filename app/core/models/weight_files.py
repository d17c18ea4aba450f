"""Whether a model folder has all its weights: every file its index names, each as long as its own header says."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.core.errors import ModelError, Sentence

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

WEIGHTS_SUFFIX = ".safetensors"
INDEX_FILE = "model.safetensors.index.json"
TOKENIZER_FILE = "tokenizer.json"
TEMPLATE_FILES = ("chat_template.jinja", "chat_template.json", "tokenizer_config.json")
"""Any one of them may hold the chat template."""
_MAX_HEADER_BYTES = 100_000_000
"""The most that a safetensors header may have, by its format."""
_LENGTH_BYTES = 8
_PART_NAME = re.compile(r"(.+)-(\d{5})-of-(\d{5})\.safetensors")
_MLX_NAMES = ("vision_tower.", "language_model.model.", "language_model.lm_head.")
_GET_AGAIN = "Download it again; what is there already is not fetched twice."


@dataclass(frozen=True, slots=True)
class WeightFiles:
    """The weights of a model folder, all of them there.

    Attributes:
        files: Each of them.
        tensors: The names in all of them together.
        types: The safetensors names of the number types in them, such as ``BF16``.
    """

    files: tuple[Path, ...]
    tensors: frozenset[str]
    types: frozenset[str]


def check_whole(folder: Path) -> WeightFiles:
    """The folder's weights, if all that a model needs to answer is there.

    Reads the headers, not the weights themselves.

    Raises:
        ModelError: Something is missing or damaged; the text says what.
    """
    try:
        weights = read_weight_files(folder)
        _check_words(folder)
    except OSError as error:
        raise _unreadable(folder, error) from error
    return weights


def _check_words(folder: Path) -> None:
    """That there is what turns words into tokens and a conversation into words."""
    if not _has_content(folder / TOKENIZER_FILE):
        raise ModelError(Sentence("The model in {folder} has no tokenizer.json.", folder=folder), _GET_AGAIN)
    if not _ends_as_json(folder / TOKENIZER_FILE):  # it is large, and read whole when the model is loaded
        raise _damaged(folder / TOKENIZER_FILE, "it does not end as JSON does")
    if not any(_has_content(folder / name) for name in TEMPLATE_FILES):
        raise ModelError(Sentence("The model in {folder} has no chat template.", folder=folder), _GET_AGAIN)


def read_weight_files(folder: Path) -> WeightFiles:
    """The headers of all weights.

    Raises:
        ModelError: A file is missing, is shorter or longer than it says, or cannot be read.
    """
    names = wanted_files(folder)
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise ModelError(
            Sentence(
                "The model in {folder} is not whole: {missing} of its {total} weight files are missing, as {name} is.",
                folder=folder,
                missing=len(missing),
                total=len(names),
                name=missing[0],
            ),
            _GET_AGAIN,
        )
    tensors: set[str] = set()
    types: set[str] = set()
    for name in names:
        header = read_header(folder / name)
        tensors |= header.keys()
        types.update(entry["dtype"] for entry in header.values())
    return WeightFiles(tuple(folder / name for name in names), frozenset(tensors), frozenset(types))


def wanted_files(folder: Path) -> tuple[str, ...]:
    """The names of the weight files that belong together: those of the index, else those whose names count them.

    Raises:
        ModelError: There are none, or the index cannot be read.
    """
    index = folder / INDEX_FILE
    if index.exists() or index.is_symlink():
        return _indexed_files(index)
    try:
        found = sorted(entry.name for entry in os.scandir(folder) if entry.name.endswith(WEIGHTS_SUFFIX))
    except OSError as error:
        raise _unreadable(folder, error) from error
    wanted = with_all_parts(found)
    if not wanted:
        raise ModelError(
            Sentence("The folder {folder} has no weights.", folder=folder),
            "It needs .safetensors files; download it again.",
        )
    return wanted


def with_all_parts(names: Iterable[str]) -> tuple[str, ...]:
    """These weight files and those that the numbers in their names count, in order."""
    wanted = set(names)
    for part in filter(None, map(_PART_NAME.fullmatch, tuple(wanted))):
        wanted |= {f"{part[1]}-{number + 1:05}-of-{part[3]}{WEIGHTS_SUFFIX}" for number in range(int(part[3]))}
    return tuple(sorted(wanted))


def are_named_by_mlx(tensors: Iterable[str]) -> bool:
    """Whether tensors have the names that mlx-vlm gives them."""
    return any(name.startswith(_MLX_NAMES) for name in tensors)


def _indexed_files(index: Path) -> tuple[str, ...]:
    try:
        value = json.loads(index.read_text(encoding="utf-8"))
        names = sorted(set(value["weight_map"].values()))
        # A name that leads elsewhere would let an index read files outside its folder.
        if names and all(os.path.basename(name) == name and name.endswith(WEIGHTS_SUFFIX) for name in names):  # noqa: PTH119
            return tuple(names)
        detail = "no files are named" if not names else f"names such as {names[0]}"
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        detail = repr(error)
    raise ModelError(Sentence("The index {path} cannot be read.", path=index), _GET_AGAIN, detail)


def read_header(file: Path) -> dict[str, dict[str, Any]]:
    """What a safetensors file says of its tensors: by name ``dtype``, ``shape`` and ``data_offsets``, from-to in bytes.

    Raises:
        ModelError: It cannot be read, or the file is not as long as it says.
    """
    try:
        with open(_opened_unseen(file), "rb") as stream:
            size_bytes = os.fstat(stream.fileno()).st_size
            header_bytes = int.from_bytes(stream.read(_LENGTH_BYTES), "little")
            if header_bytes > min(_MAX_HEADER_BYTES, size_bytes - _LENGTH_BYTES):
                raise _damaged(file, f"a header of {header_bytes} bytes in a file of {size_bytes}")
            header = json.loads(stream.read(header_bytes))
        header.pop("__metadata__", None)
        data_bytes = max((entry["data_offsets"][1] for entry in header.values()), default=0)
        if any(not isinstance(entry["dtype"], str) for entry in header.values()):
            raise _damaged(file, "a type that is no name")
    except PermissionError as error:
        raise _unreadable(file.parent, error) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise _damaged(file, repr(error)) from error
    whole_bytes = _LENGTH_BYTES + header_bytes + data_bytes
    if size_bytes != whole_bytes:
        raise ModelError(
            Sentence(
                "The weight file {name} is {size} bytes long, but should be {whole}.",
                name=file.name,
                size=f"{size_bytes:,}",
                whole=f"{whole_bytes:,}",
            ),
            _GET_AGAIN,
            str(file),
        )
    return dict(header)


def _opened_unseen(file: Path) -> int:
    """Opens without leaving a time of access, by which people see when a model was last used."""
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        return os.open(file, flags | getattr(os, "O_NOATIME", 0))
    except PermissionError:  # only the file's owner may
        return os.open(file, flags)


def _unreadable(folder: Path, error: OSError) -> ModelError:
    return ModelError(
        Sentence("The folder {folder} cannot be read.", folder=folder), "Check its permissions.", str(error)
    )


def _damaged(file: Path, detail: str) -> ModelError:
    return ModelError(Sentence("The model’s file {name} is damaged.", name=file.name), _GET_AGAIN, f"{file}: {detail}")


def _has_content(file: Path) -> bool:
    try:
        return file.stat().st_size > 0
    except OSError:
        return False


def _ends_as_json(file: Path) -> bool:
    with file.open("rb") as stream:
        stream.seek(max(0, file.stat().st_size - _LENGTH_BYTES))
        return stream.read().rstrip().endswith(b"}")
