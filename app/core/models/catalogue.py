"""Models that can be offered: the program's own list and what a person's file adds to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from app.core.errors import ErrorText, Sentence
    from app.core.models.model_shape import ModelShape

Runtime: TypeAlias = Literal["mlx", "transformers"]
ModelKind: TypeAlias = Literal["instruct", "thinking"]


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
        weight_bits: 3, 4, 8, or 16 for weights as their makers trained them.
        good_at: One sentence.
        download_bytes: Of the files that are needed.
        is_size_measured: Whether the Hub has told that size; otherwise it is an estimate, to be said as “about 3 GB”.
        shape: What its memory depends on.
        is_newer_family: Whether it is of a family that is multimodal from the ground up: Qwen3.5 and later.
        is_own: Whether it comes from the person's own file.
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
