"""What the self-test asks of the demo model: every answer is compared with what was shown."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from app.backends.table import AUTOMATIC
from app.cli.arguments import AskOptions
from app.cli.plan import make_plan
from app.cli.usage import Common
from app.core.checkpoint import DEMO_MODEL_ID
from app.core.conversation import AskedTurn, turn_after
from app.core.paths import (
    SAMPLE_NUMBER,
    SAMPLE_PICTURE,
    SAMPLE_QUESTION,
    SAMPLE_VIDEO,
    SAMPLE_VIDEO_QUESTION,
)
from app.core.settings import Settings
from app.core.trials import Found, TrialError, reason_of
from app.engine.engine import Engine

if TYPE_CHECKING:
    from pathlib import Path

    from app.core.events import EngineEvent

_WAIT_S = 150.0
_COLOURS = "red|green|blue|yellow|purple|orange|black|pink"
_SHAPES = "circle|square|triangle|star"
_NAMED = re.compile(rf"\b({_COLOURS}) ({_SHAPES})\b")
_DIRECTIONS = re.compile(r"\b(left|right|up|down)\b")
_NUMBER = re.compile(r"\b\d+\b")
_SHOWN_SHAPES = frozenset({("yellow", "star"), ("red", "circle"), ("blue", "square")})
_SHOWN_NUMBER = "42"
_MOVING = (("blue", "circle"), "right")


class DemoAnswers:
    """Asks the demo model through the engine, as every question of the program is asked. `close` must be its end."""

    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._events: SimpleQueue[EngineEvent] = SimpleQueue()

    def picture(self) -> Found:
        """Has the shapes of a sample named.

        Raises:
            TrialError: The answer is not what the picture shows.
        """
        answer = self._ask(SAMPLE_PICTURE, SAMPLE_QUESTION)
        return _right(answer, frozenset(_NAMED.findall(answer.lower())) == _SHOWN_SHAPES)

    def number(self) -> Found:
        """Has another sample described, of which the same answer would be wrong.

        Raises:
            TrialError: The answer is not what the picture shows.
        """
        answer = self._ask(SAMPLE_NUMBER, SAMPLE_QUESTION)
        is_number_alone = not _NAMED.search(answer.lower())
        return _right(answer, is_number_alone and _NUMBER.findall(answer) == [_SHOWN_NUMBER])

    def video(self) -> Found:
        """Has the sample video described.

        Raises:
            TrialError: The answer is not what it shows.
        """
        answer = self._ask(SAMPLE_VIDEO, SAMPLE_VIDEO_QUESTION)
        shape, direction = _MOVING
        told = answer.lower()
        return _right(answer, _NAMED.findall(told) == [shape] and _DIRECTIONS.findall(told) == [direction])

    def close(self) -> None:
        """Ends the model thread."""
        if self._engine is not None and not self._engine.close():
            raise TrialError("The model thread did not end.")

    def _ask(self, file: Path, question: str) -> str:
        options = AskOptions(Common(), (file,), question, model=DEMO_MODEL_ID, backend=AUTOMATIC)
        plan = make_plan(options, Settings())
        if self._engine is None:
            self._engine = Engine(plan.backend.make, self._events.put)
            self._engine.load(plan.checkpoint)
        now = datetime.now(timezone.utc)
        turn = AskedTurn(plan.question, plan.max_image_tokens, now, plan.question.sampling)
        self._engine.ask(plan.question)
        while turn.is_open:
            try:
                event = self._events.get(timeout=_WAIT_S)
            except Empty as error:
                raise TrialError(f"No answer came in {_WAIT_S:.0f} seconds.") from error
            if getattr(event, "request_id", None) == turn.request_id:
                turn = turn_after(turn, event)
        if turn.error is not None:
            raise TrialError(reason_of(turn.error))
        return turn.answer


def _right(answer: str, is_right: bool) -> Found:
    if not is_right:
        raise TrialError(f"The answer is wrong: “{answer.strip()}”")
    return Found(f"“{answer.strip()}”")
