from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import EngineError, ErrorText
from app.core.events import Figures, Finished, PrefillProgress, TextPiece
from app.engine.jobs import Job, begin, end_without_answer, take, want_stop

EVENTS = (TextPiece("r", "a"), PrefillProgress("r", 1, 2), Finished("r", "done", Figures()))


def test_a_job_goes_from_waiting_to_running_to_ended() -> None:
    job = begin(Job("r"))
    job, passes = take(job, TextPiece("r", "a"))
    assert (job.state, passes) == ("running", True)
    job, passes = take(job, Finished("r", "done", Figures()))
    assert (job.state, passes) == ("ended", True)


def test_only_a_waiting_job_begins() -> None:
    with pytest.raises(EngineError, match="running"):
        begin(begin(Job("r")))


def test_nothing_passes_before_the_beginning() -> None:
    assert take(Job("r"), TextPiece("r", "a")) == (Job("r"), False)


@given(st.lists(st.sampled_from(["begin", "stop", "end", "fail", *EVENTS])))
def test_whatever_happens_a_job_has_at_most_one_end(steps: list[object]) -> None:
    job, ends = Job("r"), 0
    for step in steps:
        if step == "begin":
            job = begin(job) if job.state == "waiting" else job
        elif step == "stop":
            job = want_stop(job)
        elif step in {"end", "fail"}:
            job, finished = end_without_answer(job, ErrorText("x") if step == "fail" else None)
            ends += finished is not None
        else:
            job, passes = take(job, step)  # type: ignore[arg-type]
            ends += passes and isinstance(step, Finished)
    job, finished = end_without_answer(job, None)
    assert ends + (finished is not None) == 1
    assert job.state == "ended"


def test_an_end_without_an_answer_is_cancelled_only_when_that_was_wanted() -> None:
    _, cancelled = end_without_answer(want_stop(Job("r")), None)
    _, failed = end_without_answer(Job("r"), None)
    _, told = end_without_answer(want_stop(Job("r")), ErrorText("No memory."))
    assert cancelled is not None
    assert failed is not None
    assert told is not None
    assert (cancelled.outcome, cancelled.error) == ("cancelled", None)
    assert failed.outcome == "failed"
    assert failed.error is not None
    assert (told.outcome, told.error) == ("failed", ErrorText("No memory."))
