from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from app.backends.torch_token_drawer import TokenDrawer
from app.core.sampling import GREEDY, Sampling
from tests.torch_here import skip_without_torch

skip_without_torch()

FREE = Sampling(temperature=1.0, top_p=1.0, top_k=0, presence_penalty=0.0, seed=1)
CHANCES = (0.4, 0.3, 0.2, 0.07, 0.03)


def rows_drawn(samplings: Sequence[Sampling], count: int = 400) -> list[list[int]]:
    import torch

    logits = torch.tensor([CHANCES] * len(samplings)).log()
    prompts = [np.zeros(1, dtype=np.int32)] * len(samplings)
    drawer = TokenDrawer(torch, samplings, prompts, len(CHANCES), torch.device("cpu"))
    return [list(row) for row in zip(*(drawer.draw(logits).tolist() for _ in range(count)), strict=True)]


def drawn(sampling: Sampling) -> set[int]:
    """What a row draws, which is the same alone and beside rows with other settings."""
    alone = rows_drawn([sampling])[0]
    others = [FREE, GREEDY, replace(FREE, top_k=1, seed=9)]
    assert rows_drawn([*others, sampling])[3] == alone
    return set(alone)


def test_sampling_follows_its_settings() -> None:
    assert drawn(FREE) == {0, 1, 2, 3, 4}
    assert drawn(replace(FREE, temperature=0.0)) == {0}
    assert drawn(replace(FREE, top_k=2)) == {0, 1}
    assert drawn(replace(FREE, top_k=99)) == {0, 1, 2, 3, 4}
    assert drawn(replace(FREE, top_p=0.65)) == {0, 1}
    assert drawn(replace(FREE, top_p=0.0)) == {0}
    assert drawn(replace(FREE, min_p=0.45)) == {0, 1, 2}
    assert drawn(replace(FREE, temperature=0.05)) <= {0, 1}
    # A top-p of 0.8 after a top-k of 3 is 0.8 of what top-k left (0.9), as in transformers.
    assert drawn(replace(FREE, top_k=3, top_p=0.75)) == {0, 1}


def test_tokens_come_as_often_as_they_are_likely() -> None:
    counts = np.bincount(rows_drawn([FREE], 6_000)[0], minlength=5) / 6_000
    np.testing.assert_allclose(counts, CHANCES, atol=0.02)
    kept = np.bincount(rows_drawn([replace(FREE, top_k=3)], 6_000)[0], minlength=5) / 6_000
    np.testing.assert_allclose(kept, np.array([4, 3, 2, 0, 0]) / 9, atol=0.02)


def test_another_seed_draws_otherwise_and_the_same_seed_the_same() -> None:
    one, again, other = rows_drawn([FREE, FREE, replace(FREE, seed=2)])
    assert one == again != other


def test_a_row_goes_on_as_before_when_others_leave() -> None:
    import torch

    logits = torch.tensor([CHANCES] * 3).log()
    samplings = [replace(FREE, seed=seed, presence_penalty=0.4, repetition_penalty=1.3) for seed in range(3)]
    prompts = [np.array([index], dtype=np.int32) for index in range(3)]

    def last_row(leave_at: int) -> list[int]:
        drawer = TokenDrawer(torch, samplings, prompts, len(CHANCES), torch.device("cpu"))
        tokens = []
        rows = 3
        for step in range(600):
            if step == leave_at:
                drawer.keep([2])
                rows = 1
            tokens.append(int(drawer.draw(logits[:rows])[-1]))
        return tokens

    assert last_row(5) == last_row(300) == last_row(10_000)


def test_penalties_touch_what_they_should() -> None:
    import torch

    greedy = replace(GREEDY, seed=0)

    def tokens(sampling: Sampling, prompt: list[int], logits: list[float], count: int) -> list[int]:
        for beside in ([], [FREE]):
            samplings = [*beside, sampling]
            prompts = [np.array(prompt, dtype=np.int32)] * len(samplings)
            drawer = TokenDrawer(torch, samplings, prompts, len(logits), torch.device("cpu"))
            rows = torch.tensor([logits] * len(samplings))
            found = [int(drawer.draw(rows)[-1]) for _ in range(count)]
        return found

    # Presence counts the answer's tokens alone, once.
    assert tokens(replace(greedy, presence_penalty=1.0), [0], [3.0, 2.5, 0.0], 3) == [0, 1, 0]
    # Repetition counts the prompt's tokens too, and pushes negative logits further down.
    assert tokens(replace(greedy, repetition_penalty=2.0), [0], [3.0, 2.5, 0.0], 1) == [1]
    assert tokens(replace(greedy, repetition_penalty=2.0), [0], [-1.0, -1.5, -9.0], 1) == [1]
