"""Stands in for torch.cuda where steps are recorded, with the rules that its allocator has for graphs' memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from app.backends.torch_decoder import Decoder

if TYPE_CHECKING:
    from app.backends.torch_cache import KvRows


class CudaPlayed:
    """Streams that are names, and graphs that run again what ran while they were recorded.

    A graph's memory is known by a number. As in CUDACachingAllocator.cpp, a number whose graphs are all gone is dead:
    recording into it again fails. As in torch.cuda.graph, a recording that fails leaves its stream the current one.

    Attributes:
        graphs: How many graphs were recorded.
        fails: Whether the recording of so many slots fails.
    """

    OutOfMemoryError = MemoryError

    def __init__(self, torch: Any) -> None:
        self._torch = torch
        self._stream: Any = "usual"
        self._streams = 0
        self._users: dict[int, int] = {}
        self._recording: _Graph | None = None
        self.graphs = 0
        self.fails: Callable[[int], bool] = lambda _: False
        self.cuda = self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._torch, name)

    def Stream(self) -> Any:  # noqa: N802 - as in torch.cuda
        self._streams += 1
        assert self._streams == 1, "a stream keeps what multiplying on it took"
        return _Stream()

    def current_stream(self) -> Any:
        return _Stream() if self._stream == "usual" else self._stream

    @property
    def is_on_usual_stream(self) -> bool:
        return bool(self._stream == "usual")

    @contextmanager
    def stream(self, stream: Any) -> Iterator[None]:
        before, self._stream = self._stream, stream
        try:
            yield
        finally:
            self._stream = before

    def CUDAGraph(self) -> Any:  # noqa: N802
        return _Graph(self._users)

    def graph_pool_handle(self) -> int:
        return 1_000 + self.graphs

    @contextmanager
    def graph(self, graph: Any, pool: Any = None, stream: Any = None, capture_error_mode: str = "") -> Iterator[None]:
        assert capture_error_mode == "thread_local"
        if self._users.get(pool) == 0:
            raise RuntimeError("it->second->use_count > 0 INTERNAL ASSERT FAILED")
        before, self._stream = self._stream, stream or object()
        graph.take(1 + self.graphs if pool is None else pool)
        self._recording = graph
        try:
            yield
        finally:
            self._recording = None
        self._stream = before
        self.graphs += 1

    def run_step(self, plain: Callable[[Decoder, KvRows, int], Any]) -> Callable[[Decoder, KvRows, int], Any]:
        """A step that only takes note of itself while it is recorded."""

        def run(decoder: Decoder, cache: KvRows, slots: int) -> Any:
            graph = self._recording
            if graph is None:
                return plain(decoder, cache, slots)
            if self.fails(slots):
                raise RuntimeError("operation not permitted when stream is capturing")
            before = cache.places.clone(), cache.positions.clone()
            logits = plain(decoder, cache, slots).clone()
            cache.places.copy_(before[0])
            cache.positions.copy_(before[1])
            places, keys = cache.places, list(cache.keys)

            def replay() -> None:
                assert cache.places is places, "a graph knows the tensors that it was recorded with and no others"
                assert all(now is then for now, then in zip(cache.keys, keys, strict=True))
                logits.copy_(plain(decoder, cache, slots))

            graph.replay = replay
            return logits

        return run


class _Stream:
    def wait_stream(self, _: Any) -> None:
        """Nothing here runs by itself."""


class _Graph:
    def __init__(self, users: dict[int, int]) -> None:
        self._users = users
        self._pool: int | None = None
        self.replay: Callable[[], None] | None = None

    def take(self, pool: int) -> None:
        self._pool = pool
        self._users[pool] = self._users.get(pool, 0) + 1

    def pool(self) -> int | None:
        return self._pool

    def __del__(self) -> None:
        if self._pool is not None:
            self._users[self._pool] -= 1
