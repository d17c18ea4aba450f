"""The demo model says where a shape moves, on videos of every kind encoded here, and its times are the files' own."""

from __future__ import annotations

import itertools
import random
import re
from fractions import Fraction
from queue import SimpleQueue
from typing import TYPE_CHECKING

import pytest

from app.backends.mlx_backend import MlxBackend
from app.core.checkpoint import find_checkpoint
from app.core.clips import Clip, ClipSource
from app.core.events import EngineEvent, Finished, ModelReady, Started, TextPiece
from app.core.prompt import ChatFormat
from app.core.requests import Question, Request, Turn
from app.core.sampling import GREEDY
from app.core.vision import group_times
from app.engine.engine import Engine
from tests.clips_made import circle_frame, write_animation, write_video
from tests.e2e.asking_program import AskingProgram
from tests.e2e.chosen_program import frozen_program

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from tests.e2e.program import Program

pytest.importorskip("mlx_vlm", reason="mlx-vlm has no wheel for this machine")

DIRECTIONS = {"to the left": (-1, 0), "to the right": (1, 0), "up": (0, -1), "down": (0, 1)}
RATES = (Fraction(10), Fraction(24), Fraction(30_000, 1001), Fraction(60))
KINDS = {"h264.mp4": "libx264", "hevc.mkv": "libx265", "vp9.webm": "libvpx-vp9", "animation.gif": ""}
COLOURS = {"red": (220, 40, 40), "blue": (40, 70, 220), "green": (30, 160, 60)}
CASES = list(itertools.product(KINDS, RATES, (True, False), DIRECTIONS))
LASTS_S = 2.0
SOME = 9
"""A frozen program, which starts anew for each, is asked every ninth case: each kind, rate and direction is there."""


class Asker:
    """An engine with the demo model."""

    def __init__(self) -> None:
        self.checkpoint = find_checkpoint("demo")
        self._arrived: SimpleQueue[EngineEvent] = SimpleQueue()
        self.engine = Engine(MlxBackend, self._arrived.put)
        self.engine.load(self.checkpoint)
        while not isinstance(self._arrived.get(timeout=60), ModelReady):
            pass
        self._numbers = itertools.count()

    def ask(self, text: str, *files: Path) -> tuple[str, Sequence[float], str]:
        """The answer, when the frames of the last clip are shown, and the prompt that spoke of them."""
        sources = tuple(ClipSource(file.name, file) for file in files)
        limits, clip_limits = self.checkpoint.image_limits, self.checkpoint.clip_limits
        number = str(next(self._numbers))
        self.engine.ask(Question(number, text, limits, GREEDY, sources, clip_limits=clip_limits))
        answer = ""
        clip: Clip | None = None
        while not isinstance(event := self._arrived.get(timeout=60), Finished):
            if isinstance(event, Started) and isinstance(event.media[-1], Clip):
                clip = event.media[-1]
            elif isinstance(event, TextPiece):
                answer += event.text
        assert event.outcome == "done", event
        assert clip is not None
        chat = ChatFormat(self.checkpoint)
        prompt = chat.encode(Request("r", (Turn("?", (clip,)),), GREEDY))
        seen = chat._tokenizer.decode(prompt.token_ids.tolist(), skip_special_tokens=False)
        return answer, clip.plan.frame_times_s, seen


class FrozenAsker:
    """A frozen program with the demo model; it tells no prompt."""

    def __init__(self, program: Program) -> None:
        self._asking = AskingProgram(program)

    def ask(self, text: str, *files: Path) -> tuple[str, Sequence[float], str]:
        answer = self._asking.ask(text, *files)
        (medium,) = self._asking.last_turn["media"]
        return answer, medium["frame_times_s"], ""


@pytest.fixture
def demo(program: Program) -> Iterator[Asker | FrozenAsker]:
    if frozen_program() is not None:
        yield FrozenAsker(program)
        return
    asker = Asker()
    yield asker
    assert asker.engine.close(10)


def moving(direction: tuple[int, int], colour: str, parts: list[float]) -> Iterator[NDArray[np.uint8]]:
    """Frames of a circle, each as far on its way as `parts` says, 0 to 1."""
    for part in parts:
        x, y = (
            middle + axis * span * (part - 0.5)
            for middle, axis, span in zip((80, 60), direction, (100, 65), strict=True)
        )
        yield circle_frame(x, y, COLOURS[colour])


def times_of(rate: Fraction, *, is_steady: bool, generator: random.Random) -> list[int]:
    """When each frame is shown, in ms: at a steady rate, or with some frames missing and the others moved a little."""
    count = int(LASTS_S * rate)
    times = [round(1000 * number / rate) for number in range(count)]
    if is_steady:
        return times
    kept = [time for number, time in enumerate(times) if number in {0, count - 1} or generator.random() > 0.3]
    return [time + (generator.randrange(5) if 0 < number < len(kept) - 1 else 0) for number, time in enumerate(kept)]


def encoded(folder: Path, kind: str, rate: Fraction, direction: str, *, is_steady: bool) -> tuple[Path, list[float]]:
    """A clip, and when each of its frames is to be shown in seconds."""
    generator = random.Random(f"{kind} {rate} {direction} {is_steady}")
    times = times_of(rate, is_steady=is_steady, generator=generator)
    frames = moving(DIRECTIONS[direction], generator.choice(list(COLOURS)), [time / times[-1] for time in times])
    file = folder / kind
    if not KINDS[kind]:
        # A GIF's times are hundredths of a second, of at least two.
        shown = [max(20, round(after - before, -1)) for before, after in itertools.pairwise([*times, times[-1] + 100])]
        write_animation(file, list(frames), shown)
        return file, [time / 1000 for time in itertools.accumulate([0, *shown[:-1]])]
    options = {"deadline": "realtime", "cpu-used": "8"} if kind.startswith("vp9") else {}
    steady_rate = rate if is_steady else Fraction(25)
    write_video(
        file, frames, codec=KINDS[kind], rate=steady_rate, times_ms=None if is_steady else times, options=options
    )
    return file, [number / float(rate) if is_steady else time / 1000 for number, time in enumerate(times)]


def test_the_direction_of_motion_is_told_and_the_times_are_the_files(demo: Asker | FrozenAsker, tmp_path: Path) -> None:
    wrong = []
    cases = CASES if isinstance(demo, Asker) else CASES[::SOME]
    assert all({case[part] for case in cases} == {case[part] for case in CASES} for part in range(4))
    for kind, rate, is_steady, direction in cases:
        file, shown_s = encoded(tmp_path, kind, rate, direction, is_steady=is_steady)
        answer, times_s, seen = demo.ask("What happens in this video?", file)
        if not answer.endswith(f"moves {direction}."):
            wrong.append(f"{kind} {rate} {is_steady} {direction}: {answer}")
        # Every time is a frame's own, and the prompt has the mean of each two.
        off = [min(abs(time - shown) for shown in shown_s) for time in times_s]
        assert max(off) < 1e-3, (kind, rate, is_steady)
        if seen:
            said = [float(found) for found in re.findall(r"<([\d.]+) seconds>", seen)]
            assert said == [float(f"{time:.1f}") for time in group_times(times_s)]
        assert bool(seen) == isinstance(demo, Asker)
    assert len(CASES) >= 100
    assert len(wrong) <= len(cases) // 10, "\n".join(wrong)
