"""A thread for tests of runtimes: MLX's arrays and seeds do not cross threads, and its streams are cleared last."""

from __future__ import annotations

import sys
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
    if "mlx.core" in sys.modules:
        sys.modules["mlx.core"].clear_streams()
