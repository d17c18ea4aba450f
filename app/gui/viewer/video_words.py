"""What the viewer says of a video: which frame is seen, what the model will see, and what should be known about it."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QCoreApplication

from app.core.footage import clock_text
from app.gui.video_words import apart_text, frames_text
from app.gui.wording import number, size_text, tokens_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.core.footage import ClipPlan, Footage

BETWEEN_PARTS = " · "


class Piece(NamedTuple):
    """Words that are painted in one go."""

    text: str
    is_strong: bool = False


def frame_pieces(footage: Footage, plan: ClipPlan | None, index: int | None) -> list[list[Piece]]:
    """What stands under a video, from the fullest words to the shortest.

    Args:
        footage: What the video holds.
        plan: What will be taken of it; None where nothing can be.
        index: The frame that is seen; None for any that the model does not see.
    """
    translate = QCoreApplication.translate
    time = Piece(clock_text(footage.times_s[index or 0], 1))
    if plan is None:
        return [[time]]
    count = number(len(plan.frame_times_s))
    at = place_of(plan.frame_indices, index) if index is not None else None
    if at is not None:
        place = number(at + 1)
        full, short = translate("VideoWords", "frame {0} of {1}"), translate("VideoWords", "{0} of {1}")
        full, short = full.format(place, count), short.format(place, count)
    else:
        full = short = frames_text(plan)
    size = size_text(plan.width_px, plan.height_px)
    each = translate("VideoWords", "{0} each").partition("{0}")
    sizes = [Piece(text, is_strong=text == size) for text in (each[0], size, each[2]) if text]
    tokens = Piece(tokens_text(plan.tokens))
    apart = [] if plan.is_picture else [Piece(apart_text(plan))]
    return [
        _joined([time], [Piece(full)], apart, sizes, [tokens]),
        _joined([time], [Piece(short)], apart, sizes, [tokens]),
        _joined([time], [Piece(short)], [Piece(size, is_strong=True)], [tokens]),
        _joined([time], [Piece(short)], [tokens]),
        _joined([time], [Piece(short)]),
        [time],
    ]


def place_of(indices: Sequence[int], index: int) -> int | None:
    """Where a frame stands among rising ones, which of a video of hours are very many; None where it is not one."""
    place = bisect.bisect_left(indices, index)
    return place if place < len(indices) and indices[place] == index else None


def _joined(*parts: list[Piece]) -> list[Piece]:
    pieces: list[Piece] = []
    for part in parts:
        if part and pieces:
            pieces.append(Piece(BETWEEN_PARTS))
        pieces += part
    return pieces
