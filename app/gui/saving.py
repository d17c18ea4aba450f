"""Exports of the window: which formats, what name is suggested, and saving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.errors import Sentence, UserError
from app.core.files import name_for_file
from app.core.results import ClipRecord

if TYPE_CHECKING:
    from pathlib import Path

    from app.core.conversation import Conversation
    from app.core.results import Result

MARKDOWN, JSON = "markdown", "json"
_ENDINGS = {MARKDOWN: ".md", JSON: ".json"}
_KNOWN_ENDINGS = (".md", ".markdown", ".txt", ".json")


def suggested_name(result: Result, format_id: str) -> str:
    """A file name after the first picture or video, or after the first question."""
    first = result.turns[0]
    words = first.media[0].name.rpartition(".")[0] or first.media[0].name if first.media else first.question
    return (name_for_file(words) or "Viewfinder") + _ENDINGS[format_id]


def save_conversation(
    conversation: Conversation, result: Result, format_id: str, path: Path, *, copy_pictures: bool
) -> Path:
    """Saves a conversation, whole or not at all, and gives the file; a name without an ending gets the format's.

    Raises:
        UserError: The file cannot be written, or with the ending it is another one that exists already.
    """
    from app.exporters.saving import save  # noqa: PLC0415 - not needed before the first export

    if path.suffix.lower() not in _KNOWN_ENDINGS:
        path = path.with_name(path.name + _ENDINGS[format_id])
        if path.exists():
            raise UserError(
                Sentence("There is a file “{name}” already.", name=path.name),
                "Give its whole name to replace it, or another.",
            )
    save(result, path, format_id, copy_pictures=copy_pictures, pasted=conversation.pasted)
    return path


def has_linked_videos(result: Result) -> bool:
    """Whether it is about videos with files: these are linked, because copying them could take very long."""
    media = (record for turn in result.turns for record in turn.media)
    return any(isinstance(record, ClipRecord) and record.path is not None for record in media)
