"""What is reckoned for a model, held against what MLX takes for one of random weights; stated tolerances."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from app.backends import mlx_backend
from app.backends.mlx_backend import MlxBackend
from app.core.checkpoint import Checkpoint, read_checkpoint
from app.core.events import Finished
from app.core.machine import MachineMemory
from app.core.models import fit
from app.core.models.checkpoint_fit import fit_of_checkpoint
from app.core.requests import Request, Turn
from app.core.sampling import GREEDY
from app.core.vision import TOKEN_PX
from tests.model_thread import OnModelThread
from tests.pictures_made import noise_picture
from tests.random_checkpoint import Widths, write_random_checkpoint

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("mlx_vlm", reason="mlx-vlm has no wheel for this machine")

WIDTHS = Widths(
    text_width=128,
    text_layers=2,
    heads=8,
    kv_heads=4,
    head_dim=64,
    mlp_width=512,
    vision_width=256,
    vision_depth=3,
    vision_heads=4,
    vision_mlp_width=1024,
    vocabulary=1024,
)
HERE = MachineMemory("ram", 0, 0)
WEIGHTS_TOLERANCE = 0.005
PEAK_TOLERANCE = 0.2


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    folder: Path = write_random_checkpoint(tmp_path_factory.mktemp("wide"), WIDTHS)
    return read_checkpoint(folder, "random")


@pytest.fixture(scope="module")
def backend(checkpoint: Checkpoint, on_model_thread: OnModelThread) -> Iterator[MlxBackend]:
    made = MlxBackend()
    on_model_thread(lambda: list(made.load(checkpoint, lambda: False)))
    yield made
    on_model_thread(made.unload)


@pytest.fixture
def taken(backend: MlxBackend, on_model_thread: OnModelThread) -> Callable[[Request], tuple[int, int]]:
    """Answers a request; gives its tokens and the most that was held beside the weights."""

    def run(request: Request) -> tuple[int, int]:
        def work() -> tuple[int, int]:
            assert backend._loaded is not None
            backend._loaded._held = None
            before = backend.memory().active_bytes
            *_, last = backend.generate([request], lambda _: False)
            assert isinstance(last, Finished)
            assert last.error is None
            return last.figures.prompt_tokens + last.figures.answer_tokens, last.figures.peak_memory_bytes - before

        return on_model_thread(work)

    return run


def asked(text: str, image_tokens: int) -> Request:
    side = int(image_tokens**0.5) * TOKEN_PX
    return Request("r", (Turn(text, (noise_picture(1, side, side),)),), replace(GREEDY, max_tokens=2))


def test_weights_take_what_their_files_say(
    backend: MlxBackend, checkpoint: Checkpoint, on_model_thread: OnModelThread
) -> None:
    need = fit_of_checkpoint(checkpoint, HERE).need
    held = on_model_thread(lambda: backend.memory().active_bytes)
    assert held == pytest.approx(need.weights_bytes + need.vision_bytes, rel=WEIGHTS_TOLERANCE)


@pytest.mark.parametrize(("text", "image_tokens"), [("What?", 196), (" w300" * 600, 4)], ids=["picture", "long"])
def test_a_question_takes_what_was_reckoned(
    taken: Callable[[Request], tuple[int, int]], checkpoint: Checkpoint, text: str, image_tokens: int
) -> None:
    tokens, peak_bytes = taken(asked(text, image_tokens))
    chosen = replace(checkpoint, context_tokens=tokens, has_chosen_context=True)
    need = fit_of_checkpoint(chosen, HERE, image_tokens=image_tokens).need
    reckoned = need.cache_bytes + need.activation_bytes - fit._RUNTIME_BYTES["ram"]
    assert peak_bytes == pytest.approx(reckoned, rel=PEAK_TOLERANCE)


def test_what_metal_tells_is_noted(
    checkpoint: Checkpoint, on_model_thread: OnModelThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlx.core as mx

    told: list[int] = []
    monkeypatch.setattr(mlx_backend, "note_metal_working_set", told.append)
    monkeypatch.setattr(mx.metal, "is_available", lambda: True)
    monkeypatch.setattr(mx, "device_info", lambda: {"max_recommended_working_set_size": 11_453_251_584})
    on_model_thread(lambda: next(itertools.islice(MlxBackend().load(checkpoint, lambda: True), 1, None), None))
    assert told == [11_453_251_584]
