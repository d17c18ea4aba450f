"""Viewfinder's overhead: its own path, from asking to the last word, against mlx-vlm's stream_generate called directly.

Same checkpoint, same picture file, same process, in turn; the figures are ratios of medians.

    python -m tests.bench.overhead [--model demo|DIR|random] [--runs 15] [--max-tokens 64] [--size 640x480]
"""

from __future__ import annotations

import argparse
import queue
import statistics
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.backends.mlx_backend import MlxBackend
from app.core.checkpoint import Checkpoint, find_checkpoint
from app.core.events import EngineEvent, Finished, ModelFailed, ModelReady, TextPiece
from app.core.pictures import PictureSource
from app.core.requests import Question
from app.core.sampling import GREEDY
from app.engine.engine import Engine
from tests.model_thread import OnModelThread, model_thread
from tests.random_checkpoint import Widths, write_random_checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable

QUESTION = "Describe this image."
RANDOM_WIDTHS = Widths(
    text_width=512,
    text_layers=8,
    heads=8,
    kv_heads=4,
    head_dim=64,
    mlp_width=1536,
    vision_width=256,
    vision_depth=8,
    vision_heads=4,
    vision_mlp_width=1024,
    vocabulary=32_000,
)


@dataclass(frozen=True)
class Timing:
    """One answer: seconds to the first text, and tokens a second after it."""

    first_s: float
    tokens_per_s: float


def ours(checkpoint: Checkpoint, picture: Path, max_tokens: int) -> tuple[Callable[[], Timing], Callable[[], bool]]:
    """A function that asks through the engine, and one that closes it."""
    arrived: queue.SimpleQueue[EngineEvent] = queue.SimpleQueue()
    engine = Engine(MlxBackend, arrived.put)
    engine.load(checkpoint)
    while not isinstance(event := arrived.get(), ModelReady):
        if isinstance(event, ModelFailed):
            raise SystemExit(str(event.error))
    count = 0

    def run() -> Timing:
        nonlocal count
        count += 1
        began = time.perf_counter()
        limits = checkpoint.image_limits
        source = PictureSource(picture.name, picture)
        # Another system text each time, so that no KV cache is reused: the other side starts anew as well.
        system = f"Answer number {count}."
        sampling = replace(GREEDY, max_tokens=max_tokens)
        engine.ask(Question(str(count), QUESTION, limits, sampling, (source,), (), system))
        first_s = 0.0
        while not isinstance(event := arrived.get(), Finished):
            if isinstance(event, TextPiece) and not first_s:
                first_s = time.perf_counter() - began
        if event.error is not None:
            raise SystemExit(str(event.error))
        return Timing(first_s, event.figures.tokens_per_s)

    return run, engine.close


def theirs(checkpoint: Checkpoint, picture: Path, max_tokens: int, on_thread: OnModelThread) -> Callable[[], Timing]:
    """A function that calls mlx-vlm's stream_generate on a thread of its own."""

    def load() -> tuple[Any, Any]:
        from mlx_vlm import load

        made: tuple[Any, Any] = load(str(checkpoint.folder))
        return made

    model, processor = on_thread(load)
    count = 0

    def answer() -> Timing:
        from mlx_vlm import apply_chat_template, stream_generate

        nonlocal count
        count += 1
        messages = [
            {"role": "system", "content": f"Answer number {count}."},
            {"role": "user", "content": QUESTION},
        ]
        began = time.perf_counter()
        prompt = apply_chat_template(processor, model.config, messages, num_images=1)
        first_at = 0.0
        tokens = at_first = 0
        for piece in stream_generate(
            model, processor, prompt, image=[str(picture)], max_tokens=max_tokens, temperature=0.0
        ):
            if piece.text and not first_at:
                first_at = time.perf_counter()
                at_first = piece.generation_tokens
            tokens = piece.generation_tokens
        last = time.perf_counter()
        return Timing(first_at - began, (tokens - at_first) / (last - first_at))

    return lambda: on_thread(answer)


def main() -> None:
    """Prints both medians and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="demo")
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--max-tokens", type=int, default=64)
    parser.add_argument("--size", default="640x480")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder_text, model_thread() as on_thread:
        folder = Path(folder_text)
        picture = folder / "picture.png"
        _draw(picture, wanted.size)
        model = wanted.model
        if model == "random":
            model = str(on_thread(lambda: write_random_checkpoint(folder / "random", RANDOM_WIDTHS)))
        checkpoint = find_checkpoint(model)
        run_ours, close = ours(checkpoint, picture, wanted.max_tokens)
        run_theirs = theirs(checkpoint, picture, wanted.max_tokens, on_thread)
        for run in (run_ours, run_theirs, run_ours, run_theirs):
            run()
        pairs = [(run_ours(), run_theirs()) for _ in range(wanted.runs)]
        close()
    print(f"{wanted.runs} runs in turn, {checkpoint.name}, picture {wanted.size}, {wanted.max_tokens} tokens at most")
    _report("time to first text, ms", [(a.first_s * 1e3, b.first_s * 1e3) for a, b in pairs])
    _report("tokens a second", [(a.tokens_per_s, b.tokens_per_s) for a, b in pairs])


def _draw(path: Path, size_text: str) -> None:
    from PIL import Image, ImageDraw

    width_px, height_px = (int(side) for side in size_text.split("x"))
    picture = Image.new("RGB", (width_px, height_px), "white")
    drawing = ImageDraw.Draw(picture)
    drawing.ellipse([width_px // 8, height_px // 4, width_px * 3 // 8, height_px * 3 // 4], fill="red")
    drawing.rectangle([width_px * 5 // 8, height_px // 4, width_px * 7 // 8, height_px * 3 // 4], fill="blue")
    picture.save(path)


def _report(name: str, pairs: list[tuple[float, float]]) -> None:
    ours_median, theirs_median = (statistics.median(values) for values in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"{name:24} Viewfinder {ours_median:9.1f}   mlx-vlm {theirs_median:9.1f}   ratio {ratio:.3f}")


if __name__ == "__main__":
    main()
