"""Attention and rotary positions, shared by the vision tower and the language model.

Shapes: B batch, H heads, L tokens, E width of a head.
"""

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional


def rotate(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Turns queries or keys (B, H, L, E) by their positions."""
    first, second = x.chunk(2, dim=-1)
    return x * cosine.to(x.dtype) + torch.cat((-second, first), dim=-1) * sine.to(x.dtype)


@lru_cache(maxsize=64)
def causal_mask(length: int) -> Tensor:
    """An additive mask (L, L): minus infinity where a token may not look."""
    return torch.full((length, length), float("-inf")).triu(1)


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """Attention written out; on a CPU its backward pass is several times faster than the fused one.

    q (B, H, r * L, E) may hold r query heads for each of the H heads of k and v (B, H, L, E).
    """
    scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
    if mask is not None:
        length = mask.shape[0]
        scores = scores.view(*scores.shape[:2], -1, length, length) + mask.to(scores.dtype)
        scores = scores.view(*scores.shape[:2], -1, length)
    return functional.softmax(scores, dim=-1) @ v
