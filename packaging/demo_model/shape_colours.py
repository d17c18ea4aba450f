"""Colours as people name them: a range and well-known values for each name.

Hues are degrees (0-360), saturation and value are 0-1, RGB triples are 0-255.
The ranges leave gaps between neighbours (red/orange, orange/yellow, pink/red,
purple/pink) so that every drawn colour has one undisputed name.
"""

import colorsys
import random
from dataclasses import dataclass

Rgb = tuple[int, int, int]

COLOUR_NAMES = ("red", "green", "blue", "yellow", "purple", "orange", "black", "pink")
NAMED_VALUE_SHARE = 0.45
MIN_DISTANCE = 70.0


@dataclass(frozen=True)
class HsvBox:
    """A box in hue, saturation and value; a hue may pass 360 to wrap around."""

    hue: tuple[float, float]
    saturation: tuple[float, float]
    value: tuple[float, float]


RANGES: dict[str, tuple[HsvBox, ...]] = {
    "red": (HsvBox((352, 366), (0.75, 1.0), (0.62, 1.0)),),
    "green": (HsvBox((95, 152), (0.45, 1.0), (0.35, 1.0)),),
    "blue": (HsvBox((203, 244), (0.55, 1.0), (0.5, 1.0)),),
    "yellow": (HsvBox((49, 61), (0.65, 1.0), (0.88, 1.0)),),
    "purple": (
        HsvBox((268, 290), (0.45, 1.0), (0.4, 0.85)),
        HsvBox((290, 302), (0.6, 1.0), (0.38, 0.65)),
    ),
    "orange": (HsvBox((23, 39), (0.82, 1.0), (0.9, 1.0)),),
    "black": (HsvBox((0, 360), (0.0, 0.25), (0.0, 0.16)),),
    "pink": (
        HsvBox((322, 338), (0.35, 0.9), (0.92, 1.0)),
        HsvBox((338, 352), (0.22, 0.42), (0.95, 1.0)),
    ),
}

NAMED_VALUES: dict[str, tuple[Rgb, ...]] = {
    "red": ((255, 0, 0), (220, 20, 60), (200, 0, 0), (214, 39, 40), (229, 57, 53), (178, 34, 34), (244, 67, 54)),
    "green": ((0, 128, 0), (0, 255, 0), (34, 139, 34), (50, 205, 50), (44, 160, 44), (76, 175, 80), (0, 170, 0)),
    "blue": ((0, 0, 255), (30, 144, 255), (65, 105, 225), (31, 119, 180), (33, 150, 243), (0, 0, 205), (0, 0, 139)),
    "yellow": ((255, 255, 0), (255, 215, 0), (255, 235, 59), (253, 216, 53), (240, 230, 20)),
    "purple": ((128, 0, 128), (148, 0, 211), (106, 13, 173), (156, 39, 176), (102, 51, 153), (142, 68, 173)),
    "orange": ((255, 165, 0), (255, 140, 0), (255, 127, 14), (255, 152, 0), (255, 128, 0), (243, 156, 18)),
    "black": ((0, 0, 0), (0, 0, 0), (17, 17, 17), (30, 30, 30)),
    "pink": ((255, 192, 203), (255, 105, 180), (255, 182, 193), (255, 20, 147), (240, 98, 146), (244, 143, 177)),
}


def _from_hsv(hue_deg: float, saturation: float, value: float) -> Rgb:
    red, green, blue = colorsys.hsv_to_rgb((hue_deg % 360) / 360, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def colour_distance(first: Rgb, second: Rgb) -> float:
    """Euclidean distance of two colours in RGB, 0-442."""
    return float(sum((a - b) ** 2 for a, b in zip(first, second, strict=True)) ** 0.5)


def sample_colour(name: str, rng: random.Random) -> Rgb:
    """A colour that people call by this name."""
    if rng.random() < NAMED_VALUE_SHARE:
        return rng.choice(NAMED_VALUES[name])
    box = rng.choice(RANGES[name])
    return _from_hsv(rng.uniform(*box.hue), rng.uniform(*box.saturation), rng.uniform(*box.value))


def sample_contrasting(name: str, background: Rgb, rng: random.Random, min_distance: float = MIN_DISTANCE) -> Rgb:
    """A colour of this name that stands out from the background (best of many tries)."""
    best = sample_colour(name, rng)
    for _ in range(12):
        if colour_distance(best, background) >= min_distance:
            break
        other = sample_colour(name, rng)
        if colour_distance(other, background) > colour_distance(best, background):
            best = other
    return best


def sample_background(rng: random.Random) -> Rgb:
    """A light background: mostly white, else grey or a pale tint."""
    kind = rng.random()
    if kind < 0.45:
        return 255, 255, 255
    if kind < 0.7:
        grey = rng.randint(200, 252)
        return grey, grey, grey
    return _from_hsv(rng.uniform(0, 360), rng.uniform(0.02, 0.14), rng.uniform(0.88, 1.0))
