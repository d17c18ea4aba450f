"""What a report must not tell, gathered from what is on the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.checkpoint import DEMO_MODEL_ID
from app.core.report import Private

if TYPE_CHECKING:
    from app.core.launch import Launch
    from app.gui.desk import Desk


def private_on(desk: Desk, launch: Launch) -> Private:
    """Names of files, folders and models, and what was asked and answered."""
    turns = desk.conversation.turns
    sources = [medium.source for medium in desk.pictures.media]
    sources += [source for turn in turns for source in turn.question.sources]
    folders = (desk.settings.export_dir, launch.profile.data_dir, launch.profile.log_dir, *launch.files)
    names = [name for source in sources for name in (source.name, str(source.path or ""))]
    names += [str(folder) for folder in folders if folder is not None]
    names += [model for model in (desk.settings.model, *desk.settings.models) if model != DEMO_MODEL_ID]
    words = [text for turn in turns for text in (turn.question.text, turn.answer)]
    words += [launch.question, *(own.system for own in desk.settings.models.values())]
    return Private(names, words)
