from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from app.core.errors import UserError
from app.core.sampling import GREEDY, MAX_SEED, Sampling


def test_the_defaults_are_in_range() -> None:
    assert Sampling().checked() == Sampling()
    assert GREEDY.checked().temperature == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"max_tokens": 0}, "max tokens is 0"),
        ({"temperature": -0.1}, "temperature is -0.1"),
        ({"temperature": math.nan}, "temperature is nan"),
        ({"top_p": 1.1}, "top-p is 1.1"),
        ({"top_k": -1}, "top-k is -1"),
        ({"min_p": 2.0}, "min-p is 2"),
        ({"repetition_penalty": 0.0}, "repetition penalty is 0"),
        ({"presence_penalty": 3.0}, "presence penalty is 3"),
        ({"seed": MAX_SEED + 1}, "seed is 4.29497e+09"),
        ({"seed": 10**400}, "seed is a very large number"),
        ({"temperature": math.inf}, "temperature is a very large number"),
        ({"temperature": -math.inf}, "temperature is a very large number"),
    ],
)
def test_a_setting_out_of_range_says_which_and_what_is_allowed(change: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError) as caught:
        replace(Sampling(), **change).checked()
    assert words in caught.value.said.text
    assert "must be from" in caught.value.said.hint
