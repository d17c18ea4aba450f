"""Drawing a scene with Pillow, and what a dense head should say about each 16 px patch.

Shapes: h w pixels of the picture the model sees, R C rows and columns of 16 px patches.
"""

import io
import random
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from outlines import SHAPE_NAMES, place_form
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from scenes import NumberThing, Scene, ShapeThing
from shape_colours import COLOUR_NAMES, Rgb
from textures import draw_texture

type_font = ImageFont.FreeTypeFont
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "/System/Library/Fonts/Supplemental")
FONT_FILES = (
    "DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf", "DejaVuSerif.ttf",
    "DejaVuSerif-Bold.ttf", "DejaVuSansCondensed.ttf", "DejaVuSansCondensed-Bold.ttf", "DejaVuSans-Oblique.ttf",
    "NimbusSans-Regular.otf", "NimbusSans-Bold.otf", "NimbusRoman-Regular.otf", "NimbusRoman-Bold.otf",
    "NimbusMonoPS-Bold.otf", "NimbusSansNarrow-Bold.otf", "C059-Roman.otf", "C059-Bold.otf", "P052-Bold.otf",
    "URWBookman-Demi.otf", "URWGothic-Book.otf", "URWGothic-Demi.otf", "NotoSansCJK-Regular.ttc",
    "NotoSansCJK-Bold.ttc", "NotoSerifCJK-Bold.ttc", "NotoSansMono-Regular.ttf", "NotoSansMono-Bold.ttf",
)  # fmt: skip
FONT_REPEATS = {"DejaVuSans.ttf": 3, "DejaVuSans-Bold.ttf": 3, "NimbusSans-Regular.otf": 2, "NimbusSans-Bold.otf": 2}
PATCH_PX = 16
LABEL_CELLS = 4  # label samples per patch side
IGNORE = -100
DIGIT_CLASS = 1 + len(SHAPE_NAMES)
CLASS_COUNT = DIGIT_CLASS + 10


@dataclass(frozen=True)
class Drawn:
    """A drawn picture: pixels (h, w, 3), boxes per thing (0-1000), dense labels per patch.

    `classes` (R, C): 0 nothing, 1-4 shapes, 5-14 digits, IGNORE where a patch is barely touched.
    `colours` (R, C): index of the colour name, IGNORE elsewhere.
    `extents` (R, C, 4): x1 y1 x2 y2 of the thing in pixels of the seen picture.
    """

    pixels: NDArray[np.uint8]
    boxes: tuple[tuple[int, int, int, int], ...]
    classes: NDArray[np.int64]
    colours: NDArray[np.int64]
    extents: NDArray[np.float32]


@lru_cache(maxsize=1)
def font_paths() -> tuple[str, ...]:
    """The fonts of the list that this machine has, favourites several times."""
    found = {path.name: str(path) for folder in FONT_FOLDERS for path in sorted(Path(folder).rglob("*.?t?"))}
    paths = [found[name] for name in FONT_FILES if name in found for _ in range(FONT_REPEATS.get(name, 1))]
    if not paths:
        message = f"none of the fonts {', '.join(FONT_FILES[:4])}, ... is installed"
        raise FileNotFoundError(message)
    return tuple(paths)


@lru_cache(maxsize=256)
def _font(path: str, size_px: int) -> type_font:
    return ImageFont.truetype(path, size_px)


def _backdrop(scene: Scene, width: int, height: int, rng: random.Random) -> Image.Image:
    if scene.background_end is None:
        return Image.new("RGB", (width, height), scene.background)
    ramp = Image.linear_gradient("L").resize((width, height))
    if rng.random() < 0.5:
        ramp = Image.linear_gradient("L").rotate(90).resize((width, height))
    end = Image.new("RGB", (width, height), scene.background_end)
    return Image.composite(end, Image.new("RGB", (width, height), scene.background), ramp)


def _draw_shape(image: Image.Image, thing: ShapeThing) -> None:
    width, height = image.size
    half = thing.half_extent * min(width, height)
    points = place_form(thing.form, thing.centre_x * width, thing.centre_y * height, half)
    draw = ImageDraw.Draw(image)
    line = max(1, round(thing.outline_share * half)) if thing.outline_rgb else 0
    if thing.shape == "circle":
        x, y = thing.centre_x * width, thing.centre_y * height
        draw.ellipse((x - half, y - half, x + half, y + half), thing.rgb, thing.outline_rgb, line)
    elif line:
        draw.polygon(points, thing.rgb, thing.outline_rgb, line)
    else:
        draw.polygon(points, thing.rgb)


def _number_mask(number: NumberThing, width: int, height: int) -> tuple[Image.Image, list[tuple[float, float]]]:
    """The number's ink (L, cropped) and the x span of each digit inside it, before turning."""
    short = min(width, height)
    path = font_paths()[number.font_index % len(font_paths())]
    # Font size quantised so that fonts are cached; digits are about 0.72 of the size high.
    size = max(8, 2 * round(number.height * short / 0.72 / 2))
    while True:
        font = _font(path, size)
        left, top, right, bottom = font.getbbox(number.digits)
        if size <= 8 or (right - left <= 0.94 * width and bottom - top <= 0.94 * height):
            break
        size = max(8, 2 * int(size * 0.45))
    mask = Image.new("L", (int(right - left) + 2, int(bottom - top) + 2), 0)
    ImageDraw.Draw(mask).text((1 - left, 1 - top), number.digits, 255, font=font)
    spans = [
        (font.getlength(number.digits[:k]) - left, font.getlength(number.digits[: k + 1]) - left)
        for k in range(len(number.digits))
    ]
    return mask, spans


def _place_number(number: NumberThing, image: Image.Image) -> tuple[tuple[float, float, float, float], list[float]]:
    """Prints the number; its box in canvas pixels and the digits' inner borders (x)."""
    width, height = image.size
    mask, spans = _number_mask(number, width, height)
    unturned_width = mask.width
    if number.angle_deg:
        mask = mask.rotate(number.angle_deg, Image.Resampling.BICUBIC, expand=True)
    box = mask.getbbox() or (0, 0, mask.width, mask.height)
    mask = mask.crop(box)
    x = round(number.centre_x * max(0, width - mask.width - 4)) + 2
    y = round(number.centre_y * max(0, height - mask.height - 4)) + 2
    image.paste(Image.new("RGB", mask.size, number.rgb), (x, y), mask)
    shift = x + mask.width / 2 - unturned_width / 2
    borders = [shift + end for _, end in spans[:-1]]
    return (x, y, x + mask.width, y + mask.height), borders


def _labels(
    scene: Scene, number_box: tuple[float, ...], borders: list[float], canvas: tuple[int, int], seen: tuple[int, int]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    height, width = seen
    rows, columns = height // PATCH_PX, width // PATCH_PX
    small = Image.new("L", (columns * LABEL_CELLS, rows * LABEL_CELLS), 0)
    draw = ImageDraw.Draw(small)
    scale_x, scale_y = small.width / canvas[0], small.height / canvas[1]
    tables: list[tuple[int, int, tuple[float, ...]]] = [(0, IGNORE, (0.0, 0.0, 0.0, 0.0))]
    for thing, box in zip(scene.shapes, scene.boxes, strict=False):
        half = thing.half_extent * min(canvas)
        points = place_form(thing.form, thing.centre_x * canvas[0], thing.centre_y * canvas[1], half)
        tables.append(
            (
                1 + SHAPE_NAMES.index(thing.shape),
                COLOUR_NAMES.index(thing.colour),
                tuple(v / 1000 * side for v, side in zip(box, (width, height, width, height), strict=True)),
            )
        )
        draw.polygon([(px * scale_x - 0.5, py * scale_y - 0.5) for px, py in points], len(tables) - 1)
    if scene.number is not None:
        x1, y1, x2, y2 = number_box
        edges = [x1, *borders, x2]
        for digit, start, end in zip(scene.number.digits, edges, edges[1:], strict=False):
            extent = (
                start / canvas[0] * width,
                y1 / canvas[1] * height,
                end / canvas[0] * width,
                y2 / canvas[1] * height,
            )
            tables.append((DIGIT_CLASS + int(digit), IGNORE, extent))
            draw.rectangle((start * scale_x, y1 * scale_y, end * scale_x - 1, y2 * scale_y - 1), len(tables) - 1)
    cells = np.asarray(small).reshape(rows, LABEL_CELLS, columns, LABEL_CELLS)
    covered = np.stack([(cells == k).sum(axis=(1, 3)) for k in range(len(tables))])
    best = covered[1:].argmax(0) + 1 if len(tables) > 1 else np.zeros((rows, columns), np.int64)
    area = covered.max(0, initial=0, where=np.arange(len(tables))[:, None, None] > 0)
    index = np.where(area >= 5, best, 0)
    unsure = (area > 0) & (area < 5)
    for k in range(1, len(tables)):
        where = np.unravel_index(int(covered[k].argmax()), (rows, columns))
        if covered[k][where] > 0:
            index[where] = k
            unsure[where] = False
    classes = np.array([t[0] for t in tables], np.int64)[index]
    classes[unsure] = IGNORE
    colours = np.array([t[1] for t in tables], np.int64)[index]
    extents = np.array([t[2] for t in tables], np.float32)[index]
    return classes, colours, extents


def _degrade(image: Image.Image, rng: random.Random) -> Image.Image:
    if rng.random() < 0.2:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=rng.randint(40, 95))
        image = Image.open(buffer).convert("RGB")
    if rng.random() < 0.06:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.2)))
    return image


def shape_box(thing: ShapeThing, width: int, height: int) -> tuple[int, int, int, int]:
    """The box around a shape as drawn on a picture of this size, 0-1000."""
    half = thing.half_extent * min(width, height)
    points = place_form(thing.form, thing.centre_x * width, thing.centre_y * height, half)
    xs, ys = [x / width for x, _ in points], [y / height for _, y in points]
    return (
        max(0, round(1000 * min(xs))),
        max(0, round(1000 * min(ys))),
        min(1000, round(1000 * max(xs))),
        min(1000, round(1000 * max(ys))),
    )


def sample_canvas(seen: tuple[int, int], rng: random.Random) -> tuple[int, int]:
    """Width and height of the source picture that is then resized to `seen` (h, w)."""
    height, width = seen
    kind = rng.random()
    scale = 1.0 if kind < 0.2 else rng.uniform(0.5, 1.0) if kind < 0.28 else rng.choice((1.5, 2, 2, 2.5, 3))
    stretch = rng.uniform(0.93, 1.07)
    return max(48, round(width * scale * stretch)), max(48, round(height * scale / stretch))


def draw_scene(
    scene: Scene, seen: tuple[int, int], rng: random.Random, canvas: tuple[int, int] | None = None
) -> tuple[Scene, Drawn, Image.Image]:
    """Draws a scene at source size and resizes it as the program does.

    Args:
        scene: What to draw; its `boxes` are filled in from what was drawn.
        seen: Height and width, in pixels, that the model will see; multiples of 32.
        rng: Source of the drawing's accidents (compression, blur, noise).
        canvas: Width and height of the source picture; drawn at random when left out.

    Returns:
        The scene with its boxes, the drawn picture with dense labels, and the source picture.
    """
    width, height = canvas or sample_canvas(seen, rng)
    number_box: tuple[float, float, float, float] = (0, 0, 0, 0)
    borders: list[float] = []
    if scene.texture is not None:
        image = draw_texture(scene.texture, width, height, rng)
        boxes: tuple[tuple[int, int, int, int], ...] = ()
    else:
        image = _backdrop(scene, width, height, rng)
        for thing in scene.shapes:
            _draw_shape(image, thing)
        boxes = tuple(shape_box(thing, width, height) for thing in scene.shapes)
        if scene.number is not None:
            number_box, borders = _place_number(scene.number, image)
            scaled = [v / side * 1000 for v, side in zip(number_box, (width, height, width, height), strict=True)]
            boxes = ((round(scaled[0]), round(scaled[1]), round(scaled[2]), round(scaled[3])),)
    image = _degrade(image, rng)
    scene = Scene(
        scene.aspect, scene.background, scene.background_end, scene.shapes, scene.number, scene.texture, boxes
    )
    resized = image if image.size == (seen[1], seen[0]) else image.resize((seen[1], seen[0]), Image.Resampling.BICUBIC)
    pixels = np.asarray(resized)
    if rng.random() < 0.06:
        noise = np.random.default_rng(rng.getrandbits(32)).normal(0, rng.uniform(1, 6), pixels.shape)
        pixels = np.clip(pixels + noise, 0, 255).astype(np.uint8)
    classes, colours, extents = _labels(scene, number_box, borders, (width, height), seen)
    return scene, Drawn(pixels, boxes, classes, colours, extents), image


def dark_enough(rgb: Rgb) -> bool:
    """Whether a colour is dark (mean under 90)."""
    return sum(rgb) < 270
