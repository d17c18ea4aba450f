"""Asking an exported result's last question again: what was recorded, checked against what is there now."""

from __future__ import annotations

import hashlib
import stat
from typing import TYPE_CHECKING

from app.core.clip_kinds import is_clip
from app.core.clips import ClipSource, open_clip
from app.core.errors import UserError
from app.core.files import shown_name
from app.core.footage import FrameWish, alone_at
from app.core.merging import told_answer
from app.core.models.adapter import adapted
from app.core.pictures import PictureSource, open_picture
from app.core.requests import Turn
from app.core.results import ClipRecord, MediaRecord

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from app.core.checkpoint import Checkpoint
    from app.core.requests import Source
    from app.core.results import AdapterRecord, AnyRecord, Result
    from app.core.vision import PixelLimits

_GIVE_IT = "Give pictures or videos on the command line to ask about others."


def recorded_sources(media: Iterable[AnyRecord]) -> tuple[Source, ...]:
    """The recorded pictures' and clips' files, each found to hold the very same bytes.

    Raises:
        UserError: A picture or a clip had no file, is missing or has changed.
    """
    return tuple(_recorded_source(record) for record in media)


def recorded_conversation(result: Result, limits: PixelLimits, clip_limits: PixelLimits) -> tuple[Turn, ...]:
    """The answered turns before the last, with their pictures and clips opened again, each at its own budget.

    A video that was asked about in segments is not shown again: its answer stands for it.

    Args:
        result: The recorded conversation.
        limits: The checkpoint's own for pictures.
        clip_limits: The checkpoint's own for all frames of a clip together.

    Raises:
        UserError: A picture had no file, is missing, has changed or cannot be opened.
    """
    turns = []
    for turn in result.turns[:-1]:
        answer = told_answer(turn.question, turn.answer, turn.segments)
        if answer:
            capped = limits.capped(turn.max_image_tokens)
            media = tuple(
                open_clip(source, clip_limits, capped)
                if isinstance(source, ClipSource)
                else open_picture(source, capped)
                for source in recorded_sources(
                    record for record in turn.media if not (turn.segments and isinstance(record, ClipRecord))
                )
            )
            turns.append(Turn(as_whole_characters(turn.question), media, as_whole_characters(answer)))
    return tuple(turns)


def with_recorded_adapter(checkpoint: Checkpoint, record: AdapterRecord | None) -> Checkpoint:
    """The checkpoint with the very adapter that a recorded answer came with; None for one that came without.

    Raises:
        UserError: It is gone or has changed.
        ModelError: It does not fit this model.
    """
    if record is None:
        return adapted(checkpoint, None)
    shown = shown_name(record.name)
    if not record.path.is_dir():
        raise UserError(
            f"The adapter {shown} is no longer at {shown_name(str(record.path))}.",
            "Give --adapter DIR to say where it is now, or --adapter none to ask without it.",
        )
    found = adapted(checkpoint, record.path)
    if found.adapter is None or found.adapter.sha256 != record.sha256:
        raise UserError(
            f"The adapter {shown} has changed since it was asked with.",
            f"Give --adapter {shown_name(str(record.path))} to ask with it as it is, or --adapter none.",
        )
    return found


def as_whole_characters(text: str) -> str:
    """The text with a question mark for each half of a surrogate pair, which JSON can hold and no tokenizer reads."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _recorded_source(record: AnyRecord) -> Source:
    if isinstance(record, MediaRecord):
        picture = PictureSource(record.name, _unchanged_file(record))
        wish = FrameWish() if record.frame_time_s is None else alone_at(record.frame_time_s)
        return ClipSource(picture.name, picture.path, wish=wish) if is_clip(picture) else picture
    from app.core.clip_files import fingerprint_of  # noqa: PLC0415 - PyAV, only where there is a video

    shown = shown_name(str(record.path or record.name))
    if record.path is None:
        raise UserError(f"The video {shown} has no file: the result does not hold it.", _GIVE_IT)
    source = ClipSource(record.name, record.path, wish=record.wish)
    try:
        is_same = fingerprint_of(source) == record.fingerprint
    except FileNotFoundError as error:
        raise UserError(f"The video {shown} is no longer there.", _GIVE_IT) from error
    except (OSError, ValueError) as error:
        raise UserError(f"The video {shown} cannot be read.", _GIVE_IT, str(error)) from error
    if not is_same:
        raise UserError(f"The video {shown} has changed since it was asked about.", _GIVE_IT)
    return source


def _unchanged_file(record: MediaRecord) -> Path:
    from app.core.picture_files import MAX_FILE_BYTES  # noqa: PLC0415 - Pillow, only where there is a picture

    shown = shown_name(str(record.path or record.name))
    if record.path is None:  # pasted, or taken out of a video
        raise UserError(f"The picture {shown} has no file: the result does not hold it.", _GIVE_IT)
    digest = hashlib.sha256()
    try:
        # Looked at before it is opened: opening a pipe would wait for a writer, and a device may never end.
        status = record.path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UserError(f"The picture {shown} is not a file any more.", _GIVE_IT)
        if status.st_size > MAX_FILE_BYTES:
            raise UserError(f"The picture {shown} has changed since it was asked about.", _GIVE_IT)
        with record.path.open("rb") as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
    except FileNotFoundError as error:
        raise UserError(f"The picture {shown} is no longer there.", _GIVE_IT) from error
    except (OSError, ValueError) as error:  # a name that cannot be is a ValueError
        raise UserError(f"The picture {shown} cannot be read.", _GIVE_IT, str(error)) from error
    if digest.hexdigest() != record.sha256:
        raise UserError(f"The picture {shown} has changed since it was asked about.", _GIVE_IT)
    return record.path
