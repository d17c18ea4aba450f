"""One model at a time: the old one is gone before the new one is read, by the runtime's figures and by the system's."""

from __future__ import annotations

import gc
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.backends.table import BACKENDS
from app.core.backend import Backend, Memory
from app.core.checkpoint import Checkpoint, read_checkpoint
from app.core.events import Finished
from app.core.requests import Request, Turn
from app.core.sampling import GREEDY
from tests.model_thread import OnModelThread
from tests.pictures_made import noise_picture
from tests.random_checkpoint import Widths, write_random_checkpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.alone
LARGE = Widths(text_width=512, text_layers=10, mlp_width=4096, vocabulary=8_192, dtype="float32")
SMALLER = replace(LARGE, text_layers=5)
RUNTIMES = tuple(name for name in ("mlx", "transformers") if BACKENDS[name].why_missing() is None)
_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_FORGET_THE_PEAK = "5"


@dataclass(frozen=True)
class Stored:
    checkpoint: Checkpoint
    weights_bytes: int


def stored(folder: Path, widths: Widths) -> Stored:
    write_random_checkpoint(folder, widths)
    return Stored(read_checkpoint(folder, folder.name), (folder / "model.safetensors").stat().st_size)


# The large one first and a smaller one after it: a peak beyond the large one's can then only mean both together.
@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[Stored, Stored]:
    folder = tmp_path_factory.mktemp("two-models")
    large, smaller = stored(folder / "large", LARGE), stored(folder / "smaller", SMALLER)
    assert large.weights_bytes > 250_000_000
    assert smaller.weights_bytes > 0.5 * large.weights_bytes
    return large, smaller


@pytest.fixture(params=RUNTIMES[:1])
def backend(request: pytest.FixtureRequest, on_model_thread: OnModelThread) -> Iterator[Backend]:
    made = BACKENDS[request.param].make()
    yield made
    on_model_thread(made.unload)


def load_and_ask(backend: Backend, checkpoint: Checkpoint) -> list[Memory]:
    """Gives what the runtime says it holds at each step of the load."""
    held = [backend.memory() for _ in backend.load(checkpoint, lambda: False)]
    shown = (noise_picture(1), noise_picture(2))
    request = Request("r", (Turn("What is there?", shown),), replace(GREEDY, max_tokens=8))
    *_, end = backend.generate([request], lambda _: False)
    assert isinstance(end, Finished)
    assert end.error is None
    return held


def test_by_its_own_figures_the_runtime_never_holds_both(
    backend: Backend, on_model_thread: OnModelThread, two: tuple[Stored, Stored]
) -> None:
    large, smaller = two

    def switch() -> tuple[Memory, list[Memory], Memory]:
        load_and_ask(backend, large.checkpoint)
        before = backend.memory()
        return before, load_and_ask(backend, smaller.checkpoint), backend.memory()

    before, while_loading, after = on_model_thread(switch)
    assert before.active_bytes > 0.9 * large.weights_bytes
    assert while_loading[0].active_bytes < 0.1 * large.weights_bytes
    assert max(memory.active_bytes for memory in while_loading) < 1.2 * smaller.weights_bytes
    assert 0.9 * smaller.weights_bytes < after.active_bytes < 1.2 * smaller.weights_bytes


@pytest.mark.skipif(not _CLEAR.exists(), reason="the system does not tell the most that a process held")
def test_by_the_systems_figures_the_process_never_holds_both(
    backend: Backend, on_model_thread: OnModelThread, two: tuple[Stored, Stored]
) -> None:
    large, smaller = two

    def switch() -> tuple[int, int]:
        load_and_ask(backend, smaller.checkpoint)  # imports and scratch memory are there from here on
        backend.unload()
        gc.collect()
        without_bytes = resident_bytes("VmRSS")
        load_and_ask(backend, large.checkpoint)
        _CLEAR.write_text(_FORGET_THE_PEAK)
        load_and_ask(backend, smaller.checkpoint)
        return without_bytes, resident_bytes("VmHWM")

    without_bytes, peak_bytes = on_model_thread(switch)
    held_bytes = peak_bytes - without_bytes
    assert held_bytes > 0.9 * large.weights_bytes
    assert held_bytes < large.weights_bytes + 0.5 * smaller.weights_bytes


def resident_bytes(name: str) -> int:
    assert sys.platform == "linux"
    lines = _STATUS.read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))
