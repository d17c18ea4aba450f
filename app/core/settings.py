"""A person's settings: one frozen value, kept as a JSON file that is replaced whole and never erased."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.checkpoint import DEMO_MODEL_ID
from app.core.sampling import Sampling

DEFAULT_MAX_IMAGE_TOKENS = 1280


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
