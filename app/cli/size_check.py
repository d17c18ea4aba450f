"""Refuses a model that needs more memory than this machine can give, before anything of it is loaded."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from app.core.errors import ModelError
from app.core.machine import machine_memory, runtime_of
from app.core.model_types import RUNTIMES
from app.core.models.catalogue import read_catalogue
from app.core.models.checkpoint_fit import fit_doubt, fit_if_known
from app.core.models.fit import recommended

if TYPE_CHECKING:
    from app.cli.plan import Plan


def with_checked_size(plan: Plan, *, is_accepted: bool) -> Plan:
    """The plan, its model to be loaded.

    Args:
        plan: What will be asked.
        is_accepted: Whether the person wants the model loaded however large it is.

    Raises:
        ModelError: It is too large; the hint says what would fit.
    """
    if is_accepted:
        return replace(plan, checkpoint=replace(plan.checkpoint, is_size_accepted=True))
    if plan.checkpoint.is_demo or plan.backend.name not in RUNTIMES:
        return plan
    memory = machine_memory(runtime_of(plan.backend.name))
    doubt = fit_doubt(plan.checkpoint, fit_if_known(plan.checkpoint, memory, image_tokens=plan.max_image_tokens))
    if doubt is not None:
        other = recommended(read_catalogue(), memory)
        said = doubt.said("" if other is None else other.name)
        raise ModelError(said.text, said.hint)
    return plan
