"""Draws the sample pictures and the sample video that come with the program.

python packaging/demo_model/sample_media.py
"""

import random
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from drawing import draw_scene
from outlines import sample_form
from PIL import Image
from questions import describe
from scenes import NumberThing, Scene, ShapeThing

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

FOLDER = Path(__file__).resolve().parents[2] / "resources" / "samples"
SIZE = (640, 480)
OVERSAMPLING = 4
SEEN = (192, 256)
VIDEO = "moving-circle.mp4"
VIDEO_FRAMES = 120
VIDEO_RATE = 24


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


def drawn(scene: Scene) -> "Picture":
    """A scene at the samples' size."""
    large = (SIZE[0] * OVERSAMPLING, SIZE[1] * OVERSAMPLING)
    _, _, image = draw_scene(scene, SEEN, random.Random("calm"), large)
    return image.resize(SIZE, Image.Resampling.LANCZOS)


def write_video(file: Path) -> None:
    """A blue circle on its way to the right: it starts and stops slowly."""
    scene = Scene(SIZE[0] / SIZE[1], (250, 249, 246), None)
    with av.open(file, "w", options={"movflags": "+faststart"}) as container:
        stream: Any = container.add_stream("libx264", rate=VIDEO_RATE, options={"crf": "20", "preset": "veryslow"})
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, VIDEO_RATE)
        for number in range(VIDEO_FRAMES):
            part = number / (VIDEO_FRAMES - 1)
            way = part * part * (3 - 2 * part)
            circle = _shape("circle", "blue", (38, 92, 214), (0.17 + 0.66 * way, 0.5), 0.2)
            container.mux(
                stream.encode(av.VideoFrame.from_ndarray(np.asarray(drawn(replace(scene, shapes=(circle,))))))
            )
        container.mux(stream.encode(None))


def main() -> None:
    """Writes every sample and says what it shows."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, scene in sample_scenes().items():
        drawn(scene).save(FOLDER / name, optimize=True)
        print(name, describe(scene))
    write_video(FOLDER / VIDEO)
    print(VIDEO, "A blue circle moves to the right.")


if __name__ == "__main__":
    main()
