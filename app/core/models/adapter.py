"""LoRA adapters: a folder with small matrices that change some layers of a model, as PEFT and mlx-vlm write them.

A layer with an adapter gives x W' + s (x A') B', where ' turns a matrix. Letters used for shapes: R rank, I what a
layer takes, O what it gives.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from app.core.checkpoint import read_config
from app.core.errors import ModelError, Sentence
from app.core.models.adapter_files import digest_of, layer_name, name_of, read_files, read_matrix
from app.core.models.weight_files import read_header, wanted_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from app.core.checkpoint import Checkpoint
    from app.core.models.adapter_files import AdapterForm, AdapterPart

_TABLES = ("embed_tokens", "visual.pos_embed")
"""Two-dimensional weights that are no linear layers."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """A LoRA on disk.

    Attributes:
        folder: Where its files are.
        name: Short, for people.
        sha256: Of its settings and weights together, in hex.
        form: Which library wrote it.
        rank: The largest of its layers' ranks.
        targets: The kinds of layers that it changes, such as ``q_proj``.
        base: The model that it says it was made for, or empty.
    """

    folder: Path
    name: str
    sha256: str
    form: AdapterForm
    rank: int
    targets: tuple[str, ...]
    base: str = ""

    def is_made_for(self, checkpoint: Checkpoint) -> bool:
        """Whether its own word, if it gives one, names this model or one that this was made from."""
        ours, theirs = _bare_name(checkpoint.model_id), _bare_name(self.base)
        return not theirs or theirs in ours or ours in theirs


@dataclass(frozen=True, slots=True, eq=False)
class LowRank:
    """What an adapter adds to one layer: (x down') up'.

    Attributes:
        layer: The layer's name, see ``layer_name``.
        down: (R, I) of float32.
        up: (O, R) of float32, the scale already in it.
    """

    layer: str
    down: NDArray[np.float32]
    up: NDArray[np.float32]


def read_adapter(folder: Path) -> Adapter:
    """What a folder with a LoRA says about itself; all its bytes are read once, for their digest.

    Raises:
        ModelError: There is none, or it is of a kind that cannot be put on a model; the text says which.
    """
    folder = folder.expanduser().absolute()
    contents = read_files(folder)
    named = contents.config.get("base_model_name_or_path")
    return Adapter(
        folder=folder,
        name=name_of(folder),
        sha256=digest_of(contents),
        form=contents.form,
        rank=max(part.rank for part in contents.parts.values()),
        targets=tuple(sorted({layer.rsplit(".", 1)[-1] for layer in contents.parts})),
        base=named if isinstance(named, str) else "",
    )


def adapted(checkpoint: Checkpoint, folder: Path | None) -> Checkpoint:
    """The checkpoint with the adapter in a folder on top of it; None gives it as it is.

    Raises:
        ModelError: There is no such adapter, or it does not fit.
    """
    if folder is None:
        return replace(checkpoint, adapter=None)
    adapter = read_adapter(folder)
    _refuse_misfit(adapter, read_files(adapter.folder).parts, _layer_shapes(checkpoint.folder))
    return replace(checkpoint, adapter=adapter)


def read_low_ranks(adapter: Adapter) -> Iterator[LowRank]:
    """What the adapter adds, layer by layer.

    Raises:
        ModelError: Its files are not those that it was found with.
    """
    contents = read_files(adapter.folder)
    if digest_of(contents) != adapter.sha256:
        raise ModelError(
            Sentence("The adapter “{name}” has changed since it was chosen.", name=adapter.name), "Choose it again."
        )
    is_turned = contents.form == "mlx-vlm"
    with contents.weights_file.open("rb") as file:
        start = 8 + int.from_bytes(file.read(8), "little")
        for layer, part in contents.parts.items():
            down, up = (
                read_matrix(file, start, contents.header[name], is_turned=is_turned)
                for name in (part.down_name, part.up_name)
            )
            yield LowRank(layer, down, up * up.dtype.type(part.scale))


def _layer_shapes(folder: Path) -> dict[str, tuple[int, int]]:
    """What each linear layer of a model gives and takes, (O, I), from its weights' headers.

    Raises:
        ModelError: They cannot be read.
    """
    config = read_config(folder)
    quantisation = config.get("quantization") or {}
    headers: dict[str, dict[str, Any]] = {}
    for name in wanted_files(folder):
        headers |= read_header(folder / name)
    shapes: dict[str, tuple[int, int]] = {}
    for name, entry in headers.items():
        module, _, kind = name.rpartition(".")
        if kind != "weight" or len(entry["shape"]) != 2 or layer_name(module) in _TABLES:  # noqa: PLR2004 - a matrix
            continue
        gives, takes = entry["shape"]
        scales = headers.get(f"{module}.scales")
        if scales is not None:  # MLX packs several numbers into one; each group of them has a scale
            own = quantisation.get(module)
            group = own if isinstance(own, dict) else quantisation
            takes = scales["shape"][-1] * int(group.get("group_size", 64))
        shapes[layer_name(module)] = (int(gives), int(takes))
    return shapes


def _refuse_misfit(adapter: Adapter, parts: Mapping[str, AdapterPart], shapes: Mapping[str, tuple[int, int]]) -> None:
    """Refuses an adapter of another model.

    Raises:
        ModelError: A layer is not there or is of another size.
    """
    hint = (
        Sentence(
            "It says it was made for {base}. Choose that model, another adapter, or take it off.", base=adapter.base
        )
        if adapter.base
        else Sentence("Choose another adapter, or take it off.")
    )
    for layer, part in parts.items():
        shape = shapes.get(layer)
        if shape is None:
            raise ModelError(
                Sentence(
                    "The adapter “{name}” does not fit this model, which has no layer {layer} that it could change.",
                    name=adapter.name,
                    layer=layer,
                ),
                hint,
            )
        if shape != (part.gives, part.takes):
            raise ModelError(
                Sentence(
                    "The adapter “{name}” is for a model of another size: {layer} is {ours} here, and {theirs} in it.",
                    name=adapter.name,
                    layer=layer,
                    ours=_sides_text(*shape),
                    theirs=_sides_text(part.gives, part.takes),
                ),
                hint,
            )


def _bare_name(model_id: str) -> str:
    return model_id.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1].partition("@")[0].lower()


def _sides_text(rows: int, columns: int) -> str:
    return f"{rows} x {columns}"
