"""What the MLX backend keeps of a conversation: keys and values of every token, and states of recurrent layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.core.prompt import common_prefix

if TYPE_CHECKING:
    from app.core.prompt import MediaSpan, Prompt

_MOST_KEPT = 4
"""States of a 27B model take 150 MB at each place."""


@dataclass(frozen=True, slots=True)
class _States:
    """The states of all recurrent layers after so many tokens."""

    tokens: int
    layers: tuple[tuple[Any, ...], ...]


class Held:
    """A cache and what it holds.

    Keys and values can be cut off after any token. A recurrent layer's state cannot be taken back, so that its states
    are kept where later prompts are likely to part from this one: after the last picture, and before the answer begins.
    A cut then goes to the last such place, and what lies behind it is read again. Both ways the next answer is what it
    would be if the whole prompt were read anew.

    Attributes:
        cache: One entry per layer, as mlx-vlm made them.
        token_ids: What was fed, at least as many as the cache holds.

    Thread: model.
    """

    def __init__(self, cache: list[Any]) -> None:
        self.cache = cache
        self.token_ids: list[int] = []
        self._media: tuple[MediaSpan, ...] = ()
        self._rows = [layer for layer in cache if layer.is_trimmable()]
        self._recurrent = [layer for layer in cache if not layer.is_trimmable()]
        self._kept = [self._states_now()]
        self._places: tuple[int, ...] = ()

    @property
    def tokens(self) -> int:
        """How many tokens it holds."""
        return int(self._rows[0].offset)

    def cut_to_shared(self, prompt: Prompt) -> int:
        """Cuts off what a prompt does not begin with; returns what is left, at least one token less than the prompt."""
        self._cut_to(min(common_prefix(self.token_ids, self._media, prompt), prompt.length - 1))
        return self.tokens

    def expect(self, prompt: Prompt) -> None:
        """Takes a prompt, whose beginning it holds, as what is read next."""
        self.token_ids = prompt.token_ids.tolist()
        self._media = prompt.media
        if self._recurrent:
            places = {prompt.answer_start, *(span.end for span in prompt.media[-1:])}
            self._places = tuple(sorted(place for place in places if self.tokens < place < prompt.length))

    def step_end(self, end: int) -> int:
        """Where a step that would go on to `end` must stop, so that states can be kept there."""
        return next((place for place in self._places if self.tokens < place < end), end)

    def keep_states(self) -> None:
        """Keeps the states after a step, if this is a place for it. They are never changed, only replaced."""
        if self.tokens in self._places:
            self._kept.append(self._states_now())
            # The first place stays: a new conversation about the same pictures begins there.
            del self._kept[2 : len(self._kept) - _MOST_KEPT + 1]

    def settle(self) -> None:
        """After an answer or a stop: forgets tokens that were not fed, and what was fed beyond the known tokens."""
        self._cut_to(len(self.token_ids))
        del self.token_ids[self.tokens :]
        self._places = ()

    def _cut_to(self, count: int) -> None:
        if self.tokens <= count:
            return
        if self._recurrent:
            self._kept = [states for states in self._kept if states.tokens <= count]
            count = self._kept[-1].tokens
            for layer, state in zip(self._recurrent, self._kept[-1].layers, strict=True):
                layer.state = list(state)
        for layer in self._rows:
            layer.trim(layer.offset - count)

    def _states_now(self) -> _States:
        return _States(self.tokens, tuple(tuple(layer.state) for layer in self._recurrent))
