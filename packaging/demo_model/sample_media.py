"""Draws the sample pictures that come with the program.

python packaging/demo_model/sample_media.py
"""

import random
from dataclasses import replace
from pathlib import Path

from drawing import draw_scene
from outlines import sample_form
from PIL import Image
from questions import describe
from scenes import NumberThing, Scene, ShapeThing

FOLDER = Path(__file__).resolve().parents[2] / "resources" / "samples"
SIZE = (640, 480)
OVERSAMPLING = 4
SEEN = (192, 256)


def _shape(shape: str, colour: str, rgb: tuple[int, int, int], centre: tuple[float, float], half: float) -> ShapeThing:
    form = sample_form(shape, random.Random(3))
    return ShapeThing(shape, colour, rgb, None, 0.0, form, *centre, half)


def sample_scenes() -> dict[str, Scene]:
    """The scenes of the samples, by file name."""
    paper = (250, 249, 246)
    empty = Scene(SIZE[0] / SIZE[1], paper, None)
    red = _shape("circle", "red", (220, 38, 48), (0.24, 0.5), 0.2)
    blue = _shape("square", "blue", (38, 92, 214), (0.75, 0.5), 0.17)
    star = _shape("star", "yellow", (250, 208, 30), (0.5, 0.24), 0.16)
    number = NumberThing("42", (30, 30, 30), 0, 0.5, 0.5, 0.45, 0.0)
    return {
        "shapes.png": replace(empty, shapes=(star, red, blue)),
        "two-shapes.png": replace(empty, shapes=(red, blue)),
        "number.png": replace(empty, number=number),
    }


def main() -> None:
    """Writes every sample and says what it shows."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    large = (SIZE[0] * OVERSAMPLING, SIZE[1] * OVERSAMPLING)
    for name, scene in sample_scenes().items():
        _, _, image = draw_scene(scene, SEEN, random.Random("calm"), large)
        image.resize(SIZE, Image.Resampling.LANCZOS).save(FOLDER / name, optimize=True)
        print(name, describe(scene))


if __name__ == "__main__":
    main()
