"""Choosing the next tokens of several answers at once, on PyTorch's device.

Letters used for shapes: B rows, L tokens, C candidates, V vocabulary.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from app.core.sampling import Sampling

_CHANCES_AHEAD = 256
"""Random numbers that are sent to the device at a time."""


class TokenDrawer:
    """Chooses the next token of each row in the order that app.core.sampling states, without waiting for the device.

    A row's random numbers come from its seed alone: neither the device nor the rows beside it change them.

    Args:
        torch: The module torch.
        samplings: Settings of each row, with a seed already drawn.
        prompts: (L,) each, for the repetition penalty.
        vocabulary: V.
        device: Where the logits are.

    Thread: model.
    """

    def __init__(
        self,
        torch: Any,
        samplings: Sequence[Sampling],
        prompts: Sequence[NDArray[np.int32]],
        vocabulary: int,
        device: Any,
    ) -> None:
        self._torch = torch
        self._device = device
        self._samplings = list(samplings)
        self._randoms = [np.random.Generator(np.random.PCG64(sampling.seed or 0)) for sampling in samplings]
        self._step = 0
        self._chances: Any = None
        self._in_answer: Any = None
        self._seen: Any = None
        if any(sampling.repetition_penalty != 1.0 or sampling.presence_penalty != 0.0 for sampling in samplings):
            shape = (len(samplings), vocabulary)
            self._in_answer = torch.zeros(shape, dtype=torch.bool, device=device)
            self._seen = torch.zeros(shape, dtype=torch.bool, device=device)
            for row, prompt in enumerate(prompts):
                self._seen[row, torch.from_numpy(prompt.astype(np.int64)).to(device)] = True
        self._set_columns()

    def draw(self, logits: Any) -> Any:
        """The next tokens, (B,) of int64 on the device, from logits (B, V) in float32."""
        logits = self._penalised(logits)
        tokens = logits.argmax(-1)
        if self._is_drawing:
            tokens = self._torch.where(self._temperature[:, 0] > 0, self._drawn(logits), tokens)
        if self._in_answer is not None:
            self._in_answer.scatter_(1, tokens[:, None], True)
            self._seen.scatter_(1, tokens[:, None], True)
        self._step += 1
        return tokens

    def keep(self, rows: Sequence[int]) -> None:
        """Forgets every row but these."""
        self._samplings = [self._samplings[row] for row in rows]
        self._randoms = [self._randoms[row] for row in rows]
        index = self._torch.tensor(list(rows), device=self._device)
        if self._chances is not None:
            self._chances = self._chances[index]
        if self._in_answer is not None:
            self._in_answer, self._seen = self._in_answer[index], self._seen[index]
        self._set_columns()

    def _set_columns(self) -> None:
        """Each setting as a column, (B, 1)."""

        def column(values: list[float]) -> Any:
            return self._torch.tensor(values, dtype=self._torch.float32, device=self._device)[:, None]

        samplings = self._samplings
        self._is_drawing = any(sampling.temperature > 0 for sampling in samplings)
        self._temperature = column([sampling.temperature for sampling in samplings])
        self._top_k = column([sampling.top_k or float("inf") for sampling in samplings])
        self._top_p = column([sampling.top_p for sampling in samplings])
        self._min_p = column([sampling.min_p for sampling in samplings])
        self._repetition = column([sampling.repetition_penalty for sampling in samplings])
        self._presence = column([sampling.presence_penalty for sampling in samplings])

    def _penalised(self, logits: Any) -> Any:
        if self._in_answer is None:
            return logits
        where = self._torch.where
        repeated = where(logits > 0, logits / self._repetition, logits * self._repetition)
        return where(self._seen, repeated, logits) - self._presence * self._in_answer

    def _drawn(self, logits: Any) -> Any:
        """Tokens by chance, (B,); those of greedy rows mean nothing."""
        torch = self._torch
        scaled = logits / torch.where(self._temperature > 0, self._temperature, 1.0)
        drawing = [sampling for sampling in self._samplings if sampling.temperature > 0]
        widest = max((sampling.top_k or scaled.shape[1]) for sampling in drawing)
        if widest < scaled.shape[1]:
            ordered, order = scaled.topk(widest, dim=-1)
        else:
            ordered, order = scaled.sort(dim=-1, descending=True)
        rank = torch.arange(ordered.shape[1], device=self._device)
        chances = torch.where(rank < self._top_k, ordered, -float("inf")).softmax(-1)
        is_kept = (chances.cumsum(-1) - chances < self._top_p) & (chances >= self._min_p * chances[:, :1])
        is_kept = (is_kept & (rank < self._top_k)) | (rank == 0)
        reached = torch.where(is_kept, chances, 0.0).cumsum(-1)
        place = (reached <= self._next_chances() * reached[:, -1:]).sum(-1, keepdim=True)
        place = torch.minimum(place, is_kept.sum(-1, keepdim=True) - 1)
        return order.gather(1, place)[:, 0]

    def _next_chances(self) -> Any:
        """One random number from 0 to 1 for each row, (B, 1)."""
        column = self._step % _CHANCES_AHEAD
        if self._chances is None or column == 0:
            drawn = np.stack([random.random(_CHANCES_AHEAD, dtype=np.float32) for random in self._randoms])
            self._chances = self._torch.from_numpy(drawn).to(self._device)
        return self._chances[:, column : column + 1]
