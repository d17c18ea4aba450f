"""The questions that both runtimes are asked: drawn at random, the same in every process."""

from __future__ import annotations

import hashlib
import io
import random
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from app.core.clips import Clip
from app.core.footage import ClipPlan, FrameWish
from app.core.pictures import Picture, PictureSource, open_picture
from app.core.requests import Request, Turn
from app.core.sampling import GREEDY
from app.core.vision import PixelLimits
from tests.pictures_made import noise_picture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from app.core.requests import Medium

CASES = 320
MADE_BY = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
"""Tells whether a record was made of these very cases."""
PARTS = 8
"""The cases are asked in so many parts, none of them long."""
LIMITS = PixelLimits(4_096, 16_384)
"""Small pictures: MLX takes its time over them on a processor."""
_MAX_TOKENS = 16
_KINDS = ("words", "picture", "noise", "pictures", "follow-up", "words", "clip", "noise", "picture", "mixed")
_COLOURS = ("red", "green", "blue", "yellow", "purple", "orange", "black", "pink")
_QUESTIONS = (
    "Describe this image.",
    "How many shapes are there?",
    "What colour is the shape on the left?",
    "Is there a red circle?",
    "What is the number?",
    "Locate every shape and report bbox coordinates in JSON format.",
    "What is different between these images?",
    "Écris-moi un poème, 请。",
)
_CLIP_QUESTIONS = ("What happens in this video?", "In which direction does the shape move?", "Describe this video.")


@dataclass(frozen=True, slots=True)
class Case:
    """One request, and what was asked before it in the same conversation, whose cache it may go on with."""

    kind: str
    request: Request
    before: Request | None = None


def make_cases(part: int) -> list[Case]:
    """A part's cases: words alone, one picture, several, follow-ups, clips, and clips beside pictures."""
    return [_case(index, random.Random(index)) for index in range(part * CASES // PARTS, (part + 1) * CASES // PARTS)]


def _case(index: int, chance: random.Random) -> Case:
    kind = _KINDS[index % len(_KINDS)]
    name = f"{index:03}-{kind}"
    question = chance.choice(_QUESTIONS)
    if kind == "follow-up":
        first = Turn(question, (_drawn(chance),))
        later: tuple[Medium, ...] = (_drawn(chance),) if chance.random() < 0.5 else ()
        said = f"A {chance.choice(_COLOURS)} circle on the left."
        turns = (replace(first, answer=said), Turn(chance.choice(_QUESTIONS), later))
        return Case(kind, _request(name, *turns), _request(f"{name}-before", first))
    if kind == "words":
        question = " ".join(chance.choices(_QUESTIONS, k=chance.randint(1, 4)))
    elif kind == "clip":
        question = chance.choice(_CLIP_QUESTIONS)
    return Case(kind, _request(name, Turn(question, _shown(kind, index, chance))))


def _shown(kind: str, index: int, chance: random.Random) -> tuple[Medium, ...]:
    if kind == "noise":
        width, height = (32 * chance.randint(1, 4) for _ in range(2))
        return (noise_picture(index, width, height),)
    if kind == "mixed":
        return (_drawn(chance), _moving(chance))[:: chance.choice((1, -1))]
    if kind == "clip":
        return (_moving(chance),)
    count = {"words": 0, "picture": 1, "pictures": chance.randint(2, 3)}[kind]
    return tuple(_drawn(chance) for _ in range(count))


def _request(name: str, *turns: Turn) -> Request:
    return Request(name, turns, replace(GREEDY, max_tokens=_MAX_TOKENS))


def drawn_image(chance: random.Random, width: int, height: int) -> Image.Image:
    """A picture of one to three shapes on a light ground."""
    image = Image.new("RGB", (width, height), tuple(chance.randint(200, 255) for _ in range(3)))
    draw = ImageDraw.Draw(image)
    for column in range(chance.randint(1, 3)):
        side = chance.randint(width // 8, width // 4)
        left, top = column * width // 3 + chance.randint(0, width // 12), chance.randint(0, max(1, height - side))
        paint = draw.ellipse if chance.random() < 0.5 else draw.rectangle
        paint((left, top, left + side, top + side), fill=chance.choice(_COLOURS))
    return image


def _drawn(chance: random.Random) -> Picture:
    """A drawn picture of any size, opened as a person's would be."""
    encoded = io.BytesIO()
    drawn_image(chance, chance.randint(120, 700), chance.randint(120, 700)).save(encoded, "PNG")
    return open_picture(PictureSource("drawn.png", data=encoded.getvalue()), LIMITS)


def _moving(chance: random.Random) -> Clip:
    """A clip of a shape that moves, at times that are no multiples of one another."""
    count = 2 * chance.randint(2, 4)
    width, height = 32 * chance.randint(2, 4), 32 * chance.randint(2, 3)
    colour, across = chance.choice(_COLOURS), chance.random() < 0.5
    frames = []
    for index in range(count):
        image = Image.new("RGB", (width, height), "white")
        way = index * (width if across else height) * 2 // (3 * count)
        left, top = (way, height // 3) if across else (width // 3, way)
        ImageDraw.Draw(image).ellipse((left, top, left + width // 4, top + width // 4), fill=colour)
        frames.append(image.tobytes())
    pairs = [b"".join(frames[start : start + 2]) for start in range(0, count, 2)]
    groups = tuple(hashlib.sha256(pair).hexdigest() for pair in pairs)
    times = tuple(round(index * 0.5 + chance.random() * 0.3, 3) for index in range(count))
    plan = ClipPlan(times, tuple(range(count)), width, height, width, height, times[-1], 2.0, count)
    return Clip("drawn.mp4", None, "", plan, FrameWish(), tuple(frames), "".join(groups), groups)


def digest(*arrays: NDArray[np.generic]) -> str:
    """One digest of the shapes, kinds and numbers of arrays."""
    whole = hashlib.sha256()
    for array in arrays:
        whole.update(f"{array.shape}{array.dtype.str}".encode() + np.ascontiguousarray(array).tobytes())
    return whole.hexdigest()
