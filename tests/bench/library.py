"""How long it takes to look through a Hugging Face cache of many models: ``python -m tests.bench.library``."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from huggingface_hub import constants, scan_cache_dir

from app.core.models import library
from tests.whole_model import cached, weights, write_whole_model

_TENSORS = 700
"""Of a released checkpoint of 4B."""


def main() -> None:
    """Prints milliseconds: of the first look, of later ones, and of huggingface_hub's own scan of the same cache."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=200)
    parser.add_argument("--runs", type=int, default=11)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "hub"
        files = write_whole_model(Path(folder) / "files")
        names = [f"model.language_model.layers.{number}.self_attn.q_proj.weight" for number in range(_TENSORS)]
        (files / "model.safetensors").write_bytes(weights(1 << 16, names))
        for number in range(options.models):
            cached(cache, f"someone/model-{number}", files, f"{number:040x}")
        constants.HF_HUB_CACHE = str(cache)
        library.installed_models()  # imports, and the demo
        first_ms = []
        for _ in range(options.runs):
            library._examined.clear()
            first_ms.append(_look_ms())
        later_ms = [_look_ms() for _ in range(options.runs)]
        began_s = time.perf_counter()
        scan_cache_dir(cache)
        scan_ms = 1000 * (time.perf_counter() - began_s)
    print(
        f"{options.models} models: first {statistics.median(first_ms):.1f} ms, "
        f"later {statistics.median(later_ms):.1f} ms; huggingface_hub's scan {scan_ms:.1f} ms"
    )


def _look_ms() -> float:
    began_s = time.perf_counter()
    library.installed_models()
    return 1000 * (time.perf_counter() - began_s)


if __name__ == "__main__":
    main()
