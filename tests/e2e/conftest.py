from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from tests.e2e.program import Program
from tests.whole_model import write_whole_model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIG = {
    "model_type": "qwen3_vl",
    "vision_config": {},
    "text_config": {"dtype": "float32"},
    "image_token_id": 1,
    "video_token_id": 2,
    "eos_token_id": 3,
}


@pytest.fixture(scope="session")
def empty_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that only the fake backend can load."""
    return write_whole_model(tmp_path_factory.mktemp("model") / "empty-model", CONFIG)


@pytest.fixture
def program(tmp_path: Path, empty_model: Path) -> Program:
    return Program(tmp_path, empty_model)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    file = tmp_path / "红色 [1] #a%20 b.png"
    Image.new("RGB", (640, 480), "red").save(file)
    return file


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """A real X server of the tests' own."""
    reader, writer = os.pipe()
    command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1440x900x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[writer], stderr=subprocess.DEVNULL)
    os.close(writer)
    with os.fdopen(reader) as stream:
        number = stream.readline().strip()
    yield f":{number}"
    server.terminate()
    server.wait(10)
