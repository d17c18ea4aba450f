"""The main thread never stalls: while an answer streams, while a model loads, while 500 pictures are dropped."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QMimeData, QUrl

from app.backends.fake_backend import FakeScript
from app.core.sampling import Sampling
from app.core.settings import ModelSettings, Settings
from tests.drawn_pictures import corners_image, encoded
from tests.gui.heartbeat import STALL_S, Heartbeat, calmest

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from tests.gui.window_driver import OpenWindow

pytestmark = pytest.mark.alone
PARAGRAPH = "The **blue square** is largest: its sides are *about* 214 px, see `size`. 图中有三个形状。\n\n"
LIST = "1. Look at the corners.\n2. Compare the sides.\n   - the left one\n   - the right one\n\n"
TABLE = "| shape | where |\n|---|---|\n" + "| circle | left |\n" * 12 + "\n"
CODE = "```json\n" + '[{"bbox_2d": [138, 122, 342, 326], "label": "red circle"}]\n' * 12 + "```\n\n"
MIXED = ("## Shapes\n\n" + PARAGRAPH * 4 + LIST + TABLE + CODE) * 40  # about 20,000 tokens


def busy(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        sum(range(1000))


def test_a_stall_is_felt_and_named(qtbot: QtBot) -> None:
    with Heartbeat() as heartbeat:
        qtbot.waitUntil(lambda: heartbeat.beats > 5)
        busy(2.5 * STALL_S)
        beats = heartbeat.beats
        qtbot.waitUntil(lambda: heartbeat.beats > beats + 5)
    assert any("busy" in stall for stall in heartbeat.own_stalls)


def test_an_answer_of_20_000_tokens_streams_without_a_stall(open_window: OpenWindow, checkpoint_dir: Path) -> None:
    model = str(checkpoint_dir)
    settings = Settings(model=model, models={model: ModelSettings(sampling=Sampling(max_tokens=32_768))})

    def stream() -> list[str]:
        driver = open_window(FakeScript(answers=(MIXED,), piece_bytes=4, piece_delay_s=0.0001), settings=settings)
        driver.wait_for_model()
        with Heartbeat() as heartbeat:
            driver.ask("Tell me everything.")
            driver.qtbot.waitUntil(lambda: driver.desk.conversation.open_turn is None, timeout=60_000)
            driver.qtbot.wait(200)
        assert driver.wait_for_answer() == MIXED
        driver.close()
        return heartbeat.own_stalls

    assert not calmest(stream)


def test_500_pictures_are_dropped_without_a_stall(open_window: OpenWindow, tmp_path: Path) -> None:
    folder = tmp_path / "holiday"
    folder.mkdir()
    for number in range(500):
        (folder / f"IMG {number}.png").write_bytes(encoded(corners_image(160 + number % 40, 96), "PNG"))
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(file)) for file in sorted(folder.iterdir())])

    def drop() -> list[str]:
        driver = open_window()
        driver.wait_for_model()
        with Heartbeat() as heartbeat:
            assert driver.drop(mime=mime)
            driver.qtbot.waitUntil(lambda: len(driver.desk.pictures.media) == 500, timeout=30_000)
            driver.qtbot.waitUntil(
                lambda: all(medium.is_opened for medium in driver.desk.pictures.media), timeout=60_000
            )
            driver.qtbot.wait(100)
        driver.close()
        return heartbeat.own_stalls

    assert not calmest(drop)


def test_the_demo_model_loads_and_answers_without_a_stall() -> None:
    """In a fresh process, so that the runtime is really imported."""

    def load() -> list[str]:
        command = [sys.executable, "-m", "tests.gui.loading_pulse"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        pulse = json.loads(done.stdout)
        assert pulse["answer"]
        assert pulse["beats"] > 50
        stalls: list[str] = pulse["own_stalls"]
        return stalls

    assert not calmest(load)
