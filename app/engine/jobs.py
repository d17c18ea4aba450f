"""The life of one request as pure functions: no thread, no clock, so that tests step through it.

A job is ``waiting`` until its pictures are open and the model thread reaches it, ``running`` while the backend answers,
and ``ended`` exactly once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from app.core.errors import EngineError, ErrorText, Sentence
from app.core.events import Figures, Finished

if TYPE_CHECKING:
    from app.core.events import LongEvent

State: TypeAlias = Literal["waiting", "running", "ended"]


@dataclass(frozen=True, slots=True)
class Job:
    """Where a request stands.

    Attributes:
        request_id: Which request.
        state: See the module's docstring.
        is_stop_wanted: Whether somebody asked to stop it.
    """

    request_id: str
    state: State = "waiting"
    is_stop_wanted: bool = False


def want_stop(job: Job) -> Job:
    """The job once a stop was asked for; an ended job stays as it is."""
    return job if job.state == "ended" else replace(job, is_stop_wanted=True)


def begin(job: Job) -> Job:
    """The job as it starts running.

    Raises:
        EngineError: It is not waiting.
    """
    if job.state != "waiting":
        raise EngineError(
            Sentence("Request {request_id} cannot begin: it is {state}.", request_id=job.request_id, state=job.state)
        )
    return replace(job, state="running")


def take(job: Job, event: LongEvent) -> tuple[Job, bool]:
    """The job after a backend's event, and whether the event is passed on.

    Nothing is passed on before the beginning or after the end: a second end is dropped.
    """
    if job.state != "running":
        return job, False
    if isinstance(event, Finished):
        return replace(job, state="ended"), True
    return job, True


def end_without_answer(job: Job, error: ErrorText | None) -> tuple[Job, Finished | None]:
    """Ends a job whose backend did not: failed with `error`, else cancelled if that was wanted.

    Returns:
        The ended job and the end to announce, or None when it had already ended.
    """
    if job.state == "ended":
        return job, None
    if error is None and not job.is_stop_wanted:
        error = ErrorText("The model ended without an answer.", "Ask again.")
    outcome: Literal["failed", "cancelled"] = "failed" if error is not None else "cancelled"
    return replace(job, state="ended"), Finished(job.request_id, outcome, Figures(), error)
