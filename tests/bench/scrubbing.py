"""Looking through a long 1080p video: how long a person waits for a frame, and for the first picture of where it is.

python -m tests.bench.scrubbing [--minutes 10] [--file VIDEO]
"""

from __future__ import annotations

import argparse
import random
import resource
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from app.core.clips import ClipSource, footage_of
from app.core.scrubbing import Scrubber
from tests.bench.video_reading import UNIT_BYTES, encode

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHOWN_PIXELS = 1280 * 720
_LOOKS = 40


def _waits_ms(scrubber: Scrubber, time_s: float) -> tuple[float, float]:
    """Until the first picture, and until the frame itself."""
    began = time.perf_counter()
    waits = [(time.perf_counter() - began) * 1000 for _ in scrubber.looks(time_s, _SHOWN_PIXELS, lambda: True)]
    return waits[0], waits[-1]


def _measure(file: Path) -> None:
    source = ClipSource(file.name, file)
    end_s = footage_of(source).end_s
    middle_s = end_s / 2
    generator = random.Random(1)
    ways: dict[str, Sequence[float]] = {
        "jumps": [generator.uniform(0, end_s) for _ in range(_LOOKS)],
        "steps forward": [middle_s + step / 30 for step in range(_LOOKS)],
        "steps back": [middle_s + (_LOOKS - step) / 30 for step in range(_LOOKS)],
        "dragging forward": [middle_s / 2 + step / 5 for step in range(_LOOKS)],
    }
    scrubber = Scrubber(source)
    for name, times_s in ways.items():
        first, whole = zip(*(_waits_ms(scrubber, time_s) for time_s in times_s), strict=True)
        print(
            f"{name:17} first picture {statistics.median(first):4.0f} ms, at most {max(first):4.0f}; "
            f"the frame {statistics.median(whole):4.0f} ms, at most {max(whole):4.0f}"
        )
    scrubber.close()
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT_BYTES / 1e6:.0f} MB at most")


def main() -> None:
    """Prints a line for each way of looking through a video."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--file", type=Path)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = wanted.file
        if file is None:
            file = Path(folder) / "long.mp4"
            encode(file, wanted.minutes)
        _measure(file)


if __name__ == "__main__":
    main()
