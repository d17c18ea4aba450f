"""Pictures of the window in its states, for people to look at: tests/artefacts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(("theme", "scale"), [("light", 1), ("dark", 2)])
def test_the_window_is_drawn_in_every_state(theme: str, scale: int, artefacts: Path) -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": str(scale)}
    words = [sys.executable, "-m", "tests.gui.screenshots", str(artefacts), theme]
    done = subprocess.run(words, env=environment, cwd=ROOT, capture_output=True, timeout=110, check=False)
    errors = done.stderr.replace(b"This plugin does not support propagateSizeHints()\n", b"")
    assert (done.returncode, done.stdout, errors) == (0, b"", b"")
    image = QImage(str(artefacts / f"answer-{theme}-{scale}x.png"))
    assert (image.width(), image.height()) == (1280 * scale, 820 * scale)
    narrow = QImage(str(artefacts / f"narrow-{theme}-{scale}x.png"))
    assert (narrow.width(), narrow.height()) == (640 * scale, 480 * scale)
    is_dark = image.pixelColor(4, image.height() // 2).lightness() < 100
    assert is_dark == (theme == "dark")
