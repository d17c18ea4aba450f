"""Memory of our own for an hour of 1080p: the largest resident size of a process that asks about it in segments.

The model is left out (the fake backend answers), everything else is as ever: the plan, each segment's frames at their
full budget and in their prompt's order, two segments at a time, the merged answer. The hour is a short piece encoded
once, its packets repeated: 30 frames a second, a key frame every 250.

    python -m tests.bench.long_memory [--minutes 60] [--file VIDEO]
"""

from __future__ import annotations

import argparse
import queue
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from app.backends.fake_backend import FakeBackend, FakeScript
from app.core.checkpoint import Checkpoint
from app.core.clips import ClipSource
from app.core.events import EngineEvent, Finished, ModelReady, SegmentsPlanned, SegmentStarted
from app.core.paths import RESOURCES_DIR
from app.core.prompt import MediaSpan
from app.core.requests import Question
from app.core.results import ClipRecord
from app.core.sampling import GREEDY
from app.core.vision import PATCH_PX, RELEASED_CLIP_LIMITS, PixelLimits, patches_from_frames
from app.engine.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from app.core.backend import StopCheck
    from app.core.events import GenerateEvent
    from app.core.requests import Request

_UNIT = 1 if sys.platform == "darwin" else 1024
_RELEASED_CONTEXT = 262_144


class _Looking(FakeBackend):
    """Makes of every two frames what a vision tower takes, one after another, and keeps none."""

    def generate(self, requests: Sequence[Request], stop: StopCheck) -> Iterator[GenerateEvent]:
        for request in requests:
            for medium in request.turns[-1].media:
                grid = (1, medium.height_px // PATCH_PX, medium.width_px // PATCH_PX)
                for group in range(len(getattr(medium, "group_digests", ("",)))):
                    patches_from_frames(MediaSpan(0, grid, medium, group).frames)
        yield from super().generate(requests, stop)
        self.seen.clear()


def _largest_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT


def _measure(file: Path) -> None:
    checkpoint = Checkpoint(
        model_id="fake",
        folder=RESOURCES_DIR,
        revision="0",
        model_type="qwen3_vl",
        quantisation="none",
        image_limits=PixelLimits(),
        clip_limits=RELEASED_CLIP_LIMITS,
        context_tokens=_RELEASED_CONTEXT,
        default_sampling=GREEDY,
        image_token_id=1,
        video_token_id=2,
        end_token_ids=(3,),
    )
    arrived: queue.SimpleQueue[EngineEvent] = queue.SimpleQueue()
    engine = Engine(lambda: _Looking(FakeScript(answers=("Nothing happens.",))), arrived.put)
    engine.load(checkpoint)
    while not isinstance(arrived.get(), ModelReady):
        pass
    before, began = _largest_bytes(), time.monotonic()
    engine.ask(
        Question(
            "a",
            "What happens?",
            checkpoint.image_limits,
            GREEDY,
            (ClipSource(file.name, file),),
            clip_limits=checkpoint.clip_limits,
            context_tokens=checkpoint.context_tokens,
        )
    )
    while not isinstance(event := arrived.get(), Finished):
        if isinstance(event, SegmentsPlanned):
            print(f"{len(event.segments)} segments of {event.segments[0].end_s:g} s", flush=True)
        elif isinstance(event, SegmentStarted) and isinstance(event.shown, ClipRecord):
            shown = event.shown
            print(
                f"segment {event.index + 1}: {len(shown.frame_times_s)} frames at {shown.effective_width_px} x "
                f"{shown.effective_height_px}, after {time.monotonic() - began:.0f} s, at most "
                f"{_largest_bytes() / 1e6:.0f} MB so far",
                flush=True,
            )
    engine.close()
    print(
        f"{event.outcome} after {time.monotonic() - began:.0f} s; largest resident size "
        f"{_largest_bytes() / 1e6:.0f} MB, {before / 1e6:.0f} MB of that before the question"
    )


def main() -> None:
    """Prints how it goes and the largest resident size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.measure:
        _measure(wanted.file)
        return
    with tempfile.TemporaryDirectory() as folder:
        file = wanted.file
        if file is None:
            file = Path(folder) / "hour.mp4"
            # A process inherits its parent's largest size, so that this one has to stay small.
            words = ["--encode", "--file", str(file), "--minutes", str(wanted.minutes)]
            subprocess.run([sys.executable, "-m", "tests.bench.video_reading", *words], check=True)
        words = ["--measure", "--file", str(file)]
        subprocess.run([sys.executable, "-m", "tests.bench.long_memory", *words], check=True)


if __name__ == "__main__":
    main()
