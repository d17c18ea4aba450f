"""What the viewer says of a video: which frame is seen, what the model will see, and what should be known about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QCoreApplication

from app.core.footage import clock_text
from app.gui.wording import number, paragraph, size_text, spoken, tokens_text

if TYPE_CHECKING:
    from app.core.footage import ClipPlan, Footage

BETWEEN_PARTS = " · "
_EXACT_BELOW_S = 10.0


class Piece(NamedTuple):
    """Words that are painted in one go."""

    text: str
    is_strong: bool = False


def frame_pieces(footage: Footage, plan: ClipPlan | None, index: int) -> list[list[Piece]]:
    """What stands under a video, from the fullest words to the shortest.

    Args:
        footage: What the video holds.
        plan: What will be taken of it; None where nothing can be.
        index: The frame that is seen.
    """
    translate = QCoreApplication.translate
    time = Piece(clock_text(footage.times_s[index], 1))
    if plan is None:
        return [[time]]
    count = number(len(plan.frame_times_s))
    if index in plan.frame_indices:
        place = number(plan.frame_indices.index(index) + 1)
        full, short = translate("VideoWords", "frame {0} of {1}"), translate("VideoWords", "{0} of {1}")
        full, short = full.format(place, count), short.format(place, count)
    else:
        full = short = frames_text(plan)
    size = size_text(plan.width_px, plan.height_px)
    each = translate("VideoWords", "{0} each").partition("{0}")
    sizes = [Piece(text, is_strong=text == size) for text in (each[0], size, each[2]) if text]
    tokens = Piece(tokens_text(plan.tokens))
    apart = Piece(apart_text(plan)) if len(plan.frame_times_s) > 1 else None
    return [
        _joined([time], [Piece(full)], [apart] if apart is not None else [], sizes, [tokens]),
        _joined([time], [Piece(short)], [apart] if apart is not None else [], sizes, [tokens]),
        _joined([time], [Piece(short)], [Piece(size, is_strong=True)], [tokens]),
        _joined([time], [Piece(short)], [tokens]),
        _joined([time], [Piece(short)]),
        [time],
    ]


def _joined(*parts: list[Piece]) -> list[Piece]:
    pieces: list[Piece] = []
    for part in parts:
        if part and pieces:
            pieces.append(Piece(BETWEEN_PARTS))
        pieces += part
    return pieces


def frames_text(plan: ClipPlan) -> str:
    """``28 frames``."""
    if len(plan.frame_times_s) == 1:
        return QCoreApplication.translate("VideoWords", "1 frame")
    return QCoreApplication.translate("VideoWords", "{0} frames").format(number(len(plan.frame_times_s)))


def apart_text(plan: ClipPlan) -> str:
    """``0.52 s apart``."""
    seconds = plan.spacing_s
    decimals = 1 if seconds >= _EXACT_BELOW_S else 2
    rounded = round(seconds, decimals)
    decimals = 0 if rounded == round(rounded) else 1 if rounded == round(rounded, 1) else decimals
    return QCoreApplication.translate("VideoWords", "{0} s apart").format(number(seconds, decimals))


def plan_sentence(plan: ClipPlan) -> str:
    """``28 frames, 0.52 s apart, each seen at 448×256: 1,568 tokens.``"""  # noqa: D415 - an example
    translate = QCoreApplication.translate
    size, tokens = size_text(plan.width_px, plan.height_px), tokens_text(plan.tokens)
    if len(plan.frame_times_s) == 1:
        return translate("VideoWords", "1 frame, seen at {0}: {1}.").format(size, tokens)
    words = translate("VideoWords", "{0}, {1}, each seen at {2}: {3}.")
    return words.format(frames_text(plan), apart_text(plan), size, tokens)


def warning_text(plan: ClipPlan | None) -> str:
    """That text in the frames will be too small, and what to do; or nothing."""
    if plan is None or plan.is_picture or not plan.is_text_unreadable:
        return ""
    return QCoreApplication.translate(
        "VideoWords", "Text in the frames may be too small to read: take fewer frames or a shorter range."
    )


def notes_text(plan: ClipPlan | None) -> str:
    """What should be known of the file and of the frames that are taken."""
    return paragraph(*(spoken(note) for note in plan.notes)) if plan is not None else ""
