from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.backends.mlx_token_drawer import TokenDrawer
from app.core.sampling import GREEDY, Sampling
from tests.model_thread import OnModelThread

pytest.importorskip("mlx", reason="MLX has no wheel for this machine")


def test_sampling_follows_its_settings(on_model_thread: OnModelThread) -> None:
    def draws(sampling: Sampling, count: int = 400) -> set[int]:
        import mlx.core as mx

        logits = mx.log(mx.array([0.4, 0.3, 0.2, 0.07, 0.03]))
        drawer = TokenDrawer(mx, sampling, np.zeros(1, dtype=np.int32))
        return {int(drawer.draw(logits).item()) for _ in range(count)}

    free = Sampling(temperature=1.0, top_p=1.0, top_k=0, presence_penalty=0.0, seed=1)

    def work() -> None:
        assert draws(free) == {0, 1, 2, 3, 4}
        assert draws(replace(free, temperature=0.0)) == {0}
        assert draws(replace(free, top_k=2)) == {0, 1}
        assert draws(replace(free, top_k=99)) == {0, 1, 2, 3, 4}
        assert draws(replace(free, top_p=0.65)) == {0, 1}
        assert draws(replace(free, top_p=0.0)) == {0}
        assert draws(replace(free, min_p=0.45)) == {0, 1, 2}
        assert draws(replace(free, temperature=0.05)) <= {0, 1}
        # A top-p of 0.8 after a top-k of 3 is 0.8 of what top-k left (0.9), as in transformers.
        assert draws(replace(free, top_k=3, top_p=0.75)) == {0, 1}

    on_model_thread(work)


def test_penalties_touch_what_they_should(on_model_thread: OnModelThread) -> None:
    greedy = replace(GREEDY, seed=0)

    def drawn(sampling: Sampling, prompt: list[int], logits: list[float], count: int) -> list[int]:
        import mlx.core as mx

        drawer = TokenDrawer(mx, sampling, np.array(prompt, dtype=np.int32))
        return [int(drawer.draw(mx.array(logits)).item()) for _ in range(count)]

    def work() -> None:
        # Presence counts the answer's tokens alone, once.
        assert drawn(replace(greedy, presence_penalty=1.0), [0], [3.0, 2.5, 0.0], 3) == [0, 1, 0]
        # Repetition counts the prompt's tokens too, and pushes negative logits further down.
        assert drawn(replace(greedy, repetition_penalty=2.0), [0], [3.0, 2.5, 0.0], 1) == [1]
        assert drawn(replace(greedy, repetition_penalty=2.0), [0], [-1.0, -1.5, -9.0], 1) == [1]

    on_model_thread(work)
