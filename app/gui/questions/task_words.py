"""Tasks in the person's language.

Their files hold the English; packaging/spoken_texts.py collects it from there for translation.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

if TYPE_CHECKING:
    from app.core.presets import Preset

_CONTEXT = "Tasks"


def localized(preset: Preset, *, is_asked_in_english: bool = False) -> Preset:
    """A task in the person's language; what has no translation stays as its file says it.

    Args:
        preset: As its file says it.
        is_asked_in_english: The model knows no other language, so only the titles are translated.
    """
    chip = preset.chip
    if chip is not None:
        chip = replace(chip, title=_translated(chip.title))
    preset = replace(preset, title=_translated(preset.title), chip=chip)
    if is_asked_in_english:
        return preset
    return replace(
        preset,
        prompt=preset.prompt if preset.is_prompt_fixed else _translated(preset.prompt),
        blanks=tuple(
            blank if blank.is_default_fixed else replace(blank, default=_translated(blank.default))
            for blank in preset.blanks
        ),
    )


def _translated(words: str) -> str:
    return QCoreApplication.translate(_CONTEXT, words)
