"""What the next question costs, and how much of what the model can take is taken then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from app.gui.wording import asked_about_text, number, pictures_text

if TYPE_CHECKING:
    from app.core.conversation import Conversation
    from app.core.next_question import NextQuestion


def told_tokens(conversation: Conversation) -> int:
    """The tokens of the conversation so far: the last answer's prompt holds all that was said and shown before."""
    told = [turn for turn in conversation.turns if turn.is_told]
    return told[-1].figures.prompt_tokens + told[-1].figures.answer_tokens if told else 0


def cost_text(question: NextQuestion, conversation: Conversation, context_tokens: int | None) -> str:
    """``3 pictures · 2,112 of 262,144 tokens``, later ``1 picture · 704 tokens · in all 2,900 of 262,144 tokens``.

    Args:
        question: The pictures as they stand.
        conversation: What is told again with the question.
        context_tokens: The most tokens the model can take, or None where that is not known yet.
    """
    translate = QCoreApplication.translate
    cost = asked_about_text(question)
    told = told_tokens(conversation)
    total = told + question.new_tokens
    if context_tokens is None or not total:
        return cost
    amounts = (number(total), number(context_tokens))
    if total >= context_tokens:
        much = translate("Wording", "⚠ {0} tokens in all are more than the model can take: {1}")
        return much.format(*amounts)
    if not told:
        pictures = pictures_text(len(question.new))
        return " · ".join((pictures, translate("Wording", "{0} of {1} tokens").format(*amounts)))
    return " · ".join(
        part for part in (cost, translate("Wording", "in all {0} of {1} tokens").format(*amounts)) if part
    )
