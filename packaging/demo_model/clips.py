"""Short clips: one shape on a plain background, moving left, right, up or down."""

import io
import random
from dataclasses import dataclass, replace

import numpy as np
from drawing import draw_scene, sample_canvas
from numpy.typing import NDArray
from outlines import form_extent
from PIL import Image
from questions import Turn, article, look
from scenes import Scene, sample_shapes_scene, sides
from wordings import COLOUR_OF_IT, SHAPE_OF_IT, VIDEO, vary

DIRECTIONS = {"to the left": (-1, 0), "to the right": (1, 0), "up": (0, -1), "down": (0, 1)}


@dataclass(frozen=True)
class Clip:
    """A drawn clip: frames (T, h, w, 3), the source time of each in seconds, and what moves where."""

    frames: NDArray[np.uint8]
    times_s: tuple[float, ...]
    scene: Scene
    direction: str

    @property
    def sentence(self) -> str:
        """The answer to "What happens in this video?"."""
        words = f"{article(look(self.scene.shapes[0]))} moves {self.direction}."
        return words[0].upper() + words[1:]


def sample_times(frame_count: int, rng: random.Random) -> tuple[float, ...]:
    """Source times of evenly sampled frames: 1-30 fps, starting anywhere in a short video."""
    step = rng.choice((0.5, 0.5, 0.5, 1.0, 0.25, 0.2, 1 / 30, 1 / 24, rng.uniform(0.03, 1.5)))
    start = 0.0 if rng.random() < 0.8 else rng.uniform(0, 40)
    return tuple(start + k * step for k in range(frame_count))


def sample_clip(frame_count: int, seen: tuple[int, int], rng: random.Random) -> Clip:
    """A clip whose frames the model sees at height and width `seen`."""
    aspect = seen[1] / seen[0]
    direction = rng.choice(list(DIRECTIONS))
    axis_x, axis_y = DIRECTIONS[direction]
    canvas = sample_canvas(seen, rng)
    while True:
        scene = sample_shapes_scene(aspect, 1, rng)
        thing = scene.shapes[0]
        width, height = sides(aspect)
        extent_x, extent_y = form_extent(thing.form)
        half_x, half_y = thing.half_extent * extent_x / width, thing.half_extent * extent_y / height
        room = 1 - 2 * (half_x if axis_x else half_y) - 0.02
        if room > 0.3:
            break
    travel = rng.uniform(0.28, 1.0) * room if room > 0.3 else room
    travel = max(travel, 0.25)
    low = (half_x if axis_x else half_y) + 0.01
    start = rng.uniform(low, low + room - travel)
    wobble = rng.uniform(-0.03, 0.03)
    texture_seed = rng.getrandbits(32)
    frames = []
    for k in range(frame_count):
        part = k / (frame_count - 1)
        along = start + travel * (part if axis_x + axis_y > 0 else 1 - part)
        x = along if axis_x else min(max(thing.centre_x + wobble * part, half_x), 1 - half_x)
        y = along if axis_y else min(max(thing.centre_y + wobble * part, half_y), 1 - half_y)
        moved = replace(scene, shapes=(replace(thing, centre_x=x, centre_y=y),))
        _, drawn, _ = draw_scene(moved, seen, random.Random(texture_seed), canvas)
        frames.append(drawn.pixels)
    stacked = np.stack(frames)
    if rng.random() < 0.3:
        quality = rng.randint(40, 90)
        stacked = np.stack([_compressed(frame, quality) for frame in stacked])
    return Clip(stacked, sample_times(frame_count, rng), scene, direction)


def _compressed(frame: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    buffer = io.BytesIO()
    Image.fromarray(frame).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer).convert("RGB"))


def clip_turn(clip: Clip, rng: random.Random) -> Turn:
    """A question about a clip."""
    kind = rng.random()
    thing = clip.scene.shapes[0]
    if kind < 0.12:
        return Turn("video_colour", vary(rng.choice(COLOUR_OF_IT), rng), f"{thing.colour.capitalize()}.")
    if kind < 0.24:
        return Turn("video_shape", vary(rng.choice(SHAPE_OF_IT), rng), f"{article(thing.shape).capitalize()}.")
    return Turn("video", vary(rng.choice(VIDEO), rng), clip.sentence)
