"""A thread for tests that use MLX: arrays, streams and seeds do not cross threads, and the last act clears streams."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")


class OnModelThread(Protocol):
    """Runs a function on the model thread and gives what it returns."""

    def __call__(self, work: Callable[[], T]) -> T: ...


@contextmanager
def model_thread() -> Iterator[OnModelThread]:
    """One thread that ends as the program's own model thread does."""
    with ThreadPoolExecutor(1, thread_name_prefix="test-model") as executor:

        def run(work: Callable[[], T]) -> T:
            return executor.submit(work).result()

        run(lambda: None)  # starts the thread now, so that no test seems to have left it
        try:
            yield run
        finally:
            executor.submit(_clear_streams).result()


def _clear_streams() -> None:
    import mlx.core as mx

    mx.clear_streams()
