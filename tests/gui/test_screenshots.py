"""Pictures of the window in its states, for people to look at: tests/artefacts."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from tests.gui.screenshots import LARGE, SMALL, STATES

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("theme", "language", "size", "scale"), [("light", "en", "large", 1), ("dark", "zh_CN", "small", 2)]
)
def test_the_window_is_drawn_in_every_state(theme: str, language: str, size: str, scale: int, artefacts: Path) -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    words = [sys.executable, "-m", "tests.gui.screenshots", str(artefacts), theme, language, size, f"{scale}x"]
    done = subprocess.run(words, env=environment, cwd=ROOT, capture_output=True, timeout=400, check=False)
    errors = done.stderr.replace(b"This plugin does not support propagateSizeHints()\n", b"")
    assert (done.returncode, done.stdout, errors) == (0, b"", b"")
    width, height = LARGE if size == "large" else SMALL
    pictures = {
        state.name: QImage(str(artefacts / f"{state.name}-{size}-{theme}-{language}-{scale}x.png")) for state in STATES
    }
    assert {(image.width(), image.height()) for image in pictures.values()} == {(width * scale, height * scale)}
    is_dark = pictures["media"].pixelColor(4, height * scale // 2).lightness() < 100
    assert is_dark == (theme == "dark")
    alike = [(one, other) for one, other in itertools.combinations(pictures, 2) if pictures[one] == pictures[other]]
    assert alike == [], "a state that looks like another was not reached"
