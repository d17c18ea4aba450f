"""The window's pulse while a large model loads and answers: the longest time that the main thread was away or at work.

The model has random weights, some 1.6 GB unless told otherwise, and is thrown away afterwards. To answer about a
picture takes some minutes where MLX runs on the processor.

    python -m tests.bench.loading [--layers 10]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.model_thread import model_thread
from tests.random_checkpoint import Widths, write_random_checkpoint

_MAX_TOKENS = 4
_LIMIT_S = 400


def write_large_checkpoint(folder: Path, layers: int) -> int:
    """Writes a checkpoint as wide as the released one of two billion weights, and gives the size of its weights."""
    widths = Widths(
        text_width=2048,
        text_layers=layers,
        heads=16,
        kv_heads=8,
        head_dim=128,
        mlp_width=6144,
        vision_width=1024,
        vision_depth=12,
        vision_heads=16,
        vision_mlp_width=4096,
        vocabulary=32_000,
    )
    with model_thread() as run:
        run(lambda: write_random_checkpoint(folder, widths))
    return sum(file.stat().st_size for file in folder.glob("*.safetensors"))


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description="The main thread's pulse while a large model loads and answers.")
    parser.add_argument("--layers", type=int, default=10, help="each takes some 0.1 GB")
    layers = parser.parse_args().layers
    with tempfile.TemporaryDirectory() as place:
        size_bytes = write_large_checkpoint(Path(place), layers)
        options = ["--model", place, "--max-tokens", str(_MAX_TOKENS), "--limit-s", str(_LIMIT_S)]
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "tests.gui.loading_pulse", *options],
            stdout=subprocess.PIPE,
            check=True,
            text=True,
            timeout=2 * _LIMIT_S + 60,
        )
        took_s = time.perf_counter() - began
    pulse = json.loads(done.stdout)
    print(f"{size_bytes / 1e9:.2f} GB of weights, window, load and {_MAX_TOKENS} tokens: {took_s:.1f} s")
    if not pulse["answer"]:
        raise SystemExit("no answer within the limit")
    print(f"{pulse['beats']} beats; longest away {pulse['longest_wall_ms']} ms, at work {pulse['longest_busy_ms']} ms")
    print("\n".join(pulse["own_stalls"]) or "no stall of its own")


if __name__ == "__main__":
    main()
