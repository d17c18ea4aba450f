"""What is said of a video: its length, the frames that are taken, what they cost, and what should be known about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from app.core.clips import ClipSource
from app.core.footage import clock_text
from app.gui.wording import error_words, number, paragraph, size_text, spoken, tokens_text

if TYPE_CHECKING:
    from app.core.footage import ClipPlan, Footage, FrameWish
    from app.core.next_question import NextQuestion
    from app.core.shelf import Medium

_EXACT_BELOW_S = 10.0
_HOUR_S = 3600


def frames_text(plan: ClipPlan) -> str:
    """``28 frames``, or ``7,190 frames in 10 parts``."""
    if plan.parts:
        words = QCoreApplication.translate("VideoWords", "{0} frames in {1} parts")
        return words.format(number(len(plan.frame_times_s)), number(len(plan.parts)))
    return count_text(plan)


def count_text(plan: ClipPlan) -> str:
    """``28 frames``."""
    if plan.is_picture:
        return QCoreApplication.translate("VideoWords", "1 frame")
    return QCoreApplication.translate("VideoWords", "{0} frames").format(number(len(plan.frame_times_s)))


def apart_text(plan: ClipPlan) -> str:
    """``0.52 s apart``."""
    seconds = plan.spacing_s
    return QCoreApplication.translate("VideoWords", "{0} s apart").format(
        _short(seconds, 1 if seconds >= _EXACT_BELOW_S else 2)
    )


def plan_sentence(plan: ClipPlan) -> str:
    """``28 frames, 0.52 s apart, each seen at 448×256: 1,568 tokens.``"""  # noqa: D415 - an example
    translate = QCoreApplication.translate
    size, tokens = size_text(plan.width_px, plan.height_px), tokens_text(plan.tokens)
    if plan.is_picture:
        return translate("VideoWords", "1 frame, seen at {0}: {1}.").format(size, tokens)
    words = translate("VideoWords", "{0}, {1}, each seen at {2}: {3}.")
    return words.format(frames_text(plan), apart_text(plan), size, tokens)


def warning_text(plan: ClipPlan | None) -> str:
    """That text in the frames will be too small, and what to do; or nothing."""
    if plan is None or plan.is_picture or not plan.is_text_unreadable:
        return ""
    return QCoreApplication.translate(
        "VideoWords", "Text may be too small to read: take fewer frames or a shorter range."
    )


def notes_text(plan: ClipPlan | None) -> str:
    """What should be known of the file and of the frames that are taken."""
    return paragraph(*(spoken(note) for note in plan.notes)) if plan is not None else ""


def length_text(footage: Footage) -> str:
    """``0:14``; of less than a second also the tenths, so that no video is as long as none."""
    return clock_text(footage.end_s, 0 if footage.end_s >= 1 else 1)


def range_text(wish: FrameWish, footage: Footage) -> str:
    """``0:05 – 0:10``, the part that is asked about; nothing where it is the whole."""
    if wish.start_s is None and wish.end_s is None:
        return ""
    start_s, end_s = wish.start_s or 0.0, footage.end_s if wish.end_s is None else min(wish.end_s, footage.end_s)
    are_whole = start_s == int(start_s) and end_s == int(end_s)
    decimals = 0 if end_s - start_s >= 1 and (are_whole or end_s >= _HOUR_S) else 1
    return f"{clock_text(start_s, decimals)} – {clock_text(end_s, decimals)}"


def rate_text(footage: Footage) -> str:
    """``25 frames per second``, on average; nothing for a single frame."""
    span_s = footage.end_s - footage.times_s[0]
    if footage.is_picture or span_s <= 0:
        return ""
    rate = len(footage.times_s) / span_s
    return QCoreApplication.translate("VideoWords", "{0} frames per second").format(_short(rate, 2))


def video_lines(medium: Medium, question: NextQuestion) -> tuple[str, ...]:
    """All that should be known of a video before it is asked about, line by line; nothing until it is known."""
    footage, source = medium.footage, medium.source
    if footage is None or not isinstance(source, ClipSource):
        return ()
    plan = question.plan(medium)
    size = size_text(footage.width_px, footage.height_px)
    told = (size, length_text(footage), rate_text(footage))
    part = range_text(source.wish, footage)
    lines = (
        " · ".join(words for words in told if words),
        QCoreApplication.translate("VideoWords", "The part from {0}").format(part) if part else "",
        plan_sentence(plan) if plan is not None else "",
        warning_text(plan),
        notes_text(plan),
        _told_text() if question.is_only_told(medium) else "",
        error_words(question.why_not(medium)),
    )
    return tuple(line for line in lines if line)


def _told_text() -> str:
    """What later questions make of a video that was looked at in parts."""
    return QCoreApplication.translate(
        "VideoWords", "Later questions tell the model what was said of it; its frames are not shown again."
    )


def _short(value: float, decimals: int) -> str:
    """A number with no more decimals than it needs."""
    rounded = round(value, decimals)
    decimals = next(places for places in range(decimals + 1) if round(rounded, places) == rounded or places == decimals)
    return number(value, decimals)
