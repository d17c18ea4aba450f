"""What is being done for a question before its first word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from app.core.clips import Clip, ClipSource
from app.core.vision import FRAMES_PER_PATCH
from app.gui.wording import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.core.conversation import AskedTurn
    from app.core.requests import Medium


def phase_text(turn: AskedTurn, *, is_model_ready: bool) -> str:
    """``Reading 28 frames…``, ``Looked at 8 of 28 frames…``; nothing once the answer comes."""
    translate = QCoreApplication.translate
    if turn.phase == "waiting" and not is_model_ready:
        return translate("Wording", "Waiting until the model is loaded…")
    if turn.phase == "waiting":
        return _opening_text(turn)
    if turn.phase == "reading_pictures":
        return _looking_text(turn)
    if turn.phase == "reading_prompt":
        text = translate("Wording", "Read {0} of {1} tokens…") if turn.total else ""
        return text.format(number(turn.done), number(turn.total)) or translate("Wording", "Reading the question…")
    return ""


def _opening_text(turn: AskedTurn) -> str:
    translate, sources = QCoreApplication.translate, turn.question.sources
    if turn.planned_frames:
        return translate("Wording", "Reading {0} frames…").format(number(turn.planned_frames))
    if any(isinstance(source, ClipSource) for source in sources):
        return translate("Wording", "Reading the video…")
    return translate("Wording", "Opening the pictures…") if sources else ""


def _looking_text(turn: AskedTurn) -> str:
    """How far the model is with looking, at the kind of medium that it looks at now."""
    translate = QCoreApplication.translate
    if turn.segments:
        done, total = turn.done * FRAMES_PER_PATCH, turn.total * FRAMES_PER_PATCH
        return _frames_text(done, total) if total else translate("Wording", "Looking at the frames…")
    media = (*turn.question.earlier_media, *turn.media)
    if any(isinstance(medium, Clip) for medium in media):
        return _place_text(media, turn.done)
    if not turn.total:
        return translate("Wording", "Looking at the pictures…")
    return translate("Wording", "Looked at {0} of {1} pictures…").format(number(turn.done), number(turn.total))


def _place_text(media: Sequence[Medium], done: int) -> str:
    """What was looked at last, when so many pictures and groups of frames were."""
    translate = QCoreApplication.translate
    numbers = {True: 0, False: 0}
    clips = sum(isinstance(medium, Clip) for medium in media)
    for medium in media:
        is_clip = isinstance(medium, Clip)
        numbers[is_clip] += 1
        parts = len(medium.group_digests) if isinstance(medium, Clip) else 1
        if not 0 < done <= parts:
            done -= parts
        elif isinstance(medium, Clip):
            frames = len(medium.plan.frame_times_s)
            words = _frames_text(min(done * FRAMES_PER_PATCH, frames), frames)
            return words if clips == 1 else translate("Wording", "Video {0}: {1}").format(number(numbers[True]), words)
        else:
            words = translate("Wording", "Looked at {0} of {1} pictures…")
            return words.format(number(numbers[False]), number(len(media) - clips))
    return translate("Wording", "Looking at the frames…")


def _frames_text(done: int, total: int) -> str:
    words = QCoreApplication.translate("Wording", "Looked at {0} of {1} frames…")
    return words.format(number(done), number(total))
