"""Whole conversations in Qwen's chat layout: token ids, what to learn, where pictures go.

Shapes: L tokens of a conversation, N tokens of a picture or frame group.
"""

import random
from dataclasses import dataclass, field

import wordings as w
from questions import Turn, any_question, compare_turn, describe_turn, outside_turn, sample_turn
from scenes import Scene
from tokenizers import Tokenizer

IMAGE_PAD = "<|image_pad|>"
VIDEO_PAD = "<|video_pad|>"
Grid = tuple[int, int]
"""Rows and columns of merged tokens."""


@dataclass
class Script:
    """A conversation being written."""

    tokenizer: Tokenizer
    ids: list[int] = field(default_factory=list)
    learned: list[bool] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    grids: list[Grid] = field(default_factory=list)
    spans: list[tuple[str, int, int]] = field(default_factory=list)

    def say(self, text: str, *, learn: bool = False) -> None:
        """Adds text; `learn` marks it as part of an answer."""
        ids = self.tokenizer.encode(text).ids
        self.ids += ids
        self.learned += [learn] * len(ids)

    def show(self, grid: Grid, pad: str) -> None:
        """Adds a vision block of rows x columns tokens."""
        self.say("<|vision_start|>")
        self.starts.append(len(self.ids))
        self.grids.append(grid)
        count = grid[0] * grid[1]
        self.ids += self.tokenizer.encode(pad).ids * count
        self.learned += [False] * count
        self.say("<|vision_end|>")

    def system(self, text: str) -> None:
        """Adds a system message."""
        self.say(f"<|im_start|>system\n{text}<|im_end|>\n")

    def turn(self, turn: Turn, grids: list[tuple[str, Grid, str]] | None = None) -> None:
        """Adds a question with its pictures (label, grid, pad) before it, and the answer."""
        self.say("<|im_start|>user\n")
        for label, grid, pad in grids or []:
            if label:
                self.say(label)
            self.show(grid, pad)
        self.say(f"{turn.question}<|im_end|>\n<|im_start|>assistant\n")
        start = len(self.ids)
        self.say(f"{turn.answer}<|im_end|>", learn=True)
        self.spans.append((turn.task, start, len(self.ids)))
        self.say("\n")

    def positions(self) -> list[list[int]]:
        """M-RoPE positions (3, L): text counts on, a picture spreads over rows and columns."""
        axes: list[list[int]] = [[], [], []]
        place, at = 0, 0
        for start, (rows, columns) in zip(self.starts, self.grids, strict=True):
            for axis in axes:
                axis.extend(range(place, place + start - at))
            place += start - at
            axes[0].extend([place] * (rows * columns))
            axes[1].extend(place + row for row in range(rows) for _ in range(columns))
            axes[2].extend(place + column for _ in range(rows) for column in range(columns))
            place += max(rows, columns)
            at = start + rows * columns
        for axis in axes:
            axis.extend(range(place, place + len(self.ids) - at))
        return axes


def _begin(tokenizer: Tokenizer, rng: random.Random) -> Script:
    script = Script(tokenizer)
    if rng.random() < 0.25:
        script.system(rng.choice(w.SYSTEM))
    return script


def picture_script(tokenizer: Tokenizer, scene: Scene, grid: Grid, room: int, rng: random.Random) -> Script:
    """A conversation about one picture, as many turns as fit into `room` tokens of text."""
    script = _begin(tokenizer, rng)
    if rng.random() < 0.06:
        script.turn(outside_turn(rng) if rng.random() < 0.7 else Turn("blind", any_question(rng), outside_answer()))
    script.turn(sample_turn(scene, rng), [("", grid, IMAGE_PAD)])
    limit = grid[0] * grid[1] + room
    while len(script.ids) < limit - 22 and rng.random() > 0.03:
        turn = sample_turn(scene, rng)
        if len(script.ids) + len(turn.answer) // 2 > limit:
            continue
        script.turn(turn)
    return script


def outside_answer() -> str:
    """The sentence for everything outside the world."""
    return outside_turn(random.Random(0)).answer


def _about_two(first: Scene, second: Scene, rng: random.Random) -> Turn:
    kind = rng.random()
    if kind < 0.45:
        return compare_turn(first, second, rng)
    if kind < 0.68:
        return describe_turn(first, w.FIRST_IMAGE, "first_image", rng)
    if kind < 0.91:
        return describe_turn(second, w.SECOND_IMAGE, "second_image", rng)
    return outside_turn(rng)


def two_picture_script(
    tokenizer: Tokenizer, scenes: tuple[Scene, Scene], grids: tuple[Grid, Grid], rng: random.Random, *, together: bool
) -> Script:
    """Two pictures, in one question or the second one in a later turn."""
    script = _begin(tokenizer, rng)
    first, second = scenes
    if together:
        pictures = [("Image 1: ", grids[0], IMAGE_PAD), ("Image 2: ", grids[1], IMAGE_PAD)]
        script.turn(_about_two(first, second, rng), pictures)
    else:
        script.turn(sample_turn(first, rng), [("", grids[0], IMAGE_PAD)])
        kind = rng.random()
        if kind < 0.3:
            turn = describe_turn(second, w.NEW_IMAGE + w.DESCRIBE, "new_image", rng)
        elif kind < 0.6:
            turn = sample_turn(second, rng)
            turn = Turn(f"new_{turn.task}", turn.question, turn.answer)
        else:
            turn = _about_two(first, second, rng)
        script.turn(turn, [("Image 2: ", grids[1], IMAGE_PAD)])
    for _ in range(rng.choice((0, 1, 1, 2))):
        script.turn(_about_two(first, second, rng))
    return script


def clip_script(tokenizer: Tokenizer, turns: list[Turn], times: list[str], grid: Grid, rng: random.Random) -> Script:
    """A conversation about a clip: each two-frame group has its time before it."""
    script = _begin(tokenizer, rng)
    script.turn(turns[0], [(time, grid, VIDEO_PAD) for time in times])
    for turn in turns[1:]:
        script.turn(turn)
    return script


def blind_script(tokenizer: Tokenizer, rng: random.Random) -> Script:
    """A conversation without any picture: the answer is always the same."""
    script = _begin(tokenizer, rng)
    for _ in range(rng.choice((1, 1, 2, 3))):
        question = any_question(rng) if rng.random() < 0.4 else outside_turn(rng).question
        script.turn(Turn("blind", question, outside_answer()))
    return script
