"""What the next question costs, and how much of what the model can take is taken then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from app.gui.wording import number, paragraph, pictures_text, tokens_text

if TYPE_CHECKING:
    from app.core.next_question import NextQuestion


def cost_text(question: NextQuestion) -> str:
    """What the next question newly shows, and the total: ``3 pictures · 2,112 tokens of 32,768``."""
    translate, use = QCoreApplication.translate, question.use
    parts = []
    if question.new:
        parts.append(pictures_text(len(question.new)))
        if use.held_tokens:
            parts.append(translate("Wording", "+{0}").format(number(use.new_tokens)))
    elif question.media and not question.selected:
        parts.append(translate("Wording", "No picture selected"))
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
    sentences = []
    if question.new:
        sentences.append(translate("Wording", "The new pictures take {0} tokens.").format(number(use.new_tokens)))
    if use.held_tokens:
        sentences.append(translate("Wording", "The conversation so far takes {0}.").format(number(use.held_tokens)))
    if use.context_tokens:
        words = translate("Wording", "The model can take {0} in all, question and answer included.")
        sentences.append(words.format(number(use.context_tokens)))
    if use.is_near:
        sentences.append(translate("Wording", "Little room is left for an answer."))
    return paragraph(*sentences)


def too_much_text(question: NextQuestion) -> str:
    """Why the model cannot take the next question and what to do, or nothing when it can."""
    translate, use = QCoreApplication.translate, question.use
    if not use.is_over:
        return ""
    if use.held_tokens:
        words = translate(
            "Wording",
            "This is more than the model can take: {0} tokens of {1}. Choose a smaller budget, select fewer pictures "
            "or begin a new conversation.",
        )
    else:
        words = translate(
            "Wording",
            "This is more than the model can take: {0} tokens of {1}. "
            "Choose a smaller budget or select fewer pictures.",
        )
    return words.format(number(use.total_tokens), number(use.context_tokens))
