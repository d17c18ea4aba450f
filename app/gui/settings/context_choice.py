"""How long a conversation may become: as much as fits the machine, or so many tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.gui.settings.choice_box import ChoiceBox
from app.gui.wording import number, tokens_text

if TYPE_CHECKING:
    from app.core.checkpoint import Checkpoint

_CHOICES = tuple(2**power for power in range(12, 19))
"""From 4,096 tokens to the 262,144 that released models can take."""


class ContextChoice(ChoiceBox):
    """The lengths to choose from; one that was chosen otherwise is among them."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[int | None, int | None] | None = None
        self.show_context(None, None)

    def show_context(self, chosen: int | None, checkpoint: Checkpoint | None) -> None:
        """Shows what was chosen, and how long the model's conversations become where nothing was.

        Args:
            chosen: Tokens, or None for as many as fit.
            checkpoint: The model that is here, with the context it has now; None while there is none.
        """
        fitting = None
        if checkpoint is not None and not checkpoint.has_chosen_context:
            fitting = checkpoint.context_tokens
        if self._shown != (chosen, fitting):
            self._shown = chosen, fitting
            self._show_choices(chosen, fitting)

    def _show_choices(self, chosen: int | None, fitting: int | None) -> None:
        was_blocked = self.blockSignals(True)
        self.clear()
        words = self.tr("Automatic")
        if fitting is not None:
            words = self.tr("Auto ({0})").format(number(fitting))
        self.addItem(words, None)
        for tokens in sorted({*_CHOICES, *([] if chosen is None else [chosen])}):
            self.addItem(tokens_text(tokens), tokens)
        self.setCurrentIndex(self.findData(chosen))
        self.blockSignals(was_blocked)
