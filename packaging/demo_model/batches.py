"""Batches for the trainer: one picture size each, drawn as they are needed.

Shapes: B conversations, L tokens, T frames of a patch (1 or 2), h w pixels, R C patch grid.
"""

import random
from dataclasses import dataclass, field

import numpy as np
import torch
from clips import clip_turn, sample_clip
from conversations import Grid, Script, blind_script, clip_script, picture_script, two_picture_script
from drawing import Drawn, draw_scene, font_paths
from picture_sizes import sample_seen_frame_size, sample_seen_size
from questions import outside_turn
from scenes import Scene, sample_number_scene, sample_shapes_scene, sample_texture_scene
from tokenizers import Tokenizer
from torch import Tensor

from app.core.vision import group_times, time_text

TOKEN_PX = 32
LEAST_WEIGHT, MOST_WEIGHT = 12.0, 48.0
"""What an answer weighs in the loss, in tokens: one word is worth more than its length, a list of boxes less."""


@dataclass
class Dense:
    """Truth for the dense head: classes and colours (B, R, C), extents (B, R, C, 4)."""

    classes: Tensor
    colours: Tensor
    extents: Tensor


@dataclass
class Batch:
    """Conversations of one layout.

    `frames` holds a tensor (B, T, h, w, C) per vision block, `starts` (B, blocks) where each
    block begins; `labels` is -1 where nothing is to be learned; `weights` goes with labels.
    """

    kind: str
    frames: list[Tensor]
    dense: list[Dense]
    ids: Tensor
    labels: Tensor
    weights: Tensor
    positions: Tensor
    starts: Tensor
    spans: list[tuple[str, int, int, int]] = field(default_factory=list)


def _pixels(drawn: list[Drawn]) -> Tensor:
    return torch.from_numpy(np.stack([d.pixels for d in drawn]))[:, None]


def _dense(drawn: list[Drawn]) -> Dense:
    return Dense(
        torch.from_numpy(np.stack([d.classes for d in drawn])),
        torch.from_numpy(np.stack([d.colours for d in drawn])),
        torch.from_numpy(np.stack([d.extents for d in drawn])),
    )


def _grid(seen: tuple[int, int]) -> Grid:
    return seen[0] // TOKEN_PX, seen[1] // TOKEN_PX


def _collate(kind: str, scripts: list[Script], frames: list[Tensor], dense: list[Dense]) -> Batch:
    length = max(len(script.ids) for script in scripts)
    ids = np.zeros((len(scripts), length), np.int64)
    labels = np.full((len(scripts), length), -1, np.int64)
    weights = np.zeros((len(scripts), length), np.float32)
    positions = np.zeros((3, len(scripts), length), np.int64)
    spans: list[tuple[str, int, int, int]] = []
    for row, script in enumerate(scripts):
        size = len(script.ids)
        ids[row, :size] = script.ids
        positions[:, row, :size] = script.positions()
        for task, start, end in script.spans:
            labels[row, start - 1 : end - 1] = script.ids[start:end]
            weights[row, start - 1 : end - 1] = min(max(1.0, LEAST_WEIGHT / (end - start)), MOST_WEIGHT / (end - start))
            spans.append((task, row, start - 1, end - 1))
    starts = torch.tensor([script.starts for script in scripts], dtype=torch.long)
    return Batch(
        kind, frames, dense, torch.from_numpy(ids), torch.from_numpy(labels), torch.from_numpy(weights),
        torch.from_numpy(positions), starts, spans,
    )  # fmt: skip


def sample_scene(aspect: float, rng: random.Random, number_share: float, texture_share: float) -> Scene:
    """A scene of shapes, a number, or nothing known."""
    kind = rng.random()
    if kind < number_share:
        return sample_number_scene(aspect, len(font_paths()), rng)
    if kind < number_share + texture_share:
        return sample_texture_scene(aspect, rng)
    return sample_shapes_scene(aspect, rng.choice((1, 1, 2, 2, 2, 3, 3)), rng)


def vision_batch(rng: random.Random, tokens: int, *, small: bool) -> tuple[Tensor, Dense]:
    """Pictures with dense truth only; `tokens` merged tokens in all."""
    seen = sample_seen_size(rng, small=small)
    count = max(4, tokens * TOKEN_PX * TOKEN_PX // (seen[0] * seen[1]))
    drawn = [draw_scene(sample_scene(seen[1] / seen[0], rng, 0.42, 0.04), seen, rng)[1] for _ in range(count)]
    return _pixels(drawn), _dense(drawn)


def _picture_batch(tokenizer: Tokenizer, rng: random.Random, tokens: int, number_share: float) -> Batch:
    seen = sample_seen_size(rng)
    grid, room = _grid(seen), 160
    drawn: list[Drawn] = []
    scripts: list[Script] = []
    for _ in range(max(4, tokens // (2 * grid[0] * grid[1] + room))):
        scene, picture, _ = draw_scene(sample_scene(seen[1] / seen[0], rng, number_share, 0.05), seen, rng)
        drawn.append(picture)
        scripts.append(picture_script(tokenizer, scene, grid, room, rng))
    return _collate("picture", scripts, [_pixels(drawn)], [_dense(drawn)])


def _two_picture_batch(tokenizer: Tokenizer, rng: random.Random, tokens: int) -> Batch:
    first = sample_seen_size(rng, small=rng.random() < 0.5)
    second = first if rng.random() < 0.6 else sample_seen_size(rng, small=rng.random() < 0.5)
    seen, grids = (first, second), (_grid(first), _grid(second))
    together = rng.random() < 0.6
    drawn: tuple[list[Drawn], list[Drawn]] = ([], [])
    scripts: list[Script] = []
    cost = 2 * sum(rows * columns for rows, columns in grids) + 120
    for _ in range(max(4, tokens // cost)):
        scenes: list[Scene] = []
        for side in (0, 1):
            height, width = seen[side]
            scene, picture, _ = draw_scene(sample_scene(width / height, rng, 0.12, 0.03), seen[side], rng)
            drawn[side].append(picture)
            scenes.append(scene)
        scripts.append(two_picture_script(tokenizer, (scenes[0], scenes[1]), grids, rng, together=together))
    frames, dense = [_pixels(drawn[0]), _pixels(drawn[1])], [_dense(drawn[0]), _dense(drawn[1])]
    return _collate("two_pictures", scripts, frames, dense)


def _clip_batch(tokenizer: Tokenizer, rng: random.Random, tokens: int) -> Batch:
    frame_count = rng.choice((4, 4, 6, 6, 8, 8, 10, 12))
    seen = sample_seen_frame_size(frame_count, rng)
    grid = _grid(seen)
    groups: list[Tensor] = []
    scripts: list[Script] = []
    cost = frame_count // 2 * (2 * grid[0] * grid[1] + 9) + 70
    for _ in range(max(4, tokens // cost)):
        clip = sample_clip(frame_count, seen, rng)
        groups.append(torch.from_numpy(clip.frames.reshape(-1, 2, *clip.frames.shape[1:])))
        times = [time_text(time) for time in group_times(clip.times_s)]
        turns = [clip_turn(clip, rng)]
        turns += [
            outside_turn(rng) if rng.random() < 0.15 else clip_turn(clip, rng) for _ in range(rng.choice((0, 1, 1, 2)))
        ]
        scripts.append(clip_script(tokenizer, turns, times, grid, rng))
    stacked = torch.stack(groups)
    return _collate("clip", scripts, list(stacked.unbind(1)), [])


def _blind_batch(tokenizer: Tokenizer, rng: random.Random, tokens: int) -> Batch:
    return _collate("blind", [blind_script(tokenizer, rng) for _ in range(tokens // 60)], [], [])


@dataclass(frozen=True)
class Mixture:
    """Shares of the batch layouts (the rest are single pictures) and of numbers among pictures."""

    two_pictures: float = 0.15
    clips: float = 0.11
    blind: float = 0.02
    numbers: float = 0.16


def chat_batch(tokenizer: Tokenizer, rng: random.Random, kind: float, tokens: int, mixture: Mixture) -> Batch:
    """A batch of conversations costing about `tokens` tokens (a vision token counts double).

    `kind`, 0-1, chooses the layout; processes that wait for one another are given the same.
    """
    if kind < mixture.blind:
        return _blind_batch(tokenizer, rng, tokens)
    if kind < mixture.blind + mixture.clips:
        return _clip_batch(tokenizer, rng, tokens * 5 // 4)
    if kind < mixture.blind + mixture.clips + mixture.two_pictures:
        return _two_picture_batch(tokenizer, rng, tokens)
    return _picture_batch(tokenizer, rng, tokens, mixture.numbers)
