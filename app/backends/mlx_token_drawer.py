"""Choosing the next token on MLX's device. Letters used for shapes: L tokens, V vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from app.core.sampling import Sampling


class TokenDrawer:
    """Chooses the next token in the order that app.core.sampling states, without waiting for the device.

    Args:
        mx: The module mlx.core.
        sampling: Settings with a seed already drawn.
        prompt_ids: (L,), for the repetition penalty.

    Thread: model.
    """

    def __init__(self, mx: Any, sampling: Sampling, prompt_ids: NDArray[np.int32]) -> None:
        self._mx = mx
        self._sampling = sampling
        self._prompt_ids = prompt_ids
        self._key = mx.random.key(sampling.seed or 0)
        self._in_answer: Any = None
        self._seen: Any = None

    def draw(self, logits: Any) -> Any:
        """The next token, a lazy array of no dimension, from logits (V,)."""
        mx = self._mx
        logits = self._penalised(logits)
        token = mx.argmax(logits) if self._sampling.temperature == 0 else self._drawn(logits)
        if self._in_answer is not None:
            self._in_answer[token] = True
            self._seen[token] = True
        return token

    def _penalised(self, logits: Any) -> Any:
        mx, sampling = self._mx, self._sampling
        if sampling.repetition_penalty == 1.0 and sampling.presence_penalty == 0.0:
            return logits
        if self._in_answer is None:
            self._in_answer = mx.zeros(logits.shape, dtype=mx.bool_)
            self._seen = mx.zeros(logits.shape, dtype=mx.bool_)
            self._seen[mx.array(self._prompt_ids)] = True
        factor = sampling.repetition_penalty
        repeated = mx.where(logits > 0, logits / factor, logits * factor)
        return mx.where(self._seen, repeated, logits) - sampling.presence_penalty * self._in_answer

    def _drawn(self, logits: Any) -> Any:
        mx, sampling = self._mx, self._sampling
        self._key, key = mx.random.split(self._key)
        scaled = logits / sampling.temperature
        count = sampling.top_k if 0 < sampling.top_k < scaled.size else scaled.size
        likeliest = mx.argpartition(-scaled, count - 1)[:count] if count < scaled.size else mx.arange(count)
        order = likeliest[mx.argsort(-scaled[likeliest])]
        ordered = scaled[order]
        chances = mx.softmax(ordered)
        is_kept = (mx.cumsum(chances) - chances < sampling.top_p) & (chances >= sampling.min_p * chances[0])
        is_kept = is_kept | (mx.arange(count) == 0)
        return order[mx.random.categorical(mx.where(is_kept, ordered, -mx.inf), key=key)]
