"""The demo model on pictures that other drawing code than its trainer's has made.

It is asked through the engine and MLX, or through a frozen program.
"""

from __future__ import annotations

import json
import queue
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from math import cos, pi, sin
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, ImageDraw, ImageFont
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPolygonF

from app.backends.mlx_backend import MlxBackend
from app.core.checkpoint import Checkpoint, find_checkpoint, read_checkpoint
from app.core.events import EngineEvent, Finished, ModelReady, Started, TextPiece
from app.core.paths import DEMO_MODEL_DIR
from app.core.pictures import PictureSource
from app.core.requests import Question, Turn
from app.engine.engine import Engine
from tests.e2e.asking_program import AskingProgram
from tests.e2e.chosen_program import frozen_program
from tests.e2e.program import Program

if TYPE_CHECKING:
    from pathlib import Path

COLOURS = {
    "red": (220, 30, 30),
    "green": (20, 150, 60),
    "blue": (40, 80, 220),
    "yellow": (250, 215, 0),
    "purple": (128, 0, 128),
    "orange": (255, 140, 0),
    "black": (0, 0, 0),
    "pink": (255, 130, 190),
}
SHAPES = ("circle", "square", "triangle", "star")
PAIRS = [
    ("red", "circle", "blue", "square"),
    ("green", "triangle", "yellow", "star"),
    ("purple", "square", "orange", "circle"),
    ("black", "star", "pink", "triangle"),
    ("blue", "circle", "red", "triangle"),
    ("orange", "star", "green", "square"),
]


class Asker:
    """One conversation with an engine."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint
        self._arrived: queue.SimpleQueue[EngineEvent] = queue.SimpleQueue()
        self._engine = Engine(MlxBackend, self._arrived.put)
        self._engine.load(checkpoint)
        while not isinstance(self._arrived.get(timeout=60), ModelReady):
            pass
        self._count = 0
        self.turns: tuple[Turn, ...] = ()

    def ask(self, text: str, *files: Path) -> str:
        """The answer in a new conversation."""
        self.turns = ()
        return self.follow_up(text, *files)

    def follow_up(self, text: str, *files: Path) -> str:
        """The answer in the same conversation."""
        self._count += 1
        sampling = replace(self._checkpoint.default_sampling, max_tokens=200)
        sources = tuple(PictureSource(file.name, file) for file in files)
        limits = self._checkpoint.image_limits
        self._engine.ask(Question(str(self._count), text, limits, sampling, sources, self.turns))
        answer = ""
        turn = Turn(text)
        while not isinstance(event := self._arrived.get(timeout=60), Finished):
            if isinstance(event, Started):
                turn = Turn(text, event.pictures)
            elif isinstance(event, TextPiece):
                answer += event.text
        assert event.outcome == "done", event
        self.turns = (*self.turns, replace(turn, answer=answer))
        return answer

    def close(self) -> None:
        assert self._engine.close()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker | AskingProgram]:
    if frozen_program() is not None:
        yield AskingProgram(Program(tmp_path_factory.mktemp("program"), DEMO_MODEL_DIR))
        return
    asker = Asker(find_checkpoint("demo"))
    for _ in range(2):
        asker.ask("Hello")  # starts the engine's media threads now, so that no test seems to have left them
    yield asker
    asker.close()


def draw_shape(drawing: ImageDraw.ImageDraw, shape: str, colour: str, x: float, y: float, radius: float) -> None:
    fill = COLOURS[colour]
    if shape == "circle":
        drawing.ellipse([x - radius, y - radius, x + radius, y + radius], fill=fill)
    elif shape == "square":
        drawing.rectangle([x - radius, y - radius, x + radius, y + radius], fill=fill)
    elif shape == "triangle":
        drawing.regular_polygon((x, y, radius * 1.15), 3, fill=fill)
    else:
        draw_star(drawing, x, y, radius * 1.15, fill)


def draw_star(drawing: ImageDraw.ImageDraw, x: float, y: float, radius: float, fill: tuple[int, int, int]) -> None:
    corners = [
        (x + sin(k * pi / 5) * radius * (1, 0.42)[k % 2], y - cos(k * pi / 5) * radius * (1, 0.42)[k % 2])
        for k in range(10)
    ]
    drawing.polygon(corners, fill=fill)


def two_shapes(file: Path, pair: tuple[str, str, str, str], size: tuple[int, int] = (640, 480)) -> Path:
    width, height = size
    picture = Image.new("RGB", size, "white")
    drawing = ImageDraw.Draw(picture)
    radius = min(size) * 0.18
    draw_shape(drawing, pair[1], pair[0], width * 0.25, height * 0.5, radius)
    draw_shape(drawing, pair[3], pair[2], width * 0.75, height * 0.5, radius)
    picture.save(file)
    return file


def named(answer: str) -> list[tuple[str, str]]:
    """The (colour, shape) pairs an answer names, in order."""
    return re.findall(rf"({'|'.join(COLOURS)}) ({'|'.join(SHAPES)})", answer.lower())


@pytest.mark.parametrize("size", [(640, 480), (300, 300), (1600, 900), (96, 64)])
def test_two_shapes_are_named_left_to_right(demo: Asker | AskingProgram, tmp_path: Path, size: tuple[int, int]) -> None:
    right = 0
    for pair in PAIRS:
        answer = demo.ask("Describe this image.", two_shapes(tmp_path / "two-shapes.png", pair, size))
        right += named(answer) == [pair[:2], pair[2:]]
    assert right >= len(PAIRS) - 1


def test_a_picture_by_qt_is_named(demo: Asker | AskingProgram, tmp_path: Path) -> None:
    image = QImage(500, 400, QImage.Format.Format_RGB32)
    image.fill(QColor("#f4f1ea"))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor("#1e88e5"))
    painter.drawEllipse(QPointF(130, 200), 75, 75)
    painter.setBrush(QColor("#e53935"))
    painter.drawPolygon(QPolygonF([QPointF(370, 120), QPointF(450, 270), QPointF(290, 270)]))
    painter.end()
    file = tmp_path / "qt.png"
    assert image.save(str(file))
    assert named(demo.ask("Describe this image.", file)) == [("blue", "circle"), ("red", "triangle")]


def test_a_jpeg_and_a_turned_picture_are_named(demo: Asker | AskingProgram, tmp_path: Path) -> None:
    upright = Image.open(two_shapes(tmp_path / "a.png", PAIRS[0]))
    upright.save(tmp_path / "a.jpg", quality=60)
    exif = Image.Exif()
    exif[0x0112] = 6
    upright.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned.jpg", exif=exif, quality=90)
    for name in ("a.jpg", "turned.jpg"):
        assert named(demo.ask("Describe this image.", tmp_path / name)) == [("red", "circle"), ("blue", "square")]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_shapes_are_counted(demo: Asker | AskingProgram, tmp_path: Path, count: int) -> None:
    picture = Image.new("RGB", (480, 320), "white")
    drawing = ImageDraw.Draw(picture)
    for index in range(count):
        draw_shape(drawing, SHAPES[index], ("red", "blue", "green")[index], 90 + 150 * index, 160, 55)
    picture.save(tmp_path / "count.png")
    answer = demo.ask("How many shapes are there?", tmp_path / "count.png").lower()
    assert re.search(rf"\b({count}|{('one', 'two', 'three')[count - 1]})\b", answer)


@pytest.mark.parametrize("number", ["7", "42", "385"])
def test_a_number_is_read(demo: Asker | AskingProgram, tmp_path: Path, number: str) -> None:
    picture = Image.new("RGB", (300, 200), "white")
    font = ImageFont.load_default(90)
    ImageDraw.Draw(picture).text((150, 100), number, fill="black", font=font, anchor="mm")
    picture.save(tmp_path / "number.png")
    assert re.findall(r"\d+", demo.ask("What does the text say?", tmp_path / "number.png")) == [number]


def test_boxes_come_as_json_in_thousandths(demo: Asker | AskingProgram, tmp_path: Path) -> None:
    answer = demo.ask(
        "Locate every shape and report bbox coordinates in JSON format.", two_shapes(tmp_path / "boxes.png", PAIRS[0])
    )
    found: list[dict[str, Any]] = json.loads(re.sub(r"^```json|```$", "", answer.strip()))
    assert [box["label"] for box in found] == ["red circle", "blue square"]
    radius = 480 * 0.18
    for box, x in zip(found, (0.25, 0.75), strict=True):
        expected = (x * 1000 - radius / 0.64, 500 - radius / 0.48, x * 1000 + radius / 0.64, 500 + radius / 0.48)
        assert overlap(tuple(box["bbox_2d"]), expected) > 0.5


def overlap(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """Intersection over union of two boxes (x1, y1, x2, y2)."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(0.0, width) * max(0.0, height)
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def test_pictures_of_one_size_never_answer_for_one_another(demo: Asker | AskingProgram, tmp_path: Path) -> None:
    files = [two_shapes(tmp_path / f"{number}.png", pair, (320, 240)) for number, pair in enumerate(PAIRS[:3])]
    for _ in range(2):
        for file, pair in zip(files, PAIRS, strict=False):
            assert named(demo.ask("Describe this image.", file)) == [pair[:2], pair[2:]]


def test_a_picture_edited_in_place_is_seen_anew(demo: Asker | AskingProgram, tmp_path: Path) -> None:
    file = tmp_path / "edited.png"
    for pair in PAIRS[:2]:
        assert named(demo.ask("Describe this image.", two_shapes(file, pair))) == [pair[:2], pair[2:]]


def test_a_second_picture_in_a_follow_up_is_told_from_the_first(demo: Asker | AskingProgram, tmp_path: Path) -> None:
    first, second = (two_shapes(tmp_path / f"{number}.png", PAIRS[number], (320, 240)) for number in range(2))
    assert named(demo.ask("Describe this image.", first)) == [PAIRS[0][:2], PAIRS[0][2:]]
    assert named(demo.follow_up("Describe this image.", second)) == [PAIRS[1][:2], PAIRS[1][2:]]


def test_what_it_does_not_know_it_says(demo: Asker | AskingProgram, tmp_path: Path) -> None:
    file = two_shapes(tmp_path / "a.png", PAIRS[0])
    for text in ("Who is the president of France?", "Write a poem about the sea.", "今天天气怎么样？"):
        assert demo.ask(text, file) == "I only know simple shapes and numbers."


@pytest.mark.parametrize("bits", [4, 8])
def test_the_demo_model_quantised_by_mlx_vlm_answers(tmp_path: Path, bits: int) -> None:
    folder = tmp_path / f"demo-{bits}bit"
    command = [sys.executable, "-W", "ignore", "-m", "mlx_vlm", "convert", "--hf-path", str(DEMO_MODEL_DIR)]
    command += ["--mlx-path", str(folder), "-q", "--q-bits", str(bits)]
    subprocess.run(command, check=True, capture_output=True)
    checkpoint = read_checkpoint(folder, str(folder))
    assert checkpoint.quantisation == f"{bits}-bit, group 64"
    assert checkpoint.image_limits == find_checkpoint("demo").image_limits
    asker = Asker(checkpoint) if frozen_program() is None else AskingProgram(Program(tmp_path, DEMO_MODEL_DIR), folder)
    right = 0
    for pair in PAIRS:
        right += named(asker.ask("Describe this image.", two_shapes(tmp_path / "a.png", pair))) == [pair[:2], pair[2:]]
    asker.close()
    assert right >= (len(PAIRS) - 1 if bits == 8 else 2)


def test_the_demo_model_is_small_and_whole() -> None:
    sizes = {file.name: file.stat().st_size for file in DEMO_MODEL_DIR.iterdir()}
    assert sum(sizes.values()) <= 12_000_000
    assert {"config.json", "model.safetensors", "tokenizer.json", "preprocessor_config.json", "README.md"} <= set(sizes)
