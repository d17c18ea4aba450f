"""Several decoders at once: what one gives is there at once, what one meets is told, and none goes on for nobody."""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING

import pytest

from app.core.video_files import _at_once

if TYPE_CHECKING:
    from collections.abc import Iterator


def failing() -> Iterator[int]:
    yield 1
    raise OSError("the disk is gone")


def test_all_that_several_give_comes_once() -> None:
    parts = [iter(range(first, 30, 3)) for first in range(3)]
    assert sorted(_at_once(parts, lambda: None)) == list(range(30))


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_fault_of_any_is_raised(place: int) -> None:
    is_over = threading.Event()
    parts = [iter([0]), iter([0])]
    parts.insert(place, failing())
    with pytest.raises(OSError, match="the disk is gone"):
        list(_at_once(parts, is_over.set))
    assert is_over.is_set()


def test_who_takes_no_more_ends_all_of_them() -> None:
    is_over = threading.Event()

    def decoded() -> Iterator[int]:
        yield from itertools.takewhile(lambda _: not is_over.is_set(), itertools.count())

    taken = _at_once([iter(range(3)), decoded(), decoded()], is_over.set)
    assert next(taken) == 0
    taken.close()  # type: ignore[attr-defined]
    assert is_over.is_set()
