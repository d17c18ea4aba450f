"""What the evaluation asks: pictures of mixed sizes from seeds that training never uses.

Pictures are source pictures (64 px to 1,600 px); resizing them is the program's business.
"""

import random
from dataclasses import dataclass

import numpy as np
import outside
import wordings as w
from clips import Clip, sample_clip
from drawing import draw_scene, font_paths
from picture_sizes import (
    IMAGE_MAX_PIXELS,
    IMAGE_MIN_PIXELS,
    VIDEO_MAX_PIXELS,
    VIDEO_MIN_PIXELS,
    resized_frame_size,
    resized_size,
    sample_source_size,
)
from PIL import Image
from questions import (
    Turn,
    any_question,
    compare,
    count_answer,
    describe,
    describe_turn,
    outside_turn,
    sample_turn,
)
from scenes import Scene, sample_number_scene, sample_shapes_scene, sample_texture_scene


@dataclass(frozen=True)
class CaseTurn:
    """One question of a case, the pictures or the clip that come with it, and the right answer."""

    task: str
    question: str
    answer: str
    pictures: tuple[Image.Image, ...] = ()
    clip: Clip | None = None


@dataclass(frozen=True)
class Case:
    """A conversation; every turn of it is scored under its task."""

    turns: tuple[CaseTurn, ...]
    system: str | None = None


OPENING = "opening"
"""The task of a turn that only opens a conversation; it is not scored."""


def _wording(choices: tuple[str, ...], held_out: tuple[str, ...], rng: random.Random) -> str:
    pool = held_out if rng.random() < 0.3 else choices
    return w.vary(rng.choice(pool), rng)


def _source(scene_of: str, rng: random.Random) -> tuple[Scene, Image.Image]:
    height, width = sample_source_size(rng)
    aspect = width / height
    if scene_of == "number":
        scene = sample_number_scene(aspect, len(font_paths()), rng)
    elif scene_of == "texture":
        scene = sample_texture_scene(aspect, rng)
    else:
        scene = sample_shapes_scene(aspect, int(scene_of), rng)
    seen = resized_size(height, width, IMAGE_MIN_PIXELS, IMAGE_MAX_PIXELS)
    scene, _, image = draw_scene(scene, seen, rng, (width, height))
    return scene, image


def _single(task: str, rng: random.Random) -> Case:
    counts = {"describe_one": "1", "describe_two": "2", "describe_three": "3", "describe_number": "number"}
    if task in counts:
        scene, image = _source(counts[task], rng)
        question = _wording(w.DESCRIBE, w.DESCRIBE_HELD_OUT, rng)
        return Case((CaseTurn(task, question, describe(scene), (image,)),))
    if task == "count":
        scene, image = _source(rng.choice("123"), rng)
        question = _wording(w.COUNT, w.COUNT_HELD_OUT, rng)
        return Case((CaseTurn(task, question, count_answer(len(scene.shapes)), (image,)),))
    if task == "read":
        scene, image = _source("number", rng)
        digits = scene.number.digits if scene.number else ""
        question = _wording(w.READ, w.READ_HELD_OUT, rng)
        return Case((CaseTurn(f"read_{len(digits)}", question, digits, (image,)),))
    if task == "outside_picture":
        _, image = _source("texture", rng)
        return Case((CaseTurn(task, any_question(rng), outside.OUTSIDE_ANSWER, (image,)),))
    scene, image = _source(rng.choice("123"), rng)
    if task == "outside":
        question = rng.choice(outside.OUTSIDE_HELD_OUT) if rng.random() < 0.5 else outside_turn(rng).question
        return Case((CaseTurn(task, question, outside.OUTSIDE_ANSWER, (image,)),))
    while (turn := sample_turn(scene, rng, 0.0)).task != "locate":
        pass
    question = _wording(w.LOCATE, w.LOCATE_HELD_OUT, rng)
    return Case((CaseTurn("locate", question, turn.answer, (image,)),))


def _follow_up(rng: random.Random) -> Case:
    scene, image = _source(rng.choice("123"), rng)
    turns = [sample_turn(scene, rng, 0.0) for _ in range(4)]
    rows = [
        CaseTurn(OPENING if k == 0 else "follow_up", turn.question, turn.answer, (image,) if k == 0 else ())
        for k, turn in enumerate(turns)
        if "locate" not in turn.task or k == 0
    ]
    return Case(tuple(rows), rng.choice(w.SYSTEM) if rng.random() < 0.5 else None)


def _two(task: str, rng: random.Random) -> Case:
    (first, one), (second, two) = _source(rng.choice("12"), rng), _source(rng.choice("12"), rng)
    if rng.random() < 0.5:  # two pictures of one size must not be taken for one another
        height, width = sample_source_size(rng)
        seen = resized_size(height, width, IMAGE_MIN_PIXELS, IMAGE_MAX_PIXELS)
        pairs = []
        for _ in range(2):
            scene = sample_shapes_scene(width / height, rng.choice((1, 2)), rng)
            scene, _, image = draw_scene(scene, seen, rng, (width, height))
            pairs.append((scene, image))
        (first, one), (second, two) = pairs
    if task == "compare":
        question = _wording(w.COMPARE, w.COMPARE_HELD_OUT, rng)
        turns = [CaseTurn(task, question, compare(first, second), (one, two))]
        return Case(tuple(turns))
    start = sample_turn(first, rng, 0.0)
    later = describe_turn(second, w.NEW_IMAGE + w.DESCRIBE, "second_later", rng)
    back = describe_turn(first, w.FIRST_IMAGE, "first_again", rng)

    def row(turn: Turn, name: str, *pictures: Image.Image) -> CaseTurn:
        return CaseTurn(name, turn.question, turn.answer, pictures)

    return Case((row(start, OPENING, one), row(later, "second_later", two), row(back, "first_again")))


def _clip(rng: random.Random) -> Case:
    frame_count = rng.choice((4, 6, 8))
    height, width = sample_source_size(rng)
    seen = resized_frame_size(frame_count, height, width, VIDEO_MIN_PIXELS, VIDEO_MAX_PIXELS)
    clip = sample_clip(frame_count, seen, rng)
    question = _wording(w.VIDEO, w.VIDEO_HELD_OUT, rng)
    return Case((CaseTurn("video", question, clip.sentence, (), clip),))


def _blind(rng: random.Random) -> Case:
    return Case((CaseTurn("no_picture", any_question(rng), outside.OUTSIDE_ANSWER),))


SINGLE_TASKS = (
    "describe_one", "describe_two", "describe_three", "describe_number", "count", "read", "locate", "outside",
    "outside_picture",
)  # fmt: skip
TASKS = (*SINGLE_TASKS, "follow_up", "compare", "second_later", "video", "no_picture")


def sample_cases(task: str, count: int, seed: int) -> list[Case]:
    """Cases of one task; the seed's text differs from every seed of the training."""
    cases = []
    for index in range(count):
        rng = random.Random(f"evaluation-{seed}-{task}-{index}")
        if task in SINGLE_TASKS:
            cases.append(_single(task, rng))
        elif task == "follow_up":
            cases.append(_follow_up(rng))
        elif task == "video":
            cases.append(_clip(rng))
        elif task == "no_picture":
            cases.append(_blind(rng))
        else:
            cases.append(_two(task, rng))
    return cases


def seen_pixels(image: Image.Image) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """The picture (1, h, w, 3) as the model sees it: resized with the program's rule."""
    height, width = resized_size(image.height, image.width, IMAGE_MIN_PIXELS, IMAGE_MAX_PIXELS)
    return np.asarray(image.convert("RGB").resize((width, height), Image.Resampling.BICUBIC))[None]
