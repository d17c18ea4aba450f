"""Turns and views for tests about how answers are shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from app.core.conversation import AskedTurn
from app.core.events import Figures
from app.core.requests import Question
from app.core.sampling import GREEDY
from app.core.vision import PixelLimits

if TYPE_CHECKING:
    from app.gui.answers.result_view import ResultView

NOW = datetime(2026, 1, 2, tzinfo=timezone.utc)


def turn(request_id: str = "1", answer: str = "", question: str = "What is this?") -> AskedTurn:
    asked = Question(request_id, question, PixelLimits(), GREEDY)
    return AskedTurn(asked, None, NOW, GREEDY, phase="answering" if answer else "waiting", answer=answer)


def ended(asked: AskedTurn) -> AskedTurn:
    return replace(asked, phase="ended", outcome="done", figures=Figures(10, 0, 5, 0.5, 1.0, 31.0))


def frame(view: ResultView) -> None:
    """The next frame, now."""
    view._frame.stop()
    view._on_frame_timeout()


def settle(view: ResultView) -> None:
    while not view.is_settled:
        frame(view)


def show(view: ResultView, answer: str, *, is_whole: bool = False) -> None:
    view.show_turn(ended(turn(answer=answer)) if is_whole else turn(answer=answer))
    frame(view)
    settle(view)
