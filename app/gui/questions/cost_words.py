"""What the next question costs, and how much of what the model can take is taken then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from app.core.files import shown_name
from app.gui.video_words import apart_text, frames_text, notes_text, plan_sentence, warning_text
from app.gui.wording import error_words, media_text, number, paragraph, size_text, tokens_text

if TYPE_CHECKING:
    from app.core.footage import ClipPlan
    from app.core.next_question import NextQuestion

_MOST_TOLD = 4
"""Of more videos not each is told of in a sentence of its own."""


def cost_texts(question: NextQuestion) -> tuple[str, ...]:
    """What the next question newly shows, and the total, from the fullest words to the shortest.

    ``3 pictures · 2,112 tokens of 32,768``, or of a video alone
    ``1 video · 28 frames, 0.52 s apart, 448×256 · 1,694 tokens of 32,768``.
    """
    plan = question.plan(question.new[0]) if len(question.new) == 1 else None
    shown = _new_text(question)
    if plan is None or plan.is_picture:
        return (_with_total(question, [shown] if shown else []),)
    parts: tuple[list[str], ...] = (
        [shown, _frames_text(plan)],
        [_frames_text(plan)],
        [_frames_text(plan, is_short=True)],
        [frames_text(plan)],
        [],
    )
    return tuple(_with_total(question, part) for part in parts)


def _frames_text(plan: ClipPlan, *, is_short: bool = False) -> str:
    """``28 frames, 0.52 s apart, 448×256``, and whether text in them can be read; without the seconds where short."""
    translate, size = QCoreApplication.translate, size_text(plan.width_px, plan.height_px)
    if plan.is_text_unreadable:
        size = translate("Wording", "{0}: too small for text").format(size)
    if is_short:
        return translate("Wording", "{0}, {1}").format(frames_text(plan), size)
    return translate("Wording", "{0}, {1}, {2}").format(frames_text(plan), apart_text(plan), size)


def _new_text(question: NextQuestion) -> str:
    videos = sum(question.is_video(medium) for medium in question.new)
    if question.new:
        return media_text(len(question.new) - videos, videos)
    if question.media and not question.selected:
        return QCoreApplication.translate("Wording", "Nothing selected")
    return ""


def _with_total(question: NextQuestion, parts: list[str]) -> str:
    translate, use = QCoreApplication.translate, question.use
    if question.new and use.held_tokens:
        parts.append(translate("Wording", "+{0}").format(number(use.new_tokens)))
    if use.total_tokens and use.context_tokens:
        total = ("" if use.is_counted else "≥ ") + number(use.total_tokens)
        context = number(use.context_tokens)
        parts.append(translate("Wording", "{0} tokens of {1}").format(total, context))
    elif use.total_tokens:
        parts.append(tokens_text(use.total_tokens))
    return ("⚠ " if use.is_near or use.is_over else "") + " · ".join(parts)


def cost_detail(question: NextQuestion) -> str:
    """The same in full sentences."""
    translate, use = QCoreApplication.translate, question.use
    sentences = list(_video_sentences(question))
    if question.new:
        words = translate("Wording", "What is new takes {0} tokens.")
        if any(question.is_video(medium) for medium in question.new):
            words = translate("Wording", "What is new takes {0} tokens, the times between frames included.")
        sentences.append(words.format(number(use.new_tokens)))
    if use.held_tokens:
        sentences.append(translate("Wording", "The conversation so far takes {0}.").format(number(use.held_tokens)))
    if use.context_tokens:
        words = translate("Wording", "The model can take {0} in all, question and answer included.")
        sentences.append(words.format(number(use.context_tokens)))
    if use.is_near:
        sentences.append(translate("Wording", "Little room is left for an answer."))
    return paragraph(*sentences)


def _video_sentences(question: NextQuestion) -> list[str]:
    """What of each new video is shown, and what should be known about that."""
    sentences: list[str] = []
    for medium in [medium for medium in question.new if medium.is_video][:_MOST_TOLD]:
        plan = question.plan(medium)
        if plan is not None:
            words = QCoreApplication.translate("Wording", "“{0}”: {1}")
            sentences.append(words.format(shown_name(medium.source.name), plan_sentence(plan)))
            sentences += [warning_text(plan), notes_text(plan)]
        else:
            sentences.append(error_words(question.why_not(medium)))
    return sentences


def refusal_text(question: NextQuestion) -> str:
    """Why the model cannot take the next question and what to do, or nothing when it can."""
    translate, use = QCoreApplication.translate, question.use
    if question.refusal is not None:
        return error_words(question.refusal)
    if not use.is_over:
        return ""
    if any(question.is_video(medium) for medium in question.new):
        advice = translate("Wording", "Take fewer frames or a shorter part of the video, or select less.")
        if use.held_tokens:
            advice = translate(
                "Wording",
                "Take fewer frames or a shorter part of the video, select less, or begin a new conversation.",
            )
    elif use.held_tokens:
        advice = translate("Wording", "Choose a smaller budget, select fewer pictures or begin a new conversation.")
    else:
        advice = translate("Wording", "Choose a smaller budget or select fewer pictures.")
    words = translate("Wording", "This is more than the model can take: {0} tokens of {1}.")
    return paragraph(words.format(number(use.total_tokens), number(use.context_tokens)), advice)
