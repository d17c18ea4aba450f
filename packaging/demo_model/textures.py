"""Pictures outside the small world: noise, gradients, stripes, patches, clouds and scribbles."""

import random

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw


def _noise(width: int, height: int, cells: int, generator: np.random.Generator) -> NDArray[np.uint8]:
    values = generator.integers(0, 256, (max(2, height // cells), max(2, width // cells), 3), np.uint8)
    return np.asarray(Image.fromarray(values).resize((width, height), Image.Resampling.BILINEAR))


def _cloud(width: int, height: int, generator: np.random.Generator) -> NDArray[np.uint8]:
    total = np.zeros((height, width, 3), np.float32)
    for octave in (2, 4, 8, 16):
        coarse = generator.integers(0, 256, (octave + 1, octave + 1, 3), np.uint8)
        layer = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
        total += np.asarray(layer, np.float32) / octave
    low, high = float(total.min()), float(total.max())
    return ((total - low) / max(1.0, high - low) * 255).astype(np.uint8)


def _lines(image: Image.Image, kind: str, rng: random.Random) -> None:
    draw = ImageDraw.Draw(image)
    width, height = image.size
    short = min(width, height)

    def colour() -> tuple[int, int, int]:
        return rng.randrange(256), rng.randrange(256), rng.randrange(256)

    if kind == "stripes":
        step = rng.uniform(0.05, 0.2) * short
        palette = [colour() for _ in range(rng.randint(2, 4))]
        slope = rng.choice((0.0, 0.0, 0.5, -0.5))
        upright = rng.random() < 0.5
        position, index = float(-short), 0
        while position < 2 * max(width, height):
            shift = slope * (height if upright else width)
            corners: list[tuple[float, float]] = [
                (position, 0),
                (position + step, 0),
                (position + step + shift, height),
                (position + shift, height),
            ]
            if not upright:
                corners = [
                    (0, position),
                    (0, position + step),
                    (width, position + step + shift),
                    (width, position + shift),
                ]
            draw.polygon(corners, palette[index % len(palette)])
            position, index = position + step, index + 1
    elif kind == "patches":
        for _ in range(rng.randint(25, 70)):
            x, y = rng.uniform(-0.1, 1) * width, rng.uniform(-0.1, 1) * height
            w, h = rng.uniform(0.05, 0.4) * short, rng.uniform(0.05, 0.4) * short
            (draw.rectangle if rng.random() < 0.5 else draw.ellipse)((x, y, x + w, y + h), colour())
    else:
        for _ in range(rng.randint(8, 30)):
            points = [(rng.random() * width, rng.random() * height) for _ in range(rng.randint(2, 6))]
            draw.line(points, colour(), max(1, round(rng.uniform(0.004, 0.03) * short)))


def draw_texture(kind: str, width: int, height: int, rng: random.Random) -> Image.Image:
    """A picture of this kind at this size in pixels."""
    generator = np.random.default_rng(rng.getrandbits(32))
    if kind == "noise":
        return Image.fromarray(_noise(width, height, rng.choice((1, 2, 4, 8, 16)), generator))
    if kind == "cloud":
        return Image.fromarray(_cloud(width, height, generator))
    if kind == "smooth":
        corners = generator.integers(0, 256, (2, 2, 3), np.uint8)
        return Image.fromarray(corners).resize((width, height), Image.Resampling.BILINEAR)
    base = (rng.randrange(256), rng.randrange(256), rng.randrange(256))
    image = Image.new("RGB", (width, height), base if kind != "scribble" or rng.random() < 0.5 else (255, 255, 255))
    _lines(image, kind, rng)
    return image
