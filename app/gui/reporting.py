"""What a report tells of the desk, and what it must not tell."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app.core.report import Private

if TYPE_CHECKING:
    from app.core.launch import Launch
    from app.core.requests import Source
    from app.gui.desk import Desk


def private_on(desk: Desk, launch: Launch) -> Private:
    """Names of files, folders and models, and what was asked and answered."""
    turns = desk.conversation.turns
    sources: list[Source] = [medium.source for medium in desk.pictures.media]
    sources += [source for turn in turns for source in turn.question.sources]
    folders = (desk.settings.export_dir, launch.profile.data_dir, launch.profile.log_dir, *launch.files)
    names = [name for source in sources for name in (source.name, str(source.path or ""))]
    names += [str(folder) for folder in folders if folder is not None]
    names += [model for model in (desk.settings.model, *desk.settings.models) if Path(model).is_absolute()]
    names += [str(own.adapter) for own in desk.settings.models.values() if own.adapter is not None]
    words = [text for turn in turns for text in (turn.question.text, turn.told_answer)]
    words += [launch.question, *(own.system for own in desk.settings.models.values())]
    return Private(names, words)


def facts_on(desk: Desk) -> str:
    """Which model is in use, what runs it, and how much was asked."""
    model, turns = desk.model, desk.conversation.turns
    checkpoint, ready = model.checkpoint, model.ready
    which = desk.settings.model if checkpoint is None else f"{checkpoint.model_id}, {checkpoint.quantisation}"
    lines = [f"Model        {which}, {model.stage}"]
    if checkpoint is not None and checkpoint.adapter is not None:
        adapter = checkpoint.adapter
        lines.append(f"Adapter      {adapter.form}, rank {adapter.rank}, {', '.join(adapter.targets)}")
    if ready is not None:
        lines.append(f"Runs on      {ready.backend_version}, {ready.device}, {ready.memory_bytes} bytes")
    videos = sum(medium.is_video for medium in desk.pictures.media)
    pictures = len(desk.pictures.media) - videos
    lines.append(f"In hand      {pictures} pictures, {videos} videos, {len(turns)} questions")
    return "\n".join(lines)
