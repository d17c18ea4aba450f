"""Outlines of the four shapes as polygons around a centre.

Lengths are in the caller's unit (pixels of the canvas); angles are degrees, clockwise,
because the y axis points down.
"""

import math
import random
from dataclasses import dataclass

Points = list[tuple[float, float]]

SHAPE_NAMES = ("circle", "square", "triangle", "star")
CIRCLE_CORNERS = 48


@dataclass(frozen=True)
class Form:
    """One variant of a shape: its corners about the origin, half extent 1."""

    shape: str
    corners: tuple[tuple[float, float], ...]


def _turned(corners: Points, angle_deg: float) -> Points:
    cosine, sine = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    return [(x * cosine - y * sine, x * sine + y * cosine) for x, y in corners]


def _small_turn(rng: random.Random, limit_deg: float) -> float:
    return rng.uniform(-limit_deg, limit_deg) if rng.random() < 0.4 else 0.0


def _circle() -> Points:
    step = 2 * math.pi / CIRCLE_CORNERS
    return [(math.cos(step * k), math.sin(step * k)) for k in range(CIRCLE_CORNERS)]


def _square(rng: random.Random) -> Points:
    stretch = rng.uniform(0.94, 1.06) if rng.random() < 0.3 else 1.0
    corners = [(-stretch, -1.0), (stretch, -1.0), (stretch, 1.0), (-stretch, 1.0)]
    angle = 45.0 if rng.random() < 0.03 else _small_turn(rng, 18)
    return _turned(corners, angle)


def _triangle(rng: random.Random) -> Points:
    kind = rng.random()
    if kind < 0.45:  # equilateral
        corners = [(0.0, -1.0), (1.0, math.sqrt(3) - 1), (-1.0, math.sqrt(3) - 1)]
    elif kind < 0.9:  # isosceles, slim to wide
        half = rng.uniform(0.7, 1.15)
        corners = [(0.0, -1.0), (half, 1.0), (-half, 1.0)]
    else:  # right-angled
        flip = rng.choice((-1.0, 1.0))
        corners = [(-flip, -1.0), (flip, 1.0), (-flip, 1.0)]
    turn = rng.random()
    angle = 180.0 if turn < 0.15 else rng.choice((90.0, 270.0)) if turn < 0.2 else 0.0
    return _turned(corners, angle + _small_turn(rng, 18))


def _star(rng: random.Random) -> Points:
    tips = 5 if rng.random() < 0.88 else rng.choice((4, 6))
    inner = rng.uniform(0.35, 0.55) if rng.random() < 0.6 else 0.382
    if tips == 6:
        inner = max(inner, 0.45)
    step = math.pi / tips
    corners = [
        (math.sin(step * k) * (inner if k % 2 else 1.0), -math.cos(step * k) * (inner if k % 2 else 1.0))
        for k in range(2 * tips)
    ]
    return _turned(corners, _small_turn(rng, 22))


def sample_form(shape: str, rng: random.Random) -> Form:
    """A variant of the shape, centred on its bounding box whose longer half side is 1."""
    if shape == "circle":
        corners = _circle()
    elif shape == "square":
        corners = _square(rng)
    elif shape == "triangle":
        corners = _triangle(rng)
    else:
        corners = _star(rng)
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    centre_x, centre_y = (max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2
    half = max(max(xs) - min(xs), max(ys) - min(ys)) / 2
    return Form(shape, tuple(((x - centre_x) / half, (y - centre_y) / half) for x, y in corners))


def form_extent(form: Form) -> tuple[float, float]:
    """Half width and half height of a form; the larger one is 1."""
    return max(x for x, _ in form.corners), max(y for _, y in form.corners)


def place_form(form: Form, centre_x: float, centre_y: float, half_extent: float) -> Points:
    """The form's corners in canvas pixels."""
    return [(centre_x + x * half_extent, centre_y + y * half_extent) for x, y in form.corners]
