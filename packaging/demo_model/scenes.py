"""Scenes of the small world: which things stand where, before anything is drawn.

Positions are relative: x and y run 0-1 across the picture, sizes are fractions of its
shorter side. A scene says all that a question can be about.
"""

import random
from dataclasses import dataclass, field

from outlines import SHAPE_NAMES, Form, form_extent, sample_form
from shape_colours import COLOUR_NAMES, Rgb, sample_background, sample_contrasting

PLACES = (
    "in the top left",
    "at the top",
    "in the top right",
    "on the left",
    "in the middle",
    "on the right",
    "in the bottom left",
    "at the bottom",
    "in the bottom right",
)
BANDS = ((0.05, 0.35), (0.42, 0.58), (0.65, 0.95))
LEFT_END, RIGHT_START = 0.385, 0.615
GAP = 0.03
MAX_DIGITS = 3


@dataclass(frozen=True)
class ShapeThing:
    """A shape: centre (0-1 of width and height), half extent (fraction of the short side)."""

    shape: str
    colour: str
    rgb: Rgb
    outline_rgb: Rgb | None
    outline_share: float
    form: Form
    centre_x: float
    centre_y: float
    half_extent: float

    @property
    def place(self) -> str:
        """Where it stands, as said in an answer."""
        return PLACES[3 * band_of(self.centre_y) + band_of(self.centre_x)]

    @property
    def cell(self) -> int:
        """Index of its place, 0-8 in reading order."""
        return 3 * band_of(self.centre_y) + band_of(self.centre_x)


@dataclass(frozen=True)
class NumberThing:
    """A printed number: centre (0-1), glyph height (fraction of the short side), turn (degrees)."""

    digits: str
    rgb: Rgb
    font_index: int
    centre_x: float
    centre_y: float
    height: float
    angle_deg: float


@dataclass(frozen=True)
class Scene:
    """What a picture shows. Shapes are in reading order of their places."""

    aspect: float
    background: Rgb
    background_end: Rgb | None
    shapes: tuple[ShapeThing, ...] = ()
    number: NumberThing | None = None
    texture: str | None = None
    boxes: tuple[tuple[int, int, int, int], ...] = field(default=())


def band_of(position: float) -> int:
    """Which third a centre lies in: 0 left or top, 1 middle, 2 right or bottom."""
    return 0 if position < LEFT_END else 1 if position <= RIGHT_START else 2


def sides(aspect: float) -> tuple[float, float]:
    """Width and height of a picture of this width/height ratio, in units of its short side."""
    return (aspect, 1.0) if aspect >= 1 else (1.0, 1 / aspect)


def _sample_half_extent(count: int, rng: random.Random) -> float:
    largest = {1: 0.42, 2: 0.26, 3: 0.2}[count]
    return rng.uniform(0.1, largest) if rng.random() < 0.85 else rng.uniform(0.06, 0.12)


def _sample_centre(cell_band: int, half: float, rng: random.Random) -> float | None:
    low, high = BANDS[cell_band]
    low, high = max(low, half + 0.01), min(high, 1 - half - 0.01)
    if low > high:
        return None
    return rng.uniform(low, high) if rng.random() < 0.8 else min(max((0.2, 0.5, 0.8)[cell_band], low), high)


def _boxes_apart(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[2] + GAP < other[0] or other[2] + GAP < one[0] or one[3] + GAP < other[1] or other[3] + GAP < one[1]


def sample_shape(
    count: int, cell: int, aspect: float, background: Rgb, rng: random.Random, look: tuple[str, str] | None = None
) -> ShapeThing | None:
    """A shape for a place, or None where the drawn size does not fit there."""
    shape, colour = look or (rng.choice(SHAPE_NAMES), rng.choice(COLOUR_NAMES))
    form = sample_form(shape, rng)
    half = _sample_half_extent(count, rng)
    width, height = sides(aspect)
    extent_x, extent_y = form_extent(form)
    centre_x = _sample_centre(cell % 3, half * extent_x / width, rng)
    centre_y = _sample_centre(cell // 3, half * extent_y / height, rng)
    if centre_x is None or centre_y is None:
        return None
    rgb = sample_contrasting(colour, background, rng)
    outline: Rgb | None = None
    if rng.random() < 0.25:
        dark = rng.uniform(0.0, 0.75)
        outline = (0, 0, 0) if rng.random() < 0.5 else (int(rgb[0] * dark), int(rgb[1] * dark), int(rgb[2] * dark))
    return ShapeThing(shape, colour, rgb, outline, rng.uniform(0.02, 0.07), form, centre_x, centre_y, half)


def _bounds(thing: ShapeThing, aspect: float) -> tuple[float, float, float, float]:
    width, height = sides(aspect)
    extent_x, extent_y = form_extent(thing.form)
    x, y = thing.centre_x * width, thing.centre_y * height
    half = thing.half_extent
    return x - half * extent_x, y - half * extent_y, x + half * extent_x, y + half * extent_y


def _sample_backdrop(rng: random.Random) -> tuple[Rgb, Rgb | None]:
    background = sample_background(rng)
    if rng.random() < 0.15:
        return background, sample_background(rng)
    return background, None


def _sample_cells(count: int, rng: random.Random) -> list[int]:
    kind = rng.random()
    if count == 2 and kind < 0.3:
        return list(rng.choice(((3, 5), (3, 5), (1, 7), (0, 8), (2, 6))))
    if count == 3 and kind < 0.2:
        return list(rng.choice(((3, 4, 5), (3, 4, 5), (1, 4, 7), (1, 6, 8), (0, 2, 7))))
    if count == 1 and kind < 0.25:
        return [4]
    return sorted(rng.sample(range(9), count))


def sample_shapes_scene(aspect: float, count: int, rng: random.Random) -> Scene:
    """A scene of one to three shapes, each in a place of its own, none touching another."""
    background, background_end = _sample_backdrop(rng)
    while True:
        things: list[ShapeThing] = []
        cells = _sample_cells(count, rng)
        look = (rng.choice(SHAPE_NAMES), rng.choice(COLOUR_NAMES))
        for cell in cells:
            share_look = rng.random()
            chosen = None
            if things and share_look < 0.15:
                chosen = (look[0], rng.choice(COLOUR_NAMES))
            elif things and share_look < 0.25:
                chosen = (rng.choice(SHAPE_NAMES), look[1])
            thing = sample_shape(count, cell, aspect, background, rng, chosen or (look if not things else None))
            if thing is None:
                break
            box = _bounds(thing, aspect)
            if not all(_boxes_apart(box, _bounds(other, aspect)) for other in things):
                break
            things.append(thing)
        if len(things) == count:
            return Scene(aspect, background, background_end, tuple(things))


def sample_number_scene(aspect: float, font_count: int, rng: random.Random) -> Scene:
    """A scene of one printed number of one to three digits."""
    background, background_end = _sample_backdrop(rng)
    length = rng.choice((1, 2, 2, 3, 3))
    digits = "".join(rng.choice("0123456789") for _ in range(length))
    if length > 1 and digits[0] == "0" and rng.random() < 0.85:
        digits = rng.choice("123456789") + digits[1:]
    if rng.random() < 0.45:
        dark = rng.randint(0, 70)
        rgb: Rgb = (dark, dark, dark)
    else:
        rgb = sample_contrasting(rng.choice(COLOUR_NAMES), background, rng, 140.0)
    width, _ = sides(aspect)
    tallest = min(0.8, 0.92 * width / (0.72 * length))
    height = min(tallest, rng.uniform(0.18, 0.75))
    if rng.random() < 0.35:
        centre_x = centre_y = 0.5
    else:
        centre_x, centre_y = rng.random(), rng.random()
    angle = rng.uniform(-10, 10) if rng.random() < 0.25 else 0.0
    number = NumberThing(digits, rgb, rng.randrange(font_count), centre_x, centre_y, height, angle)
    return Scene(aspect, background, background_end, number=number)


TEXTURES = ("noise", "smooth", "stripes", "patches", "cloud", "scribble")


def sample_texture_scene(aspect: float, rng: random.Random) -> Scene:
    """A picture that is none of this world: noise, gradients, stripes, many patches, clouds, scribbles."""
    return Scene(aspect, sample_background(rng), None, texture=rng.choice(TEXTURES))
