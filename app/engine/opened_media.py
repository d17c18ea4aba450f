"""Pictures and videos of a question opened as the model sees them, with a word about files that changed meanwhile."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from app.core.clips import Clip, ClipSource, open_clip
from app.core.errors import Sentence
from app.core.files import shown_name
from app.core.gathering import stat_of
from app.core.pictures import open_picture

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.core.requests import Medium, Question, Source


def open_medium(source: Source, question: Question, is_wanted: Callable[[], bool]) -> Medium:
    """One of a question's sources, as the model sees it; of a file that was edited since it was chosen that is noted.

    Raises:
        UserError: It cannot be used, the text names it and the reason; or `is_wanted` said no meanwhile.
    """
    medium: Medium
    if isinstance(source, ClipSource):
        medium = open_clip(source, question.clip_limits, question.limits, is_wanted)
    else:
        medium = open_picture(source, question.limits)
    if not _has_changed(source):
        return medium
    note = Sentence("“{name}” has changed since it was added: it is shown as it is now.", name=shown_name(source.name))
    if isinstance(medium, Clip):
        return replace(medium, plan=replace(medium.plan, notes=(*medium.plan.notes, note)))
    return replace(medium, notes=(*medium.notes, note))


def _has_changed(source: Source) -> bool:
    if source.path is None or source.stamp is None:
        return False
    found = stat_of(source.path)
    return found is not None and (found.st_size, found.st_mtime_ns) != source.stamp
