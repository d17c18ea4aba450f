"""What is being done before an answer's first word, where videos are looked at."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QLocale

from app.core.clips import ClipSource
from app.core.conversation import AskedTurn, turn_after
from app.core.events import Figures, Finished, Started, VisionProgress
from app.core.pictures import PictureSource
from app.core.requests import Question, Turn
from app.core.sampling import GREEDY
from app.core.vision import PixelLimits
from app.gui.answers.phase_words import phase_text
from app.gui.wording import figures_text
from tests.clips_made import noise_clip
from tests.pictures_made import noise_picture

if TYPE_CHECKING:
    from app.core.requests import Medium, Source

NOW = datetime(2026, 1, 2, tzinfo=timezone.utc)
CLIP, PICTURE = ClipSource("a.mp4", Path("/a.mp4")), PictureSource("a.png", Path("/a.png"))
FOUR, EIGHT = noise_clip(1, [0.0, 0.5, 1.0, 1.5]), noise_clip(2, [0.5 * number for number in range(8)])


pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture(autouse=True)
def _english() -> None:
    QLocale.setDefault(QLocale("en_US"))


def turn_of(*sources: Source, earlier: tuple[Medium, ...] = ()) -> AskedTurn:
    turns = (Turn("Before?", earlier, "Yes."),) if earlier else ()
    return AskedTurn(Question("1", "What?", PixelLimits(), GREEDY, sources, turns), None, NOW, GREEDY)


def said(turn: AskedTurn) -> str:
    return phase_text(turn, is_model_ready=True)


def test_reading_says_what_is_read() -> None:
    assert said(turn_of(PICTURE)) == "Opening the pictures…"
    assert said(turn_of(PICTURE, CLIP)) == "Reading the video…"
    assert said(replace(turn_of(CLIP), planned_frames=28)) == "Reading 28 frames…"
    assert said(turn_of()) == ""


def looked(turn: AskedTurn, media: tuple[Medium, ...], total: int) -> list[str]:
    turn = turn_after(turn, Started("1", media, GREEDY))
    words = [said(turn)]
    for done in range(1, total + 1):
        turn = turn_after(turn, VisionProgress("1", done, total))
        words.append(said(turn))
    return words


def test_looking_counts_frames_not_groups() -> None:
    assert looked(turn_of(CLIP), (FOUR,), 2) == [
        "Looking at the frames…",
        "Looked at 2 of 4 frames…",
        "Looked at 4 of 4 frames…",
    ]


def test_looking_at_several_says_at_which() -> None:
    media = (noise_picture(1, 64, 64), FOUR, noise_picture(2, 64, 64))
    words = looked(turn_of(CLIP, PICTURE, CLIP, PICTURE), (EIGHT, *media), 8)
    assert words[1] == "Video 1: Looked at 2 of 8 frames…"
    assert words[4:] == [
        "Video 1: Looked at 8 of 8 frames…",
        "Looked at 1 of 2 pictures…",
        "Video 2: Looked at 2 of 4 frames…",
        "Video 2: Looked at 4 of 4 frames…",
        "Looked at 2 of 2 pictures…",
    ]


def test_what_was_shown_before_is_counted_before() -> None:
    turn = turn_after(turn_of(CLIP, earlier=(noise_picture(1, 64, 64),)), Started("1", (FOUR,), GREEDY))
    assert said(turn_after(turn, VisionProgress("1", 2, 3, 1))) == "Looked at 2 of 4 frames…"


def test_the_figures_say_what_reading_took() -> None:
    turn = turn_after(turn_of(CLIP, PICTURE), Started("1", (EIGHT, noise_picture(1, 64, 64)), GREEDY, 0.43))
    turn = turn_after(turn, Finished("1", "done", Figures(100, 0, 5, 2.1, 3.0, 30.0)))
    assert figures_text(turn) == "8 frames read in 0.4 s · 2.1 s to first word · 30 tok/s · 100 tokens in, 5 out"
    again = turn_after(turn_of(earlier=(FOUR,)), Finished("1", "done", Figures(reused_tokens=4)))
    assert figures_text(again) == "frames reused"
