"""Memory over many answers in one process: resident size and what MLX holds, after the tenth answer and after the last.

Each answer is about another picture of another size, so that nothing is merely reused; every fourth is a follow-up.

    python -m tests.bench.memory [--model demo|DIR] [--answers 200]
"""

from __future__ import annotations

import argparse
import gc
import os
import queue
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

from app.backends.mlx_backend import MlxBackend
from app.core.checkpoint import Checkpoint, find_checkpoint
from app.core.events import EngineEvent, Finished, ModelFailed, ModelReady, Started, TextPiece
from app.core.pictures import PictureSource
from app.core.requests import Question, Turn
from app.core.sampling import GREEDY
from app.engine.engine import Engine

WARM_ANSWERS = 10
_FOLLOW_UP_EVERY = 4


def resident_bytes() -> int:
    """Resident memory of this process."""
    status = Path("/proc/self/statm")
    if status.exists():
        return int(status.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    found = subprocess.run(["ps", "-o", "rss=", "-p", str(os.getpid())], capture_output=True, check=True, text=True)
    return int(found.stdout) * 1024


class Asker:
    """Asks one question after the other and remembers the last turn."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint
        self._arrived: queue.SimpleQueue[EngineEvent] = queue.SimpleQueue()
        self.backend = MlxBackend()
        self._engine = Engine(lambda: self.backend, self._arrived.put)
        self._engine.load(checkpoint)
        while not isinstance(event := self._arrived.get(), ModelReady):
            if isinstance(event, ModelFailed):
                raise SystemExit(str(event.error))
        self._turns: tuple[Turn, ...] = ()

    def ask(self, number: int, picture: Path) -> None:
        """Asks about a new picture, or each fourth time once more about the last one."""
        is_follow_up = number % _FOLLOW_UP_EVERY == 0
        earlier = self._turns if is_follow_up else ()
        sources = () if is_follow_up else (PictureSource(picture.name, picture),)
        text = "How many shapes are there?" if is_follow_up else "Describe this image."
        sampling = replace(GREEDY, max_tokens=48)
        self._engine.ask(Question(str(number), text, self._checkpoint.image_limits, sampling, sources, earlier))
        turn = Turn(text)
        answer = ""
        while not isinstance(event := self._arrived.get(), Finished):
            if isinstance(event, Started):
                turn = Turn(text, event.pictures)
            elif isinstance(event, TextPiece):
                answer += event.text
        if event.error is not None:
            raise SystemExit(str(event.error))
        self._turns = (*earlier, replace(turn, answer=answer))

    def close(self) -> None:
        """Ends the engine."""
        self._engine.close()


def main() -> None:
    """Prints both sizes and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="demo")
    parser.add_argument("--answers", type=int, default=200)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder_text:
        picture = Path(folder_text) / "picture.png"
        asker = Asker(find_checkpoint(wanted.model))
        sizes: dict[int, tuple[int, int]] = {}
        for number in range(1, wanted.answers + 1):
            _draw(picture, number)
            asker.ask(number, picture)
            if number in {WARM_ANSWERS, wanted.answers}:
                gc.collect()
                sizes[number] = (resident_bytes(), asker.backend.memory().active_bytes)
        asker.close()
    early, late = sizes[WARM_ANSWERS], sizes[wanted.answers]
    for name, before, after in (("resident", early[0], late[0]), ("held by MLX", early[1], late[1])):
        print(
            f"{name:12} after {WARM_ANSWERS}: {before / 1e6:8.1f} MB   after {wanted.answers}: {after / 1e6:8.1f} MB   "
            f"ratio {after / before:.3f}"
        )


def _draw(path: Path, number: int) -> None:
    from PIL import Image, ImageDraw

    width_px, height_px = 64 + 32 * (number % 5), 64 + 32 * (number % 3)
    picture = Image.new("RGB", (width_px, height_px), "white")
    side = 12 + number % 12
    x, y = number * 7 % (width_px - 2 * side), number * 5 % (height_px - 2 * side)
    ImageDraw.Draw(picture).ellipse([x, y, x + 2 * side, y + 2 * side], fill=("red", "blue", "green")[number % 3])
    picture.save(path)


if __name__ == "__main__":
    main()
