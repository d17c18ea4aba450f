"""``viewfinder ask``: one question, its answer on standard output, progress and figures on standard error."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from queue import SimpleQueue
from typing import TYPE_CHECKING

from app import __version__
from app.cli.figures import (
    clip_lines,
    cost_lines,
    ended_lines,
    figures_line,
    media_lines,
    model_line,
    part_text,
    together_line,
)
from app.cli.interrupts import Interrupts
from app.cli.plan import REQUEST_ID, make_plan
from app.cli.size_check import with_checked_size
from app.cli.terminal import OutputGoneError, Terminal
from app.cli.usage import DONE, FAILED, INPUT_UNREADABLE, INTERRUPTED, MODEL_FAILED, USAGE, UsageError
from app.core.clips import Clip
from app.core.conversation import AskedTurn, turn_after
from app.core.errors import AppError, ErrorText, UserError
from app.core.events import (
    ModelLoading,
    ModelReady,
    PrefillProgress,
    SegmentEnded,
    SegmentsPlanned,
    SegmentStarted,
    Started,
    TextPiece,
    VisionProgress,
)
from app.core.files import shown_name, write_atomically
from app.core.footage import ClipPlan
from app.core.models.hub_cache import keep_models_in
from app.core.models.last_uses import noting_uses
from app.core.results import ModelRecord, Result
from app.core.startup import noting
from app.engine.engine import Engine
from app.exporters.saving import save
from app.exporters.table import EXPORTERS

if TYPE_CHECKING:
    from pathlib import Path

    from app.cli.arguments import AskOptions
    from app.cli.plan import Plan
    from app.core.events import EngineEvent
    from app.core.launch import AnswerEngine
    from app.core.settings import Settings
    from app.core.startup import StartupTrace

logger = logging.getLogger(__name__)

_LOAD_STAGES = {
    "importing_runtime": "Starting the model runtime",
    "reading_weights": "Reading the weights",
    "warming_up": "Warming up",
}


def run_ask(options: AskOptions, settings: Settings, trace: StartupTrace, uses_file: Path) -> int:
    """Asks, prints and writes.

    Args:
        options: What was said.
        settings: Stand in for what was not.
        trace: Told how far the start is.
        uses_file: Where it is noted which model was used.

    Returns:
        The exit code.
    """
    terminal = Terminal(is_quiet=options.is_quiet)
    keep_models_in(settings.models_dir)
    try:
        plan = make_plan(options, settings)
        if options.is_dry_run:
            return _tell_costs(plan, terminal)
        plan = with_checked_size(plan, is_accepted=options.loads_anyway)
        now = datetime.now(timezone.utc).astimezone()
        turn = AskedTurn(plan.question, plan.max_image_tokens, now, plan.question.sampling)
        return _Asking(options, plan, terminal, turn, uses_file).run(trace)
    except UserError as error:
        terminal.error(replace(error.said, detail=""))
        return INPUT_UNREADABLE
    except AppError as error:
        terminal.error(error.said)
        return USAGE if isinstance(error, UsageError) else MODEL_FAILED


def _tell_costs(plan: Plan, terminal: Terminal) -> int:
    question = plan.question
    lines = cost_lines(question.sources, plan.costs, question.segments)
    lines.append(together_line(plan.costs, plan.checkpoint))
    return DONE if terminal.answer_whole("".join(f"{line}\n" for line in lines)) else FAILED


@dataclass(slots=True)
class _Asking:
    """One run: how far the turn is, and what was printed of it."""

    options: AskOptions
    plan: Plan
    terminal: Terminal
    turn: AskedTurn
    uses_file: Path
    ready: ModelReady | None = None
    output_error: ErrorText | None = None

    def run(self, trace: StartupTrace) -> int:
        """Loads the model, asks, prints and writes; see run_ask."""
        events: SimpleQueue[EngineEvent | None] = SimpleQueue()
        if self.plan.is_other_revision:
            self.terminal.note("The model has changed since the recorded answer: expect another one.")
        checkpoint = self.plan.checkpoint
        if checkpoint.adapter is not None and not checkpoint.adapter.is_made_for(checkpoint):
            self.terminal.note(f"The adapter says it was made for {shown_name(checkpoint.adapter.base)}.")
        with Interrupts(lambda: events.put(None)) as interrupts:
            engine = Engine(self.plan.backend.make, noting_uses(self.uses_file, noting(trace.reached, events.put)))
            try:
                self._ask(engine, events)
            finally:
                has_ended = engine.close()
        code = self._finish()
        if interrupts.is_wanted:
            code = INTERRUPTED
        if not has_ended:
            logger.error("The model thread did not end in time")
            os._exit(code)
        return code

    def _ask(self, engine: AnswerEngine, events: SimpleQueue[EngineEvent | None]) -> None:
        engine.load(self.plan.checkpoint)
        engine.ask(self.plan.question)
        while self.turn.is_open:
            event = events.get()
            if event is None:
                engine.cancel_load()
                engine.cancel(REQUEST_ID)
            else:
                self._take(event, engine)

    def _take(self, event: EngineEvent, engine: AnswerEngine) -> None:
        if getattr(event, "request_id", None) == REQUEST_ID:
            self.turn = turn_after(self.turn, event)
        if isinstance(event, TextPiece):
            if self._is_streamed:
                self._print(event.text, engine)
        elif isinstance(event, SegmentsPlanned | SegmentStarted | SegmentEnded):
            self._take_segment(event)
        elif isinstance(event, Started):
            for line in media_lines(event.media, self.plan.question.earlier_media):
                self.terminal.note(line)
        elif isinstance(event, ModelReady):
            self.ready = event
            self.terminal.note(model_line(event))
        else:
            self._take_progress(event)

    def _take_progress(self, event: EngineEvent) -> None:
        if isinstance(event, ModelLoading):
            fraction = event.progress.fraction
            percent = "" if fraction is None else f" {fraction:.0%}"
            self.terminal.progress(f"{_LOAD_STAGES[event.progress.stage]}{percent} ...")
        elif isinstance(event, VisionProgress):
            self.terminal.progress(f"{self._doing}Looking: {event.done} of {event.total} ...")
        elif isinstance(event, PrefillProgress):
            done, total = event.done_tokens, event.total_tokens
            self.terminal.progress(f"{self._doing}Reading the prompt: {done} of {total} tokens ...")

    @property
    def _doing(self) -> str:
        """Which part of a long video it is about, before how far that is."""
        turn = self.turn
        if not turn.segments:
            return ""
        if turn.segment_at is None:
            return "One answer of all parts: "
        return f"{part_text(turn.segment_at, turn.segments)}: "

    def _take_segment(self, event: SegmentsPlanned | SegmentStarted | SegmentEnded) -> None:
        """Says how the parts of a long video come along; what is there is written before the next one."""
        parts, lines = self.turn.segments, []
        if isinstance(event, SegmentsPlanned):
            number = sum(isinstance(medium, Clip) for medium in self.plan.question.earlier_media) + 1
            for source, cost in zip(self.plan.question.sources, self.plan.costs, strict=True):
                if isinstance(cost, ClipPlan):
                    lines += clip_lines(number, source.name, cost)
            answered = sum(part.is_answered for part in parts)
            lines += [f"Parts that are answered already: {answered} of {len(parts)}."] if answered else []
        elif isinstance(event, SegmentStarted):
            planned = [note for cost in self.plan.costs if isinstance(cost, ClipPlan) for note in cost.notes]
            lines = [f"{part_text(event.index, parts)}: {note}" for note in event.notes if note not in planned]
        else:
            lines = ended_lines(event.index, parts)
            self._keep()
        for line in lines:
            self.terminal.note(line)
        if isinstance(event, SegmentStarted):
            self.terminal.progress(f"{self._doing}...")

    def _keep(self) -> None:
        """Writes the file as far as the parts are there, so that a run that is killed can be gone on with."""
        result, output = self._result(), self.options.output
        if output is not None and result is not None and self.options.output_format != "text":
            try:
                save(result, output, self.options.output_format)
            except UserError as error:
                logger.warning("The result so far cannot be written: %s", error.said.text)

    @property
    def _is_streamed(self) -> bool:
        """Whether the answer is printed as it comes; a document on standard output waits for the end."""
        return self.options.output is not None or self.options.output_format == "text"

    def _print(self, text: str, engine: AnswerEngine | None = None) -> None:
        """Prints more of the answer; when nobody can have it, there is nothing to go on for."""
        try:
            self.terminal.answer(text)
        except (OutputGoneError, OSError) as error:
            if isinstance(error, OSError):
                self.output_error = ErrorText(f"The answer cannot be written to standard output: {error.strerror}.")
            if engine is not None and self.options.output is None:
                engine.cancel(REQUEST_ID)

    def _end_line(self) -> None:
        if self.turn.answer and not self.turn.answer.endswith("\n"):
            self._print("\n")

    def _finish(self) -> int:
        """Prints and writes what remains.

        Returns:
            The exit code of a run that was not interrupted.
        """
        turn = self.turn
        result = self._result()
        if self._is_streamed:
            self._end_line()
        elif result is not None:
            self._print(EXPORTERS[self.options.output_format].render(result))
        if self.options.output is not None and result is not None:
            self._write_file(self.options.output, result)
        if turn.has_begun:
            self.terminal.note(figures_line(turn, (*self.plan.question.earlier_media, *turn.records)))
        if turn.error is not None:
            is_input = turn.error.kind == "input"
            self.terminal.error(replace(turn.error, detail="") if is_input else turn.error)
            return INPUT_UNREADABLE if is_input else MODEL_FAILED
        if self.output_error is not None:
            self.terminal.error(self.output_error)
            return FAILED
        return DONE

    def _write_file(self, file: Path, result: Result) -> None:
        name, answer = self.options.output_format, self.turn.told_answer
        try:
            if name == "text":
                write_atomically(file, answer if answer.endswith("\n") else f"{answer}\n")
            else:
                save(result, file, name)
        except UserError as error:
            hint = "The answer stands on standard output." if answer else error.said.hint
            self.output_error = ErrorText(error.said.text, hint)
        else:
            self.terminal.note(f"Wrote {file}")

    def _result(self) -> Result | None:
        """What is written; None when the request ended without an answer, so that an earlier file stays."""
        turn = self.turn
        if self.ready is None or not turn.has_begun or not (turn.told_answer or turn.outcome in {"done", "length"}):
            return None
        recorded = self.plan.recorded
        turns = (*(recorded.turns[:-1] if recorded is not None else ()), self.turn.record())
        system = self.plan.question.system
        return Result(ModelRecord.of(self.ready), system, turns, __version__, created_at=turns[0].created_at)
